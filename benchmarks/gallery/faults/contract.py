"""Last layer, loss, targets and input shape that do not fit one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from gallery.fault import NOTHING_LEARNED, Fault, changing
from gallery.faults.data import binary, class_numbers, numbers
from gallery.recipe import Recipe

CONTRACT = ("loss_output_mismatch", "wrong_output_activation", "wrong_loss", "wrong_output_units")
BROKEN = (*NOTHING_LEARNED, "loss_not_finite", "exploding_gradient", "dying_relu", "vanishing_gradient")
SPARSE, CATEGORICAL, BINARY = (f"{name}_crossentropy" for name in ("sparse_categorical", "categorical", "binary"))


def one_hot(recipe: Recipe) -> bool:
    return recipe.targets == "one_hot"


def contract(
    problem: str,
    strength: str,
    fits: Callable[[Recipe], bool],
    bases: int = 3,
    accepted: tuple[str, ...] = CONTRACT,
    certain: bool = True,
    **values: Any,
) -> Fault:
    """A fault of the contract: the same thing can be said of either side of it."""
    others = tuple(name for name in accepted if name != problem)
    return Fault(problem, strength, changing(**values), fits, others, BROKEN, bases, by_definition=certain)


def shape(strength: str, change: Callable[[Recipe], Recipe], fits: Callable[[Recipe], bool]) -> Fault:
    return Fault("wrong_input_shape", strength, change, fits, bases=3, by_definition=True)


def logits(name: str) -> dict[str, Any]:
    """A loss that expects numbers that went through no softmax."""
    return {"loss": getattr(keras.losses, name)(from_logits=True)}


def images(recipe: Recipe) -> bool:
    return recipe.kind == "image"


FAULTS = (
    shape(
        "channels_first", lambda r: r.changed(input_shape=(1, 8, 8) if r.source == "digits" else (1, 14, 14)), images
    ),
    shape("flat", lambda r: r.changed(network="mlp", widths=(32,), input_shape=(64,)), images),
    shape(
        "one_feature_more",
        lambda r: r.changed(input_shape={"wine": (14,), "breast_cancer": (31,), "housing": (9,)}[r.source]),
        lambda r: r.source in ("wine", "breast_cancer", "housing"),
    ),
    shape(
        "no_steps", lambda r: r.changed(network="mlp", widths=(32,), input_shape=(20,)), lambda r: r.source == "speech"
    ),
    contract("loss_output_mismatch", "sparse_for_one_hot", one_hot, loss=SPARSE),
    contract("loss_output_mismatch", "categorical_for_numbers", class_numbers, loss=CATEGORICAL),
    contract(
        "loss_output_mismatch", "softmax_then_logits", class_numbers, 4, **logits("SparseCategoricalCrossentropy")
    ),
    contract("loss_output_mismatch", "sigmoid_then_logits", binary, 3, **logits("BinaryCrossentropy")),
    contract("loss_output_mismatch", "two_units_one_column", binary, output_units=2, output_activation="softmax"),
    contract("wrong_output_activation", "no_softmax", class_numbers, 4, output_activation="linear"),
    contract("wrong_output_activation", "no_sigmoid", binary, 3, output_activation="linear"),
    contract("wrong_output_activation", "softmax_on_one", binary, 4, output_activation="softmax"),
    contract("wrong_output_activation", "relu_classes", class_numbers, 3, output_activation="relu"),
    contract("wrong_output_activation", "relu_binary", binary, 3, output_activation="relu"),
    contract("wrong_output_activation", "tanh_binary", binary, 2, output_activation="tanh"),
    contract("wrong_output_activation", "sigmoid_numbers", numbers, 2, output_activation="sigmoid"),
    contract("wrong_output_activation", "relu_numbers", numbers, 2, output_activation="relu"),
    contract("wrong_output_activation", "sigmoid_classes", one_hot, 3, certain=False, output_activation="sigmoid"),
    contract("wrong_loss", "mse_for_classes", one_hot, 3, certain=False, loss="mean_squared_error"),
    contract("wrong_loss", "mae_for_classes", one_hot, 3, certain=False, loss="mean_absolute_error"),
    contract("wrong_loss", "mse_for_class_numbers", class_numbers, 3, loss="mean_squared_error"),
    contract("wrong_loss", "crossentropy_for_numbers", numbers, 2, loss=BINARY),
    contract("wrong_loss", "binary_for_one_hot", one_hot, 3, certain=False, loss=BINARY),
    contract("wrong_output_units", "one_too_few", class_numbers, 4, output_units=2),
    contract(
        "wrong_output_units", "one_for_many", class_numbers, 4, output_units=1, output_activation="sigmoid", loss=BINARY
    ),
    contract("wrong_output_units", "three_numbers", numbers, 2, output_units=3),
)
