"""Jobs done in the background, their results taken in order: while the device works, the next data are made ready."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class LookAhead(Generic[T]):
    """The results of some jobs, in their order, the next few of them made ahead by other threads.

    A job is begun only when fewer than `depth` results are waiting, so memory is bounded and nothing is read that is
    not soon needed. An exception of a job is raised where its result is asked for.

    Args:
        jobs: what to do; asked for one at a time, by the taking thread. A job may answer None: that was the end.
        depth: results that may be ready or in the making, at least 1.
        workers: threads.

    Attributes:
        waited: seconds in which the taking thread had to wait.

    >>> ahead = LookAhead(iter([lambda: "a", lambda: "b"]), depth=1)
    >>> ahead.take(), ahead.take(), ahead.more()
    ('a', 'b', False)
    >>> ahead.close()
    """

    def __init__(self, jobs: Iterator[Callable[[], T | None]], depth: int, workers: int = 1):
        self.waited = 0.0
        self._jobs, self._depth = jobs, depth
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="trainwell-data")
        self._made: deque[Future[T | None]] = deque()
        self._fill()

    def _fill(self) -> None:
        while len(self._made) < self._depth and (job := next(self._jobs, None)) is not None:
            self._made.append(self._threads.submit(job))

    def deepen(self, depth: int) -> None:
        """From now on so many results may be ready or in the making."""
        self._depth = depth
        self._fill()

    def peek(self) -> T | None:
        """The next result, which stays; None after the last."""
        if not self._made:
            return None
        if not self._made[0].done():
            began = time.perf_counter()
            self._made[0].exception()  # waits; it is raised below
            self.waited += time.perf_counter() - began
        return self._made[0].result()

    def more(self) -> bool:
        """Whether there is another result; waits until that is known."""
        return self.peek() is not None

    def ready(self) -> bool:
        """Whether the next result is there without waiting."""
        return bool(self._made) and self._made[0].done()

    def take(self) -> T:
        """The next result, and the next job is begun.

        Raises:
            IndexError: there is none; ask `more` first.
        """
        result = self.peek()
        if result is None:
            raise IndexError("no more results")
        self._made.popleft()
        self._fill()
        return result

    def close(self) -> None:
        """Begin nothing more, and wait for the job that is being done: it may be somebody's generator."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._made.clear()
