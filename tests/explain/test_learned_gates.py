"""Gates of LSTM and GRU: the equations with the layer's weights give what the layer itself gives."""

from __future__ import annotations

import numpy as np
import pytest

from trainwell.backend import keras_seed, load_keras
from trainwell.explain import Example
from trainwell.explain.learned.recurrent import directions, gates, recurrent_calls
from trainwell.explain.learned.views import gates as view

keras = load_keras()
layers = keras.layers
X = np.random.default_rng(0).normal(size=(1, 7, 3)).astype(np.float32)
EXAMPLE = Example(X, "a", "b", (), (), "sequence")


def randomised(model):
    """Biases are 0 at the start, and a wrong order of biases would not show."""
    generator = np.random.default_rng(1)
    model.set_weights([generator.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.LSTM(4, return_sequences=True),
        lambda: layers.LSTM(4, return_sequences=True, use_bias=False, recurrent_activation="hard_sigmoid"),
        lambda: layers.GRU(4, return_sequences=True),
        lambda: layers.GRU(4, return_sequences=True, reset_after=False, activation="relu"),
        lambda: layers.GRU(4, return_sequences=True, use_bias=False, implementation=1),
        lambda: layers.RNN(layers.LSTMCell(4), return_sequences=True),
        lambda: layers.LSTM(4, return_sequences=True, go_backwards=True),
    ],
)
def test_the_outputs_are_those_of_the_layer(layer):
    model = randomised(keras.Sequential([keras.Input((None, 3)), layer()]))
    (call,) = recurrent_calls(model, X)
    (way,) = directions(call)
    found = gates(way.layer, way.inputs[0, ::-1] if way.backwards else way.inputs[0])
    np.testing.assert_allclose(found.outputs, model.predict(X, verbose=0)[0], atol=1e-5)
    assert found.values.shape == (len(found.names), 7, 4)
    assert found.values.min() >= 0
    assert found.values.max() <= 1


def test_both_directions_of_a_bidirectional_layer():
    model = keras.Sequential([keras.Input((None, 3)), layers.Bidirectional(layers.LSTM(4, return_sequences=True))])
    randomised(model)
    (call,) = recurrent_calls(model, X)
    forward, backward = directions(call)
    ahead, back = gates(forward.layer, forward.inputs[0]), gates(backward.layer, backward.inputs[0, ::-1])
    together = np.concatenate([ahead.outputs, back.outputs[::-1]], axis=-1)
    np.testing.assert_allclose(together, model.predict(X, verbose=0)[0], atol=1e-5)
    arrays = view.measure(model, (EXAMPLE,))
    assert [arrays[f"layer_{place}"][1] for place in (0, 1)] == ["forward", "backward"]


def test_the_steps_of_the_backward_half_stand_in_the_order_of_the_data():
    """An input of 0 but in the last step: read backwards, that step comes first, and all later ones have seen it."""
    x = np.zeros((1, 7, 3), np.float32)
    x[0, -1] = 5
    model = randomised(keras.Sequential([keras.Input((None, 3)), layers.GRU(4, go_backwards=True)]))
    arrays = view.measure(model, (Example(x, "", "", (), (), "sequence"),))
    bias = model.layers[0].cell.bias.numpy()
    quiet = 1 / (1 + np.exp(-(bias[0, :4] + bias[1, :4])))  # the update gate with neither input nor state
    assert not np.allclose(np.sort(arrays["gates_0"][0, -1]), np.sort(quiet), atol=0.05)


def test_an_open_forget_gate_is_seen_open_and_its_units_stand_on_top():
    model = keras.Sequential([keras.Input((None, 3)), layers.LSTM(4, name="cell")])
    kernel, recurrent, bias = model.get_weights()
    bias[4:8] = [-9, 9, 0, 0]  # the second quarter belongs to the forget gate
    model.set_weights([kernel * 0, recurrent * 0, bias])
    arrays = view.measure(model, (EXAMPLE,))
    forget = np.asarray(arrays["gates_0"][1], np.float32)
    np.testing.assert_allclose(forget, np.tile([1.0, 0.5, 0.5, 0.0], (7, 1)), atol=1e-3)
    assert arrays["names_0"].tolist() == ["input", "forget", "output"]


def test_masked_steps_are_left_out():
    with keras_seed(0):
        model = keras.Sequential([keras.Input((9, 3)), layers.Masking(-5.0), layers.GRU(4), layers.Dense(2)])
    arrays = view.measure(model, (EXAMPLE,))  # 7 steps into a network of 9
    assert arrays["gates_0"].shape == (2, 7, 4)
    alone = keras.Sequential([keras.Input((None, 3)), model.layers[1]])
    free = view.measure(alone, (EXAMPLE,))
    np.testing.assert_array_equal(arrays["gates_0"], free["gates_0"])


def test_what_has_no_gates_or_begins_with_a_memory_is_left_out():
    plain = keras.Sequential([keras.Input((None, 3)), layers.SimpleRNN(4)])
    assert view.measure(plain, (EXAMPLE,)) is None
    x = keras.Input((None, 3))
    state = layers.Dense(4)(layers.GlobalAveragePooling1D()(x))
    begun = keras.Model(x, layers.GRU(4)(x, initial_state=state))
    assert view.measure(begun, (EXAMPLE,)) is None
