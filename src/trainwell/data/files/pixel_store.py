"""Where decoded pictures lie: in memory, or, when they are too many, in a temporary file that looks like an array."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.errors import FolderError
from trainwell.locales import Text

MEMORY_SHARE = 0.25  # of the memory of the machine: training keeps a shuffled copy, and others work there too
_UNKNOWN_MEMORY = 8 * 2**30  # bytes taken for the whole where the system does not say
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_BLOCK = 64 * 2**20  # bytes copied at once
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Pictures:
    """Decoded pictures before the split (`RawSamples`).

    Attributes:
        pixels: (pictures, height, width, channels), uint8, in memory or on disk.
        places: which of them, int64 (samples,); None for all, in their order.
    """

    pixels: Pixels
    places: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.pixels) if self.places is None else len(self.places)

    def take(self, places: npt.NDArray[np.int64]) -> Pictures:
        """The pictures at these places; no pixel is copied."""
        return Pictures(self.pixels, places if self.places is None else self.places[places])

    def array(self) -> Pixels:
        """The pictures as one array (samples, height, width, channels), on disk if the pixels are."""
        if self.places is None:
            return self.pixels
        if not isinstance(self.pixels, np.memmap):
            return self.pixels[self.places]
        row = max(1, self.pixels[:1].nbytes)
        target = _on_disk((len(self), *self.pixels.shape[1:]))
        for start in range(0, len(self), step := max(1, _BLOCK // row)):
            places = self.places[start : start + step]
            target[start : start + step] = self.pixels[places]
        return target


def memory_limit() -> int:
    """Bytes that pictures may take in memory: a quarter of what this machine, or this container, has."""
    known: list[int] = []
    try:
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not on Windows
        known.append(_UNKNOWN_MEMORY)
    for file in _CGROUPS:
        try:
            known.append(int(Path(file).read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return int(MEMORY_SHARE * min(known))


def empty_pixels(shape: tuple[int, ...]) -> Pixels:
    """An array for pixels, uint8: in memory, or a `numpy.memmap` if it would exceed `memory_limit()`.

    Raises:
        FolderError: it does not fit on the disk of the temporary folder either.
    """
    if int(np.prod(shape, dtype=np.int64)) <= memory_limit():
        return np.empty(shape, np.uint8)
    return _on_disk(shape)


def _on_disk(shape: tuple[int, ...]) -> Pixels:
    """A file without a name, gone with the last array that shows it, or with the process."""
    size = max(1, int(np.prod(shape, dtype=np.int64)))
    place = tempfile.gettempdir()
    free = shutil.disk_usage(place).free
    if size > free:
        raise _disk_full(size, free, place)
    with tempfile.TemporaryFile(prefix="trainwell-") as file:
        reserve: Any = getattr(os, "posix_fallocate", None)
        try:
            if reserve:  # else a disk that fills later would end the process without a word
                reserve(file.fileno(), 0, size)
            return np.memmap(file, np.uint8, "w+", shape=shape)
        except OSError as error:
            raise _disk_full(size, free, place) from error


def _disk_full(size: int, free: int, place: str) -> FolderError:
    return FolderError(
        Text(
            en=f"the pictures take {size / 1e9:,.1f} GB, more than may be kept in memory, and {place!r} has only "
            f"{free / 1e9:,.1f} GB free; give a smaller image_size, or set TMPDIR to a folder with more room",
            zh=f"图像共需 {size / 1e9:,.1f} GB，超过允许占用的内存，而 {place!r} 只剩 {free / 1e9:,.1f} GB 空间；"
            "请减小 image_size，或将环境变量 TMPDIR 设为空间更大的文件夹",
        )
    )
