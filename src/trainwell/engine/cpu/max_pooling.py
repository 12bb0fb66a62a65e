"""The gradient of max pooling as comparisons and selections of whole arrays.

XLA's CPU program for it (select_and_scatter) walks through each window by itself: half of the time of a small CNN's
step. Where windows do not overlap, each input belongs to one window at most, and nothing has to be added up.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

Padding = Sequence[tuple[int, int]]


def applies(window: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether windows of this size and distance do not overlap, so that `scattered` can be used."""
    return all(size == step for size, step in zip(window, strides, strict=True))


def scattered(source: Any, operand: Any, *, window: Sequence[int], padding: Padding, largest: bool = True) -> Any:
    """Put each window's number where the window has its largest value, 0 elsewhere.

    As XLA's select_and_scatter: a window is gone through in order, and a value gives way to the next one unless it is
    at least as large; so of equal values the first counts, and with a NaN on either side the later one.

    Args:
        source: (windows along each axis) the gradient of the outputs.
        operand: what was pooled, any number of axes.
        window: size along each axis, and distance of the windows.
        padding: (before, after) along each axis; what stands there is never chosen.
        largest: whether the largest values count, or the smallest.

    Returns:
        The gradient of the operand.
    """
    import jax.numpy as jnp
    from jax import lax

    outputs, rank = source.shape, operand.ndim
    covered = [count * size for count, size in zip(outputs, window, strict=True)]
    # to whole windows: outside of the operand, and without what no window reaches
    edges = [
        (before, whole - length - before, 0)
        for (before, _), whole, length in zip(padding, covered, operand.shape, strict=True)
    ]
    zero = jnp.zeros((), operand.dtype)
    whole = lax.pad(operand, zero, edges)
    outside = any(before > 0 or after > 0 for before, after, _ in edges)
    inside = lax.pad(jnp.ones(operand.shape, bool), jnp.zeros((), bool), edges) if outside else None

    def places(array: Any, place: Sequence[int]) -> Any:
        """The values at this place of every window."""
        return lax.slice(array, place, covered, window)

    every = list(itertools.product(*map(range, window)))
    best = places(whole, every[0])
    chosen = jnp.zeros(outputs, jnp.int32)
    valid = places(inside, every[0]) if inside is not None else None
    for number, place in enumerate(every[1:], 1):
        value = places(whole, place)
        taken = ~(best >= value if largest else best <= value)
        if inside is not None and valid is not None:
            real = places(inside, place)
            taken, valid = real & (taken | ~valid), valid | real
        best, chosen = jnp.where(taken, value, best), jnp.where(taken, number, chosen)
    nothing = jnp.zeros((), source.dtype)
    parts = jnp.stack([jnp.where(chosen == number, source, nothing) for number in range(len(every))])
    parts = parts.reshape(*window, *outputs)
    order = [axis for place in range(rank) for axis in (rank + place, place)]
    back = [(-before, -after, 0) for before, after, _ in edges]
    return lax.pad(parts.transpose(order).reshape(covered), nothing, back)
