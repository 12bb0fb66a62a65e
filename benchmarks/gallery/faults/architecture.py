"""Activations, depth, memory, attention and masks that do not suit the network or the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gallery import arrays_edits as arrays
from gallery import weights_edits as weights
from gallery.fault import NOTHING_LEARNED, Fault, changing
from gallery.faults.weights import deep, feed_forward, squashing
from gallery.recipe import Recipe


def transformer(recipe: Recipe) -> bool:
    return recipe.network == "transformer"


def recurrent_text(recipe: Recipe) -> bool:
    return recipe.recurrent and recipe.kind == "text"


def wide(recipe: Recipe) -> bool:
    """Two hidden layers or more, and several classes to tell apart."""
    return deep(recipe) and not recipe.regression


def deeper(recipe: Recipe, layers: int, **values: Any) -> Recipe:
    """So many hidden layers, of 32 units or 8 filters."""
    widths = (8,) * (layers - 1) + (32,) if recipe.network == "cnn" else (32,) * layers
    return recipe.changed(widths=widths, **values)


def hidden(strength: str, change: Callable[[Recipe], Recipe], bases: int = 4) -> Fault:
    return Fault(
        "wrong_activation",
        strength,
        change,
        wide,
        ("missing_nonlinearity",) if strength == "one_linear" else (),
        (*NOTHING_LEARNED, "vanishing_gradient", "saturated_activation", "exploding_gradient", "loss_not_finite"),
        bases,
    )


def vanishing(strength: str, layers: int, activation: str, bases: int) -> Fault:
    return Fault(
        "vanishing_gradient",
        strength,
        lambda recipe: deeper(recipe, layers, activation=activation),
        wide,
        ("wrong_activation",),
        (*NOTHING_LEARNED, "saturated_activation"),
        bases,
    )


def forgetting(strength: str, steps: int) -> Fault:
    """What the answer needs lies so many steps back."""
    return Fault(
        "short_memory",
        strength,
        lambda recipe: recipe.with_arrays(arrays.noise_behind(steps)),
        lambda recipe: squashing(recipe) and recipe.kind != "text",
        ("vanishing_gradient",),
        (*NOTHING_LEARNED, "overfitting", "exploding_gradient"),
        3,
        layers=lambda recipe: recipe.hidden[:1],
    )


def collapse(strength: str, factor: float, bases: int = 4) -> Fault:
    """Queries and keys of the last block: so large that each position looks at one place, or nothing at all."""

    def where(recipe: Recipe) -> tuple[str, ...]:
        return (f"block_{recipe.blocks}_attention",)

    return Fault(
        "attention_collapse",
        strength,
        lambda recipe: recipe.with_weights(weights.queries_and_keys(factor, *where(recipe))),
        transformer,
        ("poor_initialization",),
        (*NOTHING_LEARNED, "vanishing_gradient", "overfitting"),
        bases,
        layers=where,
    )


def unmasked(strength: str, steps: int, front: bool, text: bool = True) -> Fault:
    """A recurrent network that reads padding as if it were data; in front of the words it often does no harm."""
    return Fault(
        "missing_mask",
        strength,
        lambda recipe: recipe.changed(masked=False).with_arrays(arrays.padded_to(steps, front)),
        recurrent_text if text else lambda recipe: recipe.recurrent and recipe.source == "vowels",
        () if front else ("short_memory",),
        (*NOTHING_LEARNED, "overfitting", "vanishing_gradient"),
        by_definition=text and not front,
    )


def hasty(strength: str, rate: float, blocks: int) -> Fault:
    """Normalisation behind each part, a large rate from the first step on."""
    return Fault(
        "missing_warmup",
        strength,
        changing(pre_norm=False, learning_rate=rate, blocks=blocks),
        transformer,
        ("learning_rate_too_high",),
        (*NOTHING_LEARNED, "oscillating_loss", "vanishing_gradient", "exploding_gradient", "dying_relu"),
    )


FAULTS = (
    Fault(
        "missing_nonlinearity",
        "linear",
        changing(activation=None),
        deep,
        ("wrong_activation",),
        bases=5,
    ),
    Fault(
        "missing_nonlinearity",
        "deep_linear",
        lambda recipe: deeper(recipe, 4, activation=None),
        feed_forward,
        ("wrong_activation",),
        bases=3,
    ),
    hidden("softmax", changing(activation="softmax")),
    hidden("softmax_in_one", lambda recipe: recipe.changed(activations={len(recipe.widths): "softmax"})),
    hidden("exponential", changing(activation="exponential"), 3),
    hidden("sigmoid4", lambda recipe: deeper(recipe, 4, activation="sigmoid"), 3),
    hidden("one_linear", lambda recipe: recipe.changed(activations={1: "linear"}), 2),
    vanishing("sigmoid6", 6, "sigmoid", 4),
    vanishing("sigmoid10", 10, "sigmoid", 4),
    vanishing("hard_sigmoid8", 8, "hard_sigmoid", 3),
    vanishing("tanh10", 10, "tanh", 3),
    forgetting("back20", 20),
    forgetting("back60", 60),
    forgetting("back100", 100),
    collapse("x5", 5.0),
    collapse("x20", 20.0),
    collapse("x100", 100.0),
    collapse("zero", 0.0),
    unmasked("front64", 64, True),
    unmasked("behind64", 64, False),
    unmasked("behind100", 100, False),
    unmasked("steps64", 64, False, text=False),
    hasty("rate0.003", 3e-3, 3),
    hasty("rate0.01", 1e-2, 3),
    hasty("rate0.03", 3e-2, 3),
)
