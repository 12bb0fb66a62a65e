"""Read and change one setting of a blueprint by its path; a change makes a new blueprint."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from trainwell.blueprint.blueprint import Blueprint
from trainwell.blueprint.path import join, locate, names_at, replaced, split, value_at
from trainwell.blueprint.serialised import is_object
from trainwell.errors import SettingError
from trainwell.locales import Text


def get(blueprint: Blueprint, path: str) -> Any:
    """The value at `path`: a plain JSON value, or a Keras object as Keras serialises it; a copy.

    Args:
        blueprint: where to look.
        path: such as "layers.dense_1.activation", "compile.optimizer.learning_rate", "fit.batch_size",
            "layers.encoder.layers.dense_1.units".

    Raises:
        UnknownNameError: there is no such path; lists the nearest names at that level.
        SettingError: the path goes on behind a plain value.
    """
    document = blueprint.to_dict()
    return copy.deepcopy(value_at(document, locate(document, path)))


def edit(blueprint: Blueprint, path: str, value: Any) -> Blueprint:
    """A new blueprint with `value` at `path`; the given one stays as it is.

    Whether Keras accepts the value shows when the new blueprint is built.

    Args:
        blueprint: what to start from.
        path: an existing path, as for `get`.
        value: a plain JSON value, or what `keras.saving.serialize_keras_object` gives for a Keras object.

    Raises:
        UnknownNameError: there is no such path.
        SettingError: the value is not JSON, a fit setting cannot work, or a layer of a functional model would get
            another name, by which its connections find it.
    """
    document = blueprint.to_dict()
    keys = locate(document, path)
    _check_json(path, value)
    names = split(path)
    if names[-1] == "name" and _names_a_connected_layer(document, names[:-1]):
        raise SettingError(
            Text(
                en=f"{path}: the layers of a functional model are connected by their names, so a name cannot be "
                "edited alone; build the model with the name you want",
                zh=f"{path}：函数式模型的各层靠名称相互连接，不能单独修改名称；请在构建模型时使用想要的名称",
            )
        )
    return Blueprint.from_dict(replaced(document, keys, copy.deepcopy(value)))


def remove_layer(blueprint: Blueprint, path: str) -> Blueprint:
    """A new blueprint without the layer at `path`, such as "layers.dropout_1".

    Raises:
        UnknownNameError: there is no such layer.
        SettingError: the layer is not one of a Sequential model.
    """
    document = blueprint.to_dict()
    keys, index = _sequential_place(document, path)
    layers = value_at(document, keys)
    return Blueprint.from_dict(replaced(document, keys, layers[:index] + layers[index + 1 :]))


def insert_layer(blueprint: Blueprint, layer: Mapping[str, Any], *, after: str) -> Blueprint:
    """A new blueprint with one more layer.

    Args:
        blueprint: what to start from.
        layer: what `keras.saving.serialize_keras_object` gives for it, with a name that is still free.
        after: path of the layer before it, such as "layers.dense_1".

    Raises:
        UnknownNameError: there is no layer `after`.
        SettingError: the model is not Sequential, `layer` is no serialised layer, or its name is taken.
    """
    document = blueprint.to_dict()
    keys, index = _sequential_place(document, after)
    _check_json(after, layer)
    layers = value_at(document, keys)
    config = layer.get("config")
    name = config.get("name") if is_object(layer) and isinstance(config, dict) else None
    if not isinstance(name, str) or name in names_at(layers):
        raise SettingError(
            Text(
                en=f"a serialised Keras layer with a name of its own is needed, the name given is {name!r}; "
                f"taken are: {', '.join(names_at(layers))}",
                zh=f"需要一个名称不重复的序列化 Keras 层，给出的名称是 {name!r}；已占用：{'、'.join(names_at(layers))}",
            )
        )
    new = [*layers[: index + 1], copy.deepcopy(dict(layer)), *layers[index + 1 :]]
    return Blueprint.from_dict(replaced(document, keys, new))


def _sequential_place(document: dict[str, Any], path: str) -> tuple[tuple[str | int, ...], int]:
    """The JSON keys of the list of layers in which the layer stands, and its place there."""
    keys, names = locate(document, path), split(path)
    owner = document["model"] if len(names) == 2 else value_at(document, locate(document, join(names[:-2])))
    index = keys[-1]
    is_layer = len(names) > 1 and names[-2] == "layers" and isinstance(index, int) and is_object(owner)
    if not is_layer or owner["class_name"] != "Sequential":
        what = owner["class_name"] if is_layer else type(value_at(document, keys)).__name__
        raise SettingError(
            Text(
                en=f"{path}: layers can be put in and taken out of Sequential models only, this is {what}; change the "
                "Python code of the model instead",
                zh=f"{path}：只能在 Sequential 模型中增删层，这里是 {what}；请改动模型的 Python 代码",
            )
        )
    return keys[:-1], int(index)


def _names_a_connected_layer(document: dict[str, Any], names: list[str]) -> bool:
    owner = value_at(document, locate(document, join(names))) if names else None
    return isinstance(owner, dict) and "inbound_nodes" in owner


def _check_json(path: str, value: Any) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SettingError(
            Text(
                en=f"{path} must be a plain value or a serialised Keras object, {value!r} was given ({error}); use "
                "keras.saving.serialize_keras_object(...) for a Keras object",
                zh=f"{path} 应为普通值或序列化的 Keras 对象，给出的是 {value!r}（{error}）；"
                "Keras 对象请先用 keras.saving.serialize_keras_object(...) 转换",
            )
        ) from error
