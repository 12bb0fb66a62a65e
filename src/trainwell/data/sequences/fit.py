"""Sequences ready to be split: how long they may be, and what makes arrays of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.formats.sequence import RowsTable, SequenceFormat
from trainwell.data.inputs import SMALLEST_SIDE
from trainwell.data.raw import Fitted, Options, Part, Raw
from trainwell.data.scaling import Scaling
from trainwell.data.sequences.in_memory import RawSequences, are_sequences, sequences
from trainwell.errors import DataError
from trainwell.locales import Text

_MOST_OVER = 2.0  # times the 99th percentile: with a longer outlier, most of the array would be padding
_X = Text(en="x", zh="x")


def sequence_raw(
    raw: Raw, options: Options, *, lengths: Sequence[Any] = (None, None, None), channels: Sequence[str] = ()
) -> Raw:
    """`raw` as sequences, if its samples are such; else as it is.

    Args:
        raw: a source whose parts are arrays, or lists of arrays.
        options: `kind` decides where it is given.
        lengths: steps of each sequence of training, validation and test, or None: see `sequences`.
        channels: their names, if the source has them.

    Raises:
        DataError: see `sequences`; channels that differ between the parts, or names that do not fit.
    """
    guessed = options.kind is None and raw.kind is None
    if not _is_sequence(raw, options, lengths[0]):
        return raw
    parts: list[Part | None] = []
    notes: list[Note] = []
    for name, part, given in zip(
        ("train", "validation", "test"), (raw.train, raw.validation, raw.test), lengths, strict=True
    ):
        if part is None:
            parts.append(None)
            continue
        what = Text(en=f"x_{name}", zh=f"x_{name}") if raw.test or raw.validation else _X
        found, said = sequences(part.x, what, given)
        parts.append(replace(part, x=found))
        notes += said
    train = parts[0]
    if train is None:
        return raw
    if guessed:
        notes.insert(0, _guessed_note(train.x))
    made = replace(raw, train=train, validation=parts[1], test=parts[2], kind="sequence", column_names=())
    return with_fit(made, channels, notes=notes)


def with_fit(
    raw: Raw, channels: Sequence[str] = (), table: RowsTable | None = None, *, notes: Sequence[Note] = ()
) -> Raw:
    """`raw`, whose parts hold `RawSequences`, with what makes arrays of them.

    The common length is chosen from the lengths of all parts: it says nothing about any answer, and so no sequence of a
    test part loses its end only because those for training are shorter.

    Raises:
        DataError: the parts differ in their channels, or there are more or fewer names than channels.
    """
    parts: list[tuple[str, RawSequences]] = [
        (name, part.x)
        for name, part in (("train", raw.train), ("validation", raw.validation), ("test", raw.test))
        if part is not None
    ]
    width = parts[0][1].rows[0].shape[1]
    for name, part in parts:
        other = part.rows[0].shape[1]
        if other != width:
            raise DataError(
                Text(
                    en=f"x_{name} has {other} channels, for training there are {width}; give the same channels",
                    zh=f"x_{name} 有 {other} 个通道，而训练部分有 {width} 个；请使通道一致",
                )
            )
    if channels and len(channels) != width:
        raise DataError(
            Text(
                en=f"there are {len(channels)} channel names for {width} channels; give one each",
                zh=f"有 {len(channels)} 个通道名，却有 {width} 个通道；请每个通道给一个名称",
            )
        )
    lengths = np.concatenate([part.lengths for _, part in parts])
    fit = partial(fit_sequences, lengths=lengths, channels=tuple(channels), table=table)
    return replace(raw, kind="sequence", notes=(*raw.notes, *notes), fit=fit)


def fit_sequences(
    raw: RawSequences,
    options: Options,
    *,
    lengths: npt.NDArray[np.int64],
    channels: tuple[str, ...] = (),
    table: RowsTable | None = None,
) -> Fitted:
    """The common length, and the scaling of each channel over the real steps of the training part.

    Args:
        raw: the training part.
        options: `max_length`.
        lengths: steps of all sequences of the source.
        channels: their names, or () for none.
        table: how files of rows and columns are read at prediction.
    """
    length, note = _length(lengths, options)
    width = raw.rows[0].shape[1]
    names = channels or tuple(f"channel {number}" for number in range(width))
    form = SequenceFormat(names, length, equal=bool((raw.lengths >= length).all()), table=table)
    scaling = Scaling.fit(np.concatenate([row[:length] for row in raw.rows]))
    return Fitted(form, (note,) if note else (), channels, scaling)


def _is_sequence(raw: Raw, options: Options, lengths: Any) -> bool:
    kind = options.kind or raw.kind
    if kind is not None:
        return kind == "sequence"
    x = raw.train.x
    if are_sequences(x):
        return True
    if isinstance(x, list):
        try:
            x = np.asarray(x)
        except ValueError:
            return False
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "biuf" or not x.size:
        return False
    if lengths is not None:
        return x.ndim in (2, 3)
    if x.ndim != 3 or x.dtype == np.uint8:
        return False
    return x.shape[1] != x.shape[2] or x.shape[1] < SMALLEST_SIDE


def _length(lengths: npt.NDArray[np.int64], options: Options) -> tuple[int, Note | None]:
    longest = int(lengths.max())
    usual = int(np.ceil(np.percentile(lengths, 99)))
    length, rule = longest, False
    if options.max_length is not None:
        length = min(longest, options.max_length)
    elif longest > _MOST_OVER * usual:
        length, rule = usual, True
    cut = int((lengths > length).sum())
    if not cut:
        return length, None
    en = f"{cut:,} of {len(lengths):,} sequences are cut after {length:,} steps"
    zh = f"{len(lengths):,} 个序列中有 {cut:,} 个被截断到 {length:,} 步"
    if rule:
        en += f": the longest has {longest:,}, but 99 of 100 have no more; max_length={longest} keeps all"
        zh += f"：最长的有 {longest:,} 步，但 99% 的序列不超过该长度；max_length={longest} 可全部保留"
    return length, Note("info", Text(en=en + ".", zh=zh + "。"))


def _guessed_note(found: RawSequences) -> Note:
    lengths, width = found.lengths, found.rows[0].shape[1]
    low, high = int(lengths.min()), int(lengths.max())
    steps = f"{low}" if low == high else f"{low}-{high}"
    en = f"Read as sequences of {steps} steps with {width} channel{'s' * (width != 1)}: (samples, steps, channels)."
    zh = f"按序列读取：每个 {steps} 步、{width} 个通道（样本数，步数，通道数）。"
    if low == high and width > 1:
        en += ' If these are grey images, give kind="image".'
        zh += '若是灰度图像，请指定 kind="image"。'
    return Note("info", Text(en=en, zh=zh))
