"""Regularisers: penalties, layers, callbacks and keywords as Keras understands them."""

from __future__ import annotations

import numpy as np
import pytest

from trainwell.backend import keras_seed, load_keras
from trainwell.techniques import Technique, families, find

each = pytest.mark.parametrize("technique", families()["regularizer"], ids=lambda t: t.name)
PENALTIES = ("l1", "l2", "l1_l2")
W = np.array([[-2.0, -0.3], [0.1, 1.7]])


@pytest.mark.parametrize("name", PENALTIES)
def test_penalty_and_gradient_equal_keras_and_jax(name: str) -> None:
    import jax

    technique = find(name)
    strengths = {p.name: strength for p, strength in zip(technique.parameters, (0.3, 0.7), strict=False)}
    penalty = technique.build(**strengths)
    assert technique.function(W, **strengths).sum() == pytest.approx(float(penalty(np.float32(W))), rel=1e-6)
    by_jax = np.asarray(jax.grad(penalty)(np.float32(W)))
    np.testing.assert_allclose(technique.gradient(W, **strengths), by_jax, rtol=1e-6)
    step = 1e-6
    numerical = (technique.function(W + step, **strengths) - technique.function(W - step, **strengths)) / (2 * step)
    np.testing.assert_allclose(technique.gradient(W, **strengths), numerical, rtol=1e-6)


@each
def test_it_gives_what_its_trait_says_and_survives_serialisation(technique: Technique) -> None:
    keras = load_keras()
    built = technique.build()
    gives = technique.traits["gives"]
    kind = {
        "regularizer": keras.regularizers.Regularizer,
        "layer": keras.layers.Layer,
        "callback": keras.callbacks.Callback,
        "keyword": dict,
    }[str(gives)]
    assert isinstance(built, kind)
    if gives == "regularizer":
        config = keras.regularizers.serialize(built)
        assert keras.regularizers.serialize(keras.regularizers.deserialize(config)) == config
    if gives == "layer":
        config = keras.layers.serialize(built)
        assert keras.layers.deserialize(config).rate == built.rate == technique.parameters[0].default


def test_keywords_are_those_of_keras() -> None:
    keras = load_keras()
    assert keras.layers.LSTM(4, **find("recurrent_dropout").build(rate=0.25)).recurrent_dropout == 0.25
    assert find("adamw").build(**find("weight_decay").build(weight_decay=0.5)).weight_decay == 0.5
    loss = keras.losses.CategoricalCrossentropy(**find("label_smoothing").build(label_smoothing=0.2))
    assert loss.get_config()["label_smoothing"] == 0.2


def test_label_smoothing_is_that_of_keras() -> None:
    keras = load_keras()
    smooth = find("label_smoothing")
    target, output = np.eye(4)[[1, 3]], np.full((2, 4), 0.25) + np.array([0.05, 0.0, -0.05, 0.0])
    keras_loss = keras.losses.CategoricalCrossentropy(**smooth.build())(target, output)
    own = -np.mean(np.sum(smooth.function(target) * np.log(output), axis=-1))
    assert float(keras_loss) == pytest.approx(own, rel=1e-6)


@pytest.mark.parametrize("name", ["dropout", "spatial_dropout"])
def test_kept_units_are_spread_as_the_function_says(name: str) -> None:
    """100 channels, 400 samples: the counts of Keras have the mean and spread of the binomial distribution."""
    technique = find(name)
    with keras_seed(3):
        layer = technique.build(rate=0.4)
    shape = (400, 100) if name == "dropout" else (400, 3, 3, 100)
    out = np.asarray(layer(np.ones(shape, dtype=np.float32), training=True))
    if name == "spatial_dropout":
        assert np.all(out == out[:, :1, :1, :]), "a feature map is dropped as a whole"
        out = out[:, 0, 0, :]
    assert out.max() == pytest.approx(1 / 0.6)
    counts = (out > 0).sum(axis=1)
    kept = np.arange(101)
    probability = technique.function(kept, 100, 0.4)
    mean = np.sum(probability * kept)
    spread = np.sqrt(np.sum(probability * (kept - mean) ** 2))
    assert probability.sum() == pytest.approx(1.0)
    assert counts.mean() == pytest.approx(mean, abs=5 * spread / np.sqrt(400))
    assert counts.std() == pytest.approx(spread, rel=0.15)


def test_spatial_dropout_knows_sequences_images_and_volumes() -> None:
    layers = load_keras().layers
    kinds = (layers.SpatialDropout1D, layers.SpatialDropout2D, layers.SpatialDropout3D)
    for dimensions, kind in enumerate(kinds, start=1):
        assert type(find("spatial_dropout").build(dimensions=dimensions)) is kind


def test_weight_decay_leaves_what_the_function_says() -> None:
    keras = load_keras()
    technique = find("weight_decay")
    variable = keras.Variable(np.ones(1, dtype=np.float32))
    optimizer = find("sgd").build(learning_rate=0.1, **technique.build(weight_decay=0.5))
    for _ in range(10):
        optimizer.apply([np.zeros(1, dtype=np.float32)], [variable])
    assert float(variable.value[0]) == pytest.approx(technique.function(10, 0.5, 0.1), rel=1e-5)


def test_weight_decay_is_l2_with_half_the_strength_under_sgd() -> None:
    """One step of SGD on the penalty l2·w² takes 2·rate·l2·w away; decay takes rate·decay·w."""
    step = 0.1 * find("l2").gradient(W, l2=0.25)
    np.testing.assert_allclose(W - step, W * find("weight_decay").function(1, 0.5, 0.1))


def test_early_stopping_stops_and_takes_the_best_weights() -> None:
    callback = find("early_stopping").build(patience=2, min_delta=0.01)

    class Weights:
        stop_training = False
        now = 0

        def get_weights(self) -> int:
            return self.now

        def set_weights(self, weights: int) -> None:
            self.now = weights

    model = Weights()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate((1.0, 0.5, 0.495, 0.7)):
        model.now = epoch
        assert not model.stop_training
        callback.on_epoch_end(epoch, {"val_loss": loss})
    assert model.stop_training, "0.495 is an improvement of less than min_delta"
    callback.on_train_end()
    assert model.now == 1
