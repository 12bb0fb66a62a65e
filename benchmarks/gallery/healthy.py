"""Healthy trainings of many kinds: other good ways to train the same networks, at which a doctor must stay silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from gallery import arrays_edits as arrays
from gallery.fault import anything, changing
from gallery.faults.architecture import deeper, transformer
from gallery.faults.data import binary, class_numbers, classified, numbers
from gallery.faults.weights import feed_forward
from gallery.recipe import Recipe


@dataclass(frozen=True)
class Variation:
    """One other good way.

    Attributes:
        name: for the name of the case.
        change: the recipe done that way.
        fits: whether it can be done to a recipe.
        bases: with how many recipes it is tried.
    """

    name: str
    change: Callable[[Recipe], Recipe]
    fits: Callable[[Recipe], bool] = anything
    bases: int = 4


def plain(recipe: Recipe) -> bool:
    """Layers one behind the other, not recurrent."""
    return recipe.network in ("mlp", "cnn")


def recurrent(recipe: Recipe) -> bool:
    return recipe.recurrent


def one_hot(recipe: Recipe) -> bool:
    return recipe.targets == "one_hot"


def activation(name: str, initializer: str | None = None) -> Variation:
    return Variation(name, changing(activation=name, initializer=initializer), plain, 5)


def optimizer(name: str, kind: str, rate: float, bases: int = 5, **settings: Any) -> Variation:
    values = {"optimizer": kind, "learning_rate": rate, "optimizer_settings": settings}
    return Variation(name, lambda r: r.changed(**values, epochs=round(r.epochs * 1.5)), plain, bases)


def clipping(**settings: float) -> Variation:
    return Variation("_".join(settings), changing(optimizer_settings=settings), bases=3)


def steps(recipe: Recipe) -> int:
    """About so many steps a training of this gallery has."""
    return recipe.epochs * 30


def cosine(recipe: Recipe) -> Recipe:
    """Warm-up, then down along a cosine."""
    rate, length = recipe.rate * 3, steps(recipe)
    return recipe.changed(
        learning_rate=lambda: keras.optimizers.schedules.CosineDecay(
            rate / 10, length - length // 10, warmup_target=rate, warmup_steps=length // 10
        )
    )


def exponential(recipe: Recipe) -> Recipe:
    rate, length = recipe.rate * 3, steps(recipe)
    return recipe.changed(learning_rate=lambda: keras.optimizers.schedules.ExponentialDecay(rate, length, 0.05))


def smoothed(recipe: Recipe) -> Recipe:
    return recipe.changed(loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1))


def logits(recipe: Recipe) -> Recipe:
    kind = keras.losses.SparseCategoricalCrossentropy if class_numbers(recipe) else keras.losses.BinaryCrossentropy
    return recipe.changed(output_activation="linear", loss=kind(from_logits=True))


def standardised(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Pictures 0..1 with mean about 0 and deviation about 1."""
    return (x - 0.3) / 0.35


def autoencoder(recipe: Recipe) -> Recipe:
    return recipe.changed(targets="inputs", widths=(64, 24, 64), epochs=recipe.epochs * 2, least=0.5, loss=None)


def plateau() -> Any:
    return keras.callbacks.ReduceLROnPlateau(patience=3, factor=0.3)


def longer(factor: float, **values: Any) -> Callable[[Recipe], Recipe]:
    """So many times the epochs, and these values."""
    return lambda recipe: recipe.changed(epochs=max(1, round(recipe.epochs * factor)), **values)


def faster(factor: float, **values: Any) -> Callable[[Recipe], Recipe]:
    """So many times the learning rate, and these values."""
    return lambda recipe: recipe.changed(learning_rate=recipe.rate * factor, **values)


VARIATIONS = (
    activation("tanh"),
    activation("selu", "lecun_normal"),
    activation("elu"),
    activation("gelu"),
    activation("silu", "he_normal"),
    activation("leaky_relu", "he_normal"),
    activation("softplus"),
    Variation(
        "shallow_sigmoid",
        faster(10, activation="sigmoid", widths=(32,)),
        lambda r: r.network == "mlp" and r.kind != "text",
    ),
    optimizer("sgd", "SGD", 0.1),
    optimizer("momentum", "SGD", 0.02, momentum=0.9),
    optimizer("nesterov", "SGD", 0.02, momentum=0.9, nesterov=True),
    optimizer("rmsprop", "RMSprop", 1e-3),
    optimizer("adamw", "AdamW", 2e-3, weight_decay=1e-2),
    optimizer("adam_amsgrad", "Adam", 2e-3, 3, amsgrad=True),
    optimizer("nadam", "Nadam", 2e-3, 3),
    Variation(
        "sgd_large_rate", changing(optimizer="SGD", learning_rate=0.3), lambda r: r.network == "mlp" and classified(r)
    ),
    Variation("rate_x3", faster(3), bases=6),
    Variation("rate_x5", faster(5), lambda r: r.rate <= 1e-3 and plain(r), 5),
    Variation("rate_by3", lambda r: r.changed(learning_rate=r.rate / 3, epochs=r.epochs * 3), bases=4),
    Variation(
        "tiny_data",
        lambda r: r.changed(least=r.least - 0.12, batch_size=8).with_arrays(arrays.first_samples(100)),
        lambda r: r.source in ("wine", "breast_cancer"),
        2,
    ),
    Variation(
        "less_data",
        lambda r: r.changed(least=r.least - 0.1).with_arrays(arrays.first_samples(400)),
        lambda r: r.source in ("digits", "fashion", "spam", "pen", "housing"),
        5,
    ),
    Variation(
        "noisy_labels",
        lambda r: r.changed(least=r.least - 0.1, epochs=max(4, r.epochs // 2)).with_arrays(arrays.shuffled_labels(0.1)),
        classified,
        6,
    ),
    Variation("mae", longer(1.5, loss="mean_absolute_error"), numbers, 2),
    Variation("huber", longer(1.5, loss="huber"), numbers, 2),
    Variation("log_cosh", longer(1.5, loss="log_cosh"), numbers, 2),
    Variation("80to20", lambda r: r.changed(least=r.least - 0.05).with_arrays(arrays.imbalanced(0.25)), binary, 4),
    Variation(
        "90to10_weighted",
        lambda r: r.changed(class_weight={0: 0.55, 1: 5.0}, least=r.least - 0.08).with_arrays(arrays.imbalanced(0.12)),
        binary,
        4,
    ),
    Variation("dropout", longer(2, dropout=0.3), bases=7),
    Variation(
        "heavy_dropout",
        lambda r: r.changed(dropout=0.5, epochs=r.epochs * 2, widths=(128, 64)),
        lambda r: r.network == "mlp",
    ),
    Variation("l2", changing(l2=1e-4), bases=6),
    Variation("batch_norm", changing(normalization="batch"), plain, 6),
    Variation("layer_norm", changing(normalization="layer"), lambda r: not transformer(r), 5),
    Variation("logits", logits, lambda r: class_numbers(r) or binary(r), 7),
    Variation("one_hot", changing(targets="one_hot"), class_numbers, 5),
    Variation("class_numbers", changing(targets="classes"), one_hot, 4),
    Variation("label_smoothing", smoothed, one_hot, 4),
    Variation("two_softmax_units", changing(targets="classes"), binary, 5),
    Variation(
        "several_labels",
        lambda r: r.changed(targets="labels", least=0.85).with_arrays(arrays.several_labels),
        lambda r: r.source in ("digits", "pen") and r.network != "transformer",
        4,
    ),
    Variation(
        "autoencoder", autoencoder, lambda r: r.network == "mlp" and r.source in ("digits", "fashion", "pen", "wine")
    ),
    Variation("standardised", lambda r: r.with_arrays(arrays.inputs(standardised)), lambda r: r.kind == "image", 5),
    Variation(
        "minus_one_to_one", lambda r: r.with_arrays(arrays.inputs(lambda x: 2 * x - 1)), lambda r: r.kind == "image"
    ),
    Variation("bidirectional", changing(bidirectional=True), recurrent, 6),
    Variation("gru", changing(network="gru", activation="tanh"), lambda r: r.network == "lstm", 4),
    Variation("mean_pooled", changing(mean_pooled=True), lambda r: recurrent(r) and r.kind != "image", 4),
    Variation("stacked", changing(widths=(24, 24)), recurrent, 5),
    Variation("recurrent_dropout", longer(1.5, dropout=0.2), recurrent, 3),
    Variation(
        "relu_states",
        lambda r: r.changed(activation="relu", learning_rate=1e-3, epochs=r.epochs * 2),
        lambda r: r.network == "simple_rnn" and r.kind != "text",
        3,
    ),
    clipping(clipnorm=1.0),
    clipping(global_clipnorm=1.0),
    clipping(clipvalue=0.5),
    Variation("cosine_warmup", cosine, bases=7),
    Variation("exponential_decay", exponential, bases=4),
    Variation("plateau", changing(callbacks=(plateau,)), bases=4),
    Variation("early_stopping", longer(3, early_stopping=5), bases=7),
    Variation("long", longer(3), lambda r: r.source in ("wine", "digits", "pen", "vowels"), 4),
    Variation("short", lambda r: r.changed(epochs=max(3, r.epochs // 2), learning_rate=r.rate * 2), bases=4),
    Variation("batch8", lambda r: r.changed(batch_size=8, epochs=max(3, r.epochs // 2)), bases=4),
    Variation("batch128", lambda r: r.changed(batch_size=128, learning_rate=r.rate * 3, epochs=r.epochs * 2), bases=4),
    Variation("he_normal", changing(initializer="he_normal"), plain, 4),
    Variation("orthogonal", changing(initializer="orthogonal"), bases=3),
    Variation(
        "deep_he_batch_norm",
        lambda r: deeper(r, 6, initializer="he_normal", normalization="batch"),
        lambda r: r.network == "mlp" and r.kind == "image",
        2,
    ),
    Variation("deep_tanh", lambda r: deeper(r, 4, activation="tanh"), feed_forward, 4),
    Variation("deep_relu_he", lambda r: deeper(r, 5, initializer="he_normal"), feed_forward, 4),
    Variation("wide", changing(widths=(128, 128)), lambda r: r.network == "mlp", 4),
    Variation("narrow", longer(2, widths=(16, 16)), lambda r: r.network == "mlp", 4),
    Variation("post_norm_warmup", lambda r: cosine(r.changed(pre_norm=False)), transformer, 4),
    Variation("post_norm_small_rate", changing(pre_norm=False, learning_rate=5e-4), transformer, 2),
    Variation("deeper_transformer", changing(blocks=3), transformer, 3),
    Variation("four_heads", changing(heads=4), transformer, 3),
    Variation(
        "unmasked_short",
        changing(masked=False, mean_pooled=True),
        lambda r: r.network == "lstm" and r.kind == "sequence",
        1,
    ),
    Variation(
        "polarity", lambda r: r.changed(source="polarity", least=0.62, epochs=4), lambda r: r.source == "spam", 3
    ),
)
