"""One line per layer over time, on a logarithmic axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainwell.locales import Language, Text
from trainwell.report.figures.canvas import (
    NONFINITE,
    STEP,
    canvas,
    depth_colours,
    label,
    logarithmic,
    mark_nonfinite,
    named,
    whole_numbers,
)
from trainwell.report.figures.timeline import Timeline, layers_with, timeline
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTH = Text(en="layer, from the input", zh="层序号（从输入起）")
_LEGEND_LAYERS = 7
_POINTS_OF_ALL = 4000  # points of all lines together: keeps a network of 50 layers small


def layer_lines(
    recording: Recording, measure: str, title: Text, y: Text, language: Language, guide: float | None = None
) -> Figure | None:
    """The picture; None if the measure was not recorded.

    Args:
        recording: of the run.
        measure: name of the measure.
        title: of the picture.
        y: name and unit of the vertical axis.
        language: of the labels.
        guide: a value that is always within the axis.
    """
    layers = layers_with(recording, measure)
    if not layers:
        return None
    points = max(60, min(400, _POINTS_OF_ALL // len(layers)))
    lines = [timeline(recording.layer(measure, layer), points) for layer in layers]
    figure = canvas(3.1)
    axes = figure.axes[0]
    few = len(layers) <= _LEGEND_LAYERS
    for layer, line, colour in zip(layers, lines, depth_colours(len(layers)), strict=True):
        marker = "o" if len(line) == 1 else ""
        axes.plot(line.step, line.mean, color=colour, linewidth=1.4 if few else 1.0, marker=marker, markersize=4,
                  label=label(layer) if few else "_")  # fmt: skip
    bad = sorted({float(step) for line in lines for step in line.step[line.nonfinite > 0]})
    mark_nonfinite(axes, bad, NONFINITE[language])
    _scale(axes, lines, guide)
    named(axes, title[language], STEP[language], y[language])
    whole_numbers(axes.xaxis)
    if few:
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    else:
        _depth_bar(figure, axes, len(layers), language)
    return figure


def _scale(axes: Any, lines: list[Timeline], guide: float | None) -> None:
    import numpy as np

    means = [line.mean for line in lines]
    if guide is not None:
        means.append(np.array([guide / 1.5, guide * 1.5]))
    logarithmic(axes.yaxis, means)


def _depth_bar(figure: Any, axes: Any, count: int, language: Language) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    colours = ScalarMappable(Normalize(0.5, count + 0.5), ListedColormap(depth_colours(count)))
    bar = figure.colorbar(colours, ax=axes, pad=0.02, fraction=0.05, aspect=18)
    bar.set_label(DEPTH[language], fontsize=8)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8)
    whole_numbers(bar.ax.yaxis)
