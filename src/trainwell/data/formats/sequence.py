"""Sequences of numbers, and windows of a series: channels step by step, padded behind their end."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, Self, cast

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Kind, Note
from trainwell.data.files.array_file import SUFFIXES as ARRAY_SUFFIXES
from trainwell.data.files.npz_file import read_sequence_file
from trainwell.data.formats import Samples
from trainwell.data.padding import STEP, padded
from trainwell.data.sequences.in_memory import RawSequences, Rows, sequences
from trainwell.errors import DataError
from trainwell.locales import Text

_VALUES = 4  # so many steps or channels of a sample are put into words
_X = Text(en="the data", zh="数据")


class Read(NamedTuple):
    """Sequences read from rows and columns.

    Attributes:
        rows: one per sample, float32 (steps, channels), finite.
        names: one per sample.
        notes: what was left out or replaced.
    """

    rows: list[Rows]
    names: tuple[str, ...]
    notes: tuple[Note, ...]


class RowsTable(Protocol):
    """How sequences stand in rows and columns; a frozen dataclass of plain values.

    Attributes:
        TYPE: one word, by which it is found again.
        horizon: steps that are predicted behind the end of a sequence, 0 if it is a sequence that is classified.
    """

    TYPE: ClassVar[str]

    @property
    def horizon(self) -> int:
        """See above."""
        ...

    def read(self, source: Any, /) -> Read:
        """Sequences of a file, a data frame or dicts."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Everything of it as plain JSON."""
        ...

    @classmethod
    def from_json(cls, values: Mapping[str, Any], /) -> Self:
        """Back from `to_json`."""
        ...


@dataclass(frozen=True)
class SequenceFormat:
    """Sequences of the same channels, in one length.

    Attributes:
        channels: their names.
        length: steps of an input; longer sequences lose their end, longer histories of a forecast their beginning, and
            shorter sequences are padded.
        equal: whether all training samples have this length; then new ones must have it too, for a network may never
            have seen padding.
        table: how sequences stand in files of rows and columns; None where they never did.

    >>> form = SequenceFormat(("height",), 3, equal=False)
    >>> form.read([[1.0, 2.0], [3.0, 4.0, 5.0, 6.0]]).x[:, :, 0].tolist()
    [[1.0, 2.0, -1.0000000150474662e+30], [3.0, 4.0, 5.0]]
    """

    KIND: ClassVar[Kind] = "sequence"
    channels: tuple[str, ...]
    length: int
    equal: bool
    table: RowsTable | None = None

    @property
    def horizon(self) -> int:
        """Steps that are predicted behind the end of a window; 0 if these are no windows."""
        return self.table.horizon if self.table is not None else 0

    def encode(self, raw: Any) -> npt.NDArray[np.float32]:
        """Sequences as inputs, float32 (samples, steps, channels).

        Args:
            raw: `RawSequences`, or windows of a series, which give their array by `windows()`.
        """
        if not isinstance(raw, RawSequences):
            return raw.windows()
        rows = [row[-self.length :] for row in raw.rows] if self.horizon else raw.rows
        return padded(rows, STEP, np.float32, self.length)

    def read(self, source: Any, *, strict: bool = False) -> Samples:
        """New sequences.

        Args:
            source: an array (samples, steps, channels), or (samples, steps) of one channel; a list of arrays (steps,
                channels) or (steps,); an .npy or .npz file of such, with lengths beside them or not; or rows and
                columns (a file, a data frame, dicts), as those it was trained on.
            strict: refuse what would be filled, cut or replaced, instead of saying so in a note.

        Raises:
            FolderError: a file is missing or cannot be opened.
            DataError: other channels than in training, values that are no numbers, or a length that does not fit.
        """
        named: tuple[str, ...] = ()
        if isinstance(source, str | os.PathLike) and Path(source).suffix in ARRAY_SUFFIXES:
            found, notes = sequences(*read_sequence_file(Path(source), _X))
        elif self.table is not None and not _is_array(source):
            read = self.table.read(source)
            found, named, notes = RawSequences(read.rows), read.names, read.notes
        elif isinstance(source, str | os.PathLike):
            raise DataError(
                Text(
                    en=f"this network learned from arrays of shape {self._shape}, {str(source)!r} is none; give an "
                    ".npy or .npz file",
                    zh=f"该网络是用形状为 {self._shape} 的数组训练的，而 {str(source)!r} 不是数组文件；"
                    "请给出 .npy 或 .npz 文件",
                )
            )
        else:
            found, notes = sequences(self._several(source), _X)
        self._check(found)
        notes = notes if self.horizon else (*notes, *self._cut_notes(found))
        if strict and notes:
            raise DataError(
                Text(
                    en=f"{notes[0].text.en} Mend this, or leave strict out.",
                    zh=f"{notes[0].text.zh}请修正，或去掉 strict。",
                )
            )
        x = self.encode(found)
        return Samples(
            names=named or tuple(f"#{number}" for number in range(len(x))),
            x=x,
            shown=tuple(self.show(sample) for sample in x),
            notes=notes,
        )

    def show(self, sample: npt.NDArray[Any]) -> str:
        """One sequence in a line: its steps and the first and last values of the first channels.

        >>> SequenceFormat(("x", "y"), 3, equal=True).show(np.arange(6.0).reshape(3, 2))
        '3 steps: x 0, 2, 4; y 1, 3, 5'
        """
        real = sample[~(sample == np.float32(STEP)).all(axis=1)]
        said = [f"{name} {_few(real[:, place])}" for place, name in enumerate(self.channels[:_VALUES])]
        more = "; ..." if len(self.channels) > _VALUES else ""
        return f"{len(real)} step{'s' * (len(real) != 1)}: {'; '.join(said)}{more}"

    def to_json(self) -> dict[str, Any]:
        """Everything of it as plain JSON."""
        table = None if self.table is None else {"type": self.table.TYPE, **self.table.to_json()}
        return {"channels": list(self.channels), "length": self.length, "equal": self.equal, "table": table}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`.

        Raises:
            KeyError: a value is missing, or there is no such table.
            ValueError: the length is below 1.
        """
        length, table = int(values["length"]), values["table"]
        if length < 1:
            raise ValueError(f"length is {length}")
        return cls(
            tuple(values["channels"]), length, bool(values["equal"]), None if table is None else _table_from_json(table)
        )

    def _several(self, source: Any) -> Any:
        """One history, (steps,) or (steps, channels), as an array of one."""
        if not self.horizon or not isinstance(source, np.ndarray):
            return source
        array: npt.NDArray[Any] = source
        one = array.ndim == 1 or (array.ndim == 2 and len(self.channels) > 1)
        return array.reshape(1, len(array), -1) if one else array

    @property
    def _shape(self) -> tuple[str | int, ...]:
        return ("samples", self.length if self.equal else "steps", len(self.channels))

    def _check(self, found: RawSequences) -> None:
        """Raise DataError for other channels than in training, or too few steps."""
        width = found.rows[0].shape[1]
        if width != len(self.channels):
            listed = ", ".join(self.channels[:10]) + (", ..." if len(self.channels) > 10 else "")
            raise DataError(
                Text(
                    en=f"the new sequences have {width} channel{'s' * (width != 1)}, those for training had "
                    f"{len(self.channels)}: {listed}; give the same",
                    zh=f"新序列有 {width} 个通道，而训练时有 {len(self.channels)} 个：{listed}；请给出相同的通道",
                )
            )
        short = np.flatnonzero((found.lengths < self.length) & self.equal)
        if len(short):
            place = int(short[0])
            steps = len(found.rows[place])
            raise DataError(
                Text(
                    en=f"sequence {place} has {steps} step{'s' * (steps != 1)}, all those for training had "
                    f"{self.length}; give at least as many",
                    zh=f"第 {place} 个序列有 {steps} 步，而训练时的序列都有 {self.length} 步；请至少给出同样多的步",
                )
            )

    def _cut_notes(self, found: RawSequences) -> tuple[Note, ...]:
        longer = int((found.lengths > self.length).sum())
        if not longer:
            return ()
        return (
            Note(
                "warning",
                Text(
                    en=f"{longer:,} of {len(found):,} sequences are longer than the {self.length} steps on which the "
                    "network was trained; only their beginning is looked at.",
                    zh=f"{len(found):,} 个序列中有 {longer:,} 个超过训练所用的 {self.length} 步；只看其开头部分。",
                ),
            ),
        )


def _table_from_json(values: Mapping[str, Any]) -> RowsTable:
    from trainwell.data.sequences.tables import LongTable, WideTable
    from trainwell.data.series.history import HistoryTable

    types: dict[str, type[RowsTable]] = {kind.TYPE: kind for kind in (LongTable, WideTable, HistoryTable)}
    return types[values["type"]].from_json({name: value for name, value in values.items() if name != "type"})


def _is_array(source: Any) -> bool:
    """Whether these are numbers without names of columns."""
    if not isinstance(source, list | tuple):
        return isinstance(source, np.ndarray)
    rows = cast("Sequence[Any]", source)
    return not (len(rows) and isinstance(rows[0], Mapping))


def _few(values: npt.NDArray[Any]) -> str:
    shown = [f"{value:.4g}" for value in values.tolist()]
    return ", ".join(shown if len(shown) <= _VALUES else [*shown[:2], "...", shown[-1]])


FORMAT = SequenceFormat
