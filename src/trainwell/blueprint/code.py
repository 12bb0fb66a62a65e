"""Keras code to paste: the script that a person would write by hand for a blueprint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from trainwell.backend import keras_seed
from trainwell.blueprint.blueprint import Blueprint
from trainwell.blueprint.fit_settings import FitSettings
from trainwell.blueprint.model_source import ModelWriter
from trainwell.blueprint.object_source import NotWritableError
from trainwell.blueprint.source_text import Brackets, Expression, Plain, call, lines, literal
from trainwell.locales import Language, Text

_START = """import os

os.environ["KERAS_BACKEND"] = "jax"  # {backend}

import keras{more}

keras.utils.set_random_seed({seed})
"""
_BACKEND = Text(en="before keras is imported", zh="必须在导入 keras 之前")
_FALLBACK = Text(
    en="# The {what} as Keras's own configuration, because {reason}.\n"
    "# Classes and functions of your own: import the module that registers them first.",
    zh="# 这里的{what}直接采用 Keras 自己的配置，因为{reason}。\n# 如果用到自定义的类或函数，请先导入注册它们的模块。",
)
_MODEL = Text(en="model", zh="模型")
_COMPILE = Text(en="compile settings", zh="编译设置")
# In the order of Keras's own signature; these are its defaults.
_COMPILE_DEFAULTS: Mapping[str, Any] = {
    "optimizer": ...,
    "loss": None,
    "loss_weights": None,
    "metrics": None,
    "weighted_metrics": None,
    "run_eagerly": False,
    "steps_per_execution": 1,
    "jit_compile": True,  # what "auto" means with JAX
}


def code(blueprint: Blueprint, language: Language = "en") -> str:
    """A Python script that builds and compiles the same model, with the settings of `fit` in a comment.

    It needs Keras and JAX, not trainwell. What Keras cannot say in such code (classes of somebody's own) stands in it
    as Keras's configuration, with a comment that says why.

    Args:
        blueprint: what to write.
        language: of the comments.
    """
    with keras_seed(0):  # objects are made to learn their defaults; nobody's random state should change by that
        return _script(blueprint, language)


def _script(blueprint: Blueprint, language: Language) -> str:
    writer = ModelWriter()
    fallbacks: list[NotWritableError] = []
    try:
        writer.model(dict(blueprint.model), variable="model")
        model = "\n".join(writer.statements)
    except NotWritableError as error:
        fallbacks.append(error)
        model = f"{_comment(_MODEL, error, language)}\nmodel = keras.saving.deserialize_keras_object(\n"
        model += f"    json.loads({_raw(blueprint.model)})\n)"
    try:
        compiled = "\n".join(lines(_compile(writer, blueprint.compile)))
    except NotWritableError as error:
        fallbacks.append(error)
        compiled = f"{_comment(_COMPILE, error, language)}\nmodel.compile_from_config(\n"
        compiled += f"    json.loads({_raw(blueprint.compile)})\n)"
    start = _START.format(
        backend=_BACKEND[language], more="\nimport json" if fallbacks else "", seed=blueprint.fit.seed
    ).replace("import keras\nimport json", "import json\n\nimport keras")
    return "\n".join([start, model, "", compiled, "", *_fit(blueprint.fit)]) + "\n"


def _compile(writer: ModelWriter, settings: Mapping[str, Any]) -> Expression:
    unknown = [name for name in settings if name not in _COMPILE_DEFAULTS]
    if unknown:
        raise NotWritableError(
            Text(
                en=f"the model has its own compile() with {', '.join(unknown)}",
                zh=f"模型有自己的 compile()，使用了 {'、'.join(unknown)}",
            )
        )
    told = {k: settings[k] for k, usual in _COMPILE_DEFAULTS.items() if k in settings and settings[k] != usual}
    named = {name: writer.objects.value(value) for name, value in told.items()}
    return call("model.compile", (), **named)


def _fit(fit: FitSettings) -> list[str]:
    named: dict[str, Expression] = {"batch_size": literal(fit.batch_size), "epochs": literal(fit.epochs)}
    if not fit.shuffle:
        named["shuffle"] = literal(fit.shuffle)
    named["validation_data"] = Plain("(x_validation, y_validation)")
    if fit.class_weight is not None:
        named["class_weight"] = literal(dict(fit.class_weight))
    if fit.early_stopping_patience is not None:
        stop = call(
            "keras.callbacks.EarlyStopping",
            monitor=literal(fit.early_stopping_monitor),
            patience=literal(fit.early_stopping_patience),
            restore_best_weights=literal(True),
        )
        named["callbacks"] = Brackets("", (("", stop),), "[]")
    return [f"# {line}" for line in lines(call("model.fit", [Plain("x"), Plain("y")], **named))]


def _comment(what: Text, error: NotWritableError, language: Language) -> str:
    return _FALLBACK.format(what=what, reason=error.reason)[language]


def _raw(config: Mapping[str, Any]) -> str:
    return repr(json.dumps(config, sort_keys=True))
