"""One `model.fit` of somebody's own, watched: what is looked at, and what is put down."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from trainwell.engine.step import Batch
from trainwell.locales import Text, preferred_language
from trainwell.signals import Observer, Recorder
from trainwell.workflows.monitoring.clock import Clock
from trainwell.workflows.monitoring.eye import Eye
from trainwell.workflows.monitoring.pending import Losses, PendingStep, rows
from trainwell.workflows.monitoring.samples import Samples, samples_of
from trainwell.workflows.monitoring.turns import Turns

Seen = TypeVar("Seen")
MOST_PENDING = 256  # steps whose losses wait on the device
MOST_SECONDS = 2.0  # ... and for how long at most, so that the recording can be read while it grows


class FitWatch:
    """Called around every step, by whatever wraps Keras's train function.

    Args:
        model: compiled and built.
        folder: of the run; must exist.
        eye: looks into the steps.
        blind: why the layers cannot be looked into, if they cannot.
        every: look at every so many steps; chosen from the measured cost if None.
        epochs: behind which the training ends.
        steps_per_epoch: batches; None if nobody knows.
        per_call: steps that Keras runs as one.

    Attributes:
        steps: made so far.
        looks: how many of them were looked into.
        history: one row per finished epoch, as `engine.Outcome.history`.
        train: samples of the first epoch.
        validation: samples of the first validation.
        last_loss: of the last step of which it is known; None before.
        per_call: steps that Keras runs as one.
    """

    def __init__(
        self,
        model: Any,
        folder: Path,
        eye: Eye,
        *,
        blind: Text | None,
        every: int | None,
        epochs: int,
        steps_per_epoch: int | None,
        per_call: int,
    ):
        self.model, self.folder, self.eye, self.blind = model, folder, eye, blind
        self.epochs, self.first_epoch, self.steps_per_epoch = epochs, 0, steps_per_epoch
        self.clock, self.began = Clock(), time.perf_counter()
        self.steps = self.looks = self.batch_size = 0
        self.history: list[dict[str, float]] = []
        self.train, self.validation = Samples(), Samples()
        self.last_loss: float | None = None
        self.per_call, self._every = per_call, every
        self._turns = Turns(every, None, 1, 0)
        self._observer = Observer()
        self._recorder: Recorder | None = None
        self._losses, self._pending = Losses(), list[PendingStep]()
        self._calls = self._epochs_begun = 0
        self._kinds: set[Any] = set()
        self._first_of_epoch = True
        self._flushed = self._epoch_began = self.began
        self._seen: Any = None

    @property
    def every(self) -> int:
        """Steps between looks as they are now."""
        return self._turns.every * self.per_call

    @property
    def in_first_epoch(self) -> bool:
        """Whether no epoch is finished yet."""
        return not self.history

    def epoch_begins(self, epoch: int) -> None:
        """An epoch begins, counted from 0."""
        if not self._epochs_begun:
            self.first_epoch = epoch
        self._epochs_begun += 1
        self._first_of_epoch, self._epoch_began = True, time.perf_counter()
        if self.steps:
            self.clock.mark(self.steps)

    def before_step(self, state: Any, batch: Batch) -> None:
        """Look into the step that is about to be made, if it is its turn."""
        came = time.perf_counter()
        kind, samples = _kind(batch), samples_of(batch.x)
        new = kind not in self._kinds
        if new:  # it will be compiled, which is no time of a step
            self.flush()
            self.clock.pause()
            self._kinds.add(kind)
        if not self._calls:
            self._prepare(state, batch)
        self._calls += 1
        waited = self._wait(state) if self._turns.timing_begins(samples, kind) else 0.0
        if self._turns.is_due(self._calls, samples, kind) and self.blind is None:
            waited += self._wait(state)
            self._seen = self._safely(lambda: self.eye.before(state, batch))
        self.clock.spent(time.perf_counter() - came - waited, once=new)

    def after_step(self, logs: Any, samples: int, steps: int) -> None:
        """Keras has made the step, or put it on its way.

        Args:
            logs: running loss and metrics, on the device.
            samples: of its batches.
            steps: how many Keras made at once.
        """
        came = time.perf_counter()
        seen, self._seen = self._seen, None
        glance = None if seen is None else self._safely(lambda: self.eye.after(seen))
        mean = logs.get("loss") if isinstance(logs, Mapping) else None
        first, self._first_of_epoch = self._first_of_epoch, False
        self._pending.append(PendingStep(self.steps + 1, mean, samples, first, steps == 1, glance))
        self.steps += steps
        self.clock.spent(time.perf_counter() - came, once=False)
        if self._turns.timing_ends():
            self.eye.wait(logs)
            self._turns.timed()
        late = time.perf_counter() - self._flushed > MOST_SECONDS
        if late or len(self._pending) >= MOST_PENDING or not self.clock.running:
            self.flush()

    def epoch_ends(self, epoch: int, logs: Mapping[str, Any] | None) -> None:
        """An epoch is done, with its validation."""
        self.pause()
        row = {name: float(value) for name, value in (logs or {}).items() if np.ndim(value) == 0}
        rate = _rate(self.model.optimizer)
        row = {"epoch": float(epoch + 1), **row} | ({} if rate is None else {"learning_rate": rate})
        row["seconds"] = time.perf_counter() - self._epoch_began
        self.history.append(row)
        if self._recorder:
            self._recorder.epoch(row)

    def pause(self) -> None:
        """Put down what is known; what comes now are no steps."""
        self.flush()
        self._turns.interrupted()
        self.clock.pause()

    def flush(self) -> None:
        """Fetch what waits on the device, and put it down."""
        if not self._pending:
            return
        waiting, self._pending = self._pending, []
        means = self.eye.fetch([step.mean for step in waiting])
        milliseconds = self.clock.mark(self.steps)
        came = time.perf_counter()
        values, measured = rows(waiting, means, self._losses, milliseconds)
        known = values[measured[:, 0], 0]
        self.last_loss = float(known[-1]) if len(known) else self.last_loss
        looked = [(step.step, step.glance) for step in waiting if step.glance]
        self.looks += len(looked)
        if self._recorder:
            self._recorder.steps(np.array([step.step for step in waiting], np.int64), values, measured)
            if looked:
                numbers = np.array([number for number, _ in looked], np.int64)
                self._recorder.layers(numbers, np.stack([glance.columns for _, glance in looked]))
        if any(not math.isfinite(glance.numbers["loss"]) for _, glance in looked):
            self.blind = _BROKEN
        self._flushed = time.perf_counter()
        self.clock.spent(self._flushed - came, once=False)

    def close(self) -> None:
        """No more will come."""
        self.pause()
        if self._recorder is not None:
            self._recorder.close()
        self.eye.forget_start()

    def _prepare(self, state: Any, batch: Batch) -> None:
        """The first step: name the layers, and begin the recording."""
        self.batch_size = samples_of(batch.x)
        calls = math.ceil(self.steps_per_epoch / self.per_call) if self.steps_per_epoch else None
        self._turns = Turns(self._every, calls, max(1, self.epochs - self.first_epoch), self.batch_size)
        layers = None if self.blind is not None else self._safely(lambda: self.eye.prepare(state, batch))
        self.eye.keep_start(state)
        self._recorder = Recorder(self.folder, self._observer.layout(layers or ()))

    def _wait(self, values: Any) -> float:
        """Let the device finish; the seconds are the training's own."""
        began = time.perf_counter()
        self.eye.wait(values)
        return time.perf_counter() - began

    def _safely(self, look: Callable[[], Seen]) -> Seen | None:
        """A look that fails must not cost somebody the training."""
        try:
            return look()
        except Exception as error:  # noqa: BLE001 (whatever a layer of somebody's own may raise)
            lines = str(error).strip().splitlines()
            said = f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
            self.blind = Text(
                en=f"the layers of {self.model.name!r} cannot be looked into ({said})",
                zh=f"无法观察 {self.model.name!r} 的各层（{said}）",
            )
            warn_blind(self.blind)
            return None


_BROKEN = Text(en="the loss is not finite any more", zh="损失已不再是有限值")


def warn_blind(reason: Text) -> None:
    """Say that only the whole of the steps is recorded, and why."""
    said = Text(
        en=f"Monitor: {reason.en}; loss and metrics are recorded, and the training goes on as it is",
        zh=f"Monitor：{reason.zh}；损失与指标照常记录，训练不受影响",
    )
    warnings.warn(said[preferred_language()], stacklevel=2)


def _rate(optimizer: Any) -> float | None:
    import keras

    try:
        return float(np.asarray(keras.ops.convert_to_numpy(optimizer.learning_rate)))
    except (TypeError, ValueError, AttributeError):
        return None


def _kind(batch: Batch) -> Any:
    """Shapes and types: what a compiled function depends on."""
    x, y, weight = batch
    if weight is None and hasattr(x, "shape") and hasattr(y, "shape"):  # asked before every step
        return tuple(x.shape), x.dtype, tuple(y.shape), y.dtype
    import keras

    arrays = [leaf for leaf in keras.tree.flatten(tuple(batch)) if hasattr(leaf, "shape")]
    return tuple((tuple(leaf.shape), leaf.dtype) for leaf in arrays)
