"""The gradient norm of each step before and after clipping, and the learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainwell.locales import Language, Text
from trainwell.report import numbers
from trainwell.report.facts import RunFacts
from trainwell.report.figures.canvas import (
    ACCENT,
    NONFINITE,
    SECOND,
    STEP,
    canvas,
    legend,
    logarithmic,
    mark_nonfinite,
    named,
    whole_numbers,
)
from trainwell.report.figures.timeline import timeline
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GRADIENT = Text(en="Gradient norm of each step", zh="每一步的梯度范数")
NORM = Text(en="L2 norm over all weights", zh="全部权重的 L2 范数")
BEFORE = Text(en="before clipping", zh="裁剪前")
AFTER = Text(en="after clipping", zh="裁剪后")
UNCLIPPED = Text(en="not clipped", zh="未裁剪")
RATE = Text(en="Learning rate", zh="学习率")


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """Gradient norm above, learning rate below; None if no step was recorded."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    del facts
    before, after = timeline(recording.run("gradient_norm")), timeline(recording.run("clipped_gradient_norm"))
    rate = timeline(recording.run("learning_rate"))
    if not len(before):
        return None
    figure = canvas(4.6, rows=2)
    upper, lower = figure.axes
    marker = "o" if len(before) == 1 else ""
    clipped = not np.allclose(before.mean, after.mean, rtol=1e-3, equal_nan=True)
    upper.fill_between(before.step, before.minimum, before.maximum, color=ACCENT, alpha=0.2, linewidth=0)
    name = BEFORE if clipped else UNCLIPPED
    upper.plot(before.step, before.mean, color=ACCENT, linewidth=1.2, marker=marker, label=name[language])
    if clipped:
        upper.plot(after.step, after.mean, color=SECOND, linewidth=1.4, marker=marker, label=AFTER[language])
    mark_nonfinite(upper, before.step[before.nonfinite > 0], NONFINITE[language])
    logarithmic(upper.yaxis, [before.minimum, before.maximum, after.mean])
    named(upper, GRADIENT[language], STEP[language], NORM[language])
    lower.plot(rate.step, rate.mean, color=ACCENT, linewidth=1.6, marker=marker)
    lower.set_ylim(0, 1.15 * float(np.max(rate.mean, initial=0.0, where=np.isfinite(rate.mean))) or 1.0)
    lower.yaxis.set_major_locator(MaxNLocator(nbins=4))
    lower.yaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.number(value, 2)))
    named(lower, RATE[language], STEP[language], RATE[language])
    for axes in (upper, lower):
        whole_numbers(axes.xaxis)
    legend(upper)
    return figure
