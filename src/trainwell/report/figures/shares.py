"""Which share of each layer's output is zero, which units are dead, which values lie on the flat of the activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwell.locales import Language, Text
from trainwell.report.facts import RunFacts
from trainwell.report.figures.heat import figure_of
from trainwell.report.figures.timeline import grid, layers_with
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURES = [
    ("zero_share", Text(en="Zeros", zh="零值"), Text(en="of the values", zh="占全部数值")),
    ("dead_share", Text(en="Dead units (ReLU)", zh="死亡单元（ReLU）"), Text(en="of the units", zh="占全部单元")),
    ("saturated_share", Text(en="Saturated", zh="饱和"), Text(en="of the values", zh="占全部数值")),
]
_VISIBLE = 0.005  # a share below this is shown as 0%


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """A heat map for each share that was ever more than nothing; None if none was (the table of layers says so)."""
    del facts
    return figure_of(recording, [entry for entry in MEASURES if _seen(recording, entry[0])], language, log=False)


def _seen(recording: Recording, measure: str) -> bool:
    layers = layers_with(recording, measure)
    return bool(layers) and bool((grid(recording, measure, layers).values >= _VISIBLE).any())
