"""The rows of a file as Polars reads them, with what was found about its layout; one function per format."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.files.encodings import decode, read_bytes
from trainwell.data.files.media_files import unreadable
from trainwell.data.frames.columns import is_header
from trainwell.data.frames.layout import Layout, check_rows, find_layout
from trainwell.data.raw import Options
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

UNNAMED = "column_"  # and the place, from 1
_HEADER_ROWS = 1000  # rows looked at to decide whether the first one is a header


def read_delimited(
    path: Path, suffix: str, options: Options, known: Sequence[str]
) -> tuple[pl.DataFrame, npt.NDArray[np.int64], list[Note]]:
    """A file whose values stand between delimiters: all as text, the line of each row, and notes.

    Raises:
        FolderError: it cannot be opened.
        DataError: it is ragged, empty, or no text.
    """
    text, used = decode(read_bytes(path), str(path), options.encoding)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    data = text.encode()
    del text
    layout = find_layout(data, suffix)
    if layout.bad_quote is not None and (tidy := _tidied(data, layout)) != data:
        tried = find_layout(tidy, suffix)
        data, layout = (tidy, tried) if tried.bad_quote is None else (data, layout)
    if not len(layout.starts):
        raise no_rows(path)
    width = check_rows(layout, str(path))
    first = _cells(data, layout, slice(0, 1))[0]
    short = len(first) == width - 1
    header = short or _has_header(data, layout, first, known)
    names, notes = _names(first if header else [], width, unnamed_first=short)
    if used not in ("utf-8", "utf-8-sig"):
        notes.append(_note(f"The file is read as {used.upper()}.", f"文件按 {used.upper()} 编码读取。"))
    if not header:
        notes.append(
            _note(
                f"The first row seems to be data, so the columns are called {_listed(names)}.",
                f"第一行看起来是数据而不是列名，因此各列命名为 {_listed(names)}。",
            )
        )
    if layout.bad_quote is not None:
        notes.append(
            _note(
                f"Quotes are taken as ordinary letters: the one in line {layout.bad_quote:,} encloses no whole field.",
                f"引号按普通字符处理：第 {layout.bad_quote:,} 行的引号没有包住整个字段。",
            )
        )
    body = slice(int(header), None)
    if len(layout.starts) == int(header):
        raise no_rows(path)
    return _strings(data, layout, body, names), layout.lines[body], notes


def _strings(data: bytes, layout: Layout, rows: slice, names: Sequence[str]) -> pl.DataFrame:
    """These rows, every value as text, null where nothing stands."""
    import polars as pl

    return pl.read_csv(
        _body(data, layout, rows),
        has_header=False,
        separator=layout.delimiter,
        quote_char='"' if layout.quoted else None,
        schema=dict.fromkeys(names, pl.String),
    )


def _tidied(data: bytes, layout: Layout) -> bytes:
    """Without blanks between a delimiter and a quote, as people write by hand: 1, "two"."""
    return re.sub(rb"(?<=%b) +(?=\")" % re.escape(layout.delimiter.encode()), b"", data)


def _body(data: bytes, layout: Layout, rows: slice) -> bytes:
    """The bytes of these rows; those of empty lines between them are left out."""
    starts, ends = layout.starts[rows], layout.ends[rows]
    gaps = np.flatnonzero(starts[1:] > ends[:-1] + 1)
    if not len(gaps):
        return data[starts[0] : ends[-1]]
    begin, end = [0, *(gaps + 1).tolist()], [*gaps.tolist(), len(starts) - 1]
    return b"\n".join(data[starts[b] : ends[e]] for b, e in zip(begin, end, strict=True))


def _cells(data: bytes, layout: Layout, rows: slice) -> list[tuple[str, ...]]:
    names = [str(place) for place in range(int(layout.fields[rows][0]))]
    return _strings(data, layout, rows, names).fill_null("").rows()


def _has_header(data: bytes, layout: Layout, first: Sequence[str], known: Sequence[str]) -> bool:
    if known and 2 * len({cell.strip() for cell in first} & {*known}) >= min(len(first), len(known)):
        return True
    if known and all(name.startswith(UNNAMED) for name in known):
        return False
    return is_header(_cells(data, layout, slice(0, _HEADER_ROWS)))


def _names(first: Sequence[str], width: int, *, unnamed_first: bool) -> tuple[list[str], list[Note]]:
    """Names of the columns: given ones, made different; "column_3" where there is none."""
    given = [cell.strip() for cell in first] or [""] * width
    given = ["", *given] if unnamed_first else given
    names: list[str] = []
    for place, name in enumerate(given, start=1):
        free, count = name or f"{UNNAMED}{place}", 1
        while free in names:
            count += 1
            free = f"{name or f'{UNNAMED}{place}'}_{count}"
        names.append(free)
    renamed = [new for old, new in zip(given, names, strict=True) if old and old != new]
    if not renamed:
        return names, []
    return names, [
        _note(
            f"Several columns have the same name; they are called {_listed(renamed)} here.",
            f"有多列同名，这里改称 {_listed(renamed)}。",
        )
    ]


def read_json_lines(path: Path, options: Options) -> tuple[pl.DataFrame, npt.NDArray[np.int64], list[Note]]:
    """A file with one JSON object per line; see `read_delimited`."""
    import polars as pl

    text, _ = decode(read_bytes(path), str(path), options.encoding)
    rows = text.splitlines() if "\u2028" not in text and "\x85" not in text else text.split("\n")
    full = [place for place, row in enumerate(rows) if row.strip()]
    if not full:
        raise no_rows(path)
    try:
        data = pl.read_ndjson(io.BytesIO(text.encode()), infer_schema_length=None)
    except (pl.exceptions.PolarsError, RuntimeError) as error:
        raise _bad_json(path, rows, full) from error
    if data.height != len(full):
        raise _bad_json(path, rows, full)
    return data, np.asarray(full, np.int64) + 1, []


def _bad_json(path: Path, rows: Sequence[str], full: Sequence[int]) -> DataError:
    """Which line is no JSON object, by Python's own reader."""
    for place in full:
        try:
            value: Any = json.loads(rows[place])
        except ValueError:
            value = None
        if not isinstance(value, dict):
            break
    else:
        place = full[-1]
    return DataError(
        Text(
            en=f"line {place + 1:,} of {str(path)!r} is not one JSON object with values of one type per name, such as "
            '{"label": "good", "text": "..."}',
            zh=f"{str(path)!r} 的第 {place + 1:,} 行不是一个 JSON 对象，或同名值的类型不一致；应形如 "
            '{"label": "好评", "text": "……"}',
        )
    )


def read_parquet(path: Path) -> tuple[pl.DataFrame, npt.NDArray[np.int64], list[Note]]:
    """A Parquet file; see `read_delimited`."""
    import polars as pl

    try:
        with path.open("rb") as stream:
            data = pl.read_parquet(stream, use_pyarrow=False)
    except FileNotFoundError as error:
        raise FolderError(Text(en=f"there is no file {str(path)!r}", zh=f"文件 {str(path)!r} 不存在")) from error
    except OSError as error:
        raise unreadable(path, error) from error
    except pl.exceptions.PolarsError as error:
        raise DataError(
            Text(
                en=f"{str(path)!r} is not a Parquet file or is damaged; write it again",
                zh=f"{str(path)!r} 不是 Parquet 文件，或已损坏；请重新生成",
            )
        ) from error
    return data, np.arange(1, data.height + 1), []


def no_rows(path: Path) -> DataError:
    """The error for a file in which there is nothing."""
    return DataError(
        Text(
            en=f"{str(path)!r} has no rows; give a file with one row per sample",
            zh=f"{str(path)!r} 中没有数据行；请提供每行一个样本的文件",
        )
    )


def _note(en: str, zh: str) -> Note:
    return Note("info", Text(en=en, zh=zh))


def _listed(names: Sequence[str], limit: int = 5) -> str:
    return ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")
