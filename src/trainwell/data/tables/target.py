"""Which column of a table is to be predicted, and its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.frames.frame import Frame
from trainwell.data.raw import Options
from trainwell.data.tables.column_values import as_names
from trainwell.data.tables.row_numbers import looks_like_id
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

_ANYWHERE = ("target", "label", "labels", "y", "outcome", "response", "目标", "标签", "类别标签")
_AT_THE_EDGE = ("class", "classes", "category", "result", "survived", "species", "diagnosis", "churn", "类别", "分类")


def find_target(frame: Frame, options: Options) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """The columns to predict: those asked for, else one with a usual name, else the last.

    A name such as "class" counts in the first or last column only: in the middle it is often a fact about the row.

    Returns:
        Their names, and what was decided.

    Raises:
        UnknownNameError: a column that was asked for does not exist; the nearest names are listed.
        DataError: there is one column only, or nothing is left to learn from.
    """
    if len(frame.columns) < 2 or len({*options.target}) >= len(frame.columns):
        raise DataError(
            Text(
                en=f"{frame.path.name!r} has the column{'s' * (len(frame.columns) > 1)} {', '.join(frame.columns)}; a "
                "table needs one to predict and at least one to learn from",
                zh=f"{frame.path.name!r} 只有列 {'、'.join(frame.columns)}；"
                "表格需要一列作为预测目标，并至少有一列用于学习",
            )
        )
    if options.target:
        return tuple(dict.fromkeys(frame.column(name).name for name in options.target)), ()
    name = _usual(frame.columns)
    why = Text(en="by its name", zh="依据列名") if name else Text(en="the last column", zh="最后一列")
    name = name or frame.columns[-1]
    return (name,), (
        Note(
            "info",
            Text(
                en=f"To be predicted is {name!r} ({why.en}); to predict another column, name it as target.",
                zh=f"预测目标为 {name!r}（{why.zh}）；若要预测其他列，请用 target 指定列名。",
            ),
        ),
    )


def known_targets(frame: Frame, targets: Sequence[str], part: Text) -> tuple[Frame, tuple[Note, ...]]:
    """Without the rows whose target is missing, which are said.

    Raises:
        DataError: no row has a target.
    """
    import polars as pl

    known = np.ones(len(frame), bool)
    for name in targets:
        values = frame.data[name]
        if values.dtype.is_float():
            values = values.set(~values.is_finite().fill_null(value=False), None)
        elif isinstance(values.dtype, pl.String | pl.Categorical | pl.Enum):
            values = as_names(values)
        known &= values.is_not_null().to_numpy()
    lost = int((~known).sum())
    if not lost:
        return frame, ()
    listed = ", ".join(targets)
    if lost == len(frame):
        raise DataError(
            Text(
                en=f"the target {listed} is missing in all {lost:,} rows of the {part.en} part; give rows that have it",
                zh=f"{part.zh}部分的 {lost:,} 行全都缺少目标 {listed}；请提供含有目标值的行",
            )
        )
    line = int(frame.lines[int(np.argmin(known))])
    note = Note(
        "warning",
        Text(
            en=f"{lost:,} rows of the {part.en} part have no {listed} (the first in line {line:,}); they are left out.",
            zh=f"{part.zh}部分有 {lost:,} 行没有 {listed}（第一处在第 {line:,} 行），已去掉。",
        ),
    )
    return frame.take(np.flatnonzero(known)), (note,)


def target_values(frame: Frame, targets: Sequence[str]) -> npt.NDArray[Any]:
    """Targets as `trainwell.data.targets.interpret` takes them: (rows,) labels or numbers, or (rows, targets).

    Raises:
        DataError: the target is no label and no number, or several are not all numbers.
    """
    import polars as pl

    values = [_plain(frame.data[name]) for name in targets]
    strange = next(
        (v for v in values if not (v.dtype.is_numeric() or isinstance(v.dtype, pl.Boolean | pl.String))), None
    )
    if strange is not None:
        raise DataError(
            Text(
                en=f"the column {strange.name!r} holds {strange.dtype} values, which cannot be predicted; name a "
                "column of numbers or labels as target",
                zh=f"列 {strange.name!r} 中是 {strange.dtype} 类型的值，无法作为预测目标；"
                "请用 target 指定数值列或标签列",
            )
        )
    if len(values) == 1:
        return values[0].to_numpy()
    words = next((v for v in values if v.dtype == pl.String), None)
    if words is not None:
        raise DataError(
            Text(
                en=f"several targets must all be numbers or 0 and 1, {words.name!r} is {words[0]!r} in the first row; "
                "predict it alone",
                zh=f"同时预测多个目标时，它们必须都是数值或 0/1，而 {words.name!r} 第一行的值是 {words[0]!r}；"
                "请单独预测它",
            )
        )
    return np.stack([v.cast(pl.Float64).to_numpy() for v in values], axis=1)


def check_target(frame: Frame, targets: Sequence[str], options: Options) -> None:
    """Refuse a target from which nothing can be learned.

    Raises:
        DataError: it is the same in all rows, or looks like an identifier (a number may, if regression is asked for).
    """
    for values in (_plain(frame.data[name]) for name in targets):
        _check(values, frame, options)


def like_training(own: npt.NDArray[Any], train: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], str]:
    """Labels of the source's own part, and those of training, made alike where only a full stop at the end differs.

    Returns:
        `own`, `train`, and a label that was changed, or "" if nothing was.
    """
    if own.dtype != object or train.dtype != object:
        return own, train, ""
    known, found = set(train.tolist()), set(own.tolist())
    if found <= known or not {v.rstrip(".") for v in found} <= {v.rstrip(".") for v in known}:
        return own, train, ""
    plain = [np.asarray([v.rstrip(".") for v in labels.tolist()], object) for labels in (own, train)]
    if len(set(plain[1].tolist())) != len(known):  # two labels of training would become one
        return own, train, ""
    changed = next(v for v in sorted(found ^ known) if v.endswith("."))
    return plain[0], plain[1], changed


def _usual(names: Sequence[str]) -> str | None:
    plain = {name.strip().casefold(): name for name in reversed(names)}
    found = next((plain[usual] for usual in _ANYWHERE if usual in plain), None)
    return found or next((name for name in (names[-1], names[0]) if name.strip().casefold() in _AT_THE_EDGE), None)


def _plain(values: pl.Series) -> pl.Series:
    import polars as pl

    if isinstance(values.dtype, pl.String | pl.Categorical | pl.Enum):
        return as_names(values)
    return values.cast(pl.Float64) if values.dtype.is_decimal() else values


def _check(values: pl.Series, frame: Frame, options: Options) -> None:
    if values.n_unique() == 1:
        raise DataError(
            Text(
                en=f"the target {values.name!r} is {values[0]} in all {len(values):,} rows of {frame.path.name!r}, "
                "there is nothing to learn; name another column as target",
                zh=f"目标 {values.name!r} 在 {frame.path.name!r} 的全部 {len(values):,} 行中都是 {values[0]}，"
                "没有可学的；请用 target 指定其他列",
            )
        )
    if looks_like_id(values) and not (options.task == "regression" and values.dtype.is_numeric()):
        raise DataError(
            Text(
                en=f"the target {values.name!r} looks like an identifier: {values.n_unique():,} different values in "
                f"{len(values):,} rows, such as {values[0]!r}; name another column as target",
                zh=f"目标 {values.name!r} 像是编号：{len(values):,} 行中有 {values.n_unique():,} 种取值，"
                f"例如 {values[0]!r}；请用 target 指定其他列",
            )
        )
