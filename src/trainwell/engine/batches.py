"""Data on the device, and the order in which an epoch goes through them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.engine.step import Batch
from trainwell.errors import DataError, SettingError
from trainwell.locales import Text

Order = npt.NDArray[np.int32]


def to_device(x: Any, y: Any, sample_weight: Any = None) -> Batch:
    """All samples as arrays on the default device: floats as float32, whole numbers as they fit into int32.

    Raises:
        DataError: the parts have different numbers of samples.
    """
    import jax

    arrays = Batch(*(jax.tree.map(_device_array, part) for part in (x, y, sample_weight)))
    lengths = sorted({len(leaf) for leaf in jax.tree.leaves(arrays)})
    if len(lengths) != 1:
        raise DataError(
            Text(
                en=f"x, y and sample_weight must have the same number of samples, given: {lengths}",
                zh=f"x、y 与 sample_weight 的样本数必须相同，给出的是：{lengths}",
            )
        )
    return arrays


def _device_array(values: Any) -> Any:
    import jax.numpy as jnp

    array = np.asarray(values)
    if array.dtype.kind not in "biufV":
        raise DataError(
            Text(
                en=f"expected numbers to train on, given values of type {array.dtype}; convert them first",
                zh=f"训练数据应为数值，给出的类型是 {array.dtype}；请先转换",
            )
        )
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    elif array.dtype.kind in "iu" and array.dtype.itemsize > 4:
        array = array.astype(np.int32)
    return jnp.asarray(array)


def sample_weights(y: Any, class_weight: Mapping[int, float] | None, sample_weight: Any) -> Any:
    """Weights of the samples, (samples,) float32 or None, from weights of the classes if those are given.

    Args:
        y: class numbers (samples,) or (samples, 1), or one-hot (samples, classes).
        class_weight: class number -> weight; a class that is not named weighs 1, as in Keras.
        sample_weight: given weights of the samples, or None.

    Raises:
        SettingError: both kinds of weights are given.
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


def take(data: Batch, indices: Any) -> Batch:
    """The samples with these numbers, (batch,) int32; inside the compiled step."""
    import jax

    return Batch(*jax.tree.map(lambda array: array[indices], tuple(data)))
