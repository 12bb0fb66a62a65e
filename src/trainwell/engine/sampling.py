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
CLEAR_SECONDS = (
    0.3  # of a chunk whose time is no accident: one pair is enough then, and costs as much as three short ones
)
TRIAL_STEPS = 16  # of a timed chunk; fewer if an epoch has fewer
SHORT = 20 * TRIAL_STEPS  # steps of a training that is looked at in every step, whatever it costs
UNTIMED = 64  # chunks that could not be timed, one after the other, before k is chosen without


class Sampling:
    """Chooses k by timing a few chunks with and without looks.

    Args:
        every: k if it is given; None to measure.
        steps: steps of the whole training; short trainings are looked at in every step. None if nobody knows: then
            every step that is done shows that the training is at least so long.
        timed_steps: full steps that a chunk can have.
    """

    def __init__(self, every: int | None, steps: int | None, timed_steps: int):
        measures = every is None and (steps is None or steps >= SHORT)
        self.every = every or 1
        """The steps between looks as they are now."""
        self.cost: float | None = None
        """A look's cost, as a share of an unwatched step; None if it was not measured."""
        self.trial_steps = min(TRIAL_STEPS, timed_steps)
        """Steps of a chunk that can be timed."""
        self._steps = steps or 0
        self._affordable: int | None = None  # k by what a look costs, as soon as that is known
        self._trials_left = 2 * TRIALS if measures else 0
        self._times: dict[bool, list[float]] = {False: [], True: []}
        self._untimed = 0

    @property
    def trial(self) -> bool:
        """Whether chunks are being timed; they should have `trial_steps` steps."""
        return self._trials_left > 0

    def give_up(self) -> None:
        """There will be no chunks to time (a callback wants every batch): choose k without."""
        if self.trial:
            self._trials_left, self._affordable = 0, MOST

    def flags(self, first_step: int, steps: int) -> npt.NDArray[np.bool_]:
        """Which of the steps first_step, first_step + 1, ... (steps count from 1) are looked at; step 1 always is."""
        numbers = np.arange(first_step, first_step + steps)
        if self.trial and steps == self.trial_steps:
            return (numbers == 1) | (self._trials_left % 2 == 1)
        if self._affordable is not None:
            most = max(1, min(MOST, max(self._steps, first_step) // LEAST_LOOKS))
            self.every = min(most, self._affordable)
        return (numbers - 1) % self.every == 0

    def timed(self, seconds: float, steps: int) -> None:
        """Tell how long a chunk of `trial_steps` steps took; after the last trial, k is chosen."""
        self._untimed = 0
        self._times[self._trials_left % 2 == 1].append(seconds / steps)
        self._trials_left -= 1
        if seconds >= CLEAR_SECONDS and self._times[True]:
            self._trials_left = 0
        if not self._trials_left:
            without, with_looks = min(self._times[False]), min(self._times[True])
            self.cost = max(0.0, with_looks / without - 1)
            self._affordable = max(1, math.ceil(self.cost / BUDGET))

    def untimed(self) -> None:
        """Tell that a chunk could not be timed: it was too short, or its batches were of an odd shape."""
        self._untimed += 1
        if self._untimed == UNTIMED:
            self.give_up()
