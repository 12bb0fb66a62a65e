"""Passes what the engine shows on to the recording and to the progress bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from trainwell import engine
from trainwell.blueprint import LayerInfo
from trainwell.report.progress import TrainingProgress
from trainwell.signals import RUN_MEASURES, Layout, Observer, Recorder


class Listener:
    """Told by the engine what happens; see `engine.Listener` for when.

    Args:
        folder: of the run.
        observer: what looks at the layers; None for an unwatched training.
        progress: shows how it goes, or None.
    """

    def __init__(self, folder: Path, observer: Observer | None, progress: TrainingProgress | None):
        self._folder, self._progress = folder, progress
        self.observer = observer
        self._recorder: Recorder | None = None

    def started(self, layers: Sequence[LayerInfo], epochs: int, steps_per_epoch: int, resumed_at: int) -> None:
        """The step is about to be compiled."""
        layout = self.observer.layout(layers) if self.observer else Layout(tuple(layers), ())
        self._recorder = Recorder(
            self._folder, layout, resume_at=resumed_at, resume_epochs=resumed_at // steps_per_epoch
        )
        if self._progress:
            self._progress.start(epochs, steps_per_epoch, resumed_at)

    def steps(self, seen: engine.Steps, epoch: int, step_of_epoch: int, logs: Mapping[str, float]) -> None:
        """Some steps are done."""
        if self._recorder:
            by_name = {
                "loss": seen.loss,
                "learning_rate": seen.learning_rate,
                "gradient_norm": seen.gradient_norm,
                "clipped_gradient_norm": seen.clipped_gradient_norm,
                "step_time": seen.milliseconds,
            }
            self._recorder.steps(seen.steps, np.stack([by_name[measure.name] for measure in RUN_MEASURES], axis=1))
            if seen.columns is not None:
                self._recorder.layers(seen.sampled_steps, seen.columns)
        if self._progress:
            self._progress.update(epoch + 1, step_of_epoch, logs)

    def epoch(self, row: Mapping[str, float]) -> None:
        """An epoch is done."""
        if self._recorder:
            self._recorder.epoch(row)
        if self._progress:
            self._progress.epoch_end(int(row["epoch"]), row)

    def close(self) -> None:
        """No more will come."""
        if self._recorder:
            self._recorder.close()
        if self._progress:
            self._progress.stop()
