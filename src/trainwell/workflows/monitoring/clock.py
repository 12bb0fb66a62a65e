"""What watching costs: the time of the looks, over the time of the rest."""

from __future__ import annotations

import time


class Clock:
    """Measures the steps between two marks, apart from what watching took in them.

    Attributes:
        looks: seconds that watching took while steps were timed.
        rest: seconds of those steps without it.
        once: seconds that were needed once: compiling the looks, the copy of the start, the diagnosis.
    """

    def __init__(self) -> None:
        self.looks = self.rest = self.once = 0.0
        self._mark: float | None = None
        self._looks_at_mark = 0.0
        self._steps_at_mark = 0

    @property
    def overhead(self) -> float | None:
        """Share of the unwatched steps' time; None if none were timed."""
        return self.looks / self.rest if self.rest > 0 else None

    @property
    def running(self) -> bool:
        """Whether the steps are being timed."""
        return self._mark is not None

    def spent(self, seconds: float, *, once: bool) -> None:
        """Watching took so long just now."""
        if once:
            self.once += seconds
        elif self._mark is not None:
            self.looks += seconds

    def mark(self, steps: int) -> float | None:
        """So many steps are done; milliseconds of each since the last mark, None if there is none."""
        now = time.perf_counter()
        milliseconds = None
        if self._mark is not None and steps > self._steps_at_mark:
            unwatched = max(0.0, now - self._mark - (self.looks - self._looks_at_mark))
            self.rest += unwatched
            milliseconds = 1000 * unwatched / (steps - self._steps_at_mark)
        self._mark, self._looks_at_mark, self._steps_at_mark = now, self.looks, steps
        return milliseconds

    def pause(self) -> None:
        """What comes now are no steps, or steps that are being compiled; until the next mark nothing is timed."""
        if self._mark is not None:
            self.looks = self._looks_at_mark  # of steps that are not timed either
        self._mark = None
