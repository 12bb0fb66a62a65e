"""How a delimited file is laid out: its delimiter, whether quotes are quotes, and where its rows begin and end.

Polars reads the values; it fills short rows silently and names no line, so rows are counted here first, on bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainwell.errors import DataError
from trainwell.locales import Text

Integers = npt.NDArray[np.int64]
_QUOTE, _NEWLINE = ord('"'), ord("\n")
_BLANKS = (ord(" "), ord("\t"))
_CHUNK = 1 << 23  # bytes looked at in one go
_SAMPLE = 1 << 19  # bytes from which the delimiter is found
_AGREE = 0.9  # this share of the sampled rows must have the same number of fields


@dataclass(frozen=True, eq=False)
class Layout:
    """Where what stands.

    Attributes:
        delimiter: one character.
        quoted: whether '"' encloses fields, or is a letter as any other.
        starts: byte at which each row begins (rows,); rows without any letter are left out.
        ends: byte behind each row, that of its line break (rows,).
        fields: of each row (rows,).
        lines: number of the line in the file at which each row begins, from 1 (rows,).
        bad_quote: line of the first quote that encloses nothing, or None.
    """

    delimiter: str
    quoted: bool
    starts: Integers
    ends: Integers
    fields: Integers
    lines: Integers
    bad_quote: int | None = None


def find_layout(data: bytes, suffix: str) -> Layout:
    """The layout of a file with line breaks of one byte.

    The delimiter usual for the suffix (tab for .tsv and .txt, else the comma) is taken if nine rows of ten agree on the
    number of fields; else another under which all agree. Quotes count only if every one begins or ends a field.

    Args:
        data: UTF-8 text.
        suffix: of the file's name, such as ".csv".
    """
    usual = "\t" if suffix in (".tsv", ".txt") else ","
    delimiter = usual
    cut = data if len(data) <= _SAMPLE else data[: data.rfind(b"\n", 0, _SAMPLE) + 1] or data[:_SAMPLE]
    if _agreement(cut, usual, whole=cut is data) < _AGREE:
        others = [d for d in ",\t;|" if d != usual]
        found = [d for d in others if _agreement(cut, d, whole=cut is data) == 1]
        delimiter = found[0] if found else usual
    bad_quote = _bad_quote(data, delimiter)
    layout = _rows(data, delimiter, quoted=bad_quote is None and b'"' in data)
    if bad_quote is None:
        return layout
    line = data.count(b"\n", 0, bad_quote) + 1
    return Layout(delimiter, False, layout.starts, layout.ends, layout.fields, layout.lines, line)


def check_rows(layout: Layout, name: str) -> int:
    """The number of fields of every row.

    Raises:
        DataError: a row has more or fewer fields than most, with its line.
    """
    counts = np.bincount(layout.fields)
    expected = int(counts.argmax())
    body = layout.fields[1:]
    if len(body) and layout.fields[0] == expected - 1 and bool((body == expected).all()):
        return expected  # R writes no name above its row names
    wrong = np.flatnonzero(layout.fields != expected)
    if not len(wrong):
        return expected
    line, found = int(layout.lines[wrong[0]]), int(layout.fields[wrong[0]])
    en = f"line {line:,} of {name!r} has {found} field{'s' * (found != 1)}, expected {expected} as most rows"
    zh = f"{name!r} 的第 {line:,} 行有 {found} 个字段，而多数行有 {expected} 个"
    if layout.bad_quote is not None:
        en += f'; the quote in line {layout.bad_quote:,} encloses no whole field, so quotes count as letters: write ""'
        zh += f"；第 {layout.bad_quote:,} 行的引号没有包住整个字段，因此所有引号都按普通字符处理：请把它写成两个引号"
    else:
        en += f'; put fields that hold a {_called(layout.delimiter).en} or a line break into "..."'
        zh += f'；请用 "..." 包住含有{_called(layout.delimiter).zh}或换行的字段'
    raise DataError(Text(en=en, zh=zh))


def _called(delimiter: str) -> Text:
    names = {
        ",": Text(en="comma", zh="逗号"),
        "\t": Text(en="tab", zh="制表符"),
        ";": Text(en="semicolon", zh="分号"),
        "|": Text(en="bar", zh="竖线"),
    }
    return names[delimiter]


def _agreement(sample: bytes, delimiter: str, *, whole: bool) -> float:
    """Share of the rows that have the commonest number of fields; 0 if that is one field."""
    quoted = _bad_quote(sample, delimiter, whole=whole) is None
    fields = _rows(sample, delimiter, quoted=quoted).fields
    if not len(fields):
        return 0.0
    counts = np.bincount(fields)
    return 0.0 if counts.argmax() == 1 else float(counts.max() / counts.sum())


def _bad_quote(data: bytes, delimiter: str, *, whole: bool = True) -> int | None:
    """Place of the first quote that neither begins nor ends a field nor is doubled; None if there is none."""
    letters = np.frombuffer(data, np.uint8)
    places = _places(letters, _QUOTE)
    if not len(places):
        return None
    edges = np.zeros(256, bool)
    edges[[ord(delimiter), _NEWLINE, _QUOTE]] = True
    opening, closing = places[::2], places[1::2]
    before = edges[letters[np.maximum(opening - 1, 0)]] | (opening == 0)
    after = edges[letters[np.minimum(closing + 1, len(letters) - 1)]] | (closing == len(letters) - 1)
    bad = np.concatenate([opening[~before], closing[~after]])
    if len(bad):
        return int(bad.min())
    return int(places[-1]) if whole and len(places) % 2 else None


def _places(letters: npt.NDArray[np.uint8], wanted: int) -> Integers:
    found = [
        np.flatnonzero(letters[start : start + _CHUNK] == wanted) + start for start in range(0, len(letters), _CHUNK)
    ]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _rows(data: bytes, delimiter: str, *, quoted: bool) -> Layout:
    letters = np.frombuffer(data, np.uint8)
    inside, delimiters, breaks = 0, 0, 0
    ends: list[Integers] = []
    counts: list[Integers] = []  # delimiters before the end of each row, from the file's beginning
    lines: list[Integers] = []  # line breaks likewise, those within quotes too
    for start in range(0, len(letters), _CHUNK):
        piece = letters[start : start + _CHUNK]
        newline, mark = piece == _NEWLINE, piece == ord(delimiter)
        every = np.flatnonzero(newline)
        if quoted:
            # Wraps at 256, which keeps odd odd: within quotes where an odd number of them came before.
            parity = (np.cumsum(piece == _QUOTE, dtype=np.uint8) + np.uint8(inside)) & np.uint8(1)
            inside = int(parity[-1])
            newline, mark = newline & (parity == 0), mark & (parity == 0)
        place, marks = np.flatnonzero(newline), np.flatnonzero(mark)
        ends.append(place + start)
        counts.append(np.searchsorted(marks, place) + delimiters)
        lines.append(np.searchsorted(every, place) + breaks)
        delimiters += len(marks)
        breaks += len(every)
    if len(letters) and letters[-1] != _NEWLINE:
        ends.append(np.asarray([len(letters)]))
        counts.append(np.asarray([delimiters]))
        lines.append(np.asarray([breaks]))
    end = np.concatenate(ends) if ends else np.zeros(0, np.int64)
    begin = np.concatenate([[0], end[:-1] + 1]).astype(np.int64)[: len(end)]
    fields = np.diff(np.concatenate([[0], *counts])) + 1
    line = np.concatenate([[0], np.concatenate(lines)[:-1] + 1]) + 1 if len(end) else end
    full = end > begin
    for row in np.flatnonzero(full & (fields == 1) & np.isin(letters[np.minimum(begin, len(letters) - 1)], _BLANKS)):
        full[row] = bool(data[begin[row] : end[row]].strip())
    return Layout(delimiter, quoted, begin[full], end[full], fields[full], line[full])
