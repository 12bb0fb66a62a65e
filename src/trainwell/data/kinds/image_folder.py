"""A folder of images: one subfolder per class, or train/ and test/ (or val/) with such subfolders inside."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from trainwell.data.dataset import Note
from trainwell.data.files.folder_layout import PartFiles, check_classes, part_files, part_folders
from trainwell.data.files.images import IMAGES, Header, decode_quietly, read_header
from trainwell.data.files.media_files import DamagedFileError, check_asked, damage_notes, left_out_notes, read_each
from trainwell.data.files.pixel_store import Pictures, empty_pixels
from trainwell.data.formats.image import ImageFormat
from trainwell.data.raw import Fitted, Options, Part, Raw
from trainwell.data.split import check_class_counts
from trainwell.errors import DataError
from trainwell.locales import Text

PRIORITY = 90  # the last: takes any folder
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(en="a folder with one subfolder of images per class", zh="每个类别一个图像子文件夹的文件夹")
LARGEST_SIDE = 128  # pixels; larger images are scaled down unless a size is asked for


def recognises(source: Any) -> bool:
    """Whether `source` is a folder."""
    return isinstance(source, str | os.PathLike) and Path(source).is_dir()


def read(source: Any, options: Options) -> Raw:
    """Check names and headers of all files first, then decode.

    Images are grey if every one is stored grey, else RGB. Their size is `options.image_size`; without it the common
    size if all are equal and no side is over 128; else a square with the median of the shorter sides, at most 128.

    Raises:
        FolderError: the folder is empty, has no class folders, or a file cannot be opened.
        DataError: one class, a class too small, parts with different classes, a file that is no image, an image that
            is too large; with `options.strict` also a damaged image.
        SettingError: `options.kind` is not "image".
    """
    check_asked(options.kind, "image", IMAGES, source)
    root = Path(source)
    folders, unused = part_folders(root)
    parts = {part: part_files(folder, IMAGES) for part, folder in folders.items()}
    _check(parts, options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata; damage is an error or a note here
        read_parts, notes = _pixels(root, parts, options)
    ignored = sum(files.ignored for files in parts.values())
    return Raw(
        root.resolve().name or "images",
        str(source),
        read_parts["train"],
        read_parts.get("validation"),
        read_parts.get("test"),
        kind="image",
        notes=(*notes, *left_out_notes(IMAGES, ignored, unused)),
        fit=fit_pictures,
    )


def fit_pictures(raw: Any, _options: Options) -> Fitted:
    """The format of decoded pictures (`Pictures`); they have one size already."""
    height, width, channels = raw.pixels.shape[1:]
    return Fitted(ImageFormat(height, width, channels))


def _check(parts: dict[str, PartFiles], options: Options) -> None:
    check_classes(parts)
    check_class_counts(
        parts["train"].class_counts(),
        validation=0 if "validation" in parts else options.validation,
        test=0 if "test" in parts else options.test,
    )


def _pixels(root: Path, parts: dict[str, PartFiles], options: Options) -> tuple[dict[str, Part], list[Note]]:
    """Decoded parts, and notes on the size rule, the place of the pixels and damaged files."""
    files = [(part, path, name) for part, p in parts.items() for path, name in zip(p.paths, p.classes, strict=True)]
    headers = list(read_each(read_header, [path for _, path, _ in files], strict=options.strict))
    sound = [(file, head) for file, head in zip(files, headers, strict=True) if not isinstance(head, DamagedFileError)]
    known = [header for _, header in sound]
    size, rule = _size(known, options.image_size)
    channels = 1 if known and all(h.grey for h in known) else 3
    x = empty_pixels((len(sound), *size, channels))
    good: list[tuple[str, Path, str]] = []
    paths = [path for (_, path, _), _ in sound]
    decoded = read_each(partial(decode_quietly, size=size, channels=channels), paths, strict=options.strict)
    for done, ((file, _), pixels) in enumerate(zip(sound, decoded, strict=True), start=1):
        if not isinstance(pixels, DamagedFileError):
            x[len(good)] = pixels
            good.append(file)
        if options.progress:
            options.progress(done, len(sound))
    kept = {path for _, path, _ in good}
    damaged = [path.relative_to(root).as_posix() for _, path, _ in files if path not in kept]
    _check_left(parts, good)
    notes = [rule, *([_disk_note(x.nbytes)] if isinstance(x, np.memmap) else ()), *damage_notes(IMAGES, damaged)]
    read_parts: dict[str, Part] = {}
    for part in parts:
        rows = np.flatnonzero([p == part for p, _, _ in good])  # consecutive, so the slice below copies nothing
        here = [file for file in good if file[0] == part]
        labels = np.asarray([name for _, _, name in here])
        names = tuple(path.relative_to(root).as_posix() for _, path, _ in here)
        read_parts[part] = Part(Pictures(x[rows[0] : rows[-1] + 1]), labels, names)
    return read_parts, notes


def _size(headers: Sequence[Header], wanted: tuple[int, int] | None) -> tuple[tuple[int, int], Note]:
    sizes = {(h.height, h.width) for h in headers}
    if wanted:
        why = Text(en="as asked for", zh="按指定")
        size = wanted
    elif len(sizes) == 1 and max(next(iter(sizes))) <= LARGEST_SIDE:
        size = next(iter(sizes))
        note = Text(
            en=f"All images are {size[0]} x {size[1]} pixels (height x width) and keep that size.",
            zh=f"所有图像都是 {size[0]} × {size[1]} 像素（高 × 宽），保持原尺寸。",
        )
        return size, Note("info", note)
    else:
        why = Text(
            en=f"the median of the shorter sides, at most {LARGEST_SIDE}", zh=f"短边的中位数，最大 {LARGEST_SIDE}"
        )
        side = min(int(median(min(s) for s in ((h.height, h.width) for h in headers))), LARGEST_SIDE) if headers else 1
        size = (side, side)
    note = Text(
        en=f"Images of {len(sizes)} size{'s' * (len(sizes) != 1)} are made {size[0]} x {size[1]} pixels (height x "
        f"width; {why.en}): scaled to cover it in proportion, then cropped in the centre.",
        zh=f"{len(sizes)} 种尺寸的图像统一为 {size[0]} × {size[1]} 像素（高 × 宽；"
        f"{why.zh}）：按比例缩放到覆盖该尺寸，再从中心裁剪。",
    )
    return size, Note("info", note)


def _check_left(parts: dict[str, PartFiles], good: Sequence[tuple[str, Path, str]]) -> None:
    left = {(part, name) for part, _, name in good}
    for part, files in parts.items():
        for name in files.class_counts():
            if (part, name) not in left:
                place = str(files.folder / name)
                raise DataError(
                    Text(
                        en=f"every image of the class folder {place!r} is damaged; replace them or remove the folder",
                        zh=f"类别文件夹 {place!r} 中的图像全部损坏；请替换图像或移除该文件夹",
                    )
                )


def _disk_note(size: int) -> Note:
    return Note(
        "info",
        Text(
            en=f"The pictures take {size / 1e9:,.1f} GB, more than a quarter of the memory; they lie in a "
            "temporary file and are read from there while training.",
            zh=f"图像共占 {size / 1e9:,.1f} GB，超过内存的四分之一；它们存放在临时文件中，训练时从中读取。",
        ),
    )
