"""How recordings of several classes are laid out in a folder: class folders, names that begin with it, or a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.files.folder_layout import PartFiles, check_classes, part_files, part_folders
from trainwell.data.files.media_files import is_hidden, left_out_notes, named, scan_files, unreadable
from trainwell.data.files.natural_order import natural_key
from trainwell.data.raw import Options
from trainwell.data.sound.file import SOUNDS
from trainwell.data.sound.table import find_table, read_table
from trainwell.data.split import check_class_counts
from trainwell.errors import FolderError
from trainwell.locales import Text

_LEAST_CLASSES = 2
_LEAST_FILES = 3  # of each class: fewer have their beginnings in common by chance


@dataclass(frozen=True, eq=False)
class Layout:
    """Which recording has which target.

    Attributes:
        root: names of recordings are relative to it.
        paths: the sound files of each part.
        targets: (files,) for each part; text where it is a class folder or the beginning of a name.
        notes: what was decided.
    """

    root: Path
    paths: Mapping[str, tuple[Path, ...]]
    targets: Mapping[str, npt.NDArray[Any]]
    notes: tuple[Note, ...]


def find_layout(folder: Path, options: Options) -> Layout:
    """Look at names only, and at the table if there is one.

    Raises:
        FolderError: it cannot be read, is empty, or nothing says the classes.
        DataError: one class, a class too small, parts with different classes, a table that does not fit the files.
        UnknownNameError: `options.target` is no column of the table.
    """
    root = _entered(folder)
    table = find_table(root)
    if table:
        paths, targets, notes = read_table(table, root, options)
        return Layout(root, {"train": paths}, {"train": targets}, notes)
    folders, unused = part_folders(root)
    parts: dict[str, PartFiles] = {}
    for part, place in folders.items():
        parts[part] = part_files(place, SOUNDS) if _subfolders(place) else _by_name(place, part)
    check_classes(parts)
    check_class_counts(
        parts["train"].class_counts(),
        validation=0 if "validation" in parts else options.validation,
        test=0 if "test" in parts else options.test,
    )
    notes = left_out_notes(SOUNDS, sum(files.ignored for files in parts.values()), unused)
    if not _subfolders(folders["train"]):
        notes.insert(0, _by_name_note(parts["train"]))
    paths = {part: files.paths for part, files in parts.items()}
    return Layout(root, paths, {part: np.asarray(files.classes) for part, files in parts.items()}, tuple(notes))


def _entered(folder: Path) -> Path:
    """The folder, or the only one inside if all files are there: one class alone cannot be learned anyway."""
    inner = _subfolders(folder)
    lone = len(inner) == 1 and not _subfolders(inner[0]) and inner[0].name.lower() not in ("train", "training")
    return inner[0] if lone and not find_table(folder) and not _loose(folder) else folder


def _subfolders(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.is_dir() and not is_hidden(entry.name)]
    except OSError as error:
        raise unreadable(folder, error) from error


def _loose(folder: Path) -> list[Path]:
    return [p for p in folder.iterdir() if p.suffix.lower() in SOUNDS.suffixes and not is_hidden(p.name)]


def _by_name(folder: Path, part: str) -> PartFiles:
    """The class is the part of the file name before the first "_" or "-"."""
    paths, others = scan_files(folder, SOUNDS)
    found = [(re.split("[_-]", path.stem, maxsplit=1)[0], path) for path in paths]
    found.sort(key=lambda pair: natural_key(pair[0]))
    counts = Counter(name for name, _ in found)
    if part == "train" and (len(counts) < _LEAST_CLASSES or min(counts.values()) < _LEAST_FILES or "" in counts):
        raise FolderError(
            Text(
                en=f"nothing says the classes of the {len(paths):,} sound files in {str(folder)!r}; put each class "
                "into a subfolder of its name, begin the file names with it (yes_001.wav), or add a metadata.csv with "
                "columns file and label",
                zh=f"无法确定 {str(folder)!r} 中 {len(paths):,} 个声音文件的类别；请把每个类别放入以其命名的子文件夹，"
                "或让文件名以类别开头（yes_001.wav），或添加含有 file 和 label 列的 metadata.csv",
            )
        )
    return PartFiles(folder, tuple(path for _, path in found), tuple(name for name, _ in found), others)


def _by_name_note(files: PartFiles) -> Note:
    classes = list(files.class_counts())
    example = files.paths[0].name
    return Note(
        "info",
        Text(
            en=f"The class of a recording is its file name up to the first _ or -: {example} is of class "
            f"{classes[0]!r}. {len(classes)} classes: {named(classes)}.",
            zh=f"录音的类别取自文件名中第一个 _ 或 - 之前的部分：{example} 属于类别 {classes[0]!r}。"
            f"共 {len(classes)} 个类别：{named(classes)}。",
        ),
    )
