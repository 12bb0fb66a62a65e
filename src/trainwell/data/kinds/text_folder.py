"""A folder of .txt files: one subfolder per class, or train/ and test/ with such subfolders inside."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from trainwell.data.dataset import Note
from trainwell.data.files.encodings import read_text
from trainwell.data.files.folder_layout import PartFiles, check_classes, part_files, part_folders
from trainwell.data.files.images import IMAGE_SUFFIXES
from trainwell.data.files.media_files import is_hidden, left_out_notes
from trainwell.data.formats.text import RawTexts
from trainwell.data.raw import Options, Part, Raw
from trainwell.data.split import check_class_counts
from trainwell.data.text.fit import fit_texts
from trainwell.data.text.sources import TEXTS
from trainwell.errors import DataError, TrainwellError
from trainwell.locales import Text

PRIORITY = 80
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(en="a folder with one subfolder of .txt files per class", zh="每个类别一个 .txt 文件子文件夹的文件夹")


def recognises(source: Any) -> bool:
    """Whether `source` is a folder whose class folders hold .txt files and no images; looks at names only."""
    if not isinstance(source, str | os.PathLike) or not Path(source).is_dir():
        return False
    try:
        folders, _ = part_folders(Path(source))
        classes = [place for place in folders["train"].iterdir() if place.is_dir() and not is_hidden(place.name)]
        suffixes = {file.suffix.lower() for place in classes for file in place.iterdir() if not is_hidden(file.name)}
    except (OSError, TrainwellError):
        return False
    return bool(suffixes & TEXTS.suffixes) and not suffixes & IMAGE_SUFFIXES


def read(source: Any, options: Options) -> Raw:
    """Read all files, each a text of the class of its folder.

    Raises:
        FolderError: a file cannot be opened.
        DataError: a class without texts, one class only, parts with different classes, undecodable text; with
            `options.strict` also an empty file.
    """
    root = Path(source)
    folders, unused = part_folders(root)
    files = {part: part_files(folder, TEXTS) for part, folder in folders.items()}
    check_classes(files)
    empty: list[str] = []
    parts = {part: _part(root, found, options, empty) for part, found in files.items()}
    labels: list[str] = np.asarray(parts["train"].y).tolist()
    check_class_counts(
        {name: labels.count(name) for name in files["train"].class_counts()},
        validation=0 if "validation" in parts else options.validation,
        test=0 if "test" in parts else options.test,
    )
    notes = [*_empty_notes(empty), *left_out_notes(TEXTS, sum(found.ignored for found in files.values()), unused)]
    return Raw(
        root.resolve().name or "texts",
        str(source),
        parts["train"],
        parts.get("validation"),
        parts.get("test"),
        kind="text",
        notes=tuple(notes),
        fit=partial(fit_texts, ()),
    )


def _part(root: Path, files: PartFiles, options: Options, empty: list[str]) -> Part:
    texts: list[str] = []
    labels: list[str] = []
    names: list[str] = []
    for done, (path, label) in enumerate(zip(files.paths, files.classes, strict=True), start=1):
        text, _ = read_text(path, options.encoding)
        name = path.relative_to(root).as_posix()
        if options.progress:
            options.progress(done, len(files.paths))
        if not text.strip():
            if options.strict:
                raise DataError(
                    Text(
                        en=f"the text {name!r} is empty; remove the file, or leave strict out",
                        zh=f"文本 {name!r} 是空的；请移除该文件，或不要使用 strict",
                    )
                )
            empty.append(name)
            continue
        texts.append(text)
        labels.append(label)
        names.append(name)
    return Part(RawTexts(texts), np.asarray(labels), tuple(names))


def _empty_notes(names: list[str]) -> list[Note]:
    if not names:
        return []
    return [
        Note(
            "warning",
            Text(
                en=f"{len(names):,} empty text{'s' * (len(names) > 1)} left out, the first: {names[0]}.",
                zh=f"去掉了 {len(names):,} 个空文本，第一个：{names[0]}。",
            ),
        )
    ]
