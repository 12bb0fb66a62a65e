"""What this machine can do: operations per second in a matrix product, bytes per second in a copy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

SIDE, FLOATS, REPEATS = 2048, 2**26, 6


def rates() -> dict[str, float]:
    """The best of some tries, with all cores: `operations` per second in float32, `bytes` read and written per second.

    A copy is measured with JAX's element-wise addition, which uses all cores, and with NumPy's copy, which uses one.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    square, line = jnp.ones((SIDE, SIDE), jnp.float32), jnp.ones(FLOATS, jnp.float32)
    product = jax.jit(lambda a: a @ a)
    added = jax.jit(lambda a: a + 1, donate_argnums=0)
    kept = [line]

    def copy() -> Any:
        kept[0] = added(kept[0])
        return kept[0]

    first, second = np.ones(FLOATS, np.float32), np.ones(FLOATS, np.float32)
    array = np.asarray(square)
    multiply = min(_seconds(lambda: product(square)), _seconds(lambda: array @ array))
    move = min(_seconds(copy), _seconds(lambda: np.copyto(first, second)))
    return {"operations": 2 * SIDE**3 / multiply, "bytes": 2 * 4 * FLOATS / move}


def _seconds(run: Callable[[], Any]) -> float:
    import jax

    jax.block_until_ready(run())
    times: list[float] = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        jax.block_until_ready(run())
        times.append(time.perf_counter() - began)
    return min(times)
