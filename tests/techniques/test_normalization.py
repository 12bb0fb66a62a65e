"""Normalisation: the NumPy functions do what Keras's layers do while they train."""

from __future__ import annotations

import numpy as np
import pytest

from trainwell.backend import load_keras
from trainwell.techniques import Technique, families

each = pytest.mark.parametrize("technique", families()["normalization"], ids=lambda t: t.name)
X = np.random.default_rng(0).normal(3.0, 5.0, (32, 6))


@each
def test_numpy_equals_keras(technique: Technique) -> None:
    built = np.asarray(technique.build()(np.float32(X), training=True))
    np.testing.assert_allclose(technique.function(X), built, atol=1e-5)


@each
def test_traits_are_true_when_measured(technique: Technique) -> None:
    axis = 0 if technique.traits["axis"] == "samples" else 1
    np.testing.assert_allclose(technique.function(X).mean(axis=axis), 0.0, atol=1e-9)
    np.testing.assert_allclose(technique.function(X).std(axis=axis), 1.0, rtol=1e-3)
    other = X.copy()
    other[1:] *= 2.0
    changed = not np.allclose(technique.function(X)[0], technique.function(other)[0])
    assert technique.traits["depends_on_batch"] == changed


@each
def test_it_survives_serialisation(technique: Technique) -> None:
    keras = load_keras()
    config = keras.layers.serialize(technique.build())
    assert keras.layers.serialize(keras.layers.deserialize(config)) == config
