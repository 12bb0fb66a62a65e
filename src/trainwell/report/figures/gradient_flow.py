"""Gradient flow: how strongly the loss pulls at one weight of each layer, over the whole training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwell.locales import Language, Text
from trainwell.report.facts import RunFacts
from trainwell.report.figures.heat import figure_of
from trainwell.report.figures.timeline import layers_with
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = Text(en="Gradient by layer and step", zh="各层、各步的梯度")
PER_WEIGHT = Text(en="gradient per weight\n(loss per weight unit)", zh="单个权重的梯度\n（损失 / 权重单位）")
PER_LAYER = Text(en="gradient norm of the layer\n(loss per weight unit)", zh="该层的梯度范数\n（损失 / 权重单位）")


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """Heat map of the gradients; None if none were recorded."""
    del facts
    measure, unit = ("gradient_rms", PER_WEIGHT)
    if not layers_with(recording, measure):
        measure, unit = ("gradient_norm", PER_LAYER)
    return figure_of(recording, [(measure, TITLE, unit)], language, log=True)
