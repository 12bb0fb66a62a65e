"""Marks what each layer computes while a function is traced, so that every equation can be given back to its layer.

Every call of a layer, or of an operation of a functional model, gets a named scope of JAX; the scope stays with the
equations through differentiation, where those of the backward pass are marked as transposed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from trainwell.engine import keras_names
from trainwell.engine.layers import layer_paths
from trainwell.engine.taps import PATCHING

_MARK = "trainwell_call_"
_FOUND = re.compile(rf"{_MARK}(\d+)_")


@dataclass
class Scopes:
    """The calls of one forward pass, numbered in the order in which they began.

    Attributes:
        names: path of the layer of each call; the second call of one layer is "path (call 2)".
        layers: the layers themselves.
    """

    names: list[str] = field(default_factory=list[str])
    layers: list[Any] = field(default_factory=list[Any])

    def call_of(self, stack: str) -> int | None:
        """Number of the innermost call within which an equation was traced; None outside of all.

        Args:
            stack: the equation's name stack, as text.
        """
        found = _FOUND.findall(stack)
        return int(found[-1]) if found else None


def is_backward(stack: str) -> bool:
    """Whether an equation with this name stack belongs to the backward pass."""
    return "transpose(" in stack


def is_differentiated(stack: str) -> bool:
    """Whether an equation with this name stack belongs to what was differentiated: network and loss."""
    return "jvp(" in stack or is_backward(stack)


@contextmanager
def marked_calls(model: Any) -> Generator[Scopes]:
    """Mark every call of a layer or operation of this model within the block."""
    import jax

    from trainwell.backend import load_keras

    keras = load_keras()
    scopes = Scopes()
    paths = layer_paths(model)
    owner = threading.get_ident()
    homes: list[Any] = []  # of the forward pass: known when the model itself is called
    under_way: list[tuple[Any, int]] = []
    plain_layer, plain_operation = keras.Layer.__call__, keras.Operation.__call__

    def called(plain: Any, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if threading.get_ident() != owner:
            return plain(operation, *args, **kwargs)
        here = keras_names.trace_state()
        homes.append(here)
        if here != homes[0]:  # inside a scan: belongs to the layer that scans
            return plain(operation, *args, **kwargs)
        number = _number(scopes, paths, operation, under_way)
        under_way.append((operation, number))
        try:
            with jax.named_scope(f"{_MARK}{number}_"):
                return plain(operation, *args, **kwargs)
        finally:
            under_way.pop()

    def layer_call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        return called(plain_layer, layer, args, kwargs)

    def operation_call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(operation, keras.Layer):  # its call has begun already
            return plain_operation(operation, *args, **kwargs)
        return called(plain_operation, operation, args, kwargs)

    with PATCHING:
        keras.Layer.__call__, keras.Operation.__call__ = layer_call, operation_call
        try:
            yield scopes
        finally:
            keras.Layer.__call__, keras.Operation.__call__ = plain_layer, plain_operation


def _number(scopes: Scopes, paths: dict[int, str], operation: Any, under_way: list[tuple[Any, int]]) -> int:
    """Number of a new call; that of the layer around it if it is its activation."""
    if under_way and getattr(under_way[-1][0], "activation", None) is operation:
        return under_way[-1][1]
    path = paths.get(id(operation)) or str(operation.name)
    times = sum(layer is operation for layer in scopes.layers)
    scopes.names.append(path if not times else f"{path} (call {times + 1})")
    scopes.layers.append(operation)
    return len(scopes.names) - 1
