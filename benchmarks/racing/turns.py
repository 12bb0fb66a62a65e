"""A worker's side of the talk: it says and hears JSON lines, and trains only when it is asked to."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from typing import Any, TextIO

WARM_STEPS, WARM_EPOCHS, WARM_SECONDS = 128, 8, 10.0  # before the first turn: steps and epochs, or seconds
TURN_SECONDS = 1.5


class Channel:
    """JSON lines over this process's first standard input and output; what libraries print goes to standard error."""

    def __init__(self) -> None:
        self._out: TextIO = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def say(self, **facts: Any) -> None:
        self._out.write(json.dumps(facts) + "\n")
        self._out.flush()

    def hear(self) -> dict[str, Any]:
        line = sys.stdin.readline()
        return json.loads(line) if line else {"stop": True}


class Turns:
    """Called after every epoch; waits there until it is this worker's turn again.

    What lies between two epochs is timed with them, as it is there in everyday use too.

    Args:
        channel: to the parent.
        steps: of an epoch.
        warm: whether to train for a while before the first turn.
    """

    def __init__(self, channel: Channel, steps: int, *, warm: bool = True):
        self.channel, self.steps = channel, steps
        self.waited = 0.0
        """Seconds that this worker stood still."""
        self._epochs, self._left = 0, 0
        self._warming = warm
        self._began = self._epoch_began = time.perf_counter()

    def __call__(self, loss: float, accuracy: float | None = None) -> bool:  # noqa: ARG002
        """Note an epoch with its mean training loss; whether to go on."""
        now = time.perf_counter()
        epoch_seconds, self._epoch_began = now - self._epoch_began, now
        self._epochs += 1
        if self._warming:
            steps = self._epochs * self.steps
            enough = steps >= WARM_STEPS and self._epochs >= WARM_EPOCHS
            if self._epochs < 2 or not (enough or now - self._began >= WARM_SECONDS):
                if self._epochs == 1:
                    self.channel.say(event="first", loss=loss)
                return True
            self._warming = False
            self._epochs_of_turn = max(1, math.ceil(TURN_SECONDS / epoch_seconds - 0.5))
            self.channel.say(event="warm", loss=loss, steps=steps)
        else:
            self._left -= 1
            if self._left:
                return True
            seconds, steps = now - self._turn_began, self._epochs_of_turn * self.steps
            self.channel.say(event="turn", seconds=seconds, steps=steps, loss=loss)
        return self._wait()

    def _wait(self) -> bool:
        began = time.perf_counter()
        order = self.channel.hear()
        self._turn_began = self._epoch_began = time.perf_counter()
        self.waited += self._turn_began - began
        self._left = self._epochs_of_turn
        return not order.get("stop")


class Count:
    """Called after every epoch; ends the training after so many, or at a validation accuracy."""

    waited = 0.0

    def __init__(self, epochs: int, accuracy: float = math.inf):
        self._most, self._wanted = epochs, accuracy
        self.epochs, self.loss, self.accuracy = 0, math.nan, math.nan
        self.seconds: float | None = None
        self._began = time.perf_counter()

    def __call__(self, loss: float, accuracy: float | None = None) -> bool:
        self.epochs += 1
        self.loss, self.accuracy = loss, math.nan if accuracy is None else accuracy
        if self.accuracy >= self._wanted:
            self.seconds = time.perf_counter() - self._began
            return False
        return self.epochs < self._most
