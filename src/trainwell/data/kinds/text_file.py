"""One plain text file: something to be continued."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from trainwell.data.files.encodings import read_text
from trainwell.data.raw import Options, Raw
from trainwell.data.text.streams import stream_raw
from trainwell.locales import Text

PRIORITY = 45
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(en="a plain .txt file, to learn to continue it", zh="一个纯文本 .txt 文件，用于学习续写")


def recognises(source: Any) -> bool:
    """Whether `source` is a file whose name ends in .txt or .txt.gz; one with tabs was taken before, as a table."""
    return (
        isinstance(source, str | os.PathLike)
        and Path(source).name.lower().endswith((".txt", ".txt.gz"))
        and Path(source).is_file()
    )


def read(source: Any, options: Options) -> Raw:
    """Read the text; line breaks of any system become one kind.

    Raises:
        FolderError: the file cannot be opened.
        DataError: it is no text, or empty.
        SettingError: another task than to continue it was asked for.
    """
    path = Path(source)
    text, _ = read_text(path, options.encoding)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return stream_raw(path.name.split(".")[0], str(source), [text], options)
