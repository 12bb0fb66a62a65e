"""Initializers: the variance of what Keras and the NumPy twin draw is the variance of the rule."""

from __future__ import annotations

import numpy as np
import pytest

from trainwell.backend import load_keras
from trainwell.errors import SettingError
from trainwell.techniques import Technique, families, find
from trainwell.techniques.initializers import variance

each = pytest.mark.parametrize("technique", families()["initializer"], ids=lambda t: t.name)


@each
def test_measured_variance_equals_the_rule(technique: Technique) -> None:
    rule = variance(technique, 300, 100)
    initializer = technique.build()
    initializer.seed = 7
    drawn = np.asarray(initializer((300, 100)))
    # 30,000 draws: the variance is known to about 1 %; 5 % is several standard errors.
    assert np.var(drawn) == pytest.approx(rule, rel=0.05)
    assert abs(np.mean(drawn)) <= 0.05 * np.sqrt(rule) + 1e-12


@each
@pytest.mark.parametrize(("fan_in", "fan_out"), [(300, 100), (100, 300)])
def test_the_twin_in_numpy_has_the_same_variance(technique: Technique, fan_in: int, fan_out: int) -> None:
    twin = technique.function(np.random.default_rng(7), fan_in, fan_out)
    assert twin.shape == (fan_in, fan_out)
    assert np.var(twin) == pytest.approx(variance(technique, fan_in, fan_out), rel=0.05)


@pytest.mark.parametrize("name", ["glorot_uniform", "he_normal", "orthogonal"])
def test_convolutions_count_their_window(name: str) -> None:
    """The fan of a 3x3 kernel is 9 times its channels."""
    technique = find(name)
    initializer = technique.build()
    initializer.seed = 1
    drawn = np.asarray(initializer((3, 3, 32, 64)))
    # Keras's orthogonal flattens all but the last axis: a matrix (288, 64), with the fan of its larger side.
    fan_out = 64 if technique.name == "orthogonal" else 9 * 64
    assert np.var(drawn) == pytest.approx(variance(technique, 9 * 32, fan_out), rel=0.05)


def test_uniform_stays_within_its_limit() -> None:
    for name, limit in (("glorot_uniform", np.sqrt(6 / 400)), ("he_uniform", np.sqrt(6 / 300))):
        drawn = np.asarray(find(name).build()((300, 100)))
        assert 0.99 * limit < np.abs(drawn).max() <= limit


def test_orthogonal_keeps_lengths() -> None:
    drawn = find("orthogonal").function(np.random.default_rng(0), 60, 60)
    np.testing.assert_allclose(drawn.T @ drawn, np.eye(60), atol=1e-12)


@each
def test_it_survives_serialisation(technique: Technique) -> None:
    keras = load_keras()
    config = keras.initializers.serialize(technique.build())
    again = keras.initializers.deserialize(config)
    assert type(again) is type(technique.build())
    assert keras.initializers.serialize(again) == config


def test_only_initializers_have_a_variance() -> None:
    with pytest.raises(SettingError, match="relu is no initializer"):
        variance(find("relu"), 1, 1)
