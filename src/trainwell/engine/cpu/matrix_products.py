"""Which of our kernels computes a product of arrays: a dense layer with many rows is a convolution of width 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from trainwell.engine.cpu.kernels.compiled import callable_by_xla
from trainwell.engine.cpu.kernels.registers import registers

LEAST_PRODUCTS, LEAST_SIZE = 1 << 20, 16  # below, XLA's own are as fast
MOST_SUMMED, MOST_WEIGHTS = 768, 1 << 18  # a panel and a gradient of the weights must stay in the second-level cache
LINES, LEAST_LINES = range(32, 257), 8  # rows that make a line of the "image"; a task takes one line or more


class Plan(NamedTuple):
    """A product as one of a dense layer: inputs (lines, line, channels), weights (channels, filters).

    Attributes:
        kind: the layer's result, or the gradient of its weights.
        lines: number of them.
        line: rows of one.
        channels: of the inputs.
        filters: of the result.
        turned: whether the weights come as (filters, channels).
    """

    kind: Literal["result", "weights gradient"]
    lines: int
    line: int
    channels: int
    filters: int
    turned: bool = False


def plan(arrays: Sequence[Any], dimension_numbers: Any) -> Plan | None:
    """How one of our kernels computes this product; None if it is left to XLA.

    Args:
        arrays: shape and dtype of the first array, the second, and the result.
        dimension_numbers: as `jax.lax.dot_general_p` takes them.
    """
    left, right, _ = arrays
    (left_sum, right_sum), (batch, _) = dimension_numbers
    if batch or any(array.dtype != "float32" or 0 in array.shape for array in arrays) or registers() is None:
        return None
    count = len(left_sum)
    first = tuple(range(count))
    left_last = tuple(range(len(left.shape) - count, len(left.shape)))
    right_last = tuple(range(len(right.shape) - count, len(right.shape)))
    left_rest = math.prod(size for axis, size in enumerate(left.shape) if axis not in left_sum)
    right_rest = math.prod(size for axis, size in enumerate(right.shape) if axis not in right_sum)
    summed = math.prod(left.shape[axis] for axis in left_sum)
    if tuple(left_sum) == left_last and tuple(right_sum) in (first, right_last):
        turned = tuple(right_sum) != first
        return _worth("result", left_rest, summed, right_rest, turned) if summed <= MOST_SUMMED else None
    if tuple(left_sum) == first == tuple(right_sum) and left_rest * right_rest <= MOST_WEIGHTS:
        return _worth("weights gradient", summed, left_rest, right_rest)
    return None


def _worth(kind: Any, rows: int, channels: int, filters: int, turned: bool = False) -> Plan | None:
    fitting = [line for line in LINES if rows % line == 0 and rows >= LEAST_LINES * line]
    line = min(fitting, key=lambda line: abs(line - 128), default=None)
    large = min(rows, channels, filters) >= LEAST_SIZE and rows * channels * filters >= LEAST_PRODUCTS
    if line is None or not large:
        return None
    return Plan(kind, rows // line, line, channels, filters, turned)


def product_for(
    found: Plan, result: tuple[int, ...], *, biased: bool = False, relu: bool = False
) -> Callable[..., Any]:
    """A function of both arrays, and of a bias (filters,) where there is one, that gives their product.

    Args:
        found: the plan.
        result: shape of what comes out.
        biased: whether a bias is added to a result.
        relu: whether a result is 0 where it would be below 0.
    """
    import jax

    from trainwell.engine.cpu.kernels.convolution import Axis, Convolution, forward, kernel_gradient, partial_sums

    processor = registers()
    if processor is None:
        raise ValueError("products: got a machine without the kernels, expected `plan` to be asked first")
    columns = Axis(found.line, 1, found.line)
    shape = Convolution(Axis(1, 1, 1), columns, found.channels, found.filters, biased, relu)
    weights, inputs = (found.channels, found.filters), (found.lines, 1, found.line, found.channels)
    outputs = (found.lines, 1, found.line, found.filters)

    def told(shape: tuple[int, ...]) -> Any:
        return jax.ShapeDtypeStruct(shape, "float32")

    if found.kind == "result":
        call = jax.ffi.ffi_call(callable_by_xla(forward(shape, processor)), told(outputs), vmap_method="sequential")

        def multiplied(left: Any, right: Any, *bias: Any) -> Any:
            straight = right.reshape(weights[::-1]).T if found.turned else right.reshape(weights)
            return call(left.reshape(inputs), straight.reshape(1, 1, *weights), *bias).reshape(result)

        return multiplied
    parts = (partial_sums(shape, found.lines), 1, 1, *weights)
    sums = jax.ffi.ffi_call(callable_by_xla(kernel_gradient(shape, processor)), [told((1, 1, *weights)), told(parts)])
    return lambda left, right: sums(left.reshape(inputs), right.reshape(outputs))[0].reshape(result)
