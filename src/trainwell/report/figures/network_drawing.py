"""The network as a drawing: what the data look like after each layer, along their way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from trainwell.locales import Language, Text
from trainwell.report import numbers
from trainwell.report.facts import LayerRow, RunFacts
from trainwell.report.figures.canvas import ACCENT, QUIET, WIDTH, canvas, label
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INPUT = Text(en="input", zh="输入")
TIMES = Text(en="{count} layers", zh="{count} 层")
MORE = Text(en="… and {count} more, see the table", zh="……其余 {count} 个见表格")
_ROW = 1.72  # inches: height of a place
_LARGEST = 0.86  # inches: height of the largest box
_MOST = 60
_SHORT = 15  # characters
_REPEATED = 3  # so many equal layers in a row are drawn as one


@dataclass(frozen=True)
class Box:
    """What is drawn at one place: a name, what it is, and the shape of what comes out."""

    name: str
    kind: str
    shape: tuple[int, ...]
    layers: int = 1


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """Boxes from left to right, row by row; None without layers."""
    del recording
    if not facts.network.layers:
        return None
    boxes = [Box(INPUT[language], "", facts.data.input_shape), *boxes_of(facts.network.layers, language)]
    more, boxes = len(boxes) - _MOST, boxes[:_MOST]
    columns = _columns(boxes)
    rows = math.ceil(len(boxes) / columns)
    figure = canvas(rows * _ROW + (0.3 if more > 0 else 0))
    axes: Any = figure.axes[0]
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(rows * _ROW + (0.3 if more > 0 else 0), 0)
    axes.set_aspect("equal")
    pictures = [side for box in boxes if len(box.shape) >= 3 for side in box.shape[-3:-1]]
    vectors = [side for box in boxes if len(box.shape) < 3 for side in box.shape]
    largest = (max(pictures, default=1), max(vectors, default=1))
    for place, box in enumerate(boxes):
        row, column = divmod(place, columns)
        middle = ((column + 0.5) * WIDTH / columns, row * _ROW + 0.62)
        right = _draw(axes, box, middle, largest)
        if place + 1 < len(boxes):
            _arrow(axes, right, row, (column + 1) / columns)
    if more > 0:
        axes.text(0.1, rows * _ROW + 0.15, MORE.format(count=more)[language], fontsize=8.5, va="center")
    return figure


def boxes_of(layers: Sequence[LayerRow], language: Language) -> list[Box]:
    """A box for each layer; three or more equal ones in a row become one."""
    boxes: list[Box] = []
    for _, group in groupby(layers, key=lambda layer: (layer.kind, layer.output_shape, layer.activation)):
        run = list(group)
        if len(run) >= _REPEATED:
            name = f"{label(run[0].name, 9)} … {label(run[-1].name, 9)}"
            kind = f"{TIMES.format(count=len(run))[language]}: {_kind(run[0])}"
            boxes.append(Box(name, kind, run[0].output_shape, len(run)))
        else:
            boxes += [Box(label(layer.name, 18), _kind(layer), layer.output_shape) for layer in run]
    return boxes


def _kind(layer: LayerRow) -> str:
    activation = layer.activation if layer.activation not in (None, "linear") else None
    return label(layer.kind + (f", {activation}" if activation else ""), 22)


def _draw(axes: Any, box: Box, middle: tuple[float, float], largest: tuple[int, int]) -> float:
    """One box with its texts; returns where it ends at the right."""
    from matplotlib.patches import Rectangle

    width, height, sheets = _size(box.shape, largest)
    sheets = max(sheets, min(box.layers, 4))
    shift = 0.05
    left, top = middle[0] - (width + shift * (sheets - 1)) / 2, middle[1] - (height - shift * (sheets - 1)) / 2
    for sheet in reversed(range(sheets)):
        axes.add_patch(
            Rectangle(
                (left + sheet * shift, top - sheet * shift),
                width,
                height,
                facecolor="#DCEAF5" if box.kind else "#EDEDED",
                edgecolor=ACCENT if box.kind else QUIET,
                linewidth=0.9,
            )
        )
    lines = [(box.name, 8.0, "#222222", "bold"), (box.kind, 7.2, "#444444", "normal")]
    lines.append((numbers.shape(box.shape), 7.6, ACCENT, "normal"))
    y = middle[1] + _LARGEST / 2 + 0.17
    for text, size, colour, weight in lines:
        if text:
            axes.text(middle[0], y, text, ha="center", va="center", fontsize=size, color=colour, fontweight=weight)
            y += 0.165
    return left + width + shift * (sheets - 1)


def _size(shape: tuple[int, ...], largest: tuple[int, int]) -> tuple[float, float, int]:
    """Width and height in inches and number of sheets; larger is drawn larger, but not in proportion.

    Args:
        shape: of what comes out of the layer.
        largest: side of the largest picture and length of the longest vector of the network.
    """

    def length(side: int, longest: int) -> float:
        return max(0.13, _LARGEST * math.log2(side + 1) / math.log2(max(longest, 1) + 1))

    if len(shape) >= 3:  # a stack of pictures (height, width, channels)
        sheets = min(6, 1 + round(math.log2(max(shape[-1], 1))))
        height, width = (max(0.13, 0.66 * (side / max(largest[0], 1)) ** 0.7) for side in shape[-3:-1])
        return width, height, sheets
    if len(shape) == 2:  # a chain of vectors (steps, features)
        return length(shape[0], largest[1]), length(shape[1], largest[1]), 1
    return 0.14, length(shape[0], largest[1]) if shape else 0.13, 1


def _columns(boxes: list[Box]) -> int:
    """Boxes in a row: five if their texts are short and so the last row is not left with a box alone, else four."""
    longest = max(len(text) for box in boxes for text in (box.name, box.kind))
    return 5 if longest <= _SHORT and len(boxes) % 5 != 1 else 4


def _arrow(axes: Any, right: float, row: int, share: float) -> None:
    """From one box to the next; `share` of the width is where its place ends."""
    style = {"arrowstyle": "->", "color": QUIET, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    y = row * _ROW + 0.62
    edge = share * WIDTH
    if share < 1:
        middle = max(right + 0.06, edge - 0.16)
        axes.annotate("", (middle + 0.24, y), (middle, y), arrowprops=style)
    else:  # the way goes on in the next row
        axes.annotate("", (WIDTH - 0.01, y), (max(right + 0.06, WIDTH - 0.26), y), arrowprops=style)
