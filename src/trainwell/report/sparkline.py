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
    means = [sum(group) / len(group) for group in groups]
    finite = [mean for mean in means if math.isfinite(mean)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BLOCKS[round((mean - low) * scale)] if math.isfinite(mean) else "×" for mean in means)
