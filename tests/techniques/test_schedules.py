"""Schedules: Keras's rate at every update is the factor of the NumPy function, with and without warm-up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.backend import load_keras
from trainwell.errors import SettingError
from trainwell.techniques import Technique, families, find

ALL = list(families()["schedule"])
each = pytest.mark.parametrize("technique", ALL, ids=lambda t: t.name)
WARMING = [technique for technique in ALL if technique.traits["warmup"]]
RATE, STEPS = 0.5, 200


def rates(schedule: Any, steps: int) -> np.ndarray:
    if isinstance(schedule, float):
        return np.full(steps, schedule)
    import jax

    counted = np.arange(STEPS, dtype=np.float32)  # always as many: JAX compiles for each length
    return np.asarray(jax.vmap(schedule)(counted))[:steps]


@each
def test_keras_follows_the_function(technique: Technique) -> None:
    built = technique.build(learning_rate=RATE, steps=STEPS)
    expected = RATE * technique.function(np.arange(STEPS) / STEPS)
    np.testing.assert_allclose(rates(built, STEPS), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("technique", WARMING, ids=lambda t: t.name)
@pytest.mark.parametrize("warmup_steps", [40, 160])
def test_keras_follows_the_function_with_warmup(technique: Technique, warmup_steps: int) -> None:
    built = technique.build(learning_rate=RATE, steps=STEPS, warmup_steps=warmup_steps)
    seen = rates(built, STEPS)
    expected = RATE * technique.function(np.arange(STEPS) / STEPS, warmup_steps / STEPS)
    np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-6)
    assert seen[0] == 0.0
    assert np.all(np.diff(seen[:warmup_steps]) >= 0)


@pytest.mark.parametrize("technique", [t for t in ALL if not t.traits["warmup"]], ids=lambda t: t.name)
def test_without_a_way_in_keras_warmup_is_refused(technique: Technique) -> None:
    with pytest.raises(SettingError, match="take the schedule cosine, step or constant"):
        technique.build(learning_rate=RATE, steps=STEPS, warmup_steps=10)
    named = {t.name for t in WARMING}
    assert named == {"cosine", "step", "constant", "warmup"}, "the message must name the schedules that can warm up"


@each
def test_final_factor_is_true(technique: Technique) -> None:
    assert technique.function(np.array([1.0]))[0] == pytest.approx(technique.traits["final_factor"], abs=1e-9)


def test_settings_reach_keras() -> None:
    for name in ("cosine", "linear", "exponential", "inverse_time"):
        built = find(name, "schedule").build(learning_rate=RATE, steps=STEPS, final_factor=0.25)
        assert float(built(STEPS)) == pytest.approx(0.25 * RATE, rel=1e-5)
    assert float(find("step").build(learning_rate=RATE, steps=STEPS, factor=0.5)(STEPS)) == pytest.approx(RATE / 4)


@each
def test_it_survives_serialisation(technique: Technique) -> None:
    schedules = load_keras().optimizers.schedules
    built = technique.build(learning_rate=RATE, steps=STEPS)
    if isinstance(built, float):
        assert technique.name == "constant"
        return
    again = schedules.deserialize(schedules.serialize(built))
    assert again.get_config() == built.get_config()
    assert float(again(17)) == float(built(17))


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(WARMING), st.integers(2, 40), st.data())
def test_short_trainings_work_too(technique: Technique, steps: int, data: st.DataObject) -> None:
    warmup = data.draw(st.integers(1, steps - 1))
    seen = rates(technique.build(learning_rate=RATE, steps=steps, warmup_steps=warmup), steps)
    assert np.all((seen >= 0) & (seen <= RATE * (1 + 1e-6)))
    np.testing.assert_allclose(seen[0], 0.0, atol=1e-9)


def test_a_training_of_one_update_works() -> None:
    for technique in ALL:
        assert rates(technique.build(learning_rate=RATE, steps=1), 1)[0] == pytest.approx(RATE)


def test_warmup_must_be_shorter_than_the_training() -> None:
    with pytest.raises(SettingError, match="shorter than the training of 100 updates, 100 warm-up steps were given"):
        find("cosine").build(learning_rate=RATE, steps=100, warmup_steps=100)
