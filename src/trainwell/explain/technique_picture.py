"""The picture of a technique: as a figure, and with characters for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from trainwell.explain.figure import COLOURS, new_figure
from trainwell.explain.panel import Line, Panel
from trainwell.explain.technique_curves import panels
from trainwell.explain.terminal_plot import draw
from trainwell.locales import Language
from trainwell.techniques import Technique

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def picture(technique: Technique, language: Language) -> Figure:
    """What the technique does, as a figure with one or two diagrams.

    Args:
        technique: any entry of the catalogue.
        language: of title, labels and legend.

    Raises:
        SettingError: there is no picture for its family.
    """
    shown = panels(technique)
    figure = new_figure(5.2 * len(shown), 3.8, columns=len(shown))
    figure.suptitle(technique.title[language], fontsize=14)
    for axes, panel in zip(figure.axes, shown, strict=True):
        _draw(axes, panel, language)
    return figure


def terminal_picture(technique: Technique, language: Language, width: int = 72, height: int = 16) -> str:
    """The first diagram of the technique, drawn with characters.

    Args:
        technique: any entry of the catalogue.
        language: of title, labels and legend.
        width: columns, at least 40.
        height: lines, at least 8.

    >>> from trainwell.techniques import find
    >>> print(terminal_picture(find("relu"), "en", width=40, height=9).splitlines()[0])
    The function and its gradient
    """
    return draw(panels(technique)[0], language, width, height)


def _draw(axes: Any, panel: Panel, language: Language) -> None:
    if panel.heights is not None:
        land = panel.heights
        axes.contour(land.x, land.y, land.z, levels=12, colors="#BBBBBB", linewidths=0.7)
    for place, line in enumerate(panel.lines):
        _add(axes, line, COLOURS[place % len(COLOURS)], language, dots=panel.heights is not None)
    if panel.log_y:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(_power_of_ten)
        axes.yaxis.set_minor_formatter("")
    if panel.shown is not None:
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, panel.shown[0]), max(high, panel.shown[1]))
    axes.set_title(panel.title[language], fontsize=11)
    axes.set_xlabel(panel.x_label[language])
    axes.set_ylabel(panel.y_label[language])
    axes.legend(frameon=False, fontsize=9)


def _add(axes: Any, line: Line, colour: str, language: Language, *, dots: bool) -> None:
    label = line.label[language]
    if line.style == "points":
        axes.plot(line.x, line.y, "o", color=colour, label=label, markersize=8)
    elif line.style == "bars":
        axes.bar(line.x, line.y, color=colour, label=label, width=0.28)
    elif line.style == "arrow":
        axes.plot(line.x, line.y, color=colour, label=label, linewidth=3)
        axes.plot(line.x[-1:], line.y[-1:], "o", color=colour, markersize=8)
    else:
        style = "--" if line.style == "dashed" else "-"
        marker = {"marker": ".", "markersize": 4} if dots else {}
        axes.plot(line.x, line.y, style, color=colour, label=label, linewidth=1.5 if dots else 2, **marker)


def _power_of_ten(value: float, _: int | None = None) -> str:
    """Plain characters: Matplotlib's own labels are formulas, which are slow to set and no text in an SVG."""
    return "10" + str(round(math.log10(value))).translate(_RAISED)
