"""A dense layer whose bias and ReLU are done on the way, as a function that JAX can differentiate once."""

from __future__ import annotations

from functools import cache
from typing import Any

from trainwell.engine.cpu.matrix_products import Plan, plan, product_for


def planned(inputs: Any, kernel: Any) -> Plan | None:
    """How our kernel computes inputs (..., channels) times kernel (channels, units); None if it is left to XLA."""
    last = len(inputs.shape) - 1
    return plan((inputs, kernel, inputs), (((last,), (0,)), ((), ())))


def dense(found: Plan, inputs: Any, kernel: Any, bias: Any, *, relu: bool) -> Any:
    """Inputs times kernel plus bias, with ReLU or without.

    Args:
        found: what `planned` says.
        inputs: (..., channels) float32.
        kernel: (channels, units) float32.
        bias: (units,) float32.
        relu: whether what is below 0 becomes 0.

    Returns:
        (..., units) float32.
    """
    return _function(found, relu)(inputs, kernel, bias)


@cache
def _function(found: Plan, relu: bool) -> Any:
    import jax
    import jax.numpy as jnp

    def computed(inputs: Any, kernel: Any, bias: Any) -> Any:
        shape = (*inputs.shape[:-1], kernel.shape[1])
        return product_for(found, shape, biased=True, relu=relu)(inputs, kernel, bias)

    def ahead(inputs: Any, kernel: Any, bias: Any) -> Any:
        result = computed(inputs, kernel, bias)
        return result, (inputs, kernel, result if relu else None)

    def back(kept: Any, gradient: Any) -> Any:
        inputs, kernel, result = kept
        if result is not None:
            gradient = jnp.where(result > 0, gradient, 0)
        rows = tuple(range(gradient.ndim - 1))
        to_kernel = jnp.tensordot(inputs, gradient, (rows, rows))
        return gradient @ kernel.T, to_kernel, gradient.sum(rows)

    run = jax.custom_vjp(computed)
    run.defvjp(ahead, back)
    return run
