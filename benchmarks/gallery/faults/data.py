"""Inputs and targets that are broken, unscaled, meaningless, one-sided, or known to the validation already."""

from __future__ import annotations

import numpy as np

from gallery import arrays_edits as arrays
from gallery.fault import NOTHING_LEARNED, Fault
from gallery.recipe import ArraysEdit, Recipe

DESTROYED = (
    *NOTHING_LEARNED,
    "loss_not_finite",
    "exploding_gradient",
    "dying_relu",
    "saturated_activation",
    "vanishing_gradient",
)


def measured(recipe: Recipe) -> bool:
    """Inputs are measurements, not tokens."""
    return recipe.kind != "text"


def numbers(recipe: Recipe) -> bool:
    return recipe.targets == "numbers"


def classified(recipe: Recipe) -> bool:
    return not recipe.regression


def class_numbers(recipe: Recipe) -> bool:
    return recipe.targets == "classes"


def binary(recipe: Recipe) -> bool:
    return recipe.targets == "one_unit"


def table(recipe: Recipe) -> bool:
    return recipe.kind == "table"


def broken(strength: str, edit: ArraysEdit, bases: int, targets: bool = False) -> Fault:
    return Fault(
        "nan_in_data",
        strength,
        lambda recipe: recipe.with_arrays(edit),
        numbers if targets else measured,
        accepted=("label_problem",) if targets else (),
        symptoms=DESTROYED,
        bases=bases,
        by_definition=True,
    )


def unscaled(strength: str, edit: ArraysEdit, bases: int, certain: bool = False) -> Fault:
    return Fault(
        "unscaled_input",
        strength,
        lambda recipe: recipe.with_arrays(edit),
        table if strength.startswith("column") else measured,
        symptoms=(*DESTROYED, "oscillating_loss", "learning_rate_too_high", "overfitting"),
        bases=bases,
        by_definition=certain,
    )


def target(strength: str, factor: float, offset: float) -> Fault:
    return Fault(
        "unscaled_target",
        strength,
        lambda recipe: recipe.with_arrays(arrays.targets(lambda y: y * factor + offset)),
        numbers,
        symptoms=(*DESTROYED, "learning_rate_too_low", "insufficient_epochs"),
        bases=2,
    )


def labels(strength: str, edit: ArraysEdit, bases: int, certain: bool = False) -> Fault:
    return Fault(
        "label_problem",
        strength,
        lambda recipe: recipe.with_arrays(edit),
        class_numbers if strength == "from_one" else classified,
        accepted={"from_one": ("wrong_output_units", "loss_output_mismatch"), "same": ("class_imbalance",)}.get(
            strength, ()
        ),
        symptoms=(*NOTHING_LEARNED, "overfitting", "loss_not_finite"),
        bases=bases,
        by_definition=certain,
    )


def imbalance(strength: str, share: float, bases: int) -> Fault:
    return Fault(
        "class_imbalance",
        strength,
        lambda recipe: recipe.with_arrays(arrays.imbalanced(share)),
        binary,
        symptoms=(*NOTHING_LEARNED, "overfitting"),
        bases=bases,
    )


def leak(strength: str, share: float) -> Fault:
    return Fault(
        "data_leakage",
        strength,
        lambda recipe: recipe.with_arrays(arrays.leaked(share)),
        symptoms=("overfitting",),
        bases=4,
        by_definition=True,
    )


FAULTS = (
    broken("one_nan", arrays.spoiled_inputs(0.0, np.nan), 4),
    broken("percent_nan", arrays.spoiled_inputs(0.01, np.nan), 4),
    broken("one_infinite", arrays.spoiled_inputs(0.0, np.inf), 3),
    broken("target_nan", arrays.spoiled_targets(0.01), 2, targets=True),
    unscaled("x30", arrays.inputs(lambda x: x * 30), 4),
    unscaled("x255", arrays.inputs(lambda x: x * 255), 5),
    unscaled("x1000", arrays.inputs(lambda x: x * 1000), 5, certain=True),
    unscaled("offset100", arrays.inputs(lambda x: x + 100), 5, certain=True),
    unscaled("column_x10000", arrays.one_column(1e4), 4, certain=True),
    target("x100", 100.0, 0.0),
    target("x10000", 1e4, 2e4),
    target("offset300", 50.0, 300.0),
    labels("shuffled", arrays.shuffled_labels(1.0), 6, certain=True),
    labels("shuffled60", arrays.shuffled_labels(0.6), 4),
    labels("from_one", arrays.labels_from_one, 4, certain=True),
    labels("same", arrays.same_label, 3, certain=True),
    imbalance("95to5", 0.05, 4),
    imbalance("99to1", 0.01, 5),
    leak("fifth", 0.2),
    leak("half", 0.5),
    leak("all", 1.0),
)
