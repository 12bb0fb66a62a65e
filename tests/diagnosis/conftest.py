"""Trainings for the doctor: patients with one known fault each, and their healthy twins."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainwell import engine
from trainwell.backend import keras_seed, load_keras
from trainwell.blueprint import Blueprint, FitSettings, LayerInfo
from trainwell.diagnosis import Facts, Told, all_problems
from trainwell.signals import RUN_MEASURES, Layout, Observer, Recorder, Recording, all_measures

BATCH_SIZE = 32  # divides the numbers of samples below, so that one step is compiled and not two
LOOKED_AT = {measure for problem in all_problems() for measure in problem.needs.measures}
CROSSENTROPY = "sparse_categorical_crossentropy"


class Listener:
    """Writes what the engine shows into a folder."""

    def __init__(self, folder: Path, observer: Observer):
        self.folder, self.observer = folder, observer

    def started(self, layers, *_):
        self.recorder = Recorder(self.folder, self.observer.layout(layers))

    def steps(self, seen, *_):
        shown = [seen.loss, seen.learning_rate, seen.gradient_norm, seen.clipped_gradient_norm, seen.milliseconds]
        self.recorder.steps(seen.steps, np.stack(shown, axis=1))
        if seen.columns is not None:
            self.recorder.layers(seen.sampled_steps, seen.columns)

    def epoch(self, row):
        self.recorder.epoch(row)


def digits(samples: int = 384, wrong: float = 0.0):
    """Inputs in 0..1 and labels, `wrong` of them replaced by random ones; and 384 others with true labels."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    random = np.random.default_rng(0)
    order = random.permutation(len(y))
    x, y = x[order].astype("float32") / 16, y[order].astype("int32")
    shown = y[:samples].copy()
    replaced = random.random(samples) < wrong
    shown[replaced] = random.integers(0, 10, replaced.sum())
    return x[:samples], shown, (x[-384:], y[-384:])


def diabetes(samples: int = 288):
    """Ten scaled columns and the scaled target."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    x, y = (x[order] / x.std(axis=0)).astype("float32"), ((y[order] - y.mean()) / y.std()).astype("float32")[:, None]
    return x[:samples], y[:samples], (x[samples:], y[samples:])


def deep(depth: int, activation: str, initializer: str, units: int = 16, outputs: int = 10, inputs: int = 64, bias=0.0):
    """Equal dense layers hidden_1 ... and an output layer; `bias` is the initial bias of hidden_2."""
    keras = load_keras()
    layers = keras.layers

    def hidden(number: int):
        return layers.Dense(
            units,
            activation=activation,
            kernel_initializer=initializer,
            bias_initializer=keras.initializers.Constant(bias if number == 2 else 0.0),
            name=f"hidden_{number}",
        )

    last = layers.Dense(outputs, activation="softmax" if outputs > 1 else None, name="output")
    return keras.Sequential([keras.Input((inputs,)), *(hidden(n) for n in range(1, depth + 1)), last])


def recurrent(units: int = 32):
    keras = load_keras()
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Reshape((8, 8)),
            layers.SimpleRNN(units, name="recurrent"),
            layers.Dense(10, activation="softmax", name="output"),
        ]
    )


def optimizer(name: str, *args, **settings):
    return lambda: getattr(load_keras().optimizers, name)(*args, **settings)


@dataclass(frozen=True)
class Training:
    """What to train, on what, how."""

    model: Callable[[], Any]
    data: Callable[[], tuple[Any, ...]]
    optimizer: Callable[[], Any]
    epochs: int
    loss: str = CROSSENTROPY
    every: int = 1
    validated: bool = True


partial = functools.partial
blind = partial(Training, validated=False)
TRAININGS = {
    # patients
    "sigmoid_30": blind(partial(deep, 30, "sigmoid", "glorot_uniform"), digits, optimizer("SGD", 0.1), 2),
    "dead_bias": blind(partial(deep, 2, "relu", "he_normal", 64, bias=-10.0), digits, optimizer("Adam", 1e-3), 3),
    "rate_100x": blind(partial(deep, 3, "relu", "he_normal", 64), digits, optimizer("SGD", 10.0), 4),
    "diverging": blind(
        partial(deep, 2, "relu", "he_normal", 32, 1, 10), diabetes, optimizer("SGD", 1.0), 6, loss="mse"
    ),
    "large_weights": blind(partial(deep, 8, "relu", "random_normal", 64), digits, optimizer("SGD", 0.01), 3),
    "wrong_labels": Training(
        partial(deep, 2, "relu", "he_normal", 128), partial(digits, 192, 0.4), optimizer("Adam", 5e-3), 60, every=4
    ),
    "few_samples": Training(
        partial(deep, 2, "relu", "he_normal", 128), partial(digits, 32), optimizer("Adam", 2e-3), 60, every=4
    ),
    # healthy twins
    "relu_he_30": blind(partial(deep, 30, "relu", "he_normal"), digits, optimizer("Adam", 1e-3), 2),
    "tanh_glorot_8": blind(partial(deep, 8, "tanh", "glorot_uniform", 32), digits, optimizer("SGD", 0.1), 8),
    "sigmoid_2": Training(partial(deep, 2, "sigmoid", "glorot_uniform", 64), digits, optimizer("Adam", 1e-2), 15),
    "relu_to_zero_loss": Training(
        partial(deep, 3, "relu", "he_normal", 128), partial(digits, 1152), optimizer("Adam", 3e-3), 25, every=5
    ),
    "large_clipped_steps": Training(
        partial(deep, 2, "relu", "he_normal", 64),
        partial(digits, 1152, 0.1),
        optimizer("SGD", 0.3, global_clipnorm=1.0),
        10,
        every=5,
    ),
    "recurrent": blind(recurrent, partial(digits, 1152), optimizer("Adam", 3e-3), 8, every=5),
    "linear_regression": Training(
        partial(deep, 0, "relu", "he_normal", 1, 1, 10), diabetes, optimizer("SGD", 0.02), 20, loss="mse"
    ),
}


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """name -> the facts of that training; each is trained once per session."""

    @functools.cache
    def train(name: str) -> Facts:
        training = TRAININGS[name]
        x, y, validation = training.data()
        with keras_seed(0):
            model = training.model()
        if name == "large_weights":
            random = np.random.default_rng(0)
            for layer in model.layers[:-1]:
                layer.kernel.assign(random.normal(0, 0.6, layer.kernel.shape))
        classes = training.loss == CROSSENTROPY
        model.compile(training.optimizer(), training.loss, metrics=["accuracy"] if classes else None)
        folder = tmp_path_factory.mktemp(name)
        observer = Observer([measure for measure in all_measures() if measure.name in LOOKED_AT])
        listener = Listener(folder, observer)
        outcome = engine.train(
            model,
            x,
            y,
            epochs=training.epochs,
            batch_size=BATCH_SIZE,
            validation_data=validation if training.validated else None,
            observer=observer,
            every=training.every,
            listener=listener,
        )
        listener.recorder.close()
        data: dict[str, Any] = {"training_samples": len(x), "validation_samples": len(validation[0])}
        if classes:
            data |= {"task": "multiclass", "class_shares": (np.bincount(y) / len(y)).tolist()}
        else:
            data |= {"task": "regression", "target_variance": float(y.var())}
        blueprint = Blueprint.of(model, FitSettings(training.epochs, BATCH_SIZE)).to_dict()
        return Facts.of(Recording.open(folder), blueprint, Told(data, stopped=outcome.stopped or ""))

    return train


DENSE = tuple(
    LayerInfo(f"dense_{n}", "Dense", "relu" if n < 4 else "softmax", 100, (10,), is_output=n == 4) for n in range(1, 5)
)


@pytest.fixture
def made(tmp_path):
    """Makes a recording by hand: values of run and layer measures, constant or (steps,); what is not named is 1e-2."""

    def make(
        steps: int = 100,
        run: dict[str, Any] | None = None,
        columns: dict[tuple[str, str], Any] | None = None,
        epochs: list[dict[str, float]] | None = None,
        layers: tuple[LayerInfo, ...] = DENSE,
        without: str | None = None,
        looks: int | None = None,
    ) -> Recording:
        layout = Observer().layout(layers)
        kept = tuple(column for column in layout.columns if column[0] != without)
        layout = Layout(layers, kept)
        numbers = np.arange(1, steps + 1, dtype=np.int64)
        defaults = {"loss": np.linspace(2.3, 0.1, max(steps, 1))[:steps], "step_time": 1.0}
        values = {measure.name: np.full(steps, 1e-2, np.float32) for measure in RUN_MEASURES}
        for name, value in (defaults | (run or {})).items():
            values[name] = np.broadcast_to(np.asarray(value, np.float32), (steps,))
        looked = steps if looks is None else looks
        shown = [
            np.broadcast_to(np.asarray((columns or {}).get(column, _usual(column[0])), np.float32), (looked,))
            for column in kept
        ]
        recorder = Recorder(tmp_path, layout)
        recorder.steps(numbers, np.stack([values[measure.name] for measure in RUN_MEASURES], axis=1))
        if shown and looked:
            recorder.layers(numbers[:looked], np.stack(shown, axis=1))
        for row in epochs or []:
            recorder.epoch(row)
        recorder.close()
        return Recording.open(tmp_path)

    return make


def _usual(measure: str) -> float:
    return {"dead_share": 0.05, "nonfinite_share": 0.0, "activation_std": 1.0, "update_ratio": 1e-3}.get(measure, 1e-2)


@pytest.fixture
def curve():
    """Rows of a history from training and validation losses, and accuracies if given."""

    def make(train, validation, accuracy=None) -> list[dict[str, float]]:
        rows = [
            {"epoch": number, "loss": float(a), "val_loss": float(b)}
            for number, (a, b) in enumerate(zip(train, validation, strict=True), 1)
        ]
        if accuracy is not None:
            rows = [row | {"val_accuracy": float(value)} for row, value in zip(rows, accuracy, strict=True)]
        return rows

    return make
