"""Which layers of a model are watched, how they are called, and which weights belong to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainwell.blueprint.layer_info import LayerInfo
from trainwell.engine import keras_names
from trainwell.engine.taps import Calls

# Layers without weights whose output is worth recording although they have no activation: they set the scale.
SCALING_LAYERS = ("Normalization", "Rescaling")


@dataclass(frozen=True)
class WatchedLayers:
    """The watched layers of one model.

    Attributes:
        infos: facts of each, in the order in which the data pass through.
        outputs: for each recorded call of the forward pass, in order: the layer's name, or None if not recorded.
        weights: layer name -> positions of its weights in `model.trainable_variables`.
    """

    infos: tuple[LayerInfo, ...]
    outputs: tuple[str | None, ...]
    weights: Mapping[str, tuple[int, ...]]


def watched_layers(model: Any, calls: Calls, predictions: Sequence[Any]) -> WatchedLayers:
    """Name the layers that were called and give every trainable weight to one of them.

    Args:
        model: built model.
        calls: the calls of one forward pass (see `taps`).
        predictions: the arrays that this pass returned, to know the output layers by identity.
    """
    paths = layer_paths(model)
    names: list[str] = []
    for layer, _ in calls.leaves:
        path = paths.get(id(layer)) or str(layer.name)
        times = sum(name == path or name.startswith(f"{path} (call ") for name in names)
        names.append(path if not times else f"{path} (call {times + 1})")
    weights = _weights_by_layer(model, paths, set(names))
    final = {id(array) for array in predictions}
    infos: list[LayerInfo] = []
    outputs: list[str | None] = []
    for name, (layer, result) in zip(names, calls.leaves, strict=True):
        array = first_float_array(result)
        activation = activation_name(layer)
        parameters = sum(int(_size(model.trainable_variables[i])) for i in weights.get(name, ()))
        recorded = array is not None and array.ndim >= 2 and array.size > 0
        worth = parameters > 0 or activation is not None or type(layer).__name__ in SCALING_LAYERS
        outputs.append(name if recorded and worth else None)
        if worth:
            shape = tuple(int(n) for n in array.shape[1:]) if array is not None and recorded else ()
            infos.append(
                LayerInfo(name, type(layer).__name__, activation, parameters, shape, is_output=id(array) in final)
            )
    known = {info.name for info in infos}
    for name, positions in weights.items():
        if name not in known:  # weights that a model uses without calling their layer
            size = sum(int(_size(model.trainable_variables[i])) for i in positions)
            infos.append(LayerInfo(name, "Variable", None, size, ()))
    return WatchedLayers(tuple(infos), tuple(outputs), weights)


def first_float_array(result: Any) -> Any | None:
    """The first floating-point array of what a layer returned, or None."""
    import jax
    import jax.numpy as jnp

    for leaf in jax.tree.leaves(result):
        if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating):
            return leaf
    return None


def activation_name(layer: Any) -> str | None:
    """Name of the activation that ends a layer, or None if it has none."""
    kind = type(layer).__name__
    if kind in ("LSTM", "GRU"):  # their output is a product with a gate, no activation's own range
        return None
    if kind == "ReLU":
        plain = not layer.negative_slope and not layer.threshold and layer.max_value is None
        return "relu" if plain else "leaky_relu"
    names = {"LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "Softmax": "softmax"}
    if kind in names:
        return names[kind]
    activation = getattr(layer, "activation", None)
    if activation is None:
        return None
    if hasattr(activation, "get_config"):  # a layer as activation
        return activation_name(activation)
    return getattr(activation, "__name__", type(activation).__name__)


def layer_paths(model: Any) -> dict[int, str]:
    """Id of every layer inside the model -> its path, e.g. "encoder/attention/query"."""
    paths: dict[int, str] = {}

    def walk(layer: Any, prefix: str) -> None:
        for inner in keras_names.sublayers(layer):
            if id(inner) not in paths:
                paths[id(inner)] = f"{prefix}{inner.name}"
                walk(inner, f"{paths[id(inner)]}/")

    walk(model, "")
    return paths


def _weights_by_layer(model: Any, paths: Mapping[int, str], called: set[str]) -> dict[str, tuple[int, ...]]:
    """Give each trainable weight to the innermost called layer that holds it."""
    holder: dict[int, str] = {id(weight): model.name for weight in model.trainable_variables}

    def walk(layer: Any) -> None:
        for inner in keras_names.sublayers(layer):
            path = paths[id(inner)]
            for weight in inner.trainable_variables:
                if path in called or holder[id(weight)] == model.name:
                    holder[id(weight)] = path
            walk(inner)

    walk(model)
    found: dict[str, list[int]] = {}
    for position, weight in enumerate(model.trainable_variables):
        found.setdefault(holder[id(weight)], []).append(position)
    return {name: tuple(positions) for name, positions in found.items()}


def _size(variable: Any) -> int:
    size = 1
    for n in variable.shape:
        size *= int(n)
    return size
