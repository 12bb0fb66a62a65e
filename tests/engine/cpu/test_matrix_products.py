"""Products of a dense layer, its gradients, and the layer whole."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from jax import lax

from trainwell.backend import load_keras
from trainwell.engine.cpu import faster_layers, matrix_products, use_faster_programs
from trainwell.engine.cpu.kernels.registers import Registers, registers

keras = load_keras()
pytestmark = pytest.mark.skipif(registers() is None, reason="the kernels are for Linux on x86-64")
PRODUCTS = {
    "result": ((512, 70), (70, 40), ((1,), (0,))),
    "result of many axes": ((16, 32, 4, 18), (4, 18, 5, 8), ((2, 3), (0, 1))),
    "inputs' gradient": ((512, 40), (70, 40), ((1,), (1,))),
    "heads' gradient": ((16, 32, 4, 10), (70, 4, 10), ((2, 3), (1, 2))),
    "weights' gradient": ((16, 32, 70), (16, 32, 40), ((0, 1), (0, 1))),
}
FOR_XLA = {
    "a batch of products": ((4, 512, 70), (4, 70, 40), ((2,), (1,)), ((0,), (0,))),
    "few rows": ((32, 700), (700, 400), ((1,), (0,)), ((), ())),
    "small": ((512, 16), (16, 16), ((1,), (0,)), ((), ())),
    "rows that make no line": ((521, 70), (70, 40), ((1,), (0,)), ((), ())),
    "long sums": ((512, 2000), (2000, 40), ((1,), (0,)), ((), ())),
    "the first axis of the left": ((70, 512), (70, 40), ((0,), (0,)), ((), ())),
}


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("processor", [Registers(16, 32), Registers(8, 16)])
def test_products_are_those_of_numpy(name, processor, monkeypatch):
    if processor.lanes > registers().lanes:
        pytest.skip("this processor has shorter vectors")
    assert use_faster_programs()
    monkeypatch.setattr(matrix_products, "registers", lambda: processor)
    left_shape, right_shape, summed = PRODUCTS[name]
    random = np.random.default_rng(0)
    left, right = (random.normal(size=shape).astype("float32") for shape in (left_shape, right_shape))
    program = jax.jit(lambda left, right: lax.dot_general(left, right, (summed, ((), ())))).lower(left, right)
    assert "trainwell_" in program.as_text()
    expected = np.tensordot(left.astype("float64"), right.astype("float64"), summed)
    np.testing.assert_allclose(program.compile()(left, right), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", FOR_XLA)
def test_others_are_left_to_xla(name):
    assert use_faster_programs()
    left_shape, right_shape, summed, batch = FOR_XLA[name]
    left, right = jnp.ones(left_shape), jnp.ones(right_shape)
    program = jax.jit(lambda left, right: lax.dot_general(left, right, (summed, batch))).lower(left, right)
    assert "trainwell_" not in program.as_text()


@settings(max_examples=5, deadline=None)
@given(channels=some.integers(32, 90), units=some.integers(32, 90), relu=some.booleans(), seed=some.integers(0, 2**31))
def test_a_dense_layer_gives_the_same(channels, units, relu, seed):
    random = np.random.default_rng(seed)
    layer = keras.layers.Dense(units, activation="relu" if relu else None)
    layer.build((None, 64, channels))
    weights = [random.normal(size=weight.shape).astype("float32") for weight in layer.get_weights()]
    layer.set_weights(weights)
    x, along = (random.normal(size=(16, 64, size)).astype("float32") for size in (channels, units))

    def both(x, kernel, bias):
        def function(x, kernel, bias):
            return layer.stateless_call([kernel, bias], [], x)[0]

        result, back = jax.vjp(function, x, kernel, bias)
        return result, back(jnp.asarray(along))

    plain = jax.jit(both)
    expected = plain(x, *weights)
    with faster_layers():
        program = jax.jit(lambda *given: both(*given)).lower(x, *weights)
        found = program.compile()(x, *weights)
    # the result's ReLU is done within the product
    assert program.as_text().count("stablehlo.maximum") == 0
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(other).max())


def test_relu_lets_nan_pass():
    layer = keras.layers.Dense(40, activation="relu")
    layer.build((None, 64, 40))
    x = np.ones((16, 64, 40), "float32")
    x[3, 5, 7] = np.nan
    with faster_layers():
        found = np.asarray(jax.jit(lambda x: layer(x))(x))
    assert np.isnan(found[3, 5]).all()
    assert np.isfinite(np.delete(found.reshape(-1, 40), 3 * 64 + 5, 0)).all()
