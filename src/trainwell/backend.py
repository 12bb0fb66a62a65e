"""Keras 3 on JAX: the one place where the backend is chosen and checked."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainwell.errors import InputError
from trainwell.locales import Text


def choose_backend() -> None:
    """Choose JAX for Keras if Keras is not loaded yet; cheap, loads nothing."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "jax"


def load_keras() -> Any:
    """Import Keras on the JAX backend and return the module.

    Raises:
        InputError: Keras was loaded before with another backend.
    """
    choose_backend()
    import keras

    backend = keras.backend.backend()
    if backend != "jax":
        raise InputError(
            Text(
                en=f"Keras is already loaded with the {backend} backend, trainwell needs jax; set the environment "
                "variable KERAS_BACKEND=jax, or import trainwell before keras",
                zh=f"Keras 已使用 {backend} 后端加载，而 trainwell 需要 jax；"
                "请设置环境变量 KERAS_BACKEND=jax，或先导入 trainwell 再导入 keras",
            )
        )
    return keras


@contextmanager
def keras_seed(seed: int) -> Generator[None]:
    """Within this block, Keras draws every default seed (initial weights, dropout) from `seed`.

    Keras takes default seeds from Python's `random`; its state is put back afterwards, so nothing outside changes.
    """
    import random

    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


CACHE_BYTES = 512 * 2**20  # the least recently used programs are dropped above this


def cache_compilations() -> None:
    """Keep compiled programs in the user's cache folder, so that the same network starts faster the next time.

    Changes JAX's settings for the whole process, so only the command line calls it; a folder that is set already
    (JAX_COMPILATION_CACHE_DIR) stays, and an empty TRAINWELL_CACHE switches it off.
    """
    import jax

    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = os.environ.get("TRAINWELL_CACHE", str(Path(home) / "trainwell" / "compiled"))
    if not folder or getattr(jax.config, "jax_compilation_cache_dir", None):
        return
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_compilation_cache_max_size", CACHE_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
