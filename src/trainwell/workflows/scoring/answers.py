"""What a network answers, as plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

BATCH = 256
_BATCH_VALUES = 1 << 24  # so many input values at once at most: long sequences and sound get smaller batches
Array = npt.NDArray[Any]


def predict(model: Any, x: Array) -> Array:
    """What the network answers for each sample, (samples, outputs) float32; probabilities even if it gives logits.

    A loss on one unit makes each logit a probability of its own; a categorical one makes a softmax.
    """
    if not len(x):
        return np.zeros((0, *model.output_shape[1:]), np.float32)
    raw = np.asarray(model.predict(x, batch_size=batch_size(x), verbose=0), np.float32)
    raw = raw.reshape(len(raw), -1)
    if getattr(model.loss, "from_logits", False):
        if raw.shape[1] == 1 or "Binary" in type(model.loss).__name__:
            return 1 / (1 + np.exp(-raw))
        raw = np.exp(raw - raw.max(axis=1, keepdims=True))
        return raw / raw.sum(axis=1, keepdims=True)
    return raw


def batch_size(x: Array) -> int:
    """Samples that are asked about at once.

    >>> batch_size(np.zeros((1000, 8, 8, 1)))
    256
    """
    return max(1, min(BATCH, _BATCH_VALUES // max(1, int(np.prod(x.shape[1:])))))


def probabilities(outputs: Array) -> Array:
    """(samples, classes) from the outputs of a classifier: one unit is the probability of the second class."""
    return np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs
