"""What a table is for: which of the readers beside this file makes data of it."""

from __future__ import annotations

from typing import Literal

from trainwell.data.frames.columns import is_writing, mean_length
from trainwell.data.frames.frame import Frame
from trainwell.data.raw import Options

Purpose = Literal["text", "table", "sequences", "forecasting", "language_model"]
_BESIDE = 2  # columns besides the text
_BESIDE_LONG = 12  # ... if the text is long
_LONG = 100.0  # letters on average


def purpose(frame: Frame, options: Options) -> Purpose:
    """The reader for a frame; each is a module of this package.

    What was asked for decides: the task, the kind, a time, series or text column. Else a frame is for text if it has a
    column of writing (long, most values different) and hardly anything else, and a table if not.
    """
    if options.task in ("language_model", "forecasting"):
        return options.task
    if options.series is not None:
        return "sequences"
    if options.time is not None:
        return "forecasting"
    if options.text or options.kind == "text":
        return "text"
    if options.kind == "sequence":
        return "sequences"
    if options.kind == "table":
        return "table"
    texts = text_columns(frame, options)
    beside = len(frame.columns) - len(texts)
    longest = max((mean_length(frame.data[name]) for name in texts), default=0.0)
    return "text" if texts and beside <= (_BESIDE_LONG if longest >= _LONG else _BESIDE) else "table"


def text_columns(frame: Frame, options: Options) -> tuple[str, ...]:
    """The columns to read as text: those asked for, else those of writing that are not to be predicted."""
    if options.text:
        return tuple(frame.column(name).name for name in options.text)
    return tuple(name for name in frame.columns if name not in options.target and is_writing(frame.data[name]))
