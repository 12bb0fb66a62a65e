"""A paragraph for the terminal that wraps Chinese between characters and other words between words.

Rich breaks lines at spaces only, so Chinese, which has none, would be cut anywhere, also through a word or a number.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text as Line

_NOT_FIRST = "，。；：！？、）》」』”’…%,.;:!?)]}"  # may not begin a line
_NOT_LAST = "（《「『“‘([{"  # may not end one


class Paragraph:
    """One paragraph of text, styled as the given line is; it takes the width that is there."""

    def __init__(self, line: Line | str, style: str = ""):
        self.line = Line(line, style) if isinstance(line, str) else line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lines that fit."""
        ends = line_ends(self.line.plain, options.max_width)
        for piece in self.line.divide(ends[:-1]):
            piece.rstrip()
            piece.no_wrap, piece.overflow = True, "ignore"
            yield piece

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """From the widest word to the whole line."""
        widest = max((cell_len(piece.rstrip()) for piece in pieces(self.line.plain)), default=0)
        return Measurement(widest, cell_len(self.line.plain)).with_maximum(options.max_width)


def pieces(text: str) -> list[str]:
    """What may not be broken: words with the space after them, and single Chinese characters.

    >>> pieces("共 360 个（Wilson），好。")
    ['共 ', '360 ', '个', '（Wilson），', '好。']
    """
    found: list[str] = []
    for place, character in enumerate(text):
        before = text[place - 1] if place else ""
        wide = cell_len(character) == 2 or cell_len(before) == 2
        after_space = before.isspace() and not character.isspace()
        kept = character in _NOT_FIRST or before in _NOT_LAST or character.isspace()
        if found and (kept or not (wide or after_space)):
            found[-1] += character
        else:
            found.append(character)
    return found


def line_ends(text: str, width: int) -> list[int]:
    """Where the lines of `text` end, in characters, so that none is wider than `width` columns.

    What is wider by itself (a long path) is folded. The last end is that of the text.
    """
    ends: list[int] = []
    place = used = 0
    for piece in pieces(text):
        if used and used + cell_len(piece.rstrip()) > width:
            ends.append(place)
            used = 0
        for character in piece:
            wide = cell_len(character)
            if used + wide > width and not character.isspace():
                ends.append(place)
                used = 0
            used += wide
            place += 1
    return [*ends, place]
