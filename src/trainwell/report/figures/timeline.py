"""Series that are too long for a picture, made as short as the picture is wide; nothing is interpolated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainwell.signals import Recording, Series

POINTS = 400  # about one per pixel of a picture
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Timeline:
    """A series in at most so many points; all arrays have shape (points,).

    Attributes:
        step: middle of the steps that a point stands for.
        mean: over their finite values; NaN if there was none.
        minimum: least finite value; NaN if there was none.
        maximum: largest finite value.
        nonfinite: how many values were NaN or infinite.
    """

    step: Array
    mean: Array
    minimum: Array
    maximum: Array
    nonfinite: Array

    def __len__(self) -> int:
        return len(self.step)


def timeline(series: Series, points: int = POINTS) -> Timeline:
    """Gather the rows of a series into points of equal time; the minimum and maximum of each are kept.

    Args:
        series: of a recording.
        points: at most so many.
    """
    middle = (series.first_step + series.last_step) / 2
    if not len(series):
        return Timeline(*(np.zeros(0) for _ in range(5)))
    first, last = float(series.first_step[0]), float(series.last_step[-1])
    if len(series) <= points:
        groups = np.arange(len(series))
    else:
        groups = np.minimum(((middle - first) / max(last - first, 1) * points).astype(np.int64), points - 1)
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    steps = (series.last_step - series.first_step + 1).astype(np.float64)
    weights = np.where(np.isfinite(series.mean), steps, 0.0)
    total = np.add.reduceat(weights, starts)
    sums = np.add.reduceat(np.nan_to_num(series.mean.astype(np.float64)) * weights, starts)
    return Timeline(
        step=np.add.reduceat(middle, starts) / np.add.reduceat(np.ones(len(middle)), starts),
        mean=np.where(total > 0, sums / np.maximum(total, 1), np.nan),
        minimum=np.fmin.reduceat(series.minimum.astype(np.float64), starts),
        maximum=np.fmax.reduceat(series.maximum.astype(np.float64), starts),
        nonfinite=np.add.reduceat(series.nonfinite.astype(np.float64), starts),
    )


def layers_with(recording: Recording, measure: str) -> tuple[str, ...]:
    """The layers for which a measure was recorded, in the order of the data's way; () if nothing was recorded yet."""
    if not len(recording.layer_rows):
        return ()
    return tuple(layer.name for layer in recording.layers if recording.has(measure, layer.name))


@dataclass(frozen=True, eq=False)
class Grid:
    """A measure of several layers in columns of equal time.

    Attributes:
        values: (layers, columns), mean over the finite values; NaN if there was none.
        bad: (layers, columns) bool, whether a value was NaN or infinite.
        edges: (columns + 1,) in steps.
    """

    values: Array
    bad: npt.NDArray[np.bool_]
    edges: Array


def grid(recording: Recording, measure: str, layers: tuple[str, ...], columns: int = 240) -> Grid:
    """Gather a measure of several layers; a row of the recording holds until the next one, k steps later."""
    rows = recording.layer_rows
    first, last = int(rows["first_step"][0]), max(int(rows["last_step"][-1]), recording.last_step)
    count = min(columns, last - first + 1)
    edges = np.linspace(first - 0.5, last + 0.5, count + 1)
    series = [recording.layer(measure, layer) for layer in layers]
    means = np.stack([one.mean for one in series]).astype(np.float64)
    nonfinite = np.stack([one.nonfinite for one in series]) > 0
    # the rows that begin before a column ends; those of a column together, or the one still holding
    upto = np.searchsorted(rows["first_step"], edges[1:], side="left")
    since = np.maximum(np.minimum(np.searchsorted(rows["first_step"], edges[:-1], side="left"), upto - 1), 0)
    spans = list(zip(since, upto, strict=True))
    return Grid(
        np.stack([_mean(means[:, a:b]) for a, b in spans], axis=1),
        np.stack([nonfinite[:, a:b].any(axis=1) for a, b in spans], axis=1),
        edges,
    )


def _mean(values: Array) -> Array:
    """Mean of each row over its finite values; NaN if there is none."""
    finite = np.isfinite(values)
    count = finite.sum(axis=1)
    return np.where(count > 0, np.where(finite, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)
