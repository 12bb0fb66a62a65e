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
TRIAL_STEPS = 16


class Sampling:
    """Chooses k by timing a few chunks with and without looks.

    Args:
        every: k if it is given; None to measure.
        steps: steps of the whole training; short trainings are looked at in every step.
    """

    def __init__(self, every: int | None, steps: int):
        self.every = every or 1
        self._steps = steps
        self.cost: float | None = None
        """A look's cost, as a share of an unwatched step; None if it was not measured."""
        self._trials_left = 2 * TRIALS if every is None and steps >= 20 * TRIAL_STEPS else 0
        self._times: dict[bool, list[float]] = {False: [], True: []}

    @property
    def trial(self) -> bool:
        """Whether the next chunk will be timed (it should have `TRIAL_STEPS` steps)."""
        return self._trials_left > 0

    def flags(self, first_step: int, steps: int) -> npt.NDArray[np.bool_]:
        """Which of the steps first_step, first_step + 1, ... (steps count from 1) are looked at; step 1 always is."""
        numbers = np.arange(first_step, first_step + steps)
        if self.trial:
            return (numbers == 1) | (self._trials_left % 2 == 1)
        return (numbers - 1) % self.every == 0

    def timed(self, seconds: float, steps: int) -> None:
        """Tell how long a trial chunk took; after the last one, k is chosen."""
        self._times[self._trials_left % 2 == 1].append(seconds / steps)
        self._trials_left -= 1
        if not self._trials_left:
            without, with_looks = min(self._times[False]), min(self._times[True])
            self.cost = max(0.0, with_looks / without - 1)
            self.every = max(1, min(MOST, math.ceil(self.cost / BUDGET), self._steps // LEAST_LOOKS))
