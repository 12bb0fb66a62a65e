"""The course of a training: its loss in even stretches, how much it falls, how much it swings, how far weights move."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.layer_table import LayerTable
from trainwell.diagnosis.progress import LEARNED, Progress, finite_part, progress
from trainwell.signals import LayerInfo

STRETCHES = 24  # equal parts of the training; enough to see a bend, few enough to average noise away
LEAST_STRETCHES = 6
_NO_KERNEL = ("Embedding", "PReLU", "Variable")


@dataclass(frozen=True)
class Course:
    """The training loss in equal stretches of steps, and what it says.

    Attributes:
        losses: (stretches,) float64, mean loss of each.
        last_steps: (stretches,) int64, last step of each.
        reference: loss of knowing nothing, see `Progress.reference`.
        progress: how far it has come.
        steps: of the whole training.
    """

    losses: npt.NDArray[np.float64]
    last_steps: npt.NDArray[np.int64]
    reference: float
    progress: Progress
    steps: int

    @property
    def noise(self) -> float:
        """Standard deviation of a stretch's loss, free of the trend, as a share of the reference.

        Second differences are free of the curve's trend; for normal noise their median size is 1.652 deviations.
        """
        if len(self.losses) < LEAST_STRETCHES or not self.reference > 0:
            return 0.0
        late = self.losses[len(self.losses) // 3 :]
        return float(np.median(np.abs(np.diff(late, 2)))) / 1.652 / self.reference

    @property
    def late_fall(self) -> float:
        """How far the loss fell from the third to the last quarter of the training, as a share of the reference."""
        quarter = max(1, len(self.losses) // 4)
        before, after = self.losses[-2 * quarter : -quarter], self.losses[-quarter:]
        if not len(before) or not self.reference > 0:
            return 0.0
        return float(np.median(before) - np.median(after)) / self.reference

    @property
    def still_falling(self) -> bool:
        """Whether that fall stands out of the noise, and is not over."""
        half = max(1, len(self.losses) // 8)
        goes_on = len(self.losses) < 2 * LEAST_STRETCHES or np.median(self.losses[-half:]) < np.median(
            self.losses[-3 * half : -half]
        )
        return self.late_fall > 0.01 and self.late_fall > 2 * self.noise / math.sqrt(STRETCHES / 4) and bool(goes_on)

    @property
    def rebound(self) -> float:
        """The worst later stretch above the best one before it, as a share of the reference."""
        best = np.minimum.accumulate(self.losses)
        return float((self.losses - best).max()) / self.reference if self.reference > 0 else 0.0

    @property
    def worst(self) -> float:
        """The highest stretch, as a share of the larger of the reference and the loss at the start."""
        scale = max(self.reference, self.progress.start)
        return float(self.losses.max()) / scale if scale > 0 else math.inf


def course(facts: Facts) -> Course | None:
    """The course of a training; None if less than `LEAST_STRETCHES` steps have a finite loss."""
    loss, last = finite_part(facts.recording.run("loss"))
    come = progress(facts)
    if come is None or len(loss) < LEAST_STRETCHES:
        return None
    # rows of old steps are merged and cover more steps than new ones: a stretch is a span of steps, not of rows
    place = (STRETCHES * (last - 1) / last[-1]).astype(np.int64).clip(0, STRETCHES - 1)
    parts = [np.flatnonzero(place == number) for number in np.unique(place)]
    means = np.array([float(np.mean(loss[part], dtype=np.float64)) for part in parts])
    ends = np.array([int(last[part[-1]]) for part in parts], np.int64)
    return Course(means, ends, come.reference, come, int(last[-1]))


@dataclass(frozen=True)
class Movement:
    """How far the weights of the layers with a kernel move.

    Attributes:
        layers: such layers, in the order of the data's way.
        typical: (layers,) median over the looks of the size of an update as a share of the weights.
        early: (layers,) the same of the first tenth of the looks, at least two.
        distance: (layers,) the way of the whole training: mean share of a step times the steps.
        rows: looks.
    """

    layers: tuple[LayerInfo, ...]
    typical: npt.NDArray[np.float64]
    early: npt.NDArray[np.float64]
    distance: npt.NDArray[np.float64]
    rows: int


def movement(facts: Facts) -> Movement | None:
    """How far the weights move; None if that was not recorded."""
    table = LayerTable.of(facts.recording, "update_ratio", has_kernel).finite()
    if not table.layers or not len(table):
        return None
    values = table.values.astype(np.float64)
    first = max(2, math.ceil(len(values) / 10))
    return Movement(
        table.layers,
        np.median(values, axis=0),
        np.median(values[:first], axis=0),
        values.mean(axis=0) * facts.recording.last_step,
        len(values),
    )


def has_kernel(layer: LayerInfo) -> bool:
    """Whether its weights are multiplied with what comes in: neither an embedding nor a normalisation's scales."""
    return layer.kind not in _NO_KERNEL and not layer.kind.endswith("Normalization")


def learned_well(facts: Facts) -> bool:
    """Whether the training came to a good end: what could have harmed it did not."""
    come = progress(facts)
    return come is not None and come.level < LEARNED and facts.stopped != "not_finite"
