"""A panel drawn with characters: braille dots, two across and four down in each character."""

from __future__ import annotations

import unicodedata

import numpy as np
import numpy.typing as npt

from trainwell.explain.panel import Line, Panel
from trainwell.locales import Language

Dots = npt.NDArray[np.bool_]

# Bit of each dot in a braille character (Unicode chapter 21.1), by row and column.
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_GUTTER = 10  # room for −1.23e+04
_LINES_AROUND = 5  # title, legend, axis, numbers, label
_MARKS = {"solid": "⠤⠤", "dashed": "⠄⠠", "points": "⠶", "bars": "⢸", "arrow": "→"}


def draw(panel: Panel, language: Language, width: int = 72, height: int = 16) -> str:
    """The first two series of a panel as text of at most `width` columns and exactly `height` lines.

    Args:
        panel: what to draw.
        language: of the labels.
        width: columns of the terminal, at least 40; a Chinese character takes two.
        height: lines, at least 8.
    """
    lines = panel.lines[:2]
    columns, rows = width - _GUTTER - 1, height - _LINES_AROUND
    left, right = _limits([line.x for line in lines])
    series = [_scaled(line, log=panel.log_y) for line in lines]
    shown = np.array(panel.shown or ())
    bottom, top = _limits([*(line.y for line in series), np.log10(shown) if panel.log_y else shown])
    dots = np.zeros((rows * 4, columns * 2), dtype=np.bool_)
    for line in series:
        _add(dots, line, (left, right), (bottom, top))
    numbers = _numbers(bottom, top, rows, log=panel.log_y)
    legend = "   ".join(f"{_MARKS[line.style]} {line.label[language]}" for line in lines)
    area = [f"{numbers.get(row, ''):>{_GUTTER - 1}} │{text}" for row, text in enumerate(_characters(dots))]
    middle = _number((left + right) / 2)
    first, last = _number(left), _number(right)
    space = columns - len(first) - len(middle) - len(last)
    scale = first + " " * (space // 2) + middle + " " * (space - space // 2) + last
    indent = " " * _GUTTER
    around = (panel.title[language], f"{panel.y_label[language]}:  {legend}")
    return "\n".join(
        [
            *(_cut(text, width) for text in around),
            *(text.rstrip() for text in area),
            indent + "└" + "─" * columns,
            indent + " " + scale,
            indent + " " + _cut(_centred(panel.x_label[language], columns), columns).rstrip(),
        ]
    )


def display_width(text: str) -> int:
    """Columns that `text` takes in a terminal.

    >>> display_width("梯度 g")
    6
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text if not unicodedata.combining(c))


def _limits(arrays: list[npt.NDArray[np.float64]]) -> tuple[float, float]:
    together = np.concatenate([array[np.isfinite(array)] for array in arrays])
    low, high = (float(together.min()), float(together.max())) if len(together) else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _scaled(line: Line, *, log: bool) -> Line:
    if not log:
        return line
    positive = np.where(line.y > 0, line.y, np.nan)
    return Line(line.label, line.x, np.log10(positive), line.style)


def _add(dots: Dots, line: Line, across: tuple[float, float], up: tuple[float, float]) -> None:
    rows, columns = dots.shape
    finite = np.isfinite(line.y)
    x, y = line.x[finite], line.y[finite]
    if not len(x):
        return
    at = np.rint((x - across[0]) / (across[1] - across[0]) * (columns - 1)).astype(int)
    if line.style == "points":
        for column, row in zip(at, _rows(y, up, rows), strict=True):
            dots[max(row - 1, 0) : row + 1, max(column - 1, 0) : column + 1] = True
        return
    if line.style == "bars":
        for column, row in zip(at, _rows(y, up, rows), strict=True):
            dots[row:, column] = True
        return
    places = np.arange(at[0], at[-1] + 1)
    reached = _rows(np.interp(places, at, y), up, rows)
    before = reached[0]
    for column, row in zip(places, reached, strict=True):
        if line.style == "solid" or column % 6 < 3:
            dots[min(before, row) : max(before, row) + 1, column] = True
        before = row


def _rows(y: npt.NDArray[np.float64], up: tuple[float, float], rows: int) -> npt.NDArray[np.int64]:
    return np.rint((up[1] - y) / (up[1] - up[0]) * (rows - 1)).astype(np.int64)


def _characters(dots: Dots) -> list[str]:
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    cells = dots.reshape(rows, 4, columns, 2)
    codes = np.einsum("rich,ih->rc", cells.astype(np.int64), _BITS)
    return ["".join(chr(0x2800 + code) if code else " " for code in row) for row in codes]


def _numbers(bottom: float, top: float, rows: int, *, log: bool) -> dict[int, str]:
    """Numbers beside the vertical axis, by row: both ends, and 0 or the middle."""
    between = 0.0 if not log and bottom < 0.0 < top else (bottom + top) / 2
    values = {round((top - between) / (top - bottom) * (rows - 1)): between, 0: top, rows - 1: bottom}
    return {row: f"{10.0**value:.1e}" if log else _number(value) for row, value in values.items()}


def _number(value: float) -> str:
    return "0" if abs(value) < 1e-12 else f"{value:.3g}".replace("-", "−")  # what is left of rounding is no number


def _centred(text: str, columns: int) -> str:
    return " " * max(0, (columns - display_width(text)) // 2) + text


def _cut(text: str, columns: int) -> str:
    if display_width(text) <= columns:
        return text
    while display_width(text) > columns - 1:
        text = text[:-1]
    return text + "…"
