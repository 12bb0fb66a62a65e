"""Where the output of each layer lies, and how widely it spreads, over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from trainwell.locales import Language, Text
from trainwell.report import numbers
from trainwell.report.facts import RunFacts
from trainwell.report.figures.canvas import (
    ACCENT,
    NONFINITE,
    STEP,
    canvas,
    label,
    mark_nonfinite,
    whole_numbers,
)
from trainwell.report.figures.heat import figure_of
from trainwell.report.figures.timeline import layers_with, timeline
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = Text(
    en="Output of each layer: mean (line) and ± one standard deviation (band)",
    zh="各层的输出：均值（线）与 ± 一个标准差（带）",
)
SPREAD = Text(en="Spread of each layer's output", zh="各层输出的离散程度")
STANDARD_DEVIATION = Text(en="standard deviation", zh="标准差")
_SINGLE = 12  # up to so many layers get a small picture each
_COLUMNS = 3


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """A small picture per layer, or a heat map of the spread for deep networks; None if nothing was recorded."""
    del facts
    layers = [name for name in layers_with(recording, "activation_mean") if recording.has("activation_std", name)]
    if not layers:
        return None
    if len(layers) > _SINGLE:
        return figure_of(recording, [("activation_std", SPREAD, STANDARD_DEVIATION)], language, log=True)
    rows = math.ceil(len(layers) / _COLUMNS)
    figure = canvas(0.5 + 1.5 * rows, rows=rows, columns=_COLUMNS)
    figure.suptitle(TITLE[language], fontsize=10, fontweight="bold", x=0.01, ha="left")
    for place, axes in enumerate(figure.axes):
        if place < len(layers):
            _draw(axes, recording, layers[place], language, bottom=place + _COLUMNS >= len(layers))
        else:
            axes.set_axis_off()
    return figure


def _draw(axes: Any, recording: Recording, layer: str, language: Language, *, bottom: bool) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    mean, spread = (timeline(recording.layer(f"activation_{part}", layer), 150) for part in ("mean", "std"))
    low, high = mean.mean - spread.mean, mean.mean + spread.mean
    if len(mean) == 1:
        axes.errorbar(mean.step, mean.mean, yerr=np.nan_to_num(spread.mean), fmt="o", color=ACCENT, markersize=3)
    else:
        axes.fill_between(mean.step, low, high, color=ACCENT, alpha=0.22, linewidth=0)
        axes.plot(mean.step, mean.mean, color=ACCENT, linewidth=1.2)
    mark_nonfinite(axes, mean.step[mean.nonfinite > 0], NONFINITE[language])
    axes.set_title(label(layer), loc="left", fontsize=8.5)
    axes.tick_params(labelsize=7.5)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.number(value, 2)))
    whole_numbers(axes.xaxis)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3, integer=True, min_n_ticks=1))
    if bottom:
        axes.set_xlabel(STEP[language], fontsize=8)
