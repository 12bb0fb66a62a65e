"""Files of one kind (pictures, sound) in folders: which they are, read by a few threads, damaged ones left out."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from trainwell.data.dataset import Kind, Note
from trainwell.data.files.natural_order import natural_key
from trainwell.errors import DataError, FolderError, SettingError
from trainwell.locales import Text

_THREADS = min(8, os.cpu_count() or 1)
_AHEAD = 4 * _THREADS  # so many results may wait: more would fill the memory when the reader is slower
_NAMED = 5  # so many files are named in a note
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class FileKind:
    """What files of one kind are called.

    Attributes:
        suffixes: by which they are known, lower case, with the dot.
        one: in a sentence, singular.
        many: in a sentence, plural.
        formats: the formats, for the error that lists what is accepted.
    """

    suffixes: frozenset[str]
    one: Text
    many: Text
    formats: str


def check_asked(asked: Kind | None, held: Kind, kind: FileKind, source: object) -> None:
    """Refuse to read files as data of another kind than they are.

    Args:
        asked: the kind of data that was asked for, or None.
        held: the kind of data that the files are.
        kind: the files.
        source: where they are.

    Raises:
        SettingError: `asked` is another kind.
    """
    if asked not in (None, held):
        raise SettingError(
            Text(
                en=f"kind={asked!r}, but {str(source)!r} holds {kind.many.en}; leave kind out, or give {held!r}",
                zh=f"kind={asked!r}，但 {str(source)!r} 中是{kind.many.zh}；请去掉 kind，或改为 {held!r}",
            )
        )


class DamagedFileError(DataError):
    """A file that begins as it should and cannot be read to the end."""


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is the system's business and not part of the data."""
    return name.startswith(".") or name == "__MACOSX"


def unreadable(path: Path, error: OSError) -> FolderError:
    """The error for a path that the system refuses to read."""
    reason = error.strerror or str(error)
    return FolderError(
        Text(en=f"cannot read {str(path)!r}: {reason}", zh=f"无法读取 {str(path)!r}：{reason}"),
    )


def scan_files(folder: Path, kind: FileKind) -> tuple[list[Path], int]:
    """Files of a kind below `folder`, in natural order, and how many other files were passed over.

    Hidden files and folders (and `__MACOSX`) are passed over.

    Raises:
        FolderError: the folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise unreadable(folder, error) from error

    wanted: list[Path] = []
    others = 0
    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [f for f in folders if not is_hidden(f)]
        found = [f for f in files if not is_hidden(f) and Path(f).suffix.lower() in kind.suffixes]
        others += len(files) - len(found)
        wanted += [Path(place, f) for f in found]
    return sorted(wanted, key=lambda p: natural_key(p.relative_to(folder).as_posix())), others


def paths_meant(folder_or_file: str | os.PathLike[str], kind: FileKind) -> list[Path]:
    """The files that are meant by a path: the file itself, or all of the kind below the folder, in natural order.

    Raises:
        FolderError: there is no such path, it cannot be read, or the folder has no such file.
    """
    path = Path(folder_or_file)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FolderError(Text(en=f"there is no file or folder {str(path)!r}", zh=f"文件或文件夹 {str(path)!r} 不存在"))
    found, _ = scan_files(path, kind)
    if not found:
        raise FolderError(
            Text(
                en=f"there is no {kind.one.en} in {str(path)!r}; expected are {kind.formats} files",
                zh=f"{str(path)!r} 中没有{kind.one.zh}；需要 {kind.formats} 文件",
            )
        )
    return found


def read_each(
    function: Callable[[Path], _Result], paths: Sequence[Path], *, strict: bool
) -> Iterator[_Result | DamagedFileError]:
    """Results in order, by a few threads: the decoders work outside the interpreter's lock.

    Args:
        function: reads one file.
        paths: the files.
        strict: raise the error of a damaged file instead of handing it over in place of the result.
    """

    def attempt(path: Path) -> _Result | DamagedFileError:
        try:
            return function(path)
        except DamagedFileError as error:
            if strict:
                raise
            return error

    pool = ThreadPoolExecutor(_THREADS)
    waiting: deque[Future[_Result | DamagedFileError]] = deque()
    try:
        for path in paths:
            waiting.append(pool.submit(attempt, path))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def damage_notes(kind: FileKind, names: Sequence[str]) -> list[Note]:
    """One warning that names damaged files, or none."""
    if not names:
        return []
    count, shown = len(names), named(names)
    what = kind.one if count == 1 else kind.many
    return [
        Note(
            "warning",
            Text(
                en=f"{count:,} damaged {what.en} {'was' if count == 1 else 'were'} skipped: {shown}.",
                zh=f"跳过了 {count:,} 个损坏的{what.zh}：{shown}。",
            ),
        )
    ]


def left_out_notes(kind: FileKind, ignored: int, unused: Sequence[str]) -> list[Note]:
    """What was passed over: other files, and folders beside train."""
    notes: list[Note] = []
    if ignored:
        notes.append(
            Note(
                "info",
                Text(
                    en=f"{ignored:,} other file{'s' * (ignored != 1)} in the folder {'were' if ignored != 1 else 'was'}"
                    f" ignored: hidden, beside the class folders, or not {_article(kind.one.en)} by the extension.",
                    zh=f"忽略了文件夹中的 {ignored:,} 个其他文件：隐藏文件、类别文件夹之外的文件，"
                    f"或扩展名不是{kind.one.zh}的文件。",
                ),
            )
        )
    if unused:
        notes.append(
            Note(
                "info",
                Text(
                    en=f"Folders beside train that were not read: {', '.join(unused)}.",
                    zh=f"与 train 并列但未读取的文件夹：{'、'.join(unused)}。",
                ),
            )
        )
    return notes


def named(names: Sequence[str]) -> str:
    """The first few names, for a note."""
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
