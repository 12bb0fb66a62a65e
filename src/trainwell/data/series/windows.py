"""Windows of a series: what was known, and the values that came next. Cut in time, never at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Known = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RawWindows:
    """Windows that are copied out of the series only when an array is made of them.

    Attributes:
        series: (rows, channels), finite wherever a window looks.
        ends: for each window the row behind its last one, which is the first to be predicted.
        length: steps of a window.
    """

    series: Series
    ends: Places
    length: int

    def __len__(self) -> int:
        return len(self.ends)

    def take(self, places: Places) -> RawWindows:
        """The windows at these places."""
        return RawWindows(self.series, self.ends[places], self.length)

    def windows(self) -> Series:
        """All of them, float32 (windows, steps, channels).

        >>> RawWindows(np.arange(4, dtype=np.float32)[:, np.newaxis], np.asarray([2, 3]), 2).windows()[:, :, 0].tolist()
        [[0.0, 1.0], [1.0, 2.0]]
        """
        width = self.series.shape[1]
        # A window is one block of memory, for channels stand beside each other: all blocks, without copying any.
        flat = np.ascontiguousarray(self.series).reshape(-1)
        blocks = np.lib.stride_tricks.sliding_window_view(flat, self.length * width)[::width]
        return blocks[self.ends - self.length].reshape(len(self.ends), self.length, width)


class Cut(NamedTuple):
    """Where the rows of a series are cut.

    Attributes:
        validation: the first row that validation predicts.
        test: the first row that the test predicts.
        end: the number of rows.
    """

    validation: int
    test: int
    end: int


def cut_in_time(rows: int, validation: float, test: float) -> Cut:
    """The first rows for training, then validation, and the last for the test.

    Args:
        rows: of the series.
        validation: share of the rows, 0 <= share < 1.
        test: likewise.

    >>> cut_in_time(100, 0.1, 0.2)
    Cut(validation=70, test=80, end=100)
    """
    first_test = rows - round(rows * test)
    return Cut(first_test - round(rows * validation), first_test, rows)


def window_ends(
    begin: int, end: int, *, window: int, horizon: int, inputs: Known, targets: Known
) -> tuple[Places, int]:
    """Windows whose targets lie wholly in rows `begin` to `end`; what they look at may lie before.

    Args:
        begin: first row that is predicted.
        end: row behind the last that is predicted.
        window: steps that are looked at.
        horizon: steps that are predicted.
        inputs: (rows,), whether a row may be looked at.
        targets: (rows,), whether a row has all values that are to be predicted.

    Returns:
        The first row that each window predicts, ascending, and how many windows were left out for want of a value.
    """
    ends = np.arange(max(begin, window), end - horizon + 1)
    unknown = np.concatenate([[0], np.cumsum(~inputs)])
    missing = np.concatenate([[0], np.cumsum(~targets)])
    good = (unknown[ends] == unknown[ends - window]) & (missing[ends + horizon] == missing[ends])
    return ends[good], int((~good).sum())


def next_values(values: Series, ends: Places, horizon: int) -> Series:
    """The values from each of these rows on, float32 (windows, horizon x targets), time first.

    >>> next_values(np.arange(10, dtype=np.float32).reshape(5, 2), np.asarray([1, 2]), 2).tolist()
    [[2.0, 3.0, 4.0, 5.0], [4.0, 5.0, 6.0, 7.0]]
    """
    rows = ends[:, np.newaxis] + np.arange(horizon)
    return values[rows].reshape(len(ends), horizon * values.shape[1])


def naive_scores(values: Series, ends: Places, horizon: int, lag: int | None = None) -> dict[str, float] | None:
    """Mean absolute and root mean square error of a forecast that needs no network; None if it has no window.

    Args:
        values: to be predicted, (rows, targets), gaps filled with what came before.
        ends: the first row that each window predicts.
        horizon: steps that are predicted.
        lag: the value that many steps before is said again (or twice as many, where that is not yet known); None for
            the last known value. Rows that far back must be there.
    """
    ahead = np.arange(horizon)
    if lag is None:
        before = np.repeat(ends[:, np.newaxis] - 1, horizon, axis=1)
    else:
        before = ends[:, np.newaxis] + ahead - lag * (ahead // lag + 1)
    there = before.min(axis=1) >= 0
    error = values[ends[there, np.newaxis] + ahead].astype(np.float64) - values[before[there]]
    error = error[np.isfinite(error)]
    if not len(error):
        return None
    return {"mae": float(np.abs(error).mean()), "rmse": float(np.sqrt(np.square(error).mean()))}
