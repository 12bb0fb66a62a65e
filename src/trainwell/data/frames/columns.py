"""What a column of text holds: numbers, truth values, dates, names, or writing; and which first row is a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MISSING = (
    "",
    "?",
    "-",
    "--",
    "NA",
    "N/A",
    "n/a",
    "na",
    "NaN",
    "nan",
    "NAN",
    "null",
    "NULL",
    "Null",
    "None",
    "none",
    "#N/A",
)
DATES = (
    ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y"),
    ("%H:%M:%S%.f", "%H:%M"),
)
CJK = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]"
_SAMPLE = 2000  # values looked at to tell writing from names
_LONG = 20.0  # letters on average
_WORDS = 3.0  # blanks on average are one less
_CJK_LONG = 6.0  # letters on average, where most are Chinese, Japanese or Korean
_DISTINCT = 0.5  # share of values that differ
_HEADER_LONG = 40  # letters of the longest name of a column
_HEADER_WORDS = 4
_HEADERS = frozenset(
    {
        *("label", "labels", "class", "category", "target", "y", "sentiment", "id", "name", "date", "time", "value"),
        *("text", "texts", "review", "comment", "sentence", "content", "title", "message", "document"),
        *("标签", "类别", "文本", "内容", "评论", "标题"),
    }
)
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


def is_writing(values: pl.Series) -> bool:
    """Whether the values are texts to be read: long, or several words, and most of them different."""
    import polars as pl

    if values.dtype != pl.String:
        return False
    known = values.drop_nulls()
    known = known.gather_every(max(1, len(known) // _SAMPLE))
    if not len(known) or known.n_unique() <= _DISTINCT * len(known):
        return False
    letters = _mean(known.str.len_chars())
    words = _mean(known.str.count_matches(r"\S+"))
    chinese = _mean(known.str.count_matches(CJK)) > letters / 2
    return letters > _LONG or words > _WORDS or (chinese and letters > _CJK_LONG)


def mean_length(values: pl.Series) -> float:
    """Letters of a value on average; 0 for what is no text."""
    import polars as pl

    known = values.drop_nulls() if values.dtype == pl.String else values.clear()
    return _mean(known.gather_every(max(1, len(known) // _SAMPLE)).str.len_chars()) if len(known) else 0.0


def typed(values: pl.Series) -> pl.Series:
    """A column of text as whole numbers, floats, truth values or dates if all values are such; else names.

    Blanks around values go, and values that say that there is none (`MISSING`) become null. Writing stays as it is.
    """
    import polars as pl

    if values.dtype != pl.String or is_writing(values):
        return values
    plain = values.str.strip_chars()
    plain = plain.to_frame().select(
        pl.when(pl.first().is_in(MISSING)).then(None).otherwise(pl.first()).alias(values.name)
    )[values.name]
    known = plain.drop_nulls()
    if not len(known):
        return plain
    first = known.head(_SAMPLE)
    for kind in (pl.Int64, pl.Float64):
        if first.cast(kind, strict=False).null_count() == 0:
            numbers = plain.cast(kind, strict=False)
            if numbers.null_count() == plain.null_count():
                return numbers
    if bool(first.str.to_lowercase().is_in(["true", "false"]).all()):
        lower = plain.str.to_lowercase()
        if bool(lower.drop_nulls().is_in(["true", "false"]).all()):
            return lower == "true"
    return _dates(plain, first)


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns.

    It does not if one of its cells is a number (unless they only count, as 0, 1, 2), is long, or stands again further
    down in its column. It does if a cell is a usual name, or if there is a column of numbers under a name.

    >>> is_header([["label", "text"], ["1", "very good"]]), is_header([["3", "Oil rises"], ["1", "Vote today"]])
    (True, False)
    """
    first = [cell.strip() for cell in rows[0]]
    numbers = [cell for cell in first if _NUMBER.fullmatch(cell)]
    if numbers:
        counted = [str(k) for k in range(len(first))]
        return len(numbers) > 2 and (numbers == counted[: len(numbers)] or numbers == counted[1 : len(numbers) + 1])
    named = [cell for cell in first if cell]
    if not named or max(map(len, named)) > _HEADER_LONG:
        return False
    if any(cell.casefold() in _HEADERS for cell in named):
        return True
    columns = [[row[k].strip() for row in rows[1:]] for k in range(len(first))]
    if any(cell in column for cell, column in zip(first, columns, strict=True) if cell):
        return False
    full = [[cell for cell in column if cell not in MISSING] for column in columns]
    if any(column and all(_NUMBER.fullmatch(cell) for cell in column) for column in full):
        return True
    return len(set(named)) == len(named) and all(
        len(cell.split()) <= _HEADER_WORDS and not re.search(r"[.!?,;。！？，；]", cell) for cell in named
    )


def _dates(plain: pl.Series, first: pl.Series) -> pl.Series:
    """The column as dates (without an hour) or as times, if one way of writing fits all; else as it is."""
    import polars as pl

    if not bool(first.str.contains(r"^\d{1,4}[-/.年]\d").all()):
        return plain
    days, hours = DATES
    month = bool(first.str.contains(r"^\d{4}[-/]\d{1,2}$").all())
    text = plain + "-01" if month else plain
    if bool(first.str.contains(r"\d[T ]\d").all()):
        ways = [
            (f"{day}{between}{hour}{zone}", pl.Datetime)
            for day in days
            for hour in hours
            for between in " T"
            for zone in ("", "Z")
        ]
    else:
        ways = [(day, pl.Date) for day in days] + [("%Y/%m-%d", pl.Date)]
    read = [column for way, kind in ways if (column := _read(text, way, kind)) is not None]
    # 3/4/2020 may be April or March: the one under which time does not run back.
    return next((column for column in read if column.drop_nulls().is_sorted()), read[0] if read else plain)


def _read(text: pl.Series, way: str, kind: type[pl.Date | pl.Datetime]) -> pl.Series | None:
    known = text.drop_nulls()
    if known.head(20).str.strptime(kind, way, strict=False).null_count():
        return None
    column = text.str.strptime(kind, way, strict=False)
    return column if column.null_count() == text.null_count() else None


def _mean(values: pl.Series) -> float:
    mean = values.mean()
    return float(mean) if isinstance(mean, int | float) else 0.0
