"""What stands behind the end of a sequence that is shorter than others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# A float32 that no measurement has: models mask steps whose channels all hold it. Not NaN, which equals nothing and
# spreads through sums; not 0, which real steps may well be.
STEP = -1.0e30
TOKEN = 0
Array = npt.NDArray[Any]


def padded(rows: Sequence[Array], value: float, dtype: npt.DTypeLike, length: int | None = None) -> Array:
    """Rows of different lengths as one array.

    Args:
        rows: each (steps, ...), with the same shape behind the first axis.
        value: stands behind the end of a row.
        dtype: of the result.
        length: steps of the result; longer rows lose their end. The longest row's if not given.

    >>> padded([np.ones(1), np.ones(3)], 0, np.int8).tolist()
    [[1, 0, 0], [1, 1, 1]]
    """
    steps = max((len(row) for row in rows), default=0) if length is None else length
    rest = rows[0].shape[1:] if len(rows) else ()
    result = np.full((len(rows), steps, *rest), value, dtype)
    for number, row in enumerate(rows):
        kept = row[:steps]
        result[number, : len(kept)] = kept
    return result
