"""Pictures of one size."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Kind
from trainwell.data.files.archives import extracted, is_archive
from trainwell.data.files.array_file import SUFFIXES as ARRAY_SUFFIXES
from trainwell.data.files.array_file import read_array_file
from trainwell.data.files.images import FORMATS, IMAGES, decode_quietly
from trainwell.data.files.media_files import DamagedFileError, damage_notes, paths_meant, read_each
from trainwell.data.files.pixel_store import Pictures, empty_pixels
from trainwell.data.formats import Samples
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text


@dataclass(frozen=True)
class ImageFormat:
    """Pictures (samples, height, width, channels); files are scaled to cover the size, then cropped in the centre.

    Attributes:
        height: in pixels.
        width: in pixels.
        channels: 1 for grey, 3 for red, green, blue.

    >>> form = ImageFormat(8, 8, 1)
    >>> form.read(np.zeros((5, 8, 8), np.uint8)).x.shape
    (5, 8, 8, 1)
    >>> ImageFormat.from_json(form.to_json()) == form
    True
    """

    KIND: ClassVar[Kind] = "image"
    height: int
    width: int
    channels: int

    def encode(self, raw: Any) -> npt.NDArray[Any]:
        """Pictures as they are, (samples, height, width, channels): they have the size already."""
        return raw.array() if isinstance(raw, Pictures) else np.asarray(raw)

    def read(self, source: Any, *, strict: bool = False) -> Samples:
        """New pictures.

        Args:
            source: an image file, a folder or archive of such, an .npy or .npz file, or an array (samples, height,
                width, channels); grey ones also (samples, height, width).
            strict: refuse a damaged image instead of leaving it out.

        Raises:
            FolderError: there is no such path, or a file cannot be opened.
            DataError: a file that is no image, is too large, or damaged and the only one; an array without samples.
        """
        if not isinstance(source, str | os.PathLike):
            return self._array(source)
        path = Path(source)
        if not path.exists():
            raise FolderError(
                Text(
                    en=f"nothing to predict at {str(path)!r}; give an image, a folder or zip of images, or an .npy or "
                    ".npz file",
                    zh=f"{str(path)!r} 处没有可预测的内容；请给出图像、图像文件夹或 zip，或者 .npy、.npz 文件",
                )
            )
        if path.suffix in ARRAY_SUFFIXES:
            return self._array(read_array_file(path))
        if is_archive(path):
            with extracted(path) as folder:
                return self._files(folder, path, strict=strict)
        return self._files(path, path, strict=strict)

    def _array(self, values: Any) -> Samples:
        x = np.asarray(values)
        if x.ndim == 3 and self.channels == 1 and x.shape[1:] == (self.height, self.width):
            x = x[..., np.newaxis]
        if not x.ndim or not x.size or x.dtype.kind not in "biuf":
            raise DataError(
                Text(
                    en=f"expected are pictures (samples, {self.height}, {self.width}, {self.channels}), at least one, "
                    f"given is an array {x.shape} of {x.dtype}",
                    zh=f"需要至少一张图像，形状为（样本数，{self.height}，{self.width}，{self.channels}），"
                    f"给出的是形状 {x.shape}、类型 {x.dtype} 的数组",
                )
            )
        return Samples(tuple(f"#{i}" for i in range(len(x))), x)

    def _files(self, place: Path, called: Path, *, strict: bool) -> Samples:
        """Images at `place`, which is `called` something else if it was unpacked."""
        found = paths_meant(place, IMAGES)
        x = empty_pixels((len(found), self.height, self.width, self.channels))
        decoder = partial(decode_quietly, size=(self.height, self.width), channels=self.channels)
        names: list[str] = []
        damaged: list[str] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata; damage is an error or a note here
            decoded = read_each(decoder, found, strict=strict or len(found) == 1)
            for path, pixels in zip(found, decoded, strict=True):
                name = str(called / path.relative_to(place))
                if isinstance(pixels, DamagedFileError):
                    damaged.append(name)
                    continue
                x[len(names)] = pixels
                names.append(name)
        if not names:
            raise DataError(
                Text(
                    en=f"no image could be read in {str(called)!r}; give {FORMATS} files",
                    zh=f"{str(called)!r} 中没有可读取的图像；请提供 {FORMATS} 文件",
                )
            )
        return Samples(tuple(names), x[: len(names)], notes=tuple(damage_notes(IMAGES, damaged)))

    def show(self, sample: npt.NDArray[Any]) -> str:
        """Its size: a picture has no line of text."""
        return f"{sample.shape[0]} × {sample.shape[1]}"

    def to_json(self) -> dict[str, Any]:
        """The three numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`.

        Raises:
            ValueError: a number is missing, or below 1.
        """
        sides = [int(values.get(name, 0)) for name in ("height", "width", "channels")]
        if min(sides) < 1:
            raise ValueError(f"height, width and channels are {sides}")
        return cls(*sides)


FORMAT = ImageFormat
