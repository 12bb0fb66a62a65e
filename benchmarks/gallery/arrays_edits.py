"""Changes of the data: spoiled inputs, spoiled targets, rows left out or doubled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gallery.arrays import Array, Arrays
from gallery.recipe import ArraysEdit

INPUTS = ("x", "x_validation", "x_held_out")
TARGETS = ("y", "y_validation", "truth")


def inputs(change: Callable[[Array], Array]) -> ArraysEdit:
    """All inputs go through this function."""

    def edit(arrays: Arrays, rng: np.random.Generator) -> Arrays:  # noqa: ARG001
        return replace(arrays, **{name: change(getattr(arrays, name)).astype("float32") for name in INPUTS})

    return edit


def targets(change: Callable[[Array], Array]) -> ArraysEdit:
    """All targets go through this function."""

    def edit(arrays: Arrays, rng: np.random.Generator) -> Arrays:  # noqa: ARG001
        return replace(arrays, **{name: change(getattr(arrays, name)).astype(arrays.y.dtype) for name in TARGETS})

    return edit


def one_column(factor: float) -> ArraysEdit:
    """The first feature in a unit of its own."""

    def change(x: Array) -> Array:
        x = x.copy()
        x[..., 0] *= factor
        return x

    return inputs(change)


def spoiled_inputs(share: float, value: float) -> ArraysEdit:
    """This share of the training inputs (one number at least) is NaN or infinite."""

    def edit(arrays: Arrays, rng: np.random.Generator) -> Arrays:
        x = arrays.x.copy()
        count = max(1, round(share * x.size))
        x.reshape(-1)[rng.choice(x.size, count, replace=False)] = value
        return replace(arrays, x=x)

    return edit


def spoiled_targets(share: float) -> ArraysEdit:
    """This share of the training targets (one at least) is NaN."""

    def edit(arrays: Arrays, rng: np.random.Generator) -> Arrays:
        y = arrays.y.copy()
        y[rng.choice(len(y), max(1, round(share * len(y))), replace=False)] = np.nan
        return replace(arrays, y=y)

    return edit


def shuffled_labels(share: float, validation: bool = True) -> ArraysEdit:
    """This share of the samples trade their labels: in the training part, and in what is watched."""

    def shuffled(y: Array, rng: np.random.Generator) -> Array:
        y = y.copy()
        chosen = rng.choice(len(y), round(share * len(y)), replace=False)
        y[chosen] = y[rng.permutation(chosen)]
        return y

    def edit(arrays: Arrays, rng: np.random.Generator) -> Arrays:
        y = shuffled(arrays.y, rng)
        return replace(
            arrays, y=y, y_validation=shuffled(arrays.y_validation, rng) if validation else arrays.y_validation
        )

    return edit


def labels_from_one(arrays: Arrays, rng: np.random.Generator) -> Arrays:  # noqa: ARG001
    """Classes are numbered from 1, as people count."""
    return replace(arrays, y=arrays.y + 1, y_validation=arrays.y_validation + 1)


def same_label(arrays: Arrays, rng: np.random.Generator) -> Arrays:  # noqa: ARG001
    """Every training and validation sample has label 0, as after a wrong join of tables."""
    return replace(arrays, y=arrays.y * 0, y_validation=arrays.y_validation * 0)


def imbalanced(share: float, least: int = 3) -> ArraysEdit:
    """All classes but the first keep so few samples that together they are this share, training and validation."""

    def rows(y: Array, rng: np.random.Generator) -> Array:
        first = np.flatnonzero(y == 0)
        others = np.flatnonzero(y != 0)
        return np.concatenate([first, rng.permutation(others)[: max(least, round(share * len(first)))]])

    def edit(arrays: Arrays, rng: np.random.Generator) -> Arrays:
        kept, watched = rows(arrays.y, rng), rows(arrays.y_validation, rng)
        return replace(
            arrays,
            x=arrays.x[kept],
            y=arrays.y[kept],
            x_validation=arrays.x_validation[watched],
            y_validation=arrays.y_validation[watched],
        )

    return edit


def leaked(share: float) -> ArraysEdit:
    """This share of the validation samples are training samples."""

    def edit(arrays: Arrays, rng: np.random.Generator) -> Arrays:
        count = round(share * len(arrays.x_validation))
        count = min(count, len(arrays.x))
        chosen = rng.choice(len(arrays.x), count, replace=False)
        x, y = arrays.x_validation.copy(), arrays.y_validation.copy()
        x[:count], y[:count] = arrays.x[chosen], arrays.y[chosen]
        return replace(arrays, x_validation=x, y_validation=y)

    return edit


def first_samples(count: int) -> ArraysEdit:
    """So few training samples."""
    return lambda arrays, rng: replace(arrays, x=arrays.x[:count], y=arrays.y[:count])  # noqa: ARG005


def noise_behind(steps: int) -> ArraysEdit:
    """So many steps of weak noise behind every sequence: the answer lies that far back."""

    def edit(arrays: Arrays, rng: np.random.Generator) -> Arrays:
        def longer(x: Array) -> Array:
            x = x.reshape(*x.shape[:2], -1)
            noise = 0.1 * rng.standard_normal((len(x), steps, x.shape[2]))
            return np.concatenate([x, noise], axis=1).astype("float32")

        return replace(arrays, padded=False, **{name: longer(getattr(arrays, name)) for name in INPUTS})

    return edit


def padded_to(steps: int, front: bool) -> ArraysEdit:
    """Zeros in front of or behind every sequence, up to this length; what was padding moves to that side too."""

    def moved(x: Array) -> Array:
        long = np.zeros((len(x), steps, *x.shape[2:]), x.dtype)
        for row, sample in enumerate(x):
            used = sample != 0 if sample.ndim == 1 else (sample != 0).any(axis=1)
            kept = sample[: int(np.flatnonzero(used)[-1]) + 1] if used.any() else sample[:1]
            place = slice(steps - len(kept), steps) if front else slice(0, len(kept))
            long[row, place] = kept
        return long

    def edit(arrays: Arrays, rng: np.random.Generator) -> Arrays:  # noqa: ARG001
        changed: dict[str, Any] = {name: moved(getattr(arrays, name)) for name in INPUTS}
        return replace(arrays, **changed)

    return edit


def several_labels(arrays: Arrays, rng: np.random.Generator) -> Arrays:  # noqa: ARG001
    """Of a class number: is it even, is it above the middle, can it be divided by three."""
    middle = arrays.classes / 2

    def labels(y: Array) -> Array:
        return np.stack([y % 2 == 0, y >= middle, y % 3 == 0], axis=1).astype("float32")

    made = {name: labels(getattr(arrays, name)) for name in TARGETS}
    return replace(arrays, task="labels", **made)
