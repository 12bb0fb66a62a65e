"""What the pictures of a network share: size, calm axes, labels of steps, colours that everybody can tell apart."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.explain.figure import new_figure
from trainwell.explain.learned.explanation import Arrays
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 5.6  # inches: on a phone of 360 px the text is still readable
SEQUENTIAL, DIVERGING = "viridis", "PuOr"  # both told apart with every common colour blindness
NAMED_STEPS = 40  # more tokens than this have no room for their names
QUIET = "#767676"
_STEP = Text(en="step (number)", zh="步（序号）")
_TOKEN = Text(en="token (number)", zh="词元（序号）")
_TOKENS = Text(en="tokens, in reading order", zh="词元（按阅读顺序）")
_SECONDS = Text(en="time (seconds)", zh="时间（秒）")
_SAMPLE = Text(en="{label}; the network says: {answer}", zh="{label}；网络的回答：{answer}")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MARKS = str.maketrans({"\n": "⏎", "\t": "⇥", " ": "␣", "\u3000": "␣"})


def empty_figure(height: float) -> Figure:
    """A transparent figure of a report's width, `height` in inches, without axes."""
    figure = new_figure(WIDTH, height, rows=0)
    figure.patch.set_alpha(0)
    return figure


def calm(axes: Any, *, grid: bool = True) -> Any:
    """The axes with thin spines and small ticks; without any of it where a picture fills them."""
    axes.patch.set_alpha(0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#B0B0B0")
    axes.tick_params(color="#B0B0B0", labelsize=8.5)
    if grid:
        axes.grid(visible=True, color="#D9D9D9", linewidth=0.6)
    else:
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    return axes


def bare(axes: Any) -> Any:
    """The axes as a frame for a small picture: no ticks, a thin border."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color("#B0B0B0")
    axes.spines[:].set_linewidth(0.5)
    return axes


def named(axes: Any, title: str, x: str = "", y: str = "", size: float = 10) -> None:
    """Title at the left; labels of both axes."""
    axes.set_title(title, loc="left", fontsize=size, fontweight="bold")
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)


def colour_bar(figure: Figure, image: Any, axes: Any, name: str, **settings: Any) -> Any:
    """A thin legend of colours beside the axes."""
    wanted: dict[str, Any] = {"pad": 0.02, "fraction": 0.05, "aspect": 16} | settings
    bar = figure.colorbar(image, ax=axes, **wanted)
    bar.set_label(name, fontsize=8)
    bar.outline.set_visible(False)  # type: ignore[operator] # a spine, typed as anything
    bar.ax.tick_params(labelsize=8, color="#B0B0B0")
    return bar


def words(text: str, longest: int = 24) -> str:
    r"""Text that somebody else wrote, safe for Matplotlib: no formula in it, printable, its end cut if long.

    >>> words("price in $"), words("a very long name of a column"), words("two\nlines")
    ('price in \\$', 'a very long name of a c…', 'two⏎lines')
    """
    shown = "".join(c if c.isprintable() else "⏎" if c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return (shown if len(shown) <= longest else shown[: longest - 1] + "…").replace("$", r"\$")


def token_words(token: str, longest: int = 12) -> str:
    r"""A token with its blanks and line ends made visible.

    >>> token_words(" the"), token_words("\n")
    ('␣the', '⏎')
    """
    return words(token.translate(_MARKS), longest)


def display_columns(text: str) -> int:
    """Width in narrow characters; a Chinese character is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def sample_line(arrays: Arrays, language: Language) -> str:
    """What the example is and what the network says, in one line; "" if neither is known."""
    label, answer = words(str(arrays["label"]), 40), words(str(arrays["answer"]), 40)
    if label and answer:
        return _SAMPLE[language].format(label=label, answer=answer)
    return label or answer


def step_axis(axis: Any, arrays: Arrays, language: Language) -> str:
    """Put tokens, times or numbers beside the steps of an axis; returns the label of the axis.

    Args:
        axis: the horizontal or vertical axis, on which step k stands at k.
        arrays: "tokens" (steps,) or (0,), "first" the number of the first step shown, "seconds" from one step to the
            next (NaN where steps are no times), "kind".
        language: of the label.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    tokens, first, seconds = arrays["tokens"], int(arrays["first"]), float(arrays["seconds"])
    if 0 < len(tokens) <= NAMED_STEPS:
        shown = [token_words(str(token)) for token in tokens]
        narrow = max(map(display_columns, shown)) <= 2
        size = 8 if len(shown) <= 24 else 7
        upright = axis.axis_name == "y" or narrow
        axis.set_ticks(range(len(shown)), shown, rotation=0 if upright else 90, fontsize=size)
        return _TOKENS[language]
    if math.isfinite(seconds):
        low, high = sorted(axis.get_view_interval())
        times = MaxNLocator(nbins=6).tick_values((low + first) * seconds, (high + first) * seconds)
        places = [(float(time) / seconds - first, f"{time:.4g}") for time in times]
        inside = [(place, text) for place, text in places if low <= place <= high]
        axis.set_ticks([place for place, _ in inside], [text for _, text in inside])
        return _SECONDS[language]
    axis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda value, _: str(round(value) + first + 1)))
    return (_TOKEN if str(arrays["kind"]) == "text" else _STEP)[language]


def power_of_ten(value: float, _: int | None = None) -> str:
    """The label of a place on a logarithmic axis, in plain characters: a formula would be no text in an SVG."""
    if value <= 0:
        return ""
    return "1" if value == 1 else "10" + str(round(math.log10(value))).translate(_RAISED)


def symmetric(values: npt.NDArray[Any]) -> float:
    """A limit that nearly all values keep, on both sides of 0; 1 where all are 0."""
    sizes = np.abs(np.asarray(values, np.float64))
    return float(np.quantile(sizes, 0.995)) or float(sizes.max(initial=0.0)) or 1.0
