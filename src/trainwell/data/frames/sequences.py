"""Sequences from rows and columns: a row per sequence (wide), or a row per step (long)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.frames.frame import Frame
from trainwell.data.raw import Options, Part, Raw
from trainwell.data.sequences.fit import with_fit
from trainwell.data.sequences.in_memory import sequences
from trainwell.data.sequences.tables import LongTable, Place, WideTable, wide_layout
from trainwell.data.split import TEST, TRAINING, VALIDATION
from trainwell.data.tables.column_values import mostly
from trainwell.data.tables.target import check_target, find_target, known_targets, like_training, target_values
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

_LISTED = 6


def read(frame: Frame, options: Options, *, test: Frame | None = None, validation: Frame | None = None) -> Raw:
    """Sequences and their labels.

    With `options.series` each row is one step, and that column says to which sequence it belongs; else each row is one
    sequence, and the names of the columns say which step and channel they are (x1, y1, x2, y2, ...).

    Args:
        frame: the training part, or everything if the source has no parts.
        options: `series`, `time` (orders the steps), `target`.
        test: the source's own test part, with the same columns.
        validation: the source's own validation part, likewise.

    Raises:
        UnknownNameError: a column that was asked for does not exist.
        DataError: no column of numbers is left, a label that is not the same in all rows of its sequence, a target that
            is constant or an identifier, gaps too large to be filled.
    """
    own = ((VALIDATION, validation), (TEST, test))
    make = _long if options.series is not None else _wide
    return make(frame, options, [(part, other) for part, other in own if other is not None])


def _wide(frame: Frame, options: Options, own: Sequence[tuple[Text, Frame]]) -> Raw:
    targets, notes = find_target(frame, options)
    given = tuple(name for name in frame.columns if name not in targets)
    numeric, left_out = _numeric(frame, given)
    layout = wide_layout(numeric)
    used = {name for names in layout.values() for name in names}
    left_out += [name for name in numeric if name not in used]
    table = WideTable(tuple(layout), tuple(layout.values()), given)
    parts: list[Part] = []
    said: list[Note] = []
    for title, other in ((TRAINING, frame), *own):
        other, lost = known_targets(other, targets, title)
        if not parts:
            check_target(other, targets, options)
        found, filled = sequences(table.rows(other.data), _called(other))
        parts.append(Part(found, target_values(other, targets)))
        said += [*(note for note in other.notes if note not in said), *lost, *filled]
    steps = len(table.columns[0])
    layout_note = Note("info", _wide_text(table, steps))
    notes = [*said, *notes, layout_note, *_left_out(left_out)]
    return _raw(frame, parts, own, targets, table.channels, table, notes)


def _long(frame: Frame, options: Options, own: Sequence[tuple[Text, Frame]]) -> Raw:
    series = frame.column(options.series or "").name
    time = None if options.time is None else frame.column(options.time).name
    keys = [name for name in (series, time) if name]
    frames = ((TRAINING, frame), *own)
    layouts = [LongTable(series, time, (), ()).groups(other.data, _line(other)) for _, other in frames]
    first = frame.take(_firsts(layouts[0][1]))
    if options.target:
        targets, notes = find_target(frame, options)
    else:
        same = [
            name for name in frame.columns if name not in keys and _constant(frame.data[name], layouts[0][1]) is None
        ]
        if not same:
            raise DataError(
                Text(
                    en=f"no column of {frame.path.name!r} is the same in all rows of each {series!r}, so none can be "
                    "the label of a sequence; name it as target, and see that it does not change within a sequence",
                    zh=f"{frame.path.name!r} 中没有在每个 {series!r} 内保持不变的列，因此没有可作序列标签的列；"
                    "请用 target 指定，并确保它在同一序列内不变",
                )
            )
        targets, notes = find_target(replace(first, data=first.data.select([series, *same])), options)
    given = tuple(name for name in frame.columns if name not in targets)
    channels, left_out = _numeric(frame, [name for name in given if name not in keys])
    table = LongTable(series, time, tuple(channels), given)
    parts: list[Part] = []
    said: list[Note] = []
    for (title, other), (names, groups) in zip(frames, layouts, strict=True):
        for target in targets:
            _check_constant(other, target, series, names, groups)
        heads = replace(other.take(_firsts(groups)), data=_labels(other.data, targets, groups))
        kept, lost = known_targets(heads, targets, title)
        if not parts:
            check_target(kept, targets, options)
        places = np.flatnonzero(np.isin(heads.lines, kept.lines))
        found, filled = sequences(table.rows(other.data, [groups[i] for i in places.tolist()]), _called(other))
        parts.append(Part(found, target_values(kept, targets), tuple(names[i] for i in places.tolist())))
        said += [*(note for note in other.notes if note not in said), *lost, *filled]
    layout_note = Note("info", _long_text(table, len(parts[0].x)))
    return _raw(frame, parts, own, targets, channels, table, [*said, *notes, layout_note, *_left_out(left_out)])


def _raw(
    frame: Frame,
    parts: list[Part],
    own: Sequence[tuple[Text, Frame]],
    targets: tuple[str, ...],
    channels: Sequence[str],
    table: WideTable | LongTable,
    notes: Sequence[Note],
) -> Raw:
    by_title: dict[Text, Part] = {}
    for (title, _), part in zip(own, parts[1:], strict=True):
        labels, parts[0], _ = _alike(part, parts[0])
        by_title[title] = labels
    raw = Raw(
        name=frame.name,
        source=frame.source,
        train=parts[0],
        validation=by_title.get(VALIDATION),
        test=by_title.get(TEST),
        class_names=(),
        notes=tuple(notes),
        target_names=targets,
    )
    return with_fit(raw, channels, table)


def _alike(part: Part, train: Part) -> tuple[Part, Part, str]:
    own, of_training, changed = like_training(part.y, train.y)
    return replace(part, y=own), replace(train, y=of_training), changed


def _numeric(frame: Frame, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Columns of numbers or truth values, and the others.

    Raises:
        DataError: there is none.
    """
    import polars as pl

    data = frame.data
    numeric = [
        name
        for name in names
        if data[name].dtype.is_numeric() or data[name].dtype == pl.Boolean or mostly(data[name]) == "number"
    ]
    if not numeric:
        raise DataError(
            Text(
                en=f"{frame.path.name!r} has no column of numbers for the steps of a sequence; it has "
                f"{', '.join(frame.columns)}",
                zh=f"{frame.path.name!r} 中没有可作为序列数值的列；现有的列是 {'、'.join(frame.columns)}",
            )
        )
    return numeric, [name for name in names if name not in numeric]


def _firsts(groups: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.asarray([places[0] for places in groups], np.int64)


def _labels(data: pl.DataFrame, targets: Sequence[str], groups: Sequence[npt.NDArray[np.int64]]) -> pl.DataFrame:
    """The label of each sequence: the first that stands in one of its rows."""
    import polars as pl

    known = {name: data[name].is_not_null().to_numpy() for name in targets}
    picked = {
        name: np.asarray([places[int(np.argmax(known[name][places]))] for places in groups], np.int64)
        for name in targets
    }
    return pl.DataFrame([data[name][picked[name]] for name in targets])


def _constant(values: pl.Series, groups: Sequence[npt.NDArray[np.int64]]) -> int | None:
    """The first group in which the known values differ, or None."""
    codes = values.rank("dense").to_numpy().astype(np.float64)
    for number, places in enumerate(groups):
        found = codes[places]
        found = found[~np.isnan(found)]
        if len(found) and found.min() != found.max():
            return number
    return None


def _check_constant(
    frame: Frame, target: str, series: str, names: Sequence[str], groups: Sequence[npt.NDArray[np.int64]]
) -> None:
    number = _constant(frame.column(target), groups)
    if number is None:
        return
    values = frame.data[target][groups[number]].drop_nulls()
    one = values[0]
    other = values.filter(values != one)[0]
    raise DataError(
        Text(
            en=f"the target {target!r} must be the same in all rows of a sequence, but {series}={names[number]} of "
            f'{frame.path.name!r} has both {one!r} and {other!r}; to predict the next values give task="forecasting"',
            zh=f"同一序列各行的目标 {target!r} 必须相同，但 {frame.path.name!r} 中 {series}={names[number]} "
            f'既有 {one!r} 又有 {other!r}；若要预测后续数值，请指定 task="forecasting"',
        )
    )


def _line(frame: Frame) -> Place:
    def place(row: int) -> Text:
        line, name = f"{int(frame.lines[row]):,}", frame.path.name
        return Text(en=f"line {line} of {name!r}", zh=f"{name!r} 第 {line} 行")

    return place


def _called(frame: Frame) -> Text:
    return Text(en=repr(frame.path.name), zh=repr(frame.path.name))


def _wide_text(table: WideTable, steps: int) -> Text:
    count = len(table.channels)
    en = f"Each row is a sequence of {steps} steps: {table.columns[0][0]} to {table.columns[0][-1]}"
    zh = f"每一行是一个 {steps} 步的序列：{table.columns[0][0]} 到 {table.columns[0][-1]}"
    if count > 1:
        en += f", in {count} channels ({_listed(table.channels)})"
        zh += f"，共 {count} 个通道（{_listed(table.channels, '、')}）"
    else:
        en += ", one channel; columns called x1, y1, x2, y2, ... become several"
        zh += "，单通道；若列名形如 x1、y1、x2、y2……，则会读作多个通道"
    return Text(en=en + ".", zh=zh + "。")


def _long_text(table: LongTable, count: int) -> Text:
    order = Text(
        en=f"in the order of {table.time}" if table.time else "in the order of the rows",
        zh=f"按 {table.time} 排序" if table.time else "按行的先后排序",
    )
    return Text(
        en=f"{count:,} sequences, one per {table.series}, {order.en}; channels: {_listed(table.channels)}.",
        zh=f"共 {count:,} 个序列，每个 {table.series} 一个，{order.zh}；通道：{_listed(table.channels, '、')}。",
    )


def _left_out(names: Sequence[str]) -> list[Note]:
    if not names:
        return []
    return [
        Note(
            "info",
            Text(
                en=f"Columns that are no numbers or no steps are left out: {_listed(names)}.",
                zh=f"不是数值或不属于各步的列已去掉：{_listed(names, '、')}。",
            ),
        )
    ]


def _listed(names: Sequence[str], between: str = ", ") -> str:
    return between.join(names[:_LISTED]) + (f"{between}..." if len(names) > _LISTED else "")
