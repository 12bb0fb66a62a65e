"""A fault: one change of a healthy recipe, what it may rightly be called, and what else follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gallery.recipe import Recipe

# whatever stops or slows the learning looks like this as well
NOTHING_LEARNED = ("underfitting", "slow_convergence", "insufficient_epochs")


def anything(recipe: Recipe) -> bool:  # noqa: ARG001
    """Whether a fault can be put into this recipe: always."""
    return True


def no_layers(recipe: Recipe) -> tuple[str, ...]:  # noqa: ARG001
    """The layers that a fault hurts: none in particular."""
    return ()


@dataclass(frozen=True)
class Fault:
    """One fault at one strength.

    Attributes:
        problem: identifier of what it is, and first of what is accepted.
        strength: for the name of the case.
        change: the recipe with the fault.
        fits: whether it can be put into a recipe.
        accepted: further identifiers that name the same thing as truly.
        symptoms: identifiers of what truly follows from it: neither hit nor false alarm.
        bases: into how many recipes it is put.
        layers: the layers that it hurts, if it is only these.
        first_step: where it begins, if not at once; gets the recipe and the steps of one epoch.
        by_definition: it is a fault even where the score survives it.
    """

    problem: str
    strength: str
    change: Callable[[Recipe], Recipe]
    fits: Callable[[Recipe], bool] = anything
    accepted: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = NOTHING_LEARNED
    bases: int = 4
    layers: Callable[[Recipe], tuple[str, ...]] = no_layers
    first_step: Callable[[Recipe, int], int] | None = None
    by_definition: bool = False


def changing(**values: Any) -> Callable[[Recipe], Recipe]:
    """A change that sets these values."""
    return lambda recipe: recipe.changed(**values)
