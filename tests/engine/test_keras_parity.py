"""The engine's weights and logs are those of Keras's own `fit` on the same batches, to float tolerance."""

from __future__ import annotations

import numpy as np
import pytest
import small_networks as networks

from trainwell import engine
from trainwell.signals import Observer

keras = networks.keras
optimizers, regularizers = keras.optimizers, keras.regularizers

OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.05),
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9),
    "nesterov": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(0.002),
    "adam": lambda: optimizers.Adam(0.002),
    "adamw": lambda: optimizers.AdamW(0.002, weight_decay=0.01),
    "clip_value": lambda: optimizers.SGD(0.05, clipvalue=0.01),
    "clip_norm": lambda: optimizers.SGD(0.05, clipnorm=0.05),
    "global_clip_norm": lambda: optimizers.Adam(0.002, global_clipnorm=0.05),
    "moving_average": lambda: optimizers.Adam(0.002, use_ema=True, ema_overwrite_frequency=None),
    "schedule": lambda: optimizers.SGD(optimizers.schedules.CosineDecay(0.0, 20, warmup_target=0.1, warmup_steps=5)),
}


def both(build, optimizer, *, fit=None, samples=200, **compile_settings):
    """The same training by Keras and by the engine: models and histories."""
    x, y = networks.digits(samples)
    settings = {"epochs": 3, "batch_size": 32, "shuffle": False, "validation_data": (x[:50], y[:50])} | (fit or {})
    plain = networks.compiled(build, optimizer, **compile_settings)
    history = plain.fit(x, y, verbose=0, **settings).history
    ours = networks.compiled(build, optimizer, **compile_settings)
    outcome = engine.train(ours, x, y, observer=Observer(), every=2, **settings)
    return plain, history, ours, outcome


def assert_same(plain, history, ours, outcome, tolerance=2e-5):
    for a, b in zip(networks.everything(plain), networks.everything(ours), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=tolerance)
    for name, values in history.items():
        if name != "learning_rate":
            np.testing.assert_allclose(values, [row[name] for row in outcome.history], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_and_clipping(name):
    assert_same(*both(lambda: networks.mlp(dropout=0), OPTIMIZERS[name]))


@pytest.mark.parametrize("name", ["l1", "l2", "l1_l2"])
def test_weight_penalties(name):
    penalty = {"l1": regularizers.L1(1e-3), "l2": regularizers.L2(1e-2), "l1_l2": regularizers.L1L2(1e-3, 1e-2)}[name]
    assert_same(*both(lambda: networks.mlp(dropout=0, regularizer=penalty), OPTIMIZERS["sgd"]))


@pytest.mark.parametrize("build", networks.ALL, ids=lambda build: build.__name__)
def test_every_kind_of_network_with_its_dropout(build):
    # random generators are part of the state, so even dropout drops the same units
    assert_same(*both(build, OPTIMIZERS["momentum"]), tolerance=2e-4)


def test_class_weights_and_sample_weights():
    weights = {0: 5.0, 3: 0.1}
    assert_same(*both(networks.mlp, OPTIMIZERS["sgd"], fit={"class_weight": weights}))
    sample_weight = np.random.default_rng(0).uniform(0, 2, 200).astype("float32")
    assert_same(*both(networks.mlp, OPTIMIZERS["sgd"], fit={"sample_weight": sample_weight}))
    from_classes = both(networks.mlp, OPTIMIZERS["sgd"], fit={"class_weight": weights})[2].get_weights()
    without = both(networks.mlp, OPTIMIZERS["sgd"])[2].get_weights()
    assert np.abs(from_classes[0] - without[0]).max() > 1e-4  # the weights did something


def test_binary_labels_of_rank_one_and_weighted_metrics():
    x, y = networks.digits(100)

    def build():
        return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])

    results = []
    for trained in ("keras", "ours"):
        settings = {"loss": "binary_crossentropy", "metrics": ["accuracy"], "weighted_metrics": ["mae"]}
        model = networks.compiled(build, OPTIMIZERS["sgd"], **settings)
        arguments = {"epochs": 2, "batch_size": 32, "shuffle": False, "sample_weight": np.linspace(0, 1, 100)}
        if trained == "keras":
            logs = {k: v[-1] for k, v in model.fit(x, y % 2, verbose=0, **arguments).history.items()}
        else:
            logs = engine.train(model, x, y % 2, **arguments).history[-1]
        results.append((model.get_weights(), logs))
    (weights, logs), (our_weights, our_logs) = results
    for a, b in zip(weights, our_weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert {"loss", "accuracy", "mae"} <= set(logs)
    for name, value in logs.items():
        np.testing.assert_allclose(value, our_logs[name], rtol=1e-4)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_with_loss_scaling(policy):
    plain, history, ours, outcome = both(lambda: networks.mlp(dropout=0, dtype=policy), OPTIMIZERS["adam"])
    for a, b in zip(plain.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=0.02)
    np.testing.assert_allclose(history["loss"], [row["loss"] for row in outcome.history], rtol=0.02)


def test_a_subclassed_model_and_several_inputs_and_outputs():
    x, y = networks.digits(96)
    flat = x.reshape(96, 64).astype("float32") / 16

    def build():
        a, b = keras.Input((32,), name="a"), keras.Input((32,), name="b")
        hidden = keras.layers.Dense(8, "tanh", name="shared")
        joined = keras.layers.Concatenate()([hidden(a), hidden(b)])
        return keras.Model({"a": a, "b": b}, [keras.layers.Dense(10)(joined), keras.layers.Dense(1)(joined)])

    losses = [keras.losses.SparseCategoricalCrossentropy(from_logits=True), keras.losses.MeanSquaredError()]
    inputs, targets = {"a": flat[:, :32], "b": flat[:, 32:]}, [y, y.astype("float32")]
    weights = []
    for trained in ("keras", "ours"):
        model = networks.compiled(build, OPTIMIZERS["sgd"], loss=losses, metrics=[["accuracy"], ["mae"]])
        arguments = {"epochs": 2, "batch_size": 32, "shuffle": False}
        if trained == "keras":
            model.fit(inputs, targets, verbose=0, **arguments)
        else:
            engine.train(model, inputs, targets, observer=Observer(), every=1, **arguments)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)

    class Plain(keras.Model):  # its call takes no `training`
        def __init__(self):
            super().__init__()
            self.inner = keras.layers.Dense(10, name="inner")

        def call(self, inputs):
            return keras.ops.softmax(self.inner(inputs))

    model = networks.compiled(Plain, OPTIMIZERS["sgd"])
    outcome = engine.train(model, flat, y, epochs=20, batch_size=32, observer=Observer(), every=1)
    assert outcome.history[-1]["loss"] < outcome.history[0]["loss"] * 0.9
