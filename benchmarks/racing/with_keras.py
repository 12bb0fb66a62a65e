"""Keras's own `fit`, on the backend that KERAS_BACKEND names."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import keras

from racing.assignment import Assignment
from racing.keras_networks import built

PACKAGES = {"jax": "jax", "tensorflow": "tensorflow-cpu", "torch": "torch"}


class AfterEpoch(keras.callbacks.Callback):
    """Asks after every epoch whether to go on."""

    def __init__(self, goes_on: Any):
        super().__init__()
        self.goes_on = goes_on

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        if not self.goes_on(float(logs["loss"]), logs.get("val_accuracy")):
            self.model.stop_training = True


class Contestant:
    """A Keras model with given initial weights."""

    def __init__(self, assignment: Assignment, weights: list[Any]):
        self.assignment, self.model = assignment, built(assignment, weights)
        self.parameters = sum(int(weight.numpy().size) for weight in self.model.trainable_weights)

    @staticmethod
    def versions() -> dict[str, str]:
        package = PACKAGES[keras.backend.backend()]
        return {"keras": keras.__version__, package: version(package)}

    def loss(self, x: Any, y: Any) -> float:
        return float(self.model.evaluate(x, y, batch_size=len(x), verbose=0)[0])

    def train(self, x: Any, y: Any, validation: Any, epochs: int, goes_on: Any) -> int:
        """Train; returns how many updates the optimizer counted."""
        self.model.fit(
            *(x, y),
            batch_size=self.assignment.batch,
            epochs=epochs,
            shuffle=self.assignment.shuffle,
            validation_data=validation,
            callbacks=[AfterEpoch(goes_on)],
            verbose=0,
        )
        return int(self.model.optimizer.iterations.numpy())
