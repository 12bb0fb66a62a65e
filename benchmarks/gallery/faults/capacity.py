"""Networks that are too large, too small, or held back too strongly for their data."""

from __future__ import annotations

from gallery import arrays_edits as arrays
from gallery.fault import NOTHING_LEARNED, Fault, changing
from gallery.recipe import Recipe


def few(samples: int, longer: int, bases: int) -> Fault:
    """A handful of samples, a wide network, many epochs."""

    def change(recipe: Recipe) -> Recipe:
        last = 128 if recipe.network in ("mlp", "cnn") else 64
        widths = recipe.widths if recipe.network == "transformer" else (*recipe.widths[:-1], last)
        return recipe.changed(widths=widths, epochs=recipe.epochs * longer).with_arrays(arrays.first_samples(samples))

    return Fault("overfitting", f"{samples}", change, symptoms=(), bases=bases)


def long(factor: int) -> Fault:
    """Sentences that are hard to judge, learned by heart."""
    return Fault(
        "overfitting",
        f"epochs_x{factor}",
        lambda recipe: recipe.changed(source="polarity", epochs=recipe.epochs * factor, least=0.5),
        lambda recipe: recipe.source == "spam",
        symptoms=(),
        by_definition=True,
    )


def narrow(units: int, bases: int) -> Fault:
    """So few units in one layer that what is needed cannot pass."""

    def change(recipe: Recipe) -> Recipe:
        if recipe.network == "transformer":
            return recipe.changed(widths=(units, units), heads=1)
        place = len(recipe.widths) // 2
        return recipe.changed(widths=(*recipe.widths[:place], units, *recipe.widths[place + 1 :]))

    return Fault(
        "underfitting",
        f"units{units}",
        change,
        lambda recipe: recipe.targets in ("classes", "one_hot"),
        symptoms=("slow_convergence", "dying_relu", "insufficient_epochs"),
        bases=bases,
    )


def held_back(strength: str, bases: int, **values: float) -> Fault:
    return Fault(
        "excessive_regularization",
        strength,
        changing(**values),
        symptoms=(*NOTHING_LEARNED, "dying_relu", "vanishing_gradient"),
        bases=bases,
    )


FAULTS = (
    few(20, 4, 5),
    few(40, 5, 6),
    few(100, 4, 3),
    long(3),
    narrow(1, 6),
    narrow(2, 5),
    narrow(4, 2),
    held_back("l2_1", 6, l2=1.0),
    held_back("l2_0.1", 5, l2=0.1),
    held_back("l2_0.01", 3, l2=0.01),
    held_back("dropout0.95", 4, dropout=0.95),
    held_back("dropout0.9", 5, dropout=0.9),
    held_back("dropout0.8", 3, dropout=0.8),
)
