"""Answers in the form that a recipe gives them to the loss, and the score of what a network answers."""

from __future__ import annotations

import numpy as np

from gallery.arrays import Array, Arrays
from gallery.recipe import Recipe, Targets

LOSSES = {
    "classes": "sparse_categorical_crossentropy",
    "one_hot": "categorical_crossentropy",
    "one_unit": "binary_crossentropy",
    "labels": "binary_crossentropy",
    "numbers": "mean_squared_error",
    "inputs": "mean_squared_error",
}
OUTPUTS = {
    "classes": "softmax",
    "one_hot": "softmax",
    "one_unit": "sigmoid",
    "labels": "sigmoid",
    "numbers": None,
    "inputs": None,
}


def encoded(form: Targets, arrays: Arrays, x: Array, y: Array) -> Array:
    """Targets (samples,) or (samples, outputs), as the loss takes them."""
    if form == "one_hot":
        return np.eye(max(arrays.classes, int(y.max()) + 1), dtype="float32")[y]
    if form == "one_unit":
        return y.reshape(-1, 1).astype("float32")
    return x.reshape(len(x), -1) if form == "inputs" else y


def units(recipe: Recipe, arrays: Arrays) -> int:
    """Outputs that these targets need."""
    if recipe.targets == "one_unit":
        return 1
    return int(np.prod(arrays.x.shape[1:])) if recipe.targets == "inputs" else arrays.classes


def score(recipe: Recipe, arrays: Arrays, answers: Array) -> float:
    """Accuracy (of classes or labels), or R², of answers (samples, units) to the held-out samples; NaN if not "
    "finite."""
    if not np.isfinite(answers).all():
        return float("nan")
    answers = answers.reshape(len(answers), -1).astype(np.float64)
    truth = arrays.truth
    if recipe.regression:
        wanted = arrays.x_held_out if recipe.targets == "inputs" else truth
        wanted = wanted.reshape(len(wanted), -1).astype(np.float64)
        return float(1 - ((answers - wanted) ** 2).sum() / ((wanted - wanted.mean(axis=0)) ** 2).sum())
    middle = 0.5 if _probabilities(recipe) else 0.0
    if recipe.targets == "labels":
        return float(((answers > middle) == (truth > 0.5)).mean())
    said = (answers[:, 0] > middle).astype(int) if answers.shape[1] == 1 else answers.argmax(axis=1)
    return float((said == truth).mean())


def trivial_score(recipe: Recipe, arrays: Arrays) -> float:
    """Score of the best answer that is always the same."""
    if recipe.regression:
        return 0.0
    if recipe.targets == "labels":
        return float(np.maximum(arrays.truth.mean(axis=0), 1 - arrays.truth.mean(axis=0)).mean())
    return float(np.bincount(arrays.truth).max() / len(arrays.truth))


def _probabilities(recipe: Recipe) -> bool:
    activation = recipe.output_activation or OUTPUTS[recipe.targets]
    return activation in ("sigmoid", "softmax", "relu") or recipe.loss == "mean_squared_error"
