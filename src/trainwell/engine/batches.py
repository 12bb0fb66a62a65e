"""Data as the device takes them, and the order in which an epoch goes through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.engine.step import Batch
from trainwell.errors import DataError, SettingError
from trainwell.locales import Text

Order = npt.NDArray[np.int32]


def host_arrays(x: Any, y: Any = None, sample_weight: Any = None) -> Batch:
    """All samples as NumPy arrays; nothing is copied, a `numpy.memmap` stays on disk.

    Raises:
        DataError: the parts have different numbers of samples, or do not hold numbers.
    """
    import jax

    arrays = Batch(*(jax.tree.map(_numbers, part) for part in (x, y, sample_weight)))
    lengths = sorted({len(leaf) for leaf in jax.tree.leaves(arrays)})
    if len(lengths) != 1:
        raise DataError(
            Text(
                en=f"x, y and sample_weight must have the same number of samples, given: {lengths}",
                zh=f"x、y 与 sample_weight 的样本数必须相同，给出的是：{lengths}",
            )
        )
    return arrays


def _numbers(values: Any) -> npt.NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind not in "biufV":
        raise DataError(
            Text(
                en=f"expected numbers to train on, given values of type {array.dtype}; convert them first",
                zh=f"训练数据应为数值，给出的类型是 {array.dtype}；请先转换",
            )
        )
    if not array.ndim:
        raise DataError(
            Text(
                en="expected arrays with samples along their first axis, given a single number; make lists into "
                "arrays with numpy.array",
                zh="需要第一个轴为样本的数组，给出的是单个数值；列表请先用 numpy.array 转为数组",
            )
        )
    return array


def device_type(array: npt.NDArray[Any]) -> np.dtype[Any]:
    """The type of an array on the device: floats of 64 bits become float32, whole numbers as they fit into int32."""
    if array.dtype == np.float64:
        return np.dtype(np.float32)
    if array.dtype.kind in "iu" and array.dtype.itemsize > 4:
        return np.dtype(np.int32)
    return array.dtype.newbyteorder("=")


def device_bytes(arrays: Batch, samples: int | None = None) -> int:
    """Bytes that these arrays, or so many samples of them, take on the device."""
    import jax

    return sum(
        (len(leaf) if samples is None else samples) * int(np.prod(leaf.shape[1:])) * device_type(leaf).itemsize
        for leaf in jax.tree.leaves(arrays)
    )


def to_device(arrays: Batch) -> Batch:
    """These NumPy arrays on the default device."""
    import jax
    import jax.numpy as jnp

    return Batch(*jax.tree.map(lambda a: jnp.asarray(a.astype(device_type(a), copy=False)), tuple(arrays)))


def copy_to_device(arrays: Batch) -> Batch:
    """Copies on the default device, of arrays that their owner may fill anew the next moment."""
    import jax
    import jax.numpy as jnp

    return Batch(*jax.tree.map(lambda a: jnp.array(a.astype(device_type(a), copy=False), copy=True), tuple(arrays)))


def sample_weights(y: Any, class_weight: Mapping[int, float] | None, sample_weight: Any) -> Any:
    """Weights of the samples, (samples,) float32 or None, from weights of the classes if those are given.

    Args:
        y: class numbers (samples,) or (samples, 1), or one-hot (samples, classes).
        class_weight: class number -> weight; a class that is not named weighs 1, as in Keras.
        sample_weight: given weights of the samples, or None.

    Raises:
        SettingError: both kinds of weights are given, or there are no classes to weigh.
    """
    if class_weight is None:
        return sample_weight
    if sample_weight is not None:
        raise SettingError(
            Text(
                en="class_weight and sample_weight cannot be used together; multiply them into sample_weight",
                zh="class_weight 与 sample_weight 不能同时使用；请把二者相乘后作为 sample_weight 传入",
            )
        )
    if y is None:
        raise SettingError(
            Text(
                en="class_weight needs class numbers as targets, but there are no targets; leave it out",
                zh="class_weight 需要以类别编号作为目标，但没有目标；请去掉该参数",
            )
        )
    labels = np.asarray(y)
    if labels.ndim == 2:
        labels = labels.argmax(axis=1) if labels.shape[1] > 1 else labels[:, 0]
    weights = np.ones(int(max(labels.max(), max(class_weight))) + 1, np.float32)
    weights[list(class_weight)] = list(class_weight.values())
    return weights[labels.astype(np.int64)]


def epoch_order(samples: int, seed: int, epoch: int, *, shuffle: bool) -> Order:
    """The order of the samples in one epoch, (samples,) int32.

    A function of seed and epoch alone, so a resumed training sees what the uninterrupted one would have seen.
    """
    if not shuffle:
        return np.arange(samples, dtype=np.int32)
    return np.random.default_rng([seed, epoch]).permutation(samples).astype(np.int32)


@dataclass(frozen=True)
class Span:
    """The steps of one epoch: from which pass over the data, from which step of it on, and how many."""

    lap: int
    first: int
    steps: int


def span(epoch: int, batches: int, steps_per_epoch: int | None) -> Span:
    """The steps of an epoch where one pass over the data has so many batches.

    As in Keras, an epoch of fewer steps goes on where the last one ended, and none reaches over the end of the data.

    >>> [span(epoch, batches=5, steps_per_epoch=2) for epoch in range(3)]
    [Span(lap=0, first=0, steps=2), Span(lap=0, first=2, steps=2), Span(lap=0, first=4, steps=1)]
    >>> span(7, batches=5, steps_per_epoch=None)
    Span(lap=7, first=0, steps=5)
    """
    if steps_per_epoch is None:
        return Span(epoch, 0, batches)
    lap, place = divmod(epoch, -(-batches // steps_per_epoch))
    first = place * steps_per_epoch
    return Span(lap, first, min(steps_per_epoch, batches - first))


@dataclass(frozen=True)
class Schedule:
    """Which samples each step of each epoch takes.

    Attributes:
        samples: of the training data.
        batch_size: of one step; the last of a pass over the data may have fewer.
        seed: fixes the order.
        shuffle: a new order for each pass.
        steps_per_epoch: None for a whole pass.
    """

    samples: int
    batch_size: int
    seed: int
    shuffle: bool
    steps_per_epoch: int | None

    @property
    def batches(self) -> int:
        """Steps of one pass over the data."""
        return -(-self.samples // self.batch_size)

    def steps(self, epoch: int) -> int:
        """Steps of this epoch."""
        return span(epoch, self.batches, self.steps_per_epoch).steps

    def order(self, epoch: int) -> Order:
        """The samples of this epoch in their order, (samples of the epoch,) int32."""
        part = span(epoch, self.batches, self.steps_per_epoch)
        order = epoch_order(self.samples, self.seed, part.lap, shuffle=self.shuffle)
        return order[part.first * self.batch_size : (part.first + part.steps) * self.batch_size]

    def samples_of(self, epoch: int, step: int) -> Order:
        """The samples of one step of an epoch, (batch,) int32; both counted from 0."""
        return self.order(epoch)[step * self.batch_size :][: self.batch_size]


def in_batches(order: Order, batch_size: int, done: int, most: int) -> Order:
    """The next at most `most` steps after `done`, (steps, batch) int32; the smaller last batch comes alone.

    >>> in_batches(np.arange(7, dtype=np.int32), batch_size=3, done=1, most=9).tolist()
    [[3, 4, 5]]
    >>> in_batches(np.arange(7, dtype=np.int32), batch_size=3, done=2, most=9).tolist()
    [[6]]
    """
    full = len(order) // batch_size
    if done >= full:
        return order[None, full * batch_size :]
    return order[: full * batch_size].reshape(full, batch_size)[done : done + most]


def take(data: Batch, indices: Any) -> Batch:
    """The samples with these numbers, (batch,) int32; inside the compiled step."""
    import jax

    return Batch(*jax.tree.map(lambda array: array[indices], tuple(data)))
