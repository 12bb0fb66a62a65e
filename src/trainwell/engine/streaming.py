"""Data too large for the device, or lying on disk: brought there block by block, the next one while this one is used.

A block holds the samples of the next steps, read in the order in which they lie on disk; the device puts them into the
order of the epoch. So a streamed training takes the same batches as a resident one, and its weights are the same, bit
for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainwell.data.files.pixel_store import memory_limit
from trainwell.engine.batches import Order, Schedule, device_bytes, device_type, in_batches, take, to_device
from trainwell.engine.feeds import Rows, full_steps, shapes_of
from trainwell.engine.look_ahead import LookAhead
from trainwell.engine.mapped_files import advise, ask_for, mapping
from trainwell.engine.step import Batch
from trainwell.locales import Text

BLOCK_BYTES = 64 * 2**20  # of one block on the device; two are in memory, the one in use and the next
PIECE_BYTES = 4 * 2**20  # read from a file before its pages are given back
ACCELERATOR_SHARE = 0.5  # of an accelerator's memory that the data may take; the network needs the rest


def wants_stream(arrays: Batch) -> bool:
    """Whether these arrays should be streamed rather than put on the device as a whole.

    That is so if they would take more than a quarter of the machine's memory, or half of an accelerator's; and for a
    `numpy.memmap` of more than one block, which somebody left on disk for a reason.
    """
    import jax

    size = device_bytes(arrays)
    if size > _limit():
        return True
    return size > BLOCK_BYTES and any(mapping(leaf) for leaf in jax.tree.leaves(tuple(arrays)))


def _limit() -> float:
    import jax

    device = jax.devices()[0]
    known = (device.memory_stats() or {}) if device.platform != "cpu" else {}
    return ACCELERATOR_SHARE * known["bytes_limit"] if "bytes_limit" in known else memory_limit()


class _Block(NamedTuple):
    """The samples of some steps, on the device.

    Attributes:
        data: (samples of a block, ...); behind the last sample there is room that nothing points to.
        order: (samples,) int32, where in `data` the samples of the steps lie, one step after the other.
        epoch: which they belong to.
        first: the first of these steps, counted within the epoch.
    """

    data: Batch
    order: Order
    epoch: int
    first: int


class Streamed:
    """The samples stay where they are; blocks of whole batches are brought to the device.

    Args:
        arrays: NumPy arrays (samples, ...), in memory or on disk.
        schedule: which samples each step takes.
        epochs: nothing is read for later ones.
    """

    own_batches = False
    exhausted = False

    def __init__(self, arrays: Batch, schedule: Schedule, epochs: int):
        self._arrays, self._schedule, self._epochs = arrays, schedule, epochs
        self.batch_size = schedule.batch_size
        self.steps_per_epoch: int | None = schedule.steps_per_epoch or schedule.batches
        self.most_shapes = shapes_of(schedule)
        self._block_steps = max(1, min(schedule.steps(0), BLOCK_BYTES // device_bytes(arrays, self.batch_size)))
        self.timed_steps = min(full_steps(schedule), self._block_steps)
        self.notes: list[Text] = []
        self._ahead: LookAhead[_Block] | None = None
        self._waited = 0.0
        self._block: _Block | None = None
        self._epoch = self._done = 0
        self._advise("MADV_RANDOM" if schedule.shuffle else "MADV_SEQUENTIAL")

    @property
    def waited(self) -> float:
        """See `Feed`."""
        return self._waited + (self._ahead.waited if self._ahead else 0.0)

    def begin(self, epoch: int, done: int) -> None:
        """See `Feed`; the first block was begun while the last epoch was validated."""
        self._epoch, self._done, self._block = epoch, done, None
        following = self._ahead.peek() if self._ahead else None
        if following is None or (following.epoch, following.first) != (epoch, done):
            self._stop()
            self._ahead = LookAhead(self._jobs(epoch, done), depth=1)

    def more(self) -> bool:
        """See `Feed`."""
        return self._done < self._schedule.steps(self._epoch)

    def first(self) -> Batch:
        """See `Feed`."""
        block, done = self._current()
        return take(block.data, block.order[done * self.batch_size :][: self.batch_size])

    def chunk(self, most: int, *, exact: bool = False) -> Rows:  # noqa: ARG002 (a block is always all there)
        """See `Feed`."""
        block, done = self._current()
        indices = in_batches(block.order, self.batch_size, done, most)
        self._done += len(indices)
        return Rows(block.data, indices)

    def samples(self, epoch: int, step: int) -> Order:
        """See `Feed`."""
        return self._schedule.samples_of(epoch, step)

    def close(self) -> None:
        """See `Feed`."""
        self._stop()
        self._block = None
        self._advise("MADV_NORMAL")

    def _advise(self, advice: str) -> None:
        import jax

        for leaf in jax.tree.leaves(tuple(self._arrays)):
            advise(leaf, advice)

    def _stop(self) -> None:
        self._waited = self.waited
        if self._ahead:
            self._ahead.close()
        self._ahead = None

    def _current(self) -> tuple[_Block, int]:
        """The block of the next step, and the steps of it that are done."""
        block = self._block
        if block is None or (self._done - block.first) * self.batch_size >= len(block.order):
            self._block = block = None  # makes room before the next one but one is begun
            self._block = block = self._next_block()
        return block, self._done - block.first

    def _next_block(self) -> _Block:
        if self._ahead and self._ahead.more():
            return self._ahead.take()
        return self._read(self._epoch, self._done, self._schedule.order(self._epoch))  # behind the last epoch

    def _jobs(self, epoch: int, done: int) -> Iterator[Callable[[], _Block]]:
        """One job per block, from this step on to the end of the last epoch."""
        while epoch < self._epochs:
            order = self._schedule.order(epoch)
            for first in range(done, self._schedule.steps(epoch), self._block_steps):
                yield partial(self._read, epoch, first, order)
            epoch, done = epoch + 1, 0

    def _read(self, epoch: int, first: int, order: Order) -> _Block:
        """Bring the samples of these steps to the device."""
        import jax

        wanted = order[first * self.batch_size :][: self._block_steps * self.batch_size]
        places = np.sort(wanted)
        room = min(self._block_steps * self.batch_size, self._schedule.samples)
        data = to_device(Batch(*jax.tree.map(lambda leaf: gather(leaf, places, room), tuple(self._arrays))))
        return _Block(data, np.searchsorted(places, wanted).astype(np.int32), epoch, first)


def gather(array: npt.NDArray[Any], places: Order, room: int) -> npt.NDArray[Any]:
    """Rows of an array, in the type they have on the device.

    Args:
        array: (samples, ...), in memory or on disk.
        places: (rows,) int32, ascending.
        room: rows of the answer; those behind the wanted ones are zero.

    >>> gather(np.arange(5.0), np.array([1, 4], np.int32), room=3)
    array([1., 4., 0.], dtype=float32)
    """
    rows = np.empty((room, *array.shape[1:]), device_type(array))
    rows[len(places) :] = 0
    if not mapping(array):
        _copy(array, places, rows[: len(places)])
        return rows
    ask_for(array, places)
    piece = max(1, PIECE_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(places), piece):
        part = places[start : start + piece]
        _copy(array, part, rows[start : start + len(part)])
        advise(array, "MADV_DONTNEED")  # else every page that was read counts as this process's memory
    return rows


def _copy(array: npt.NDArray[Any], places: Order, target: npt.NDArray[Any]) -> None:
    if len(places) and places[-1] - places[0] == len(places) - 1:
        target[...] = array[int(places[0]) : int(places[-1]) + 1]
    elif array.dtype == target.dtype:
        np.take(array, places, axis=0, out=target, mode="clip")  # without a mode NumPy would make a copy more
    else:
        target[...] = np.take(array, places, axis=0)
