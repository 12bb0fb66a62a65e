"""The pieces that all networks are put together from: scaling, hidden blocks, the output, and the compile settings."""

from __future__ import annotations

import math
import re
from typing import Any

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.errors import SettingError
from trainwell.locales import Text
from trainwell.networks.recipe import Recipe
from trainwell.techniques import find


class Parts:
    """Makes Keras layers as a recipe says; every layer has a name that does not change from one build to the next."""

    def __init__(self, data: Dataset, recipe: Recipe):
        self._keras = load_keras()
        self._layers = self._keras.layers
        self._data = data
        self._recipe = recipe

    def start(self) -> list[Any]:
        """The input and its scaling; inputs stay raw, uint8 or float32.

        The scaling is computed in float32 also under mixed precision: raw values may exceed what float16 can hold.
        """
        scaling = self._data.scaling
        return [
            self._keras.Input(self._data.input_shape, name="input"),
            self._layers.Normalization(
                axis=-1,
                mean=scaling.mean,
                variance=tuple(std**2 for std in scaling.std),
                name="scaling",
                dtype="float32",
            ),
        ]

    def flatten(self) -> Any:
        """From feature maps to one row of numbers per sample."""
        return self._layers.Flatten(name="flatten", dtype=self._recipe.precision)

    def pool(self, number: int) -> Any:
        """Max pooling 2 x 2."""
        return self._layers.MaxPooling2D(2, name=f"pool_{number}", dtype=self._recipe.precision)

    def dense(self, number: int, units: int) -> list[Any]:
        """A hidden dense layer with normalisation, activation and dropout."""
        block = self._block(self._layers.Dense, f"dense_{number}", units)
        if self._recipe.dropout:
            # SELU keeps mean 0 and variance 1 only if dropout does (Klambauer et al. 2017, section "New dropout").
            kind = self._layers.AlphaDropout if self._recipe.activation == "selu" else self._layers.Dropout
            block.append(kind(self._recipe.dropout, name=f"dropout_{number}", dtype=self._recipe.precision))
        return block

    def convolution(self, number: int, filters: int, padding: str) -> list[Any]:
        """A 3 x 3 convolution with normalisation and activation."""
        return self._block(self._layers.Conv2D, f"conv_{number}", filters, kernel_size=3, padding=padding)

    def spatial_dropout(self, number: int) -> list[Any]:
        """What stands at the end of a convolution block: nothing, or dropout of whole feature maps."""
        rate = self._recipe.spatial_dropout
        name = f"spatial_dropout_{number}"
        return [self._layers.SpatialDropout2D(rate, name=name, dtype=self._recipe.precision)] if rate else []

    def output(self) -> list[Any]:
        """The last layer, always in float32; for regression its outputs are brought back to raw units."""
        activation = {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}[self._data.task]
        last = self._layers.Dense(
            self._data.outputs,
            activation=find(activation, "activation").build(),
            kernel_initializer=self._keras.initializers.GlorotUniform(),
            kernel_regularizer=self._regularizer(),
            name="output",
            dtype="float32",
        )
        scaling = self._data.target_scaling
        if scaling is None:
            return [last]
        scale, offset = (v[0] if len(v) == 1 else list(v) for v in (scaling.std, scaling.mean))
        return [last, self._layers.Rescaling(scale=scale, offset=offset, name="target_scale", dtype="float32")]

    def _block(self, kind: Any, name: str, size: int, **settings: Any) -> list[Any]:
        """A linear map, then the activation: inside the layer, or behind a normalisation."""
        recipe, precision = self._recipe, self._recipe.precision
        normalised = recipe.normalization != "none"
        linear = kind(
            size,
            **settings,
            activation=None if normalised else self._activation(),
            kernel_initializer=find(recipe.initializer, "initializer").build(),
            kernel_regularizer=self._regularizer(),
            name=name,
            dtype=precision,
        )
        if not normalised:
            return [linear]
        normalization = find(recipe.normalization, "normalization").build()
        return [
            linear,
            _remade(normalization, f"{name}_normalization", precision),
            self._layers.Activation(self._activation(), name=f"{name}_activation", dtype=precision),
        ]

    def _activation(self) -> Any:
        activation = find(self._recipe.activation, "activation").build()
        if isinstance(activation, self._layers.Layer):
            return _remade(activation, _uncounted(activation.name), self._recipe.precision)
        return activation

    def _regularizer(self) -> Any:
        l1, l2 = self._recipe.l1, self._recipe.l2
        if l1 and l2:
            return find("l1_l2").build(l1=l1, l2=l2)
        return find("l1").build(l1=l1) if l1 else find("l2").build(l2=l2) if l2 else None


def compile_model(model: Any, data: Dataset, recipe: Recipe, steps: int | None) -> None:
    """Give a model its optimizer, loss and metrics.

    Regression: the mean squared error in raw units, weighted with 1 / variance of the training targets: the loss of
    standardised targets, with predictions in raw units.

    Raises:
        SettingError: a schedule without the number of updates, or label smoothing in regression.
    """
    keras = load_keras()
    losses, metrics, smoothing = keras.losses, keras.metrics, recipe.label_smoothing
    weights: list[float] | None = None
    if data.task == "binary":
        loss, metric = losses.BinaryCrossentropy(label_smoothing=smoothing), metrics.BinaryAccuracy(name="accuracy")
    elif data.task == "multiclass" and smoothing:
        # Keras smooths one-hot targets only; `targets` makes them.
        loss = losses.CategoricalCrossentropy(label_smoothing=smoothing)
        metric = metrics.CategoricalAccuracy(name="accuracy")
    elif data.task == "multiclass":
        loss, metric = losses.SparseCategoricalCrossentropy(), metrics.SparseCategoricalAccuracy(name="accuracy")
    elif smoothing:
        raise SettingError(
            Text(
                en=f"label_smoothing {smoothing:g} is for classes, but {data.name} is a regression; leave it out",
                zh=f"label_smoothing {smoothing:g} 只适用于分类，而 {data.name} 是回归任务；请去掉它",
            )
        )
    else:
        loss, metric = losses.MeanSquaredError(), metrics.MeanAbsoluteError(name="mae")
        std = data.target_scaling.std if data.target_scaling else (1.0,)
        weights = [1.0 / (math.fsum(s**2 for s in std) / len(std))]
    model.compile(optimizer=_optimizer(recipe, steps), loss=loss, loss_weights=weights, metrics=[metric])
    model.optimizer.build(model.trainable_variables)  # else Keras warns when an untrained model is saved and loaded


def _optimizer(recipe: Recipe, steps: int | None) -> Any:
    rate: Any = recipe.learning_rate
    if recipe.needs_steps:
        if steps is None:
            wanted = recipe.schedule if recipe.schedule != "constant" else "warmup"
            raise SettingError(
                Text(
                    en=f"{wanted} needs the number of updates of the whole training, steps was not given; give "
                    "steps = epochs x updates per epoch",
                    zh=f"{wanted} 需要知道整个训练的更新步数，但没有给出 steps；请给出 steps = 轮数 × 每轮更新步数",
                )
            )
        warming = recipe.warmup if recipe.warmup == 0 or recipe.warmup >= 1 else max(1, round(recipe.warmup * steps))
        asked = {"warmup_steps": int(warming)} if warming else {}
        rate = find(recipe.schedule, "schedule").build(learning_rate=rate, steps=steps, **asked)
    settings: dict[str, Any] = {} if recipe.weight_decay is None else {"weight_decay": recipe.weight_decay}
    for clipping in ("clip_value", "clip_norm", "global_clip_norm"):
        limit = getattr(recipe, clipping)
        if limit is not None:
            settings |= find(clipping).build(limit=limit)
    optimizer = find(recipe.optimizer, "optimizer").build(learning_rate=rate, **settings)
    optimizer.name = _uncounted(optimizer.name)
    if recipe.precision == "mixed_float16":  # small gradients vanish in float16
        return load_keras().optimizers.LossScaleOptimizer(optimizer, name="loss_scale")
    return optimizer


def _uncounted(name: str) -> str:
    """The name without Keras's number ("adam_1"), which counts through the whole process: two builds would differ."""
    return re.sub(r"_\d+$", "", name)


def _remade(layer: Any, name: str, precision: str) -> Any:
    """The same layer under another name."""
    return type(layer).from_config({**layer.get_config(), "name": name, "dtype": precision})
