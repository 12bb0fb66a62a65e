"""Puts our programs in the place of XLA's for the CPU; the one file that uses private names of JAX for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from trainwell.engine.cpu import convolutions, matrix_products, max_pooling

KNOWN = ((0, 10),)  # versions of JAX whose private names these are; others keep XLA's programs


def use_faster_programs(environment: Mapping[str, str] = os.environ) -> bool:
    """From now on, programs that JAX compiles for the CPU in this process use ours; for other devices nothing changes.

    An empty TRAINWELL_CPU switches it off. Where JAX is of a version that is not known, nothing is done.

    Returns:
        Whether they are in use.
    """
    return wanted(environment) and _install()


def wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether nobody has switched them off."""
    return bool(environment.get("TRAINWELL_CPU", "fast"))


def is_known(version: str) -> bool:
    """Whether this version of JAX is one whose CPU programs were measured and replaced.

    >>> is_known("0.10.2"), is_known("0.11.0")
    (True, False)
    """
    return tuple(int(part) for part in version.split(".")[:2]) in KNOWN


@cache
def _install() -> bool:
    import jax

    if not is_known(jax.__version__):
        return False
    try:
        from jax import lax
        from jax._src.interpreters import mlir
        from jax._src.lax.convolution import conv_general_dilated_p
        from jax._src.lax.windowed_reductions import select_and_scatter_add_p
        from jax._src.random import threefry2x32

        stock_of = mlir._platform_specific_lowerings["cpu"]  # pyright: ignore[reportPrivateUsage]
        stock, stock_convolution, stock_product = (
            stock_of[primitive].rule
            for primitive in (select_and_scatter_add_p, conv_general_dilated_p, lax.dot_general_p)
        )
        in_one_pass = threefry2x32._threefry2x32_lowering_rule  # pyright: ignore[reportPrivateUsage]
    except (ImportError, AttributeError, KeyError):
        return False

    def scatter(source: Any, operand: Any, *, select_prim: Any, window_dimensions: Any, padding: Any, **_: Any) -> Any:
        largest = select_prim is lax.ge_p
        return max_pooling.scattered(source, operand, window=window_dimensions, padding=padding, largest=largest)

    ours = mlir.lower_fun(scatter, multiple_results=False)

    def rule(context: Any, source: Any, operand: Any, **settings: Any) -> Any:
        fits = max_pooling.applies(settings["window_dimensions"], settings["window_strides"])
        return (ours if fits else stock)(context, source, operand, **settings)

    def convolution(context: Any, left: Any, right: Any, **settings: Any) -> Any:
        arrays = (*context.avals_in, *context.avals_out)
        if not convolutions.ours(arrays, settings):
            return stock_convolution(context, left, right, **settings)
        kernel = convolutions.kernel_for(arrays, settings)
        return mlir.lower_fun(kernel, multiple_results=False)(context, left, right)

    def product(context: Any, left: Any, right: Any, **settings: Any) -> Any:
        found = matrix_products.plan((*context.avals_in, *context.avals_out), settings["dimension_numbers"])
        if found is None:
            return stock_product(context, left, right, **settings)
        kernel = matrix_products.product_for(found, context.avals_out[0].shape)
        return mlir.lower_fun(kernel, multiple_results=False)(context, left, right)

    mlir.register_lowering(lax.dot_general_p, product, platform="cpu")
    mlir.register_lowering(select_and_scatter_add_p, rule, platform="cpu")
    mlir.register_lowering(conv_general_dilated_p, convolution, platform="cpu")
    # the random bits of dropout: the same hash in one pass, where JAX loops over the whole array five times on a CPU
    mlir.register_lowering(threefry2x32.threefry2x32_p, in_one_pass, platform="cpu")
    return True
