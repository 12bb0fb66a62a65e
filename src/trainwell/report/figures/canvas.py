"""What the pictures of a report share: size, titles, axes that read well, and how gaps are marked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.explain.figure import COLOURS, new_figure
from trainwell.locales import Text
from trainwell.report import numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 5.6  # inches: on a phone of 360 px the text is still readable, on a desk it is not a poster
ACCENT, SECOND, QUIET, ALARM = COLOURS[0], COLOURS[1], "#767676", "#C4262E"
STEP = Text(en="training step", zh="训练步")
EPOCH = Text(en="epoch", zh="轮次")
NONFINITE = Text(en="NaN or infinite", zh="NaN 或无穷")
_LONGEST_NAME = 22
_LEGEND_COLUMNS = 4


def canvas(height: float, rows: int = 1, columns: int = 1) -> Figure:
    """A transparent figure of a report's width with calm axes, `height` in inches."""
    figure = new_figure(WIDTH, height, rows=rows, columns=columns)
    figure.patch.set_alpha(0)
    for axes in figure.axes:
        calm(axes)
    return figure


def calm(axes: Any) -> None:
    """No box, thin spines, small ticks."""
    axes.patch.set_alpha(0)
    axes.spines[["left", "bottom"]].set_color("#B0B0B0")
    axes.tick_params(color="#B0B0B0", labelsize=8.5)


def named(axes: Any, title: str, x: str = "", y: str = "", pad: float = 8) -> None:
    """Title at the left, `pad` points above the plot; labels of both axes."""
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", pad=pad)
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)


def label(name: str, longest: int = _LONGEST_NAME) -> str:
    r"""A name that somebody else chose, safe for Matplotlib: no formula in it, printable, its middle cut if long.

    >>> label("price in $"), label("encoder/block_1/attention/query")
    ('price in \\$', 'encoder/bl…ntion/query')
    """
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    if len(text) > longest:
        half = (longest - 1) // 2
        text = f"{text[:half]}…{text[-(longest - 1 - half) :]}"
    return text.replace("$", r"\$")


def whole_numbers(axis: Any) -> None:
    """Ticks at whole numbers only, with their thousands apart."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda value, _: numbers.count(round(value))))


def logarithmic(axis: Any, values: Iterable[npt.NDArray[Any]]) -> bool:
    """Make an axis logarithmic if there is something positive to show; whether it was done."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    together = positive(values)
    if not len(together):
        return False
    low, high = float(together.min()), float(together.max())
    decades = math.log10(high / low)
    if decades < 0.3:  # a nearly constant curve still gets an axis with some room
        low, high = low / 1.6, high * 1.6
    else:
        room = 10 ** (0.05 * decades)
        low, high = low / room, high * room
    axis.axes.set(**{f"{axis.axis_name}lim": (low, high)})  # first: it keeps the scale from looking for limits itself
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    between = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0) if decades < 0.6 else (1.0, 2.0, 5.0) if decades < 1.7 else (1.0,)
    axis.set_major_locator(LogLocator(subs=between, numticks=8))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: numbers.number(value, 2)))
    return True


def positive(values: Iterable[npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
    """All finite positive numbers of some arrays, (n,)."""
    together = np.concatenate([np.zeros(0), *(np.asarray(v, np.float64).ravel() for v in values)])
    return together[np.isfinite(together) & (together > 0)]


def mark_nonfinite(axes: Any, places: Sequence[float] | npt.NDArray[Any], name: str) -> None:
    """Red crosses at the foot of the axes where a value was NaN or infinite."""
    if len(places):
        axes.plot(
            places,
            np.zeros(len(places)),
            "x",
            color=ALARM,
            markersize=5,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            label=name,
            zorder=5,
        )


def legend(axes: Any) -> None:
    """A legend between title and plot, so that it never lies on the data; call it after `named`."""
    handles, names = axes.get_legend_handles_labels()
    if handles:
        rows = -(-len(handles) // _LEGEND_COLUMNS)
        named(axes, axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel(), pad=10 + 13 * rows)
        axes.legend(
            handles,
            names,
            frameon=False,
            fontsize=8,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=_LEGEND_COLUMNS,
            borderaxespad=0.2,
            borderpad=0.0,
            handlelength=1.3,
            columnspacing=1.3,
        )


def depth_colours(count: int) -> list[Any]:
    """A colour for each layer: told apart one by one if few, from first (dark) to last (light) if many."""
    import matplotlib as mpl

    if count <= len(COLOURS):
        return list(COLOURS[:count])
    return [mpl.colormaps["viridis"](share) for share in np.linspace(0.0, 0.88, count)]
