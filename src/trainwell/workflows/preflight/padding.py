"""Zeros that fill up token sequences: how many, where, and whether the network knows that they are no words."""

from __future__ import annotations

from typing import Any

import numpy as np

from trainwell.diagnosis.contract import Padding
from trainwell.explain.learned.calls import layers_inside

_SAMPLES = 2000
_LAST_STATE = ("LSTM", "GRU", "SimpleRNN", "RNN")
_POOLING = ("GlobalAveragePooling1D", "MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention")


def padding_of(model: Any, x: Any) -> Padding | None:
    """Look at token sequences (samples, steps) of whole numbers that an Embedding reads; None for other data."""
    array = np.asanyarray(x)
    layers = layers_inside(model)
    embeddings = [layer for layer in layers if type(layer).__name__ == "Embedding"]
    if array.ndim != 2 or array.shape[1] < 2 or not embeddings:
        return None
    tokens = np.asarray(array[:: max(1, len(array) // _SAMPLES)])
    if tokens.dtype.kind == "f" and not (np.isfinite(tokens).all() and (tokens == np.floor(tokens)).all()):
        return None
    words = tokens != 0
    some = words.any(axis=1)
    if not some.any():
        return None
    words = words[some]
    masked = any(getattr(layer, "mask_zero", False) for layer in embeddings)
    masked = masked or any(type(layer).__name__ == "Masking" or _compares(layer) for layer in _operations(model))
    reader, last_state = _reader(layers)
    return Padding(
        front=float(words.argmax(axis=1).mean() / words.shape[1]),
        back=float(words[:, ::-1].argmax(axis=1).mean() / words.shape[1]),
        masked=masked,
        reader=reader,
        last_state=last_state,
    )


def _operations(model: Any) -> list[Any]:
    return list(getattr(model, "operations", ())) or layers_inside(model)


def _compares(operation: Any) -> bool:
    """Whether it is x != 0, as one writes a mask by hand."""
    return type(operation).__name__ in ("NotEqual", "Equal", "Greater")


def _reader(layers: list[Any]) -> tuple[str, bool]:
    for layer in layers:
        kind = type(layer).__name__
        if kind in _LAST_STATE and not layer.return_sequences:
            return str(layer.name), not layer.go_backwards
        if kind in _POOLING:
            return str(layer.name), False
    return "", False
