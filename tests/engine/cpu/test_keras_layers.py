"""Keras's layers give the same with our kernels, and are Keras's own wherever nobody asked for ours."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from trainwell.backend import load_keras
from trainwell.engine.cpu import faster_layers
from trainwell.engine.cpu.kernels.registers import registers

keras = load_keras()
L = keras.layers
pytestmark = pytest.mark.skipif(registers() is None, reason="the kernels are for Linux on x86-64")
SEQUENCE, IMAGE = (9, 6), (6, 5, 4)


def hidden(x):
    """The same sequences, their steps left out where the first number is positive: at both ends and in between."""
    return Hidden()(x)


class Hidden(L.Layer):
    def call(self, x):
        found = x + 0
        keras.src.backend.set_keras_mask(found, x[:, :, 0] < 0)
        return found

    def compute_mask(self, x, previous=None):
        return x[:, :, 0] < 0


class DoubledCell(L.LSTMCell):
    def call(self, inputs, states, training=False):
        return super().call(2 * inputs, states, training=training)


class Doubled(L.LSTM):
    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.cell = DoubledCell(units)


OURS = {
    "simple": (SEQUENCE, lambda x: L.SimpleRNN(7)(x)),
    "simple, sequences": (SEQUENCE, lambda x: L.SimpleRNN(7, return_sequences=True, go_backwards=True)(x)),
    "lstm": (SEQUENCE, lambda x: L.LSTM(7)(x)),
    "lstm, states": (SEQUENCE, lambda x: L.Concatenate()(L.LSTM(7, return_state=True)(x))),
    "lstm, dropout": (SEQUENCE, lambda x: L.LSTM(7, dropout=0.3, seed=1)(x)),
    "lstm, both ways": (SEQUENCE, lambda x: L.Bidirectional(L.LSTM(7, return_sequences=True))(x)),
    "lstm, from a state": (SEQUENCE, lambda x: L.LSTM(6)(x, initial_state=[x[:, 0], x[:, 1]])),
    "lstm, masked": (SEQUENCE, lambda x: L.LSTM(7, return_sequences=True)(hidden(x))),
    "lstm, masked, backwards": (SEQUENCE, lambda x: L.LSTM(7, go_backwards=True)(hidden(x))),
    "lstm, masked, from a state": (
        SEQUENCE,
        lambda x: L.LSTM(6, return_sequences=True)(hidden(x), initial_state=[x[:, 0], x[:, 1]]),
    ),
    "gru": (SEQUENCE, lambda x: L.GRU(7)(x)),
    "gru, masked, with its state": (
        SEQUENCE,
        lambda x: L.Concatenate()(L.GRU(7, return_state=True, dropout=0.2, seed=1)(hidden(x))),
    ),
    "simple, masked": (SEQUENCE, lambda x: L.SimpleRNN(7, dropout=0.3, seed=1)(hidden(x))),
    "gru, stacked": (SEQUENCE, lambda x: L.GRU(5)(L.GRU(7, return_sequences=True)(x))),
    "attention": (SEQUENCE, lambda x: L.MultiHeadAttention(2, 4)(x, x)),
    "attention, causal": (SEQUENCE, lambda x: L.MultiHeadAttention(3, 4)(x, x, use_causal_mask=True)),
    "attention, hidden": (
        SEQUENCE,
        lambda x: L.MultiHeadAttention(2, 4)(x, x, attention_mask=keras.ops.abs(x[:, None, :, 0]) < 1),
    ),
    "layer": (SEQUENCE, lambda x: L.LayerNormalization()(x)),
    "layer, no scale": (SEQUENCE, lambda x: L.LayerNormalization(scale=False, center=False)(x)),
    "batch": (IMAGE, lambda x: L.BatchNormalization()(x)),
    "batch, no scale": (IMAGE, lambda x: L.BatchNormalization(scale=False)(x)),
}
THEIRS = {
    "masked with zeros": (SEQUENCE, lambda x: L.LSTM(7, zero_output_for_mask=True)(hidden(x))),
    "recurrent dropout": (SEQUENCE, lambda x: L.GRU(7, recurrent_dropout=0.3, seed=1)(x)),
    "another activation": (SEQUENCE, lambda x: L.LSTM(7, activation="relu")(x)),
    "another gate": (SEQUENCE, lambda x: L.GRU(7, recurrent_activation="hard_sigmoid")(x)),
    "reset before": (SEQUENCE, lambda x: L.GRU(7, reset_after=False)(x)),
    "no bias": (SEQUENCE, lambda x: L.SimpleRNN(7, use_bias=False)(x)),
    "chain of relu": (SEQUENCE, lambda x: L.SimpleRNN(7, activation="relu")(x)),
    "half precision": (SEQUENCE, lambda x: L.LSTM(7, dtype="mixed_bfloat16")(x)),
    "attention with dropout": (SEQUENCE, lambda x: L.MultiHeadAttention(2, 4, dropout=0.2, seed=1)(x, x)),
    "somebody's own cell": (SEQUENCE, lambda x: Doubled(7)(x)),
    "another axis": (IMAGE, lambda x: L.BatchNormalization(axis=1)(x)),
    "two axes": (IMAGE, lambda x: L.LayerNormalization(axis=(-2, -1))(x)),
    "root mean square": (SEQUENCE, lambda x: L.RMSNormalization()(x)),
}


def computed(shape, build, training):
    """Program text; loss, gradients and new state of the layer, from the same weights each time."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input(shape)
    model = keras.Model(inputs, build(inputs))
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=weight.shape) * 0.5 for weight in model.get_weights()])
    for variable in model.non_trainable_variables:
        if "variance" in variable.path:
            variable.assign(keras.ops.abs(variable) + 1)
    x = jnp.asarray(random.normal(size=(4, *shape)), "float32")
    weights = [variable.value for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]

    def loss(weights, x):
        found, state = model.stateless_call(weights, others, x, training=training)
        parts = jax.tree.leaves(found)
        return sum((jnp.sin(jnp.arange(part.size).reshape(part.shape)) * part).sum() for part in parts), state

    function = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))
    return function.lower(weights, x).as_text(), jax.tree.leaves(function(weights, x))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", [*OURS, *THEIRS])
def test_a_layer_gives_the_same(name, training):
    shape, build = (OURS | THEIRS)[name]
    stock, expected = computed(shape, build, training)
    with faster_layers():
        text, found = computed(shape, build, training)
    assert "trainwell_" not in stock, "outside, all is Keras's own"
    ours = name in OURS and (training or not name.startswith("batch"))
    assert ("trainwell_" in text) is ours
    for one, other in zip(found, expected, strict=True):
        one, other = (np.asarray(array, np.float64) for array in (one, other))
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5 * (1 + np.abs(other).max()))


def test_a_persons_own_code_may_differentiate_as_often_as_it_likes():
    """Also after a training has used our kernels: they can be differentiated once only, so they stay inside it."""
    with faster_layers():
        computed(*OURS["lstm"], True)
    layer = L.LSTM(2)
    layer.build((None, 3, 2))
    second = jax.hessian(lambda x: layer(x[None]).sum())(jnp.ones((3, 2)))
    assert np.isfinite(second).all()
    assert np.abs(second).max() > 0


def test_lanes_share_the_kernels():
    """Under vmap a kernel is called for one lane after the other."""
    layer = L.LSTM(5)
    layer.build((None, 4, 3))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3, 2, 4, 3)), "float32")
    alone = jnp.stack([layer(one) for one in x])
    with faster_layers():
        together = jax.jit(jax.vmap(lambda one: layer(one)))(x)
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)
