"""What is said about a series that is cut into windows, and how it is refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.frames.frame import Frame
from trainwell.data.series.history import HistoryTable
from trainwell.data.series.step import Season, Step
from trainwell.data.series.time import Moments
from trainwell.data.series.windows import Cut
from trainwell.data.split import TEST, TRAINING, VALIDATION
from trainwell.errors import DataError
from trainwell.locales import Text

_TITLES = {"train": TRAINING, "validation": VALIDATION, "test": TEST}
_NAMED = 5


def check_long_enough(cut: Cut, window: int, horizon: int, *, validation: bool) -> None:
    """Refuse a series that does not hold one window for training and one for each other part.

    Raises:
        DataError: with all the numbers.
    """
    needed = {"train": window + horizon, "validation": horizon if validation else 0, "test": horizon}
    given = {"train": cut.validation, "validation": cut.test - cut.validation, "test": cut.end - cut.test}
    short = next((name for name in needed if given[name] < needed[name]), None)
    if short is None:
        return
    title, asks, has = _TITLES[short], needed[short], given[short]
    what = Text(en=f"a window of {window} and a horizon of {horizon}", zh=f"窗口 {window} 步加预测 {horizon} 步")
    if short != "train":
        what = Text(en=f"a horizon of {horizon}", zh=f"预测 {horizon} 步")
    raise DataError(
        Text(
            en=f"the series is too short: of its {cut.end} rows {has} are for {title.en}, but {what.en} asks for "
            f"at least {asks}; give more rows, or a smaller window or horizon",
            zh=f"时间序列太短：共 {cut.end} 行，其中{title.zh}部分 {has} 行，而{what.zh}至少需要 {asks} 行；"
            "请提供更多行，或减小 window 或 horizon",
        )
    )


def no_window(part: str, rows: int, window: int, horizon: int) -> DataError:
    """The error for a part in which every window has a gap."""
    title = _TITLES[part]
    return DataError(
        Text(
            en=f"none of the windows of {window} + {horizon} steps in the {rows:,} rows of the {title.en} part is "
            "without a gap; give a smaller window, leave out columns with many gaps by drop=..., or fill them",
            zh=f"{title.zh}部分的 {rows:,} 行中，没有一个 {window} + {horizon} 步的窗口是无缺失的；请减小 window，"
            "用 drop=... 去掉缺失多的列，或先补齐缺失值",
        )
    )


def window_note(season: Season | None, table: HistoryTable, *, asked: bool) -> Note:
    """How far back is looked, how far ahead, and why."""
    looks, ahead = table.step.times(table.window), table.step.times(table.horizon)
    odd = table.step.count != 1  # 45 minutes are 3 steps; 30 days are 30 steps, which needs no saying
    next_en = f"is the next {ahead.en}" if table.horizon * table.step.count == 1 else f"are the next {ahead.en}"
    en = f"Looked at are the last {looks.en}{f' ({table.window} steps)' * odd}, predicted {next_en}"
    zh = f"每次查看最近 {looks.zh}{f'（{table.window} 步）' * odd}，预测之后的 {ahead.zh}"
    if season is not None:
        period = table.step.times(season.lag)
        en += f". By its autocorrelation, the training part repeats itself after {period.en}"
        zh += f"。按自相关，训练部分每 {period.zh}重复一次"
    if not asked:
        en += "; window=... sets another length"
        zh += "；可用 window=... 指定其他长度"
    return Note("info", Text(en=en + ".", zh=zh + "。"))


def split_text(cut: Cut, times: Moments, step: Step) -> Text:
    """The parts with their dates."""
    begins = {"train": (0, cut.validation), "validation": (cut.validation, cut.test), "test": (cut.test, cut.end)}
    en: list[str] = []
    zh: list[str] = []
    for name, (begin, end) in begins.items():
        if end > begin:
            first, last = step.written(times[begin]), step.written(times[end - 1])
            en.append(f"{_TITLES[name].en} {first} to {last}")
            zh.append(f"{_TITLES[name].zh} {first} 至 {last}")
    return Text(en=f"Split in time, not at random: {', '.join(en)}.", zh=f"按时间划分，而非随机：{'，'.join(zh)}。")


def irregular_note(odd: npt.NDArray[np.int64], times: Moments, step: Step, frame: Frame) -> list[Note]:
    """A warning for steps of another length, or nothing."""
    if not len(odd):
        return []
    row = int(odd[0])
    before, line = step.written(times[row - 1]), f"{int(frame.lines[row]):,}"
    steps = f"{len(times) - 1:,}"
    usual = step.text if step.unit != "step" else Text(en="as long as most", zh="通常的长度")
    between = " " * (step.unit != "step")
    return [
        Note(
            "warning",
            Text(
                en=f"{len(odd):,} of {steps} steps are not {usual.en}, the first after {before} (line {line}); each "
                "counts as one step.",
                zh=f"{steps} 步中有 {len(odd):,} 步的间隔不是{between}{usual.zh}，"
                f"第一处在 {before} 之后（第 {line} 行）；每一行都按一步计。",
            ),
        )
    ]


def gap_notes(table: HistoryTable, filled: npt.NDArray[np.int64], *, dropped: int, kept: int) -> list[Note]:
    """Warnings for gaps that were filled, and for windows that were left out; or nothing.

    Args:
        table: names of the columns.
        filled: values that were filled, (measured channels,).
        dropped: windows that were left out for want of a value.
        kept: the other windows.
    """
    notes: list[Note] = []
    names = (*table.targets, *table.numbers)
    touched = [f"{name} ({count:,})" for name, count in zip(names, filled.tolist(), strict=True) if count]
    if touched:
        shown, more = touched[:_NAMED], len(touched) > _NAMED
        notes.append(
            Note(
                "warning",
                Text(
                    en=f"Missing values in short gaps are filled with the last known one, never with a later one: "
                    f"{', '.join(shown)}{', ...' * more}.",
                    zh=f"短缺口中的缺失值用之前最后一个已知值补上，绝不使用之后的值：{'、'.join(shown)}{'……' * more}。",
                ),
            )
        )
    if dropped:
        total = dropped + kept
        notes.append(
            Note(
                "warning",
                Text(
                    en=f"{dropped:,} of {total:,} windows are left out: a long gap is in them, or the value to be "
                    "predicted is missing.",
                    zh=f"{total:,} 个窗口中有 {dropped:,} 个被去掉：其中有较长的缺口，或要预测的值缺失。",
                ),
            )
        )
    return notes


def thinned_note(stride: int) -> list[Note]:
    """A note if not every window is learned from."""
    if stride <= 1:
        return []
    return [
        Note(
            "info",
            Text(
                en=f"All training windows together would take too much memory; one in {stride} is learned from, so "
                "that every row is still seen, but in fewer places of a window.",
                zh=f"全部训练窗口占用内存过多，因此每 {stride} 个窗口取一个；"
                "每一行数据仍会被看到，只是在窗口中的位置较少。",
            ),
        )
    ]
