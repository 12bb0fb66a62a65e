"""The contract of every network that reads step by step: padding, batches, gradients, saving, watching."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import small_networks
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell import engine, networks
from trainwell.backend import load_keras
from trainwell.blueprint import Blueprint, FitSettings, code
from trainwell.signals import Observer

SMALL = {
    "cnn": {"filters": (3, 4), "dense": 5, "embedding": 4},
    "resnet": {"filters": (3, 4)},
    "rnn": {"units": 5, "embedding": 4},
    "lstm": {"units": 5, "embedding": 4},
    "gru": {"units": 5, "embedding": 4},
    "transformer": {"width": 8, "heads": 2, "blocks": 1, "feed_forward": 10},
}
# Each network on each kind whose samples end at different places, with settings that look in different directions.
PADDED = [
    ("cnn", "sequence", {}),
    ("cnn", "text", {"activation": "gelu"}),
    ("cnn", "audio", {"normalization": "batch_normalization", "activation": "tanh"}),
    ("resnet", "sequence", {}),
    ("resnet", "audio", {}),
    ("lstm", "sequence", {"layers": 2, "bidirectional": True, "recurrent_dropout": 0.2}),
    ("gru", "sequence", {"pooling": "attention", "normalization": "layer_normalization"}),
    ("rnn", "text", {"pooling": "mean", "dropout": 0.1}),
    ("lstm", "text", {}),
    ("gru", "audio", {}),
    ("transformer", "sequence", {"positions": "sinusoidal", "norm_first": False}),
    ("transformer", "text", {"pooling": "last"}),
    ("transformer", "audio", {"pooling": "max"}),
]
IDS = [f"{name}-{kind}" for name, kind, _ in PADDED]
WRITERS = [
    ("transformer", {}),
    ("transformer", {"positions": "sinusoidal", "norm_first": False}),
    ("lstm", {"layers": 2}),
]


@cache
def built(place: int, task: str = "multiclass"):
    name, kind, given_settings = PADDED[place]
    data = small_networks.made(kind, task)
    return data, networks.build(name, data, steps=100, seed=1, **SMALL[name], **given_settings).model


def inputs(kind, ends, seed):
    """Six samples whose ends are given in steps of 11 (sound: in hundreds of samples)."""
    random = np.random.default_rng(seed)
    x = small_networks.made(kind, "multiclass", samples=6, seed=seed, same_length=True).train.x
    x = np.concatenate([x, x])[:6].copy()
    if kind == "audio":
        x = random.normal(0, 3000, (6, 1100)).clip(-32768, 32767).astype("int16")
    if kind == "text":
        x = random.integers(1, 20, (6, 11)).astype("int32")
    for row, end in zip(x, ends, strict=True):
        row[end * (100 if kind == "audio" else 1) :] = small_networks.STEP if kind == "sequence" else 0
    return x


@settings(max_examples=5, deadline=None)
@given(
    ends=st.lists(st.integers(1, 11), min_size=6, max_size=6),
    more=st.sampled_from([1, 6]),
    seed=st.integers(0, 1000),
)
@pytest.mark.parametrize("place", range(len(PADDED)), ids=IDS)
def test_padding_and_neighbours_never_change_a_prediction(place, ends, more, seed):
    _, model = built(place)
    kind = PADDED[place][1]
    x = inputs(kind, ends, seed)
    expected = model.predict_on_batch(x)
    longer = small_networks.lengthened(x, more * (77 if kind == "audio" else 1))
    assert np.allclose(model.predict_on_batch(longer), expected, atol=1e-5)
    among_others = np.concatenate([x[:1], inputs(kind, ends[::-1], seed + 1)[1:]])
    assert np.allclose(model.predict_on_batch(among_others)[0], expected[0], atol=1e-5)
    alone = np.concatenate([model.predict_on_batch(x[place : place + 1]) for place in range(2)])
    assert np.allclose(alone, expected[:2], atol=1e-5)
    assert np.ptp(expected, axis=0).max() > 1e-4, "all samples get the same answer, so nothing was tested"


def loss_of(model, data, count=8):
    """(weights) -> loss in training mode without dropout, as JAX sees it, and the weights."""
    import jax

    x, y = data.train.x[:count], data.train.y[:count]
    others = [v.value for v in model.non_trainable_variables]

    def loss(weights):
        predictions, _ = model.stateless_call(weights, others, x, training=False)
        return model.compute_loss(x, y, predictions)

    return jax.jit(loss), jax.jit(jax.grad(loss)), [v.value for v in model.trainable_variables]


@pytest.mark.parametrize("place", [0, 2, 5, 6, 9, 10], ids=[IDS[n] for n in (0, 2, 5, 6, 9, 10)])
def test_gradients_equal_differences_and_padding_never_reaches_them(place):
    name, kind, given_settings = PADDED[place]
    data = small_networks.made(kind, "multiclass")
    smooth = {"activation": "tanh", "dropout": 0.0, **{k: v for k, v in given_settings.items() if "dropout" not in k}}
    model = networks.build(name, data, **SMALL[name], **smooth).model
    loss, gradient, weights = loss_of(model, data)
    gradients = [np.asarray(g) for g in gradient(weights)]
    assert all(np.isfinite(g).all() for g in gradients)
    random = np.random.default_rng(0)
    way = [random.normal(size=w.shape).astype("float32") for w in weights]
    length = np.sqrt(sum((d**2).sum() for d in way))
    way = [d / length for d in way]
    step = 0.01
    ahead, back = (float(loss([w + s * d for w, d in zip(weights, way, strict=True)])) for s in (step, -step))
    slope = sum(float((g * d).sum()) for g, d in zip(gradients, way, strict=True))
    # float32: the loss is known to 1e-7, the difference to 1e-5; the curvature adds about step squared
    assert (ahead - back) / (2 * step) == pytest.approx(slope, rel=0.02, abs=2e-4)


@pytest.mark.parametrize(("name", "given_settings"), WRITERS)
def test_a_language_model_never_looks_ahead(name, given_settings):
    data = small_networks.made("text", "language_model")
    model = networks.build(name, data, **SMALL[name], **given_settings).model
    x = data.test.x[:2].copy()
    before = model.predict_on_batch(x)
    assert before.shape == (2, 11, 20)
    for place in (1, 6, 10):
        changed = x.copy()
        changed[:, place] = 1 + changed[:, place] % 19
        after = model.predict_on_batch(changed)
        assert np.allclose(after[:, :place], before[:, :place], atol=1e-6)
        assert not np.allclose(after[:, place], before[:, place], atol=1e-6)


@pytest.mark.parametrize("place", range(len(PADDED)), ids=IDS)
def test_saved_and_loaded_in_safe_mode_it_says_the_same(place, tmp_path):
    data, model = built(place)
    model.save(tmp_path / "model.keras")
    loaded = load_keras().saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.allclose(loaded.predict_on_batch(data.test.x[:6]), model.predict_on_batch(data.test.x[:6]), atol=1e-6)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]


@pytest.mark.parametrize("place", range(len(PADDED)), ids=IDS)
def test_the_blueprint_and_the_code_build_the_same(place, tmp_path):
    name, kind, given_settings = PADDED[place]
    data = small_networks.made(kind, "binary")
    models = [networks.build(name, data, steps=100, seed=s, **SMALL[name], **given_settings).model for s in (3, 3)]
    fit = FitSettings(1, 1, seed=3)
    first, second = (Blueprint.of(model, fit, {}) for model in models)
    assert first.hash == second.hash
    rebuilt = first.build()
    assert Blueprint.of(rebuilt, fit, {}).hash == first.hash
    for a, b in zip(models[0].get_weights(), rebuilt.get_weights(), strict=True):
        assert np.array_equal(a, b)
    space = {"x": data.train.x[:4], "y": data.train.y[:4]}
    source = code(first)
    exec(compile(source.partition("model.fit(")[0], "listing", "exec"), space)  # noqa: S102  our own listing
    assert Blueprint.of(space["model"], fit, {}).hash == first.hash


@pytest.mark.parametrize(
    ("name", "kind", "task"), [("transformer", "text", "language_model"), ("lstm", "sequence", "multiclass")]
)
def test_watching_changes_no_bit_and_one_trace_is_enough(name, kind, task):
    data = small_networks.made(kind, task, samples=36)
    results = []
    for observer in (None, Observer()):
        model = networks.build(name, data, steps=9, **SMALL[name]).model
        outcome = engine.train(
            model, data.train.x, data.train.y, epochs=3, batch_size=8, observer=observer, every=2 if observer else None
        )
        assert outcome.traces == 1
        assert all(np.isfinite(row["loss"]) for row in outcome.history)
        results.append(small_networks.everything(model))
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))


@pytest.mark.parametrize(
    ("name", "kind", "given_settings"),
    [
        ("lstm", "sequence", {"units": 16}),
        ("cnn", "audio", {"filters": (4, 8), "dense": 16, "dropout": 0.0}),
        ("resnet", "sequence", {"filters": (8, 16)}),
        ("transformer", "text", {"width": 16, "heads": 2, "blocks": 1, "dropout": 0.0}),
    ],
)
def test_it_learns_a_batch_by_heart(name, kind, given_settings):
    data = small_networks.made(kind, "multiclass")
    model = networks.build(name, data, learning_rate=0.01, **given_settings).model
    history = model.fit(data.train.x, data.train.y, batch_size=20, epochs=80, verbose=0).history
    assert history["loss"][-1] < 0.05
    assert history["accuracy"][-1] == 1.0
