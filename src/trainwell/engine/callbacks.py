"""Keras callbacks: which of their hooks are needed, and their state for exact resuming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
OPERATION = "keras.ops:"


def want_batches(callbacks: Sequence[Any]) -> bool:
    """Whether any callback wants to be called around every batch; then steps cannot be run many at a time."""
    return any(_wants_batches(callback) for callback in callbacks)


def _wants_batches(callback: Any) -> bool:
    import keras

    if isinstance(callback, keras.callbacks.ModelCheckpoint) and callback.save_freq == "epoch":
        return False  # its batch hook only counts batches for other values of save_freq
    plain = keras.callbacks.Callback
    return any(getattr(getattr(callback, hook), "__func__", None) is not getattr(plain, hook) for hook in BATCH_HOOKS)


def save_state(callbacks: Sequence[Any]) -> list[dict[str, Any]]:
    """What each callback keeps in its attributes, as far as it is plain.

    Plain are numbers, strings, arrays, lists of them, and Keras operations (EarlyStopping keeps `keras.ops.less`).
    """
    return [
        {
            name: _named_operation(value) or value
            for name, value in vars(callback).items()
            if name not in ("_model", "params") and (_is_plain(value) or _named_operation(value))
        }
        for callback in callbacks
    ]


def load_state(callbacks: Sequence[Any], states: Sequence[Mapping[str, Any]]) -> None:
    """Give the callbacks back what `save_state` took; call it after `on_train_begin`, which resets them."""
    import keras

    for callback, state in zip(callbacks, states, strict=True):
        for name, value in state.items():
            is_operation = isinstance(value, str) and value.startswith(OPERATION)
            setattr(callback, name, getattr(keras.ops, value.removeprefix(OPERATION)) if is_operation else value)


def _named_operation(value: Any) -> str | None:
    import keras

    name = getattr(value, "__name__", None)
    return f"{OPERATION}{name}" if name and getattr(keras.ops, name, None) is value else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic)
