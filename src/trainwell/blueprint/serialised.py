"""What Keras's serialised configurations look like, and which parts of them say nothing about the training."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_BEFORE_CAPITAL = re.compile(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])")
# Wrappers such as Bidirectional make their layer's name from that of another one.
_WRAPPED = r"(?:(?:forward|backward)_)*"
_BY_OUTPUT = ("loss", "loss_weights", "metrics", "weighted_metrics")


def is_object(value: object) -> bool:
    """Whether `value` is a serialised Keras object: {"module", "class_name", "config", ...}."""
    return isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value


def is_graph(value: object) -> bool:
    """Whether `value` is a serialised Sequential or functional model."""
    return is_object(value) and isinstance(value, dict) and value["class_name"] in ("Sequential", "Functional")


def automatic_base(class_name: str) -> str:
    """The name that Keras gives to the first object of a class: "LeakyReLU" becomes "leaky_re_lu"."""
    return _BEFORE_CAPITAL.sub("_", class_name).lower()


def is_automatic(name: object, class_name: str) -> bool:
    """Whether Keras gave this name by counting, as in "dense", "dense_1", "dense_2".

    >>> is_automatic("conv2d_12", "Conv2D"), is_automatic("output", "Dense")
    (True, False)
    """
    pattern = rf"{_WRAPPED}{re.escape(automatic_base(class_name))}(?:_\d+)?"
    return isinstance(name, str) and re.fullmatch(pattern, name) is not None


def objects_in(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every serialised object inside `value`, outermost first, with the names of the objects around it."""
    if isinstance(value, dict):
        here = path
        if is_object(value):
            config = value["config"]
            name = config.get("name") if isinstance(config, dict) else None
            here = (*path, name) if isinstance(name, str) else path
            yield here, value
        for key in sorted(value):
            yield from objects_in(value[key], here)
    elif isinstance(value, list):
        for item in value:
            yield from objects_in(item, path)


def portable(model: Any, *, inside: bool = False) -> Any:
    """The serialised model without what only repeats it.

    `compile_config` stands beside the model in a blueprint. `build_config` and `build_input_shape` are shapes that
    Keras finds again by itself in a Sequential or functional model; kept, they would contradict an edit of a layer
    further up.
    """
    if isinstance(model, list):
        return [portable(item, inside=inside) for item in model]
    if not isinstance(model, dict):
        return model
    inside = inside or is_graph(model)
    dropped = {"compile_config"} | ({"build_config"} if inside else set[str]())
    kept = {key: portable(value, inside=inside) for key, value in model.items() if key not in dropped}
    layers = kept.get("layers")
    if "build_input_shape" in kept and layers and layers[0].get("class_name") == "InputLayer":
        del kept["build_input_shape"]
    return kept


def tidy_rates(value: Any) -> Any:
    """Learning rates as they were written: Keras keeps them in float32 and reports 0.009999999776482582 for 0.01.

    The shortest decimal of the same float32 stands for the same training.
    """
    if isinstance(value, dict):
        return {
            key: float(str(np.float32(item)))
            if key == "learning_rate" and isinstance(item, float) and np.isfinite(np.float32(item))
            else tidy_rates(item)
            for key, item in value.items()
        }
    return [tidy_rates(item) for item in value] if isinstance(value, list) else value


def renumbered(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every counted name counted anew, in the order in which the names first stand in it.

    Keras counts names through the whole process, so the second of two equal models has other ones ("dense_2" for
    "dense"). Names that a person gave stay.
    """
    new: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for _, found in (*objects_in(document["model"]), *objects_in(document["compile"])):
        config, class_name = found["config"], found["class_name"]
        name = config.get("name") if isinstance(config, dict) else None
        if isinstance(name, str) and name not in new and is_automatic(name, class_name):
            base = automatic_base(class_name)
            new[name] = f"{base}_{counts[base]}" if counts[base] else base
            counts[base] += 1
    compiled = {
        key: {new.get(k, k): v for k, v in value.items()}
        if key in _BY_OUTPUT and isinstance(value, dict) and not is_object(value)
        else value
        for key, value in document["compile"].items()
    }
    model = _renamed(document["model"], lambda name: new.get(name, name))
    return {**document, "model": model, "compile": _renamed(compiled, lambda name: new.get(name, name))}


def nameless(value: Any) -> Any:
    """The JSON value with every counted name in it replaced by the first one that Keras would count."""
    if isinstance(value, list):
        return [nameless(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: nameless(item) for key, item in value.items()}
    if is_object(result) and isinstance(result["config"], dict):
        name = result["config"].get("name")
        if is_automatic(name, result["class_name"]):
            result["config"] = {**result["config"], "name": automatic_base(result["class_name"])}
    return result


def _renamed(value: Any, new: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, new) for item in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for key, item in value.items():
        if key in ("name", "keras_history", "input_layers", "output_layers"):
            result[key] = _strings(item, new)
        else:
            result[key] = _renamed(item, new)
    return result


def _strings(value: Any, new: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return new(value)
    if isinstance(value, list):
        return [_strings(item, new) for item in value]
    return {k: _strings(v, new) for k, v in value.items()} if isinstance(value, dict) else value
