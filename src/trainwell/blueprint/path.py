"""Paths into a blueprint: "layers.dense_1.activation", "compile.optimizer.learning_rate", "fit.batch_size".

Layers go by their names, the settings of Keras objects by the names of their arguments; what Keras writes around them
("config", "class_name") is passed over. A dot or backslash inside a name is written with a backslash before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from trainwell.blueprint.serialised import is_object
from trainwell.errors import SettingError, UnknownNameError
from trainwell.locales import Text

Keys = tuple[str | int, ...]


def join(names: Iterable[str]) -> str:
    r"""One path of several names.

    >>> print(join(["layers", "block.1", "units"]))
    layers.block\.1.units
    """
    return ".".join(re.sub(r"([\\.])", r"\\\1", name) for name in names)


def split(path: str) -> list[str]:
    r"""The names in a path, the opposite of `join`.

    >>> split(r"layers.block\.1.units")
    ['layers', 'block.1', 'units']
    """
    names = re.findall(r"(?:^|\.)((?:[^\\.]|\\.)*)", path, re.DOTALL)
    return [re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL) for name in names]


def is_named_list(value: Any) -> bool:
    """Whether `value` is a list of serialised objects that each have a name of their own (layers, metrics)."""
    if (
        not isinstance(value, list)
        or not value
        or not all(is_object(v) and isinstance(v["config"], dict) for v in value)
    ):
        return False
    names = [v["config"].get("name") for v in value]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def names_at(value: Any) -> dict[str, Keys]:
    """What can follow in a path at this JSON value, and the JSON keys that lead there."""
    if is_object(value):
        names: dict[str, Keys] = {name: ("config", *keys) for name, keys in names_at(value["config"]).items()}
        return names | ({"inbound_nodes": ("inbound_nodes",)} if "inbound_nodes" in value else {})
    if is_named_list(value):
        return {item["config"]["name"]: (index,) for index, item in enumerate(value)}
    return {key: (key,) for key in value} if isinstance(value, dict) else {}


def names_at_root(document: dict[str, Any]) -> dict[str, Keys]:
    """What a path can begin with; "layers" is short for "model.layers"."""
    sections: dict[str, Keys] = {name: (name,) for name in ("model", "compile", "fit", "data")}
    layers = names_at(document["model"]).get("layers")
    return sections if layers is None else {"layers": ("model", *layers), **sections}


def locate(document: dict[str, Any], path: str) -> Keys:
    """The JSON keys that lead to `path`.

    Raises:
        UnknownNameError: a name in the path does not exist there; lists the nearest ones that do.
        SettingError: the path goes on behind a plain value.
    """
    here: Any = document
    keys: Keys = ()
    names = split(path)
    for index, name in enumerate(names):
        known = names_at(here) if index else names_at_root(document)
        if name not in known:
            raise _not_found(join(names[:index]), name, known, here)
        keys += known[name]
        here = value_at(here, known[name])
    return keys


def value_at(value: Any, keys: Keys) -> Any:
    """The JSON value behind `keys`."""
    for key in keys:
        value = value[key]
    return value


def replaced(value: Any, keys: Keys, new: Any) -> Any:
    """A copy of `value` with `new` behind `keys`; only what lies on the way is copied."""
    if not keys:
        return new
    result: Any = value.copy()
    result[keys[0]] = replaced(value[keys[0]], keys[1:], new)
    return result


def _not_found(before: str, name: str, known: dict[str, Keys], here: Any) -> UnknownNameError | SettingError:
    if not known:
        return SettingError(
            Text(
                en=f"{before} is the plain value {here!r}, it has no {name!r} inside; end the path there",
                zh=f"{before} 是普通值 {here!r}，其中没有 {name!r}；请让路径到此为止",
            )
        )
    place = Text(en=f" in {before}", zh=f"（位于 {before}）") if before else Text(en="", zh="")
    return UnknownNameError(Text(en=f"name{place.en}", zh=f"名称{place.zh}"), name, known)
