"""Steps whose batches come from a generator or dataset, made ready in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from trainwell.engine.batches import copy_to_device, device_bytes, host_arrays, sample_weights
from trainwell.engine.feeds import Batches, batch_size_of, shapes
from trainwell.engine.look_ahead import LookAhead
from trainwell.engine.sampling import TRIAL_STEPS
from trainwell.engine.sources import END, Job, Source, unpacked
from trainwell.engine.step import Batch
from trainwell.errors import DataError
from trainwell.locales import Text

MOST_SHAPES = 32  # batch shapes of one training; each costs seconds of compiling and stays in memory
AHEAD_BYTES = 256 * 2**20  # batches made ahead may take this much, but two are always allowed


class BatchFeed:
    """The batches of a source, checked and on the device before they are needed.

    Args:
        source: gives them.
        class_weight: class number -> weight of its samples; or None.
        initial_epoch: where a training that is not resumed begins.
    """

    own_batches = True
    most_shapes = MOST_SHAPES

    def __init__(self, source: Source, class_weight: Mapping[int, float] | None, initial_epoch: int = 0):
        self._source, self._class_weight, self._initial_epoch = source, class_weight, initial_epoch
        self.steps_per_epoch = source.steps_per_epoch
        self.timed_steps = max(1, min(TRIAL_STEPS, (self.steps_per_epoch or TRIAL_STEPS + 1) - 1))
        self.notes: list[Text] = []
        self.batch_size = 0
        self.exhausted = False
        self._depth = 0
        self._waited = 0.0
        self._ahead: LookAhead[Batch] | None = None
        self._begun: tuple[int, int] | None = None
        self._open = False  # within an epoch of the source

    @property
    def waited(self) -> float:
        """See `Feed`."""
        return self._waited + (self._ahead.waited if self._ahead else 0.0)

    def begin(self, epoch: int, done: int) -> None:
        """See `Feed`; nothing of an epoch is read before it begins, for its source may change in between."""
        if self._begun == (epoch, done):  # the first batch was asked for already, to build the model with
            return
        resumed = self._begun is None and (epoch, done) != (self._initial_epoch, 0)
        if resumed and not self._source.exact:
            self.notes.append(RESUMED_ANEW)
        self._end()
        self._begun, self._open = (epoch, done), True
        jobs = self._jobs(epoch, done)
        if not self._depth:  # how large a batch is shows when there is one
            self._ahead = LookAhead(jobs, depth=1, workers=self._source.workers)
            first = self._ahead.peek()
            room = AHEAD_BYTES // max(1, _bytes(first)) if first is not None else 1
            self._depth = max(2, self._source.workers, min(self._source.ahead, room))
            self._ahead.deepen(self._depth)
        else:
            self._ahead = LookAhead(jobs, self._depth, self._source.workers)

    def _jobs(self, epoch: int, done: int) -> Iterator[Callable[[], Batch | None]]:
        first = epoch * (self.steps_per_epoch or 0) + done + 1
        for number, job in enumerate(self._source.jobs(epoch, done), start=first):
            yield partial(self._load, job, number)

    def _load(self, job: Job, number: int) -> Batch | None:
        """One batch, checked, on the device; None at the end."""
        raw = job()
        if raw is END:
            self.exhausted = self._source.once
            return None
        x, y, weight = unpacked(raw, number)
        try:
            arrays = host_arrays(x, y, sample_weights(y, self._class_weight, weight))
        except DataError as error:
            raise DataError(
                Text(en=f"batch {number}: {error.message.en}", zh=f"第 {number} 个批次：{error.message.zh}")
            ) from error
        if not batch_size_of(arrays):
            raise DataError(
                Text(
                    en=f"batch {number} has no samples; leave empty batches out",
                    zh=f"第 {number} 个批次没有样本；请去掉空批次",
                )
            )
        return copy_to_device(arrays)

    def more(self) -> bool:
        """See `Feed`."""
        if self._ahead is not None and self._ahead.more():
            return True
        self._end()
        return False

    def first(self) -> Batch:
        """See `Feed`.

        Raises:
            DataError: there is no batch.
        """
        batch = self._ahead.peek() if self._ahead else None
        if batch is None:
            raise DataError(
                Text(
                    en="the data gave no batch at all; expected (x, y) or (x, y, sample_weight) at least once (a "
                    "generator that was used before has nothing left: make a new one)",
                    zh="数据没有给出任何批次；至少应给出一次 (x, y) 或 (x, y, sample_weight)"
                    "（用过的生成器已没有剩余数据，请重新创建）",
                )
            )
        self.batch_size = self.batch_size or batch_size_of(batch)
        return batch

    def chunk(self, most: int, *, exact: bool = False) -> Batches:
        """See `Feed`."""
        kind = shapes(self.first())
        found: list[Batch] = []
        while len(found) < most and self._ahead and (exact or not found or self._ahead.ready()):
            batch = self._ahead.peek()
            if batch is None or shapes(batch) != kind:
                break
            found.append(self._ahead.take())
        return Batches(tuple(found))

    def _end(self) -> None:
        """Stop making batches, and tell the source that its epoch is over."""
        self._waited = self.waited
        if self._ahead:
            self._ahead.close()
        self._ahead = None
        if self._open:
            self._open = False
            self._source.epoch_end()

    def samples(self, epoch: int, step: int) -> None:  # noqa: ARG002 (batches come as somebody made them)
        """See `Feed`."""
        return

    def close(self) -> None:
        """See `Feed`."""
        self._end()
        self._source.close()


def _bytes(batch: Batch) -> int:
    return device_bytes(batch)


RESUMED_ANEW = Text(
    en="The training was resumed, but where its generator or dataset had stood cannot be known: it begins anew, so the "
    "weights will not be those of the uninterrupted training. Arrays and a keras.utils.PyDataset resume exactly.",
    zh="训练已恢复，但无法得知生成器或数据集此前的位置：它将从头开始，因此权重不会与未中断的训练相同。"
    "使用数组或 keras.utils.PyDataset 可以精确恢复。",
)
