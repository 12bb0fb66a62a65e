"""A table with a column of texts and what is to be said about each: classes, labels or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.formats.text import RawTexts
from trainwell.data.frames.columns import mean_length
from trainwell.data.frames.frame import Frame
from trainwell.data.frames.labels import Labels, class_names, label_columns, read_labels
from trainwell.data.frames.purpose import text_columns
from trainwell.data.raw import Options, Part, Raw
from trainwell.data.text.fit import fit_texts
from trainwell.data.text.sources import joined, row_names
from trainwell.errors import DataError
from trainwell.locales import Text

_SORTED = 10  # rows per class from which it is worth saying that they are sorted


def read(frame: Frame, options: Options, *, test: Frame | None = None, validation: Frame | None = None) -> Raw:
    """Texts and their labels; which columns they are is found unless `options.text` and `options.target` say it.

    Rows without text or label are left out with a warning, exact repeats (text and label) of the training part too.
    Class names stand in a file `classes.txt` beside the table, if there are as many as whole-numbered labels.

    Raises:
        DataError: no text or no label column, a label column that looks like a row number, mixed labels; with
            `options.strict` also an empty text.
        UnknownNameError: a column that was asked for is not there.
    """
    columns = text_columns(frame, options) or _longest(frame, options)
    target = label_columns(frame, columns, options)
    notes = [*frame.notes, _columns_note(frame, columns, target)]
    frame, dropped = _full_rows(frame, columns, target, options)
    labels = read_labels(frame, target, options)
    labels, named = class_names(frame, labels, options)
    texts = joined(frame, columns)
    kept, repeats = _without_repeats(texts, labels.values)
    if len(kept) < len(texts):
        frame, texts = frame.take(kept), [texts[i] for i in kept.tolist()]
        labels = replace(labels, values=labels.values[kept])
    notes += [*dropped, *named, *repeats, *_sorted_note(labels)]
    own = {
        name: _part(other, columns, target, labels, options)
        for name, other in (("test", test), ("validation", validation))
        if other is not None
    }
    return Raw(
        frame.name,
        frame.source,
        Part(RawTexts(texts), labels.values, tuple(row_names(frame))),
        validation=own.get("validation"),
        test=own.get("test"),
        class_names=labels.names,
        kind="text",
        task=labels.task,
        notes=tuple(notes),
        fit=partial(fit_texts, columns),
        target_names=target if labels.values.dtype.kind in "iuf" and not labels.names else (),
    )


def _part(frame: Frame, columns: Sequence[str], target: Sequence[str], like: Labels, options: Options) -> Part:
    """The source's own test or validation part; repeats stay in it."""
    frame, _ = _full_rows(frame, columns, target, options)
    labels = read_labels(frame, target, options, like=like)
    return Part(RawTexts(joined(frame, columns)), labels.values, tuple(row_names(frame)))


def _longest(frame: Frame, options: Options) -> tuple[str, ...]:
    """Where nothing looks like writing: the column with the longest text."""
    others = [name for name in frame.columns if name not in options.target]
    longest = max(others, key=lambda name: mean_length(frame.data[name]), default="")
    if not longest or not mean_length(frame.data[longest]):
        raise DataError(
            Text(
                en=f"no column of {frame.path.name!r} holds text ({', '.join(frame.columns)}); name it by text=...",
                zh=f"{frame.path.name!r} 的各列（{'、'.join(frame.columns)}）都不是文本；请用 text=... 指定",
            )
        )
    return (longest,)


def _columns_note(frame: Frame, columns: Sequence[str], target: Sequence[str]) -> Note:
    rest = [name for name in frame.columns if name not in (*columns, *target)]
    text, labels = " + ".join(columns), ", ".join(target)
    return Note(
        "info",
        Text(
            en=f"Text: column {text}; to predict: column {labels}"
            + (f"; not used: {', '.join(rest)}." if rest else "."),
            zh=f"文本列：{text}；要预测的列：{labels}" + (f"；未使用：{'、'.join(rest)}。" if rest else "。"),
        ),
    )


def _full_rows(
    frame: Frame, columns: Sequence[str], target: Sequence[str], options: Options
) -> tuple[Frame, list[Note]]:
    """The rows that have a text and a label, and what was left out.

    Raises:
        DataError: `options.strict` and something is missing, or nothing is left.
    """
    written = np.asarray([bool(text.strip()) for text in joined(frame, columns)], bool)
    labelled = np.ones(len(frame), bool)
    for name in target:
        labelled &= frame.column(name).is_not_null().to_numpy()
    notes: list[Note] = []
    for full, what in (
        (written, Text(en="empty text", zh="文本为空")),
        (labelled, Text(en="no label", zh="没有标签")),
    ):
        count = int((~full).sum())
        if not count:
            continue
        line = int(frame.lines[int(np.argmin(full))])
        if options.strict:
            raise DataError(
                Text(
                    en=f"{count:,} row{'s' * (count > 1)} of {frame.path.name!r} with {what.en}, the first in line "
                    f"{line:,}; mend or remove them, or leave strict out",
                    zh=f"{frame.path.name!r} 中有 {count:,} 行{what.zh}，第一处在第 {line:,} 行；"
                    "请修正或删除这些行，或不要使用 strict",
                )
            )
        notes.append(
            Note(
                "warning",
                Text(
                    en=f"{count:,} row{'s' * (count > 1)} with {what.en} left out, the first in line {line:,}.",
                    zh=f"去掉了 {count:,} 行{what.zh}的数据，第一处在第 {line:,} 行。",
                ),
            )
        )
    kept = np.flatnonzero(written & labelled)
    if not len(kept):
        raise DataError(
            Text(
                en=f"no row of {frame.path.name!r} has both a text ({', '.join(columns)}) and a label "
                f"({', '.join(target)}); give other columns by text= and target=",
                zh=f"{frame.path.name!r} 中没有同时具备文本（{'、'.join(columns)}）和标签（{'、'.join(target)}）的行；"
                "请用 text= 和 target= 指定其他列",
            )
        )
    return (frame.take(kept) if len(kept) < len(frame) else frame), notes


def _without_repeats(texts: Sequence[str], y: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], list[Note]]:
    """Places of the first of each text with its label, and what was noticed."""
    first: dict[tuple[str, bytes], int] = {}
    for place, text in enumerate(texts):
        first.setdefault((text, y[place].tobytes()), place)
    notes: list[Note] = []
    repeats, split = len(texts) - len(first), len(first) - len({text for text, _ in first})
    if repeats:
        notes.append(
            Note(
                "info",
                Text(
                    en=f"{repeats:,} row{'s' * (repeats > 1)} that repeat an earlier text with its label left out, so "
                    "that training and test share none.",
                    zh=f"去掉了 {repeats:,} 行与前文完全相同（文本和标签）的数据，以免训练与测试重叠。",
                ),
            )
        )
    if split:
        notes.append(
            Note(
                "warning",
                Text(
                    en=f"{split:,} text{'s' * (split > 1)} occur again with another label; nobody can be right "
                    "about both.",
                    zh=f"有 {split:,} 个文本重复出现但标签不同，不可能都判断正确。",
                ),
            )
        )
    return np.fromiter(first.values(), np.int64, len(first)), notes


def _sorted_note(labels: Labels) -> list[Note]:
    y = labels.values
    if labels.task == "regression" or y.ndim != 1:
        return []
    classes = len(np.unique(y))
    if classes < 2 or len(y) < _SORTED * classes or int((y[1:] != y[:-1]).sum()) != classes - 1:
        return []
    return [
        Note(
            "info",
            Text(
                en="The rows are sorted by label; the split takes them at random.",
                zh="数据行按标签排序；划分时随机抽取。",
            ),
        )
    ]
