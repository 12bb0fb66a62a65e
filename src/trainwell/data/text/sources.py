"""Texts from wherever a person has them, for prediction: a string, a list, a .txt file, a folder of such, a table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trainwell.data.files.encodings import read_text
from trainwell.data.files.media_files import FileKind, paths_meant
from trainwell.data.frames.frame import Frame, frame_suffix, is_frame_file, read_frame
from trainwell.data.frames.purpose import text_columns
from trainwell.data.raw import Options
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text

TEXTS = FileKind(frozenset({".txt"}), Text(en="text", zh="文本"), Text(en="texts", zh="文本"), ".txt")
_LONGEST_PATH = 1000  # letters; a longer string is a text


def read_texts(source: Any, columns: Sequence[str] = (), encoding: str | None = None) -> tuple[list[str], list[str]]:
    """Names and texts.

    Args:
        source: a list of texts; a path; or a string that is no path, which is the text itself.
        columns: of a table: those of the text, which are joined by line breaks; () to find them.
        encoding: of files; None to find out.

    Raises:
        FolderError: a file cannot be opened, or a folder has no texts.
        DataError: what is given is no text.
        UnknownNameError: a table does not have the columns.
    """
    if isinstance(source, str) and not _is_path(source):
        return ["#0"], [source]
    if not isinstance(source, str | os.PathLike):
        texts = source.tolist() if hasattr(source, "tolist") else list(source)
        if not texts or not all(isinstance(text, str) for text in texts):
            raise DataError(
                Text(
                    en=f"expected is a list of texts, at least one, given {type(source).__name__}",
                    zh=f"需要一个至少包含一条文本的列表，给出的是 {type(source).__name__}",
                )
            )
        return [f"#{place}" for place in range(len(texts))], texts
    path = Path(source)
    if path.is_dir():
        found = paths_meant(path, TEXTS)
        return [p.relative_to(path).as_posix() for p in found], [read_text(p, encoding)[0] for p in found]
    if frame_suffix(path) == ".txt" or not is_frame_file(path):
        return [path.name], [read_text(path, encoding)[0]]
    frame = read_frame(path, Options(text=tuple(columns), encoding=encoding), known=columns)
    names = columns or text_columns(frame, Options()) or frame.columns[:1]
    if len(frame.columns) == len(columns) and not set(columns) & set(frame.columns):
        names = frame.columns  # nothing but the text, under another name or none
    return row_names(frame), joined(frame, names)


def joined(frame: Frame, columns: Sequence[str]) -> list[str]:
    """The text of each row: its columns, joined by line breaks; "" where nothing stands.

    Raises:
        UnknownNameError: a column is not there.
    """
    import polars as pl

    texts = [frame.column(name).cast(pl.String).fill_null("") for name in columns]
    if len(texts) == 1:
        return texts[0].to_list()
    return ["\n".join(piece for piece in row if piece) for row in zip(*texts, strict=True)]


def row_names(frame: Frame) -> list[str]:
    """What each row is called: its line in the file."""
    return [f"{frame.path.name}:{line}" for line in frame.lines.tolist()]


def _is_path(text: str) -> bool:
    if len(text) > _LONGEST_PATH or "\n" in text or "\0" in text or not text.strip():
        return False
    try:
        exists = Path(text).exists()
    except OSError:
        return False
    if not exists and not any(letter.isspace() for letter in text) and _looks_like_file(Path(text)):
        raise FolderError(Text(en=f"there is no file {text!r}", zh=f"文件 {text!r} 不存在"))
    return exists


def _looks_like_file(path: Path) -> bool:
    return is_frame_file(path) and bool(path.stem)
