"""What Keras's `fit` takes besides arrays: generators, PyDatasets, and the datasets of other libraries.

The three kinds differ in what can be asked of them. A PyDataset gives any batch by its number; a `tf.data.Dataset` or
a torch `DataLoader` can be gone through again from its start; a bare generator only goes on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, Protocol

from trainwell.engine import keras_names
from trainwell.engine.batches import epoch_order, span
from trainwell.errors import DataError, SettingError
from trainwell.locales import Text

AHEAD = 10  # batches made ahead of the device; the default of Keras's own queue (`max_queue_size`)
Job = Callable[[], Any]


class End:
    """What a job answers when there are no more batches."""


END = End()


class Source(Protocol):
    """Gives batches as their maker gives them, unchecked.

    Attributes:
        steps_per_epoch: steps of an epoch, None if nobody knows before its end.
        workers: threads that may make batches at the same time.
        ahead: batches that may be made before they are needed.
        once: whether its end is the end of all batches.
        exact: whether a resumed training gets the batches of the uninterrupted one.
    """

    steps_per_epoch: int | None
    workers: int
    ahead: int
    once: bool
    exact: bool

    def jobs(self, epoch: int, done: int) -> Iterator[Job]:
        """One job per batch of this epoch, behind the first `done`; each answers a batch or `END`."""
        ...

    def epoch_end(self) -> None:
        """The epoch is over."""
        ...

    def close(self) -> None:
        """No more batches are wanted."""
        ...


def is_source(x: Any) -> bool:
    """Whether `x` gives batches, and is not an array or a tree of arrays."""
    return isinstance(x, Iterator) or keras_names.is_dataset(x)


def source_of(x: Any, *, seed: int, shuffle: bool, steps_per_epoch: int | None, initial_epoch: int = 0) -> Source:
    """The source that `x` is.

    Args:
        x: see `is_source`.
        seed: fixes the order of a PyDataset's batches.
        shuffle: a new order of a PyDataset's batches in each epoch; the others bring their own order.
        steps_per_epoch: None for all batches that there are.
        initial_epoch: where a training that is not resumed begins.
    """
    from trainwell.backend import load_keras

    keras = load_keras()
    if isinstance(x, keras.utils.PyDataset):
        return Indexed(x, seed=seed, shuffle=shuffle, steps_per_epoch=steps_per_epoch, initial_epoch=initial_epoch)
    if isinstance(x, Iterator):
        return Once(x, steps_per_epoch)
    return Repeatable(keras_names.data_adapter(x), steps_per_epoch)


class Indexed:
    """A `keras.utils.PyDataset`: any batch can be had by its number, so its order is ours and resuming is exact.

    As far as it is up to us: `on_epoch_end` is the dataset's own. It is called once before the first epoch, as Keras
    does, and when a training is resumed, once for each finished epoch, so a dataset with a seed of its own catches up.
    """

    once = False
    exact = True

    def __init__(self, dataset: Any, *, seed: int, shuffle: bool, steps_per_epoch: int | None, initial_epoch: int = 0):
        self._dataset, self._seed, self._shuffle, self._wanted = dataset, seed, shuffle, steps_per_epoch
        self._batches: int | None = dataset.num_batches
        if self._batches is None and steps_per_epoch is None:
            raise SettingError(
                Text(
                    en=f"{type(dataset).__name__} has no number of batches, so an epoch would never end; give "
                    "steps_per_epoch",
                    zh=f"{type(dataset).__name__} 没有给出批次数量，一轮将永不结束；请给出 steps_per_epoch",
                )
            )
        self.steps_per_epoch = steps_per_epoch or self._batches
        self.workers = max(1, int(dataset.workers))
        self.ahead = max(self.workers, int(dataset.max_queue_size))
        self._processes: ProcessPoolExecutor | None = None
        self._ended = initial_epoch  # the epochs behind us
        dataset.on_epoch_end()

    def jobs(self, epoch: int, done: int) -> Iterator[Job]:
        """See `Source`."""
        while self._ended < epoch:  # epochs that were done before this training was resumed
            self._dataset.on_epoch_begin()
            self.epoch_end()
        self._dataset.on_epoch_begin()
        if self._dataset.use_multiprocessing:
            # begun anew in each epoch: other processes have the dataset as it stands now
            self._processes = ProcessPoolExecutor(self.workers, initializer=_keep, initargs=(self._dataset,))
        return (partial(self._get, number) for number in self._numbers(epoch, done))

    def _numbers(self, epoch: int, done: int) -> Iterator[int]:
        batches: int | None = self._dataset.num_batches
        if batches is None:
            first = epoch * (self._wanted or 0)
            return iter(range(first + done, first + (self._wanted or 0)))
        part = span(epoch, batches, self._wanted) if batches else span(0, 0, None)
        order = epoch_order(batches, self._seed, part.lap, shuffle=self._shuffle)
        return iter(order[part.first + done : part.first + part.steps].tolist())

    def _get(self, number: int) -> Any:
        return self._processes.submit(_kept, number).result() if self._processes else self._dataset[number]

    def epoch_end(self) -> None:
        """See `Source`."""
        self.close()
        self._ended += 1
        self._dataset.on_epoch_end()

    def close(self) -> None:
        """See `Source`."""
        if self._processes:
            self._processes.shutdown(cancel_futures=True)
        self._processes = None


_dataset: Any = None  # in a worker process: the dataset it serves


def _keep(dataset: Any) -> None:
    global _dataset
    _dataset = dataset


def _kept(number: int) -> Any:
    return _dataset[number]


class Repeatable:
    """A `tf.data.Dataset`, a torch `DataLoader`, ...: each pass begins anew, in the order it chooses itself.

    Args:
        adapter: Keras's own view of it, which turns its tensors into NumPy arrays.
        steps_per_epoch: None for a whole pass.
    """

    once = False
    exact = False
    workers = 1  # it has its own
    ahead = AHEAD

    def __init__(self, adapter: Any, steps_per_epoch: int | None):
        self._adapter, self._wanted = adapter, steps_per_epoch
        self._batches: int | None = adapter.num_batches
        self.steps_per_epoch = steps_per_epoch or self._batches
        self._pass: Iterator[Any] | None = None

    def jobs(self, epoch: int, done: int) -> Iterator[Job]:
        """See `Source`."""
        self._adapter.on_epoch_begin()
        steps = self._wanted
        if self._batches is not None:
            part = span(epoch, self._batches, self._wanted) if self._batches else span(0, 0, None)
            if part.first == 0:
                self._pass = None
            steps = part.steps
        if self._pass is None or self._wanted is None:
            self._pass = iter(self._adapter.get_jax_iterator())
        return itertools.repeat(self._next) if steps is None else itertools.repeat(self._next, max(0, steps - done))

    def _next(self) -> Any:
        found = END if self._pass is None else next(self._pass, END)
        if found is END:
            self._pass = None
        return found

    def epoch_end(self) -> None:
        """See `Source`."""
        self._adapter.on_epoch_end()

    def close(self) -> None:
        """See `Source`."""


class Once:
    """A bare generator or iterator: it only goes on, so no epoch can begin where another began."""

    once = True
    exact = False
    workers = 1  # a generator cannot run in two threads
    ahead = AHEAD

    def __init__(self, iterator: Iterator[Any], steps_per_epoch: int | None):
        self._iterator, self.steps_per_epoch = iterator, steps_per_epoch

    def jobs(self, epoch: int, done: int) -> Iterator[Job]:  # noqa: ARG002 (it has no epochs)
        """See `Source`; no batch is drawn that the epoch does not need."""
        pull = partial(next, self._iterator, END)
        return itertools.repeat(pull) if self.steps_per_epoch is None else self._some(pull, done)

    def _some(self, pull: Job, done: int) -> Iterator[Job]:
        return itertools.repeat(pull, max(0, (self.steps_per_epoch or 0) - done))

    def epoch_end(self) -> None:
        """See `Source`."""

    def close(self) -> None:
        """See `Source`."""


def unpacked(raw: Any, number: int) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch as its maker gives it.

    Args:
        raw: (x, y), (x, y, sample_weight), (x,), or x alone.
        number: of the batch, counted from 1, for the message.

    Raises:
        DataError: it is something else.
    """
    if isinstance(raw, list):
        raw = tuple(raw)
    if not isinstance(raw, tuple):
        return raw, None, None
    if not 1 <= len(raw) <= 3:
        raise DataError(
            Text(
                en=f"batch {number} is a tuple of {len(raw)}; expected (x, y) or (x, y, sample_weight); several inputs "
                "belong into one tuple or dict of their own: ((a, b), y)",
                zh=f"第 {number} 个批次是含 {len(raw)} 项的元组；应为 (x, y) 或 (x, y, sample_weight)；"
                "多个输入请放入单独的元组或字典：((a, b), y)",
            )
        )
    return raw[0], raw[1] if len(raw) > 1 else None, raw[2] if len(raw) > 2 else None
