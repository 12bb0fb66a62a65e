"""Which variants can share a program: first by their configuration, then by their equations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from trainwell.blueprint import Blueprint, FitSettings
from trainwell.blueprint.serialised import is_object, renumbered
from trainwell.errors import ModelError


def same_configuration(models: Sequence[Any]) -> list[list[int]]:
    """Places of the models, those together whose steps are the same program with the same constants.

    What only sets the first values of variables does not tell programs apart: initializers, seeds, a learning rate.
    """
    groups: dict[str, list[int]] = {}
    for place, model in enumerate(models):
        groups.setdefault(_key(model, place), []).append(place)
    return list(groups.values())


def _key(model: Any, place: int) -> str:
    try:
        blueprint = Blueprint.of(model, FitSettings(1, 1), {})
    except ModelError:  # code of somebody's own: only its equations can say what it does
        return f"model {place}"
    document = renumbered({"model": dict(blueprint.model), "compile": dict(blueprint.compile)})
    return json.dumps(_without_first_values(document), sort_keys=True)


def _without_first_values(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_first_values(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        name: None if _sets_a_first_value(name, entry) else _without_first_values(entry)
        for name, entry in value.items()
    }


def _sets_a_first_value(name: str, value: Any) -> bool:
    if name.endswith("_initializer") or name == "seed":
        return True
    return name == "learning_rate" and not is_object(value)  # a schedule is part of the program
