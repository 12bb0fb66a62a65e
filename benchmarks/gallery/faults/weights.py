"""Initial weights that are zero, all alike, too large, too small, or leave units dead or saturated."""

from __future__ import annotations

from collections.abc import Callable

from gallery import weights_edits as weights
from gallery.fault import NOTHING_LEARNED, Fault
from gallery.recipe import Recipe

CONSEQUENCES = (
    *NOTHING_LEARNED,
    "vanishing_gradient",
    "exploding_gradient",
    "saturated_activation",
    "dying_relu",
    "loss_not_finite",
    "oscillating_loss",
)


def relu(recipe: Recipe) -> bool:
    return recipe.activation == "relu" and not recipe.recurrent


def squashing(recipe: Recipe) -> bool:
    return recipe.recurrent and not recipe.gated


def feed_forward(recipe: Recipe) -> bool:
    return recipe.network in ("mlp", "cnn")


def deep(recipe: Recipe) -> bool:
    return feed_forward(recipe) and len(recipe.widths) > 1


def with_relu_layers(recipe: Recipe) -> tuple[str, ...]:
    """Hidden layers that a relu ends: of a transformer, the first one of each block's feed-forward part."""
    return tuple(name for name in recipe.hidden if recipe.network != "transformer" or name.endswith("dense_1"))


def first(recipe: Recipe) -> tuple[str, ...]:
    return recipe.hidden[:1]


def last(recipe: Recipe) -> tuple[str, ...]:
    return with_relu_layers(recipe)[-1:]


def all_weights(strength: str, edit: Callable[[Recipe], Recipe], bases: int) -> Fault:
    return Fault("poor_initialization", strength, edit, symptoms=CONSEQUENCES, bases=bases)


def every_part(recipe: Recipe, edit: Callable[..., object], value: float) -> Recipe:
    """All kernels, also those from state to state."""
    parts = ("kernel", "recurrent_kernel") if recipe.recurrent else ("kernel",)
    return recipe.with_weights(*(edit(value, part=part) for part in parts))  # type: ignore[arg-type]


def one_layer(strength: str, factor: float, bases: int) -> Fault:
    return Fault(
        "poor_initialization",
        strength,
        lambda recipe: recipe.with_weights(weights.times(factor, *last(recipe))),
        deep,
        symptoms=CONSEQUENCES,
        bases=bases,
        layers=last,
    )


def dead(strength: str, value: float, bases: int, where: Callable[[Recipe], tuple[str, ...]]) -> Fault:
    return Fault(
        "dying_relu",
        strength,
        lambda recipe: recipe.with_weights(weights.filled(value, *where(recipe), part="bias")),
        relu,
        ("poor_initialization",),
        (*NOTHING_LEARNED, "vanishing_gradient"),
        bases,
        layers=where,
    )


def saturated(strength: str, factor: float, bases: int, activation: str) -> Fault:
    def change(recipe: Recipe) -> Recipe:
        if recipe.recurrent:
            return recipe.with_weights(weights.times(factor, *first(recipe)))
        return recipe.changed(activation=activation).with_weights(weights.times(factor, *last(recipe)))

    return Fault(
        "saturated_activation",
        strength,
        change,
        squashing if activation == "recurrent" else deep,
        ("poor_initialization",),
        (*NOTHING_LEARNED, "vanishing_gradient", "exploding_gradient", "oscillating_loss", "overfitting"),
        bases,
        layers=first if activation == "recurrent" else last,
    )


def exploding(strength: str, factor: float) -> Fault:
    """Large weights everywhere and plain gradient descent without clipping."""

    def change(recipe: Recipe) -> Recipe:
        steep = recipe.changed(optimizer="SGD", learning_rate=0.01, widths=(32, 32, 32, 32))
        return steep.with_weights(weights.times(factor))

    return Fault(
        "exploding_gradient",
        strength,
        change,
        lambda recipe: recipe.network == "mlp",
        ("poor_initialization", "loss_not_finite"),
        (*CONSEQUENCES, "learning_rate_too_high"),
    )


def exploding_in_time(strength: str, radius: float) -> Fault:
    """A recurrent ReLU network whose states grow from step to step."""

    def change(recipe: Recipe) -> Recipe:
        unbounded = recipe.changed(activation="relu", optimizer="SGD", learning_rate=0.01)
        return unbounded.with_weights(weights.recurrent_radius(radius, "recurrent_1"))

    return Fault(
        "exploding_gradient",
        strength,
        change,
        squashing,
        ("poor_initialization", "loss_not_finite"),
        (*CONSEQUENCES, "learning_rate_too_high"),
        3,
        layers=first,
    )


FAULTS = (
    all_weights("zeros", lambda r: every_part(r, weights.filled, 0.0), 6),
    all_weights("constant", lambda r: every_part(r, weights.filled, 0.5), 4),
    all_weights("x3", lambda r: every_part(r, weights.times, 3.0), 3),
    all_weights("x10", lambda r: every_part(r, weights.times, 10.0), 5),
    all_weights("x0.1", lambda r: every_part(r, weights.times, 0.1), 3),
    all_weights("x0.01", lambda r: every_part(r, weights.times, 0.01), 5),
    one_layer("one_x20", 20.0, 4),
    one_layer("one_x0.001", 0.001, 3),
    dead("bias-1", -1.0, 3, last),
    dead("bias-10", -10.0, 6, last),
    dead("all_bias-3", -3.0, 4, with_relu_layers),
    saturated("tanh_x20", 20.0, 4, "tanh"),
    saturated("sigmoid_x50", 50.0, 4, "sigmoid"),
    saturated("tanh_x4", 4.0, 3, "tanh"),
    saturated("states_x20", 20.0, 3, "recurrent"),
    saturated("states_x100", 100.0, 3, "recurrent"),
    exploding("x4", 4.0),
    exploding("x10", 10.0),
    exploding_in_time("states_x1.5", 1.5),
    exploding_in_time("states_x3", 3.0),
)
