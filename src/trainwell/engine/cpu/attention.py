"""Attention by our kernels, as a function that JAX can differentiate once."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from trainwell.engine.cpu.kernels.compiled import callable_by_xla
from trainwell.engine.cpu.kernels.registers import registers


def fits(query: Any, key: Any, value: Any, mask: Any) -> bool:
    """Whether our kernels take these arrays.

    Args:
        query: (batch, queries, heads, depth), shape and dtype.
        key: (batch, keys, heads, depth).
        value: (batch, keys, heads, value depth).
        mask: bool, (batch or 1, heads or 1, queries or 1, keys), or None.
    """
    arrays = (query, key, value)
    if registers() is None or any(len(a.shape) != 4 or a.dtype != "float32" or 0 in a.shape for a in arrays):
        return False
    batch, queries, heads, depth = query.shape
    if key.shape[::2] != (batch, heads) or value.shape[:3] != key.shape[:3] or key.shape[3] != depth:
        return False
    full = (batch, heads, queries, key.shape[1])
    return mask is None or (
        len(mask.shape) == 4
        and mask.dtype == "bool"
        and mask.shape[3] == full[3]
        and all(size in (1, whole) for size, whole in zip(mask.shape, full, strict=True))
    )


def attention(query: Any, key: Any, value: Any, mask: Any = None, scale: float | None = None) -> Any:
    """softmax(scale QKᵀ) V, as `jax.nn.dot_product_attention` (Vaswani et al. 2017, equation 1).

    Args:
        query: (batch, queries, heads, depth) float32.
        key: (batch, keys, heads, depth) float32.
        value: (batch, keys, heads, value depth) float32.
        mask: bool, (batch or 1, heads or 1, queries or 1, keys): what is True is seen.
        scale: of the scores; 1/sqrt(depth) by default.

    Returns:
        (batch, queries, heads, value depth) float32.
    """
    factor = 1 / math.sqrt(query.shape[3]) if scale is None else float(scale)
    return _function(factor, mask is not None)(query, key, value, *(() if mask is None else (mask,)))


@cache
def _function(scale: float, masked: bool) -> Any:
    import jax
    import numpy as np

    def told(shape: tuple[int, ...]) -> Any:
        return jax.ShapeDtypeStruct(shape, "float32")

    def sizes(query: Any, key: Any, value: Any, mask: Any) -> Any:
        from trainwell.engine.cpu.kernels.attention import Attention

        _, queries, heads, depth = query.shape
        many = None if mask is None else tuple(size > 1 for size in mask.shape[:3])
        return Attention(queries, key.shape[1], heads, depth, value.shape[3], scale, many)

    def name(kind: str, *arrays: Any) -> str:
        from trainwell.engine.cpu.kernels import attention as kernels

        found = registers()
        if found is None:
            raise ValueError("attention kernels: got a machine without them, expected `fits` to be asked first")
        return callable_by_xla(getattr(kernels, kind)(sizes(*arrays), found))

    def computed(query: Any, key: Any, value: Any, *masks: Any) -> Any:
        batch, queries, heads, _ = query.shape
        shapes = [told((batch, queries, heads, value.shape[3])), *[told((batch, heads, queries))] * 2]
        call = jax.ffi.ffi_call(
            name("forward", query, key, value, *(masks or (None,))), shapes, vmap_method="sequential"
        )
        return call(query, key, value, *masks)

    @jax.custom_vjp
    def attended(*arrays: Any) -> Any:
        return computed(*arrays)[0]

    def ahead(*arrays: Any) -> Any:
        found = computed(*arrays)
        return found[0], (arrays, found)

    def back(kept: Any, gradient: Any) -> Any:
        arrays, found = kept
        names = name("gradients", *arrays, *(() if masked else (None,)))
        call = jax.ffi.ffi_call(names, [told(array.shape) for array in arrays[:3]], vmap_method="sequential")
        nothing = [np.zeros(mask.shape, jax.dtypes.float0) for mask in arrays[3:]]
        return (*call(*arrays, *found, gradient), *nothing)

    attended.defvjp(ahead, back)
    return attended
