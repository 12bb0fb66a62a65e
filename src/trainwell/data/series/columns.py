"""Which columns of a series are predicted, which are looked at, and which say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainwell.data.dataset import Note
from trainwell.data.frames.frame import Frame
from trainwell.data.raw import Options
from trainwell.data.series.time import TimeColumns, find_time
from trainwell.data.tables.category_column import CategoryColumn
from trainwell.data.tables.column_values import as_names, as_numbers, mostly
from trainwell.errors import DataError
from trainwell.locales import Text

_MOST_NAMES = 20  # different names of a category; more are hardly seen again often enough in a window
_MOST_MISSING = 0.5  # of the training part of a column, beside the target
_LISTED = 6


@dataclass(frozen=True)
class SeriesColumns:
    """Columns of a series.

    Attributes:
        time: those that tell the time.
        targets: those that are predicted.
        numbers: other numbers.
        categories: names, fitted on the training part.
        notes: what was decided.
    """

    time: TimeColumns
    targets: tuple[str, ...]
    numbers: tuple[str, ...]
    categories: tuple[CategoryColumn, ...]
    notes: tuple[Note, ...]


def time_of(frame: Frame, options: Options) -> TimeColumns:
    """The columns that tell the time.

    Raises:
        UnknownNameError: the column asked for does not exist.
        DataError: none is found.
    """
    if options.time is not None:
        frame.column(options.time)
    found = find_time(frame.data, options.time)
    if found is None:
        raise DataError(
            Text(
                en=f"no column of {frame.path.name!r} tells the time ({', '.join(frame.columns)}); name it by "
                "time=..., with times as 2024-01-31 or 2024-01-31 08:30, or give columns called year, month, day, hour",
                zh=f"{frame.path.name!r} 中没有表示时间的列（{'、'.join(frame.columns)}）；请用 time=... 指定，"
                "时间写作 2024-01-31 或 2024-01-31 08:30，或提供名为 year、month、day、hour 的列",
            )
        )
    return found


def choose_columns(frame: Frame, training: Frame, time: TimeColumns, options: Options) -> SeriesColumns:
    """Sort the columns into targets, numbers and categories.

    Args:
        frame: all rows.
        training: those of the training part: the others do not decide what is looked at.
        time: columns that tell the time.
        options: `target`.

    Raises:
        UnknownNameError: a target that does not exist.
        DataError: there is no column of numbers, or the target is none, is the time, or never changes.
    """
    rest = [name for name in frame.columns if name not in time.names]
    numeric = [name for name in rest if _is_number(frame, name)]
    if not numeric:
        raise DataError(
            Text(
                en=f"{frame.path.name!r} has no column of numbers beside the time, there is nothing to predict; it "
                f"has {', '.join(frame.columns)}",
                zh=f"除时间外，{frame.path.name!r} 中没有数值列，没有可预测的内容；"
                f"现有的列是 {'、'.join(frame.columns)}",
            )
        )
    targets = tuple(dict.fromkeys(frame.column(name).name for name in options.target)) or (numeric[-1],)
    notes = [] if options.target else [_target_note(targets[0], alone=len(numeric) == 1)]
    for name in targets:
        _check_target(frame, training, name, numeric)
    numbers: list[str] = []
    categories: list[CategoryColumn] = []
    silent: list[str] = []
    for name in rest:
        if name in targets:
            continue
        if name in numeric:
            values, _ = as_numbers(training.data[name])
            known = values[~np.isnan(values)]
            useful = len(known) > _MOST_MISSING * len(values) and known.min() < known.max()
            (numbers if useful else silent).append(name)
        elif mostly(frame.data[name]) is None and str(frame.data[name].dtype) in ("String", "Boolean", "Categorical"):
            different = as_names(training.data[name]).n_unique()
            if 1 < different <= _MOST_NAMES:
                categories.append(CategoryColumn.fit(training.data[name]))
            else:
                silent.append(name)
        else:
            silent.append(name)
    if silent:
        notes.append(_silent_note(silent))
    return SeriesColumns(time, targets, tuple(numbers), tuple(categories), tuple(notes))


def _is_number(frame: Frame, name: str) -> bool:
    return frame.data[name].dtype.is_numeric() or mostly(frame.data[name]) == "number"


def _check_target(frame: Frame, training: Frame, name: str, numeric: Sequence[str]) -> None:
    if name not in numeric:
        value = next(iter(frame.data[name].drop_nulls()), None)
        raise DataError(
            Text(
                en=f"the target {name!r} holds {value!r}, which cannot be predicted as a series; numbers are in "
                f"{', '.join(numeric)}",
                zh=f"目标 {name!r} 的值是 {value!r}，无法作为序列预测；数值列有 {'、'.join(numeric)}",
            )
        )
    values, _ = as_numbers(training.data[name])
    known = values[~np.isnan(values)]
    if not len(known) or known.min() == known.max():
        held = f"{known[0]:g}" if len(known) else "NaN"
        raise DataError(
            Text(
                en=f"the target {name!r} is {held} in all {len(values):,} rows of the training part, there is nothing "
                "to learn; name another column as target",
                zh=f"目标 {name!r} 在训练部分的全部 {len(values):,} 行中都是 {held}，没有可学的；"
                "请用 target 指定其他列",
            )
        )


def _target_note(name: str, *, alone: bool) -> Note:
    why = (
        Text(en="the only column of numbers", zh="唯一的数值列")
        if alone
        else Text(en="the last one of numbers", zh="最后一个数值列")
    )
    return Note(
        "info",
        Text(
            en=f"To be predicted is {name!r} ({why.en}); to predict another column, name it as target.",
            zh=f"预测目标为 {name!r}（{why.zh}）；若要预测其他列，请用 target 指定列名。",
        ),
    )


def _silent_note(names: Sequence[str]) -> Note:
    more = len(names) > _LISTED
    return Note(
        "info",
        Text(
            en="Columns that are not looked at, because they never change, are mostly missing, or have too many names: "
            f"{', '.join(names[:_LISTED])}{', ...' * more}.",
            zh=f"以下列从不变化、大多缺失或名称过多，因此不使用：{'、'.join(names[:_LISTED])}{'……' * more}。",
        ),
    )
