"""Which share of each layer's output is zero, which units are dead, which values lie on the flat of the activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwell.locales import Language, Text
from trainwell.report.facts import RunFacts
from trainwell.report.figures.heat import figure_of
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURES = [
    ("zero_share", Text(en="Zeros", zh="零值"), Text(en="of the values", zh="占全部数值")),
    ("dead_share", Text(en="Dead units (ReLU)", zh="死亡单元（ReLU）"), Text(en="of the units", zh="占全部单元")),
    ("saturated_share", Text(en="Saturated", zh="饱和"), Text(en="of the values", zh="占全部数值")),
]


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """A heat map for each share that was recorded; None if none was."""
    del facts
    return figure_of(recording, MEASURES, language, log=False)
