"""A curve in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], columns: int) -> str:
    """One block per value, from the smallest to the largest; × is NaN or infinite.

    Args:
        values: (n,); if there are more than `columns`, the mean of neighbours is shown.
        columns: at most so many characters.

    >>> sparkline([1.0, 0.5, 0.25, math.nan], 40)
    '█▃▁×'
    >>> sparkline([3.0, 3.0], 40)
    '▁▁'
    """
    count = min(len(values), columns)
    edges = [round(place * len(values) / count) for place in range(count + 1)] if count else []
    groups = [values[a:b] for a, b in pairwise(edges)]
    means = [sum(value / len(group) for value in group) for group in groups]
    finite = [mean for mean in means if math.isfinite(mean)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    half = high / 2 - low / 2  # of the range: the range itself may be larger than a float can hold
    return "".join(
        _block((mean / 2 - low / 2) / half if half else 0.0) if math.isfinite(mean) else "×" for mean in means
    )


def _block(fraction: float) -> str:
    """The block for a place between the smallest (0) and the largest (1) value."""
    return _BLOCKS[round(fraction * (len(_BLOCKS) - 1))]
