"""The simulation of a signal through 30 layers shows what the papers promise."""

from __future__ import annotations

import numpy as np
import pytest

from trainwell.explain.signal_depth import DEPTH, SAMPLES, WIDTH, Depth, through_layers
from trainwell.techniques import find


def depth(activation: str, initializer: str) -> Depth:
    function = find(activation, "activation")
    return through_layers(function.function, function.gradient, find(initializer, "initializer").function)


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [("relu", "he_normal"), ("relu", "he_uniform"), ("linear", "lecun_normal"), ("selu", "lecun_normal")],
)
def test_the_right_initializer_keeps_the_signal(activation: str, initializer: str) -> None:
    kept = depth(activation, initializer)
    assert 0.2 < kept.signal[-1] < 5
    assert 0.2 < kept.gradient[0] < 5


def test_relu_with_lecun_weights_halves_the_power_in_every_layer() -> None:
    """He et al. 2015, section 2.2: √(1/2) per layer on the size; 100 units leave some chance in it."""
    per_layer = depth("relu", "lecun_normal").signal[-1] ** (1 / DEPTH)
    assert per_layer == pytest.approx(np.sqrt(0.5), rel=0.05)


def test_orthogonal_weights_keep_lengths_exactly() -> None:
    kept = depth("linear", "orthogonal")
    np.testing.assert_allclose(kept.signal, kept.signal[0])
    np.testing.assert_allclose(kept.gradient, kept.gradient[-1])


def test_sigmoid_loses_its_gradient() -> None:
    """Each layer passes less than a quarter: after 30 layers less than 0.25^30 times the growth by the weights."""
    lost = depth("sigmoid", "glorot_uniform")
    assert lost.gradient[0] < 1e-12
    assert np.all(np.diff(np.log(lost.gradient)) > 0)


def test_too_large_weights_explode_relu_and_the_gradient_of_tanh() -> None:
    assert depth("relu", "too_large").signal[-1] > 1e20
    tanh = depth("tanh", "too_large")
    assert tanh.signal[-1] > 0.9, "nearly all units are saturated"
    assert tanh.gradient[0] > 1e6


def test_zeros_pass_nothing() -> None:
    assert depth("relu", "zeros").signal[1] == 0.0
    assert depth("tanh", "zeros").gradient[0] == 0.0


def test_the_gradient_is_that_of_jax() -> None:
    """The same draws in the same order; the loss is the last signal times the gradient that is sent back."""
    import jax

    draw = find("he_normal").function
    generator = np.random.default_rng(0)
    x = generator.normal(size=(SAMPLES, WIDTH))
    weights = np.stack([draw(generator, WIDTH, WIDTH) for _ in range(DEPTH)]).astype(np.float32)
    sent = generator.normal(size=x.shape).astype(np.float32)

    def loss(signal):
        last, _ = jax.lax.scan(lambda s, weight: (jax.numpy.tanh(s @ weight), None), signal, weights)
        return jax.numpy.sum(last * sent)

    expected = np.sqrt(np.mean(np.square(jax.grad(loss)(x.astype(np.float32)))))
    assert depth("tanh", "he_normal").gradient[0] == pytest.approx(float(expected), rel=1e-3)
