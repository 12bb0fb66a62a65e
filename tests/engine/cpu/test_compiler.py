"""What XLA is told of programs with convolutions."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from trainwell.backend import load_keras
from trainwell.engine.cpu import compiler_options, convolutions_in, left_to_xla
from trainwell.engine.cpu.kernels.registers import registers

keras = load_keras()
tw = importlib.import_module("trainwell")


def convolved(x, kernel, groups=1):
    axes = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=axes, feature_group_count=groups)


@pytest.mark.parametrize(
    "wrapped", [lambda f: f, jax.jit, jax.checkpoint, lambda f: lambda *a: lax.map(lambda _: f(*a), jnp.zeros(2))]
)
def test_a_convolution_is_found_wherever_it_stands(wrapped):
    x, kernel = jnp.ones((1, 5, 5, 2)), jnp.ones((3, 3, 2, 4))
    (found,) = convolutions_in(jax.make_jaxpr(wrapped(convolved))(x, kernel).eqns)
    assert left_to_xla(found) is (registers() is None)
    assert not list(convolutions_in(jax.make_jaxpr(wrapped(lambda x, k: x.sum() * k.sum()))(x, kernel).eqns))


def test_a_grouped_one_is_left_to_xla():
    jaxpr = jax.make_jaxpr(lambda x, k: convolved(x, k, groups=2))(jnp.ones((1, 5, 5, 2)), jnp.ones((3, 3, 1, 4)))
    assert all(map(left_to_xla, convolutions_in(jaxpr.eqns)))


def test_it_speaks_of_convolutions_only_and_can_be_switched_off():
    assert compiler_options(convolution=False) is None
    assert compiler_options(convolution=True, environment={"TRAINWELL_CPU": ""}) is None
    assert compiler_options(convolution=True)


def test_the_results_are_the_same_but_for_rounding():
    random = np.random.default_rng(0)
    x, kernel = random.normal(size=(4, 9, 9, 4)).astype("float32"), random.normal(size=(3, 3, 2, 8)).astype("float32")
    gradients = jax.grad(lambda x, kernel: (convolved(x, kernel, groups=2) ** 2).sum(), argnums=(0, 1))
    plain = jax.jit(gradients)(x, kernel)
    ours = jax.jit(gradients, compiler_options=compiler_options(convolution=True))(x, kernel)
    for one, other in zip(plain, ours, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_training_compiles_its_programs_with_what_its_convolutions_need(groups, monkeypatch):
    """One call per step, and told so, where XLA computes a convolution; a loop on the device where we do."""
    loops = importlib.import_module("trainwell.engine.loops")
    made = []
    for name in ("HostLoop", "DeviceLoop"):
        monkeypatch.setattr(
            f"trainwell.engine.training.{name}",
            lambda *given, name=name: made.append(name) or getattr(loops, name)(*given),
        )
    jit, told = jax.jit, []
    monkeypatch.setattr(jax, "jit", lambda *a, **k: told.append(k.get("compiler_options")) or jit(*a, **k))
    x, y = np.ones((8, 6, 6, 4), "float32"), np.zeros(8, "int32")
    model = keras.Sequential(
        [keras.Input((6, 6, 4)), keras.layers.Conv2D(4, 3, groups=groups), keras.layers.GlobalAveragePooling2D()]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    tw.train(model, x, y, epochs=1, batch_size=4)
    xla = groups == 2 or registers() is None
    assert made == (["HostLoop"] if xla else ["DeviceLoop"])
    assert (compiler_options(convolution=True) in told) is xla
