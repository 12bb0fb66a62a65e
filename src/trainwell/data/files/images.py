"""One image file: its header, and its pixels at a wanted size. Used for folders of images and for prediction."""

from __future__ import annotations

import os
import re
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.data.files.media_files import DamagedFileError, FileKind, paths_meant, unreadable
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

Pixels = npt.NDArray[np.uint8]
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp"})
FORMATS = "JPEG, PNG, WebP, GIF, BMP"
IMAGES = FileKind(IMAGE_SUFFIXES, Text(en="image", zh="图像"), Text(en="images", zh="图像"), FORMATS)
MAX_PIXELS = 200_000_000
_ORIENTATION = 0x0112  # EXIF tag
_SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap width and height
# What Pillow's readers raise on damaged contents, besides OSError.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error)


class DamagedImageError(DamagedFileError):
    """A file that begins like an image and cannot be read to the end."""


@dataclass(frozen=True)
class Header:
    """What the header of an image file says.

    Attributes:
        height: in pixels, after the rotation that EXIF asks for.
        width: likewise.
        grey: whether it is stored without colour.
    """

    height: int
    width: int
    grey: bool


def image_paths(folder_or_file: str | os.PathLike[str]) -> list[Path]:
    """The image files that are meant by a path: the file itself, or all below the folder, in natural order.

    Raises:
        FolderError: there is no such path, it cannot be read, or the folder has no image.
    """
    return paths_meant(folder_or_file, IMAGES)


def read_header(path: Path) -> Header:
    """Size and colour of an image, without decoding it.

    Raises:
        FolderError: the file cannot be opened.
        DataError: it is no image, or has more than 200 megapixels.
        DamagedImageError: it begins like an image but its header is broken, or promises no pixels.
    """
    image = _open(path)
    with image:
        try:
            sideways = _orientation(image) in _SIDEWAYS
            grey = _is_grey(image)
        except _DAMAGE as error:
            raise _damaged(path) from error
        width, height = image.size
    return Header(width, height, grey) if sideways else Header(height, width, grey)


def decode(path: str | os.PathLike[str], size: tuple[int, int], channels: int) -> Pixels:
    """Pixels of an image, turned as EXIF says, at a wanted size.

    The image is scaled with antialiasing so that it covers the size and keeps its proportions, then cropped in the
    centre. Transparency is laid over white; 16-bit grey becomes 8-bit; of a GIF the first frame is taken.

    Args:
        path: a JPEG, PNG, WebP, GIF or BMP file.
        size: (height, width) in pixels.
        channels: 1 for grey, 3 for red, green, blue.

    Returns:
        (height, width, channels), uint8, 0..255.

    Raises:
        FolderError: the file cannot be opened.
        DataError: it is no image, damaged, or has more than 200 megapixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata; damage is an error here
        return decode_quietly(Path(path), size, channels)


def decode_quietly(path: Path, size: tuple[int, int], channels: int) -> Pixels:
    """`decode` without touching the process's warning filters, for threads; Pillow's warnings pass through."""
    from PIL import Image, ImageOps

    height, width = size
    with _open(path) as image:
        try:
            # JPEG can be decoded at 1/2, 1/4, 1/8: still at least twice the wanted size, as Image.thumbnail does it.
            image.draft(image.mode, (2 * max(size), 2 * max(size)))
            image.load()
            turned = ImageOps.exif_transpose(image) if _orientation(image) in range(2, 9) else image
            plain = _plain(turned, channels)
            fitted = ImageOps.fit(plain, (width, height), Image.Resampling.BICUBIC)
        except (*_DAMAGE, Image.DecompressionBombError) as error:
            raise _damaged(path) from error
    return np.asarray(fitted, dtype=np.uint8).reshape(height, width, channels)


def _open(path: Path) -> ImageFile:
    """Open by the signature, with Pillow's reader for that format.

    `PIL.Image.open` is passed by on purpose: it warns or refuses from 89 megapixels on, by a process-wide setting.
    """
    try:
        with path.open("rb") as file:
            signature = file.read(16)
    except OSError as error:
        raise unreadable(path, error) from error
    if not signature:
        raise _damaged(path)
    from PIL.Image import DecompressionBombError

    reader = _reader(signature)
    if reader is None:
        raise DataError(
            Text(
                en=f"{str(path)!r} is not an image, whatever its name says; expected are {FORMATS} files",
                zh=f"{str(path)!r} 虽然名字像图像，但内容不是图像；需要 {FORMATS} 文件",
            )
        )
    try:
        image: ImageFile = reader(path)
    except DecompressionBombError as error:  # WebP and GIF ask Pillow's limit (179 megapixels) themselves
        pixels = re.search(r"\d{9,}", str(error))
        raise _too_large(path, int(pixels[0]) if pixels else MAX_PIXELS) from error
    except _DAMAGE as error:
        raise _damaged(path) from error
    width, height = image.size  # Pillow takes a size of 0 for damage
    if width * height <= MAX_PIXELS:
        return image
    image.close()
    raise _too_large(path, width * height, Text(en=f"{width} x {height}", zh=f"{width} × {height}"))


def _reader(signature: bytes) -> Any:
    from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    if signature.startswith(b"\xff\xd8\xff"):
        return JpegImagePlugin.JpegImageFile
    if signature.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImagePlugin.PngImageFile
    if signature.startswith(b"RIFF") and signature[8:12] == b"WEBP":
        return WebPImagePlugin.WebPImageFile
    if signature.startswith((b"GIF87a", b"GIF89a")):
        return GifImagePlugin.GifImageFile
    return BmpImagePlugin.BmpImageFile if signature.startswith(b"BM") else None


def _damaged(path: Path) -> DamagedImageError:
    return DamagedImageError(
        Text(
            en=f"the image {str(path)!r} is damaged or cut short; replace or remove it",
            zh=f"图像 {str(path)!r} 已损坏或不完整；请替换或移除它",
        )
    )


def _too_large(path: Path, pixels: int, sides: Text | None = None) -> DataError:
    size, limit = f"{pixels / 1e6:,.1f}", MAX_PIXELS // 1_000_000
    en, zh = (f"{sides.en}, ", f"{sides.zh}，") if sides else ("", "")
    return DataError(
        Text(
            en=f"the image {str(path)!r} is too large: {en}{size} megapixels, the limit is {limit}; "
            "make it smaller or remove it",
            zh=f"图像 {str(path)!r} 过大：{zh}{size} 百万像素，上限为 {limit} 百万像素；请缩小或移除它",
        )
    )


def _orientation(image: Image) -> int:
    """EXIF orientation, 1 where there is none or the EXIF block is broken: the pixels may still be good."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except _DAMAGE:
        return 1


def _is_grey(image: Image) -> bool:
    if image.mode == "P":
        palette = np.asarray(image.getpalette("RGB"), dtype=np.int64).reshape(-1, 3)
        return bool((palette == palette[:, :1]).all())
    return image.mode in ("1", "L", "LA") or image.mode.startswith("I")


def _plain(image: Image, channels: int) -> Image:
    """Grey or RGB with 8 bits and without transparency."""
    from PIL import Image as Pillow

    if image.mode.startswith("I"):
        deep = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        image = Pillow.fromarray(((deep + 128) // 257).astype(np.uint8))  # 65535 / 255 = 257, rounded to nearest
    elif image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Pillow.alpha_composite(Pillow.new("RGBA", colours.size, "white"), colours)
    return image.convert("L" if channels == 1 else "RGB")
