"""By which share of their size the weights of each layer move in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwell.locales import Language, Text
from trainwell.report.facts import RunFacts
from trainwell.report.figures.canvas import QUIET
from trainwell.report.figures.layer_lines import layer_lines
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = Text(
    en="Update-to-weight ratio by layer (dashed: rule of thumb 10⁻³)", zh="各层的更新与权重之比（虚线：经验值 10⁻³）"
)
AXIS = Text(en="norm of update / norm of weights", zh="更新量范数 / 权重范数")
GUIDE = 1e-3  # A. Karpathy, CS231n course notes, "Ratio of weights:updates" (2015)


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """A line for each layer with weights, and the rule of thumb; None if nothing was recorded."""
    del facts
    figure = layer_lines(recording, "update_ratio", TITLE, AXIS, language, GUIDE)
    if figure is not None:
        figure.axes[0].axhline(GUIDE, color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    return figure
