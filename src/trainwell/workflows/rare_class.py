"""Whether a trained network finds the rarest class among samples that it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis import Contract, RareClass
from trainwell.diagnosis.problems.class_imbalance import RATIO, one_class_each
from trainwell.workflows.scoring.answers import batch_size

_MOST = 500  # samples of either class that are asked about
Array = npt.NDArray[Any]


def rare_class_of(model: Any, validation: Any, contract: Contract | None) -> RareClass | None:
    """Share of the rarest and of the commonest class that is found; None where no class is rare, or none is held out.

    Args:
        model: built; nothing of it changes, not even the state of its random numbers.
        validation: (inputs, targets, ...) as arrays, or None.
        contract: says how many training samples each class has.
    """
    if contract is None or not validation or len(validation) < 2 or not one_class_each(contract.targets):
        return None
    counts = {number: count for number, count in enumerate(contract.targets.counts) if count}
    if len(counts) < 2 or max(counts.values()) < RATIO.value * min(counts.values()):
        return None
    x, y = validation[:2]
    if not (hasattr(x, "shape") and hasattr(y, "shape") and len(x) == len(y)):
        return None
    labels = np.asarray(y)
    labels = labels.argmax(axis=1) if contract.targets.form == "one_hot" else labels.reshape(len(labels))
    rare, common = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    held_out = [np.flatnonzero(labels == number)[:_MOST] for number in (rare, common)]
    if not all(map(len, held_out)):
        return None
    try:
        answers = _answers(model, np.asarray(x)[np.concatenate(held_out)])
    except Exception:  # noqa: BLE001 (a probe that fails must not cost the training)
        return None
    found = np.split(answers, [len(held_out[0])])
    return RareClass(rare, len(held_out[0]), float((found[0] == rare).mean()), float((found[1] == common).mean()))


def _answers(model: Any, x: Array) -> Array:
    """(samples,) the class that the network says."""
    import keras

    logits = bool(getattr(model.loss, "from_logits", False))
    size, parts = batch_size(x), list[Array]()
    with keras.StatelessScope():  # what the call would change, random states among it, is thrown away
        for start in range(0, len(x), size):
            outputs = np.asarray(model(x[start : start + size], training=False), np.float32)
            parts.append(outputs.reshape(len(outputs), -1))
    outputs = np.concatenate(parts)
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > (0.0 if logits else 0.5)).astype(np.int64)
    return outputs.argmax(axis=1)
