"""Ctrl-C: the first one asks the training to stop at the next chance and keep what it learned, a second one ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible(told: Callable[[], None] = lambda: None) -> Generator[Callable[[], bool]]:
    """Within the block, Ctrl-C (SIGINT) and SIGTERM do not raise; the given function says whether one came.

    Args:
        told: called when the first one comes.
    """
    came = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield came.is_set
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if came.is_set():
            previous = before[signal.Signals(number)]
            if callable(previous):
                previous(number, frame)
            raise KeyboardInterrupt
        came.set()
        told()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
