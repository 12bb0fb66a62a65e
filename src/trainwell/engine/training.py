"""A training from the first step to the last: epochs, chunks of steps, validation, callbacks, checkpoints.

What is whose: `step` computes, `loops` runs many steps, `batches` orders the data, `sampling` decides which steps are
looked at, `callbacks` keeps Keras's hooks, `checkpoint` the moment to go on from; this file calls them in order.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from trainwell.blueprint.layer_info import LayerInfo
from trainwell.engine import keras_names
from trainwell.engine import state as states
from trainwell.engine.batches import epoch_order, sample_weights, to_device
from trainwell.engine.callbacks import load_state, save_state, want_batches
from trainwell.engine.checkpoint import Checkpoint
from trainwell.engine.checks import check_model, check_settings
from trainwell.engine.layers import WatchedLayers, watched_layers
from trainwell.engine.loops import DeviceLoop, HostLoop, Shown, TracedStep, has_convolution
from trainwell.engine.sampling import Sampling
from trainwell.engine.step import Batch, Observer, make_look, make_step
from trainwell.engine.taps import noted_calls
from trainwell.errors import ModelError
from trainwell.locales import Text

CHUNK_SECONDS = 0.25  # how long steps run before the training looks up: progress, Ctrl-C, checkpoint
CHECKPOINT_SECONDS = 15.0  # least time between two checkpoints
Stopped = Literal["callback", "interrupted", "not_finite"]


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
        """The step is about to be compiled; `resumed_at` steps were done before."""
        ...

    def steps(self, seen: Steps, epoch: int, step_of_epoch: int, logs: Mapping[str, float]) -> None:
        """Some steps are done; `logs` are running loss and metrics of the epoch."""
        ...

    def epoch(self, row: Mapping[str, float]) -> None:
        """An epoch is done, with validation: epoch (from 1), loss, metrics, val_..., learning_rate, seconds."""
        ...


@dataclass
class Outcome:
    """How a training ended; the weights are in the model.

    Attributes:
        history: one row per finished epoch, see `Listener.epoch`.
        steps: steps done.
        traces: how often the step was traced.
        stopped: None if it ran to its end; "not_finite" after the chunk of steps in which the loss became NaN or
            infinite, where Keras's `fit` would go on.
        every: the layers were looked at every so many steps.
        look_cost: measured cost of one look, as a share of an unwatched step; None if not measured.
        seconds: wall time of training, with compilation and validation.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    steps: int = 0
    traces: int = 0
    stopped: Stopped | None = None
    every: int = 1
    look_cost: float | None = None
    seconds: float = 0.0


def train(
    model: Any,
    x: Any,
    y: Any,
    *,
    epochs: int = 1,
    batch_size: int = 32,
    validation_data: tuple[Any, ...] | None = None,
    validation_batch_size: int | None = None,
    callbacks: Sequence[Any] = (),
    class_weight: Mapping[int, float] | None = None,
    sample_weight: Any = None,
    shuffle: bool = True,
    seed: int = 0,
    observer: Observer | None = None,
    every: int | None = None,
    listener: Listener | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Outcome:
    """Train a compiled Keras model; its weights, optimizer and metrics end as Keras `fit` would leave them.

    Args:
        model: compiled Keras model on the JAX backend.
        x: inputs (samples, ...), an array or a tree of arrays as the model takes it.
        y: targets (samples, ...), likewise.
        epochs: how often to go through the data.
        batch_size: samples of one step; the last batch of an epoch may be smaller.
        validation_data: (x, y) or (x, y, sample_weight), evaluated after each epoch.
        validation_batch_size: samples of one evaluation step; `batch_size` if not given.
        callbacks: Keras callbacks, called at their documented points.
        class_weight: class number -> weight of its samples.
        sample_weight: (samples,) weights of the samples in the loss.
        shuffle: a new order of the samples in each epoch, fixed by the seed.
        seed: fixes the order of the samples.
        observer: looks at the steps (see `step.Observer`); None trains unwatched. Watching changes no bit of a weight.
        every: look at every so many steps; None measures what a look costs and chooses.
        listener: told what happens.
        should_stop: asked between chunks of steps; True ends the training as after Ctrl-C.
        checkpoint: file in which the state is kept; None keeps none.
        resume: go on from `checkpoint`. The weights will be those of the uninterrupted training, bit for bit.

    Returns:
        How it ended.

    Raises:
        ModelError: the model is not compiled or brings its own training step.
        SettingError: epochs or batch_size cannot work with these data.
        DataError: x, y, sample_weight do not fit together.
        FolderError: `resume` without a usable checkpoint.
        EngineError: the step would have to be compiled again while training.
    """
    check_model(model)
    data = to_device(x, y, sample_weights(y, class_weight, sample_weight))
    samples = len(_first(data.x))
    check_settings(epochs, batch_size, samples)
    training = _Training(
        model=model,
        data=data,
        samples=samples,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=validation_data,
        validation_batch_size=validation_batch_size or batch_size,
        shuffle=shuffle,
        seed=seed,
        observer=observer,
        every=every,
        listener=listener,
        should_stop=should_stop,
        checkpoint=checkpoint,
    )
    return training.run(callbacks, Checkpoint.load(checkpoint) if resume and checkpoint else None)


class _Training:
    """The moving parts of one training; made by `train`, runs once."""

    def __init__(
        self,
        *,
        model: Any,
        data: Batch,
        samples: int,
        epochs: int,
        batch_size: int,
        validation_data: tuple[Any, ...] | None,
        validation_batch_size: int,
        shuffle: bool,
        seed: int,
        observer: Observer | None,
        every: int | None,
        listener: Listener | None,
        should_stop: Callable[[], bool],
        checkpoint: Path | None,
    ):
        self.model, self.data, self.samples = model, data, samples
        self.epochs, self.batch_size = epochs, batch_size
        self.validation_data, self.validation_batch_size = validation_data, validation_batch_size
        self.shuffle, self.seed = shuffle, seed
        self.observer, self.listener, self.should_stop = observer, listener, should_stop
        self.checkpoint_file = checkpoint
        self.steps_per_epoch = math.ceil(samples / batch_size)
        self.sampling = Sampling(
            every if observer is not None else 1, epochs * self.steps_per_epoch, samples // batch_size
        )
        self.outcome = Outcome()
        self.last_checkpoint = time.perf_counter()
        self.seconds_per_step: float | None = None
        self.logs: dict[str, float] = {}

    def run(self, callbacks: Sequence[Any], start: Checkpoint | None) -> Outcome:
        """All epochs, from `start` on if it is given."""
        import keras

        began = time.perf_counter()
        self._prepare()
        self.callbacks = keras.callbacks.CallbackList(
            list(callbacks), add_history=True, model=self.model, epochs=self.epochs, steps=self.steps_per_epoch
        )
        self.by_batch = want_batches(self.callbacks.callbacks)
        if self.by_batch:
            self.sampling.give_up()
        self.model.stop_training = False
        self.callbacks.on_train_begin()
        epoch, done = self._restore(start) if start else (0, 0)
        if self.listener:
            self.listener.started(self.layers.infos, self.epochs, self.steps_per_epoch, self.outcome.steps)
        try:
            while epoch < self.epochs and self.outcome.stopped is None:
                self._epoch(epoch, done)
                epoch, done = epoch + 1, 0
        finally:
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
        self.callbacks.on_train_end(self.logs)
        self.outcome.traces = self.step.traces
        self.outcome.every, self.outcome.look_cost = self.sampling.every, self.sampling.cost
        self.outcome.seconds = time.perf_counter() - began
        return self.outcome

    def _prepare(self) -> None:
        """Build every variable, name the layers, and choose the loop."""
        import jax

        first = Batch(*jax.tree.map(lambda array: array[: self.batch_size], tuple(self.data)))
        keras_names.build(self.model, *first)
        self.layers = _layers_of(self.model, first)
        look = make_look(self.model, self.layers, self.observer) if self.observer else None
        rest = self.samples % self.batch_size
        self.step = TracedStep(make_step(self.model), [self.batch_size, *([rest] if rest else [])])
        self.state = states.read(self.model)
        self.step.trace(self.state, first)
        slow_in_loops = jax.default_backend() == "cpu" and has_convolution(self.step.jaxpr)
        self.loop = (HostLoop if slow_in_loops else DeviceLoop)(self.step, look, self.data, self.batch_size)

    def _restore(self, start: Checkpoint) -> tuple[int, int]:
        """Put model and callbacks back to a checkpoint; the epoch and the steps of it that are done."""
        expected = [[tuple(value.shape) for value in group] for group in self.state]
        found = [[tuple(value.shape) for value in group] for group in start.state]
        if expected != found:
            raise ModelError(
                Text(
                    en="the checkpoint belongs to another network: its weights have other shapes; "
                    "resume with the command that began the training, or start anew in another folder",
                    zh="检查点属于另一个网络：权重形状不同；请使用最初的命令继续训练，或在另一个文件夹中重新开始",
                )
            )
        states.assign(self.model, start.state)
        load_state(self.callbacks.callbacks, start.callbacks)
        self.outcome.history, self.outcome.steps = list(start.history), start.step
        return start.epoch, start.step_of_epoch

    def _epoch(self, epoch: int, done: int) -> None:
        """One epoch, of which `done` steps were done before; then validation, callbacks, checkpoint."""
        began = time.perf_counter()
        if done == 0:
            self.model.reset_metrics()
            self.callbacks.on_epoch_begin(epoch)
        self.state = states.read(self.model)
        try:
            self._steps_of_epoch(epoch, done)
        finally:
            states.assign(self.model, self.state)
        if self.outcome.stopped == "interrupted":
            return
        row = {name: float(value) for name, value in self.logs.items()}
        if self.validation_data is not None:
            row |= {f"val_{name}": value for name, value in self._validate().items()}
        self.logs = dict(row)
        self.callbacks.on_epoch_end(epoch, self.logs)
        rate = float(np.asarray(self.model.optimizer.learning_rate))
        row = {"epoch": epoch + 1, **row, "learning_rate": rate, "seconds": time.perf_counter() - began}
        self.outcome.history.append(row)
        if self.listener:
            self.listener.epoch(row)
        if self.model.stop_training and self.outcome.stopped is None and epoch + 1 < self.epochs:
            self.outcome.stopped = "callback"
        self.state = states.read(self.model)
        self._save(epoch + 1, 0)
        if self.should_stop() and self.outcome.stopped is None and epoch + 1 < self.epochs:
            self.outcome.stopped = "interrupted"
            self._save(epoch + 1, 0, now=True)

    def _steps_of_epoch(self, epoch: int, done: int) -> None:
        order = epoch_order(self.samples, self.seed, epoch, shuffle=self.shuffle)
        full = self.samples // self.batch_size
        batches = order[: full * self.batch_size].reshape(full, self.batch_size)
        while done < self.steps_per_epoch and self.outcome.stopped is None:
            indices = (
                batches[done : done + self._chunk_steps()] if done < full else order[None, full * self.batch_size :]
            )
            if self.by_batch:
                self.callbacks.on_train_batch_begin(done)
                self.state = states.read(self.model)
            logs = self._chunk(indices, epoch, done)
            done += len(indices)
            if self.by_batch:
                states.assign(self.model, self.state)
                self.callbacks.on_train_batch_end(done - 1, logs)
                self.state = states.read(self.model)
                if self.model.stop_training:
                    return
            if done < self.steps_per_epoch:
                self._save(epoch, done)
                if self.should_stop():
                    self.outcome.stopped = "interrupted"
                    self._save(epoch, done, now=True)

    def _chunk_steps(self) -> int:
        """How many steps to run before looking up."""
        if self.by_batch or self.seconds_per_step is None:
            return 1
        wanted = self.sampling.trial_steps if self.sampling.trial else int(CHUNK_SECONDS / self.seconds_per_step)
        return max(1, min(wanted, self.loop.most_steps))

    def _chunk(self, indices: npt.NDArray[np.int32], epoch: int, done: int) -> dict[str, float]:
        """Run these steps and tell the listener."""
        count = len(indices)
        first = self.outcome.steps + 1
        full = indices.shape[1] == self.batch_size
        # the rest of an epoch is a shape of its own: it is trained on, but a look would have to be compiled for it too
        flags = self.sampling.flags(first, count) & (full and self.observer is not None)
        timed = self.sampling.trial and full and count == self.sampling.trial_steps and first > 1
        began = time.perf_counter()
        self.state, shown = self.loop(self.state, indices, flags)
        seconds = time.perf_counter() - began
        if first > 1 and full:  # the first call of a shape contains its compilation
            self.seconds_per_step = seconds / count
        elif self.seconds_per_step is None and first == 1:
            self.seconds_per_step = CHUNK_SECONDS / 2  # two more steps, then it is known
        if timed:
            self.sampling.timed(seconds, count)
        self.outcome.steps += count
        self.logs = {name: float(values[-1]) for name, values in shown.seen.logs.items()}
        if self.listener:
            self.listener.steps(_steps(shown, first, flags, seconds), epoch, done + count, self.logs)
        if not np.isfinite(shown.seen.loss).all():  # watched or not: watching must not change what is trained
            self.outcome.stopped = "not_finite"
        return self.logs

    def _validate(self) -> dict[str, float]:
        parts: tuple[Any, ...] = self.validation_data or (None, None)
        logs = self.model.evaluate(
            parts[0],
            parts[1],
            sample_weight=parts[2] if len(parts) > 2 else None,
            batch_size=self.validation_batch_size,
            callbacks=self.callbacks,
            return_dict=True,
            verbose=0,
        )
        return {name: float(value) for name, value in logs.items()}

    def _save(self, epoch: int, step_of_epoch: int, *, now: bool = False) -> None:
        if self.checkpoint_file is None:
            return
        if not now and time.perf_counter() - self.last_checkpoint < CHECKPOINT_SECONDS:
            return
        import jax

        Checkpoint(
            jax.device_get(self.state),
            epoch,
            step_of_epoch,
            self.outcome.steps,
            save_state(self.callbacks.callbacks),
            self.outcome.history,
        ).save(self.checkpoint_file)
        self.last_checkpoint = time.perf_counter()


def _steps(shown: Shown, first: int, flags: npt.NDArray[np.bool_], seconds: float) -> Steps:
    steps = np.arange(first, first + len(flags), dtype=np.int64)
    seen = shown.seen
    return Steps(
        steps,
        seen.loss,
        seen.learning_rate,
        seen.gradient_norm,
        seen.clipped_gradient_norm,
        np.full(len(flags), 1000 * seconds / len(flags), np.float32),
        steps[flags],
        shown.columns,
    )


def _layers_of(model: Any, batch: Batch) -> WatchedLayers:
    """Name the watched layers by one abstract forward pass."""
    import jax
    import keras

    found: list[WatchedLayers] = []

    def forward(x: Any) -> Any:
        with keras.StatelessScope(), noted_calls() as calls:
            predictions = model(x, training=True)
        found.append(watched_layers(model, calls, jax.tree.leaves(predictions)))
        return predictions

    jax.eval_shape(forward, batch.x)
    return found[0]


def _first(tree: Any) -> Any:
    import jax

    return jax.tree.leaves(tree)[0]
