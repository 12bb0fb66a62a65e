"""Steps of a training that is not ours: what is known of each, gathered on the device and put down in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.signals import RUN_MEASURES

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Glance:
    """What one look showed, on the host.

    Attributes:
        numbers: name of a run measure -> value, of those that a look shows.
        columns: (columns of the layout,) float32.
    """

    numbers: dict[str, float]
    columns: Floats


@dataclass(frozen=True)
class PendingStep:
    """A call of Keras's train function: one step, or several that Keras runs as one.

    Attributes:
        step: number of its first step, from 1.
        mean: running mean of the loss in this epoch, over samples, still on the device; None if Keras does not tell.
        samples: of its batches.
        first: whether it is the first of the epoch.
        single: whether it is one step.
        glance: what a look into its first step showed, or None.
    """

    step: int
    mean: Any
    samples: int
    first: bool
    single: bool
    glance: Glance | None


class Losses:
    """Gives back each step's loss from the running means that Keras tells."""

    def __init__(self) -> None:
        self._mean, self._count, self._lost = 0.0, 0, False

    def next(self, mean: float, samples: int, *, first: bool) -> float | None:
        """The loss of these samples; None if it cannot be known.

        Once the mean of an epoch is not finite, later losses of that epoch are hidden behind it. The first such loss
        is told as it is.

        Args:
            mean: over all samples of the epoch so far.
            samples: of this step.
            first: whether it is the first step of the epoch.
        """
        if first:
            self._mean, self._count, self._lost = 0.0, 0, False
        if self._lost:
            return None
        count = self._count + samples
        loss = (mean * count - self._mean * self._count) / max(1, samples)
        self._mean, self._count, self._lost = mean, count, not np.isfinite(mean)
        return loss


def rows(
    steps: Sequence[PendingStep], means: Sequence[float | None], losses: Losses, milliseconds: float | None
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The numbers of the whole step.

    Args:
        steps: in their order.
        means: their running means, on the host.
        losses: goes on from the steps before.
        milliseconds: of a step; None if not measured.

    Returns:
        (steps, run measures) float32, and as bool which of them were measured.
    """
    values = np.full((len(steps), len(RUN_MEASURES)), np.nan, np.float32)
    measured = np.zeros(values.shape, bool)
    for row, (step, mean) in enumerate(zip(steps, means, strict=True)):
        known = dict(step.glance.numbers) if step.glance else {}
        loss = None if mean is None else losses.next(mean, step.samples, first=step.first)
        if loss is not None and not (step.single and "loss" in known):  # a look shows it without rounding
            known["loss"] = loss
        if milliseconds is not None:
            known["step_time"] = milliseconds
        for column, measure in enumerate(RUN_MEASURES):
            if measure.name in known:
                values[row, column], measured[row, column] = known[measure.name], True
    return values, measured
