"""Whose turn it is to be looked into, in a training that hands over one step at a time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.engine.sampling import TRIAL_STEPS, Sampling

LOOKED_SHAPES = 4  # batch shapes that a look is compiled for, where a generator gives several


class Turns:
    """Chooses calls of the train function as the engine chooses steps: by the measured cost of a look.

    Args:
        every: look at every so many; None to measure.
        calls_per_epoch: None if nobody knows.
        epochs: of the training.
        batch_size: samples of a full batch; others are not looked into.
    """

    def __init__(self, every: int | None, calls_per_epoch: int | None, epochs: int, batch_size: int):
        known = calls_per_epoch is not None
        # the last batch of an epoch may be smaller, and cannot be timed
        timed = max(1, calls_per_epoch - 1) if calls_per_epoch is not None else TRIAL_STEPS
        self._sampling = Sampling(every, calls_per_epoch * epochs if known else None, timed)
        self._batch_size = batch_size
        self._kinds: set[Any] = set()
        self._flags: npt.NDArray[np.bool_] | None = None  # of the calls that are being timed together
        self._done, self._began = 0, 0.0

    @property
    def every(self) -> int:
        """Calls between looks as they are now."""
        return self._sampling.every

    def timing_begins(self, samples: int, kind: Any) -> bool:
        """Whether a group of calls that is timed begins with this batch; the device should have nothing left to do."""
        ready = self._sampling.trial and self._flags is None
        return ready and samples == self._batch_size and kind in self._kinds

    def is_due(self, call: int, samples: int, kind: Any) -> bool:
        """Whether this call is looked into.

        Args:
            call: its number, from 1.
            samples: of its batch.
            kind: shapes and types of its batch.
        """
        if self.timing_begins(samples, kind):
            self._flags = self._sampling.flags(call, self._sampling.trial_steps)
            self._done, self._began = 0, time.perf_counter()
        if self._flags is not None and (samples != self._batch_size or kind not in self._kinds):
            self.interrupted()
        flags = self._flags
        due = bool(self._sampling.flags(call, 1)[0] if flags is None else flags[self._done])
        if not due or samples != self._batch_size:
            return False
        if len(self._kinds) < LOOKED_SHAPES:
            self._kinds.add(kind)
        return kind in self._kinds

    def timing_ends(self) -> bool:
        """Whether the call just made is the last of a timed group; then wait for the device, and say `timed`."""
        if self._flags is None:
            return False
        self._done += 1
        return self._done == len(self._flags)

    def timed(self) -> None:
        """The device has made the last call of the group."""
        if self._flags is not None:
            self._sampling.timed(time.perf_counter() - self._began, len(self._flags))
            self._flags = None

    def interrupted(self) -> None:
        """What comes now is no call of the group, or another kind of call."""
        if self._flags is not None:
            self._flags = None
            self._sampling.untimed()
