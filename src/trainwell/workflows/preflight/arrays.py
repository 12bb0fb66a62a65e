"""What arrays hold, in numbers: ranges, gaps, classes, and samples that are in two parts."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis.contract import Form, Targets, Values

LOOKED_AT = 2**25  # numbers from which ranges and spreads are measured; of more, evenly spaced samples
COMPARED = 2**28  # bytes of samples that are compared with one another at most
_BLOCK = 2**24  # numbers that are looked at together
_MOST_DIFFERENT = 1000
_NAMED = 10


def values_of(array: Any) -> Values:
    """Range, spread and gaps of an array (samples, ...); gaps are looked for everywhere, spreads in part of many."""
    data = np.asanyarray(array)
    samples, shape = len(data), tuple(int(n) for n in data.shape[1:])
    nonfinite, bad = _gaps(data)
    step = max(1, math.ceil(data.size / LOOKED_AT))
    seen = np.asarray(data[::step], np.float64)
    features = shape[-1] if shape else 1
    flat = np.where(np.isfinite(seen), seen, np.nan).reshape(-1, features)
    finite = flat[np.isfinite(flat)]
    if not len(finite):
        none = math.nan
        return Values(
            shape,
            str(data.dtype),
            samples,
            none,
            none,
            none,
            none,
            nonfinite,
            bad,
            features,
            features,
            none,
            none,
            none,
        )
    with np.errstate(all="ignore"):
        known = np.isfinite(flat).any(axis=0)
        means, deviations = np.zeros(features), np.zeros(features)
        means[known], deviations[known] = np.nanmean(flat[:, known], axis=0), np.nanstd(flat[:, known], axis=0)
        changing = deviations > 1e-12 * np.maximum(np.abs(means), 1e-30)
    spread = deviations[changing]
    return Values(
        shape=shape,
        dtype=str(data.dtype),
        samples=samples,
        minimum=float(finite.min()),
        maximum=float(finite.max()),
        mean=float(finite.mean()),
        deviation=float(finite.std()),
        nonfinite=nonfinite,
        bad_samples=bad,
        constant=int((~changing).sum()),
        features=features,
        widest=float(spread.max()) if len(spread) else math.nan,
        narrowest=float(spread.min()) if len(spread) else math.nan,
        farthest=float((np.abs(means[changing]) / spread).max()) if len(spread) else math.nan,
    )


def targets_of(array: Any, *, class_numbers: bool) -> Targets:
    """What is to be predicted.

    Args:
        array: targets (samples, ...).
        class_numbers: whether the loss takes whole numbers as classes, whatever their type is.
    """
    data = np.asanyarray(array)
    found = values_of(data)
    seen = np.asarray(data[:: max(1, math.ceil(data.size / LOOKED_AT))])
    form = _form(seen, class_numbers=class_numbers)
    different = min(len(np.unique(seen[np.isfinite(seen)])) if seen.dtype.kind == "f" else len(np.unique(seen)), 1000)
    counts: tuple[int, ...] = ()
    if form == "class_numbers" and found.maximum < _MOST_DIFFERENT * 1000:
        labels = data.reshape(-1)[: 50 * LOOKED_AT].astype(np.int64)
        counts = tuple(np.bincount(labels[labels >= 0]).tolist())
    elif form in ("one_hot", "several_labels"):
        counts = tuple(int(n) for n in data.reshape(-1, data.shape[-1]).sum(axis=0))
    finite = seen[np.isfinite(seen)] if seen.dtype.kind == "f" else seen
    distance = (
        float(np.abs(finite - np.median(finite)).mean()) if len(finite) and seen.dtype.kind in "fiu" else math.nan
    )
    return Targets(found, form, counts, different, distance)


def shared(one: Any, other: Any) -> tuple[int, int] | None:
    """How often samples repeat, number for number; None if they are too many to compare.

    Returns:
        Samples of `other` that are also in `one`, and samples of `one` that are in it more than once.
    """
    first, second = np.ascontiguousarray(one), np.ascontiguousarray(other)
    if first.nbytes + second.nbytes > COMPARED or first.shape[1:] != second.shape[1:]:
        return None
    known = Counter(row.tobytes() for row in first.astype(second.dtype, copy=False))
    return sum(row.tobytes() in known for row in second), sum(count for count in known.values() if count > 1)


def _gaps(data: npt.NDArray[Any]) -> tuple[int, tuple[int, ...]]:
    """How many values are not finite, and the first samples that have such."""
    if data.dtype.kind not in "fc":
        return 0, ()
    count, bad = 0, list[int]()
    rows = max(1, _BLOCK // max(1, data[:1].size))
    for start in range(0, len(data), rows):
        block = np.asarray(data[start : start + rows]).reshape(min(rows, len(data) - start), -1)
        wrong = ~np.isfinite(block)
        if wrong.any():
            count += int(wrong.sum())
            bad += (start + np.flatnonzero(wrong.any(axis=1))[: _NAMED - len(bad)]).tolist()
    return count, tuple(bad)


def _form(seen: npt.NDArray[Any], *, class_numbers: bool) -> Form:
    """How targets are written down."""
    finite = seen[np.isfinite(seen)] if seen.dtype.kind == "f" else seen
    whole = seen.dtype.kind in "iub" or bool(len(finite) and (finite == np.floor(finite)).all())
    wide = seen.ndim > 1 and seen.shape[-1] > 1
    if wide and len(finite) == seen.size and bool(((seen == 0) | (seen == 1)).all()) and not class_numbers:
        return "one_hot" if bool((seen.sum(axis=-1) == 1).all()) else "several_labels"
    if wide and class_numbers and len(finite) == seen.size and bool(((seen == 0) | (seen == 1)).all()):
        return "one_hot" if bool((seen.sum(axis=-1) == 1).all()) else "class_numbers"
    if class_numbers:
        return "class_numbers" if whole else "numbers"
    few = len(np.unique(finite[:LOOKED_AT])) <= max(2, min(100, len(seen) // 5))
    first = bool(len(finite)) and finite.min() in (0, 1)
    return "class_numbers" if whole and few and first and not wide else "numbers"
