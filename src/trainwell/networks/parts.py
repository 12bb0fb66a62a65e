"""The pieces that all networks are put together from: hidden blocks, dropout, the output."""

from __future__ import annotations

from typing import Any

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.networks.compiling import uncounted
from trainwell.networks.inputs import Steps, picture_or_table, sequence_layers, steps
from trainwell.networks.recipe import Recipe
from trainwell.networks.tasks import Objective, change_scale, forecast_targets
from trainwell.techniques import find


class Parts:
    """Makes Keras layers as a recipe says; every layer has a name that does not change from one build to the next."""

    def __init__(self, data: Dataset, recipe: Recipe, objective: Objective):
        self.data = data
        self.recipe = recipe
        self._keras = load_keras()
        self._layers = self._keras.layers
        self._objective = objective

    def start(self) -> list[Any]:
        """The input and its scaling; inputs stay raw, uint8 or float32."""
        return picture_or_table(self.data)

    def sequence_start(self, embedding: int) -> list[Any]:
        """Input, masking and scaling of what is read step by step, or its embedding, as a chain of layers."""
        return sequence_layers(self.data, embedding, self.recipe.precision)

    def steps(self, embedding: int) -> Steps:
        """The same as Keras tensors, with the real steps."""
        return steps(self.data, embedding, self.recipe.precision)

    def flatten(self) -> Any:
        """From feature maps to one row of numbers per sample."""
        return self._layers.Flatten(name="flatten", dtype=self.recipe.precision)

    def pool(self, number: int, axes: int = 2, padding: str = "valid") -> Any:
        """Max pooling of 2 x 2 or, along one axis, of 2 neighbours."""
        kind = self._layers.MaxPooling2D if axes == 2 else self._layers.MaxPooling1D
        return kind(2, padding=padding, name=f"pool_{number}", dtype=self.recipe.precision)

    def dense(self, number: int, units: int) -> list[Any]:
        """A hidden dense layer with normalisation, activation and dropout."""
        return [*self.block(self._layers.Dense, f"dense_{number}", units), *self.dropout(f"dropout_{number}")]

    def convolution(self, number: int, filters: int, padding: str, axes: int = 2) -> list[Any]:
        """A convolution, 3 x 3 or 3 wide, with normalisation and activation."""
        kind = self._layers.Conv2D if axes == 2 else self._layers.Conv1D
        return self.block(kind, f"conv_{number}", filters, kernel_size=3, padding=padding)

    def dropout(self, name: str) -> list[Any]:
        """Nothing, or dropout of single units."""
        if not self.recipe.dropout:
            return []
        # SELU keeps mean 0 and variance 1 only if dropout does (Klambauer et al. 2017, section "New dropout").
        kind = self._layers.AlphaDropout if self.recipe.activation == "selu" else self._layers.Dropout
        return [kind(self.recipe.dropout, name=name, dtype=self.recipe.precision)]

    def spatial_dropout(self, name: str | int, axes: int = 2) -> list[Any]:
        """Nothing, or dropout of whole feature maps or channels; a number stands for that of a convolution block."""
        rate = self.recipe.spatial_dropout
        name = f"spatial_dropout_{name}" if isinstance(name, int) else name
        kind = self._layers.SpatialDropout2D if axes == 2 else self._layers.SpatialDropout1D
        return [kind(rate, name=name, dtype=self.recipe.precision)] if rate else []

    def output(self) -> list[Any]:
        """The last layer, always in float32; numbers are brought back to raw units."""
        last = self._layers.Dense(
            self.data.outputs,
            activation=find(self._objective.activation, "activation").build(),
            kernel_initializer=self._keras.initializers.GlorotUniform(),
            kernel_regularizer=self.regularizer(),
            name="output",
            dtype="float32",
        )
        if self.data.task == "forecasting":
            scale, offset = change_scale(self.data), (0.0,)
        elif self.data.target_scaling is not None:
            scale, offset = self.data.target_scaling.std, self.data.target_scaling.mean
        else:
            return [last]
        scale, offset = (v[0] if len(v) == 1 else list(v) for v in (scale, offset))
        return [last, self._layers.Rescaling(scale=scale, offset=offset, name="target_scale", dtype="float32")]

    def finish(self, inputs: Any, x: Any) -> Any:
        """From the last hidden tensor to the answer; a forecast is the last known value and the change."""
        for layer in self.output():
            x = layer(x)
        if self.data.task != "forecasting":
            return x
        ops, count = self._keras.ops, forecast_targets(self.data)
        last = ops.tile(inputs[:, -1, :count], (1, self.data.outputs // count))
        return self._layers.Add(name="last_value_and_change", dtype="float32")([last, x])

    def block(
        self, kind: Any, name: str, size: int, *, activated: bool = True, normalised: bool = True, **settings: Any
    ) -> list[Any]:
        """A linear map, then the activation: inside the layer, or behind a normalisation.

        Args:
            kind: class of the linear layer.
            name: of the layer.
            size: units or filters.
            activated: False leaves the activation out.
            normalised: False leaves the normalisation out, whatever the recipe says.
            **settings: more arguments of the layer.
        """
        normalised = normalised and self.recipe.normalization != "none"
        inside = activated and not normalised
        linear = kind(
            size,
            **settings,
            activation=self.activation() if inside else None,
            kernel_initializer=self.initializer(),
            kernel_regularizer=self.regularizer(),
            name=name,
            dtype=self.recipe.precision,
        )
        made = [linear, *(self.normalization(f"{name}_normalization") if normalised else [])]
        if activated and not inside:
            made.append(self.activation_layer(f"{name}_activation"))
        return made

    def normalization(self, name: str) -> list[Any]:
        """Nothing, or the normalisation of the recipe."""
        if self.recipe.normalization == "none":
            return []
        return [_remade(find(self.recipe.normalization, "normalization").build(), name, self.recipe.precision)]

    def activation_layer(self, name: str) -> Any:
        """The activation as a layer of its own."""
        return self._layers.Activation(self.activation(), name=name, dtype=self.recipe.precision)

    def activation(self) -> Any:
        """The activation of hidden layers, a function or a layer."""
        activation = find(self.recipe.activation, "activation").build()
        if isinstance(activation, self._layers.Layer):
            return _remade(activation, uncounted(activation.name), self.recipe.precision)
        return activation

    def initializer(self) -> Any:
        """A new initializer for the kernel of a hidden layer."""
        return find(self.recipe.initializer, "initializer").build()

    def regularizer(self) -> Any:
        """The penalty on a kernel, or None."""
        l1, l2 = self.recipe.l1, self.recipe.l2
        if l1 and l2:
            return find("l1_l2").build(l1=l1, l2=l2)
        return find("l1").build(l1=l1) if l1 else find("l2").build(l2=l2) if l2 else None


def _remade(layer: Any, name: str, precision: str) -> Any:
    """The same layer under another name."""
    return type(layer).from_config({**layer.get_config(), "name": name, "dtype": precision})
