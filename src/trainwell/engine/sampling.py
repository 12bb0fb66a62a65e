"""How often the layers are looked at: every k-th step, k chosen from what a look costs.

Which steps are looked at changes the recording, never the weights.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

BUDGET = 0.03  # the looks may cost this share of the training time ...
LEAST_LOOKS = 64  # ... unless the training is so short that fewer than this many would be left
MOST = 256  # k at most, so that long runs of tiny steps still show every phase
TRIALS = 3  # pairs of chunks (without, with looks) that are timed
TRIAL_STEPS = 16  # of a timed chunk; fewer if an epoch has fewer
SHORT = 20 * TRIAL_STEPS  # steps of a training that is looked at in every step, whatever it costs


class Sampling:
    """Chooses k by timing a few chunks with and without looks.

    Args:
        every: k if it is given; None to measure.
        steps: steps of the whole training; short trainings are looked at in every step.
        full_batches: steps of one epoch with a full batch; a timed chunk lies within an epoch.
    """

    def __init__(self, every: int | None, steps: int, full_batches: int):
        measures = every is None and steps >= SHORT
        self.every = every or 1
        self.cost: float | None = None
        """A look's cost, as a share of an unwatched step; None if it was not measured."""
        self.trial_steps = min(TRIAL_STEPS, full_batches)
        """Steps of a chunk that can be timed."""
        self._most = max(1, min(MOST, steps // LEAST_LOOKS))
        self._trials_left = 2 * TRIALS if measures else 0
        self._times: dict[bool, list[float]] = {False: [], True: []}

    @property
    def trial(self) -> bool:
        """Whether chunks are being timed; they should have `trial_steps` steps."""
        return self._trials_left > 0

    def give_up(self) -> None:
        """There will be no chunks to time (a callback wants every batch): choose k without."""
        if self.trial:
            self._trials_left, self.every = 0, self._most

    def flags(self, first_step: int, steps: int) -> npt.NDArray[np.bool_]:
        """Which of the steps first_step, first_step + 1, ... (steps count from 1) are looked at; step 1 always is."""
        numbers = np.arange(first_step, first_step + steps)
        if self.trial and steps == self.trial_steps:
            return (numbers == 1) | (self._trials_left % 2 == 1)
        return (numbers - 1) % self.every == 0

    def timed(self, seconds: float, steps: int) -> None:
        """Tell how long a chunk of `trial_steps` steps took; after the last trial, k is chosen."""
        self._times[self._trials_left % 2 == 1].append(seconds / steps)
        self._trials_left -= 1
        if not self._trials_left:
            without, with_looks = min(self._times[False]), min(self._times[True])
            self.cost = max(0.0, with_looks / without - 1)
            self.every = max(1, min(self._most, math.ceil(self.cost / BUDGET)))
