"""A training from the first step to the last: epochs, chunks of steps, validation, callbacks, checkpoints.

What is whose: `step` computes, `loops` runs many steps, `feeds` brings the data, `sampling` decides which steps are
looked at, `callbacks` keeps Keras's hooks, `validation` evaluates, `checkpoint` keeps the moment to go on from; this
file calls them in order.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.engine import keras_names
from trainwell.engine import state as states
from trainwell.engine.allocator import keep_freed_memory
from trainwell.engine.callbacks import load_state, save_state, want_batches
from trainwell.engine.checkpoint import Checkpoint
from trainwell.engine.checks import check_model, check_settings
from trainwell.engine.choose_feed import feed_of
from trainwell.engine.cpu import convolutions_in, left_to_xla, use_faster_programs
from trainwell.engine.feeds import Chunk, Feed
from trainwell.engine.flight_recorder import FlightRecorder, all_finite
from trainwell.engine.layers import WatchedLayers, watched_layers
from trainwell.engine.listener import Listener, Steps
from trainwell.engine.loops import DeviceLoop, HostLoop, Loop, Shown
from trainwell.engine.nan_origin import origin_of, weights_norm
from trainwell.engine.outcome import Outcome
from trainwell.engine.sampling import Sampling
from trainwell.engine.step import Batch, Observer, Seen, make_look, make_step
from trainwell.engine.taps import noted_calls
from trainwell.engine.traced_step import TracedStep
from trainwell.engine.validation import Validation
from trainwell.errors import ModelError
from trainwell.locales import Text

CHUNK_SECONDS = 0.25  # how long steps run before the training looks up: progress, Ctrl-C, checkpoint
CHECKPOINT_SECONDS = 15.0  # least time between two checkpoints


def train(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    epochs: int = 1,
    batch_size: int = 32,
    validation_data: Any = None,
    validation_batch_size: int | None = None,
    validation_steps: int | None = None,
    validation_freq: int | Sequence[int] = 1,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    callbacks: Sequence[Any] = (),
    class_weight: Mapping[int, float] | None = None,
    sample_weight: Any = None,
    shuffle: bool = True,
    seed: int = 0,
    stream: bool | None = None,
    observer: Observer | None = None,
    every: int | None = None,
    listener: Listener | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    checkpoint: Path | None = None,
    resume: bool = False,
    record_flight: bool = True,
) -> Outcome:
    """Train a compiled Keras model; its weights, optimizer and metrics end as Keras `fit` would leave them.

    Args:
        model: compiled Keras model on the JAX backend.
        x: inputs (samples, ...), an array or a tree of arrays as the model takes it, `numpy.memmap` among them; or what
            gives batches (x, y) or (x, y, sample_weight): a generator or iterator, a `keras.utils.PyDataset`, a
            `tf.data.Dataset`, a torch `DataLoader`. A generator is drawn from by another thread, at most
            `sources.AHEAD` batches ahead; one that ends early ends the training, with a note.
        y: targets (samples, ...), likewise; None where x gives batches.
        epochs: the training ends behind this epoch.
        batch_size: samples of one step; the last batch of an epoch may be smaller. Not used where x gives batches.
        validation_data: (x, y), (x, y, sample_weight), or what gives batches; evaluated after an epoch.
        validation_batch_size: samples of one evaluation step; `batch_size` if not given.
        validation_steps: batches of one evaluation; all if not given.
        validation_freq: evaluate after every so many epochs, or after the listed ones (counted from 1).
        initial_epoch: epochs that count as done.
        steps_per_epoch: steps after which an epoch ends; it goes on in the data where the last one ended. A whole pass
            if not given.
        callbacks: Keras callbacks, called at their documented points.
        class_weight: class number -> weight of its samples.
        sample_weight: (samples,) weights of the samples in the loss.
        shuffle: a new order of the samples in each epoch (of a PyDataset: of its batches), fixed by the seed.
        seed: fixes the order of the samples.
        stream: bring arrays to the device block by block, which changes no bit of a weight; None does so where
            they are large (see `streaming.wants_stream`).
        observer: looks at the steps (see `step.Observer`); None trains unwatched. Watching changes no bit of a weight.
        every: look at every so many steps; None measures what a look costs and chooses.
        listener: told what happens.
        should_stop: asked between chunks of steps; True ends the training as after Ctrl-C.
        checkpoint: file in which the state is kept; None keeps none.
        resume: go on from `checkpoint`. The weights will be those of the uninterrupted training, bit for bit, if the
            data are arrays or a PyDataset; other sources begin anew, and a note says so.
        record_flight: keep the state from before the last steps, so that the origin of a NaN can be named and the
            last good weights are there (see `flight_recorder`); it changes no bit of a weight.

    Returns:
        How it ended.

    Raises:
        ModelError: the model is not compiled or brings its own training step.
        SettingError: an argument cannot work with these data.
        DataError: x, y, sample_weight do not fit together, or a batch is none.
        FolderError: `resume` without a usable checkpoint.
        EngineError: the step would have to be compiled again while training.
    """
    keep_freed_memory()
    use_faster_programs()
    check_model(model)
    check_settings(epochs, batch_size, steps_per_epoch=steps_per_epoch, initial_epoch=initial_epoch)
    start = Checkpoint.load(checkpoint) if resume and checkpoint else None
    validation = Validation(
        validation_data, validation_batch_size or batch_size, validation_steps, validation_freq, epochs - initial_epoch
    )
    feed = feed_of(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        class_weight=class_weight,
        shuffle=shuffle,
        seed=seed,
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
        initial_epoch=initial_epoch,
        stream=stream,
    )
    training = _Training(
        model=model,
        feed=feed,
        epochs=epochs,
        initial_epoch=initial_epoch,
        validation=validation,
        observer=observer,
        every=every,
        listener=listener,
        should_stop=should_stop,
        checkpoint=checkpoint,
        record_flight=record_flight,
    )
    try:
        return training.run(callbacks, start)
    finally:
        feed.close()


class _Training:
    """The moving parts of one training; made by `train`, runs once."""

    def __init__(
        self,
        *,
        model: Any,
        feed: Feed,
        epochs: int,
        initial_epoch: int,
        validation: Validation,
        observer: Observer | None,
        every: int | None,
        listener: Listener | None,
        should_stop: Callable[[], bool],
        checkpoint: Path | None,
        record_flight: bool,
    ):
        self.record_flight = record_flight
        self.model, self.feed, self.validation = model, feed, validation
        self.epochs, self.initial_epoch = epochs, initial_epoch
        self.observer, self.listener, self.should_stop = observer, listener, should_stop
        self.checkpoint_file = checkpoint
        steps = (epochs - initial_epoch) * feed.steps_per_epoch if feed.steps_per_epoch else None
        self.sampling = Sampling(every if observer is not None else 1, steps, feed.timed_steps)
        self.outcome = Outcome()
        self.last_checkpoint = time.perf_counter()
        self.seconds_per_step: float | None = None
        self.logs: dict[str, float] = {}
        self.ended_early = False

    def run(self, callbacks: Sequence[Any], start: Checkpoint | None) -> Outcome:
        """All epochs, from `start` on if it is given."""
        import keras

        began = time.perf_counter()
        epoch, done = (start.epoch, start.step_of_epoch) if start else (self.initial_epoch, 0)
        self._prepare(epoch, done)
        self.callbacks = keras.callbacks.CallbackList(
            list(callbacks), add_history=True, model=self.model, epochs=self.epochs, steps=self.feed.steps_per_epoch
        )
        self.by_batch = want_batches(self.callbacks.callbacks)
        if self.by_batch:
            self.sampling.give_up()
        self.model.stop_training = False
        self.callbacks.on_train_begin()
        if start:
            self._restore(start)
        self.norm_at_start = weights_norm(states.read(self.model).trainable) if self.recorder else 0.0
        if self.listener:
            self.listener.started(self.layers.infos, self.epochs, self.feed.steps_per_epoch or 1, self.outcome.steps)
        try:
            while epoch < self.epochs and self.outcome.stopped is None and not self.ended_early:
                self._epoch(epoch, done)
                epoch, done = epoch + 1, 0
        finally:
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
            self._forget()
        self.callbacks.on_train_end(self.logs)
        self._close_books(epoch, time.perf_counter() - began)
        return self.outcome

    def _close_books(self, epochs_done: int, seconds: float) -> None:
        outcome = self.outcome
        outcome.traces, outcome.seconds, outcome.waited = self.step.traces, seconds, self.feed.waited
        outcome.every, outcome.look_cost = self.sampling.every, self.sampling.cost
        outcome.notes = [*self.feed.notes, *self.validation.notes]
        if self.ended_early:
            outcome.notes.append(_ended_early(epochs_done, self.epochs, outcome.steps))
        for note in outcome.notes:
            warnings.warn(note.en, stacklevel=4)

    def _prepare(self, epoch: int, done: int) -> None:
        """Build every variable, name the layers, and choose the loop."""
        import jax

        self.feed.begin(epoch, done)
        first = self.feed.first()
        keras_names.build(self.model, *first)
        self.layers = _layers_of(self.model, first)
        look = make_look(self.model, self.layers, self.observer) if self.observer else None
        self.step = TracedStep(make_step(self.model), self.feed.most_shapes)
        self.state = states.read(self.model)
        self.step.trace(self.state, first)
        slow_in_loops = jax.default_backend() == "cpu" and any(map(left_to_xla, convolutions_in(self.step.jaxpr.eqns)))
        loop = HostLoop if slow_in_loops or self.feed.own_batches else DeviceLoop
        self.loop: Loop = loop(self.step, look, self.feed.batch_size)
        self.recorder = FlightRecorder(self.loop) if self.record_flight else None

    def _restore(self, start: Checkpoint) -> None:
        """Put model and callbacks back to a checkpoint."""
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

    def _epoch(self, epoch: int, done: int) -> None:
        """One epoch, of which `done` steps were done before; then validation, callbacks, checkpoint."""
        began = time.perf_counter()
        if done == 0:
            self.model.reset_metrics()
            self.callbacks.on_epoch_begin(epoch)
        self.feed.begin(epoch, done)
        if not self.feed.more() and not done:
            self.ended_early = True
            return
        self.state = states.read(self.model)
        self._forget()
        try:
            self._steps_of_epoch(epoch, done)
        finally:
            states.assign(self.model, self.state)
        if self.outcome.stopped == "interrupted":
            return
        row = {name: float(value) for name, value in self.logs.items()}
        if self.validation.due(epoch):
            row |= {f"val_{name}": value for name, value in self.validation(self.model, self.callbacks).items()}
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
        while self.feed.more() and self.outcome.stopped is None:
            chunk = self.feed.chunk(self._chunk_steps(), exact=self.sampling.trial)
            if self.by_batch:
                self._forget()
                self.callbacks.on_train_batch_begin(done)
                self.state = states.read(self.model)
            logs = self._chunk(chunk, epoch, done)
            done += chunk.steps
            del chunk  # its data may go while the next ones are waited for
            if self.by_batch:
                states.assign(self.model, self.state)
                self.callbacks.on_train_batch_end(done - 1, logs)
                self.state = states.read(self.model)
                if self.model.stop_training:
                    return
            if self.feed.more():
                self._save(epoch, done)
                if self.should_stop():
                    self.outcome.stopped = "interrupted"
                    self._save(epoch, done, now=True)
        if self.feed.exhausted and self.outcome.stopped is None:
            last = epoch + 1 == self.epochs
            self.ended_early = not last or done < (self.feed.steps_per_epoch or 0)

    def _chunk_steps(self) -> int:
        """How many steps to run before looking up."""
        if self.by_batch or self.seconds_per_step is None:
            return 1
        wanted = self.sampling.trial_steps if self.sampling.trial else int(CHUNK_SECONDS / self.seconds_per_step)
        return max(1, min(wanted, self.loop.most_steps))

    def _chunk(self, chunk: Chunk, epoch: int, done: int) -> dict[str, float]:
        """Run these steps and tell the listener."""
        count = chunk.steps
        first = self.outcome.steps + 1
        full = chunk.size == self.feed.batch_size
        # the rest of an epoch is a shape of its own: it is trained on, but a look would have to be compiled for it too
        flags = self.sampling.flags(first, count) & self.loop.looks_into(chunk)
        timed = full and count == self.sampling.trial_steps and first > 1
        if self.recorder:
            self.recorder.before(self.state, chunk)
        began = time.perf_counter()
        self.state, shown = self.loop(self.state, chunk, flags)
        seconds = time.perf_counter() - began
        if first > 1 and full:  # the first call of a shape contains its compilation
            self.seconds_per_step = seconds / count
        elif self.seconds_per_step is None and first == 1:
            self.seconds_per_step = CHUNK_SECONDS / 2  # two more steps, then it is known
        if self.sampling.trial:
            self.sampling.timed(seconds, count) if timed else self.sampling.untimed()
        self.outcome.steps += count
        self.logs = {name: float(values[-1]) for name, values in shown.seen.logs.items()}
        if self.listener:
            self.listener.steps(_steps(shown, first, flags, seconds), epoch, done + count, self.logs)
        self._look_for_nan(shown.seen, epoch, done + count, seconds)
        return self.logs

    def _look_for_nan(self, seen: Seen, epoch: int, done: int, seconds: float) -> None:
        """End the training if its numbers broke in the chunk that just ended, watched or not; and find out where."""
        broke = not np.isfinite(seen.loss).all()
        if not broke and not np.isfinite(seen.gradient_norm).all():
            broke = not all_finite(self.state.trainable)  # else the step was skipped, or its gradient clipped
        if broke:
            self.outcome.stopped = "not_finite"
            self._find_origin(epoch, done)
        elif self.recorder:
            self.recorder.after(seconds, self.state)

    def _find_origin(self, epoch: int, done: int) -> None:
        broken = self.recorder.replay() if self.recorder else None
        if broken is None:
            return
        self.outcome.last_good = broken.state
        self.outcome.nan_origin = origin_of(
            self.model,
            broken,
            step=self.outcome.steps - broken.place,
            epoch=epoch + 1,
            samples=self.feed.samples(epoch, done - 1 - broken.place),
            norm_at_start=self.norm_at_start,
        )

    def _forget(self) -> None:
        """The state is about to be changed by somebody else: an earlier copy leads there no more."""
        if self.recorder:
            self.recorder.forget()

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


def _ended_early(epochs_done: int, epochs: int, steps: int) -> Text:
    return Text(
        en=f"The data ended after {steps} steps, with {epochs_done} of {epochs} epochs begun, and the training with "
        "them: a generator can be gone through only once. Give one that does not end, and steps_per_epoch, or arrays "
        "or a keras.utils.PyDataset.",
        zh=f"数据在 {steps} 步后用尽，此时只进行到第 {epochs_done} 轮（共 {epochs} 轮），训练随之结束："
        "生成器只能遍历一次。请使用不会用尽的生成器并给出 steps_per_epoch，或使用数组或 keras.utils.PyDataset。",
    )
