"""How a folder of files is laid out: which files belong to which class and which part. Looks at names only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trainwell.data.files.media_files import FileKind, is_hidden, scan_files, unreadable
from trainwell.data.files.natural_order import natural_key
from trainwell.data.targets import one_class_only
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text

_PART_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class PartFiles:
    """The files of one part.

    Attributes:
        folder: the folder that has one subfolder per class.
        paths: files, class by class in natural order.
        classes: the class of each file.
        ignored: how many files were passed over.
    """

    folder: Path
    paths: tuple[Path, ...]
    classes: tuple[str, ...]
    ignored: int

    def class_counts(self) -> dict[str, int]:
        """Files of each class."""
        return dict(Counter(self.classes))


def part_folders(root: Path) -> tuple[dict[str, Path], list[str]]:
    """The folders of "train", "validation" and "test" below `root`, and the names of other folders beside them.

    Without a folder named train, all of `root` is "train".

    Raises:
        FolderError: it cannot be read, is empty, or two folders stand for the same part.
    """
    folders, _ = _children(root)
    parts: dict[str, Path] = {}
    for folder in folders:
        part = _PART_NAMES.get(folder.name.lower())
        if part in parts:
            raise FolderError(
                Text(
                    en=f"{str(root)!r} has both {parts[part].name!r} and {folder.name!r} for the same part; keep one",
                    zh=f"{str(root)!r} 中的 {parts[part].name!r} 与 {folder.name!r} 是同一部分；请只保留一个",
                )
            )
        if part:
            parts[part] = folder
    if "train" not in parts or (len(parts) == 1 and len(folders) > 1):
        return {"train": root}, []  # a class may well be called "train", beside "bus" and "car"
    return parts, [f.name for f in folders if f not in parts.values()]


def part_files(folder: Path, kind: FileKind) -> PartFiles:
    """The files of one part, from one subfolder per class.

    Raises:
        FolderError: it cannot be read, is empty, or has no class folders.
        DataError: a class folder has no file of the kind.
    """
    folders, loose = _children(folder)
    if not folders:
        raise FolderError(
            Text(
                en=f"{str(folder)!r} has files but no subfolders; put the {kind.many.en} of each class into a "
                "subfolder named after the class",
                zh=f"{str(folder)!r} 中只有文件，没有子文件夹；请把每个类别的{kind.many.zh}放入以类别命名的子文件夹",
            )
        )
    paths: list[Path] = []
    classes: list[str] = []
    ignored = loose
    for place in folders:
        found, others = scan_files(place, kind)
        if not found:
            raise DataError(
                Text(
                    en=f"the class folder {str(place)!r} has no {kind.one.en}; add {kind.formats} files or remove it",
                    zh=f"类别文件夹 {str(place)!r} 中没有{kind.one.zh}；请加入 {kind.formats} 文件或移除该文件夹",
                )
            )
        paths += found
        classes += [place.name] * len(found)
        ignored += others
    return PartFiles(folder, tuple(paths), tuple(classes), ignored)


def check_classes(parts: Mapping[str, PartFiles]) -> None:
    """Refuse a single class, and parts whose classes differ.

    Raises:
        DataError: which classes stand where and not elsewhere.
    """
    train = parts["train"].class_counts()
    if len(train) < 2:
        raise one_class_only(next(iter(train)))
    for part, files in parts.items():
        held = files.class_counts()
        missing, extra = [c for c in train if c not in held], [c for c in held if c not in train]
        if missing or extra:
            here, there = str(files.folder), str(parts["train"].folder)
            lack = [Text(en=f"{here!r} lacks {', '.join(missing)}", zh=f"{here!r} 缺少 {'、'.join(missing)}")]
            more = [Text(en=f"{there!r} lacks {', '.join(extra)}", zh=f"{there!r} 缺少 {'、'.join(extra)}")]
            told = lack * bool(missing) + more * bool(extra)
            raise DataError(
                Text(
                    en=f"the class folders of {part} and train differ: {'; '.join(t.en for t in told)}; "
                    "give both the same classes",
                    zh=f"{files.folder.name} 与 train 的类别文件夹不一致："
                    f"{'；'.join(t.zh for t in told)}；请使两者的类别相同",
                )
            )


def _children(folder: Path) -> tuple[list[Path], int]:
    """Visible folders in natural order, and the number of files."""
    try:
        entries = list(folder.iterdir())
        folders = [p for p in entries if p.is_dir()]
    except OSError as error:
        raise unreadable(folder, error) from error
    visible = [p for p in folders if not is_hidden(p.name)]
    if not visible and not any(not is_hidden(p.name) for p in entries):
        raise FolderError(
            Text(
                en=f"the folder {str(folder)!r} is empty; expected is one subfolder per class",
                zh=f"文件夹 {str(folder)!r} 是空的；其中应为每个类别一个子文件夹",
            )
        )
    return sorted(visible, key=lambda p: natural_key(p.name)), len(entries) - len(folders)
