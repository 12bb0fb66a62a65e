"""Taps: while a step is traced, the outputs of the layers are noted; the model and its results stay as they are.

`keras.Layer.__call__` is wrapped for the time of the trace only. A call is noted only if it happens in the trace of
the step itself: inside an inner transformation (the cell of a recurrent layer runs in a scan) the values could not
leave it.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from trainwell.engine import keras_names

PATCHING = threading.Lock()  # the wrapped method is shared by all threads of the process


@dataclass(frozen=True)
class WeightsTap:
    """The trainable weights of one layer in one step; the three lists have the same order.

    Attributes:
        weights: before the update.
        gradients: of the loss, before clipping, without loss scaling.
        updates: new weights minus old weights.
    """

    weights: Sequence[Any]
    gradients: Sequence[Any]
    updates: Sequence[Any]


@dataclass(frozen=True)
class OutputTap:
    """The output of one layer in one step.

    Attributes:
        output: (batch, ..., units or channels).
        activation: name of the activation that made it, or None.
    """

    output: Any
    activation: str | None


@dataclass
class Calls:
    """The layer calls of one forward pass in their order: (layer, output), without layers that only hold layers."""

    leaves: list[tuple[Any, Any]] = field(default_factory=list[tuple[Any, Any]])


@contextmanager
def noted_calls() -> Generator[Calls]:
    """Note the output of every layer that is called within the block, in the JAX trace the block began in."""
    from trainwell.backend import load_keras

    keras = load_keras()
    calls = Calls()
    home = keras_names.trace_state()
    owner = threading.get_ident()
    plain = keras.Layer.__call__

    def noting(layer: Any, *args: Any, **kwargs: Any) -> Any:
        before = len(calls.leaves)
        result = plain(layer, *args, **kwargs)
        inside = [inner for inner, _ in calls.leaves[before:]]
        is_leaf = all(inner is getattr(layer, "activation", None) for inner in inside)
        if is_leaf:  # an activation that is a layer (LeakyReLU) belongs to the layer that it ends
            del calls.leaves[before:]
        if is_leaf and threading.get_ident() == owner and keras_names.trace_state() == home:
            calls.leaves.append((layer, result))
        return result

    with PATCHING:
        keras.Layer.__call__ = noting
        try:
            yield calls
        finally:
            keras.Layer.__call__ = plain
