"""Every explanation: found, bilingual, drawn, kept in one file, and without any effect on the model."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainwell.backend import keras_seed, load_keras
from trainwell.errors import FolderError
from trainwell.explain import (
    Example,
    Learned,
    explain,
    explanations,
    load_learned,
    pictures,
    save_learned,
    to_svg,
)
from trainwell.explain.learned import running
from trainwell.explain.learned.calls import hooked, layers_inside, observed, plain_watch
from trainwell.explain.learned.canvas import token_words, words
from trainwell.locales import LANGUAGES

keras = load_keras()
layers, ops = keras.layers, keras.ops
CHINESE = re.compile(r"[㐀-鿿]")
GENERATOR = np.random.default_rng(0)


def _image():
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(3, 3, activation="relu"), layers.Dropout(0.5), layers.Flatten()]
    )
    model.add(layers.Dense(2, "softmax"))
    x = GENERATOR.integers(0, 255, (2, 8, 8, 1)).astype(np.uint8)
    return model, [Example(row[None], "an $x$", "no", (), (), "image") for row in x]


def _text():
    x = keras.Input((None,), dtype="int32")
    hidden = layers.Embedding(9, 8, mask_zero=True)(x)
    hidden = layers.MultiHeadAttention(2, 4, dropout=0.2)(hidden, hidden)
    hidden = layers.Bidirectional(layers.LSTM(3, dropout=0.3, recurrent_dropout=0.3))(hidden)
    model = keras.Model(x, layers.Dense(1, "sigmoid")(hidden))
    rows = [GENERATOR.integers(1, 9, (1, n)) for n in (6, 4)]
    return model, [Example(x, "好评", "差评", tuple("写得很不错$"[: x.shape[1]]), (), "text") for x in rows]


def _table():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4, "relu"), layers.Dense(2)])
    rows = GENERATOR.normal(size=(3, 1, 3)).astype(np.float32)
    return model, [Example(row, "", "", (), ("a", "b_{", "$c"), "table") for row in rows]


def _functions(layer):
    return {name: value for name, value in layer.__dict__.items() if callable(value)}


@pytest.fixture(scope="module")
def found():
    """What is found out about three small networks: name of the explanation -> (model, examples, learned)."""
    together = {}
    for build in (_image, _text, _table):
        with keras_seed(0):
            model, examples = build()
        for one in explain(model, examples):
            together[one.name] = (model, examples, one)
    return together


def test_every_explanation_is_found_and_applies_to_one_of_the_networks(found):
    names = [e.name for e in explanations()]
    folder = Path(running.views.__path__[0])
    assert names == sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert set(found) == set(names)
    assert all(one.left_out is None for _, _, one in found.values())


@pytest.mark.parametrize("explanation", explanations(), ids=lambda e: e.name)
def test_every_explanation_speaks_both_languages_and_labels_its_axes(explanation, found):
    for text in (explanation.title, explanation.caption):
        assert CHINESE.search(text.zh)
        assert not CHINESE.search(text.en)
    sentences = re.split(r"[.;:?]\s", explanation.caption.en)
    assert len(sentences) >= 2
    one = found[explanation.name][2]
    for language in LANGUAGES:
        (picture,) = pictures([one], language)
        assert (picture.title, picture.caption) == (explanation.title[language], explanation.caption[language])
        svg = to_svg(picture.figure, explanation.name, picture.title)  # a warning would fail here
        assert len(svg) < 700_000
        titled = [a for a in picture.figure.axes if a.get_xlabel() or a.get_ylabel() or a.get_title(loc="left")]
        assert titled
        labels = " ".join(a.get_xlabel() + a.get_ylabel() for a in picture.figure.axes)
        if language == "zh":
            assert CHINESE.search(labels)


def test_the_model_stays_as_it_is():
    """Weights, the state of dropout's generators, what layers do, and the answers."""
    model, examples = _text()
    before = [variable.numpy().copy() for variable in model.variables]
    functions = [_functions(layer) for layer in layers_inside(model)]
    learned = explain(model, examples)
    assert [one.name for one in learned] == ["attention", "gates", "influence", "memory"]
    for variable, old in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)
    assert [_functions(layer) for layer in layers_inside(model)] == functions


def test_one_file_brings_everything_back(found, tmp_path):
    learned = [one for _, _, one in found.values()]
    failed = Learned("memory", {}, running._reason(ValueError("no $luck$\nat all")))
    path = save_learned([*learned[:-1], failed], tmp_path / "learned.npz")
    assert path.stat().st_size < 1_000_000
    back = load_learned(path)
    assert [one.name for one in back] == [one.name for one in [*learned[:-1], failed]]
    for old, new in zip(learned[:-1], back, strict=False):
        assert old.arrays.keys() == new.arrays.keys()
        for name, values in old.arrays.items():
            expected = np.asarray(values)
            close = expected.astype(np.float32) if expected.dtype == np.float64 else expected
            np.testing.assert_array_equal(new.arrays[name], close)
        for language in LANGUAGES:
            (again,), (first,) = pictures([new], language), pictures([old], language)
            assert to_svg(again.figure, "x") == to_svg(first.figure, "x")
    assert back[-1].left_out == failed.left_out


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 and no more")
    np.savez(tmp_path / "pickled.npz", a=np.array([{}], object))
    for name in ("broken.npz", "pickled.npz", "missing.npz"):
        with pytest.raises(FolderError, match=name):
            load_learned(tmp_path / name)
    with pytest.raises(FolderError, match="cannot be written"):
        save_learned([], tmp_path / "missing" / "learned.npz")


def test_one_failing_picture_does_not_cost_the_others(monkeypatch):
    def fails(model, examples):
        raise RuntimeError("three\nlines $of$ trouble")

    broken = tuple(replace(e, measure=fails) if e.name == "filters" else e for e in explanations())
    monkeypatch.setattr(running, "explanations", lambda: broken)
    learned = explain(*_image())
    assert [one.name for one in learned] == ["feature_maps", "filters"]
    assert "RuntimeError: three lines" in learned[1].left_out.en
    shown = pictures(learned, "zh")
    assert [picture.name for picture in shown] == ["feature_maps", "filters"]
    assert CHINESE.search(shown[1].caption)
    assert to_svg(shown[1].figure, "x")


def test_arrays_that_cannot_be_drawn_leave_a_notice():
    (picture,) = pictures([Learned("filters", {"kernel": np.zeros((2, 3, 3, 1))})], "en")
    assert "could not be made" in picture.figure.texts[0].get_text()


def test_without_examples_there_is_nothing_to_show():
    assert explain(_table()[0], ()) == ()


def test_calls_inside_a_loop_are_not_noted():
    """Their values could not leave it: JAX would call them leaked."""
    model = keras.Sequential([keras.Input((3, 2)), layers.GRU(2)])
    assert observed(model, np.zeros((1, 3, 2), np.float32), [model.layers[0].cell]) == []


def test_a_layer_called_twice_is_noted_twice():
    x = keras.Input((2,))
    twice = layers.Dense(2, name="twice")
    model = keras.Model(x, twice(twice(x)))
    first, second = observed(model, np.ones((1, 2), np.float32), [twice])
    np.testing.assert_array_equal(first.arrays["output"], second.arrays["input"])


def test_hooks_go_when_something_fails():
    layer = layers.Dense(2)
    layer.build((None, 3))

    def fails(layer, own, args, kwargs):
        plain_watch(layer, own, args, kwargs)
        raise RuntimeError("in the hook")

    with pytest.raises(RuntimeError, match="in the hook"), hooked([(layer, fails)]):
        layer(np.ones((1, 3), np.float32))
    assert "call" not in layer.__dict__
    assert layer(np.ones((1, 3), np.float32)).shape == (1, 2)


def test_a_network_in_half_precision_is_explained():
    policy = "mixed_bfloat16"
    model = keras.Sequential([keras.Input((4, 2)), layers.GRU(3, dtype=policy), layers.Dense(2, "softmax")])
    example = Example(np.ones((1, 4, 2), np.float32), "", "", (), (), "sequence")
    learned = explain(model, (example,))
    assert [(one.name, one.left_out) for one in learned] == [("gates", None), ("memory", None)]


@pytest.mark.parametrize("text", ["$", "a\\b_{c}^$", "\x00\ud7ff", "\t\n "])
def test_any_text_can_be_drawn(text):
    from trainwell.explain.learned.canvas import empty_figure

    figure = empty_figure(1)
    figure.text(0, 0, words(text))
    figure.text(0, 0.5, token_words(text))
    assert "<svg" in to_svg(figure, "x")


def test_the_room_loads_nothing_heavy():
    heavy = ("jax", "keras", "matplotlib", "scipy", "sklearn", "PIL")
    code = f"import sys, trainwell.explain as e; e.explanations(); print([n for n in {heavy} if n in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
