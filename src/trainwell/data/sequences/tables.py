"""How sequences stand in rows and columns: each row one sequence, or each row one step."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.formats.sequence import Read
from trainwell.data.frames.columns import typed
from trainwell.data.sequences.in_memory import sequences
from trainwell.data.tables.column_values import as_moments, as_numbers
from trainwell.data.tables.rows import rows_of
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

_NUMBERED = re.compile(r"(.*?)[\s_.\-]*(\d+)")
_STEP_FIRST = re.compile(r"(?:step|time|t)[\s_.\-]*(\d+)[\s_.\-]+(.*\D.*)", re.IGNORECASE)
_STEP_WORD = re.compile(r"[\s_.\-]*(?:step|time|t)", re.IGNORECASE)
_UNNAMED = "value"
_NO_NAMES = frozenset(("", "c", "col", "column", "v", "step", "t", "time"))
_NEW = Text(en="the new data", zh="新数据")
Place = Callable[[int], Text]  # from the number of a row, from 0, to how it is called


@dataclass(frozen=True)
class WideTable:
    """Each row is one sequence.

    Attributes:
        channels: their names.
        columns: of each channel the columns of its steps, in order.
        given: all columns of the source but the target, in order.
    """

    TYPE: ClassVar[str] = "wide"
    channels: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    given: tuple[str, ...]

    @property
    def horizon(self) -> int:
        """Nothing is predicted behind the end."""
        return 0

    @property
    def needed(self) -> tuple[str, ...]:
        """All columns that are read."""
        return tuple(name for names in self.columns for name in names)

    def rows(self, data: pl.DataFrame) -> npt.NDArray[np.float64]:
        """(samples, steps, channels), NaN where a value is missing."""
        channels = [np.stack([as_numbers(data[name])[0] for name in names], axis=1) for names in self.columns]
        return np.stack(channels, axis=2)

    def read(self, source: Any) -> Read:
        """Sequences of a file, a data frame or dicts.

        Raises:
            FolderError: the file is missing or cannot be opened.
            DataError: a column is missing, or values that cannot be filled.
        """
        data = rows_of(source, self.needed, self.given)
        check_columns(data, self.needed)
        found, notes = sequences(self.rows(data), _NEW)
        return Read(list(found.rows), tuple(f"row {number}" for number in range(1, len(found) + 1)), notes)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**asdict(self), "columns": [list(names) for names in self.columns]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        columns = tuple(tuple(names) for names in values["columns"])
        return cls(tuple(values["channels"]), columns, tuple(values["given"]))


@dataclass(frozen=True)
class LongTable:
    """Each row is one step of one sequence.

    Attributes:
        series: the column that says to which sequence a row belongs.
        time: the column that says where in it, or None for the order of the rows.
        channels: the columns of the channels.
        given: all columns of the source but the target, in order.
    """

    TYPE: ClassVar[str] = "long"
    series: str
    time: str | None
    channels: tuple[str, ...]
    given: tuple[str, ...]

    @property
    def horizon(self) -> int:
        """Nothing is predicted behind the end."""
        return 0

    @property
    def needed(self) -> tuple[str, ...]:
        """All columns that are read."""
        return (self.series, *((self.time,) if self.time else ()), *self.channels)

    def groups(self, data: pl.DataFrame, place: Place) -> tuple[tuple[str, ...], list[npt.NDArray[np.int64]]]:
        """Names of the sequences in the order of their first rows, and the rows of each in the order of their time.

        Raises:
            DataError: a row belongs to no sequence, or has no time or that of another row of its sequence.
        """
        import polars as pl

        ids = data[self.series].cast(pl.String)
        if ids.null_count():
            row = int(ids.is_null().arg_max() or 0)
            raise _at(
                place(row),
                f"has no value in {self.series!r}, so it belongs to no sequence",
                f"的 {self.series!r} 为空，不知属于哪个序列",
            )
        names = ids.unique(maintain_order=True)
        number = dict(zip(names.to_list(), range(len(names)), strict=True))
        codes = ids.replace_strict(list(number), list(number.values()), return_dtype=pl.Int64).to_numpy()
        moments = None if self.time is None else self._moments(data[self.time], place)
        order = np.argsort(codes, kind="stable") if moments is None else np.lexsort((moments, codes))
        if moments is not None:
            same = np.flatnonzero((np.diff(codes[order]) == 0) & (np.diff(moments[order]) == 0))
            if len(same):
                first, second = sorted(int(i) for i in order[same[0] : same[0] + 2])
                other, value = place(first), data[self.time or ""][second]
                raise _at(
                    place(second),
                    f"has the {self.time} {value} of the sequence {ids[second]!r} again, after {other.en}; keep one",
                    f"与{other.zh}重复：序列 {ids[second]!r} 的 {self.time} 都是 {value}；请只保留一行",
                )
        ends = np.searchsorted(codes[order], np.arange(len(names)), side="right")
        return tuple(names.to_list()), np.split(order, ends[:-1])

    def rows(self, data: pl.DataFrame, groups: Sequence[npt.NDArray[np.int64]]) -> list[npt.NDArray[np.float64]]:
        """One (steps, channels) per sequence, NaN where a value is missing."""
        matrix = np.stack([as_numbers(data[name])[0] for name in self.channels], axis=1)
        return [matrix[places] for places in groups]

    def read(self, source: Any) -> Read:
        """Sequences of a file, a data frame or dicts.

        Raises:
            FolderError: the file is missing or cannot be opened.
            DataError: a column is missing, rows without sequence or time, or values that cannot be filled.
        """
        data = rows_of(source, self.needed, self.given)
        check_columns(data, self.needed)
        names, groups = self.groups(data, _row)
        found, notes = sequences(self.rows(data, groups), _NEW)
        return Read(list(found.rows), names, notes)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**asdict(self), "channels": list(self.channels), "given": list(self.given)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        return cls(values["series"], values["time"], tuple(values["channels"]), tuple(values["given"]))

    def _moments(self, values: pl.Series, place: Place) -> npt.NDArray[np.float64]:
        import polars as pl

        found = typed(values)
        if found.dtype.is_numeric():
            numbers = as_numbers(found)[0]
        else:
            numbers = as_moments(found)[0].to_physical().cast(pl.Float64).to_numpy()
        missing = np.flatnonzero(np.isnan(numbers))
        if len(missing):
            row = int(missing[0])
            raise _at(
                place(row),
                f"has {values[row]!r} in {self.time!r}, which is no time",
                f"的 {self.time!r} 是 {values[row]!r}，不是时间",
            )
        return numbers


def wide_layout(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Columns of each channel in the order of their steps, by their numbers; all in one channel if these do not agree.

    >>> wide_layout(["x1", "y1", "x2", "y2"])
    {'x': ('x1', 'x2'), 'y': ('y1', 'y2')}
    >>> wide_layout(["ch_0_step_2", "ch_0_step_1", "subject"])
    {'ch_0': ('ch_0_step_1', 'ch_0_step_2')}
    >>> wide_layout(["step_0_left", "step_0_right", "step_1_left", "step_1_right"])
    {'left': ('step_0_left', 'step_1_left'), 'right': ('step_0_right', 'step_1_right')}
    >>> wide_layout(["monday", "tuesday"])
    {'value': ('monday', 'tuesday')}
    """
    channels: dict[str, dict[int, str]] = {}
    for name in names:
        first, last = _STEP_FIRST.fullmatch(name.strip()), _NUMBERED.fullmatch(name.strip())
        if first:
            channels.setdefault(first[2], {})[int(first[1])] = name
        elif last:
            channel = last[1]
            if (word := re.search(_STEP_WORD.pattern + "$", channel, re.IGNORECASE)) and word.start() > 0:
                channel = channel[: word.start()]
            channels.setdefault(channel, {})[int(last[2])] = name
    found = {channel: steps for channel, steps in channels.items() if len(steps) > 1}
    numbers = {tuple(sorted(steps)) for steps in found.values()}
    count = sum(len(steps) for steps in found.values())
    if len(numbers) != 1 or 2 * count <= len(names):
        return {_UNNAMED: tuple(names)}
    order = sorted(next(iter(numbers)))
    alone = len(found) == 1
    return {
        _UNNAMED if alone and channel.casefold() in _NO_NAMES else channel: tuple(steps[number] for number in order)
        for channel, steps in found.items()
    }


def check_columns(data: pl.DataFrame, needed: Sequence[str]) -> None:
    """Raise DataError if a column that training had is not there, or there is no row."""
    missing = [name for name in needed if name not in data.columns]
    if missing:
        near = difflib.get_close_matches(missing[0], data.columns, n=3, cutoff=0.5) or data.columns[:10]
        more_en = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        more_zh = f"（另缺 {len(missing) - 1} 列）" if len(missing) > 1 else ""
        raise DataError(
            Text(
                en=f"the new data lack the column {missing[0]!r}{more_en} that the model learned from; look at: "
                f"{', '.join(near)}",
                zh=f"新数据缺少模型训练时用到的列 {missing[0]!r}{more_zh}；请检查：{'、'.join(near)}",
            )
        )
    if not data.height:
        raise DataError(Text(en="the new data have no rows; give at least one", zh="新数据没有任何行；请至少提供一行"))


def _row(number: int) -> Text:
    return Text(en=f"row {number + 1} of the new data", zh=f"新数据第 {number + 1} 行")


def _at(place: Text, en: str, zh: str) -> DataError:
    return DataError(Text(en=f"{place.en} {en}", zh=f"{place.zh}{zh}"))
