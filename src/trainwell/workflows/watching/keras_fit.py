"""Keras's `fit`, replaced for the time of a script: trainwell's engine trains where it can, Keras where it cannot."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from trainwell.backend import load_keras
from trainwell.engine import keras_names
from trainwell.locales import Text

Plain = Callable[[], Any]
Watcher = Callable[[Any, Mapping[str, Any], Plain], Any]


@contextmanager
def fits_given_to(watcher: Watcher) -> Generator[None]:
    """Within the block, `model.fit(...)` calls `watcher(model, arguments, plain)` and returns what that returns.

    `arguments` are those of Keras's fit, by name and with its defaults; `plain()` is the fit as Keras would do it.
    A call that Keras would refuse goes to Keras, which says so in its own words.
    """
    keras = load_keras()
    original = keras.Model.fit
    signature = inspect.signature(original)

    @functools.wraps(original)
    def fit(model: Any, *given: Any, **named: Any) -> Any:
        plain = functools.partial(original, model, *given, **named)
        try:
            bound = signature.bind(model, *given, **named)
        except TypeError:
            return plain()
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        del arguments[next(iter(signature.parameters))]
        if not getattr(model, "compiled", False) or arguments["x"] is None:
            return plain()
        return watcher(model, arguments, plain)

    inherited = "fit" not in vars(keras.Model)
    keras.Model.fit = fit
    try:
        yield
    finally:
        if inherited:
            del keras.Model.fit
        else:
            keras.Model.fit = original


def why_not(model: Any, arguments: Mapping[str, Any]) -> Text | None:
    """Why the engine cannot do this fit, None if it can."""
    keras = load_keras()
    kind = type(model).__name__
    callbacks = arguments["callbacks"]
    if keras_names.has_own_train_step(model) or has_own_train_function(model):
        return Text(en=f"{kind} defines its own training step", zh=f"{kind} 定义了自己的训练步")
    if model.run_eagerly:
        return Text(en="the model was compiled with run_eagerly=True", zh="模型以 run_eagerly=True 编译")
    if not model.jit_compile:
        return Text(
            en="the model is not compiled for JAX (jit_compile=False, or a layer that does not allow it)",
            zh="模型未用 JAX 编译（jit_compile=False，或有层不支持）",
        )
    if keras.distribution.distribution() is not None:
        return Text(en="the training is distributed over devices", zh="训练分布在多个设备上")
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return Text(en="its callbacks are a ready-made CallbackList", zh="回调以现成的 CallbackList 给出")
    if any(isinstance(callback, keras.callbacks.BackupAndRestore) for callback in keras.tree.flatten(callbacks or [])):
        return Text(en="BackupAndRestore may begin it in the middle", zh="BackupAndRestore 可能从中途开始训练")
    if arguments["initial_epoch"] >= arguments["epochs"]:
        return Text(en="there is no epoch to train", zh="没有需要训练的轮次")
    return None


def has_own_train_function(model: Any) -> bool:
    """Whether the model's class makes the function that trains it itself."""
    keras = load_keras()
    return type(model).make_train_function is not keras.Model.make_train_function
