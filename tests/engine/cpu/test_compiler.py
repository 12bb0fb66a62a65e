"""What XLA is told of programs with convolutions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from trainwell.engine.cpu import compiler_options, has_convolution


def convolved(x, kernel):
    return lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


@pytest.mark.parametrize(
    "wrapped", [lambda f: f, jax.jit, jax.checkpoint, lambda f: lambda *a: lax.map(lambda _: f(*a), jnp.zeros(2))]
)
def test_a_convolution_is_found_wherever_it_stands(wrapped):
    x, kernel = jnp.ones((1, 5, 5, 2)), jnp.ones((3, 3, 2, 4))
    assert has_convolution(jax.make_jaxpr(wrapped(convolved))(x, kernel).jaxpr)
    assert not has_convolution(jax.make_jaxpr(wrapped(lambda x, k: x.sum() * k.sum()))(x, kernel).jaxpr)


def test_it_speaks_of_convolutions_only_and_can_be_switched_off():
    assert compiler_options(convolution=False) is None
    assert compiler_options(convolution=True, environment={"TRAINWELL_CPU": ""}) is None
    assert compiler_options(convolution=True)


def test_the_results_are_the_same_but_for_rounding():
    random = np.random.default_rng(0)
    x, kernel = random.normal(size=(4, 9, 9, 3)).astype("float32"), random.normal(size=(3, 3, 3, 8)).astype("float32")
    gradients = jax.grad(lambda x, kernel: (convolved(x, kernel) ** 2).sum(), argnums=(0, 1))
    plain = jax.jit(gradients)(x, kernel)
    ours = jax.jit(gradients, compiler_options=compiler_options(convolution=True))(x, kernel)
    for one, other in zip(plain, ours, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)
