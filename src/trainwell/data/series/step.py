"""How long a step of a series is, and after how many steps it may come back to the same place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.series.time import Moments
from trainwell.locales import Text

_MICROSECONDS = {
    "week": 604_800_000_000,
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
}
_MONTH = 28 * _MICROSECONDS["day"]  # steps of so many days or more are counted in months
_UNITS = {
    "second": Text(en="second", zh="秒"),
    "minute": Text(en="minute", zh="分钟"),
    "hour": Text(en="hour", zh="小时"),
    "day": Text(en="day", zh="天"),
    "week": Text(en="week", zh="周"),
    "month": Text(en="month", zh="个月"),
    "year": Text(en="year", zh="年"),
    "step": Text(en="step", zh="步"),
}
# unit of the step -> what may repeat, in how many units; the shortest first
_SEASONS: Mapping[str, Mapping[str, int]] = {
    "second": {"minute": 60, "hour": 3600},
    "minute": {"hour": 60, "day": 1440, "week": 10080},
    "hour": {"day": 24, "week": 168},
    "day": {"week": 7, "year": 365},
    "week": {"year": 52},
    "month": {"year": 12},
}
_BEFORE = {
    "minute": Text(en="the minute before", zh="前一分钟"),
    "hour": Text(en="the hour before", zh="前一小时"),
    "day": Text(en="the day before", zh="前一天"),
    "week": Text(en="the week before", zh="前一周"),
    "year": Text(en="the year before", zh="前一年"),
}
_SAME = {
    "second": Text(en="same second", zh="同一秒"),
    "minute": Text(en="same minute", zh="同一分钟"),
    "hour": Text(en="same hour", zh="同一小时"),
    "day": Text(en="same day", zh="同一天"),
    "week": Text(en="same week", zh="同一周"),
    "month": Text(en="same month", zh="同一月份"),
}
_WRITTEN = {"year": "Y", "month": "M", "week": "D", "day": "D", "hour": "m", "minute": "m", "second": "s"}


class Season(NamedTuple):
    """After how many steps a series may repeat, and how a forecast from one season ago is called."""

    lag: int
    title: Text


@dataclass(frozen=True)
class Step:
    """The step of a series.

    Attributes:
        unit: "second", "minute", "hour", "day", "week", "month", "year", or "step" where it is unknown
            or no whole number of seconds.
        count: so many units.
    """

    unit: str
    count: int

    @property
    def text(self) -> Text:
        """Its length: 1 day, 15 minutes."""
        return self.times(1)

    def times(self, number: int) -> Text:
        """So many steps: 3 days, 45 minutes."""
        count = number * self.count
        unit = _UNITS[self.unit]
        return Text(en=f"{count:,} {unit.en}{'s' * (count != 1)}", zh=f"{count:,} {unit.zh}")

    @property
    def seasons(self) -> tuple[Season, ...]:
        """What may repeat, by the calendar; the shortest first."""
        return tuple(
            Season(
                units // self.count,
                Text(en=f"{_SAME[self.unit].en} {_BEFORE[name].en}", zh=f"{_BEFORE[name].zh}的{_SAME[self.unit].zh}"),
            )
            for name, units in _SEASONS.get(self.unit, {}).items()
            if units % self.count == 0 and units > self.count
        )

    def season(self, lag: int) -> Season:
        """The season of so many steps, by its name in the calendar or by its length."""
        named = next((season for season in self.seasons if season.lag == lag), None)
        before = self.times(lag)
        return named or Season(lag, Text(en=f"value {before.en} before", zh=f"{before.zh}前的值"))

    def written(self, time: Any) -> str:
        """A moment as precisely as the steps need it, or a number."""
        if isinstance(time, float | np.floating):
            return f"{float(time):g}"
        unit = _WRITTEN.get(self.unit, "ms")
        return str(np.datetime64(int(time), "us").astype(f"datetime64[{unit}]")).replace("T", " ")

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"unit": self.unit, "count": self.count}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        return cls(str(values["unit"]), int(values["count"]))


def find_step(times: Moments) -> tuple[Step, npt.NDArray[np.int64]]:
    """The commonest step, and the rows behind a step of another length.

    Args:
        times: ascending, two at least: microseconds since 1970 in int64, or numbers in float64.

    >>> find_step(np.asarray(["2024-01", "2024-02", "2024-03"], "datetime64[us]").astype(np.int64))
    (Step(unit='month', count=1), array([], dtype=int64))
    """
    if times.dtype.kind == "f":
        steps = np.diff(times)
        usual = float(np.median(steps))
        return Step("step", 1), np.flatnonzero(~np.isclose(steps, usual)) + 1
    steps = np.diff(times)
    usual = _commonest(steps)
    if usual >= _MONTH:
        months = np.diff(times.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64))
        count = _commonest(months)
        step = Step("year", count // 12) if count % 12 == 0 and count else Step("month", max(1, count))
        return step, np.flatnonzero(months != count) + 1
    unit = next((name for name, length in _MICROSECONDS.items() if usual % length == 0), "step")
    return Step(unit, usual // _MICROSECONDS.get(unit, usual)), np.flatnonzero(steps != usual) + 1


def _commonest(values: npt.NDArray[np.int64]) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[counts.argmax()])
