"""What a training tells while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from trainwell.blueprint.layer_info import LayerInfo


@dataclass(frozen=True)
class Steps:
    """What some consecutive steps showed, on the host.

    Attributes:
        steps: (steps,) int64, counted from 1.
        loss: (steps,) float32.
        learning_rate: (steps,) float32.
        gradient_norm: (steps,) float32, all weights together, before clipping.
        clipped_gradient_norm: (steps,) float32, after clipping.
        milliseconds: (steps,) float32, wall time of a step, averaged over the chunk.
        sampled_steps: (samples,) int64, the steps that were looked at.
        columns: (samples, columns) float32, from the observer; None if no step was looked into.
    """

    steps: npt.NDArray[np.int64]
    loss: npt.NDArray[np.float32]
    learning_rate: npt.NDArray[np.float32]
    gradient_norm: npt.NDArray[np.float32]
    clipped_gradient_norm: npt.NDArray[np.float32]
    milliseconds: npt.NDArray[np.float32]
    sampled_steps: npt.NDArray[np.int64]
    columns: npt.NDArray[np.float32] | None


class Listener(Protocol):
    """Told what happens, between chunks of steps; it must not change the model."""

    def started(self, layers: Sequence[LayerInfo], epochs: int, steps_per_epoch: int, resumed_at: int) -> None:
        """The step is about to be compiled.

        Args:
            layers: that are watched.
            epochs: planned.
            steps_per_epoch: of each, at least 1; 1 if nobody knows before the end of the first.
            resumed_at: steps that were done before.
        """
        ...

    def steps(self, seen: Steps, epoch: int, step_of_epoch: int, logs: Mapping[str, float]) -> None:
        """Some steps are done; `logs` are running loss and metrics of the epoch."""
        ...

    def epoch(self, row: Mapping[str, float]) -> None:
        """An epoch is done, with validation: epoch (from 1), loss, metrics, val_..., learning_rate, seconds."""
        ...
