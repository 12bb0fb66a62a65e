"""Which column of a table of texts is to be predicted, and its values as labels or numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note, Task
from trainwell.data.files.encodings import read_text
from trainwell.data.frames.frame import Frame
from trainwell.data.raw import Options
from trainwell.errors import DataError, TrainwellError
from trainwell.locales import Text

CLASSES = "classes.txt"
_USUAL = frozenset(
    {
        *("label", "labels", "class", "category", "categories", "target", "y", "sentiment", "polarity", "topic"),
        *("tag", "tags", "stars", "rating", "score", "标签", "类别", "分类", "情感", "评分", "星级"),
    }
)
_FEW = 100  # distinct values that a label may always have
_FEW_SHARE = 0.05  # ... or so many of the rows
_ID_SHARE = 0.5  # of the rows: more distinct values are no classes
_ID_ROWS = 20
_SEPARATORS = re.compile(r"\s*[|;,、；，]\s*")


@dataclass(frozen=True, eq=False)
class Labels:
    """What is to be predicted of each row.

    Attributes:
        values: labels of any kind (rows,), or float32 (rows, labels or outputs).
        names: of the labels, () if the values are names themselves.
        task: if the values say it, else None.
        first: what was taken off whole-numbered labels, so that they count from 0.
    """

    values: npt.NDArray[Any]
    names: tuple[str, ...] = ()
    task: Task | None = None
    first: int = 0


def label_columns(frame: Frame, texts: Sequence[str], options: Options) -> tuple[str, ...]:
    """The columns to predict: those asked for; else one with a usual name; else the one with the fewest values.

    Raises:
        DataError: there is none, or the one asked for is the text.
        UnknownNameError: the one asked for is not there.
    """
    if options.target:
        for name in options.target:
            frame.column(name)
            if name in texts:
                raise DataError(
                    Text(
                        en=f"the column {name!r} is both the text and what is to be predicted; give two different ones",
                        zh=f"列 {name!r} 既是文本又是预测目标；请指定不同的列",
                    )
                )
        return options.target
    others = [name for name in frame.columns if name not in texts]
    most = max(_FEW, _FEW_SHARE * len(frame))
    counts = {name: frame.data[name].drop_nulls().n_unique() for name in others}
    usual = [name for name in others if name.casefold() in _USUAL]
    found = usual or [name for name in others if 2 <= counts[name] <= most] or (others if len(others) == 1 else [])
    if found:
        return (min(found, key=lambda name: counts[name]),)
    en = f"no column of {frame.path.name!r} looks like a label"
    zh = f"{frame.path.name!r} 中没有看起来像标签的列"
    if others:
        en += f" ({', '.join(others)} have too many different values)"
        zh += f"（{'、'.join(others)} 的不同取值过多）"
    raise DataError(
        Text(
            en=en + '; give it by target=..., or task="language_model" to learn to continue the texts',
            zh=zh + '；请用 target=... 指定，或用 task="language_model" 学习续写文本',
        )
    )


def read_labels(frame: Frame, target: Sequence[str], options: Options, *, like: Labels | None = None) -> Labels:
    """The values of the columns to predict; rows without one are gone before.

    Several columns are labels of their own if they hold 0 and 1, else numbers. With `task="multilabel"` the labels of
    one column are those between the signs | ; and comma.

    Args:
        frame: the rows.
        target: the columns.
        options: the task.
        like: of the training part, for another part.

    Raises:
        DataError: values that cannot be labels, or that look like row numbers.
    """
    if len(target) > 1:
        return _several_columns(frame, target, options)
    values = frame.column(target[0])
    if options.task == "multilabel":
        return _several_labels(frame, target[0], like)
    if like is None:
        _refuse_ids(frame, target[0], options)
    if values.dtype.is_numeric() or str(values.dtype) == "Boolean":
        numbers = values.to_numpy()
        if like is not None and like.values.dtype.kind == "U":
            return Labels(numbers.astype(np.str_))
        if like is not None and like.first:
            numbers = numbers - like.first
        return Labels(numbers, task="regression" if options.task == "regression" else None)
    if str(values.dtype) != "String":
        raise DataError(
            Text(
                en=f"the column {target[0]!r} holds {values.dtype} values; what is predicted are names or numbers",
                zh=f"列 {target[0]!r} 中是 {values.dtype} 类型的值；要预测的应为名称或数值",
            )
        )
    return Labels(np.asarray([label.strip() for label in values.to_list()], np.str_))


def class_names(frame: Frame, labels: Labels, options: Options) -> tuple[Labels, list[Note]]:
    """Names for labels that are whole numbers: asked for, or the lines of `classes.txt` beside the file.

    Labels that count from 1 become such that count from 0.
    """
    y = labels.values
    if labels.names or labels.task == "regression" or y.ndim != 1 or y.dtype.kind not in "iu":
        return labels, []
    distinct = np.unique(y).tolist()
    given = bool(options.class_names)
    names = options.class_names or _beside(frame.path.parent / CLASSES)
    first = distinct[0] if distinct else 0
    if len(names) != len(distinct) or first not in (0, 1) or distinct != list(range(first, first + len(names))):
        return labels, []
    note = Text(
        en=f"The labels {first} to {distinct[-1]} are named by "
        + ("class_names" if given else f"the file {CLASSES} beside the table")
        + f": {', '.join(names[:10])}{', ...' * (len(names) > 10)}.",
        zh=f"标签 {first} 到 {distinct[-1]} 的名称取自"
        + (" class_names" if given else f"同一文件夹中的 {CLASSES}")
        + f"：{'、'.join(names[:10])}{'……' * (len(names) > 10)}。",
    )
    return replace(labels, values=y - first, names=names, first=first), [Note("info", note)]


def _beside(path: Path) -> tuple[str, ...]:
    try:
        text, _ = read_text(path)
    except (TrainwellError, OSError):
        return ()
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    return names if len(set(names)) == len(names) else ()


def _several_columns(frame: Frame, target: Sequence[str], options: Options) -> Labels:
    wrong = [
        name
        for name in target
        if not (frame.column(name).dtype.is_numeric() or str(frame.column(name).dtype) == "Boolean")
    ]
    if wrong:
        raise DataError(
            Text(
                en=f"several columns are to be predicted, but {wrong[0]!r} is not numeric; give one column, or numbers",
                zh=f"要预测多列，但列 {wrong[0]!r} 不是数值；请只指定一列，或提供数值",
            )
        )
    values = np.stack([frame.column(name).to_numpy().astype(np.float32) for name in target], axis=1)
    labels = options.task != "regression" and bool(np.isin(values, (0, 1)).all())
    return Labels(values, tuple(target) if labels else (), "multilabel" if labels else "regression")


def _several_labels(frame: Frame, name: str, like: Labels | None) -> Labels:
    """Each cell a list of labels: 0 and 1 for each label of the training part."""
    values: list[Any] = frame.column(name).to_list()
    cells = [
        [str(v) for v in cell] if isinstance(cell, list) else _SEPARATORS.split(str(cell).strip()) for cell in values
    ]
    cells = [[label for label in cell if label] for cell in cells]
    names = like.names if like is not None else tuple(sorted({label for cell in cells for label in cell}))
    places = {label: place for place, label in enumerate(names)}
    y = np.zeros((len(cells), len(names)), np.float32)
    for row, cell in enumerate(cells):
        for label in cell:
            if label not in places:
                line = int(frame.lines[row])
                raise DataError(
                    Text(
                        en=f"line {line:,} of {frame.path.name!r} has the label {label!r}, which training lacks",
                        zh=f"{frame.path.name!r} 第 {line:,} 行的标签 {label!r} 在训练样本中没有出现过",
                    )
                )
            y[row, places[label]] = 1
    return Labels(y, names, "multilabel")


def _refuse_ids(frame: Frame, name: str, options: Options) -> None:
    values = frame.column(name)
    count = values.n_unique()
    if options.task == "regression" or len(values) < _ID_ROWS or count <= _ID_SHARE * len(values):
        return
    if values.dtype.is_float():
        return
    hint = Text(en="", zh="")
    if values.dtype.is_numeric():
        hint = Text(
            en=', or task="regression" if they are numbers to predict',
            zh='；若它们是要预测的数值，请指定 task="regression"',
        )
    raise DataError(
        Text(
            en=f"the column {name!r} has {count:,} different values in {len(values):,} rows, it looks like an id, "
            f"not a label; give the label by target=...{hint.en}",
            zh=f"列 {name!r} 在 {len(values):,} 行中有 {count:,} 种取值，像是编号而不是标签；"
            f"请用 target=... 指定标签列{hint.zh}",
        )
    )
