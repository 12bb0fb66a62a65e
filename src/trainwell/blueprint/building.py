"""From a configuration to a compiled Keras model, running no code that stands in it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from trainwell.backend import keras_seed, load_keras
from trainwell.blueprint.capture import KERAS_ERRORS, first_line
from trainwell.blueprint.serialised import objects_in
from trainwell.errors import ModelError
from trainwell.locales import Text


def build(model: Mapping[str, Any], compiled: Mapping[str, Any], seed: int) -> Any:
    """A new compiled `keras.Model` with initial weights drawn from `seed`.

    Args:
        model: serialised Keras model.
        compiled: its compile settings.
        seed: of initial weights and dropout.

    Raises:
        ModelError: Keras cannot build it, or it holds Python code.
    """
    keras = load_keras()
    for section in (model, compiled):
        _refuse_code(section)
    with keras_seed(seed):
        try:
            built = keras.saving.deserialize_keras_object(copy.deepcopy(model), safe_mode=True)
        except KERAS_ERRORS as error:
            raise _cannot_build(error) from error
        _check_compile(keras, built)
        try:
            built.compile_from_config(copy.deepcopy(compiled))
        except KERAS_ERRORS as error:
            raise _cannot_build(error) from error
    return built


def _refuse_code(section: Mapping[str, Any]) -> None:
    for path, found in objects_in(section):
        if found["class_name"] == "__lambda__":
            where = "/".join(path) or "compile"
            raise ModelError(
                Text(
                    en=f"{where!r} holds Python code (a lambda), which is never run from a blueprint; use a layer "
                    "class or function registered with @keras.saving.register_keras_serializable()",
                    zh=f"{where!r} 含有 Python 代码（lambda），出于安全不会从蓝图中执行；"
                    "请改用以 @keras.saving.register_keras_serializable() 注册的层类或函数",
                )
            )


def _check_compile(keras: Any, model: Any) -> None:
    own = type(model)
    if own.compile is not keras.Model.compile and own.compile_from_config is keras.Model.compile_from_config:
        raise ModelError(
            Text(
                en=f"{own.__name__} has its own compile(), so Keras cannot repeat it; give the class "
                "get_compile_config() and compile_from_config() too",
                zh=f"{own.__name__} 自定义了 compile()，Keras 无法重现编译过程；"
                "请同时为该类提供 get_compile_config() 和 compile_from_config()",
            )
        )


def _cannot_build(error: Exception) -> ModelError:
    missing: list[str] = re.findall(r"Could not locate \w+ '([^']+)'", str(error))
    if missing:
        name = missing[-1]  # the message of an inner object stands behind those of the objects around it
        return ModelError(
            Text(
                en=f"{name!r} is not a part of Keras and not registered; import the module that defines it, decorated "
                "with @keras.saving.register_keras_serializable(), before building",
                zh=f"{name!r} 不是 Keras 自带的，也没有注册；请在构建之前导入定义它的模块，"
                "并用 @keras.saving.register_keras_serializable() 装饰它",
            )
        )
    return ModelError(
        Text(
            en=f"Keras cannot build this blueprint: {first_line(error)}; look at the setting that was edited last",
            zh=f"Keras 无法构建此蓝图：{first_line(error)}；请检查最后修改的设置",
        )
    )
