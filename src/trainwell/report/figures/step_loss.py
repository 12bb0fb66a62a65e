"""The loss of every step, with the range that each point of the picture stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwell.locales import Language, Text
from trainwell.report.facts import RunFacts
from trainwell.report.figures.canvas import (
    ACCENT,
    NONFINITE,
    STEP,
    canvas,
    legend,
    logarithmic,
    mark_nonfinite,
    named,
    positive,
    whole_numbers,
)
from trainwell.report.figures.timeline import timeline
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = Text(en="Loss of each step", zh="每一步的损失")
LOSS = Text(en="loss of the batch", zh="批次损失")
MEAN = Text(en="mean", zh="均值")
RANGE = Text(en="least to largest", zh="最小到最大")
_LOG_RANGE = 30.0


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """Loss over steps; None if no step was recorded."""
    del facts
    line = timeline(recording.run("loss"))
    if not len(line):
        return None
    figure = canvas(2.5)
    axes = figure.axes[0]
    one = len(line) == 1
    axes.fill_between(
        line.step, line.minimum, line.maximum, color=ACCENT, alpha=0.25, linewidth=0, label=RANGE[language]
    )
    axes.plot(line.step, line.mean, color=ACCENT, linewidth=1.2, marker="o" if one else "", label=MEAN[language])
    mark_nonfinite(axes, line.step[line.nonfinite > 0], NONFINITE[language])
    values = positive([line.minimum, line.maximum])
    if len(values) and values.max() / values.min() > _LOG_RANGE:
        logarithmic(axes.yaxis, [line.minimum, line.maximum])
    named(axes, TITLE[language], STEP[language], LOSS[language])
    whole_numbers(axes.xaxis)
    legend(axes)
    return figure
