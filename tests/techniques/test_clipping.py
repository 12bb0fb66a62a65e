"""Clipping: the NumPy functions do what Keras's optimizers do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainwell.techniques import Technique, families, find

each = pytest.mark.parametrize("technique", families()["clipping"], ids=lambda t: t.name)
gradients = st.lists(hnp.arrays(np.float64, st.integers(1, 5), elements=st.floats(-100, 100)), min_size=1, max_size=3)


@each
@pytest.mark.parametrize("limit", [0.5, 3.0, 1000.0])
def test_numpy_equals_one_step_of_keras(technique: Technique, limit: float) -> None:
    import keras

    generator = np.random.default_rng(0)
    shapes = [(3, 4), (4,), (2, 2)]
    given_ = [generator.normal(0, 2, shape) for shape in shapes]
    variables = [keras.Variable(np.zeros(shape, dtype=np.float32)) for shape in shapes]
    optimizer = find("sgd").build(learning_rate=1.0, **technique.build(limit=limit))
    optimizer.apply([np.float32(g) for g in given_], variables)
    for moved, expected in zip(variables, technique.function(given_, limit), strict=True):
        np.testing.assert_allclose(-np.asarray(moved.value), expected, rtol=1e-5, atol=1e-6)


@each
@given(given_=gradients, limit=st.floats(0.01, 10))
def test_nothing_stays_above_the_limit_and_small_gradients_stay(
    technique: Technique, given_: list[np.ndarray], limit: float
) -> None:
    clipped = technique.function(given_, limit)
    together = np.concatenate(clipped)
    largest = {
        "clip_value": np.abs(together).max(),
        "clip_norm": max(np.linalg.norm(g) for g in clipped),
        "global_clip_norm": np.linalg.norm(together),
    }[technique.name]
    assert largest <= limit * (1 + 1e-9)
    if np.linalg.norm(np.concatenate(given_)) <= limit:
        np.testing.assert_allclose(together, np.concatenate(given_), rtol=1e-12)


@each
def test_directions_are_kept_as_the_traits_say(technique: Technique) -> None:
    first, second = np.array([3.0, 0.4]), np.array([0.5, 0.1])

    def turned(before: np.ndarray, after: np.ndarray) -> bool:
        return bool(before @ after < (1 - 1e-9) * np.linalg.norm(before) * np.linalg.norm(after))

    clipped = technique.function([first, second], 1.0)
    assert technique.traits["keeps_direction"] is not turned(first, clipped[0])
    assert technique.traits["keeps_proportions"] is not turned(np.concatenate([first, second]), np.concatenate(clipped))
