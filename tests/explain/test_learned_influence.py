"""What moved the answer: exact where the network is linear."""

from __future__ import annotations

import numpy as np
import pytest

from trainwell.backend import keras_seed, load_keras
from trainwell.explain import Example
from trainwell.explain.learned.views import influence

keras = load_keras()
layers, ops = keras.layers, keras.ops


def text(*tokens, words=()):
    return Example(np.array([tokens]), "spam", "spam (90%)", tuple(words), (), "text")


def table(rows, names=()):
    return tuple(Example(row[None].astype(np.float32), "", "", (), tuple(names), "table") for row in rows)


def bag(bias=0.0):
    """The logit is the sum of one number per token."""
    model = keras.Sequential(
        [keras.Input((None,)), layers.Embedding(6, 1, mask_zero=True), layers.GlobalAveragePooling1D()]
    )
    model.add(layers.Dense(1, activation="sigmoid"))
    model.layers[0].set_weights([np.array([[9.0], [4.0], [-2.0], [1.0], [0.0], [-8.0]])])
    model.layers[-1].set_weights([np.array([[1.0]]), np.array([bias])])
    return model


def test_in_a_linear_network_each_token_has_its_own_share():
    arrays = influence.measure(bag(), (text(1, 2, 3, 4, words=["buy", "not", "now", "."]), text(1, 1)))
    np.testing.assert_allclose(arrays["shares_0"], [1.0, -0.5, 0.25, 0.0], atol=1e-6)
    assert arrays["tokens_0"].tolist() == ["buy", "not", "now", "."]
    assert arrays["shares_1"].shape == (2,)


def test_for_the_other_class_the_signs_turn():
    """The network says no (logit -1.25): what speaks for a no is positive."""
    arrays = influence.measure(bag(bias=-2.0), (text(1, 2, 3, 4),))
    np.testing.assert_allclose(arrays["shares_0"], [-1.0, 0.5, -0.25, 0.0], atol=1e-6)


def test_the_embedding_of_positions_is_not_taken_for_that_of_tokens():
    with keras_seed(1):
        x = keras.Input((None,), dtype="int32")
        places = layers.Embedding(20, 4, name="positions")(ops.cumsum(ops.ones_like(x), axis=1) - 1)
        hidden = layers.Embedding(6, 4, name="tokens", embeddings_initializer="zeros")(x) + places
        model = keras.Model(x, layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D()(hidden)))
    arrays = influence.measure(model, (text(1, 2, 3),))
    assert (arrays["shares_0"] == 0).all()  # embeddings of 0 times any gradient


def test_of_a_long_text_the_part_that_counts_is_shown():
    tokens = [4] * 100 + [1] + [4] * 100
    arrays = influence.measure(bag(), (text(*tokens),))
    start, count = arrays["part_0"].tolist()
    assert count == 201
    assert start <= 100 < start + 60
    assert len(arrays["shares_0"]) == 60
    figure = influence.draw(arrays, "en")
    assert any("of 201" in t.get_text() for t in figure.axes[0].texts)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_column_counts_by_its_weight_and_its_spread(scaled):
    rows = np.random.default_rng(0).normal(size=(8, 3)) * [1.0, 10.0, 0.1] + 5
    names = ("age", "income", "height")
    start = [layers.Normalization(mean=[0, 0, 0], variance=[1, 4, 9])] if scaled else []
    model = keras.Sequential([keras.Input((3,)), *start, layers.Dense(1)])
    weights = np.array([2.0, 0.1, -3.0])
    model.layers[-1].set_weights([weights[:, None], np.zeros(1)])
    arrays = influence.measure(model, table(rows, names))
    spread = rows.astype(np.float32).std(axis=0)
    expected = np.abs(weights) * (1.0 if scaled else spread)  # scaled: (weight / std) x std
    order = np.argsort(-expected)
    assert arrays["columns"].tolist() == [names[k] for k in order]
    np.testing.assert_allclose(arrays["change"].mean(axis=0), expected[order], rtol=1e-4)


def test_a_category_that_is_looked_up_counts_too():
    x = keras.Input((2,))
    effect = layers.Embedding(3, 1, name="category")(ops.cast(x[:, 0], "int32"))
    model = keras.Model(x, effect + 0.5 * x[:, 1:])
    model.get_layer("category").set_weights([np.array([[0.0], [4.0], [8.0]])])
    rows = np.array([[0, 1], [1, -1], [2, 1], [2, -1]], float)
    arrays = influence.measure(model, table(rows))
    assert arrays["numbers"].tolist() == [1, 2]
    # from 0: to 4 and 8 away, and 0; from 4: 4, 4, 0; from 8: 8, 4, 0; over the three values
    np.testing.assert_allclose(arrays["change"][:, 0], [4, 8 / 3, 4, 4], rtol=1e-4)
    np.testing.assert_allclose(arrays["change"][:, 1], 0.5, rtol=1e-4)


def test_a_missing_number_leaves_the_rest_of_the_picture():
    x = keras.Input((2,))
    filled = ops.where(ops.isnan(x), ops.zeros_like(x), x)
    model = keras.Model(x, layers.Dense(1, kernel_initializer="ones")(filled))
    arrays = influence.measure(model, table(np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])))
    assert np.isfinite(arrays["change"]).all()


def test_fifteen_columns_are_shown_of_many():
    model = keras.Sequential([keras.Input((20,)), layers.Dense(3, "softmax")])
    arrays = influence.measure(model, table(np.random.default_rng(0).normal(size=(3, 20))))
    assert arrays["change"].shape == (3, 15)
    assert "15" in influence.draw(arrays, "zh").axes[0].get_title(loc="left")


def test_pictures_and_sequences_have_no_columns():
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(1)])
    example = Example(np.zeros((1, 4, 4, 1), np.float32), "", "", (), (), "image")
    assert influence.measure(model, (example,)) is None
