"""Keras on JAX for all tests, whatever loads first; equal programs are compiled once per machine, not once per test."""

import tempfile
from pathlib import Path

from trainwell.backend import choose_backend

choose_backend()


def pytest_configure():
    import jax

    cache = Path(tempfile.gettempdir()) / f"trainwell-tests-{jax.__version__}"
    jax.config.update("jax_compilation_cache_dir", str(cache))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)
