"""Targets as they must be: class numbers, or float32 values to predict. Which of the two is decided here, aloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note, Task
from trainwell.data.files.natural_order import natural_key
from trainwell.data.inputs import as_array, check_finite
from trainwell.errors import DataError
from trainwell.locales import Text

Array = npt.NDArray[Any]
_FEW_VALUES = 20  # whole floats with at most so many distinct values are read as classes
_MANY_CLASSES = 100  # integers with more distinct values, and more than _MANY_SHARE of the samples, are read as values
_MANY_SHARE = 0.05


@dataclass(frozen=True)
class Targets:
    """How the targets of this data are read.

    Attributes:
        task: what is to be learned.
        class_names: one per class or label; () where there are none.
        labels: the label of each class as it stands in the data; () where samples are not of one class each.
        notes: what was decided.
    """

    task: Task
    class_names: tuple[str, ...] = ()
    labels: tuple[object, ...] = ()
    notes: tuple[Note, ...] = ()

    def encode(self, y: Any, what: Text) -> Array:
        """Targets of one part as class numbers (samples,) int32, or float32 (samples, outputs or labels).

        Raises:
            DataError: a label that is not among the classes, or values that cannot be read as `interpret` read them.
        """
        values, _ = _plain(y, self.task, what)
        if self.task not in ("binary", "multiclass"):
            return _as_float32(values.reshape(len(values), -1), what)
        numbers = {label: number for number, label in enumerate(self.labels)}
        distinct, first, inverse = np.unique(values, return_index=True, return_inverse=True)
        for label, index in zip(distinct.tolist(), first.tolist(), strict=True):
            if label not in numbers:
                raise _unknown_label(label, index, what, self.labels)
        return np.asarray([numbers[label] for label in distinct.tolist()], dtype=np.int32)[inverse.reshape(-1)]


def interpret(y: Any, *, task: Task | None, class_names: Sequence[str], what: Text) -> Targets:
    """Decide from the training targets what is to be learned.

    Text, booleans, one-hot rows and integers are classes; floats are values to predict. Two borders are guessed, and a
    note says so: whole floats with few distinct values are classes, integers with very many are values.

    Args:
        y: (samples,) labels or values, (samples, classes) one-hot rows, or (samples, outputs) values.
        task: what the caller says, or None.
        class_names: names of the labels 0, 1, ...; or the names as they stand in `y`; or empty.
        what: how to call `y` in an error.

    Raises:
        DataError: one class only, labels outside the range of the names, negative labels, several labels per sample,
            NaN, or targets that do not fit `task`.
    """
    values, width = _plain(y, task, what)
    if values.ndim == 2 and task in (None, "multilabel") and bool(np.isin(values, (0, 1)).all()):
        return _several_labels(values, tuple(class_names), task, what)
    regression, notes = _is_regression(values, task, bool(class_names) or width > 0, what)
    if regression:
        return Targets("regression", notes=notes)
    labels, names, more = _classes(values, width, tuple(class_names), what)
    present = np.unique(values)
    if len(present) < 2:
        raise one_class_only(names[labels.index(present.tolist()[0])])
    absent = [n for label, n in zip(labels, names, strict=True) if label not in set(present.tolist())]
    if absent:
        more = (*more, _absent_classes(absent))
    if task == "binary" and len(names) != 2:
        count = len(names)
        raise DataError(
            Text(
                en=f'{what.en} has {count} classes, but task="binary" needs 2; use task="multiclass" or no task',
                zh=f'{what.zh} 有 {count} 个类别，但 task="binary" 需要 2 个；请使用 task="multiclass" 或不指定 task',
            )
        )
    return Targets(task or ("binary" if len(names) == 2 else "multiclass"), names, labels, (*notes, *more))


def one_class_only(name: str) -> DataError:
    """The error for data in which there is nothing to tell apart."""
    return DataError(
        Text(
            en=f"all samples are of one class, {name!r}; telling classes apart needs at least two",
            zh=f"所有样本都属于同一个类别 {name!r}；分类至少需要两个类别",
        )
    )


def _plain(y: Any, task: Task | None, what: Text) -> tuple[Array, int]:
    """Targets as (samples,), or (samples, outputs) values; and the number of columns if they were one-hot, else 0."""
    values = as_array(y, what)
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    if values.dtype.kind not in "biufU":
        raise DataError(
            Text(
                en=f"{what.en} holds {values.dtype} values; expected are class names, integers, or numbers to predict",
                zh=f"{what.zh} 中是 {values.dtype} 类型的值；需要类别名、整数或要预测的数值",
            )
        )
    check_finite(values, what)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 1:
        return values, 0
    if values.ndim > 2 or values.dtype.kind == "U":
        raise DataError(
            Text(
                en=f"{what.en} has the shape {values.shape}; expected is one target per sample, (samples,), "
                "or several numbers to predict, (samples, outputs)",
                zh=f"{what.zh} 的形状为 {values.shape}；每个样本应有一个目标（样本数，），"
                "或多个要预测的数值（样本数，输出数）",
            )
        )
    if task in ("regression", "forecasting", "multilabel") or not bool(np.isin(values, (0, 1)).all()):
        return values, 0
    sums = values.astype(np.int64).sum(axis=1)
    if bool((sums == 1).all()):
        return values.argmax(axis=1), int(values.shape[1])
    if task is None:
        return values, 0
    row = int(np.argmax(sums != 1))
    raise DataError(
        Text(
            en=f'{what.en} has {int(sums[row])} ones in row {row}, but task="{task}" wants one class per sample; give '
            'task="multilabel" if a sample may have several labels or none',
            zh=f'{what.zh} 的第 {row} 行有 {int(sums[row])} 个 1，而 task="{task}" 要求每个样本恰好一个类别；'
            '若一个样本可以有多个或没有标签，请指定 task="multilabel"',
        )
    )


def _several_labels(values: Array, names: tuple[str, ...], task: Task | None, what: Text) -> Targets:
    """Rows of 0 and 1 in which any number may be 1."""
    count = int(values.shape[1])
    if names and len(names) != count:
        raise DataError(
            Text(
                en=f"{what.en} has {count} labels, but {len(names)} names are given; give one name per label",
                zh=f"{what.zh} 有 {count} 个标签，却给出了 {len(names)} 个名称；请为每个标签给一个名称",
            )
        )
    names = names or tuple(str(i) for i in range(count))
    same = [name for name, column in zip(names, values.T, strict=True) if len(np.unique(column)) < 2]
    if same:
        raise DataError(
            Text(
                en=f"{what.en}: the label {same[0]!r} is the same in all training samples; leave it out",
                zh=f"{what.zh}：标签 {same[0]!r} 在所有训练样本中都相同；请去掉它",
            )
        )
    return Targets("multilabel", names, notes=() if task else (_read_as_labels(count),))


def _is_regression(values: Array, task: Task | None, named: bool, what: Text) -> tuple[bool, tuple[Note, ...]]:
    kind = values.dtype.kind
    if task == "regression":
        if kind == "U":
            raise DataError(
                Text(
                    en=f'{what.en} is text, but task="regression" needs numbers',
                    zh=f'{what.zh} 是文字，但 task="regression" 需要数值',
                )
            )
        return True, ()
    whole = kind != "f" or bool((values == np.floor(values)).all())
    if task is not None or named:
        if values.ndim == 2 or not whole:
            raise DataError(
                Text(
                    en=f"{what.en} holds numbers that are not class labels, of shape {values.shape}; give one integer "
                    'or name per sample, or task="regression"',
                    zh=f"{what.zh} 中的数值不是类别标签，形状为 {values.shape}；"
                    '请为每个样本提供一个整数或类别名，或指定 task="regression"',
                )
            )
        return False, ()
    if values.ndim == 2:
        return True, ()
    if kind in "bU":
        return False, ()
    distinct = len(np.unique(values))
    if kind == "f":
        if not whole or distinct > _FEW_VALUES:
            return True, ()
        return False, (_read_as_classes(distinct),)
    if distinct > _MANY_CLASSES and distinct > _MANY_SHARE * len(values):
        return True, (_read_as_values(distinct),)
    return False, ()


def _classes(
    values: Array, width: int, names: tuple[str, ...], what: Text
) -> tuple[tuple[object, ...], tuple[str, ...], tuple[Note, ...]]:
    """Labels and names of the classes, in order."""
    distinct, first = np.unique(values, return_index=True)
    found = distinct.tolist()
    if values.dtype.kind == "U":
        labels = names or tuple(sorted(found, key=natural_key))
        for label, index in zip(found, first.tolist(), strict=True):
            if label not in labels:
                raise _unknown_label(label, index, what, labels)
        return labels, labels, ()
    if values.dtype.kind == "b":
        return (False, True), names or ("False", "True"), ()
    if names or width:
        count = len(names) or width
        for label, index in zip(found, first.tolist(), strict=True):
            if not 0 <= label < count:
                raise _outside(label, index, count, what)
        return tuple(range(count)), names or tuple(str(i) for i in range(count)), ()
    if found[0] < 0:
        raise DataError(
            Text(
                en=f"{what.en} has the negative label {found[0]:g} at index {int(first[0])}; number the classes from "
                '0, name them by text, or give task="regression" if these are values',
                zh=f"{what.zh} 在索引 {int(first[0])} 处有负标签 {found[0]:g}；请从 0 开始给类别编号，或用文字命名；"
                '若这些是数值，请指定 task="regression"',
            )
        )
    whole = [int(v) for v in found]
    notes = () if whole == list(range(len(whole))) else (_renumbered(whole),)
    return tuple(whole), tuple(str(v) for v in whole), notes


def _as_float32(values: Array, what: Text) -> Array:
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    check_finite(single, what)
    return single


def _shown(items: Sequence[object], limit: int = 10) -> str:
    return ", ".join(str(i) for i in items[:limit]) + (", ..." if len(items) > limit else "")


def _unknown_label(label: object, index: int, what: Text, known: Sequence[object]) -> DataError:
    return DataError(
        Text(
            en=f"{what.en} has the label {label!r} at index {index}, which is not among the known classes "
            f"({_shown(known)})",
            zh=f"{what.zh} 在索引 {index} 处的标签 {label!r} 不在已知类别（{_shown(known)}）之中",
        )
    )


def _outside(label: float, index: int, count: int, what: Text) -> DataError:
    return DataError(
        Text(
            en=f"{what.en} has the label {label:g} at index {index}, outside the range 0 to {count - 1} of the "
            f"{count} classes",
            zh=f"{what.zh} 在索引 {index} 处的标签 {label:g} 超出了 {count} 个类别的范围 0 到 {count - 1}",
        )
    )


def _absent_classes(names: Sequence[str]) -> Note:
    return Note(
        "warning",
        Text(
            en=f"No sample for training in {len(names)} of the named classes: {_shown(names)}.",
            zh=f"有 {len(names)} 个已命名的类别没有训练样本：{_shown(names)}。",
        ),
    )


def _read_as_labels(count: int) -> Note:
    return Note(
        "info",
        Text(
            en=f"Rows of {count} zeros and ones with any number of ones: read as several labels per sample. To predict "
            'them as numbers, give task="regression".',
            zh=f"目标是 {count} 个 0/1 组成的行，其中 1 的个数不定：按多标签处理。"
            '若要预测数值，请指定 task="regression"。',
        ),
    )


def _read_as_classes(distinct: int) -> Note:
    return Note(
        "info",
        Text(
            en=f"The targets are floats but all whole, with {distinct} distinct values: read as classes. "
            'To predict them as numbers, give task="regression".',
            zh=f"目标值是浮点数，但都是整数值，只有 {distinct} 种取值，因此按类别处理。"
            '若要预测数值，请指定 task="regression"。',
        ),
    )


def _read_as_values(distinct: int) -> Note:
    return Note(
        "info",
        Text(
            en=f"The targets are integers with {distinct} distinct values: read as numbers to predict. "
            'To read them as classes, give task="multiclass".',
            zh=f"目标值是整数，共有 {distinct} 种取值，因此按要预测的数值处理。"
            '若它们是类别，请指定 task="multiclass"。',
        ),
    )


def _renumbered(labels: Sequence[int]) -> Note:
    return Note(
        "info",
        Text(
            en=f"The labels {_shown(labels)} are numbered 0 to {len(labels) - 1} inside; their names stay.",
            zh=f"标签 {_shown(labels)} 在内部编号为 0 到 {len(labels) - 1}，名称不变。",
        ),
    )
