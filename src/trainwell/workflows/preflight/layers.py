"""What each layer is like before the first step: how large its weights are, and what it drops or penalises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis.contract import LayerStart
from trainwell.engine.layers import activation_name
from trainwell.explain.learned.calls import layers_inside

_LARGEST = 2**24  # numbers of a kernel that are looked at
_LARGEST_STATE = 1024  # units whose recurrent kernel is looked at: finding a radius costs the cube of them
_RECURRENT = ("LSTM", "GRU", "SimpleRNN")


def layer_starts(model: Any) -> tuple[LayerStart, ...]:
    """Every layer inside a built model that holds no other layers of its own, or is recurrent; nothing is changed."""
    return tuple(_start(layer) for layer in layers_inside(model) if _counts(layer))


def _counts(layer: Any) -> bool:
    kind = type(layer).__name__
    return kind != "InputLayer" and not hasattr(layer, "layers") and not kind.endswith(("Cell", "Generator"))


def _start(layer: Any) -> LayerStart:
    owner = getattr(layer, "cell", layer)
    kernel = _kernel(owner)
    bias = _array(getattr(owner, "bias", None))
    low, high = (math.nan, math.nan) if kernel is None else usual_deviations(kernel.shape)
    regularizer = getattr(owner, "kernel_regularizer", None)
    own_activation = type(layer).__name__ not in _RECURRENT or type(layer).__name__ == "SimpleRNN"
    return LayerStart(
        name=str(layer.name),
        kind=type(layer).__name__,
        activation=activation_name(layer) if own_activation else None,
        units=int(getattr(layer, "units", 0) or (0 if kernel is None else kernel.shape[-1])),
        parameters=sum(int(np.prod(weight.shape)) for weight in layer.weights) if not _holds(layer) else 0,
        deviation=math.nan if kernel is None else float(np.std(kernel)),
        usual_low=low,
        usual_high=high,
        alike=kernel is not None and _alike(kernel),
        memory_gain=_memory_gain(_array(getattr(owner, "recurrent_kernel", None))),
        bias=math.nan if bias is None or not bias.size else float(np.mean(bias)),
        dropout=float(getattr(layer, "rate", 0.0) or 0.0) if "Dropout" in type(layer).__name__ else 0.0,
        l1=_strength(regularizer, "l1"),
        l2=_strength(regularizer, "l2"),
    )


def usual_deviations(shape: Sequence[int]) -> tuple[float, float]:
    """The smallest and the largest standard deviation that the usual rules give a kernel of this shape.

    Glorot: sqrt(2 / (fan_in + fan_out)); LeCun: sqrt(1 / fan_in); He: sqrt(2 / fan_in). Keras takes the last axis as
    fan_out and the one before it as fan_in, both times the product of the axes before; kernels of attention (width,
    heads, key) are also looked at as (width, heads times key), and (heads, key, width) as (heads times key, width).

    >>> tuple(round(deviation, 3) for deviation in usual_deviations((64, 64)))
    (0.125, 0.177)
    """
    fans: list[tuple[int, int]] = []
    receptive = math.prod(shape[:-2])
    fans.append((shape[-2] * receptive, shape[-1] * receptive))
    if len(shape) == 3:
        fans += [(shape[0], shape[1] * shape[2]), (shape[0] * shape[1], shape[2])]
    found = [
        deviation
        for into, out in fans
        for deviation in (math.sqrt(2 / (into + out)), math.sqrt(1 / into), math.sqrt(2 / into))
    ]
    return min(found), max(found)


def _kernel(layer: Any) -> npt.NDArray[Any] | None:
    found = getattr(layer, "kernel", None)
    found = getattr(layer, "pointwise_kernel", None) if found is None else found
    array = _array(found)
    return array if array is not None and array.ndim >= 2 and 1 < array.size <= _LARGEST else None


def _array(variable: Any) -> npt.NDArray[Any] | None:
    """The variable's numbers as float32; None if it is none."""
    value = getattr(variable, "value", None)
    if value is None or callable(value):
        return None
    return np.asarray(value, np.float32)


def _alike(kernel: npt.NDArray[Any]) -> bool:
    """Whether every unit has the same weights, so that all learn the same for ever."""
    flat = kernel.reshape(-1, kernel.shape[-1])
    return flat.shape[1] > 1 and bool((flat == flat[:, :1]).all())


def _memory_gain(kernel: npt.NDArray[Any] | None) -> float:
    """Largest spectral radius of a recurrent kernel (units, gates x units)."""
    if kernel is None or kernel.ndim != 2 or kernel.shape[1] % kernel.shape[0] or not np.isfinite(kernel).all():
        return math.nan
    if len(kernel) > _LARGEST_STATE:
        return math.nan
    gates = np.split(kernel.astype(np.float64), kernel.shape[1] // kernel.shape[0], axis=1)
    return max(float(np.abs(np.linalg.eigvals(gate)).max()) for gate in gates)


def _strength(regularizer: Any, name: str) -> float:
    try:
        return float(np.asarray(getattr(regularizer, name, 0.0) or 0.0))
    except (TypeError, ValueError):
        return 0.0


def _holds(layer: Any) -> bool:
    """Whether it holds layers with the weights (attention), which are listed themselves."""
    return type(layer).__name__ in ("MultiHeadAttention", "GroupQueryAttention", "Bidirectional", "TimeDistributed")
