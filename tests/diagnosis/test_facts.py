"""Facts from a blueprint and plain values."""

from __future__ import annotations

import json

import numpy as np
import pytest

from trainwell.backend import load_keras
from trainwell.blueprint import Blueprint, FitSettings
from trainwell.diagnosis import Facts, Told
from trainwell.diagnosis.facts import trivial_loss


def blueprint(optimizer, loss="mse", layers=(), **fit):
    keras = load_keras()
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1, name="output")])
    model.compile(optimizer, loss)
    settings = FitSettings(**({"epochs": 5, "batch_size": 32} | fit))
    return json.loads(Blueprint.of(model, settings).to_json())


def test_everything_is_read_from_the_blueprint_and_the_data(made):
    keras = load_keras()
    facts = Facts.of(
        made(),
        blueprint(keras.optimizers.SGD(0.05, momentum=0.9, global_clipnorm=2.0)),
        Told(
            {"task": "regression", "training_samples": 100, "validation_samples": 20, "target_variance": 2.5},
            stopped="callback",
            kept_epoch=3,
        ),
    )
    assert (facts.optimizer, facts.learning_rate, facts.clipping) == ("SGD", 0.05, {"global_clipnorm": 2.0})
    assert (facts.epochs, facts.batch_size, facts.steps_per_epoch) == (5, 32, 4)
    assert (facts.loss, facts.trivial_loss, facts.trivial_accuracy) == ("mse", 2.5, None)
    assert (facts.regularised, facts.penalised) == (False, False)
    assert (facts.stopped, facts.kept_epoch, facts.validation_samples) == ("callback", 3, 20)


def test_a_schedule_is_no_single_rate(made):
    keras = load_keras()
    facts = Facts.of(made(), blueprint(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 100))))
    assert (facts.optimizer, facts.learning_rate, facts.clipping) == ("Adam", None, {})


@pytest.mark.parametrize(
    ("layer", "penalised"),
    [
        (lambda layers: layers.Dropout(0.5), False),
        (lambda layers: layers.LSTM(2, recurrent_dropout=0.2), False),
        (lambda layers: layers.Dense(2, kernel_regularizer="l2"), True),
        (lambda layers: layers.ActivityRegularization(l1=0.1), True),
    ],
    ids=["dropout", "recurrent_dropout", "l2", "activity"],
)
def test_regularisation_is_seen(layer, penalised, made):
    keras = load_keras()
    made_layer = layer(keras.layers)
    before = [keras.layers.Reshape((4, 1))] if made_layer.__class__.__name__ == "LSTM" else []
    facts = Facts.of(made(), blueprint("sgd", layers=[*before, made_layer]))
    assert (facts.regularised, facts.penalised) == (True, penalised)


def test_weight_decay_regularises_without_a_penalty_in_the_loss(made):
    facts = Facts.of(made(), blueprint(load_keras().optimizers.AdamW(weight_decay=0.01)))
    assert (facts.regularised, facts.penalised) == (True, False)


def test_nothing_known_is_no_error(made):
    facts = Facts.of(made())
    known = {name for name, value in vars(facts).items() if value is not None}
    assert known == {"recording"}


SHARES = [0.5, 0.3, 0.2]


@pytest.mark.parametrize("weights", [None, {0: 0.5, 1: 2.0}, {"2": 4.0}])
def test_the_trivial_cross_entropy_is_what_keras_gives_for_the_best_constant_prediction(weights):
    keras = load_keras()
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    by_class = {int(k): v for k, v in (weights or {}).items()}
    per_sample = np.array([by_class.get(label, 1.0) for label in labels], "float32")
    best = np.array([per_sample[labels == k].sum() for k in range(3)]) / per_sample.sum()
    loss = keras.losses.SparseCategoricalCrossentropy()

    def constant(prediction):
        predictions = np.broadcast_to(np.asarray(prediction, "float32"), (100, 3))
        return float(loss(labels, predictions, sample_weight=per_sample))

    expected = trivial_loss("sparse_categorical_crossentropy", SHARES, class_weight=weights)
    assert expected == pytest.approx(constant(best), rel=1e-5)
    assert expected < constant(best * [1.1, 0.9, 1.0] / (best * [1.1, 0.9, 1.0]).sum())


@pytest.mark.parametrize("name", ["MeanSquaredError", "mean_squared_error", "mse"])
def test_the_trivial_squared_error_is_the_variance(name):
    assert trivial_loss(name, target_variance=3.5) == 3.5


def test_the_loss_of_an_unknown_function_is_not_guessed():
    assert trivial_loss("huber", SHARES, 2.0) is None
    assert trivial_loss(None, SHARES, 2.0) is None
    assert trivial_loss("binary_focal_crossentropy", SHARES) is None
