"""Which classes are taken for which: the matrix, or for many classes the pairs that are confused most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.locales import Language, Text
from trainwell.report import numbers
from trainwell.report.facts import RunFacts
from trainwell.report.figures.canvas import ACCENT, canvas, label, named, whole_numbers
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MATRIX = Text(en="True and predicted classes", zh="真实类别与预测类别")
PAIRS = Text(en="The pairs that are confused most", zh="最容易混淆的类别对")
TRUE = Text(en="true class", zh="真实类别")
PREDICTED = Text(en="predicted class", zh="预测类别")
SHARE = Text(en="share of the true class", zh="占真实类别的比例")
SAMPLES = Text(en="test samples", zh="测试样本数")
LARGEST_MATRIX = 25
_PAIRS = 15


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """Matrix of up to 25 classes, otherwise the 15 worst pairs; None if there is no matrix or nothing is confused."""
    del recording
    if not facts.scores.confusion:
        return None
    counts = np.array(facts.scores.confusion, np.int64)
    names = facts.data.class_names or tuple(str(place) for place in range(len(counts)))
    return (_matrix if len(counts) <= LARGEST_MATRIX else _pairs)(counts, names, language)


def worst_pairs(counts: npt.NDArray[np.int64], most: int = _PAIRS) -> list[tuple[int, int]]:
    """Pairs (true, predicted) of different classes, the most samples first; only pairs that occur.

    >>> worst_pairs(np.array([[5, 2], [1, 9]]))
    [(0, 1), (1, 0)]
    """
    wrong = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    places = [divmod(int(place), len(counts)) for place in order]
    return [(true, predicted) for true, predicted in places if wrong[true, predicted] > 0]


def _matrix(counts: npt.NDArray[np.int64], names: tuple[str, ...], language: Language) -> Figure:
    from matplotlib.ticker import PercentFormatter

    size = len(counts)
    figure = canvas(min(5.6, 1.9 + 0.3 * size))
    axes: Any = figure.axes[0]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="none")
    font = 9 if size <= 10 else 7.5 if size <= 16 else 6
    for true, predicted in np.argwhere(counts > 0):
        colour = "white" if shares[true, predicted] > 0.55 else "#222222"
        axes.text(predicted, true, str(counts[true, predicted]), ha="center", va="center", fontsize=font, color=colour)
    shown = [label(name, 14) for name in names]
    axes.set_yticks(range(size), shown)
    axes.set_xticks(range(size), shown, rotation=0 if max(map(len, shown)) <= 3 else 90)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=8.5 if size <= 16 else 7)
    named(axes, MATRIX[language], PREDICTED[language], TRUE[language])
    bar = figure.colorbar(image, ax=axes, pad=0.02, fraction=0.05, aspect=20)
    bar.set_label(SHARE[language], fontsize=8)
    bar.outline.set_visible(False)  # type: ignore[operator] # a spine, typed as anything
    bar.ax.tick_params(labelsize=8, color="#B0B0B0")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return figure


def _pairs(counts: npt.NDArray[np.int64], names: tuple[str, ...], language: Language) -> Figure | None:
    pairs = worst_pairs(counts)
    if not pairs:
        return None
    figure = canvas(1.1 + 0.27 * len(pairs))
    axes = figure.axes[0]
    sizes = [int(counts[pair]) for pair in pairs]
    axes.barh(range(len(pairs)), sizes, color=ACCENT, height=0.62)
    for row, (true, predicted) in enumerate(pairs):
        share = numbers.percent(counts[true, predicted] / counts[true].sum(), 0)
        axes.annotate(share, (sizes[row], row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(range(len(pairs)), [f"{label(names[t], 18)} → {label(names[p], 18)}" for t, p in pairs], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    whole_numbers(axes.xaxis)
    named(
        axes, PAIRS[language], f"{SAMPLES[language]} ({SHARE[language]})", f"{TRUE[language]} → {PREDICTED[language]}"
    )
    return figure
