"""Changes of the initial weights of a built model."""

from __future__ import annotations

from typing import Any

import numpy as np

from gallery.arrays import Array
from gallery.recipe import WeightsEdit


def _variables(layer: Any, part: str) -> list[Any]:
    return [variable for variable in layer.weights if variable.name == part]


def times(factor: float, *names: str, part: str = "kernel") -> WeightsEdit:
    """The kernels (or another part) of these layers, or of all but embeddings, times this factor."""

    def edit(model: Any) -> None:
        for layer in [model.get_layer(name) for name in names] if names else model.layers:
            for variable in _variables(layer, part):
                variable.assign(variable.numpy() * factor)

    return edit


def filled(value: float, *names: str, part: str = "kernel") -> WeightsEdit:
    """The kernels (or another part) of these layers, or of all, with one value."""

    def edit(model: Any) -> None:
        for layer in [model.get_layer(name) for name in names] if names else model.layers:
            for variable in _variables(layer, part):
                variable.assign(np.full(variable.shape, value, "float32"))

    return edit


def recurrent_radius(radius: float, name: str) -> WeightsEdit:
    """The recurrent kernel of a layer scaled to this largest stretch (an orthogonal one has 1)."""

    def edit(model: Any) -> None:
        for variable in _variables(model.get_layer(name), "recurrent_kernel"):
            values: Array = variable.numpy()
            variable.assign(values * (radius / np.linalg.norm(values, 2)))

    return edit


def queries_and_keys(factor: float, name: str) -> WeightsEdit:
    """The kernels that make queries and keys of an attention layer, times this factor."""

    def edit(model: Any) -> None:
        for variable in model.get_layer(name).weights:
            owner = variable.path.split("/")[-2:]
            if owner[-1] == "kernel" and owner[0] in ("query", "key"):
                variable.assign(variable.numpy() * factor)

    return edit
