"""Layer and batch normalisation by our kernels, as functions that JAX can differentiate once."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from trainwell.engine.cpu.kernels.compiled import callable_by_xla
from trainwell.engine.cpu.kernels.registers import registers


def fits(x: Any) -> bool:
    """Whether our kernels take this array: float32, not empty, at least two axes."""
    return registers() is not None and x.dtype == "float32" and len(x.shape) >= 2 and 0 not in x.shape


def layer_normalization(x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis (Ba et al. 2016).

    Args:
        x: (..., channels) float32.
        gamma: (channels,) float32.
        beta: (channels,) float32.
        epsilon: added to the variance.

    Returns:
        (..., channels) float32.
    """
    return _layer(float(epsilon))(x, gamma, beta)


def batch_normalization(x: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta over all axes but the last (Ioffe & Szegedy 2015).

    Args:
        x: (..., channels) float32.
        gamma: (channels,) float32.
        beta: (channels,) float32.
        epsilon: added to the variance.

    Returns:
        The result (..., channels), and mean and variance (channels,), through which nothing is differentiated.
    """
    return _batch(float(epsilon))(x, gamma, beta)


def _sizes(x: Any, epsilon: float = 0.0) -> Any:
    from trainwell.engine.cpu.kernels.normalization import Rows

    return Rows(math.prod(x.shape[:-1]), x.shape[-1], epsilon)


def _call(kind: str, sizes: Any, *results: tuple[int, ...]) -> Any:
    import jax

    from trainwell.engine.cpu.kernels import normalization as kernels

    found = registers()
    if found is None:
        raise ValueError("normalisation kernels: got a machine without them, expected `fits` to be asked first")
    shapes = [jax.ShapeDtypeStruct(shape, "float32") for shape in results]
    return jax.ffi.ffi_call(callable_by_xla(getattr(kernels, kind)(sizes, found)), shapes, vmap_method="sequential")


@cache
def _layer(epsilon: float) -> Any:
    import jax

    def computed(x: Any, gamma: Any, beta: Any) -> Any:
        sizes = _sizes(x, epsilon)
        return _call("layer_forward", sizes, x.shape, (sizes.tasks, 2, sizes.chunk))(x, gamma, beta)

    @jax.custom_vjp
    def run(x: Any, gamma: Any, beta: Any) -> Any:
        return computed(x, gamma, beta)[0]

    def ahead(x: Any, gamma: Any, beta: Any) -> Any:
        result, facts = computed(x, gamma, beta)
        return result, (x, gamma, facts)

    def back(kept: Any, gradient: Any) -> Any:
        x, gamma, facts = kept
        sizes = _sizes(x, epsilon)
        share = (sizes.tasks, sizes.channels)
        to_x, to_gamma, to_beta = _call("layer_back", sizes, x.shape, share, share)(x, gamma, facts, gradient)
        return to_x, to_gamma.sum(0), to_beta.sum(0)

    run.defvjp(ahead, back)
    return run


@cache
def _batch(epsilon: float) -> Any:
    import jax
    import jax.numpy as jnp
    import numpy as np

    def moments(x: Any) -> tuple[Any, Any]:
        """Mean and variance from those of the chunks (Chan et al. 1979)."""
        sizes = _sizes(x)
        means, squares = _call("moments", sizes, *[(sizes.tasks, sizes.channels)] * 2)(x)
        counts = np.full((sizes.tasks, 1), sizes.chunk, np.float32)
        counts[-1] = sizes.rows - (sizes.tasks - 1) * sizes.chunk
        mean = (means * (counts / sizes.rows)).sum(0)
        variance = (squares.sum(0) + (counts * (means - mean) ** 2).sum(0)) / sizes.rows
        return mean, variance

    def computed(x: Any, gamma: Any, beta: Any) -> Any:
        mean, variance = moments(x)
        inverse = jax.lax.rsqrt(variance + epsilon)
        factor = inverse * gamma
        return (x * factor + (beta - mean * factor), mean, variance), (x, gamma, mean, inverse)

    @jax.custom_vjp
    def run(x: Any, gamma: Any, beta: Any) -> Any:
        return computed(x, gamma, beta)[0]

    def back(kept: Any, gradients: Any) -> Any:
        x, gamma, mean, inverse = kept
        gradient, sizes = gradients[0], _sizes(x)
        call = _call("channel_sums", sizes, *[(sizes.tasks, sizes.channels)] * 2)
        to_beta, along = (part.sum(0) for part in call(x, mean, gradient))
        to_gamma = along * inverse
        level, tilt = to_beta / sizes.rows, to_gamma * inverse / sizes.rows
        to_x = (gradient - level - (x - mean) * tilt) * (gamma * inverse)
        return to_x, to_gamma, jnp.asarray(to_beta)

    run.defvjp(computed, back)
    return run
