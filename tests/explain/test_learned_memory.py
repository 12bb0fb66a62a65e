"""Memory of recurrent networks: the gradients are right, padding does not count, the memory length is what it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.backend import keras_seed, load_keras
from trainwell.errors import ModelError
from trainwell.explain import Example
from trainwell.explain.learned.answer import answer_of, pull_at
from trainwell.explain.learned.example import batched
from trainwell.explain.learned.recurrent import recurrent_layers
from trainwell.explain.learned.views import memory

keras = load_keras()
layers = keras.layers


def sequence(steps: int, channels: int = 2, seed: int = 0) -> Example:
    x = np.random.default_rng(seed).normal(size=(1, steps, channels)).astype(np.float32)
    return Example(x, "a", "b", (), (), "sequence")


def network(cell, outputs=3, activation="softmax", channels=2):
    with keras_seed(3):
        return keras.Sequential(
            [keras.Input((None, channels)), layers.Masking(-9.0), cell, layers.Dense(outputs, activation=activation)]
        )


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_chain_that_keeps_a_share_of_its_memory_loses_exactly_that_share_by_step(keep):
    chain = layers.SimpleRNN(1, activation="linear", use_bias=False, name="chain")
    model = keras.Sequential([keras.Input((None, 1)), chain, layers.Dense(1, use_bias=False)])
    chain.set_weights([np.ones((1, 1)), np.full((1, 1), keep)])
    arrays = memory.measure(model, (sequence(20, 1), sequence(20, 1, seed=1)))
    np.testing.assert_allclose(arrays["mean"], keep ** np.arange(20.0), rtol=1e-4)
    assert memory.reach(arrays["mean"], memory.FAR) == min(19, int(np.log(0.01) / np.log(keep)))


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "linear"])
def test_the_gradient_is_that_of_finite_differences(activation):
    outputs = 1 if activation == "sigmoid" else 3
    model = network(layers.GRU(4), outputs, activation)
    example = sequence(5)
    batch = batched(model, (example,))
    answer = answer_of(model, batch)
    pull = pull_at(model, batch, answer, recurrent_layers(model)[0], "input")

    width = 1e-2  # float32: the best step for central differences is near the cube root of its precision
    moves = width * np.eye(10, dtype=np.float32).reshape(10, 5, 2)
    hidden = np.asarray(model.layers[1](np.concatenate([example.x + moves, example.x - moves])))
    kernel, bias = model.layers[2].get_weights()
    logits = np.array([answer.take((row @ kernel + bias)[None])[0] for row in hidden])
    expected = (logits[:10] - logits[10:]) / (2 * width)
    np.testing.assert_allclose(pull.gradient.reshape(-1), expected, atol=2e-3)


def test_a_network_that_is_sure_still_has_a_memory():
    """The gradient of a probability of 1.0 is 0 in float32; that of its logit is not."""
    model = network(layers.LSTM(4))
    kernel, _ = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, np.array([200.0, 0.0, 0.0])])
    example = sequence(6)
    assert model.predict(example.x, verbose=0)[0, 0] == 1.0
    arrays = memory.measure(model, (example,))
    assert arrays["one"].max() == pytest.approx(1)
    assert (arrays["one"] > 1e-6).all()
    assert keras.activations.softmax is model.layers[-1].activation


@pytest.mark.parametrize("cell", [layers.SimpleRNN(3), layers.Bidirectional(layers.GRU(3))])
def test_padding_is_no_part_of_the_memory(cell):
    model = network(cell)
    short = sequence(4)
    alone = memory.measure(model, (short,))
    beside = memory.measure(model, (short, sequence(9, seed=1)))
    assert alone["one"].shape == beside["one"].shape == (4,)
    np.testing.assert_allclose(alone["one"], beside["one"], rtol=1e-3)


def test_a_network_that_masks_nothing_takes_examples_of_one_length_only():
    model = keras.Sequential([keras.Input((None, 2)), layers.GRU(3), layers.Dense(1)])
    arrays = memory.measure(model, (sequence(4), sequence(9, seed=1), sequence(4, seed=2)))
    assert int(arrays["examples"]) == 2


def test_tokens_of_a_text_stand_beside_their_steps():
    model = keras.Sequential(
        [keras.Input((None,)), layers.Embedding(9, 4, mask_zero=True), layers.GRU(3), layers.Dense(1, "sigmoid")]
    )
    words = Example(np.array([[1, 2, 3]]), "", "", ("we", "have", "$"), (), "text")
    long = Example(np.arange(50)[None] % 8 + 1, "", "", tuple(map(str, range(50))), (), "text")
    arrays = memory.measure(model, (words, long))
    assert arrays["tokens"].tolist() == ["we", "have", "$"]
    assert arrays["one"].shape == (3,)
    arrays = memory.measure(model, (long, words))
    assert arrays["tokens"].tolist() == [str(k) for k in range(10, 50)]
    assert int(arrays["first"]) == 10


def test_an_answer_that_no_step_reaches_says_so():
    model = network(layers.GRU(3, name="deaf"))
    model.layers[-1].set_weights([np.zeros((3, 3)), np.zeros(3)])
    with pytest.raises(ModelError, match="deaf"):
        memory.measure(model, (sequence(4),))


def test_no_recurrent_layer_no_memory():
    model = keras.Sequential([keras.Input((4, 2)), layers.Flatten(), layers.Dense(1)])
    assert memory.measure(model, (sequence(4),)) is None


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20), st.floats(0.001, 1))
def test_the_reach_is_the_furthest_step_that_still_counts(values, share):
    influence = np.array(values)
    far = memory.reach(influence, share)
    assert influence[far] >= share * influence.max()
    assert (influence[far + 1 :] < share * influence.max()).all()
