"""Optimizers: the NumPy twins walk Keras's path, they converge, and their traits are true."""

from __future__ import annotations

import numpy as np
import pytest

from trainwell.backend import load_keras
from trainwell.errors import SettingError
from trainwell.techniques import Technique, families, find

each = pytest.mark.parametrize("technique", families()["optimizer"], ids=lambda t: t.name)
SCALES = np.array([1.0, 20.0])
START = np.array([-4.0, 1.5])


def valley(w: np.ndarray) -> np.ndarray:
    return SCALES * w


def keras_path(technique: Technique, gradient, steps: int, **settings: float) -> np.ndarray:
    keras = load_keras()
    variable = keras.Variable(START.astype(np.float32))
    optimizer = technique.build(**settings)
    path = [START]
    for _ in range(steps):
        optimizer.apply([np.asarray(gradient(np.asarray(variable.value)), dtype=np.float32)], [variable])
        path.append(np.asarray(variable.value))
    return np.stack(path)


@each
def test_numpy_walks_the_path_of_keras(technique: Technique) -> None:
    settings = {"learning_rate": 0.2 if technique.traits["adaptive"] else 0.02}
    if technique.name == "adamw":
        settings["weight_decay"] = 0.1
    twin = technique.function(valley, START, 15, **settings)
    np.testing.assert_allclose(keras_path(technique, valley, 15, **settings), twin, rtol=2e-4, atol=2e-4)


# Four small targets: round bowl, long valley, bowl with its bottom elsewhere, and the curved valley of Rosenbrock
# (1960), which has its minimum at (1, 1). Each: gradient, bottom, learning rates (plain, adaptive), steps.
TARGETS = {
    "bowl": (lambda w: w, np.zeros(2), (0.1, 0.02), 600),
    "valley": (valley, np.zeros(2), (0.02, 0.02), 1000),
    "shifted": (lambda w: w - np.array([1.0, -2.0]), np.array([1.0, -2.0]), (0.1, 0.02), 600),
    "rosenbrock": (
        lambda w: np.array([-2 * (1 - w[0]) - 40 * w[0] * (w[1] - w[0] ** 2), 20 * (w[1] - w[0] ** 2)]),
        np.ones(2),
        (0.002, 0.02),
        8000,
    ),
}


@each
@pytest.mark.parametrize("target", TARGETS)
def test_it_converges(technique: Technique, target: str) -> None:
    gradient, bottom, (plain, adaptive), steps = TARGETS[target]
    start = np.array([-1.5, 1.5])
    rate = adaptive if technique.traits["adaptive"] else plain
    extra = {"weight_decay": 0.0} if technique.name == "adamw" else {}  # decay would move the bottom
    path = technique.function(gradient, start, steps, rate, **extra)
    # RMSprop keeps stepping by about its learning rate around the bottom.
    assert np.abs(path[-1] - bottom).max() < 0.05


@each
def test_slots_and_default_rate_are_those_of_keras(technique: Technique) -> None:
    keras = load_keras()
    optimizer = technique.build()
    optimizer.build([keras.Variable(np.zeros(3, dtype=np.float32))])
    # Keras also keeps the step counter and the learning rate.
    assert len(optimizer.variables) - 2 == technique.traits["slots"]
    rate = float(optimizer.learning_rate)
    assert rate == pytest.approx(technique.traits["default_learning_rate"])


@each
def test_adaptive_means_that_the_scale_of_the_gradient_does_not_matter(technique: Technique) -> None:
    small, large = (technique.function(lambda w, k=k: k * valley(w), START, 1, 0.01)[1] - START for k in (1.0, 100.0))
    assert technique.traits["adaptive"] == np.allclose(small, large, rtol=1e-3)


@each
def test_it_survives_serialisation(technique: Technique) -> None:
    keras = load_keras()
    optimizer = technique.build(learning_rate=0.02, global_clipnorm=2.0, weight_decay=0.001)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
    assert again.global_clipnorm == 2.0
    assert float(again.weight_decay) == 0.001


def test_a_schedule_can_stand_for_the_learning_rate() -> None:
    schedule = find("cosine").build(learning_rate=0.1, steps=100)
    optimizer = find("nesterov").build(learning_rate=schedule)
    assert optimizer.nesterov
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    with pytest.raises(SettingError, match="learning_rate must be a number, above 0"):
        find("adam").build(learning_rate="fast")


def test_two_kinds_of_clipping_are_refused() -> None:
    with pytest.raises(SettingError, match=r"only one kind of gradient clipping .* clipvalue and clipnorm"):
        find("adam").build(clipvalue=1.0, clipnorm=1.0)


def test_weight_decay_shrinks_by_rate_times_decay() -> None:
    """Keras's decay is decoupled in every optimizer: with no gradient a weight loses the share rate · decay."""
    for name in ("sgd", "momentum", "adam", "adamw", "rmsprop"):
        path = keras_path(find(name), np.zeros_like, 1, learning_rate=0.1, weight_decay=0.5)
        np.testing.assert_allclose(path[1], 0.95 * START, rtol=1e-6)
