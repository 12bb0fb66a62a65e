"""Which layers are watched, under which names, and which weights are theirs."""

from __future__ import annotations

import small_networks as networks

from trainwell import engine
from trainwell.signals import Observer

keras, layers = networks.keras, networks.layers


class Keep:
    def started(self, infos, *_):
        self.infos = infos

    def steps(self, *_):
        pass

    def epoch(self, row):
        pass


def watched(model, loss="mse", shape=(4, 8, 3)):
    import numpy as np

    model.compile("sgd", loss)
    keep = Keep()
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    y = np.zeros((shape[0], *model.output_shape[1:]), "float32")
    engine.train(model, x, y, batch_size=4, observer=Observer(), every=1, listener=keep)
    assert sum(info.parameters for info in keep.infos) == sum(w.numpy().size for w in model.trainable_variables)
    return {info.name: info for info in keep.infos}


def test_nested_shared_and_recurrent_layers():
    step = keras.Input((8, 3))
    inner = keras.Sequential([keras.Input((8, 3)), layers.Dense(3, activation="relu", name="a")], name="inner")
    shared = layers.Dense(3, activation="tanh", name="shared")
    hidden = shared(shared(inner(step)))
    hidden = layers.Bidirectional(layers.LSTM(2, name="lstm"), name="both")(hidden)
    infos = watched(keras.Model(step, layers.Dense(1, name="output")(hidden)))
    assert list(infos) == ["inner/a", "shared", "shared (call 2)", "both/forward_lstm", "both/backward_lstm", "output"]
    assert infos["inner/a"].activation == "relu"
    assert infos["shared"].parameters == 12
    assert infos["shared (call 2)"].parameters == 0  # its weights are counted where they are first used
    assert infos["both/forward_lstm"].parameters == 4 * 2 * (3 + 2 + 1)
    assert infos["both/forward_lstm"].activation is None
    assert infos["output"].is_output
    assert not infos["shared"].is_output
    assert infos["inner/a"].output_shape == (8, 3)


def test_attention_and_activation_layers():
    rows = keras.Input((8, 3))
    hidden = layers.MultiHeadAttention(2, 2, name="attention")(rows, rows)
    hidden = layers.LeakyReLU(negative_slope=0.1, name="leaky")(layers.Dense(4, name="dense")(hidden))
    hidden = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(hidden))
    pooled = layers.GlobalAveragePooling1D(name="pool")(hidden)
    infos = watched(keras.Model(rows, layers.Dense(2, activation=layers.ELU(), name="output")(pooled)))
    assert {"attention/query", "attention/key", "attention/value", "attention/attention_output"} <= set(infos)
    activations = {name: info.activation for name, info in infos.items()}
    assert activations["leaky"] == "leaky_relu"
    assert activations["relu"] == "relu"
    assert activations["output"] == "elu"
    assert "pool" not in infos


def test_weights_that_a_model_uses_itself():
    class Scaled(keras.Model):
        def __init__(self):
            super().__init__(name="scaled")
            self.factor = self.add_weight(shape=(3,), initializer="ones", name="factor")
            self.dense = layers.Dense(1, name="dense")

        def call(self, inputs):
            return self.dense(inputs * self.factor)

        @property
        def output_shape(self):
            return (None, 8, 1)

    infos = watched(Scaled())
    assert infos["scaled"].parameters == 3
    assert infos["dense"].parameters == 4
