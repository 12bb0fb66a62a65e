"""What is said about the columns of a table after they were fitted."""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.data.dataset import Note
from trainwell.data.tables.category_column import CategoryColumn
from trainwell.data.tables.date_column import DateColumn
from trainwell.data.tables.number_column import NumberColumn
from trainwell.locales import Text

Column = NumberColumn | CategoryColumn | DateColumn
_LISTED = 6


def column_notes(
    columns: Sequence[Column], silent: Sequence[str], gaps: Sequence[str], strange: Sequence[str]
) -> tuple[Note, ...]:
    """What became of the columns.

    Args:
        columns: those that are used.
        silent: names of those that are not, because they tell no training rows apart.
        gaps: names of those with missing values, with their number.
        strange: names of those with values that are missing because they are of another type, with their number.
    """
    bins = max((len(c.borders) - 1 for c in columns if isinstance(c, NumberColumn)), default=0)
    cut = [f"{c.name} ({len(c.values)})" for c in columns if isinstance(c, CategoryColumn) and c.other]
    notes = [_counted(columns)]
    notes += [_with_bins(bins)] if bins > 0 else []
    notes += [_with_others(cut)] if cut else []
    notes += [_with_gaps(gaps)] if gaps else []
    notes += [_with_strangers(strange)] if strange else []
    notes += [_without(silent)] if silent else []
    return tuple(notes)


def listed(names: Sequence[str], between: str = ", ") -> str:
    """The first names, and dots if there are more."""
    return between.join(names[:_LISTED]) + (f"{between}..." if len(names) > _LISTED else "")


def _counted(columns: Sequence[Column]) -> Note:
    words = (
        (NumberColumn, ("number", "numbers"), "个数值列"),
        (CategoryColumn, ("category", "categories"), "个类别列"),
        (DateColumn, ("date", "dates"), "个日期列"),
    )
    counts = [(sum(c.TYPE == kind.TYPE for c in columns), en, zh) for kind, en, zh in words]
    en = ", ".join(f"{count} {names[count > 1]}" for count, names, _ in counts if count)
    zh = "、".join(f"{count} {name}" for count, _, name in counts if count)
    inputs = sum(len(c.names) for c in columns)
    return Note(
        "info", Text(en=f"Columns: {en}; they become {inputs:,} inputs.", zh=f"{zh}，转换为 {inputs:,} 个输入。")
    )


def _with_bins(bins: int) -> Note:
    return Note(
        "info",
        Text(
            en=f"Each number also enters as its place within up to {bins} bins of about equally many training rows: a "
            "network then learns steps and heavy tails more easily (Gorishniy et al., 2022).",
            zh=f"每个数值另外以其在至多 {bins} 个分位区间（各含大致相同数量的训练行）中的位置输入："
            "这样网络更容易学到阶跃和长尾（Gorishniy 等，2022）。",
        ),
    )


def _with_others(cut: Sequence[str]) -> Note:
    return Note(
        "info",
        Text(
            en="Only common categories have an input of their own, rare and new ones count as other; kept are of "
            f"{listed(cut)}.",
            zh=f"只有常见的类别有自己的输入，罕见的和新出现的都归为 other（其他）；保留的类别数：{listed(cut, '、')}。",
        ),
    )


def _with_gaps(gaps: Sequence[str]) -> Note:
    return Note(
        "info",
        Text(
            en=f"Missing in training: {listed(gaps)}. Numbers and dates get the training part's median; an input of "
            "its own says that the value is missing.",
            zh=f"训练部分有缺失值：{listed(gaps, '、')}。数值和日期用训练部分的中位数代替，另有一个输入标明该值缺失。",
        ),
    )


def _with_strangers(strange: Sequence[str]) -> Note:
    return Note(
        "warning",
        Text(
            en=f"Values that do not fit the rest of their column count as missing: {listed(strange)}.",
            zh=f"有些值与所在列的其他值类型不符，按缺失处理：{listed(strange, '、')}。",
        ),
    )


def _without(silent: Sequence[str]) -> Note:
    return Note(
        "info",
        Text(
            en=f"Left out, because they tell no training rows apart (all the same, or hardly two alike): "
            f"{listed(silent)}.",
            zh=f"已去掉无法区分训练行的列（全都相同，或几乎各不相同）：{listed(silent, '、')}。",
        ),
    )
