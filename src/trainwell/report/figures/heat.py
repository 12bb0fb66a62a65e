"""A heat map of layers by steps: a row per layer, the data's way from top to bottom, time from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trainwell.locales import Language, Text
from trainwell.report import numbers
from trainwell.report.figures.canvas import ALARM, STEP, canvas, label, named, positive, whole_numbers
from trainwell.report.figures.timeline import grid, layers_with
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EMPTY = "#8C8C8C"  # a value of zero on a logarithmic scale
BAD = Text(en="red: NaN or infinite", zh="红色：NaN 或无穷")
ZERO = Text(en="grey: exactly zero", zh="灰色：恰好为零")
_NAMED_ROWS = 26
_DECADES = 12  # a logarithmic scale shows at most so many; what is smaller has the lightest colour
_LEAST_DECADES = 3  # ... and at least so many, so that layers that differ little look alike


def height_of(rows: int) -> float:
    """Height in inches of a map with so many rows."""
    return 1.15 + min(max(0.24 * rows, 0.5), 7.0)


def figure_of(
    recording: Recording, measures: list[tuple[str, Text, Text]], language: Language, *, log: bool
) -> Figure | None:
    """One heat map below the other.

    Args:
        recording: of the run.
        measures: name of the measure, title of the map, name and unit of the colours.
        language: of the labels.
        log: logarithmic colours; otherwise a share of 0..1.
    """
    there = [(m, layers_with(recording, m), title, unit) for m, title, unit in measures]
    there = [entry for entry in there if entry[1]]
    if not there:
        return None
    figure = canvas(sum(height_of(len(layers)) for _, layers, _, _ in there), rows=0)
    places = figure.add_gridspec(len(there), 1, height_ratios=[height_of(len(layers)) for _, layers, _, _ in there])
    for place, (measure, layers, title, unit) in enumerate(there):
        draw(figure, figure.add_subplot(places[place]), recording, (measure, layers), (title, unit), language, log=log)
    return figure


def draw(
    figure: Figure,
    axes: Any,
    recording: Recording,
    what: tuple[str, tuple[str, ...]],
    titles: tuple[Text, Text],
    language: Language,
    *,
    log: bool,
) -> None:
    """One map into `axes`, with its colour bar."""
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap, LogNorm, Normalize
    from matplotlib.ticker import FuncFormatter, PercentFormatter

    measure, layers = what
    cells = grid(recording, measure, layers)
    values, edges = cells.values, cells.edges
    zero = np.isfinite(values) & (values <= 0) & log
    shown = np.ma.masked_where(~np.isfinite(values) | zero, values)
    colours = mpl.colormaps["YlGnBu"].with_extremes(bad=(0, 0, 0, 0))
    norm: Any = Normalize(0, 1)
    if log:
        above = positive([values])
        high = float(above.max()) if len(above) else 1.0
        low = float(above.min()) if len(above) else high
        norm = LogNorm(min(max(low, high * 10.0**-_DECADES), high * 10.0**-_LEAST_DECADES), high, clip=True)
    extent = (float(edges[0]), float(edges[-1]), len(layers) - 0.5, -0.5)
    settings: dict[str, Any] = {"aspect": "auto", "interpolation": "none", "extent": extent}
    image = axes.imshow(shown, cmap=colours, norm=norm, **settings)
    marks = [(cells.bad, ALARM, BAD), (zero & ~cells.bad, EMPTY, ZERO)]
    for where, colour, _ in marks:
        if where.any():
            axes.imshow(np.ma.masked_where(~where, where), cmap=ListedColormap([colour]), **settings)
    notes = "; ".join(text[language] for where, _, text in marks if where.any())
    named(axes, titles[0][language], STEP[language] + (f"    ({notes})" if notes else ""))
    every = -(-len(layers) // _NAMED_ROWS)
    rows = list(range(0, len(layers), every))
    axes.set_yticks(rows, [label(layers[row]) for row in rows], fontsize=8)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.patch.set_alpha(0)
    axes.tick_params(length=0, labelsize=8)
    whole_numbers(axes.xaxis)
    bar = figure.colorbar(image, ax=axes, pad=0.02, fraction=0.05, aspect=12)
    bar.set_label(titles[1][language], fontsize=8)
    bar.outline.set_visible(False)  # type: ignore[operator] # a spine, typed as anything
    bar.ax.tick_params(labelsize=8, color="#B0B0B0")
    bar.minorticks_off()
    bar.ax.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: numbers.scientific(value, 1)) if log else PercentFormatter(1.0, decimals=0)
    )
