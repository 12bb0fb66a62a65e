"""What the layers of a model do to its input and output: what rescales, what ends it, and what is linear between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.engine import keras_names
from trainwell.engine.layers import activation_name

LINEAR = frozenset(
    {
        *("Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose"),
        *("Conv3DTranspose", "SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D"),
    }
)
# layers that a linear map passes as a linear map
PASSING = frozenset(
    {
        *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Flatten", "Reshape", "Permute"),
        *("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D", "Cropping3D", "Identity"),
        *("AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "GlobalAveragePooling1D", "Rescaling"),
        *("GlobalAveragePooling2D", "GlobalAveragePooling3D", "UpSampling1D", "UpSampling2D", "RepeatVector"),
        *("BatchNormalization", "ActivityRegularization"),
    }
)
STRETCHING = frozenset({"BatchNormalization", "Rescaling"})  # behind them, a range is no longer the activation's own
# what changes the scale of numbers before the first weights, or takes none
RESCALING = frozenset(
    {
        *("Normalization", "Rescaling", "BatchNormalization", "LayerNormalization", "GroupNormalization"),
        *("UnitNormalization", "RMSNormalization", "SpectralNormalization", "Embedding", "Discretization"),
        *("CategoryEncoding", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"),
        *("MelSpectrogram", "STFTSpectrogram", "Lambda"),
    }
)


COMPARING = frozenset({"NotEqual", "Equal", "Greater", "Less", "GreaterEqual", "LessEqual", "Any", "All", "LogicalNot"})


def rescales(model: Any) -> bool:
    """Whether something changes the scale of the input before the first weights; True where that cannot be seen."""
    tensors = _inputs(model)
    if tensors is None:
        return True
    seen: set[int] = set()
    todo = list(_consumers(model, tensors))
    while todo:
        layer = todo.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        kind = type(layer).__name__
        if kind in COMPARING:  # where padding is, not what the numbers are
            continue
        if kind in RESCALING or not hasattr(layer, "trainable_weights") or hasattr(layer, "layers"):
            return True  # an operation, or a model inside the model
        if not layer.weights and kind not in ("MultiHeadAttention",):
            todo += _consumers(model, [layer.output])
    return False


def last_activation(model: Any, answers: npt.NDArray[Any]) -> tuple[str, str]:
    """Name of the last layer with weights, and what its output went through: "softmax", ..., "linear" for nothing.

    Args:
        model: built.
        answers: (samples, ...) outputs of a batch: where the graph does not tell, their range does.
    """
    layer = _producer(_output(model))
    named = _last_with_weights(model)
    activation: str | None = None
    while layer is not None:
        kind = type(layer).__name__
        if not hasattr(layer, "trainable_weights"):  # an operation of keras.ops
            activation = kind.lower() if kind in ("Softmax", "Sigmoid", "Relu", "Tanh", "Softplus") else None
            return named, activation or _by_range(answers)
        if hasattr(layer, "layers") and getattr(layer, "outputs", None):  # a model inside
            layer = _producer(layer.outputs[0])
            continue
        activation = activation_name(layer)
        if activation in (None, "linear") and kind in (PASSING | {"Activation"}) and kind not in STRETCHING:
            layer = _producer(_input(layer))
            continue
        if activation is None and kind not in LINEAR:
            return layer.name, _by_range(answers) if kind not in ("LSTM", "GRU", "SimpleRNN") else "tanh"
        return (layer.name if layer.weights else named), activation or "linear"
    return named, _by_range(answers)


def linear_runs(model: Any) -> tuple[tuple[str, ...], ...]:
    """Runs of at least two layers with weights that have no non-linearity between them; () where that is not seen."""
    before: dict[str, str] = {}
    if _inputs(model) is None:
        return ()
    linear = [layer for layer in model.layers if type(layer).__name__ in LINEAR]
    for layer in linear:
        earlier = _producer(_input(layer))
        while earlier is not None and type(earlier).__name__ in (PASSING | {"Activation"}):
            if activation_name(earlier) not in (None, "linear"):
                earlier = None
                break
            earlier = _producer(_input(earlier))
        if earlier is not None and type(earlier).__name__ in LINEAR and activation_name(earlier) in (None, "linear"):
            before[layer.name] = earlier.name
    ends = [name for name in before if name not in before.values()]
    return tuple(tuple(reversed([*_chain(end, before)])) for end in ends)


def _chain(name: str, before: dict[str, str]) -> Iterator[str]:
    yield name
    while name in before:
        name = before[name]
        yield name


def _by_range(answers: npt.NDArray[Any]) -> str:
    """What the outputs look as if they went through."""
    finite = answers[np.isfinite(answers)]
    if answers.ndim > 1 and answers.shape[-1] > 1 and np.allclose(answers.sum(axis=-1), 1, atol=1e-3):
        return "softmax" if len(finite) and finite.min() >= 0 else "linear"
    return "sigmoid" if len(finite) and finite.min() > 0 and finite.max() < 1 else "linear"


def _inputs(model: Any) -> list[Any] | None:
    """The symbolic inputs; None for a model whose graph Keras does not know."""
    inputs = getattr(model, "inputs", None)
    return list(inputs) if inputs else None


def _output(model: Any) -> Any:
    outputs = getattr(model, "outputs", None)
    return outputs[0] if outputs else None


def _input(layer: Any) -> Any:
    """The symbolic input of a layer that was called once with one tensor; None otherwise."""
    try:
        found = layer.input
    except (AttributeError, ValueError, RuntimeError):
        return None
    return None if isinstance(found, list | tuple | dict) else found


def _producer(tensor: Any) -> Any:
    """The layer or operation that made a symbolic tensor; None for an input or what is not known."""
    made = keras_names.producer(tensor)
    return None if type(made).__name__ == "InputLayer" else made


def _consumers(model: Any, tensors: list[Any]) -> Iterator[Any]:
    """The layers and operations of this model that take one of these tensors."""
    wanted = {id(tensor) for tensor in tensors}
    for operation in getattr(model, "operations", model.layers):
        if any(id(tensor) in wanted for tensor in keras_names.taken(operation)):
            yield operation


def _last_with_weights(model: Any) -> str:
    named = [layer.name for layer in model.layers if layer.weights]
    return named[-1] if named else model.layers[-1].name if model.layers else model.name
