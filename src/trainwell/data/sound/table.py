"""A table beside recordings that says what each is: metadata.csv or labels.csv, with file names and labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.files.media_files import named, scan_files
from trainwell.data.raw import Options
from trainwell.data.sound.file import SOUNDS
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    from trainwell.data.frames.frame import Frame

STEMS = ("metadata", "labels")
SUFFIXES = (".csv", ".tsv")
_LABELS = ("label", "labels", "class", "category", "target", "word", "标签", "类别", "分类")
_ENOUGH = 0.5  # share of its values that are files from which a column is that of the file names


def find_table(folder: Path) -> Path | None:
    """The table in a folder, or None."""
    tables = [folder / f"{stem}{suffix}" for stem in STEMS for suffix in SUFFIXES]
    return next((table for table in tables if table.is_file()), None)


def read_table(
    table: Path, root: Path, options: Options
) -> tuple[tuple[Path, ...], npt.NDArray[Any], tuple[Note, ...]]:
    """Sound files and the target of each, in the order of the table.

    The column of file names is the one whose values are files below `root` (with their folder or without, with their
    suffix or without); the targets are `options.target`, else a column called label, class or the like, else the only
    other one.

    Raises:
        DataError: no such columns, or a file that is not there.
        UnknownNameError: `options.target` is no column.
    """
    from trainwell.data.frames.frame import read_frame

    frame = read_frame(table, options)
    known, others = _files(root)
    column = _file_column(frame, known)
    targets = _target_columns(frame, column, options)
    labels = [frame.column(name).to_list() for name in targets]
    places = [known.get(str(value)) for value in frame.column(column).to_list()]
    lost = [row for row, path in enumerate(places) if path is None]
    if lost:
        first = frame.column(column)[lost[0]]
        raise DataError(
            Text(
                en=f"line {frame.lines[lost[0]]:,} of {str(table)!r} names the sound file {str(first)!r}, which is not "
                f"in {str(root)!r}"
                + (f" ({len(lost):,} such lines)" if len(lost) > 1 else "")
                + "; add the file or remove the line",
                zh=f"{str(table)!r} 第 {frame.lines[lost[0]]:,} 行所写的声音文件 {str(first)!r} 不在 {str(root)!r} 中"
                + (f"（共 {len(lost):,} 行）" if len(lost) > 1 else "")
                + "；请补上该文件或删除该行",
            )
        )
    full = [row for row in range(len(frame)) if all(values[row] is not None for values in labels)]
    paths = tuple(path for row in full if (path := places[row]))
    kept = [[values[row] for row in full] for values in labels]
    notes = [*frame.notes, _columns_note(table, column, targets, frame)]
    if len(full) < len(frame):
        notes.append(_unlabelled_note(len(frame) - len(full)))
    if extra := len(others - set(paths)):
        notes.append(_extra_note(extra, table))
    return paths, np.asarray(kept[0]) if len(kept) == 1 else np.asarray(kept).T, tuple(notes)


def _files(root: Path) -> tuple[dict[str, Path], set[Path]]:
    """What a table may call each sound file below `root`, and all of them; a name that two have is neither's."""
    paths, _ = scan_files(root, SOUNDS)
    known: dict[str, Path] = {}
    twice: set[str] = set()
    for path in paths:
        relative = path.relative_to(root)
        for name in {relative.name, relative.stem} - {relative.as_posix()}:
            if name in known:
                twice.add(name)
            known[name] = path
    known = {name: path for name, path in known.items() if name not in twice}
    for path in paths:
        relative = path.relative_to(root).as_posix()
        known |= {relative: path, f"./{relative}": path, relative.replace("/", "\\"): path}
    return known, set(paths)


def _file_column(frame: Frame, known: dict[str, Path]) -> str:
    shares = {name: np.mean([str(value) in known for value in frame.column(name).to_list()]) for name in frame.columns}
    best = max(shares, key=shares.__getitem__)
    if shares[best] >= _ENOUGH:
        return best
    raise DataError(
        Text(
            en=f"no column of {str(frame.path)!r} holds the names of the sound files beside it; it has "
            f"{', '.join(frame.columns)}; write the names as they are, such as {next(iter(known), 'a.wav')!r}",
            zh=f"{str(frame.path)!r} 中没有哪一列是旁边声音文件的名称；现有的列是 {'、'.join(frame.columns)}；"
            f"请按实际文件名填写，例如 {next(iter(known), 'a.wav')!r}",
        )
    )


def _target_columns(frame: Frame, files: str, options: Options) -> tuple[str, ...]:
    if options.target:
        return tuple(frame.column(name).name for name in options.target)
    rest = [name for name in frame.columns if name != files]
    usual = [name for wanted in _LABELS for name in rest if name.casefold() == wanted]
    if usual or len(rest) == 1:
        return ((usual or rest)[0],)
    raise DataError(
        Text(
            en=f"which column of {str(frame.path)!r} is to be learned? Besides the file names it has "
            f"{', '.join(rest) or 'none'}; give target=, or call the column label",
            zh=f"{str(frame.path)!r} 中要学习的是哪一列？除文件名外有：{'、'.join(rest) or '无'}；"
            "请用 target= 指定，或将该列命名为 label",
        )
    )


def _columns_note(table: Path, files: str, targets: tuple[str, ...], frame: Frame) -> Note:
    unused = [name for name in frame.columns if name not in (files, *targets)]
    more_en = f" Columns that are not used: {named(unused)}." if unused else ""
    more_zh = f"未使用的列：{named(unused)}。" if unused else ""
    learned = ", ".join(targets)
    return Note(
        "info",
        Text(
            en=f"Read from {table.name}: the file names from {files!r}, what is learned from {learned!r}.{more_en}",
            zh=f"根据 {table.name}：文件名取自列 {files!r}，学习目标取自列 {learned!r}。{more_zh}",
        ),
    )


def _unlabelled_note(count: int) -> Note:
    return Note(
        "warning",
        Text(
            en=f"{count:,} recording{'s' * (count > 1)} without a label {'were' if count > 1 else 'was'} left out.",
            zh=f"去掉了 {count:,} 个没有标签的录音。",
        ),
    )


def _extra_note(count: int, table: Path) -> Note:
    return Note(
        "info",
        Text(
            en=f"{count:,} sound file{'s' * (count > 1)} that {table.name} does not name "
            f"{'were' if count > 1 else 'was'} left out.",
            zh=f"有 {count:,} 个声音文件不在 {table.name} 中，已略过。",
        ),
    )
