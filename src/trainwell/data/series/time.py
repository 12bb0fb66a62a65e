"""The time of a series: which columns tell it, what each row's is, and how long a step is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.frames.columns import typed
from trainwell.data.tables.column_values import as_moments, as_numbers, mostly
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

Moments = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Place = Callable[[int], Text]  # from the number of a row, from 0, to how it is called
How = Literal["moment", "date", "year", "month", "day", "hour", "minute", "second", "clock", "number"]
_CALLED: Mapping[How, tuple[str, ...]] = {
    "year": ("year", "yr", "年", "年份"),
    "month": ("month", "mon", "月", "月份"),
    "day": ("day", "日"),
    "hour": ("hour", "hr", "时", "小时"),
    "minute": ("minute", "min", "分", "分钟"),
    "second": ("second", "sec", "秒"),
    "clock": ("time", "clock", "时间"),
}
_NUMBERED = ("time", "timestamp", "datetime", "date", "t", "ts", "step", "时间", "时间戳", "日期")
_LEAST: Mapping[str, int] = {"month": 1, "day": 1}  # where a part of a date begins that is not there
_SECONDS = (5e8, 5e9)  # numbers between these, 1985 to 2128, are seconds since 1970; a thousand times as many, ms
_DATES = (17_000_101, 21_001_231)  # ... and whole ones between these may be dates such as 20240131


@dataclass(frozen=True)
class TimeColumns:
    """The columns that tell the time.

    Attributes:
        names: of the columns.
        says: what each of them says: the whole moment, a date, a part of one, the time of the day ("clock": 08:30), or
            a number in an unknown unit.
    """

    names: tuple[str, ...]
    says: tuple[How, ...]

    @property
    def known(self) -> bool:
        """Whether times are moments of the calendar."""
        return self.says != ("number",)

    def read(self, data: pl.DataFrame, place: Place) -> Moments:
        """The time of each row, (rows,): microseconds since 1970 in int64, or numbers in float64.

        Raises:
            DataError: a row has no time, or that of the row before, or an earlier one.
        """
        import polars as pl

        columns = dict(zip(self.says, (data[name] for name in self.names), strict=True))
        if self.says == ("number",):
            times, _ = as_numbers(data[self.names[0]])
            missing = np.isnan(times)
        else:
            found = _moments(columns, len(data))
            missing = found.is_null().to_numpy()
            times = found.fill_null(pl.Series([0]).cast(pl.Datetime("us"))[0]).to_physical().to_numpy()
        if missing.any():
            row = int(np.argmax(missing))
            value = _shown(data, self.names, row)
            raise _at(
                place(row),
                f"has {value}, which is no time; write times as 2024-01-31 or 2024-01-31 08:30",
                f"的 {value} 不是时间；请写成 2024-01-31 或 2024-01-31 08:30 的形式",
            )
        self._check_order(data, times, place)
        return times

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"names": list(self.names), "says": list(self.says)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        return cls(tuple(values["names"]), tuple(values["says"]))

    def _check_order(self, data: pl.DataFrame, times: Moments, place: Place) -> None:
        """Raise DataError if time stands still or runs back."""
        wrong = np.flatnonzero(np.diff(times) <= 0)
        if not len(wrong):
            return
        row = int(wrong[0]) + 1
        before, now = (_shown(data, self.names, number) for number in (row - 1, row))
        if times[row] == times[row - 1]:
            raise _at(
                place(row),
                f"has the time of the row before again, {now}; a series has one row for each time; drop the repeated "
                "rows, or give one series alone",
                f"的时间与上一行相同：{now}；一个时间序列的每个时间只能有一行；请去掉重复的行，或只给出一个序列",
            )
        raise _at(
            place(row),
            f"is earlier than the row before: {now} after {before}; sort the rows by time",
            f"的时间早于上一行：{before} 之后是 {now}；请将各行按时间排序",
        )


def find_time(data: pl.DataFrame, asked: str | None) -> TimeColumns | None:
    """The columns that tell the time: the one asked for with those that go with it, or those found; else None.

    >>> import polars as pl
    >>> find_time(pl.DataFrame({"year": [2024], "month": [1], "hour": [3], "load": [1.5]}), None)
    TimeColumns(names=('year', 'month', 'hour'), says=('year', 'month', 'hour'))
    """
    import polars as pl

    parts = _parts(data)
    by_parts = "year" in parts.values() and ("month" in parts.values() or len(parts) == 1)
    whole = [name for name in data.columns if _is_moment(data[name])]
    name = asked if asked is not None else next(iter(whole), None)
    if asked in parts and by_parts and asked not in whole:
        name = None
    if name is None and by_parts:
        return TimeColumns(tuple(parts), tuple(parts.values()))
    if name is None:
        name = next((n for n in data.columns if n.strip().casefold() in _NUMBERED and data[n].dtype.is_numeric()), None)
    if name is None:
        return None
    if data[name].dtype.is_numeric():
        return TimeColumns((name,), ("number" if _from_numbers(data[name]) is None else "moment",))
    beside: dict[str, How] = {
        n: how for n, how in parts.items() if how in ("hour", "minute", "second", "clock") and n != name
    }
    if data[name].dtype == pl.Date and beside and data[name].n_unique() < len(data):
        says: tuple[How, ...] = ("date", *beside.values())
        return TimeColumns((name, *beside), says)
    return TimeColumns((name,), ("moment",))


def _is_moment(values: pl.Series) -> bool:
    import polars as pl

    return isinstance(values.dtype, pl.Date | pl.Datetime) or mostly(values) == "date"


def _parts(data: pl.DataFrame) -> dict[str, How]:
    """Columns that are called as parts of a date or time, and hold such; year first."""
    import polars as pl

    found: dict[str, How] = {}
    for how, names in _CALLED.items():
        for name in data.columns:
            values = data[name]
            clock = values.dtype == pl.Time or (
                values.dtype == pl.String and bool(values.drop_nulls().str.contains(r"^\s*\d{1,2}:\d{2}").all())
            )
            if name.strip().casefold() in names and (clock if how == "clock" else values.dtype.is_integer()):
                found[name] = how
                break
    return found


def _moments(columns: Mapping[How, pl.Series], rows: int) -> pl.Series:
    """Moments, null where there is none."""
    import polars as pl

    kind = pl.Datetime("us")
    if "moment" in columns:
        values = typed(columns["moment"])
        found = _from_numbers(values) if values.dtype.is_numeric() else as_moments(values)[0]
        return found if found is not None else pl.Series([None] * rows, dtype=kind)
    numbers = {how: typed(values) for how, values in columns.items() if how not in ("date", "clock")}
    frame = pl.DataFrame({how: as_numbers(values)[0] for how, values in numbers.items()}, nan_to_null=True)
    parts = {name: frame[name].cast(pl.Int64, strict=False) for name in frame.columns}
    if "date" in columns:
        start = as_moments(typed(columns["date"]))[0]
    else:
        ones = pl.Series([1] * rows)
        start = pl.DataFrame({"y": parts["year"], "m": parts.get("month", ones), "d": parts.get("day", ones)}).select(
            pl.date("y", "m", "d").cast(kind)
        )["date"]
    for how, factor in (("hour", 3_600_000_000), ("minute", 60_000_000), ("second", 1_000_000)):
        if how in parts:
            start = start + (parts[how] * factor).cast(pl.Duration("us"))
    if "clock" in columns:
        text = columns["clock"].cast(pl.String).str.strip_chars()
        text = text.to_frame().select(pl.first().str.replace(r"^(\d:)", "0$1").str.replace(r"^(\d+:\d+)$", "$1:00"))
        start = start + text.to_series().str.strptime(pl.Time, "%H:%M:%S%.f", strict=False).cast(pl.Duration("us"))
    return start


def _from_numbers(values: pl.Series) -> pl.Series | None:
    """Numbers that are seconds or milliseconds since 1970, or dates such as 20240131, as moments; else None."""
    import polars as pl

    numbers, _ = as_numbers(values)
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    column = values.cast(pl.Float64, strict=False)
    for factor, unit in ((1.0, 1e6), (1e3, 1e3)):
        if low >= _SECONDS[0] * factor and high <= _SECONDS[1] * factor:
            return (column * unit).cast(pl.Int64).cast(pl.Datetime("us"))
    if low >= _DATES[0] and high <= _DATES[1] and values.dtype.is_integer():
        dates = values.cast(pl.String).str.strptime(pl.Date, "%Y%m%d", strict=False)
        return None if dates.null_count() > values.null_count() else dates.cast(pl.Datetime("us"))
    return None


def _shown(data: pl.DataFrame, names: Sequence[str], row: int) -> str:
    """The time of a row as it stands there."""
    if len(names) == 1:
        return str(data[names[0]][row])
    return " ".join(f"{name}={data[name][row]}" for name in names)


def _at(place: Text, en: str, zh: str) -> DataError:
    return DataError(Text(en=f"{place.en} {en}", zh=f"{place.zh}{zh}"))
