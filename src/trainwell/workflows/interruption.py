"""Ctrl-C: the first one asks the training to stop at the next chance and keep what it learned, a second one ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from trainwell.locales import Text

STOPPING = Text(
    en="Stopping after this step; what was learned is kept. Ctrl-C again ends at once.",
    zh="将在当前训练步之后停止，已学到的内容会保留。再按一次 Ctrl-C 立即结束。",
)


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
