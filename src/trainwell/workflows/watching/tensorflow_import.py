"""`import tensorflow` where TensorFlow is not installed: `tensorflow.keras` is Keras 3, the rest says what is missing.

Where TensorFlow is installed, nothing is served: since 2.16 its own `tf.keras` is Keras 3, on the backend Keras was
loaded with.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from trainwell.backend import load_keras
from trainwell.locales import Text
from trainwell.workflows.watching.tensorflow_names import MOVED, NAMESPACES, SERVED, instead_of

TENSORFLOW = "tensorflow"
SERVED_KERAS = f"{TENSORFLOW}.keras"
# What TensorFlow itself offers as tf.keras: Keras 3's own objects, and the older names that scripts still use
# (ImageDataGenerator, losses.Reduction, ...)
KERAS_FOR_TENSORFLOW = "keras._tf_keras.keras"


class TensorFlowNameError(AttributeError):
    """`tf.NAME` where only `tf.keras` is served; an AttributeError, so `hasattr` works as ever."""

    def __init__(self, message: Text):
        super().__init__(message.en)
        self.message = message


class TensorFlowImportError(ModuleNotFoundError):
    """`import tensorflow.NAME`, likewise."""

    def __init__(self, message: Text):
        super().__init__(message.en)
        self.message = message


def is_installed() -> bool:
    """Whether there is a TensorFlow to import."""
    try:
        return importlib.util.find_spec(TENSORFLOW) is not None
    except ValueError:  # it is loaded and has no specification
        return True


@contextmanager
def tensorflow_served() -> Generator[None]:
    """Within the block, `tensorflow.keras` can be imported whether TensorFlow is installed or not."""
    load_keras()
    if is_installed():
        yield
        return
    _keras_has_looked_for_tensorflow()
    finder, before = _Finder(), set(sys.modules)
    sys.meta_path.insert(0, finder)  # before Keras's own folders, or its modules would be loaded a second time
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == TENSORFLOW and name not in before]:
            del sys.modules[name]


def _keras_has_looked_for_tensorflow() -> None:
    """Let Keras find out now that there is no TensorFlow; later it would take the module served here for one."""
    from keras.src.utils import module_utils

    bool(module_utils.tensorflow.available)


class _ServedModule(ModuleType):
    """`tensorflow`, or a part of it, of which only the harmless names are there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        dotted = f"{self.__name__}.{name}".partition(".")[2]
        if dotted in SERVED:
            return SERVED[dotted]
        if dotted in NAMESPACES or dotted == "keras":
            return importlib.import_module(f"{TENSORFLOW}.{dotted}")
        raise TensorFlowNameError(_missing(f"tf.{dotted}", instead_of(dotted)))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `tensorflow` and what belongs to it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        top, _, rest = fullname.partition(".")
        if top.startswith(f"{TENSORFLOW}_") and PathFinder.find_spec(top) is None:
            raise TensorFlowImportError(_missing(top, instead_of(top), package=top.replace("_", "-")))
        if top != TENSORFLOW:
            return None
        if not rest or rest in NAMESPACES or rest.split(".")[0] == "keras":
            return ModuleSpec(fullname, self, is_package=True)
        raise TensorFlowImportError(_missing(fullname, instead_of(rest)))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _ServedModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        if name == SERVED_KERAS or name.startswith(f"{SERVED_KERAS}."):
            sys.modules[name] = _keras_module(name)


def _keras_module(name: str) -> ModuleType:
    """Keras's own module for `tensorflow.keras...`."""
    inner = name.removeprefix(SERVED_KERAS)
    for home in (KERAS_FOR_TENSORFLOW, "keras"):
        try:
            return importlib.import_module(f"{home}{inner}")
        except ModuleNotFoundError as error:
            if error.name is None or not f"{home}{inner}".startswith(error.name):
                raise
    hint = MOVED.get(inner.strip("."))
    if hint is None and hasattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2]):
        hint = "from {} import {}".format(*name.rsplit(".", 1))
    raise TensorFlowImportError(
        Text(
            en=f"Keras 3 has no module {name}; " + (f"write: {hint}" if hint else "see keras.io/api for its new place"),
            zh=f"Keras 3 没有模块 {name}；" + (f"请写作：{hint}" if hint else "请在 keras.io/api 查找它的新位置"),
        )
    )


def _missing(name: str, instead: str | None, package: str = TENSORFLOW) -> Text:
    """`name` is not there, and how to go on."""
    use = Text(en=f"use {instead}, or install it: ", zh=f"请改用 {instead}，或安装：")
    mend = use if instead else Text(en="install it: ", zh="请安装：")
    if package != TENSORFLOW:
        said = Text(en=f"{name} is not installed", zh=f"没有安装 {name}")
    else:
        said = Text(
            en=f"{name} needs TensorFlow, which is not installed (only tf.keras works without it)",
            zh=f"{name} 需要 TensorFlow，但它没有安装（未安装时只能使用 tf.keras）",
        )
    return Text(en=f"{said.en}; {mend.en}pip install {package}", zh=f"{said.zh}；{mend.zh}pip install {package}")
