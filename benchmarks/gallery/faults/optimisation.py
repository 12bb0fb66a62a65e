"""Learning rates, optimizers, batch sizes and lengths of training that do not work; losses that overflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from gallery.fault import NOTHING_LEARNED, Fault, changing
from gallery.faults.contract import one_hot
from gallery.faults.data import binary
from gallery.recipe import Recipe

DIVERGED = (
    *NOTHING_LEARNED,
    "oscillating_loss",
    "loss_not_finite",
    "exploding_gradient",
    "dying_relu",
    "saturated_activation",
    "vanishing_gradient",
    "attention_collapse",
)
CRAWLING = ("slow_convergence", "insufficient_epochs", "learning_rate_too_low")


def high(factor: float, bases: int) -> Fault:
    return Fault(
        "learning_rate_too_high",
        f"x{factor:g}",
        lambda recipe: recipe.changed(learning_rate=recipe.rate * factor),
        accepted=("invalid_learning_rate",),
        symptoms=(*DIVERGED, "missing_warmup"),
        bases=bases,
    )


def low(divisor: float, bases: int) -> Fault:
    return Fault(
        "learning_rate_too_low",
        f"by{divisor:g}",
        lambda recipe: recipe.changed(learning_rate=recipe.rate / divisor),
        accepted=("slow_convergence", "insufficient_epochs"),
        symptoms=("underfitting",),
        bases=bases,
    )


LATER = 0.6  # of the training


def later_step(share: float, epochs: int, steps_per_epoch: int) -> int:
    """The step (from 1) in the middle of the epoch in which this share of the training is done."""
    return int(share * epochs) * steps_per_epoch + steps_per_epoch // 2 + 1


class Raise(keras.callbacks.Callback):
    """Multiplies the learning rate once, before a step that is counted from 1."""

    def __init__(self, factor: float, share: float):
        super().__init__()
        self.factor, self.share, self.batches = factor, share, 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.batches += 1
        told: Any = self.params
        if self.batches == later_step(self.share, told["epochs"], told["steps"]):
            model: Any = self.model
            optimizer = model.optimizer
            optimizer.learning_rate = float(optimizer.learning_rate) * self.factor


def raised(factor: float) -> Fault:
    return Fault(
        "learning_rate_too_high",
        f"later_x{factor:g}",
        changing(callbacks=(lambda: Raise(factor, LATER),)),
        symptoms=DIVERGED,
        bases=5,
        first_step=lambda recipe, steps: later_step(LATER, recipe.epochs, steps),
    )


def invalid(strength: str, rate: float, bases: int) -> Fault:
    return Fault(
        "invalid_learning_rate",
        strength,
        changing(learning_rate=rate),
        accepted=("learning_rate_too_low",) if rate == 0 else (),
        symptoms=DIVERGED,
        bases=bases,
        by_definition=True,
    )


def swinging(strength: str, momentum: float, rate: float, batch: int, bases: int) -> Fault:
    values = {"optimizer_settings": {"momentum": momentum}, "batch_size": batch, "optimizer": "SGD"}
    return Fault(
        "oscillating_loss",
        strength,
        changing(learning_rate=rate, **values),
        accepted=("learning_rate_too_high", "batch_too_small") if batch < 8 else ("learning_rate_too_high",),
        symptoms=DIVERGED,
        bases=bases,
    )


def slow(rate: float, bases: int) -> Fault:
    return Fault(
        "slow_convergence",
        f"sgd{rate:g}",
        changing(optimizer="SGD", learning_rate=rate),
        accepted=("learning_rate_too_low", "insufficient_epochs"),
        symptoms=("underfitting",),
        bases=bases,
    )


def short(epochs: int, bases: int) -> Fault:
    return Fault(
        "insufficient_epochs",
        f"{epochs}",
        changing(epochs=epochs),
        accepted=("slow_convergence", "learning_rate_too_low"),
        symptoms=("underfitting",),
        bases=bases,
    )


def batch(problem: str, size: int, bases: int, change: Callable[[Recipe], Recipe] | None = None) -> Fault:
    large = problem == "batch_too_large"
    return Fault(
        problem,
        f"{size}" if not large or size < 10_000 else "all",
        change or changing(batch_size=size),
        accepted=() if large else ("learning_rate_too_high", "oscillating_loss"),
        symptoms=(*CRAWLING, "underfitting") if large else (*DIVERGED, "overfitting"),
        bases=bases,
    )


@keras.saving.register_keras_serializable("gallery")
def own_crossentropy(wanted: Any, said: Any) -> Any:
    """As textbooks write it, with nothing that keeps the logarithm from zero."""
    terms: Any = wanted * keras.ops.log(said)
    return keras.ops.sum(-terms, axis=-1)


@keras.saving.register_keras_serializable("gallery")
def own_binary_crossentropy(wanted: Any, said: Any) -> Any:
    """The same for one output."""
    terms: Any = wanted * keras.ops.log(said) + (1 - wanted) * keras.ops.log(1 - said)
    return keras.ops.mean(-terms, axis=-1)


def unguarded(strength: str, fits: Callable[[Recipe], bool], loss: Any, factor: float) -> Fault:
    return Fault(
        "loss_not_finite",
        strength,
        lambda recipe: recipe.changed(loss=loss, learning_rate=recipe.rate * factor),
        fits,
        ("wrong_loss", "learning_rate_too_high"),
        DIVERGED,
        3,
    )


FAULTS = (
    high(10, 4),
    high(30, 6),
    high(100, 7),
    high(1000, 6),
    raised(100),
    raised(1000),
    low(10, 3),
    low(30, 5),
    low(100, 6),
    low(1000, 4),
    invalid("zero", 0.0, 4),
    invalid("negative", -1e-3, 3),
    swinging("momentum0.99", 0.99, 0.1, 32, 5),
    swinging("momentum0.95", 0.95, 0.3, 32, 4),
    swinging("batch2", 0.0, 0.5, 2, 3),
    slow(1e-3, 6),
    slow(1e-4, 3),
    short(1, 6),
    short(2, 5),
    batch("batch_too_large", 10_000, 6),
    batch("batch_too_large", 256, 3),
    batch("batch_too_small", 1, 3, lambda r: r.changed(batch_size=1, learning_rate=r.rate * 5, epochs=r.epochs // 3)),
    batch("batch_too_small", 2, 3, lambda r: r.changed(batch_size=2, learning_rate=r.rate * 5, epochs=r.epochs // 2)),
    unguarded("own_crossentropy", one_hot, own_crossentropy, 30.0),
    unguarded("own_binary", binary, own_binary_crossentropy, 30.0),
)
