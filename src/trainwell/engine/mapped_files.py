"""Arrays that lie in a file (`numpy.memmap`): telling the system what will be read, and what is done with."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import numpy.typing as npt


def mapping(array: Any) -> mmap.mmap | None:
    """The file mapping in which an array lies; None for memory, and for a private copy of a file (mode "c").

    Of a private copy nothing may be given back to the system: its changes are nowhere else.
    """
    owner, private = array, False
    while owner is not None and not isinstance(owner, mmap.mmap):
        private |= getattr(owner, "mode", None) == "c"
        owner = getattr(owner, "base", None)
    return None if private else owner


def advise(array: Any, advice: str) -> None:
    """Give an advice of the system call `madvise` on all of an array's file, where there is a file and such a call.

    MADV_RANDOM: what lies beside a row need not be read too. MADV_DONTNEED: pages that were read may go from this
    process's memory; they stay in the system's cache and come back when they are touched.
    """
    file, number = mapping(array), getattr(mmap, advice, None)
    if file is not None and number is not None:
        file.madvise(number)


def ask_for(array: npt.NDArray[Any], places: npt.NDArray[np.integer]) -> None:
    """Have the system begin to read these rows, all at once, without waiting for them.

    A disk that gets one page after the other asked for is idle most of the time: 64 MB in rows of 4 kB took 2.9 s from
    a cold disk, and 0.4 s when all of them were asked for first.

    Args:
        array: (samples, ...).
        places: (rows,), ascending.
    """
    file, number = mapping(array), getattr(mmap, "MADV_WILLNEED", None)
    if file is None or number is None or not len(places):
        return
    for start, length in pages(array, file, places):
        file.madvise(number, start, length)


def pages(array: npt.NDArray[Any], file: mmap.mmap, places: npt.NDArray[np.integer]) -> list[tuple[int, int]]:
    """The stretches of the file, in whole pages, that hold these rows: (first byte, bytes), ascending, apart."""
    begin = _address(array) - _address(np.frombuffer(file, np.uint8))
    row = array.strides[0]
    first = (begin + places.astype(np.int64) * row) // mmap.PAGESIZE
    last = (begin + (places.astype(np.int64) + 1) * row - 1) // mmap.PAGESIZE
    heads = np.flatnonzero(np.concatenate([[True], first[1:] > last[:-1] + 1]))
    starts, ends = first[heads], np.concatenate([last[heads[1:] - 1], last[-1:]]) + 1
    return list(zip((starts * mmap.PAGESIZE).tolist(), ((ends - starts) * mmap.PAGESIZE).tolist(), strict=True))


def _address(array: npt.NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])
