"""The contract of a compiled model with its data."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis.contract import Contract, OutputLayer
from trainwell.engine import keras_names
from trainwell.workflows.preflight.arrays import shared, targets_of, values_of
from trainwell.workflows.preflight.graph import last_activation, linear_runs, rescales
from trainwell.workflows.preflight.layers import layer_starts
from trainwell.workflows.preflight.padding import padding_of
from trainwell.workflows.preflight.simple_models import simple_model_of

BATCH = 32  # samples of the one batch that goes through the model before training
ADAPTING = frozenset(
    {"Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Adafactor", "Lion", "Lamb", "Ftrl", "Muon"}
)
_RATES = 50  # moments of a training at which a schedule is asked


def contract_of(
    model: Any,
    x: Any,
    y: Any,
    *,
    validation: Any = None,
    class_weight: Mapping[int, float] | None = None,
    sample_weight: Any = None,
    steps: int = 1,
) -> Contract | None:
    """Look at data, last layer, loss and optimizer; nothing of the model changes.

    Args:
        model: compiled `keras.Model`.
        x: inputs (samples, ...).
        y: targets (samples, ...).
        validation: (x, y, ...) or None.
        class_weight: of the fit.
        sample_weight: of the fit.
        steps: updates of the training, for schedules of the learning rate.

    Returns:
        What was seen; None for a model with several inputs or outputs, or several losses.
    """
    if not _is_one(x) or not _is_one(y) or _several(model):
        return None
    name, settings = _loss(model.loss)
    inputs = np.asanyarray(x)
    if not _built(model, inputs[:BATCH], np.asanyarray(y)[:BATCH]):
        return None
    answers = _answers(model, inputs[:BATCH])
    expected = _expected_input(model)
    if answers is None:
        if expected is None or _fits(expected, inputs.shape[1:]):
            return None
        answers = np.full((1, *_output_shape(model)), math.nan)  # it does not even take these inputs
    layer, activation = last_activation(model, answers)
    finite = answers[np.isfinite(answers)]
    held_out = validation[0] if validation is not None and _is_one(validation[0]) else None
    repeats = None if held_out is None else shared(inputs, held_out)
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    asked = targets_of(y, class_numbers=name.startswith("sparse_"))
    return Contract(
        inputs=values_of(inputs),
        targets=asked,
        output=OutputLayer(
            layer,
            _output_shape(model, answers),
            activation,
            float(finite.min()) if len(finite) else math.nan,
            float(finite.max()) if len(finite) else math.nan,
        ),
        expected_input=expected,
        loss=name,
        from_logits=bool(settings.get("from_logits")),
        ignored_class=settings.get("ignore_class"),
        metrics=_metrics(model),
        learning_rate=_rate(optimizer, steps),
        optimizer=type(optimizer).__name__,
        adapts=type(optimizer).__name__ in ADAPTING,
        rescaled=rescales(model),
        linear_runs=linear_runs(model),
        class_weighted=class_weight is not None or sample_weight is not None,
        shared_samples=None if repeats is None else repeats[0],
        repeated_samples=None if repeats is None else repeats[1],
        validation_samples=0 if held_out is None else len(held_out),
        first_loss=_first_loss(model, np.asanyarray(y)[: len(answers)], answers),
        first_penalty=_first_penalty(model),
        layers=layer_starts(model),
        padding=padding_of(model, inputs),
        simple=simple_model_of(inputs, y, asked) if len(inputs) == asked.values.samples else None,
    )


def _is_one(array: Any) -> bool:
    """Whether it is one array with samples, and no tree of arrays or a source of batches."""
    return hasattr(array, "shape") and hasattr(array, "dtype") and len(array.shape) >= 1 and array.shape[0] > 0


def _several(model: Any) -> bool:
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    many = (inputs is not None and len(inputs) > 1) or (outputs is not None and len(outputs) > 1)
    return many or isinstance(model.loss, dict | list | tuple)


def _built(model: Any, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> bool:
    """Whether the model has its weights; where not, they are made as the training would make them."""
    if not model.built:
        try:
            keras_names.build(model, x, y, None)
        except (ValueError, TypeError, AttributeError, IndexError, NotImplementedError):
            return False
    return bool(model.built)


def _loss(loss: Any) -> tuple[str, Mapping[str, Any]]:
    """Keras's name in snake case and the settings; "" for a function of somebody's own."""
    import keras

    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if isinstance(loss, keras.Loss):
        own = not type(loss).__module__.startswith("keras.")
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(loss).__name__).lower()
        return ("" if own else name), loss.get_config()
    name = getattr(loss, "__name__", "")
    return (name if getattr(loss, "__module__", "").startswith("keras.") else ""), {}


def _answers(model: Any, x: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """Outputs of the untrained model for one batch; None if it does not take it."""
    import jax
    import keras

    variables = model.variables

    def forward(values: Any, batch: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return model(batch, training=False)

    try:
        if keras.backend.backend() != "jax":  # a model that is monitored where it trains
            values = [variable.value for variable in variables]
            return np.asarray(keras.ops.convert_to_numpy(forward(values, x)), np.float32)
        return np.asarray(jax.jit(forward)([variable.value for variable in variables], x), np.float32)
    except (ValueError, TypeError, AttributeError, IndexError, NotImplementedError):
        return None


def _expected_input(model: Any) -> tuple[int | None, ...] | None:
    shape = getattr(model, "input_shape", None) if getattr(model, "inputs", None) else None
    return tuple(shape[1:]) if isinstance(shape, tuple) else None


def _fits(expected: tuple[int | None, ...], given: tuple[int, ...]) -> bool:
    return len(expected) == len(given) and all(a in (None, b) for a, b in zip(expected, given, strict=True))


def _output_shape(model: Any, answers: npt.NDArray[Any] | None = None) -> tuple[int, ...]:
    if answers is not None:
        return tuple(int(n) for n in answers.shape[1:])
    shape = getattr(model, "output_shape", (None, 1))
    return tuple(int(n or 1) for n in shape[1:])


def _metrics(model: Any) -> tuple[str, ...]:
    with warnings.catch_warnings():  # a function without a name is nothing to warn of here: nothing is saved
        warnings.simplefilter("ignore")
        found = (model.get_compile_config() or {}).get("metrics") or ()
    names = [entry if isinstance(entry, str) else _metric_name(entry) for entry in _flat(found)]
    return tuple(name for name in names if name)


def _metric_name(entry: Any) -> str:
    settings = entry.get("config") if isinstance(entry, Mapping) else None
    return str(settings.get("name", "")) if isinstance(settings, Mapping) else str(settings or "")


def _flat(found: Any) -> list[Any]:
    if isinstance(found, Mapping) and "class_name" not in found:
        return [one for inner in found.values() for one in _flat(inner)]
    if isinstance(found, list | tuple):
        return [one for inner in found for one in _flat(inner)]
    return [found]


def _rate(optimizer: Any, steps: int) -> float | None:
    """The largest learning rate of the training."""
    schedule = keras_names.schedule(optimizer)
    try:
        if schedule is not None:
            return max(float(schedule(int(step))) for step in np.linspace(0, max(0, steps - 1), _RATES))
        return float(optimizer.learning_rate)
    except (TypeError, ValueError, AttributeError):
        return None


def _first_loss(model: Any, y: npt.NDArray[Any], answers: npt.NDArray[Any]) -> float | None:
    """Loss of the untrained model, without penalties; None if loss and shapes do not go together."""
    import keras

    if np.isnan(answers).all():
        return None
    try:
        loss: Any = keras.losses.get(model.loss) if isinstance(model.loss, str) else model.loss
        return float(np.mean(np.asarray(loss(y, answers))))
    except (ValueError, TypeError, IndexError, AttributeError):
        return None


def _first_penalty(model: Any) -> float | None:
    """What the penalties on the weights add to the loss before the first step."""
    try:
        penalised = [weight for weight in model.trainable_variables if weight.regularizer is not None]
        return float(sum(float(np.asarray(weight.regularizer(weight.value))) for weight in penalised))
    except (ValueError, TypeError, AttributeError):
        return None
