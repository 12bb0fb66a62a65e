"""After how many steps a series repeats itself, by its autocorrelation, and how far back it is worth looking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainwell.data.series.step import Season, Step

Floats = npt.NDArray[np.float64]
_LEAST = 0.2  # correlation with the value one season ago
_RISE = 0.1  # by so much it is above the lowest before it: a mere slow decay does not rise again
_NEAR = 0.1  # a shorter season is taken if it is by so little weaker than the strongest
_FREE = 0.3  # correlation that a season must have which is in no calendar
_LONGEST = 60  # steps that a window has at most by itself; every step costs time, and the calendar tells the rest
_SHARE = 4  # a window has at most so small a part (1 / 4) of the training rows
# steps of a window where no season is short enough: a day, a month, two years
_USUAL = {"second": 60, "minute": 60, "hour": 24, "day": 30, "week": 26, "month": 24, "year": 10, "step": 30}


def autocorrelation(values: Floats, most: int) -> Floats:
    """Correlation of a series with itself 0, 1, ..., `most` steps before, after a straight line was taken out.

    Args:
        values: (steps,), NaN where one is missing.
        most: the longest lag, below the number of steps.
    """
    known = ~np.isnan(values)
    steps = np.arange(len(values), dtype=np.float64)
    slope, offset = np.polyfit(steps[known], values[known], 1)
    rest = np.where(known, values - (slope * steps + offset), 0.0)
    size = 1 << int(2 * len(rest) - 1).bit_length()
    spectrum = np.fft.rfft(rest, size)
    products = np.fft.irfft(spectrum * np.conj(spectrum), size)[: most + 1]
    return products / products[0] if products[0] > 0 else np.zeros(most + 1)


def find_season(values: Floats, step: Step) -> Season | None:
    """The season of a series, or None if it has none.

    Those of the calendar come first: the shortest that is nearly as strong as the strongest. Else the lag at which the
    autocorrelation, once it has fallen, is highest.

    Args:
        values: of the training part, (steps,), NaN where one is missing.
        step: their distance.

    >>> find_season(np.sin(np.arange(200) * (2 * np.pi / 24)), Step("hour", 1)).lag
    24
    """
    most = len(values) // 3
    if most < 3 or np.isnan(values).sum() > len(values) // 2:
        return None
    strength = autocorrelation(values, most)
    lags = [season.lag for season in step.seasons if 1 < season.lag < most]
    found = [lag for lag in lags if _repeats(strength, lag)]
    if found:
        best = max(strength[lag] for lag in found)
        return step.season(next(lag for lag in found if strength[lag] >= best - _NEAR))
    peaks = [lag for lag in range(2, most) if strength[lag - 1] <= strength[lag] >= strength[lag + 1]]
    peaks = [lag for lag in peaks if strength[lag] >= _FREE and _repeats(strength, lag)]
    return step.season(max(peaks, key=lambda lag: strength[lag])) if peaks else None


def usual_season(step: Step, rows: int) -> Season | None:
    """The shortest season of the calendar, whether or not the series has it: the day before of hours."""
    return next((season for season in step.seasons if season.lag <= rows // 2), None)


def choose_window(season: Season | None, step: Step, rows: int) -> int:
    """Steps to look at: a season if it is short, else what is usual; at most a quarter of the training rows.

    >>> choose_window(Season(12, Step("month", 1).text), Step("month", 1), 100)
    12
    """
    wanted = _USUAL[step.unit] if season is None or season.lag > _LONGEST else season.lag
    return max(1, min(wanted, rows // _SHARE))


def _repeats(strength: Sequence[float] | Floats, lag: int) -> bool:
    lowest = float(np.min(strength[1:lag]))
    return bool(strength[lag] >= _LEAST and strength[lag] >= lowest + _RISE)
