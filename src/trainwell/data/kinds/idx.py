"""The idx files of MNIST and Fashion-MNIST, packed with gzip or not.

Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits": two zero bytes, a type code (8 is
unsigned byte), the number of axes, the length of each axis (big-endian, 32 bits), then the values.
"""

from __future__ import annotations

import gzip
import os
import re
import struct
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from trainwell.data.files.images import unreadable
from trainwell.data.raw import Options, Part, Raw
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text

PRIORITY = 40
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(en="the idx files of MNIST or Fashion-MNIST", zh="MNIST 或 Fashion-MNIST 的 idx 文件")
Bytes = npt.NDArray[np.uint8]
_NAME = re.compile(r"(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(\.gz)?")
_UNSIGNED_BYTE = 8
_DEFLATE_LIMIT = 1032  # a deflate stream never grows more than 1032 times
_BLOCK = 1 << 20


def recognises(source: Any) -> bool:
    """Whether `source` is one of the files, or a folder with one of them."""
    if not isinstance(source, str | os.PathLike):
        return False
    path = Path(source)
    if not path.is_dir():
        return path.is_file() and bool(_NAME.fullmatch(path.name))
    try:
        return any(_NAME.fullmatch(p.name) for p in path.iterdir())
    except OSError:
        return False


def read(source: Any, _options: Options) -> Raw:
    """Read the training files and, if they are there, the test files; `classes.txt` beside them names the classes.

    Raises:
        FolderError: a file is missing or cannot be read.
        DataError: a header or the length of a file is wrong.
    """
    path = Path(source)
    folder = path if path.is_dir() else path.parent
    files: dict[tuple[str, str], Path] = {}
    for file in sorted(folder.iterdir(), reverse=True):  # reversed: an unpacked file wins over its .gz
        if match := _NAME.fullmatch(file.name):
            files["train" if match[1] == "train" else "test", match[2]] = file
    needed = [("train", "images"), ("train", "labels")]
    if any(part == "test" for part, _ in files):
        needed += [("test", "images"), ("test", "labels")]
    for part, content in needed:
        if (part, content) not in files:
            name = f"{'train' if part == 'train' else 't10k'}-{content}-idx{3 if content == 'images' else 1}-ubyte"
            raise FolderError(
                Text(
                    en=f"{name} (or {name}.gz) is missing in {str(folder)!r}; the other files are there",
                    zh=f"{str(folder)!r} 中缺少 {name}（或 {name}.gz），而其他文件已存在",
                )
            )
    parts = {
        part: Part(_read_idx(files[part, "images"], axes=3), _read_idx(files[part, "labels"], axes=1))
        for part in dict.fromkeys(part for part, _ in needed)
    }
    return Raw(
        folder.resolve().name,
        str(source),
        parts["train"],
        test=parts.get("test"),
        class_names=_classes(folder),
        kind="image",
    )


def _classes(folder: Path) -> tuple[str, ...]:
    file = folder / "classes.txt"
    if not file.is_file():
        return ()
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise unreadable(file, error) from error
    except UnicodeDecodeError as error:
        raise DataError(
            Text(
                en=f"{str(file)!r} is not UTF-8 text; give one class name per line in UTF-8",
                zh=f"{str(file)!r} 不是 UTF-8 文本；请以 UTF-8 每行写一个类别名",
            )
        ) from error
    return tuple(line.strip() for line in lines if line.strip())


def _read_idx(path: Path, axes: int) -> Bytes:
    """The array of one file, (samples, height, width) or (samples,); never reads more than the header promises."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            possible = path.stat().st_size * (_DEFLATE_LIMIT if packed else 1)
            if not packed:
                return _read_stream(file, path, axes, possible)
            with gzip.GzipFile(fileobj=file) as stream:
                return _read_stream(stream, path, axes, possible)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _wrong(path, Text(en="the gzip file is damaged or cut short", zh="gzip 文件已损坏或不完整")) from error
    except OSError as error:
        raise unreadable(path, error) from error


def _read_stream(stream: IO[bytes] | gzip.GzipFile, path: Path, axes: int, possible: int) -> Bytes:
    header = stream.read(4 + 4 * axes)
    if len(header) < 4 + 4 * axes:
        raise _wrong(path, Text(en="the header is cut short", zh="文件头不完整"))
    magic, expected = struct.unpack(">I", header[:4])[0], (_UNSIGNED_BYTE << 8) + axes
    if magic != expected:
        raise _wrong(
            path,
            Text(
                en=f"it begins with the number {magic}, expected is {expected}",
                zh=f"开头的数字是 {magic}，应为 {expected}",
            ),
        )
    shape: tuple[int, ...] = struct.unpack(f">{axes}I", header[4:])
    size = 1
    for length in shape:
        size *= length
    if size > possible:
        raise _wrong(path, _length(shape, size, None))
    content = bytearray()
    while len(content) <= size and (block := stream.read(min(_BLOCK, size + 1 - len(content)))):
        content += block
    if len(content) != size:
        raise _wrong(path, _length(shape, size, len(content)))
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def _length(shape: tuple[int, ...], size: int, found: int | None) -> Text:
    if found is not None and found > size:
        there = Text(en="but there are more", zh="但文件中更多")
    elif found is None:
        there = Text(en="but the file is too short for that", zh="但文件太短")
    else:
        there = Text(en=f"but there are {found:,}", zh=f"但只有 {found:,} 个")
    return Text(
        en=f"its header promises {size:,} values of shape {shape}, {there.en}",
        zh=f"文件头声明有 {size:,} 个值，形状为 {shape}，{there.zh}",
    )


def _wrong(path: Path, reason: Text) -> DataError:
    return DataError(
        Text(
            en=f"{str(path)!r} is not a sound idx file: {reason.en}; fetch it again",
            zh=f"{str(path)!r} 不是完好的 idx 文件：{reason.zh}；请重新下载",
        )
    )
