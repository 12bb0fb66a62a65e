"""How far back a trained recurrent network remembers, from real inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from trainwell.diagnosis import Memory
from trainwell.explain.learned import Example
from trainwell.explain.learned.recurrent import recurrent_layers
from trainwell.explain.learned.views import memory

EXAMPLES = 8
_PROBED_STEPS = 2000  # longer sequences are not probed: the gradient through them would not be cheap


def memory_of(model: Any, x: Any) -> Memory | None:
    """Reach of the memory of the first recurrent layer; None for other networks, or where it cannot be measured.

    Args:
        model: built; nothing of it changes.
        x: inputs (samples, steps, ...); the first ones are looked at.
    """
    if not (hasattr(x, "shape") and 2 <= len(x.shape) <= 3 and 1 < x.shape[1] <= _PROBED_STEPS):
        return None
    if not recurrent_layers(model):
        return None
    kind = "text" if len(x.shape) == 2 else "sequence"
    batch = np.asarray(x[:EXAMPLES])
    if batch.dtype.kind == "f" and not np.isfinite(batch).all():
        return None
    try:
        found = memory.measure(model, tuple(Example(row[None], "", "", (), (), kind) for row in batch))
    except Exception:  # noqa: BLE001 (a probe that fails must not cost the training)
        return None
    if found is None:
        return None
    mean = found["mean"]
    if not np.isfinite(mean).all():
        return None
    return Memory(str(found["layer"]), len(mean), memory.reach(mean, memory.FAR))
