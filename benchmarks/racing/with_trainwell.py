"""`tw.train`: watched, which is the default, or not."""

from __future__ import annotations

import os
import time
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import trainwell as tw
from racing import with_keras
from racing.assignment import Assignment
from trainwell.backend import cache_compilations
from trainwell.engine import training


class Contestant(with_keras.Contestant):
    """The same Keras model, trained by trainwell."""

    def __init__(self, assignment: Assignment, weights: list[Any], watch: bool = True):
        if os.environ.get("TRAINWELL_CACHE"):
            cache_compilations()
        super().__init__(assignment, weights)
        self.watch = watch

    @staticmethod
    def versions() -> dict[str, str]:
        return {"trainwell": version("trainwell"), **with_keras.Contestant.versions()}

    def train(self, x: Any, y: Any, validation: Any, epochs: int, goes_on: Any) -> int:
        """Train; returns how many updates the optimizer counted."""
        _stop_clock_while_waiting(goes_on)
        tw.train(
            *(self.model, x, y),
            batch_size=self.assignment.batch,
            epochs=epochs,
            shuffle=self.assignment.shuffle,
            seed=self.assignment.seed,
            validation_data=validation,
            callbacks=[with_keras.AfterEpoch(goes_on)],
            watch=self.watch,
        )
        return int(self.model.optimizer.iterations.numpy())


def _stop_clock_while_waiting(goes_on: Any) -> None:
    """The engine writes a checkpoint every 15 seconds; those in which others train do not count."""
    waited = lambda: getattr(goes_on, "waited", 0.0)  # noqa: E731
    training.time = SimpleNamespace(perf_counter=lambda: time.perf_counter() - waited())  # type: ignore[attr-defined]
