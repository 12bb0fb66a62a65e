"""`Frame`: rows and columns of one file, as they stand in it, with types found and oddities said."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.frames.columns import typed
from trainwell.data.frames.reading import UNNAMED, no_rows, read_delimited, read_json_lines, read_parquet
from trainwell.data.raw import Options
from trainwell.errors import UnknownNameError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

DELIMITED = (".csv", ".tsv", ".txt")
JSON_LINES = (".jsonl", ".ndjson")
SUFFIXES = (*DELIMITED, *JSON_LINES, ".parquet")
FORMATS = "CSV, TSV, JSONL, Parquet"
_COUNTERS = frozenset(("", "no", "id", "index", "idx", "row", "rowid", "row_id", "unnamed: 0"))
_LEAST_COUNTED = 3  # rows from which a column that counts up can be told from chance


@dataclass(frozen=True, eq=False)
class Frame:
    """A table as read from one file.

    Whole numbers, floats, truth values and dates have their type; all else is text, without blanks around it and null
    where a value is missing. Writing (long texts, most of them different) is exactly as in the file.

    Attributes:
        name: short name, without folder and suffix.
        source: what was given, as text.
        path: the file.
        data: the columns.
        lines: line in the file, from 1, at which each row begins (of .parquet: the row's number), int64 (rows,).
        notes: what was decided while reading.
    """

    name: str
    source: str
    path: Path
    data: pl.DataFrame
    lines: npt.NDArray[np.int64]
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return self.data.height

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self.data.columns)

    def column(self, name: str) -> pl.Series:
        """One column.

        Raises:
            UnknownNameError: there is none of this name; the nearest names are listed.
        """
        if name not in self.data.columns:
            raise UnknownNameError(
                Text(en=f"column of {self.path.name}", zh=f"列名（{self.path.name}）"), name, self.data.columns
            )
        return self.data[name]

    def take(self, places: npt.NDArray[np.int64]) -> Frame:
        """The rows at these places."""
        return replace(self, data=self.data[places], lines=self.lines[places])

    def without(self, names: Sequence[str]) -> Frame:
        """All but these columns; names that are not there do no harm."""
        return replace(self, data=self.data.drop(names, strict=False))

    def noted(self, *notes: Note) -> Frame:
        """With more notes."""
        return replace(self, notes=(*self.notes, *notes))


def is_frame_file(path: Path) -> bool:
    """Whether the name is that of a file that `read_frame` reads."""
    return frame_suffix(path) in SUFFIXES


def frame_suffix(path: Path) -> str:
    """The suffix that says the format: ".csv" of "a.csv" and "a.csv.gz"."""
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def read_frame(path: str | os.PathLike[str], options: Options | None = None, *, known: Sequence[str] = ()) -> Frame:
    """Read a .csv, .tsv, .txt (tabs), .jsonl, .ndjson or .parquet file; all but the last may be .gz.

    Delimiter, quotes and header are found; columns without a name are called "column_1", ...; a column that only counts
    the rows is left out with a note, and so are those of `options.drop`.

    Args:
        path: the file.
        options: `encoding`, `drop`, and the columns it names (kept whatever they look like; those of `text` as they
            stand in the file).
        known: names of columns that are known from an earlier file: a first row that holds half of them is a header, no
            row is one if that file had none, and none of them is taken for a row number.

    Raises:
        FolderError: the file is missing or cannot be opened.
        DataError: it is empty, ragged, damaged, or no text.
        UnknownNameError: a column to drop is not there.
    """
    path, options = Path(path), options or Options()
    suffix = frame_suffix(path)
    if suffix == ".parquet":
        data, lines, notes = read_parquet(path)
    elif suffix in JSON_LINES:
        data, lines, notes = read_json_lines(path, options)
    else:
        data, lines, notes = read_delimited(path, suffix, options, known)
    if not data.height or not data.width:
        raise no_rows(path)
    exact = {*options.text}
    data = data.with_columns([typed(data[name]) for name in data.columns if name not in exact])
    stem = path.stem if path.suffix.lower() != ".gz" else Path(path.stem).stem
    frame = Frame(stem, str(path), path, data, lines, tuple(notes))
    wanted = {*options.text, *options.target, *known, options.time, options.series}
    return _without_counter(_dropped(frame, options.drop), wanted)


def _dropped(frame: Frame, names: Sequence[str]) -> Frame:
    for name in names:
        frame.column(name)
    return frame.without(names)


def _without_counter(frame: Frame, wanted: set[str | None]) -> Frame:
    """Without a column that only counts the rows: the first if it has no name, or one with a usual name."""
    if len(frame) < _LEAST_COUNTED or len(frame.columns) < 2:
        return frame
    for place, name in enumerate(frame.columns):
        usual = (place == 0 and name == f"{UNNAMED}1") or name.casefold() in _COUNTERS
        values = frame.data[name]
        if usual and name not in wanted and values.dtype.is_integer() and not values.null_count():
            counts = values.to_numpy().astype(np.int64)
            if bool((np.diff(counts) == 1).all()):
                return frame.without([name]).noted(
                    _note(
                        f"The column {name!r} only counts the rows; it is left out.", f"列 {name!r} 只是行号，已去掉。"
                    )
                )
    return frame


def _note(en: str, zh: str) -> Note:
    return Note("info", Text(en=en, zh=zh))
