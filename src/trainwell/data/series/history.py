"""The channels of a series, as they stand in rows and columns, one row per time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.formats.sequence import Read
from trainwell.data.sequences.tables import check_columns
from trainwell.data.series.step import Step
from trainwell.data.series.time import Moments, TimeColumns
from trainwell.data.tables.category_column import CategoryColumn
from trainwell.data.tables.column_values import as_numbers
from trainwell.data.tables.rows import rows_of
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

_DAY = 86_400e6  # microseconds
_TURNS = {"hour": _DAY, "weekday": 7 * _DAY, "year": 365.2425 * _DAY}
_FINER = {"hour": ("second", "minute", "hour"), "weekday": ("second", "minute", "hour", "day")}
_CYCLES = 2  # of the calendar that the training part must hold: one alone does not show what comes back


@dataclass(frozen=True)
class HistoryTable:
    """What a forecast looks at: the targets first, then other numbers, categories, and the place in the calendar.

    Attributes:
        time: the columns that tell the time.
        step: its distance from row to row.
        targets: columns to be predicted.
        numbers: other columns of numbers.
        categories: columns of names.
        calendar: "hour", "weekday", "year": each is a sine and a cosine, so that its end is next to its beginning.
        window: steps that are looked at.
        horizon: steps that are predicted.
        given: all columns of the source, in order.
    """

    TYPE: ClassVar[str] = "history"
    time: TimeColumns
    step: Step
    targets: tuple[str, ...]
    numbers: tuple[str, ...]
    categories: tuple[CategoryColumn, ...]
    calendar: tuple[str, ...]
    window: int
    horizon: int
    given: tuple[str, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        names = [name for column in self.categories for name in column.names]
        turns = [f"{turn} {wave}" for turn in self.calendar for wave in ("sine", "cosine")]
        return (*self.targets, *self.numbers, *names, *turns)

    @property
    def measured(self) -> int:
        """Channels that are numbers, which are scaled; the others are 0 and 1, or on a circle."""
        return len(self.targets) + len(self.numbers)

    @property
    def target_names(self) -> tuple[str, ...]:
        """One per output, time first."""
        return tuple(
            f"{name} +{self.step.times(ahead).en}" for ahead in range(1, self.horizon + 1) for name in self.targets
        )

    def values(self, data: pl.DataFrame) -> npt.NDArray[np.float64]:
        """The numbers, (rows, measured channels), NaN where one is missing."""
        return np.stack([as_numbers(data[name])[0] for name in (*self.targets, *self.numbers)], axis=1)

    def series(self, filled: npt.NDArray[np.float64], data: pl.DataFrame, times: Moments) -> npt.NDArray[np.float32]:
        """All channels, float32 (rows, channels).

        Args:
            filled: the numbers, see `values` and `carried_forward`.
            data: the rows.
            times: of the rows.
        """
        blocks = [filled.astype(np.float32)]
        blocks += [column.encode(data[column.name]) for column in self.categories]
        for turn in self.calendar:
            angle = (times % _TURNS[turn]) * (2 * np.pi / _TURNS[turn])
            circle = np.stack([np.sin(angle), np.cos(angle)], axis=1)
            blocks.append(circle.astype(np.float32))
        return np.concatenate(blocks, axis=1)

    def read(self, source: Any) -> Read:
        """The end of a history, from which what follows is predicted.

        Args:
            source: path of a file of rows and columns, a data frame or dicts, with the columns of training.

        Raises:
            FolderError: the file is missing or cannot be opened.
            DataError: a column is missing, there are too few rows, time stands still or runs back, or a value at the
                beginning is missing.
        """
        needed = (*self.time.names, *self.targets, *self.numbers, *(column.name for column in self.categories))
        data, length = rows_of(source, needed, self.given), self.window
        check_columns(data, needed)
        if data.height < length:
            raise DataError(
                Text(
                    en=f"the history has {data.height} row{'s' * (data.height != 1)}, but the network looks at "
                    f"{length} steps; give at least as many",
                    zh=f"历史数据只有 {data.height} 行，而网络需要看 {length} 步；请至少给出这么多行",
                )
            )
        times = self.time.read(data, _row)
        filled, _ = carried_forward(self.values(data), len(data))
        notes: list[Note] = []
        gaps = np.isnan(self.values(data)[-length:]).sum(axis=0)
        for place, name in enumerate((*self.targets, *self.numbers)):
            if np.isnan(filled[-length:, place]).any():
                raise DataError(
                    Text(
                        en=f"{name!r} is missing at the beginning of the last {length} rows, and no value before could "
                        "stand in; give a longer history",
                        zh=f"最后 {length} 行的开头缺少 {name!r}，之前也没有可用的值；请给出更长的历史数据",
                    )
                )
            if gaps[place]:
                notes.append(_gap_note(name, int(gaps[place]), length))
        tail = data.tail(length)
        for column in self.categories:
            notes += [
                Note("warning", Text(en=f"In the history, {said.en}.", zh=f"历史数据中，{said.zh}。"))
                for said in column.noticed(tail[column.name])
            ]
        window = self.series(filled[-length:], tail, times[-length:])
        return Read([window], (f"after {self.step.written(times[-1])}",), tuple(notes))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "time": self.time.to_json(),
            "step": self.step.to_json(),
            "targets": list(self.targets),
            "numbers": list(self.numbers),
            "categories": [column.to_json() for column in self.categories],
            "calendar": list(self.calendar),
            "window": self.window,
            "horizon": self.horizon,
            "given": list(self.given),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        return cls(
            time=TimeColumns.from_json(values["time"]),
            step=Step.from_json(values["step"]),
            targets=tuple(values["targets"]),
            numbers=tuple(values["numbers"]),
            categories=tuple(CategoryColumn.from_json(column) for column in values["categories"]),
            calendar=tuple(values["calendar"]),
            window=int(values["window"]),
            horizon=int(values["horizon"]),
            given=tuple(values["given"]),
        )


def carried_forward(
    values: npt.NDArray[np.float64], longest: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Gaps filled with the last known value: from the past only, as whoever forecasts would have to do it.

    Args:
        values: (rows, channels), NaN where one is missing.
        longest: rows of a gap that are filled; what is behind stays missing.

    Returns:
        The values, and how many of each channel were filled.

    >>> carried_forward(np.asarray([[np.nan], [2.0], [np.nan], [np.nan], [5.0]]), 1)[0][:, 0].tolist()
    [nan, 2.0, 2.0, nan, 5.0]
    """
    rows = np.arange(len(values))[:, np.newaxis]
    missing = np.isnan(values)
    last = np.maximum.accumulate(np.where(missing, -1, rows), axis=0)
    fill = missing & (last >= 0) & (rows - last <= longest)
    return np.where(fill, np.take_along_axis(values, np.maximum(last, 0), axis=0), values), fill.sum(axis=0)


def calendar_of(step: Step, times: Moments, *, known: bool) -> tuple[str, ...]:
    """The turns of the calendar that the steps are finer than, and of which the training part holds enough."""
    if not known or step.unit == "step":
        return ()
    span = float(times[-1] - times[0])
    found = [turn for turn, units in _FINER.items() if step.unit in units]
    found += ["year"] if step.unit != "year" else []
    length = {**_TURNS}
    fine = {turn for turn in found if step.count * _unit(step) * 2 <= length[turn]}
    return tuple(turn for turn in found if turn in fine and span >= _CYCLES * length[turn])


def _unit(step: Step) -> float:
    seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_629_746}
    return seconds[step.unit] * 1e6


def _row(number: int) -> Text:
    return Text(en=f"row {number + 1} of the history", zh=f"历史数据第 {number + 1} 行")


def _gap_note(name: str, count: int, length: int) -> Note:
    return Note(
        "warning",
        Text(
            en=f"{count} of the last {length} values of {name} {'is' if count == 1 else 'are'} missing; the value "
            "before stands in.",
            zh=f"{name} 最后 {length} 个值中缺 {count} 个；已用之前的值代替。",
        ),
    )
