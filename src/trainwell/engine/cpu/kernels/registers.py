"""The vector registers that the kernels are cut to."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple


class Width(NamedTuple):
    """The columns of a tile.

    Attributes:
        first: place of the first in its row.
        vectors: that hold them; the last one may be filled in part.
        floats: how many columns.
    """

    first: int
    vectors: int
    floats: int


class Registers(NamedTuple):
    """The vector registers of a processor.

    Attributes:
        lanes: floats of one.
        total: how many there are.
    """

    lanes: int
    total: int

    def most_rows(self, vectors: int) -> int:
        """Rows of the largest tile this many vectors wide: its sums, one row of the right side, one number spread."""
        return min(24, (self.total - vectors - 1) // vectors)

    def widths(self, length: int) -> list[Width]:
        """The tiles that cover a row of this length.

        >>> Registers(lanes=16, total=32).widths(100)
        [Width(first=0, vectors=4, floats=64), Width(first=64, vectors=3, floats=36)]
        """
        most = self.lanes * (4 if self.total >= 32 else 2)
        tiles = [(first, min(most, length - first)) for first in range(0, length, most)]
        return [Width(first, -(-floats // self.lanes), floats) for first, floats in tiles]


def even_parts(total: int, most: int) -> list[tuple[int, int, int]]:
    """Cut a length into nearly equal parts of at most this size: (first place, size, how many of this size).

    >>> even_parts(32, 12)
    [(0, 11, 2), (22, 10, 1)]
    """
    parts = -(-total // most)
    size, larger = divmod(total, parts)
    cut = [(0, size + 1, larger), (larger * (size + 1), size, parts - larger)]
    return [part for part in cut if part[2]]


@cache
def registers() -> Registers | None:
    """The vector registers of this machine; None where the kernels were not measured: not Linux on x86-64 with FMA."""
    import platform
    import sys

    if sys.platform != "linux" or platform.machine() != "x86_64":
        return None
    try:
        from llvmlite import binding
    except ImportError:
        return None
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return Registers(lanes=16, total=32)
    return Registers(lanes=8, total=16) if features.get("avx2") and features.get("fma") else None
