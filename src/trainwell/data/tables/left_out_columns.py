"""Columns of a table from which nothing should be learned: the target in disguise, row numbers, constants, objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainwell.data.dataset import Note
from trainwell.data.frames.frame import Frame
from trainwell.data.tables.notes import listed
from trainwell.data.tables.row_numbers import looks_like_id
from trainwell.data.tables.target_in_disguise import is_target
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

_ROW = Text(
    en="they only say which row it is (row number, identifier, text that differs in most rows)",
    zh="只说明是哪一行：行号、编号，或多数行各不相同的文字",
)
_SAME = Text(en="they are the same in all rows", zh="所有行都相同")
_NESTED = Text(en="their values are lists or objects", zh="其值是列表或对象")


def columns_to_learn_from(frame: Frame, targets: Sequence[str]) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """The columns that are worth learning from, and what is said about the others.

    Args:
        frame: the training part; no target is missing.
        targets: columns to predict.

    Raises:
        DataError: nothing is left.
    """
    data = frame.data
    names = [name for name in frame.columns if name not in targets]
    nested = [name for name in names if _is_nested(data[name])]
    single = [name for name in names if name not in nested]
    same = [name for name in single if any(is_target(data[name], data[target]) for target in targets)]
    ids = [name for name in single if name not in same and looks_like_id(data[name])]
    constant = [name for name in single if name not in (*same, *ids) and data[name].n_unique() == 1]
    left = [name for name in single if name not in (*same, *ids, *constant)]
    notes = [_same_note(same, targets, kept=not left)] if same else []
    for found, why in ((ids, _ROW), (constant, _SAME), (nested, _NESTED)):
        if found:
            notes.append(
                Note(
                    "info",
                    Text(
                        en=f"Left out, because {why.en}: {listed(found)}.",
                        zh=f"已去掉的列（{why.zh}）：{listed(found, '、')}。",
                    ),
                )
            )
    left = left or same  # y = 2x + 1 may be all there is to learn
    if not left:
        raise DataError(
            Text(
                en=f"nothing to learn from is left in {frame.path.name!r} beside the target: "
                + " ".join(note.text.en for note in notes),
                zh=f"除目标外，{frame.path.name!r} 中没有剩下可用于学习的列："
                + "".join(note.text.zh for note in notes),
            )
        )
    return tuple(left), tuple(notes)


def _is_nested(values: pl.Series) -> bool:
    import polars as pl

    return values.dtype.is_nested() or isinstance(values.dtype, pl.Object | pl.Binary)


def _same_note(names: Sequence[str], targets: Sequence[str], *, kept: bool) -> Note:
    what = listed(targets)
    en = f"{listed(names)} says exactly what the target {what} says, in other words"
    zh = f"{listed(names, '、')} 与目标 {what} 完全对应，只是换了说法"
    if kept:
        en += ". It is kept, for there is nothing else to learn from; a rule of one line would do."
        zh += "。由于没有其他可用的列，仍予保留；其实用一行规则就能算出。"
    else:
        en += ": left out, for nobody has it before the answer is known."
        zh += "：已去掉，因为在知道答案之前不会有这一列。"
    return Note("warning", Text(en=en, zh=zh))
