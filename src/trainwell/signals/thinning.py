"""Rows of a recording, and how old rows are merged so that a recording stays small however long the run.

A row covers one step or a span of steps. When there are too many rows, neighbours in the older half are merged in
pairs: the newest part keeps every step, older parts get coarser with age, and no minimum, maximum or non-finite value
is ever lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]


def row_type(columns: int) -> np.dtype[Any]:
    """The layout of one row with so many values: bytes on disk, little endian."""
    return np.dtype(
        [
            ("first_step", "<i8"),
            ("last_step", "<i8"),
            ("count", "<i8"),
            ("mean", "<f4", (columns,)),
            ("minimum", "<f4", (columns,)),
            ("maximum", "<f4", (columns,)),
            ("nonfinite", "<u4", (columns,)),
        ]
    )


def rows_of(
    steps: npt.NDArray[np.int64], values: npt.NDArray[np.float32], measured: npt.NDArray[np.bool_] | None = None
) -> Rows:
    """One full-resolution row per step.

    Args:
        steps: (steps,) step numbers, ascending.
        values: (steps, columns) float32; NaN and infinity are counted apart, not averaged.
        measured: (steps, columns) bool, False where nobody looked: such a value has mean NaN and is no non-finite one.
            All were measured if not given.
    """
    rows = np.zeros(len(steps), row_type(values.shape[1]))
    rows["first_step"] = rows["last_step"] = steps
    rows["count"] = 1
    finite = np.isfinite(values) if measured is None else np.isfinite(values) & measured
    rows["mean"] = rows["minimum"] = rows["maximum"] = np.where(finite, values, np.nan)
    rows["nonfinite"] = ~finite if measured is None else ~finite & measured
    return rows


def merge_pairs(rows: Rows) -> Rows:
    """Merge rows 0+1, 2+3, ...; an odd last row stays as it is."""
    even = len(rows) - len(rows) % 2
    left, right = rows[0:even:2], rows[1:even:2]
    merged = np.zeros(len(left), rows.dtype)
    merged["first_step"], merged["last_step"] = left["first_step"], right["last_step"]
    merged["count"] = left["count"] + right["count"]
    merged["nonfinite"] = left["nonfinite"] + right["nonfinite"]
    merged["minimum"] = np.fmin(left["minimum"], right["minimum"])
    merged["maximum"] = np.fmax(left["maximum"], right["maximum"])
    # each mean is over the finite values of its row only, so it is weighted by their number
    weights = [
        np.where(np.isnan(side["mean"]), 0, side["count"][:, None] - side["nonfinite"]).astype(np.float64)
        for side in (left, right)
    ]
    total = weights[0] + weights[1]
    sums = sum(
        np.where(w > 0, np.nan_to_num(side["mean"]) * w, 0.0) for side, w in zip((left, right), weights, strict=True)
    )
    merged["mean"] = np.where(total > 0, sums / np.maximum(total, 1), np.nan)
    return np.concatenate([merged, rows[even:]])


def thin(rows: Rows, capacity: int) -> Rows:
    """At most `capacity` rows (at least 1): as long as there are more, the older half is merged in pairs."""
    while len(rows) > capacity:
        half = max(2, len(rows) // 2)
        rows = np.concatenate([merge_pairs(rows[:half]), rows[half:]])
    return rows
