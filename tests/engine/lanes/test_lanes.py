"""Lanes: each variant ends where it would have ended alone, whatever shares its program."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from trainwell import engine
from trainwell.backend import load_keras
from trainwell.engine.lanes import train_lanes
from trainwell.errors import DataError, ModelError, SettingError

keras = load_keras()
layers = keras.layers
RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 6, 4)).astype("float32")
Y = (X.sum(axis=(1, 2)) > 0).astype("int32")
HELD_OUT = (X[:30] + 0.1, Y[:30])


def compiled(*stack, optimizer=None, seed=0, metrics=("accuracy",)):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((6, 4)), *(make() for make in stack), layers.Dense(2, "softmax")])
    model.compile(optimizer or keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=list(metrics))
    return model


def mlp(seed=0, rate=0.01, dropout=0.2, l2=1e-3, slope=0.1, activation="tanh", clip=None, initializer="he_normal"):
    return compiled(
        layers.Flatten,
        lambda: layers.Dense(
            8, activation, kernel_regularizer=keras.regularizers.L2(l2), kernel_initializer=initializer
        ),
        lambda: layers.LeakyReLU(negative_slope=slope),
        lambda: layers.Dropout(dropout),
        optimizer=keras.optimizers.Adam(rate, clipnorm=clip),
        seed=seed,
    )


def lstm(seed=0, dropout=0.2):
    return compiled(lambda: layers.LSTM(5, dropout=dropout), seed=seed)


def cnn(seed=0, dropout=0.2):
    return compiled(
        lambda: layers.Conv1D(6, 3, activation="relu"),
        layers.BatchNormalization,
        layers.GlobalMaxPooling1D,
        lambda: layers.Dropout(dropout),
        seed=seed,
    )


def attention(seed=0, dropout=0.2):
    inputs = keras.Input((6, 4))
    keras.utils.set_random_seed(seed)
    x = inputs + layers.MultiHeadAttention(2, 2, dropout=dropout)(inputs, inputs)
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    model = keras.Model(inputs, layers.Dense(2, "softmax")(x))
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


VARIANTS = {
    "mlp": (mlp, [{"seed": 1}, {"seed": 2, "rate": 0.1}, {"dropout": 0.5}, {"l2": 0.1}, {"slope": 0.4}]),
    "first weights": (mlp, [{"initializer": "zeros"}, {"initializer": "he_uniform"}, {"initializer": "glorot_normal"}]),
    "clipping": (mlp, [{"clip": 0.1}, {"clip": 1.0}]),
    "lstm": (lstm, [{"seed": 1}, {"seed": 2}, {"dropout": 0.5}]),
    "cnn": (cnn, [{"seed": 1}, {"dropout": 0.5}]),
    "attention": (attention, [{"seed": 1}, {"dropout": 0.5}]),
}


def alone(make, variant, order, samples=64, held_out=16):
    """The training of one variant by itself."""
    return _alone(make, tuple(variant.items()), order, samples, held_out)


@functools.cache
def _alone(make, variant, order, samples, held_out):
    model = make(**dict(variant))
    validation = tuple(part[:held_out] for part in HELD_OUT)
    outcome = engine.train(
        model, X[:samples], Y[:samples], epochs=2, batch_size=16, validation_data=validation, seed=order
    )
    return model, outcome


def together(models, samples=64, held_out=16, **settings):
    validation = tuple(part[:held_out] for part in HELD_OUT)
    settings = {"epochs": 2, "batch_size": 16, "validation_data": validation} | settings
    return train_lanes(models, X[:samples], Y[:samples], **settings)


@pytest.mark.parametrize(
    ("name", "way", "samples", "held_out"),
    [
        *((name, "together", 64, 16) for name in VARIANTS),
        *((name, "in_turns", 64, 16) for name in ("mlp", "cnn")),
        ("clipping", "together", 70, 30),  # with smaller last batches
    ],
)
def test_each_ends_where_it_would_have_ended_alone(name, way, samples, held_out):
    make, variants = VARIANTS[name]
    models, orders = [make(**variant) for variant in variants], list(range(len(variants)))
    outcomes = together(models, samples, held_out, seeds=orders, way=way)
    assert {outcome.way for outcome in outcomes} == {way}
    for model, outcome, variant, order in zip(models, outcomes, variants, orders, strict=True):
        expected, told = alone(make, variant, order, samples, held_out)
        for ours, its in zip(model.weights, expected.weights, strict=True):
            np.testing.assert_allclose(np.asarray(ours), np.asarray(its), atol=2e-6, rtol=1e-4)
        assert outcome.stopped is None
        assert outcome.loss.shape == (2 * -(-samples // 16),)
        for row, its in zip(outcome.history, told.history, strict=True):
            for column in ("epoch", "loss", "accuracy", "val_loss", "val_accuracy"):
                assert row[column] == pytest.approx(its[column], rel=1e-4, abs=1e-6), column


@pytest.mark.parametrize("name", ["mlp", "lstm"])
def test_numbers_in_the_program_do_not_split_it(name):
    """Rates, penalties, slopes: of dropout inside the loop of a recurrent layer the masks are made outside it."""
    make, variants = VARIANTS[name]
    outcomes = together([make(**variant) for variant in variants], epochs=1, validation_data=None)
    assert {outcome.lanes for outcome in outcomes} == {len(variants)}


def test_other_equations_are_another_group():
    models = [mlp(activation="tanh"), mlp(activation="relu"), mlp(activation="tanh", dropout=0.4)]
    outcomes = together(models, epochs=1, validation_data=None)
    assert [outcome.lanes for outcome in outcomes] == [2, 1, 2]
    expected = [
        alone_one.history[-1]["loss"] for alone_one in (_one_epoch(activation="tanh"), _one_epoch(activation="relu"))
    ]
    assert [outcome.history[-1]["loss"] for outcome in outcomes[:2]] == pytest.approx(expected, rel=1e-5)


def _one_epoch(**variant):
    return engine.train(mlp(**variant), X[:64], Y[:64], epochs=1, batch_size=16, seed=0)


@pytest.mark.parametrize("make", [mlp, lstm, attention])
def test_a_lane_of_its_own_is_the_training_bit_for_bit(make):
    model, (expected, _) = make(), alone(make, {}, 0)
    together([model])
    for ours, its in zip(model.weights, expected.weights, strict=True):
        assert np.array_equal(np.asarray(ours), np.asarray(its))


def test_one_that_blows_up_leaves_the_others_alone():
    models = [mlp(), mlp(rate=1e30), mlp(seed=1)]
    outcomes = together(models)
    assert [outcome.stopped for outcome in outcomes] == [None, "not_finite", None]
    assert not np.isfinite(outcomes[1].loss[-1])
    assert np.isfinite(outcomes[1].loss[:-1]).all()
    expected, _ = alone(mlp, {}, 0)
    np.testing.assert_allclose(np.asarray(models[0].weights[0]), np.asarray(expected.weights[0]), atol=1e-5)


def test_weights_of_classes_and_a_stop():
    seen = []
    models = [mlp(), mlp(seed=1)]
    outcomes = train_lanes(
        models, X, Y, epochs=5, batch_size=16, class_weight={0: 1.0, 1: 3.0},
        told=lambda done, total: seen.append((done, total)), should_stop=lambda: len(seen) >= 3,
    )  # fmt: skip
    assert [outcome.stopped for outcome in outcomes] == ["interrupted"] * 2
    assert seen == [(4, 25), (5, 25), (9, 25)]
    assert len(outcomes[0].loss) == 9


def test_what_cannot_be_trained_is_said_before():
    model = mlp()
    with pytest.raises(SettingError, match="given twice"):
        train_lanes([model, model], X, Y)
    with pytest.raises(SettingError, match="2 for 1"):
        train_lanes([model], X, Y, seeds=[1, 2])
    with pytest.raises(DataError):
        train_lanes([model], X, Y[:3])
    with pytest.raises(ModelError):
        train_lanes([keras.Sequential([keras.Input((6, 4)), layers.Dense(2)])], X, Y)
