"""From a compiled Keras model to its configuration."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

from trainwell.backend import load_keras
from trainwell.blueprint.serialised import is_object, portable
from trainwell.errors import ModelError
from trainwell.locales import Text

# What Keras raises, depending on the class, when a configuration does not fit.
KERAS_ERRORS = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


def capture(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The configuration of a compiled `keras.Model` and of its compile settings, as Keras serialises them.

    Raises:
        ModelError: this is no compiled Keras model, or Keras cannot serialise it.
    """
    keras = load_keras()
    if not isinstance(model, keras.Model):
        raise ModelError(
            Text(
                en=f"a keras.Model was expected, {type(model).__name__} was given; build one with keras.Sequential "
                "or keras.Model, or with trainwell.networks",
                zh=f"需要 keras.Model，给出的是 {type(model).__name__}；"
                "请用 keras.Sequential、keras.Model 或 trainwell.networks 构建模型",
            )
        )
    if not model.compiled:
        raise ModelError(
            Text(
                en=f"the model {model.name!r} is not compiled; call model.compile(optimizer=..., loss=...) first",
                zh=f"模型 {model.name!r} 尚未编译；请先调用 model.compile(optimizer=..., loss=...)",
            )
        )
    _check_sharing(model)
    try:
        with warnings.catch_warnings():  # Keras warns of lambdas, which a blueprint never runs
            warnings.simplefilter("ignore")
            serialised = keras.saving.serialize_keras_object(model)
            compiled = model.get_compile_config()
    except KERAS_ERRORS as error:
        raise _cannot_serialise(model, error) from error
    if compiled and "loss" in compiled:
        compiled = {**compiled, "loss": complete_loss(model.loss, compiled["loss"])}
    return portable(serialised), compiled or {}


def complete_loss(loss: Any, serialised: Any) -> Any:
    """The serialised loss (or nested list or dictionary of them) with the arguments that Keras leaves out.

    Some losses do not write all arguments into their configuration (keras.losses.Huber loses `delta`), though they
    take them back from there.
    """
    if isinstance(serialised, list | tuple):
        return [complete_loss(part, config) for part, config in zip(loss, serialised, strict=True)]
    if is_object(serialised):
        given: dict[str, Any] = getattr(loss, "_fn_kwargs", None) or {}
        usual = inspect.signature(type(loss)).parameters
        lost = {
            k: v for k, v in given.items() if k in usual and k not in serialised["config"] and usual[k].default != v
        }
        return {**serialised, "config": {**serialised["config"], **lost}} if lost else serialised
    if isinstance(serialised, dict) and isinstance(loss, dict):
        return {key: complete_loss(loss[key], config) for key, config in serialised.items()}
    return serialised


def _check_sharing(model: Any) -> None:
    """A layer inside two nested models would come back as two layers: refuse it."""
    keras, owner, waiting = load_keras(), dict[int, str](), [model]
    seen: set[int] = set()
    while waiting:
        outer = waiting.pop()
        if id(outer) in seen:
            continue
        seen.add(id(outer))
        if type(outer).__name__ not in ("Sequential", "Functional"):
            continue  # a class of somebody's own writes its configuration itself
        for layer in outer.layers:
            if owner.setdefault(id(layer), outer.name) != outer.name:
                raise ModelError(
                    Text(
                        en=f"the layer {layer.name!r} is part of two models, {owner[id(layer)]!r} and {outer.name!r}, "
                        "inside one; Keras's configuration cannot say that, call it in one of them only",
                        zh=f"层 {layer.name!r} 同时属于两个子模型 {owner[id(layer)]!r} 和 {outer.name!r}；"
                        "Keras 的配置无法表达这一点，请只在其中一个子模型中使用它",
                    )
                )
            if isinstance(layer, keras.Model):
                waiting.append(layer)


def _cannot_serialise(model: Any, error: Exception) -> ModelError:
    keras, culprit = load_keras(), model
    for layer in model._flatten_layers():  # the innermost layer that fails comes last
        try:
            keras.saving.serialize_keras_object(layer)
        except KERAS_ERRORS:
            culprit = layer
    return ModelError(
        Text(
            en=f"the layer {culprit.name!r} ({type(culprit).__name__}) cannot be written as a configuration "
            f"({first_line(error)}); give its class a get_config() that returns all arguments of __init__",
            zh=f"层 {culprit.name!r}（{type(culprit).__name__}）无法写成配置（{first_line(error)}）；"
            "请为该类提供 get_config()，返回 __init__ 的全部参数",
        )
    )


def first_line(error: Exception) -> str:
    """The part of a Keras message that is for people, on one line: long ones repeat the whole configuration."""
    text = str(error)
    told = text.rpartition("Exception encountered: ")[2] if "Exception encountered: " in text else text
    line = next((line.strip() for line in told.splitlines() if line.strip()), type(error).__name__)
    return line if len(line) <= 200 else f"{line[:200].rstrip()}…"
