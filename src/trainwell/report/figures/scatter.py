"""Regression: what was predicted against what is true; a perfect network puts every point on the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trainwell.locales import Language, Text
from trainwell.report import numbers
from trainwell.report.facts import Predictions, RunFacts
from trainwell.report.figures.canvas import ACCENT, NONFINITE, QUIET, canvas, label, legend, named
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = Text(en="Predicted and true values: {target}", zh="预测值与真实值：{target}")
TRUE = Text(en="true value", zh="真实值")
PREDICTED = Text(en="predicted value", zh="预测值")
PERFECT = Text(en="predicted = true", zh="预测 = 真实")
TARGETS = 4  # so many targets are drawn
_POINTS = 2000  # of all targets together


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """One diagram per target, at most four; None for classes."""
    del recording
    shown = facts.scores.predictions[:TARGETS]
    if not shown:
        return None
    figure = canvas(4.2 * len(shown), rows=len(shown))
    for axes, predictions in zip(figure.axes, shown, strict=True):
        _draw(axes, predictions, _POINTS // len(shown), language)
    return figure


def _draw(axes: Any, predictions: Predictions, most: int, language: Language) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    true, predicted = (np.array(values, np.float64) for values in (predictions.true, predictions.predicted))
    finite = np.isfinite(true) & np.isfinite(predicted)
    every = max(1, -(-int(finite.sum()) // most))
    x, y = true[finite][::every], predicted[finite][::every]
    if len(x):
        ends = np.array([min(x.min(), y.min()), max(x.max(), y.max())])
        axes.plot(ends, ends, color=QUIET, linewidth=1, linestyle=(0, (4, 3)), label=PERFECT[language])
    axes.plot(x, y, "o", color=ACCENT, markersize=3.5, alpha=0.55, markeredgewidth=0)
    lost = int((~finite).sum())
    if lost:
        axes.plot([], [], "x", color=QUIET, label=f"{NONFINITE[language]}: {numbers.count(lost)}")
    named(axes, TITLE.format(target=label(predictions.target, 40))[language], TRUE[language], PREDICTED[language])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6))
        axis.set_major_formatter(FuncFormatter(lambda value, _: numbers.number(value)))
    axes.set_aspect("equal", adjustable="box")
    legend(axes)
