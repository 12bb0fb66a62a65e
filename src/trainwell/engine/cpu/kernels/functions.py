"""The exponential function and what follows from it, for vectors."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from trainwell.engine.cpu.kernels.emitter import I32, Emitter

DEGREE = (
    7  # of the Taylor series: at |x| <= ln(2)/2 the next term is below 1e-8 of the sum, a sixth of float32's rounding
)
LARGEST, SMALLEST = 88.37, -87.33  # exp of these is the largest and the smallest normal float32, nearly
FLAT = 9.01  # tanh is 1 or -1 in float32 from here on


def constant(emit: Emitter, value: float) -> Any:
    """The number in every lane."""
    return ir.Constant(emit.vector, [value] * emit.registers.lanes)


def _split(emit: Emitter, x: Any) -> tuple[Any, Any]:
    """(2^n, exp(r) - 1) with x = n ln(2) + r and |r| <= ln(2) / 2."""
    build, lanes = emit.build, emit.registers.lanes
    nearest = emit.declared(f"llvm.roundeven.v{lanes}f32", emit.vector, [emit.vector])
    whole = emit.call(nearest, build.fmul(x, constant(emit, 1 / math.log(2))))
    # ln(2) in two parts, the first with few bits, so that the product with n is exact
    high = 0.693359375
    rest = emit.fused(whole, constant(emit, -high), x)
    rest = emit.fused(whole, constant(emit, high - math.log(2)), rest)
    series = constant(emit, 1 / math.factorial(DEGREE))
    for power in range(DEGREE - 1, 0, -1):
        series = emit.fused(series, rest, constant(emit, 1 / math.factorial(power)))
    integers = ir.VectorType(I32, lanes)
    exponent = build.add(build.fptosi(whole, integers), ir.Constant(integers, [127] * lanes))
    power = build.bitcast(build.shl(exponent, ir.Constant(integers, [23] * lanes)), emit.vector)
    return power, build.fmul(series, rest)


def _within(emit: Emitter, x: Any, low: float, high: float) -> Any:
    """Between two bounds; NaN stays NaN."""
    build = emit.build
    x = build.select(build.fcmp_ordered("<", x, constant(emit, low)), constant(emit, low), x)
    return build.select(build.fcmp_ordered(">", x, constant(emit, high)), constant(emit, high), x)


def exponential(emit: Emitter, x: Any) -> Any:
    """Of e; below -87.33 it is 0."""
    power, less_one = _split(emit, _within(emit, x, SMALLEST, LARGEST))
    found = emit.fused(power, less_one, power)
    build = emit.build
    return build.select(build.fcmp_ordered("<", x, constant(emit, SMALLEST)), constant(emit, 0.0), found)


def sigmoid(emit: Emitter, x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    one = constant(emit, 1.0)
    return emit.build.fdiv(one, emit.build.fadd(one, exponential(emit, emit.build.fneg(x))))


def slope_of_sigmoid(emit: Emitter, value: Any) -> Any:
    """Where it takes this value."""
    return emit.build.fmul(value, emit.build.fsub(constant(emit, 1.0), value))


def slope_of_tanh(emit: Emitter, value: Any) -> Any:
    """Where it takes this value."""
    return emit.build.fsub(constant(emit, 1.0), emit.build.fmul(value, value))


def tanh(emit: Emitter, x: Any) -> Any:
    """By exp(2x) - 1, which keeps its digits near 0."""
    build = emit.build
    double = build.fmul(_within(emit, x, -FLAT, FLAT), constant(emit, 2.0))
    power, less_one = _split(emit, double)
    raised = emit.fused(power, less_one, build.fsub(power, constant(emit, 1.0)))
    return build.fdiv(raised, build.fadd(raised, constant(emit, 2.0)))
