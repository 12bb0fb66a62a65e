"""A file of rows and columns (CSV, TSV, JSONL, Parquet), a folder with one such file, or with train and test files."""

from __future__ import annotations

import importlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast

from trainwell.data.frames.frame import FORMATS, Frame, frame_suffix, is_frame_file, read_frame
from trainwell.data.frames.purpose import purpose
from trainwell.data.raw import Options, Raw
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text

PRIORITY = 42
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(
    en=f"a file of rows and columns ({FORMATS}, also .gz), or a folder with one such file, or with train and test "
    "files of such",
    zh=f"由行和列组成的文件（{FORMATS}，也可以是 .gz），或只含一个这类文件、或含有 train 和 test 这类文件的文件夹",
)
_PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}
_ABOUT = frozenset({"", ".md", ".rst", ".txt", ".pdf", ".html"})  # files beside a table that may tell of it
_PEEK = 1 << 16  # bytes of a .txt that show whether it has tabs


class FrameReader(Protocol):
    """What each reader in `trainwell.data.frames` offers."""

    def read(
        self, frame: Frame, options: Options, /, *, test: Frame | None = None, validation: Frame | None = None
    ) -> Raw:
        """Samples and targets of a frame, and of its own test and validation parts."""
        ...


def recognises(source: Any) -> bool:
    """Whether `source` is such a file by its name, or such a folder; a .txt must have tabs."""
    if not isinstance(source, str | os.PathLike):
        return False
    path = Path(source)
    try:
        if path.is_dir():
            return {"train", "test"} <= _part_files(path).keys() or _only_file(path) is not None
        if not is_frame_file(path) or not path.is_file():
            return False
        return frame_suffix(path) != ".txt" or _has_tabs(path)
    except OSError:
        return False


def read(source: Any, options: Options) -> Raw:
    """Read the rows, find what they are for, and hand them to the reader for that.

    Raises:
        FolderError: a file is missing or cannot be opened.
        DataError: whatever is wrong with the rows.
        UnknownNameError: a column that was asked for is not there.
    """
    path = Path(source)
    alone = _only_file(path) if path.is_dir() else path
    if alone is not None:
        frame = replace(read_frame(alone, options), source=str(source))
        return _reader(frame, options).read(frame, options)
    files = _part_files(path)
    frame = read_frame(files["train"], options)
    frame = replace(frame, name=path.resolve().name or "data", source=str(source))
    own = {part: _like(frame, files[part], options) for part in ("test", "validation") if part in files}
    return _reader(frame, options).read(frame, options, test=own["test"], validation=own.get("validation"))


def _reader(frame: Frame, options: Options) -> FrameReader:
    return cast("FrameReader", importlib.import_module(f"trainwell.data.frames.{purpose(frame, options)}"))


def _like(frame: Frame, path: Path, options: Options) -> Frame:
    """Another part, with the columns of the training part in the same order.

    Raises:
        DataError: columns are missing in it.
    """
    other = read_frame(path, replace(options, drop=()), known=frame.columns)
    missing = [name for name in frame.columns if name not in other.columns]
    if missing:
        raise DataError(
            Text(
                en=f"{path.name!r} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} of "
                f"{frame.path.name!r}; it has {', '.join(other.columns)}",
                zh=f"{path.name!r} 缺少 {frame.path.name!r} 中的列 {'、'.join(missing)}；现有的列是 "
                f"{'、'.join(other.columns)}",
            )
        )
    return replace(other, data=other.data.select(frame.columns))


def _only_file(folder: Path) -> Path | None:
    """The one table in a folder that has nothing else to learn from; None if it is not so."""
    seen = [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    tables = [path for path in seen if path.is_file() and is_frame_file(path) and frame_suffix(path) != ".txt"]
    others = [path for path in seen if path not in tables]
    only = len(tables) == 1 and all(path.is_file() and path.suffix.lower() in _ABOUT for path in others)
    return tables[0] if only else None


def _part_files(folder: Path) -> dict[str, Path]:
    """Files of this folder called train, validation and test, without regard to case.

    Raises:
        FolderError: two files stand for the same part.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = path.name.split(".")[0].casefold()
        part = next((part for part, names in _PARTS.items() if name in names), None)
        if part is None or not is_frame_file(path) or frame_suffix(path) == ".txt" or not path.is_file():
            continue
        if part in found:
            raise FolderError(
                Text(
                    en=f"{str(folder)!r} has both {found[part].name!r} and {path.name!r} for the same part; keep one",
                    zh=f"{str(folder)!r} 中的 {found[part].name!r} 与 {path.name!r} 是同一部分；请只保留一个",
                )
            )
        found[part] = path
    return found


def _has_tabs(path: Path) -> bool:
    """Whether the first lines of a file have the same number of tabs, at least one."""
    with path.open("rb") as stream:
        start = stream.read(_PEEK)
    if path.suffix.lower() == ".gz":
        import zlib

        try:
            start = zlib.decompressobj(wbits=31).decompress(start, _PEEK)
        except zlib.error:
            return False
    lines = [line for line in start.splitlines()[:20] if line.strip()]
    return len(lines) > 1 and lines[0].count(b"\t") > 0 and len({line.count(b"\t") for line in lines[:-1]}) == 1
