"""Inputs as they must be: (samples, ...) in uint8 or float32, finite, and of a known kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Kind
from trainwell.errors import DataError
from trainwell.locales import Text

Array = npt.NDArray[Any]
SMALLEST_SIDE = 8  # a 3-D float array of smaller squares may as well be short sequences


def as_array(values: Any, what: Text) -> Array:
    """A NumPy array of `values`.

    Raises:
        DataError: rows of different lengths, mixed objects, text mixed with numbers, or no samples.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype == object and array.ndim == 1 and len(array) and all(isinstance(v, str) for v in array):
        array = array.astype(np.str_)  # a column of a data frame holds its text so
    if array.dtype == object or array.ndim == 0:
        raise DataError(
            Text(
                en=f"{what.en} is not one array of numbers (rows of different lengths, or mixed objects); "
                'give samples of one shape and one type, or kind="sequence" if they are sequences of different lengths',
                zh=f"{what.zh} 不是统一的数值数组（各行长度不同，或混有不同类型的对象）；请提供形状和类型一致的样本，"
                '若是长度不等的序列，请指定 kind="sequence"',
            )
        )
    if array.size == 0:
        shape = array.shape
        raise DataError(
            Text(
                en=f"{what.en} is empty, its shape is {shape}; give at least one sample with at least one value",
                zh=f"{what.zh} 为空，形状为 {shape}；请至少提供一个含有数值的样本",
            )
        )
    return array


def check_finite(array: Array, what: Text) -> None:
    """Refuse NaN and infinite values.

    Raises:
        DataError: with the first place and the number of such values.
    """
    if array.dtype.kind not in "fc":
        return
    bad = ~np.isfinite(array)
    count = int(np.count_nonzero(bad))
    if count:
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), array.shape))
        where = place[0] if len(place) == 1 else place
        value = "NaN" if np.isnan(array[place]) else "infinite"
        raise DataError(
            Text(
                en=f"{what.en} has {count} NaN or infinite value{'s' * (count != 1)}, the first ({value}) at index "
                f"{where}; replace them or drop these samples",
                zh=f"{what.zh} 中有 {count} 个 NaN 或无穷值，第一个（{'NaN' if value == 'NaN' else '无穷'}）"
                f"位于索引 {where}；请替换这些值或去掉相应样本",
            )
        )


def as_inputs(x: Any, kind: Kind | None, what: Text) -> tuple[Array, Kind]:
    """Checked inputs and their kind.

    Args:
        x: images (samples, height, width, channels) with 1 or 3 channels, grey images (samples, height, width), a
            table (samples, columns), or sequences (samples, steps, channels), or (samples, steps) of one channel.
        kind: what the caller says it is, or None: four axes are images; three are images if they are uint8 or
            squares of at least 8, else sequences; two are a table.
        what: how to call `x` in an error.

    Returns:
        Images always with four axes, uint8 if they came so; everything else as float32.

    Raises:
        DataError: not numbers, empty, NaN or infinite, or a shape that fits no kind.
    """
    array = as_array(x, what)
    if array.dtype.kind not in "biuf":
        raise DataError(
            Text(
                en=f"{what.en} holds {array.dtype} values, but numbers are expected; turn text and dates into numbers",
                zh=f"{what.zh} 中是 {array.dtype} 类型的值，但需要数值；请先把文字和日期转换为数值",
            )
        )
    found = kind or _guess(array, what)
    if found == "image":
        array = _as_images(array, what)
    elif found == "sequence":
        array = _as_sequences(array, what)
    elif array.ndim != 2:
        raise _wrong_shape(array, what, Text(en="a table is (samples, columns)", zh="表格应为（样本数，列数）"))
    if found == "image" and array.dtype == np.uint8:
        return np.ascontiguousarray(array), found
    check_finite(array, what)
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(array, dtype=np.float32)
    if array.dtype == np.float64 and np.isinf(single).any():
        limit = f"{np.finfo(np.float32).max:.2g}"
        raise DataError(
            Text(
                en=f"{what.en} has values beyond {limit}, the largest a float32 can hold; scale them down",
                zh=f"{what.zh} 中有超过 {limit}（float32 的最大值）的数；请先缩小数值范围",
            )
        )
    return single, found


def _guess(array: Array, what: Text) -> Kind:
    if array.ndim == 4:
        return "image"
    if array.ndim == 2:
        return "table"
    if array.ndim == 3:
        height, width = array.shape[1:]
        image = array.dtype == np.uint8 or (height == width and height >= SMALLEST_SIDE)
        return "image" if image else "sequence"
    hint = Text(
        en="expected are images (samples, height, width, channels), a table (samples, columns) or sequences (samples, "
        "steps, channels)",
        zh="需要图像（样本数，高，宽，通道数）、表格（样本数，列数）或序列（样本数，步数，通道数）",
    )
    raise _wrong_shape(array, what, hint)


def _as_sequences(array: Array, what: Text) -> Array:
    if array.ndim in (2, 3):
        return array if array.ndim == 3 else array[..., np.newaxis]
    hint = Text(
        en="sequences are (samples, steps, channels), or (samples, steps) of one channel",
        zh="序列应为（样本数，步数，通道数），单通道也可以是（样本数，步数）",
    )
    raise _wrong_shape(array, what, hint)


def _as_images(array: Array, what: Text) -> Array:
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.ndim == 4 and array.shape[-1] in (1, 3):
        return array
    if array.ndim == 4 and array.shape[1] in (1, 3):
        hint = Text(
            en="the channels seem to stand first, they must stand last: np.moveaxis(x, 1, -1)",
            zh="通道似乎在前，应放在最后：np.moveaxis(x, 1, -1)",
        )
    else:
        hint = Text(
            en="images are (samples, height, width, channels) with 1 or 3 channels, or (samples, height, width)",
            zh="图像应为（样本数，高，宽，通道数），通道数为 1 或 3，或者（样本数，高，宽）",
        )
    raise _wrong_shape(array, what, hint)


def _wrong_shape(array: Array, what: Text, hint: Text) -> DataError:
    return DataError(
        Text(
            en=f"{what.en} has the shape {array.shape}; {hint.en}",
            zh=f"{what.zh} 的形状为 {array.shape}；{hint.zh}",
        )
    )
