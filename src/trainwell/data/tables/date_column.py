"""A column of dates: the year, the day since the first, and where in the year, the week and the day it is."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.tables.column_values import Slashes, ambiguous_date, as_moments
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

Block = npt.NDArray[np.float32]
_EPOCH = datetime.datetime(1970, 1, 1)
_DAY = 86_400e6  # microseconds


@dataclass(frozen=True)
class DateColumn:
    """Dates, fitted on the training part.

    Month, day of the week and hour go round: each becomes a sine and a cosine, so that December is next to January.

    Attributes:
        name: of the column.
        first: the first moment of the training part, in microseconds since 1970.
        median: the middle one, likewise; stands for a missing date.
        hours: whether there are other times of the day than midnight.
        year: mean and standard deviation of the year.
        days: mean and standard deviation of the days since the first.
        gaps: whether there are missing dates in the training part, and so a column that marks them.
        slashes: how 3/4/2020 is to be read; "" if training has no dates written so.
    """

    TYPE: ClassVar[str] = "date"
    name: str
    first: int
    median: int
    hours: bool
    year: tuple[float, float]
    days: tuple[float, float]
    gaps: bool
    slashes: Slashes = ""

    @classmethod
    def fit(cls, values: pl.Series, slashes: Slashes = "") -> Self:
        """Measure a column with one date at least.

        Args:
            values: of the training part, any type that `as_moments` reads.
            slashes: how dates with slashes in the source were read.
        """
        moments, _ = as_moments(values, day_first=slashes == "day/month")
        known = np.sort(moments.drop_nulls().to_physical().to_numpy())
        raw = cls(
            name=values.name,
            first=int(known[0]),
            median=int(known[(len(known) - 1) // 2]),
            hours=bool((known % int(_DAY)).any()),
            year=(0.0, 1.0),
            days=(0.0, 1.0),
            gaps=moments.null_count() > 0,
            slashes=slashes,
        )
        years, days = (part.astype(np.float64) for part in raw.encode(values)[:, :2].T)
        return replace(raw, year=_spread(years), days=_spread(days))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that it becomes."""
        turns = ("month", "weekday", *(("hour",) if self.hours else ()))
        circles = tuple(f"{self.name} {turn} {wave}" for turn in turns for wave in ("sine", "cosine"))
        gap = (f"{self.name} is missing",) if self.gaps else ()
        return (f"{self.name} year", f"{self.name} days", *circles, *gap)

    @property
    def means(self) -> tuple[float, ...]:
        """What is to be taken from each column."""
        return (self.year[0], self.days[0], *(0.0,) * (len(self.names) - 2))

    @property
    def stds(self) -> tuple[float, ...]:
        """What each column is to be divided by."""
        return (self.year[1], self.days[1], *(1.0,) * (len(self.names) - 2))

    def encode(self, values: pl.Series) -> Block:
        """(rows,) values as (rows, columns) float32, finite."""
        import polars as pl

        moments, _ = self._moments(values)
        missing = moments.is_null().to_numpy()
        moments = moments.fill_null(pl.Series([self.median]).cast(pl.Datetime("us"))[0])
        days = (moments.to_physical().to_numpy() - self.first) / _DAY
        turns = [((moments.dt.month() - 1).to_numpy(), 12), ((moments.dt.weekday() - 1).to_numpy(), 7)]
        if self.hours:
            turns.append((moments.dt.hour().to_numpy() + moments.dt.minute().to_numpy() / 60, 24))
        parts = [moments.dt.year().to_numpy(), days]
        for place, period in turns:
            angle = place * (2 * np.pi / period)
            parts += [np.sin(angle), np.cos(angle)]
        return np.stack([*parts, *((missing,) if self.gaps else ())], axis=1).astype(np.float32)

    def noticed(self, values: pl.Series) -> list[Text]:
        """What is odd about new values, in half sentences."""
        moments, strange = self._moments(values)
        said: list[Text] = []
        if strange:
            said.append(
                Text(
                    en=f"{strange:,} value{'s' * (strange != 1)} of {self.name} {'are' if strange != 1 else 'is'} no "
                    "date and counts as missing",
                    zh=f"{self.name} 有 {strange:,} 个值不是日期，按缺失处理",
                )
            )
        missing = 0 if self.gaps else moments.null_count()
        if missing:
            said.append(
                Text(
                    en=f"{self.name} is missing in {missing:,} row{'s' * (missing != 1)}, as never in training; "
                    f"{self._written(self.median)} is taken",
                    zh=f"{self.name} 有 {missing:,} 行缺失，而训练时从未缺失；用 {self._written(self.median)} 代替",
                )
            )
        unclear = None if self.slashes else ambiguous_date(values)
        if unclear:
            read = moments.filter(values.str.contains(unclear, literal=True))[0]
            said.append(
                Text(
                    en=f"{self.name} {unclear} is read as {read:%Y-%m-%d}; write dates in this way to be sure",
                    zh=f"{self.name} 的 {unclear} 读作 {read:%Y-%m-%d}；为避免歧义，请采用后一种写法",
                )
            )
        return said

    def show(self, encoded: npt.NDArray[Any]) -> str:
        """The date, with the hour if there are hours; "?" if missing."""
        if self.gaps and encoded[-1] > 0.5:
            return "?"
        unit = 24 if self.hours else 1  # float32 keeps days to a few minutes
        return self._written(self.first + round(round(float(encoded[1]) * unit) * _DAY / unit))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self) | {"year": list(self.year), "days": list(self.days)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        plain: dict[str, Any] = {**values, "year": tuple(values["year"]), "days": tuple(values["days"])}
        return cls(**plain)

    def _moments(self, values: pl.Series) -> tuple[pl.Series, int]:
        return as_moments(values, day_first=self.slashes == "day/month")

    def _written(self, moment: int) -> str:
        return f"{_EPOCH + datetime.timedelta(microseconds=moment):{'%Y-%m-%d %H:%M' if self.hours else '%Y-%m-%d'}}"


def _spread(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    constant = bool(values.min() == values.max())
    return float(values.mean()), 1.0 if constant else float(values.std())
