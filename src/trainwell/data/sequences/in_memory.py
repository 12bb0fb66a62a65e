"""Sequences of any length in memory: checked, gaps filled, and padded to one length when they become an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.padding import STEP
from trainwell.errors import DataError
from trainwell.locales import Text

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.float32]
MOST_MISSING = 0.25  # share of the steps of one channel that may be filled; beyond, the line drawn is mostly invented
_LARGEST = 1e29  # no measurement is as large; what stands behind the end of a sequence must be unlike every one
_SINGLE_STEP = float(np.float32(STEP))  # what an array of doubles holds that was padded in single precision
_AXES = Text(en="(steps, channels) or (steps,)", zh="（步数，通道数）或（步数，）")


@dataclass(frozen=True, eq=False)
class RawSequences:
    """Sequences before they have one length.

    Attributes:
        rows: one per sample, float32 (steps, channels), finite, one step at least.
    """

    rows: Sequence[Rows]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Steps of each sequence, (samples,)."""
        return np.fromiter((len(row) for row in self.rows), np.int64, len(self.rows))

    def take(self, places: npt.NDArray[np.int64]) -> RawSequences:
        """The sequences at these places."""
        return RawSequences([self.rows[place] for place in places.tolist()])


def sequences(x: Any, what: Text, lengths: Any = None) -> tuple[RawSequences, tuple[Note, ...]]:
    """Checked sequences, and what was done to them.

    Gaps (NaN) inside a sequence become the straight line between their neighbours, at its ends the nearest value. An
    array without `lengths` ends a sequence where all that follows is NaN, or padding of `trainwell.data.padding`.

    Args:
        x: numbers: an array (samples, steps, channels), or (samples, steps) of one channel; or one array (steps,
            channels) or (steps,) per sample, in a list or an array of objects.
        what: how to call `x` in an error.
        lengths: steps of each sequence of an array, whole numbers (samples,); what is behind is padding.

    Raises:
        DataError: not numbers, different numbers of channels, a sequence without a step, infinite or too large
            values, too many gaps, or lengths that do not fit; with the sample, step and channel.

    >>> found, _ = sequences([[1, float("nan"), 3, 5], [7, 8]], Text("x", "x"))
    >>> [row[:, 0].tolist() for row in found.rows]
    [[1.0, 2.0, 3.0, 5.0], [7.0, 8.0]]
    """
    together = _one_array(x)
    if together is not None and together.shape[:1] == (0,):
        raise _wrong(what, "holds no sequence; give at least one", "中没有序列；请至少提供一个")
    if together is not None:
        array = _three_axes(together, what)
        rows = _shortened(array, lengths, what)
    elif lengths is not None:
        raise _wrong(what, "has lengths beside it, but is no array", "附有长度，但本身不是数组")
    else:
        rows = [_two_axes(row, place, what) for place, row in enumerate(x)]
    width = rows[0].shape[1]
    for place, row in enumerate(rows):
        if row.shape[1] != width:
            raise _wrong(
                what,
                f"has {width} channels in sample 0 and {row.shape[1]} in sample {place}; give all the same channels",
                f"的样本 0 有 {width} 个通道，而样本 {place} 有 {row.shape[1]} 个；请使通道一致",
            )
        if not row.size:
            raise _wrong(
                what,
                f"has a sequence without a step, sample {place}; leave it out",
                f"中样本 {place} 是没有任何步的空序列；请去掉它",
            )
    return _filled(rows, what)


def are_sequences(x: Any) -> bool:
    """Whether these are sequences without anybody saying so: arrays of different lengths, one per sample."""
    if isinstance(x, np.ndarray) and x.dtype != object:
        return False
    if not isinstance(x, list | np.ndarray) or not len(cast("list[Any]", x)):
        return False
    rows = list(cast("list[Any]", x))
    numeric = all(isinstance(row, np.ndarray) and row.dtype.kind in "biuf" and row.ndim in (1, 2) for row in rows)
    return numeric and (isinstance(x, np.ndarray) or len({len(row) for row in rows}) > 1)


def _one_array(x: Any) -> Array | None:
    """`x` as one array of numbers, or None if its samples have different lengths."""
    try:
        array = np.asarray(x)
    except ValueError:
        return None
    return None if array.dtype == object else array


def _three_axes(array: Array, what: Text) -> Array:
    if array.dtype.kind not in "biuf":
        raise _not_numbers(what, array.dtype)
    if array.ndim == 2:
        return array[..., np.newaxis]
    if array.ndim != 3:
        raise _wrong(
            what,
            f"has the shape {array.shape}; sequences are (samples, steps, channels), or (samples, steps) of one "
            "channel",
            f"的形状为 {array.shape}；序列应为（样本数，步数，通道数），单通道也可以是（样本数，步数）",
        )
    return array


def _two_axes(row: Any, place: int, what: Text) -> Array:
    array = _one_array(row)
    if array is None or array.dtype.kind not in "biuf":
        raise _not_numbers(what, "mixed" if array is None else array.dtype, place)
    if array.ndim not in (1, 2):
        raise _wrong(
            what,
            f"has sample {place} of shape {array.shape}; a sequence is {_AXES.en}",
            f"的样本 {place} 形状为 {array.shape}；每个序列应为{_AXES.zh}",
        )
    return array[:, np.newaxis] if array.ndim == 1 else array


def _shortened(array: Array, lengths: Any, what: Text) -> list[Array]:
    """The samples of an array without their padding."""
    if lengths is None:
        if array.dtype.kind != "f" or not array.size:
            return list(array)
        behind = (np.isnan(array) | (array == STEP) | (array == _SINGLE_STEP)).all(axis=2)
        if not behind[:, -1].any():
            return list(array)
        real = array.shape[1] - np.argmin(behind[:, ::-1], axis=1)
        real[behind.all(axis=1)] = 0
        return [row[:count] for row, count in zip(array, real.tolist(), strict=True)]
    given = np.asarray(lengths)
    whole = given.dtype.kind in "iu" or (given.dtype.kind == "f" and bool((given == np.floor(given)).all()))
    if given.shape != (len(array),) or not whole:
        raise _wrong(
            what,
            f"has {len(array):,} samples, but the lengths are {given.dtype} of shape {given.shape}; give one whole "
            "number for each sample",
            f"有 {len(array):,} 个样本，而长度数组为 {given.dtype}，形状 {given.shape}；请为每个样本给一个整数",
        )
    bad = np.flatnonzero((given < 0) | (given > array.shape[1]))
    if len(bad):
        place = int(bad[0])
        raise _wrong(
            what,
            f"has {array.shape[1]} steps per sample, but the length of sample {place} is {given[place]:g}",
            f"每个样本有 {array.shape[1]} 步，而样本 {place} 的长度却是 {given[place]:g}",
        )
    return [row[: int(count)] for row, count in zip(array, given.tolist(), strict=True)]


def _filled(rows: Sequence[Array], what: Text) -> tuple[RawSequences, tuple[Note, ...]]:
    """Rows as float32 without gaps."""
    made: list[Rows] = []
    values, touched = 0, 0
    for place, row in enumerate(rows):
        large = ~(np.abs(row) < _LARGEST) & ~np.isnan(row) if row.dtype.kind == "f" else np.abs(row) >= _LARGEST
        if large.any():
            step, channel = (int(i) for i in np.argwhere(large)[0])
            raise _wrong(
                what,
                f"has the value {row[step, channel]:g} in sample {place}, step {step}, channel {channel}; values must "
                f"be below {_LARGEST:g}",
                f"在样本 {place}、第 {step} 步、通道 {channel} 处的值是 {row[step, channel]:g}；"
                f"数值的绝对值应小于 {_LARGEST:g}",
            )
        gaps = np.isnan(row) if row.dtype.kind == "f" else None
        if gaps is not None and gaps.any():
            row = _interpolated(row, gaps, place, what)
            values += int(gaps.sum())
            touched += 1
        made.append(np.ascontiguousarray(row, dtype=np.float32))
    return RawSequences(made), (_gaps_note(values, touched, what),) if values else ()


def _interpolated(row: Array, gaps: npt.NDArray[np.bool_], place: int, what: Text) -> Array:
    result = row.astype(np.float64)
    steps = np.arange(len(row))
    for channel in np.flatnonzero(gaps.any(axis=0)).tolist():
        missing = gaps[:, channel]
        count = int(missing.sum())
        if count > MOST_MISSING * len(row):
            step = int(np.argmax(missing))
            raise _wrong(
                what,
                f"has {count} NaN among the {len(row)} values of sample {place}, channel {channel}, the first in step "
                f"{step}; up to {MOST_MISSING:.0%} are filled, leave the sample or the channel out",
                f"在样本 {place}、通道 {channel} 的 {len(row)} 个值中有 {count} 个 NaN，第一个在第 {step} 步；"
                f"最多只补 {MOST_MISSING:.0%}，请去掉该样本或该通道",
            )
        result[missing, channel] = np.interp(steps[missing], steps[~missing], result[~missing, channel])
    return result


def _gaps_note(values: int, touched: int, what: Text) -> Note:
    return Note(
        "warning",
        Text(
            en=f"{values:,} missing value{'s' * (values != 1)} of {what.en}, in {touched:,} "
            f"sequence{'s' * (touched != 1)}: filled by straight lines between their neighbours in the sequence.",
            zh=f"{what.zh} 中有 {touched:,} 个序列共缺 {values:,} 个值：已在序列内按相邻值线性插值补齐。",
        ),
    )


def _not_numbers(what: Text, dtype: object, place: int | None = None) -> DataError:
    where_en, where_zh = ("", "") if place is None else (f" in sample {place}", f"（样本 {place}）")
    return _wrong(
        what,
        f"holds {dtype} values{where_en}, but numbers are expected; a sequence is {_AXES.en}",
        f"中是 {dtype} 类型的值{where_zh}，但需要数值；每个序列应为{_AXES.zh}",
    )


def _wrong(what: Text, en: str, zh: str) -> DataError:
    return DataError(Text(en=f"{what.en} {en}", zh=f"{what.zh} {zh}"))
