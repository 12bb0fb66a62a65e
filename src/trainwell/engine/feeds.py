"""Where the batches come from: one small idea, and the chunks of steps in which they reach the loops.

`Resident` (here) has all samples on the device; `streaming.Streamed` brings one block of them after the other there;
`batch_feed.BatchFeed` takes batches as somebody's generator or dataset makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from trainwell.engine.batches import Order, Schedule, in_batches, take
from trainwell.engine.step import Batch
from trainwell.locales import Text


class Rows(NamedTuple):
    """Consecutive steps that take their samples out of arrays on the device.

    Attributes:
        data: arrays (samples, ...); the same shapes in every chunk, so that nothing is compiled again.
        indices: (steps, batch) int32, numbers of the samples.
    """

    data: Batch
    indices: Order

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.indices)

    @property
    def size(self) -> int:
        """Samples of each step."""
        return int(self.indices.shape[1])


class Batches(NamedTuple):
    """Consecutive steps that bring their own samples; all batches have one shape."""

    batches: tuple[Batch, ...]

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.batches)

    @property
    def size(self) -> int:
        """Samples of each step."""
        return batch_size_of(self.batches[0])


Chunk = Rows | Batches


class Feed(Protocol):
    """Gives the steps of each epoch, in order.

    Attributes:
        batch_size: samples of a full step.
        steps_per_epoch: None if nobody knows before the epoch's end.
        most_shapes: batch shapes that may come; each is compiled.
        timed_steps: full steps that a chunk can be asked for, to time them.
        own_batches: whether the chunks are `Batches`.
        exhausted: whether there can be no further epoch.
        waited: seconds in which the device had nothing to do because the data were not there.
        notes: what a person must be told.
    """

    batch_size: int
    steps_per_epoch: int | None
    most_shapes: int
    timed_steps: int
    own_batches: bool
    notes: list[Text]

    @property
    def exhausted(self) -> bool: ...  # noqa: D102 (attributes, described above)

    @property
    def waited(self) -> float: ...  # noqa: D102

    def begin(self, epoch: int, done: int) -> None:
        """Go to this epoch, counted from 0, and behind so many steps of it."""
        ...

    def more(self) -> bool:
        """Whether the epoch has another step; may wait for the data."""
        ...

    def first(self) -> Batch:
        """The batch of the next step, on the device; it stays the next."""
        ...

    def chunk(self, most: int, *, exact: bool = False) -> Chunk:
        """The next steps, at least 1 and at most `most`.

        Args:
            most: steps.
            exact: wait for all of them, if the epoch has so many of one shape; else take those that are ready.
        """
        ...

    def samples(self, epoch: int, step: int) -> Order | None:
        """Numbers of the samples of a step, (batch,) int32, both counted from 0; None where samples have no numbers."""
        ...

    def close(self) -> None:
        """No more steps are wanted; ends what runs in the background."""
        ...


class Resident:
    """All samples lie on the device.

    Args:
        data: arrays (samples, ...) on the device.
        schedule: which samples each step takes.
    """

    own_batches = False
    exhausted = False
    waited = 0.0

    def __init__(self, data: Batch, schedule: Schedule):
        self._data, self._schedule = data, schedule
        self.batch_size = schedule.batch_size
        self.steps_per_epoch: int | None = schedule.steps_per_epoch or schedule.batches
        self.most_shapes = shapes_of(schedule)
        self.timed_steps = full_steps(schedule)
        self.notes: list[Text] = []
        self._order, self._done = schedule.order(0)[:0], 0

    def begin(self, epoch: int, done: int) -> None:
        """See `Feed`."""
        self._order, self._done = self._schedule.order(epoch), done

    def more(self) -> bool:
        """See `Feed`."""
        return self._done * self.batch_size < len(self._order)

    def first(self) -> Batch:
        """See `Feed`."""
        return take(self._data, self._order[self._done * self.batch_size :][: self.batch_size])

    def chunk(self, most: int, *, exact: bool = False) -> Rows:  # noqa: ARG002 (nothing to wait for)
        """See `Feed`."""
        indices = in_batches(self._order, self.batch_size, self._done, most)
        self._done += len(indices)
        return Rows(self._data, indices)

    def samples(self, epoch: int, step: int) -> Order:
        """See `Feed`."""
        return self._schedule.samples_of(epoch, step)

    def close(self) -> None:
        """See `Feed`."""


def shapes_of(schedule: Schedule) -> int:
    """Batch shapes that arrays give: the full batch, and the smaller one at the end."""
    return 1 + bool(schedule.samples % schedule.batch_size)


def full_steps(schedule: Schedule) -> int:
    """Full steps of the first epoch, at least 1."""
    return max(1, min(schedule.steps(0), schedule.samples // schedule.batch_size))


def batch_size_of(batch: Batch) -> int:
    """Number of samples of a batch."""
    import jax

    return int(jax.tree.leaves(tuple(batch))[0].shape[0])


def shapes(batch: Batch) -> tuple[Any, ...]:
    """Shapes and types of all arrays of a batch; the same step fits two batches where these are equal."""
    import jax

    leaves: Sequence[Any] = jax.tree.leaves(tuple(batch))
    return (jax.tree.structure(tuple(batch)), *((tuple(leaf.shape), str(leaf.dtype)) for leaf in leaves))
