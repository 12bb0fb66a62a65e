"""Filters and feature maps: the numbers are those of the layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.backend import keras_seed, load_keras
from trainwell.explain import Example
from trainwell.explain.learned.convolutions import shrunk, side_by_side
from trainwell.explain.learned.views import feature_maps, filters

keras = load_keras()
layers, ops = keras.layers, keras.ops


def image(height=6, width=7, channels=1, kind="image"):
    x = np.random.default_rng(0).integers(0, 255, (1, height, width, channels)).astype(np.uint8)
    return Example(x, "seven", "seven (98%)", (), (), kind)


def test_maps_stand_behind_normalisation_and_activation_but_before_a_sum():
    with keras_seed(2):
        x = keras.Input((6, 7, 1))
        first = layers.Conv2D(4, 3, padding="same", name="first")(layers.Rescaling(1 / 255)(x))
        first = layers.ReLU()(layers.BatchNormalization()(first))
        second = layers.Conv2D(4, 3, padding="same", name="second")(first)
        normed = layers.BatchNormalization()(second)
        added = layers.ReLU()(layers.Add()([first, normed]))
        model = keras.Model(x, layers.Dense(2)(layers.Flatten()(added)))
    example = image()
    arrays = feature_maps.measure(model, (example,))
    inner = keras.Model(x, [first, normed])
    for place, expected in enumerate(np.asarray(o)[0] for o in inner(example.x)):
        order = np.argsort(-expected.std(axis=(0, 1)), kind="stable")
        np.testing.assert_allclose(arrays[f"maps_{place}"], np.moveaxis(expected[..., order], -1, 0), atol=2e-3)
    assert [str(arrays[f"layer_{place}"]) for place in (0, 1)] == ["first", "second"]
    np.testing.assert_array_equal(arrays["picture"], example.x[0, ..., 0])


def test_the_time_of_a_sound_runs_from_left_to_right():
    """A sound that is loud in its second half only; the network has time as its first axis."""
    x = keras.Input((None,), dtype="int16")
    sound = ops.cast(x, "float32") / 32768
    mel = layers.MelSpectrogram(
        fft_length=64, sequence_stride=32, sampling_rate=8000, num_mel_bins=10, min_freq=50, power_to_db=False
    )(sound)
    turned = ops.log(ops.transpose(mel, (0, 2, 1)) + 1e-6)[..., None]
    model = keras.Model(x, layers.Conv2D(3, (5, 3), padding="same", kernel_initializer="ones")(turned))
    time = np.arange(2000)
    loud = (3000 * np.sin(time) * (time > 1000)).astype(np.int16)[None]
    example = Example(loud, "", "", (), (), "audio", 1 / 8000)
    arrays = feature_maps.measure(model, (example,))
    picture = arrays["picture"]
    assert picture.shape[0] == 10
    half = picture.shape[1] // 2
    assert picture[:, half + 2 :].mean() > picture[:, : half - 2].mean() + 20  # decibels
    maps = np.asarray(arrays["maps_0"], np.float32)
    assert maps.shape[1] == 10
    assert maps[0][:, half + 4 :].mean() > maps[0][:, : half - 4].mean()
    assert float(arrays["duration"]) == pytest.approx(0.25)
    labels = [a.get_ylabel() + a.get_xlabel() for a in feature_maps.draw(arrays, "en").axes]
    assert any("Hz" in text and "seconds" in text for text in labels)


def test_at_most_six_layers_and_eight_maps_of_bounded_size():
    model = keras.Sequential([keras.Input((150, 90, 3)), layers.DepthwiseConv2D(2, depth_multiplier=4, name="conv_0")])
    for number in range(1, 8):
        model.add(layers.DepthwiseConv2D(2, padding="same", name=f"conv_{number}"))
        model.add(layers.Conv2D(12, 1, name=f"mix_{number}"))
    arrays = feature_maps.measure(model, (image(150, 90, 3),))
    assert [str(arrays[f"layer_{k}"]) for k in range(6)] == [f"conv_{n}" for n in (0, 1, 3, 4, 6, 7)]
    assert "maps_6" not in arrays
    assert arrays["maps_0"].shape == (8, 50, 45)
    assert arrays["picture"].shape == (150, 90, 3)
    assert 0 <= arrays["picture"].min() <= arrays["picture"].max() <= 1


@pytest.mark.parametrize(("channels", "kept"), [(1, 1), (3, 3), (5, 1)])
def test_the_filters_are_the_kernel(channels, kept):
    model = keras.Sequential([keras.Input((6, 7, channels)), layers.Conv2D(70, 3, name="first"), layers.Conv2D(2, 2)])
    arrays = filters.measure(model, (image(channels=channels),))
    kernel = model.layers[0].get_weights()[0]
    kernel = kernel.mean(axis=2, keepdims=True) if kept != channels else kernel
    np.testing.assert_allclose(arrays["kernel"], np.moveaxis(kernel, -1, 0)[:64], atol=1e-3)
    assert int(arrays["filters"]) == 70
    assert str(arrays["layer"]) == "first"
    assert "64 of 70" in filters.draw(arrays, "en").axes[0].get_title(loc="left")


@pytest.mark.parametrize("channels", [1, 3, 12])
def test_filters_over_steps_are_drawn(channels):
    model = keras.Sequential([keras.Input((9, channels)), layers.SeparableConv1D(6, 4), layers.Conv1D(5, 3)])
    names = tuple(f"sensor ${c}$" for c in range(channels))
    example = Example(np.ones((1, 9, channels), np.float32), "", "", (), names, "sequence")
    arrays = filters.measure(model, (example,))
    assert arrays["kernel"].shape[1] == 4
    assert "steps" in filters.draw(arrays, "en").get_suptitle()


def test_words_have_no_filters_to_look_at():
    model = keras.Sequential([keras.Input((9,)), layers.Embedding(5, 4), layers.Conv1D(5, 3)])
    assert filters.measure(model, (Example(np.ones((1, 9), np.int32), "", "", (), (), "text"),)) is None
    assert feature_maps.measure(model, (Example(np.ones((1, 9), np.int32), "", "", (), (), "text"),)) is None


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 20))
def test_shrinking_keeps_the_range_and_the_bound(height, width, most):
    values = np.random.default_rng(height * width).normal(size=(height, width))
    small = shrunk(values, most)
    assert max(small.shape) <= most
    assert values.min() - 1e-9 <= small.min() <= small.max() <= values.max() + 1e-9


@given(st.integers(1, 9), st.integers(1, 30), st.integers(1, 30), st.integers(1, 8))
def test_every_small_picture_is_in_the_large_one(count, height, width, columns):
    tiles = np.arange(count, dtype=float)[:, None, None] * np.ones((1, height, width))
    together = side_by_side(tiles, columns)
    found, sizes = np.unique(together[np.isfinite(together)], return_counts=True)
    assert found.tolist() == list(range(count))
    assert len(set(sizes.tolist())) == 1
