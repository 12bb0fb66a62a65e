"""Attention weights: those of Keras, over real tokens only, with the right summary."""

from __future__ import annotations

import numpy as np
import pytest

from trainwell.backend import keras_seed, load_keras
from trainwell.explain import Example
from trainwell.explain.learned.views import attention

keras = load_keras()
layers, ops = keras.layers, keras.ops
TOKENS = Example(np.array([[1, 2, 3, 4, 5]]), "a", "b", ("one", "two", "three", "four", "five"), (), "text")


def transformer(length=None, *, causal=False, blocks=1, mask_zero=True, **settings):
    with keras_seed(5):
        x = keras.Input((length,), dtype="int32")
        hidden = layers.Embedding(9, 8, mask_zero=mask_zero, embeddings_initializer="orthogonal")(x)
        for number in range(1, blocks + 1):
            layer = layers.MultiHeadAttention(2, 4, name=f"block_{number}_attention", **settings)
            hidden = hidden + layer(hidden, hidden, use_causal_mask=causal)
        return keras.Model(x, layers.Dense(1, "sigmoid")(layers.GlobalAveragePooling1D()(hidden)))


def test_the_weights_are_those_that_keras_returns():
    model = transformer(dropout=0.3)
    embedded = model.layers[1](TOKENS.x)
    layer = model.get_layer("block_1_attention")
    _, expected = layer(embedded, embedded, return_attention_scores=True)
    arrays = attention.measure(model, (TOKENS,))
    np.testing.assert_allclose(arrays["weights_0"], expected[0], atol=1e-3)  # kept in float16
    assert arrays["tokens"].tolist() == list(TOKENS.steps)


@pytest.mark.parametrize("causal", [False, True])
def test_each_row_sums_to_one_and_padding_gets_nothing(causal):
    model = transformer(12, causal=causal)  # 5 real tokens of 12
    arrays = attention.measure(model, (TOKENS,))
    weights = np.asarray(arrays["weights_0"], np.float32)
    assert weights.shape == (2, 5, 5)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=5e-3)  # so nothing went to the 7 padded ones
    assert (np.triu(weights, 1) == 0).all() == causal
    free = attention.measure(transformer(causal=causal), (TOKENS,))
    np.testing.assert_allclose(free["weights_0"], arrays["weights_0"], atol=1e-3)


def test_a_mask_that_the_network_makes_itself_leaves_padding_out_too():
    x = keras.Input((None,), dtype="int32")
    tokens = layers.Embedding(9, 8)(x)
    real = ops.expand_dims(ops.not_equal(x, 0), 1)
    model = keras.Model(x, layers.MultiHeadAttention(2, 4)(tokens, tokens, attention_mask=real))
    padded = Example(np.array([[1, 2, 3, 0, 0]]), "", "", (), (), "text")
    weights = np.asarray(attention.measure(model, (padded,))["weights_0"], np.float32)
    assert weights.shape == (2, 3, 3)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=5e-3)


def test_a_layer_that_never_holds_its_weights_shows_them_all_the_same():
    plain = attention.measure(transformer(), (TOKENS,))
    model = transformer(flash_attention=True)
    fused = attention.measure(model, (TOKENS,))
    np.testing.assert_array_equal(fused["weights_0"], plain["weights_0"])
    assert model.get_layer("block_1_attention")._flash_attention


def test_even_attention_has_all_bits_and_a_known_distance():
    model = transformer()
    layer = model.get_layer("block_1_attention")
    layer.query_dense.set_weights([np.zeros_like(w) for w in layer.query_dense.get_weights()])
    arrays = attention.measure(model, (TOKENS,))
    np.testing.assert_allclose(arrays["entropy_0"], np.log2(5), rtol=1e-5)
    apart = np.abs(np.arange(5)[:, None] - np.arange(5)).mean()  # 1.6
    np.testing.assert_allclose(arrays["distance_0"], apart, rtol=1e-5)


def test_looking_at_something_else_has_no_distance():
    x = keras.Input((None,), dtype="int32")
    tokens = layers.Embedding(9, 8)(x)
    memory = layers.Dense(8)(tokens)[:, :3]
    model = keras.Model(x, layers.MultiHeadAttention(2, 4)(tokens, memory))
    arrays = attention.measure(model, (TOKENS,))
    assert arrays["weights_0"].shape == (2, 5, 3)
    assert np.isnan(arrays["distance_0"]).all()
    assert attention.draw(arrays, "en").axes


@pytest.mark.parametrize(
    "layer", [lambda t: layers.Attention()([t, t]), lambda t: layers.GroupQueryAttention(4, 4, 2)(t, t)]
)
def test_other_layers_of_attention_are_shown_too(layer):
    x = keras.Input((None,), dtype="int32")
    model = keras.Model(x, layer(layers.Embedding(9, 8)(x)))
    arrays = attention.measure(model, (TOKENS,))
    weights = np.asarray(arrays["weights_0"], np.float32)
    assert weights.shape[1:] == (5, 5)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=5e-3)


def test_of_many_layers_and_tokens_some_are_kept():
    long = Example(np.arange(60)[None] % 8 + 1, "", "", tuple(map(str, range(60))), (), "text")
    arrays = attention.measure(transformer(blocks=6), (long,))
    assert [str(arrays[f"layer_{k}"]) for k in range(4)] == [f"block_{n}_attention" for n in (1, 3, 4, 6)]
    assert arrays["weights_3"].shape == (2, 40, 40)
    assert len(arrays["tokens"]) == 40
    assert arrays["tokens_0"].tolist() == [60, 60]


def test_no_attention_no_picture():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(1)])
    assert attention.measure(model, (TOKENS,)) is None
