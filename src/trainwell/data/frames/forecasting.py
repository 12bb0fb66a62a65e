"""Forecasting: windows of a series and the values that came next, split in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from trainwell.data.dataset import Note
from trainwell.data.formats.sequence import SequenceFormat
from trainwell.data.frames.frame import Frame
from trainwell.data.raw import Fitted, Options, Part, Raw
from trainwell.data.scaling import Scaling
from trainwell.data.series.columns import choose_columns, time_of
from trainwell.data.series.history import HistoryTable, calendar_of, carried_forward
from trainwell.data.series.notes import (
    check_long_enough,
    gap_notes,
    irregular_note,
    no_window,
    split_text,
    thinned_note,
    window_note,
)
from trainwell.data.series.season import choose_window, find_season, usual_season
from trainwell.data.series.step import Season, Step, find_step
from trainwell.data.series.time import Moments, Place, TimeColumns
from trainwell.data.series.windows import (
    Cut,
    Known,
    Places,
    RawWindows,
    Series,
    cut_in_time,
    naive_scores,
    next_values,
    window_ends,
)
from trainwell.errors import SettingError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

LARGEST = 1 << 30  # bytes of the training windows; of more, every second (third, ...) is taken
_GAP_SHARE = 4  # a gap of up to a quarter (1 / 4) of a window is filled,
_LONGEST_GAP = 24  # ... if it has at most so many rows
_IRREGULAR = 0.01  # of the steps: with more of another length, seven rows are no week
_LAST = Text(en="last known value", zh="最后一个已知值")


def read(frame: Frame, options: Options, *, test: Frame | None = None, validation: Frame | None = None) -> Raw:
    """Windows of a series.

    The first rows are for training, then comes validation, the last are the test. A window belongs to the part in which
    all its targets lie; what it looks at may lie in the part before, for that was known by then.

    Args:
        frame: the series, or its training part if the source has parts.
        options: `time`, `target`, `window`, `horizon`, and the shares of the parts.
        test: the source's own test part: what follows.
        validation: the source's own validation part: what lies between.

    Raises:
        UnknownNameError: a column that was asked for does not exist.
        DataError: no time, time that stands still or runs back, a target that is no number or never changes, a series
            too short, or with too many gaps.
        SettingError: another task or kind was asked for, or no share for the test.
    """
    _check_options(options, test)
    time = time_of(frame, options)
    whole, times, cut = _joined(frame, validation, test, time, options)
    held_out = validation is not None or options.validation > 0
    check_long_enough(cut, options.window or 1, options.horizon, validation=held_out)
    table, seasons, notes = _described(whole, times, cut, time, options)
    window, horizon, count = table.window, table.horizon, len(table.targets)
    check_long_enough(cut, window, horizon, validation=held_out)
    values = table.values(whole.data)
    filled, stood_in = carried_forward(values, min(_LONGEST_GAP, max(1, window // _GAP_SHARE)))
    series = table.series(filled, whole.data, times)
    known = np.all(np.isfinite(values[:, :count]), axis=1)
    inputs = np.all(np.isfinite(filled), axis=1)
    ends, dropped = _ends(cut, table, inputs, known)
    stride = -(-len(ends["train"]) * window * series.shape[1] * series.itemsize // LARGEST)
    ends["train"] = ends["train"][:: max(1, stride)]
    targets = series[:, :count]
    baselines, titles = _baselines(targets, known, ends["test"], horizon, seasons)
    parts = {
        name: Part(RawWindows(series, places, window), next_values(targets, places, horizon))
        for name, places in ends.items()
    }
    scaling = _scaling(series[: cut.validation], inputs[: cut.validation], table)
    return Raw(
        name=frame.name,
        source=frame.source,
        train=parts["train"],
        validation=parts.get("validation"),
        test=parts["test"],
        kind="sequence",
        task="forecasting",
        notes=(
            *whole.notes,
            *notes,
            *gap_notes(table, stood_in, dropped=dropped, kept=sum(map(len, ends.values()))),
            *thinned_note(stride),
        ),
        fit=partial(_fit, table=table, scaling=scaling),
        split_note=split_text(cut, times, table.step),
        target_names=table.target_names,
        baselines=baselines,
        baseline_titles=titles,
    )


def _described(
    whole: Frame, times: Moments, cut: Cut, time: TimeColumns, options: Options
) -> tuple[HistoryTable, tuple[Season | None, Season | None], list[Note]]:
    """What is looked at and predicted, by the training part; in what it repeats itself; and what was decided.

    Returns:
        The table; the season that was found, and the one that is usual for such steps; notes.

    Raises:
        UnknownNameError: see `read`.
        DataError: likewise.
    """
    training = whole.take(np.arange(cut.validation))
    chosen = choose_columns(whole, training, time, options)
    step, odd = find_step(times)
    table = HistoryTable(
        time=time,
        step=step,
        targets=chosen.targets,
        numbers=chosen.numbers,
        categories=chosen.categories,
        calendar=calendar_of(step, times[: cut.validation], known=time.known),
        window=1,
        horizon=options.horizon,
        given=whole.columns,
    )
    # Where rows are missing, so many rows are not so much time: no season has a name then.
    pace = step if len(odd) <= _IRREGULAR * len(times) else Step("step", 1)
    season = find_season(table.values(training.data)[:, 0], pace)
    table = replace(table, window=options.window or choose_window(season, step, cut.validation))
    notes = [
        *chosen.notes,
        window_note(season, table, asked=options.window is not None),
        *irregular_note(odd, times, step, whole),
    ]
    return table, (season, usual_season(pace, cut.validation)), notes


def _ends(cut: Cut, table: HistoryTable, inputs: Known, known: Known) -> tuple[dict[str, Places], int]:
    """The first rows that the windows of each part predict, and how many windows have a gap.

    Raises:
        DataError: all windows of a part have one.
    """
    spans = {"train": (0, cut.validation), "validation": (cut.validation, cut.test), "test": (cut.test, cut.end)}
    ends: dict[str, Places] = {}
    dropped = 0
    for name, (begin, end) in spans.items():
        if begin == end:
            continue
        ends[name], gaps = window_ends(
            begin, end, window=table.window, horizon=table.horizon, inputs=inputs, targets=known
        )
        dropped += gaps
        if not len(ends[name]):
            raise no_window(name, end - begin, table.window, table.horizon)
    return ends, dropped


def _fit(_windows: RawWindows, _options: Options, *, table: HistoryTable, scaling: Scaling) -> Fitted:
    form = SequenceFormat(table.channels, table.window, equal=True, table=table)
    return Fitted(form, (), table.channels, scaling)


def _scaling(series: Series, inputs: Known, table: HistoryTable) -> Scaling:
    """Of the training rows: numbers by mean and standard deviation, the rest stays as it is."""
    numbers = Scaling.fit(series[inputs, : table.measured])
    rest = len(table.channels) - table.measured
    return Scaling((*numbers.mean, *(0.0,) * rest), (*numbers.std, *(1.0,) * rest))


def _check_options(options: Options, test: Frame | None) -> None:
    for what, value, fits in (("task", options.task, "forecasting"), ("kind", options.kind, "sequence")):
        if value not in (None, fits):
            raise SettingError(
                Text(
                    en=f'{what}="{value}", but a time column makes it forecasting of a sequence; leave out {what}, or '
                    "time",
                    zh=f'{what}="{value}"，但指定了时间列就是对序列的预测（forecasting）；请去掉 {what} 或 time',
                )
            )
    if options.series is not None:
        raise SettingError(
            Text(
                en=f"series={options.series!r}, but a forecast learns from one series; give a file with one, and "
                "leave out series",
                zh=f"series={options.series!r}，但预测只从一个序列学习；请给出只含一个序列的文件，并去掉 series",
            )
        )
    if options.test == 0 and test is None:
        raise SettingError(
            Text(
                en="test=0, but the series has no test part of its own; give a share above 0, such as test=0.2",
                zh="test=0，但该序列本身没有测试部分；请给出大于 0 的比例，例如 test=0.2",
            )
        )


def _joined(
    frame: Frame, validation: Frame | None, test: Frame | None, time: TimeColumns, options: Options
) -> tuple[Frame, Moments, Cut]:
    """All rows in time, and where they are cut."""
    if test is None:
        cut = cut_in_time(len(frame), options.validation, options.test)
        return frame, time.read(frame.data, _line(frame)), cut
    frames = [part for part in (frame, validation, test) if part is not None]
    ends = np.cumsum([len(part) for part in frames])

    def place(row: int) -> Text:
        number = int(np.searchsorted(ends, row, side="right"))
        part = frames[number]
        return _line(part)(row - int(ends[number]) + len(part))

    whole = replace(
        frame,
        data=_below_each_other([part.data for part in frames]),
        lines=np.concatenate([part.lines for part in frames]),
        notes=tuple(dict.fromkeys(note for part in frames for note in part.notes)),
    )
    first = int(ends[-1]) - len(test)
    begin = len(frame) if validation is not None else first - round(first * options.validation)
    return whole, time.read(whole.data, place), Cut(begin, first, int(ends[-1]))


def _below_each_other(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One frame of all rows; columns that are of different types in the parts as text, from which all is read again."""
    import polars as pl

    kinds = {name: {part[name].dtype for part in parts} for name in parts[0].columns}
    mixed = [n for n, found in kinds.items() if len(found) > 1 and not all(dtype.is_numeric() for dtype in found)]
    return pl.concat([part.with_columns(pl.col(mixed).cast(pl.String)) for part in parts], how="vertical_relaxed")


def _line(frame: Frame) -> Place:
    def place(row: int) -> Text:
        line, name = f"{int(frame.lines[row]):,}", frame.path.name
        return Text(en=f"line {line} of {name!r}", zh=f"{name!r} 第 {line} 行")

    return place


def _baselines(
    targets: Series, known: Known, ends: Places, horizon: int, seasons: tuple[Season | None, ...]
) -> tuple[dict[str, dict[str, float]], dict[str, Text]]:
    """What a network must beat: the last value again, and that of one season ago where it was measured."""
    scores: dict[str, dict[str, float]] = {}
    titles: dict[str, Text] = {}
    measured: Series = np.where(known[:, np.newaxis], targets, np.nan)
    rules: dict[str, tuple[Series, int | None, Text]] = {"last value": (targets, None, _LAST)}
    rules |= {s.title.en: (measured, s.lag, s.title) for s in seasons if s is not None and s.lag > 1}
    for name, (values, lag, title) in rules.items():
        found = naive_scores(values, ends, horizon, lag)
        if found is not None:
            scores[name], titles[name] = found, title
    return scores, titles
