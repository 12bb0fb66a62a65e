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
FAR_BEHIND = 0.08  # sound trainings of the gallery stay within 0.05 of simple models
GOAL, FULL_FALL = 0.1, 0.05  # shares of a constant prediction's loss: what is left, and what the last quarter brought
_FROM_ZERO = 1e3
_NO_KERNEL = ("Embedding", "PReLU", "Variable")


@dataclass(frozen=True)
class Course:
    """The training loss in equal stretches of steps, and what it says.

    Attributes:
        losses: (stretches,) float64, mean loss of each.
        last_steps: (stretches,) int64, last step of each.
        chance: standard error of a stretch's mean that comes from the difference between batches, as a share of the
            reference: median over the stretches of the spread between neighbouring steps.
        reference: loss of knowing nothing, see `Progress.reference`.
        progress: how far it has come.
        steps: of the whole training.
    """

    losses: npt.NDArray[np.float64]
    last_steps: npt.NDArray[np.int64]
    chance: float
    reference: float
    progress: Progress
    steps: int

    @property
    def late_step(self) -> int:
        """Where the last quarter of the training begins: what came of it is seen there."""
        return int(self.last_steps[-max(2, len(self.last_steps) // 4)])

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
    errors = [float(np.std(np.diff(loss[part]))) / math.sqrt(2 * len(part)) for part in parts if len(part) > 2]
    chance = float(np.median(errors)) / come.reference if errors and come.reference > 0 else 0.0
    return Course(means, ends, chance, come.reference, come, int(last[-1]))


@dataclass(frozen=True)
class Movement:
    """How far the weights of the layers with a kernel move.

    Attributes:
        layers: such layers, in the order of the data's way.
        typical: (layers,) median over the looks of the size of an update as a share of the weights.
        sustained: (layers,) the largest median of any tenth of the looks, at least two in a row: steps may be large
            only at the start, or only since a rate was raised.
        early: (layers,) median of the first tenth of the looks.
        peak: (layers,) the largest single look; of weights that were (nearly) zero, which any update multiplies, 0.
        distance: (layers,) the way of the whole training: mean share of a step times the steps.
        rows: looks.
    """

    layers: tuple[LayerInfo, ...]
    typical: npt.NDArray[np.float64]
    sustained: npt.NDArray[np.float64]
    early: npt.NDArray[np.float64]
    peak: npt.NDArray[np.float64]
    distance: npt.NDArray[np.float64]
    rows: int


def movement(facts: Facts) -> Movement | None:
    """How far the weights move; None if that was not recorded."""
    table = LayerTable.of(facts.recording, "update_ratio", has_kernel).finite()
    if not table.layers or not len(table):
        return None
    values = table.values.astype(np.float64)
    first = min(len(values), max(2, math.ceil(len(values) / 10)))
    windows = np.median(np.lib.stride_tricks.sliding_window_view(values, first, axis=0), axis=-1)
    return Movement(
        table.layers,
        np.median(values, axis=0),
        windows.max(axis=0),
        np.median(values[:first], axis=0),
        np.where(values < _FROM_ZERO, values, 0.0).max(axis=0),
        values.mean(axis=0) * facts.recording.last_step,
        len(values),
    )


def has_kernel(layer: LayerInfo) -> bool:
    """Whether its weights are multiplied with what comes in: neither an embedding nor a normalisation's scales."""
    return layer.kind not in _NO_KERNEL and not layer.kind.endswith("Normalization")


def behind(facts: Facts) -> float | None:
    """How far the network stays behind simple models on samples that neither has seen.

    Of classes, the share of the way from chance to all right that the simple models are ahead; of numbers, the
    difference in R². Negative where the network is better; None if one of the two is not known.
    """
    simple, come = facts.contract.simple if facts.contract else None, progress(facts)
    if simple is None or come is None or not simple.better_than_chance:
        return None
    gained = (simple.score - simple.chance) / (1 - simple.chance)
    rows = facts.recording.epochs
    number = facts.kept_epoch if facts.kept_epoch and facts.kept_epoch <= len(rows) else len(rows)
    kept = rows[number - 1] if rows else dict[str, float]()
    accuracy = kept.get("val_accuracy", kept.get("accuracy"))
    if simple.chance > 0 and facts.trivial_accuracy is not None and accuracy is not None:
        if not math.isfinite(accuracy) or not facts.trivial_accuracy < 1:
            return None
        return gained - (accuracy - facts.trivial_accuracy) / (1 - facts.trivial_accuracy)
    if come.reference_is_start:
        return None
    distance = "absolute" in (facts.loss or "") or facts.loss in ("mae", "MeanAbsoluteError")
    return gained - (1 - (come.level**2 if distance else come.level))  # R² counts squares


def clearly_behind(facts: Facts, limit: float) -> float | None:
    """How far it stays behind simple models, if that is more than the limit and than chance; None otherwise."""
    back = behind(facts)
    return back if back is not None and back > max(limit, 2 * _chance_of_accuracy(facts)) else None


def learned_well(facts: Facts) -> bool:
    """Whether the training came to a good end: what could have harmed it did not."""
    come = progress(facts)
    good = come is not None and come.level < LEARNED and facts.stopped != "not_finite"
    return good and clearly_behind(facts, FAR_BEHIND) is None and not _under_way(facts)


def _under_way(facts: Facts) -> bool:
    """Whether the training ended in full fall, far from its goal: what slowed it down did harm it."""
    run = course(facts)
    return run is not None and run.progress.level > GOAL and run.late_fall > FULL_FALL and run.still_falling


def _chance_of_accuracy(facts: Facts) -> float:
    """Standard error of an accuracy of nine in ten on the validation samples, on the way from chance to all right."""
    samples, trivial = facts.validation_samples, facts.trivial_accuracy
    if not samples or trivial is None or not trivial < 1:
        return 0.0
    return math.sqrt(0.09 / samples) / (1 - trivial)
