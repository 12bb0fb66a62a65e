"""Step by step gives what a pass over the whole text gives; drawing follows temperature, top-k and top-p."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.backend import load_keras
from trainwell.errors import InputError, ModelError
from trainwell.generation import Choosing, Stepper, generate

VOCABULARY, WINDOW = 11, 12


def transformer(norm_first=True, dropout=0.0):
    keras = load_keras()
    layers = keras.layers
    keras.utils.set_random_seed(3)
    tokens = keras.Input((None,), dtype="int32", name="tokens_in")
    places = keras.ops.cumsum(keras.ops.ones_like(tokens), axis=1) - 1
    x = layers.Add()([
        layers.Embedding(VOCABULARY, 16, name="tokens")(tokens),
        layers.Embedding(WINDOW, 16, name="positions")(places),
    ])  # fmt: skip
    for number in (1, 2):
        attention = layers.MultiHeadAttention(2, 8, dropout=dropout, name=f"block_{number}_attention")
        norm = layers.LayerNormalization(name=f"block_{number}_norm")
        if norm_first:
            inner = norm(x)
            x = layers.Add()([x, attention(inner, inner, use_causal_mask=True)])
        else:
            x = norm(layers.Add()([x, attention(x, x, use_causal_mask=True)]))
        x = layers.Dropout(0.3)(layers.Dense(16, "gelu")(x))
    return keras.Model(tokens, layers.Dense(VOCABULARY, name="output")(x), name="writer")


def recurrent(kind):
    keras = load_keras()
    keras.utils.set_random_seed(5)
    return keras.Sequential([
        keras.Input((None,), dtype="int32"),
        keras.layers.Embedding(VOCABULARY, 8),
        getattr(keras.layers, kind)(9, return_sequences=True, dropout=0.2),
        getattr(keras.layers, kind)(7, return_sequences=True),
        keras.layers.Dense(VOCABULARY),
    ])  # fmt: skip


MODELS = {
    "norm_first": lambda: transformer(True),
    "norm_last": lambda: transformer(False),
    "attention_dropout": lambda: transformer(True, 0.4),
    **{kind: (lambda kind=kind: recurrent(kind)) for kind in ("SimpleRNN", "LSTM", "GRU")},
}


@pytest.mark.parametrize("name", MODELS)
def test_a_step_gives_what_the_whole_text_gives(name):
    model = MODELS[name]()
    tokens = np.random.default_rng(0).integers(1, VOCABULARY, (3, WINDOW)).astype(np.int32)
    whole = np.asarray(model(tokens, training=False))
    stepper = Stepper(model, WINDOW)
    memory = stepper.start(3)
    for place in range(WINDOW):
        memory, logits = stepper.step(memory, tokens[:, place])
        np.testing.assert_allclose(logits, whole[:, place], atol=2e-6)


@pytest.mark.parametrize("name", ["norm_first", "GRU"])
def test_greedy_text_is_what_asking_again_and_again_gives(name):
    model = MODELS[name]()
    text = [3, 1, 4]
    for _ in range(WINDOW - 3):
        logits = np.asarray(model(np.asarray([text]), training=False))[0, -1].copy()
        logits[0] = -np.inf
        text.append(int(logits.argmax()))
    made = generate(model, [3, 1, 4], length=WINDOW - 3, window=WINDOW, choosing=Choosing(temperature=0))
    assert list(made) == text[3:]


@pytest.mark.parametrize("name", ["norm_first", "LSTM"])
def test_text_may_be_longer_than_the_window_and_the_seed_fixes_it(name):
    model = MODELS[name]()

    def write(seed, length=50):
        choosing = Choosing(temperature=1.0, top_k=8)
        return list(generate(model, [1], length=length, window=WINDOW, choosing=choosing, seed=seed))

    first = write(0)
    assert len(first) == 50
    assert first == write(0)
    assert first != write(1)
    assert set(first) <= set(range(1, VOCABULARY))  # 0 is padding and never comes
    assert write(0, 7) == first[:7]


@settings(deadline=None, max_examples=40)
@given(
    hundredths=st.lists(st.integers(-500, 500), min_size=2, max_size=9, unique=True),  # no ties: those stay together
    top_k=st.integers(1, 9),
    top_p=st.floats(0.01, 1),
    temperature=st.floats(0.1, 3),
)
def test_kept_tokens_are_the_likeliest_that_reach_the_share(hundredths, top_k, top_p, temperature):
    logits = [value / 100 for value in hundredths]
    kept = np.isfinite(np.asarray(Choosing(temperature, top_k, top_p).kept(np.asarray([logits], np.float32))))[0]
    order = np.argsort(logits)[::-1]
    count = int(kept.sum())
    assert kept[order[:count]].all()  # a prefix of the ranking
    assert 1 <= count <= min(top_k, len(logits))
    scaled = np.sort(np.asarray(logits, np.float64) / temperature)[::-1][:top_k]
    shares = np.exp(scaled - scaled.max())
    shares /= shares.sum()
    if count < len(shares):
        assert shares[:count].sum() >= top_p - 1e-4
    if count > 1:
        assert shares[: count - 1].sum() < top_p + 1e-4


def test_drawn_tokens_have_the_shares_of_the_softmax():
    import jax

    logits = np.log(np.asarray([[0.5, 0.3, 0.2]], np.float32))
    keys = jax.random.split(jax.random.key(0), 4000)
    drawn = np.asarray(jax.vmap(lambda key: Choosing(1.0).choose(logits, key)[0])(keys))
    shares = np.bincount(drawn, minlength=3) / 4000
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=0.035)  # 4 standard errors: 4 sqrt(0.25 / 4000) = 0.032


@pytest.mark.parametrize("settings", [{"temperature": -1}, {"temperature": float("nan")}, {"top_k": 0}, {"top_p": 0}])
def test_values_that_cannot_work_are_refused(settings):
    with pytest.raises(InputError, match=next(iter(settings))):
        Choosing(**settings)


def test_a_network_that_looks_ahead_is_refused():
    keras = load_keras()
    model = keras.Sequential([
        keras.Input((None,), dtype="int32"),
        keras.layers.Embedding(5, 4),
        keras.layers.Bidirectional(keras.layers.GRU(3, return_sequences=True), name="both_ways"),
        keras.layers.Dense(5),
    ])  # fmt: skip
    with pytest.raises(ModelError, match="both_ways"):
        Stepper(model, 8)


def test_a_prompt_is_needed():
    with pytest.raises(InputError, match="prompt"):
        list(generate(recurrent("GRU"), [], length=3, window=8, choosing=Choosing()))
