"""Tables: one row per sample, one column to predict (or several), and what the other columns are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from trainwell.data.dataset import Note
from trainwell.data.formats.table import TableFormat
from trainwell.data.frames.frame import Frame, read_frame
from trainwell.data.raw import Fitted, Options, Part, Raw
from trainwell.data.split import TEST, TRAINING, VALIDATION
from trainwell.data.tables.column_values import Slashes, as_names, mostly, slashes
from trainwell.data.tables.left_out_columns import columns_to_learn_from
from trainwell.data.tables.notes import listed
from trainwell.data.tables.target import check_target, find_target, known_targets, like_training, target_values
from trainwell.errors import DataError
from trainwell.locales import Text


def read(frame: Frame, options: Options, *, test: Frame | None = None, validation: Frame | None = None) -> Raw:
    """Samples and targets of a table.

    The target is the column asked for, else one with a usual name, else the last. Left out, and said: columns that are
    the target in other words, row numbers and identifiers, values that are no single ones, rows without a target.

    Args:
        frame: the training part, or everything if the source has no parts.
        options: `target`, `task`.
        test: the source's own test part, with the same columns.
        validation: the source's own validation part, likewise.

    Raises:
        UnknownNameError: a target that does not exist.
        DataError: a target that is constant, missing everywhere or an identifier; nothing is left to learn from; a
            part lacks the target.
    """
    targets, notes = find_target(frame, options)
    ways = _slashes(frame, options)
    frame, lost = known_targets(frame, targets, TRAINING)
    check_target(frame, targets, options)
    y = target_values(frame, targets)
    used, left_out = columns_to_learn_from(frame, targets)
    rest = _only(frame, used)
    said = [*frame.notes, *notes, *lost, *left_out]
    own: dict[str, Part | None] = {"validation": None, "test": None}
    for part, other, title in (("validation", validation, VALIDATION), ("test", test, TEST)):
        if other is None:
            continue
        _check_same_columns(other, (*used, *targets), title)
        other, lost = known_targets(other, targets, title)
        other_y, y, changed = like_training(target_values(other, targets), y)
        said += [*(n for n in other.notes if n not in said), *lost]
        said += [_dots_note(changed, title)] if changed else []
        said += _new_names(rest, other, title)
        own[part] = Part(_only(other, used), other_y)
    given = tuple(name for name in frame.columns if name not in targets)
    return Raw(
        name=frame.name,
        source=frame.source,
        train=Part(rest, y),
        validation=own["validation"],
        test=own["test"],
        class_names=_label_names(y, targets, options),
        kind="table",
        notes=tuple(said),
        fit=partial(_fit, given=given, slashes=ways),
        target_names=targets,
    )


def _fit(frame: Frame, _options: Options, *, given: tuple[str, ...], slashes: Mapping[str, Slashes]) -> Fitted:
    table, notes = TableFormat.fit(frame.data, given, slashes)
    return Fitted(table, notes, table.column_names, table.scaling)


def _slashes(frame: Frame, options: Options) -> dict[str, Slashes]:
    """How dates such as 3/4/2020 were read: the file is read once more, for only the whole column can decide that."""
    import polars as pl

    dates = tuple(name for name in frame.columns if isinstance(frame.data[name].dtype, pl.Date | pl.Datetime))
    if not dates:
        return {}
    # Columns named as text come as they stand in the file.
    written = read_frame(frame.path, replace(options, text=dates, drop=()), known=frame.columns).data
    texts = [name for name in dates if written[name].dtype == pl.String]
    return {name: slashes(written[name], frame.data[name]) for name in texts}


def _only(frame: Frame, names: Sequence[str]) -> Frame:
    return replace(frame, data=frame.data.select(names))


def _check_same_columns(other: Frame, names: Sequence[str], part: Text) -> None:
    missing = [name for name in names if name not in other.columns]
    if missing:
        raise DataError(
            Text(
                en=f"the {part.en} part {other.path.name!r} lacks the column {missing[0]!r} of the training part; "
                f"it has {', '.join(other.columns)}",
                zh=f"{part.zh}部分 {other.path.name!r} 缺少训练部分中的列 {missing[0]!r}；现有的列是 "
                f"{'、'.join(other.columns)}",
            )
        )


def _label_names(y: Any, targets: Sequence[str], options: Options) -> tuple[str, ...]:
    """Of several columns of 0 and 1 each is a label, called as its column."""
    several = len(targets) > 1 and options.task in (None, "multilabel", "multiclass")
    return tuple(targets) if several and bool(((y == 0) | (y == 1)).all()) else ()


def _new_names(train: Frame, other: Frame, part: Text) -> list[Note]:
    """Categories of another part that training does not have, said once for all columns."""
    import polars as pl

    found: list[str] = []
    for name in train.columns:
        if train.data[name].dtype == pl.String and mostly(train.data[name]) is None:
            known, found_there = (as_names(frame.data[name]).drop_nulls().unique() for frame in (train, other))
            found += [f"{name}={value}" for value in found_there.filter(~found_there.is_in(known.to_list())).sort()]
    if not found:
        return []
    return [
        Note(
            "info",
            Text(
                en=f"Categories of the {part.en} part that training does not have count as rare ones do: "
                f"{listed(found)}.",
                zh=f"{part.zh}部分有训练部分没有的类别，按罕见类别处理：{listed(found, '、')}。",
            ),
        )
    ]


def _dots_note(label: str, part: Text) -> Note:
    return Note(
        "info",
        Text(
            en=f"Labels of the {part.en} and training parts differ by a full stop at the end ({label!r}); it is left "
            "out.",
            zh=f"{part.zh}部分与训练部分的标签只差末尾的句点（{label!r}）；该句点已去掉。",
        ),
    )
