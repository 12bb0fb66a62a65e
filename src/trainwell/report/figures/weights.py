"""How large the weights of each layer are, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwell.locales import Language, Text
from trainwell.report.facts import RunFacts
from trainwell.report.figures.layer_lines import layer_lines
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = Text(en="Size of the weights by layer", zh="各层权重的大小")
AXIS = Text(en="L2 norm of the layer's weights", zh="该层权重的 L2 范数")


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """A line for each layer with weights; None if nothing was recorded."""
    del facts
    return layer_lines(recording, "weight_norm", TITLE, AXIS, language)
