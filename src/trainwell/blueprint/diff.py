"""What is different between two trainings, setting by setting, and how to get from the one to the other."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from trainwell.blueprint.blueprint import Blueprint
from trainwell.blueprint.path import is_named_list, join, locate, names_at, replaced, split, value_at
from trainwell.blueprint.serialised import is_object
from trainwell.locales import Text

_LONGEST = 80


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        path: where, as `edit` takes it.
        before: JSON value in the first blueprint; None for "added"; for "order" the names.
        after: JSON value in the second blueprint; None for "removed"; for "order" the names.
        kind: "changed", "added", "removed", or "order": the same layers (or metrics) in another order.
    """

    path: str
    before: Any
    after: Any
    kind: Literal["changed", "added", "removed", "order"] = "changed"

    @property
    def text(self) -> Text:
        """The change, readable, one line.

        >>> print(Change("fit.batch_size", 32, 64).text)
        fit.batch_size: 32 → 64
        """
        before, after = readable(self.before), readable(self.after)
        if self.kind == "added":
            return Text(en=f"{self.path}: added, {after}", zh=f"{self.path}：新增，{after}")
        if self.kind == "removed":
            return Text(en=f"{self.path}: removed, was {before}", zh=f"{self.path}：移除，原为 {before}")
        if self.kind == "order":
            return Text(en=f"{self.path}: new order, {after}", zh=f"{self.path}：新的顺序，{after}")
        return Text(en=f"{self.path}: {before} → {after}", zh=f"{self.path}：{before} → {after}")


def readable(value: Any) -> str:
    """A JSON value on one line: a serialised Keras object as `Class(setting=value, ...)`.

    >>> readable({"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.01}})
    'L2(l2=0.01)'
    """
    if is_object(value):
        config = value["config"]
        if not isinstance(config, dict):
            return str(config)
        shown = {
            k: v
            for k, v in config.items()
            if isinstance(v, bool | int | float | str) and k not in ("name", "trainable")
        }
        text = f"{value['class_name']}({', '.join(f'{k}={v}' for k, v in shown.items())})"
    elif isinstance(value, list):
        text = ", ".join(readable(item) for item in value) or "[]"
    else:
        text = value if isinstance(value, str) else "None" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def diff(a: Blueprint, b: Blueprint) -> tuple[Change, ...]:
    """The changes that lead from `a` to `b`, in the order of the settings; () if they are equal."""
    before, after = a.to_dict(), b.to_dict()
    changes: list[Change] = []
    for section in ("model", "compile", "fit", "data"):
        changes += _between(before[section], after[section], [section])
    return tuple(changes)


def apply(blueprint: Blueprint, changes: Iterable[Change]) -> Blueprint:
    """A new blueprint with the changes made, one after the other.

    Raises:
        UnknownNameError: a change is about something that is not there.
        SettingError: a fit setting cannot work.
    """
    document: dict[str, Any] = blueprint.to_dict()
    for change in changes:
        document = _applied(document, change)
    return Blueprint.from_dict(document)


def _between(before: Any, after: Any, names: list[str]) -> list[Change]:
    if _same(before, after):
        return []
    if not _comparable(before, after):
        return [Change(_path(names), before, after)]
    inside_before, inside_after = names_at(before), names_at(after)
    changes: list[Change] = []
    for name, keys in inside_before.items():
        if name in inside_after:
            changes += _between(value_at(before, keys), value_at(after, inside_after[name]), [*names, name])
        else:
            changes.append(Change(_path([*names, name]), value_at(before, keys), None, "removed"))
    added = [name for name in inside_after if name not in inside_before]
    for name in added:
        changes.append(Change(_path([*names, name]), None, value_at(after, inside_after[name]), "added"))
    reached = [name for name in inside_before if name in inside_after] + added
    if isinstance(after, list) and reached != list(inside_after):
        changes.append(Change(_path(names), reached, list(inside_after), "order"))
    return changes


def _comparable(before: Any, after: Any) -> bool:
    """Whether the difference can be told by names inside; otherwise the whole value is the difference."""
    if is_object(before) and is_object(after):
        if not (isinstance(before["config"], dict) and isinstance(after["config"], dict)):
            return False
        own = before.keys() | after.keys()
        passed_over = (
            {"config", "inbound_nodes"} if "inbound_nodes" in before and "inbound_nodes" in after else {"config"}
        )
        return all(k in before and k in after and _same(before[k], after[k]) for k in own - passed_over)
    if is_object(before) or is_object(after):
        return False
    if isinstance(before, dict) and isinstance(after, dict):
        return True
    return is_named_list(before) and is_named_list(after)


def _same(a: Any, b: Any) -> bool:
    """Equal as JSON: 1, 1.0 and True are three values."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


def _path(names: list[str]) -> str:
    return join(names[1:] if names[:2] == ["model", "layers"] else names)


def _applied(document: dict[str, Any], change: Change) -> dict[str, Any]:
    if change.kind == "changed":
        return replaced(document, locate(document, change.path), copy.deepcopy(change.after))
    if change.kind == "order":
        keys = locate(document, change.path)
        layers = value_at(document, keys)
        return replaced(document, keys, [layers[names_at(layers)[name][0]] for name in change.after])
    *outer, name = split(change.path)
    keys = locate(document, join(outer))
    parent = value_at(document, keys)
    if is_object(parent):
        keys, parent = (*keys, "config"), parent["config"]
    if change.kind == "removed":
        target = names_at(parent)[name][0]
        items = parent.items() if isinstance(parent, dict) else enumerate(parent)
        kept = [(key, value) for key, value in items if key != target]
        return replaced(document, keys, dict(kept) if isinstance(parent, dict) else [value for _, value in kept])
    added = copy.deepcopy(change.after)
    return replaced(document, keys, {**parent, name: added} if isinstance(parent, dict) else [*parent, added])
