"""A column of texts to be continued: poems, messages, articles; one per row."""

from __future__ import annotations

from trainwell.data.dataset import Note
from trainwell.data.frames.columns import mean_length
from trainwell.data.frames.frame import Frame
from trainwell.data.frames.purpose import text_columns
from trainwell.data.raw import Options, Raw
from trainwell.data.text.sources import joined
from trainwell.data.text.streams import stream_raw
from trainwell.errors import DataError
from trainwell.locales import Text


def read(frame: Frame, options: Options, *, test: Frame | None = None, validation: Frame | None = None) -> Raw:
    """The texts in the order of the rows, each ended by an end token.

    Without `options.text` the column of the longest texts is taken.

    Raises:
        DataError: no column holds text.
        UnknownNameError: the column asked for is not there.
    """
    columns = text_columns(frame, options)
    notes = list(frame.notes)
    if not options.text:
        found = columns or frame.columns
        longest = max(found, key=lambda name: mean_length(frame.data[name]))
        if not mean_length(frame.data[longest]):
            raise DataError(
                Text(
                    en=f"no column of {frame.path.name!r} holds text; give it by name, text=...",
                    zh=f"{frame.path.name!r} 中没有文本列；请用 text=... 指定",
                )
            )
        columns = (longest,)
        others = ", ".join(name for name in frame.columns if name != longest)
        notes.append(
            Note(
                "info",
                Text(
                    en=f"The text is the column {longest!r}, whose values are the longest"
                    + (f"; not used: {others}." if others else "."),
                    zh=f"文本取自内容最长的列 {longest!r}" + (f"；未使用：{others}。" if others else "。"),
                ),
            )
        )
    return stream_raw(
        frame.name,
        frame.source,
        joined(frame, columns),
        options,
        columns=columns,
        test=None if test is None else joined(test, columns),
        validation=None if validation is None else joined(validation, columns),
        notes=notes,
    )
