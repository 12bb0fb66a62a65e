"""All pictures of a report, as SVG that can stand in one page together."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainwell.locales import Language
from trainwell.locales.report_labels import LABELS
from trainwell.report.facts import RunFacts
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from trainwell.explain.learned import Learned

# name of the file in figures/ -> label that a screen reader says
PICTURES = {
    "curves": "curves",
    "step_loss": "step_loss",
    "step_gradients": "step_gradients",
    "gradient_flow": "gradient_flow",
    "updates": "updates",
    "activations": "layers",
    "shares": "layers",
    "weights": "layers",
    "confusion": "answers",
    "scatter": "answers",
    "network_drawing": "network",
}
Picture = Callable[[RunFacts, Recording, Language], "Figure | None"]


def picture(name: str) -> Picture:
    """The function that draws the picture of this name."""
    return importlib.import_module(f"trainwell.report.figures.{name}").picture


def svg_pictures(facts: RunFacts, recording: Recording, language: Language) -> dict[str, str | None]:
    """Every picture as one `<svg>` element, None where there is nothing to show; identifiers are unique together."""
    from trainwell.explain.figure import to_svg

    drawn: dict[str, str | None] = {}
    for name, label in PICTURES.items():
        figure = picture(name)(facts, recording, language)
        drawn[name] = None if figure is None else to_svg(figure, name, LABELS[label][language])
    return drawn


@dataclass(frozen=True)
class LearnedPicture:
    """One picture of what a network has learned: an `<svg>` element with its words."""

    name: str
    title: str
    caption: str
    svg: str


def learned_pictures(learned: Sequence[Learned], language: Language) -> tuple[LearnedPicture, ...]:
    """What a network has learned, drawn; identifiers are unique in one page."""
    if not learned:
        return ()
    from trainwell.explain.figure import to_svg
    from trainwell.explain.learned import pictures

    return tuple(
        LearnedPicture(one.name, one.title, one.caption, to_svg(one.figure, f"learned_{one.name}", one.title))
        for one in pictures(learned, language)
    )
