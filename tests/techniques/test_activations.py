"""Activations: values and gradients against Keras and JAX, traits as measured, saving."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainwell.backend import load_keras
from trainwell.techniques import Technique, families, find

ALL = list(families()["activation"])
ELEMENTWISE = [technique for technique in ALL if technique.traits["elementwise"]]
each = pytest.mark.parametrize("technique", ALL, ids=lambda t: t.name)
each_elementwise = pytest.mark.parametrize("technique", ELEMENTWISE, ids=lambda t: t.name)
# Between -8 and 8 without 0, where some have a kink and no gradient.
X = np.linspace(-8.0, 8.0, 64)


@each
def test_numpy_equals_keras(technique: Technique) -> None:
    x = X.reshape(16, 4).astype(np.float32)
    keras_values = np.asarray(technique.build()(x))
    np.testing.assert_allclose(technique.function(x.astype(np.float64)), keras_values, rtol=1e-6, atol=1e-6)


@each_elementwise
def test_gradient_equals_numerical_differentiation_and_jax(technique: Technique) -> None:
    import jax

    gradient = technique.gradient(X)
    step = 1e-6
    numerical = (technique.function(X + step) - technique.function(X - step)) / (2 * step)
    np.testing.assert_allclose(gradient, numerical, atol=1e-8)
    by_jax = jax.vmap(jax.grad(technique.build()))(X.astype(np.float32))
    np.testing.assert_allclose(gradient, np.asarray(by_jax), rtol=1e-5, atol=2e-6)


def test_softmax_jacobian_equals_jax() -> None:
    import jax

    softmax = find("softmax")
    scores = np.array([0.3, -2.0, 1.5, 0.0])
    by_jax = jax.jacobian(lambda s: jax.numpy.squeeze(softmax.build()(s[None])))(scores.astype(np.float32))
    np.testing.assert_allclose(softmax.gradient(scores), np.asarray(by_jax), atol=1e-6)


@pytest.mark.parametrize(("name", "setting"), [("leaky_relu", {"negative_slope": 0.3}), ("elu", {"alpha": 0.5})])
def test_settings_reach_keras(name: str, setting: dict[str, float]) -> None:
    technique = find(name)
    expected = np.asarray(technique.build(**setting)(X.astype(np.float32)))
    np.testing.assert_allclose(technique.function(X, **setting), expected, atol=1e-6)


def test_leaky_relu_has_the_usual_slope() -> None:
    assert float(find("leaky_relu").build()(np.float32([-1.0]))[0]) == pytest.approx(-0.01)


@each
def test_it_survives_serialisation(technique: Technique) -> None:
    keras = load_keras()
    # As Dense and Conv2D do: `activations.deserialize` itself cannot read a layer, `activations.get` can.
    again = keras.activations.get(keras.activations.serialize(technique.build()))
    x = X.reshape(16, 4).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(technique.build()(x)))


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "gelu"])
def test_a_saved_network_answers_the_same(name: str, tmp_path: Path) -> None:
    keras = load_keras()
    setting = {"alpha": 0.7} if name == "elu" else {}
    model = keras.Sequential(
        [
            keras.Input((5, 5, 1)),
            keras.layers.Conv2D(2, 3, activation=find(name).build(**setting)),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation=find(name).build(**setting)),
        ]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    x = np.random.default_rng(0).normal(size=(4, 5, 5, 1)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(model(x)), np.asarray(loaded(x)))


@each_elementwise
def test_traits_are_true_when_measured(technique: Technique) -> None:
    traits = technique.traits
    far = np.abs(technique.gradient(np.array([-20.0, 20.0])))
    assert traits["saturates"] == bool(np.all(far < 1e-6))
    negative = np.linspace(-20.0, -1e-6, 1001)
    assert traits["dead_zone"] == bool(np.all(technique.gradient(negative) == 0.0))
    fine = np.linspace(-40.0, 40.0, 800_001)
    assert traits["largest_gradient"] == pytest.approx(technique.gradient(fine).max(), abs=1e-3)
    values = technique.function(fine)
    for bound, reached in ((traits["lowest"], values.min()), (traits["highest"], values.max())):
        assert bound == pytest.approx(reached, abs=1e-4) or (np.isinf(bound) and abs(reached) >= 0.4)


@each_elementwise
def test_gain_and_centre_are_true_when_measured(technique: Technique) -> None:
    z = np.linspace(-12.0, 12.0, 240_001)
    density = np.exp(-0.5 * z**2)
    density /= density.sum()
    answers = technique.function(z)
    assert technique.traits["gain"] == pytest.approx(1.0 / np.sqrt(np.sum(density * answers**2)), abs=1e-4)
    assert technique.traits["zero_centred"] == bool(abs(np.sum(density * answers)) < 0.05)


@each
def test_its_initializer_is_a_sound_one(technique: Technique) -> None:
    assert find(str(technique.traits["initializer"]), "initializer").traits["sound"]


def test_sigmoid_never_passes_more_than_a_quarter() -> None:
    """A common mistake says that the gradient of sigmoid reaches 1."""
    assert find("sigmoid").gradient(np.array([0.0])) == pytest.approx(0.25)
    assert np.all(find("sigmoid").gradient(X) <= 0.25)
