"""What one training learns from, and by which samples it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Task = Literal["classes", "labels", "numbers"]


@dataclass(frozen=True, eq=False)
class Arrays:
    """Plain arrays, as somebody would hand them to `fit`.

    Attributes:
        task: one of several classes; several labels, each yes or no; or numbers to predict.
        x: training inputs (samples, ...): float32, or int32 tokens (samples, steps) with 0 behind the end of a text.
        y: training targets: int32 class numbers (samples,), float32 (samples, labels) of 0 and 1, or float32 (samples,
            outputs).
        x_validation: what is watched while it trains.
        y_validation: likewise.
        x_held_out: what the training is judged by; the same samples unless a fault spoils those for validation.
        truth: the right answers for them, in the form of `y`.
        padded: whether there are steps behind the end of a sequence (tokens 0, or rows of zeros).
        vocabulary: number of different tokens; 0 for other data.
    """

    task: Task
    x: Array
    y: Array
    x_validation: Array
    y_validation: Array
    x_held_out: Array
    truth: Array
    padded: bool = False
    vocabulary: int = 0

    @classmethod
    def split(cls, task: Task, x: Array, y: Array, training: int, held_out: int, **facts: Any) -> Arrays:
        """Shuffled with a fixed seed; the first `training` samples are learned from, the next ones held out."""
        order = np.random.default_rng(0).permutation(len(x))
        first, second = order[:training], order[training : training + held_out]
        return cls(task, x[first], y[first], x[second], y[second], x[second], y[second], **facts)

    @property
    def classes(self) -> int:
        """Number of classes or labels, or of numbers to predict."""
        return int(self.truth.max()) + 1 if self.task == "classes" else int(self.truth.shape[1])
