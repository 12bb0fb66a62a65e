"""The least work of a training step, counted on the step as JAX traces it.

Operations: those of matrix products and convolutions, forward and backward, times the turns of a loop. Bytes: Adam
reads weight, gradient and two moments and writes three of them, the gradient is written once; the batch is read once;
what the forward pass of a matrix product or convolution gives is written once and read once. All else is left out, and
caches are taken for as slow as memory: a small network can be faster than the bytes say, where it fits into a cache.
"""

from __future__ import annotations

import math
from typing import Any

FLOAT = 4  # bytes
ADAM_PASSES = 8  # over the weights: four reads, three writes, one write of the gradient


def operations(jaxpr: Any) -> float:
    """Floating-point operations of matrix products and convolutions in a traced function."""
    total = 0.0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            total += 2 * math.prod(equation.outvars[0].aval.shape) * math.prod(left[axis] for axis in contracted)
        elif equation.primitive.name == "conv_general_dilated":
            kernel, numbers = equation.invars[1].aval.shape, equation.params["dimension_numbers"].rhs_spec
            each = math.prod(size for axis, size in enumerate(kernel) if axis != numbers[0])
            total += 2 * math.prod(equation.outvars[0].aval.shape) * each / math.prod(equation.params["lhs_dilation"])
        total += _inner(equation, operations)
    return total


def results(jaxpr: Any) -> float:
    """Elements that matrix products and convolutions of a traced function give."""
    total = 0.0
    for equation in jaxpr.eqns:
        if equation.primitive.name in ("dot_general", "conv_general_dilated"):
            total += math.prod(equation.outvars[0].aval.shape)
        total += _inner(equation, results)
    return total


def _inner(equation: Any, count: Any) -> float:
    from jax.extend import core

    turns = equation.params.get("length", 1) if equation.primitive.name == "scan" else 1
    total = 0.0
    for value in equation.params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            inner = item.jaxpr if isinstance(item, core.ClosedJaxpr) else item
            if isinstance(inner, core.Jaxpr):
                total += turns * count(inner)
    return total


def least_work(model: Any, x: Any, y: Any) -> tuple[float, float]:
    """Operations and bytes of one step of a compiled Keras model with Adam on this batch."""
    import jax
    import keras

    trainable = [weight.value for weight in model.trainable_variables]
    rest = [weight.value for weight in model.non_trainable_variables]

    def loss(weights: Any) -> Any:
        predicted, _ = model.stateless_call(weights, rest, x, training=True)
        return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, predicted))

    forward = jax.make_jaxpr(loss)(trainable).jaxpr
    both = jax.make_jaxpr(jax.grad(loss))(trainable).jaxpr
    weights = sum(weight.size for weight in trainable)
    traffic = FLOAT * (ADAM_PASSES * weights + 2 * results(forward)) + x.nbytes + y.nbytes
    return operations(both), traffic
