from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.errors import InputError, SettingError, UnknownNameError
from trainwell.networks import Recipe, recipe, settings
from trainwell.techniques import families, find


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [
        ("relu", "he_normal"),  # He et al. 2015
        ("leaky_relu", "he_normal"),
        ("tanh", "glorot_uniform"),  # Glorot & Bengio 2010
        ("sigmoid", "glorot_uniform"),
        ("selu", "lecun_normal"),  # Klambauer et al. 2017
    ],
)
def test_the_initializer_follows_from_the_activation_and_the_reason_is_said(activation, initializer):
    settled = recipe(activation=activation)
    (choice,) = (c for c in settled.choices if c.setting == "initializer")
    assert settled.initializer == choice.value == initializer
    assert not choice.given
    assert str(find(initializer).source.year) in choice.reason.en
    assert activation in choice.reason.zh


def test_an_initializer_that_does_not_go_with_the_activation_is_taken_and_said():
    (choice,) = (c for c in recipe(activation="relu", initializer="zeros").choices if c.setting == "initializer")
    assert choice.given
    assert "he_normal would go with relu" in choice.text.en


@pytest.mark.parametrize("optimizer", [technique.name for technique in families()["optimizer"]])
def test_the_learning_rate_follows_from_the_optimizer(optimizer):
    assert recipe(optimizer=optimizer).learning_rate == find(optimizer).traits["default_learning_rate"]
    assert recipe(optimizer=optimizer, learning_rate=0.25).learning_rate == 0.25


def test_other_spellings_are_understood():
    settled = recipe(activation="Leaky-ReLU", initializer="xavier_uniform", normalization="bn")
    assert (settled.activation, settled.initializer) == ("leaky_relu", "glorot_uniform")
    assert settled.normalization == "batch_normalization"


def test_none_means_not_given():
    assert recipe(**dict.fromkeys(settings())) == recipe()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"dropout": 1.0}, "rate must be a number, at least 0, below 1"),
        ({"dropout": -0.1}, "rate must be"),
        ({"spatial_dropout": 1}, "rate must be"),
        ({"l1": -1e-9}, "l1 must be"),
        ({"l2": math.inf}, "l2 must be"),
        ({"learning_rate": 0}, "learning_rate must be"),
        ({"learning_rate": math.nan}, "learning_rate must be"),
        ({"learning_rate": "fast"}, "learning_rate must be"),
        ({"clip_norm": -1}, "limit must be"),
        ({"clip_norm": 1, "clip_value": 1}, "only one kind of gradient clipping.*clip_value and clip_norm"),
        ({"weight_decay": -1}, "weight_decay must be"),
        ({"label_smoothing": 1}, "label_smoothing must be"),
        ({"warmup": 1.5}, "warmup must be"),
        ({"warmup": -1}, "warmup must be"),
        ({"warmup": math.inf}, "warmup must be"),
        ({"activation": 3}, "activation must be the name"),
    ],
)
def test_values_out_of_range(asked, said):
    with pytest.raises(SettingError, match=said):
        recipe(**asked)


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ({"activation": "rleu"}, "relu"),
        ({"optimizer": "adm"}, "adam"),
        ({"precision": "mixed_bfloat"}, "mixed_bfloat16"),
        ({"activatoin": "relu"}, "activation"),
        ({"normalization": "batch_normalisation"}, "batch_normalization"),
        ({"schedule": "cosin"}, "cosine"),
    ],
)
def test_unknown_names_list_the_nearest(asked, near):
    with pytest.raises(UnknownNameError) as error:
        recipe(**asked)
    assert near in error.value.near


NUMBERS = st.floats() | st.integers(-3, 300) | st.booleans() | st.text(max_size=3)


@given(st.dictionaries(st.sampled_from(settings()), NUMBERS, max_size=5))
def test_a_recipe_is_sound_or_refused(asked):
    refused: InputError | None = None
    settled: Recipe | None = None
    try:
        settled = recipe(**asked)
    except InputError as error:
        refused = error
    if settled is None:
        assert refused is not None
        assert "\n" not in refused.text("zh")
        return
    assert 0 <= settled.dropout < 1
    assert 0 < settled.learning_rate < math.inf
    assert settled.warmup >= 0
    assert sum(limit is not None for limit in (settled.clip_value, settled.clip_norm, settled.global_clip_norm)) <= 1
    assert {c.setting for c in settled.choices if c.given} == set(asked)


def test_a_recipe_reads_well():
    text = str(recipe(dropout=0.5, clip_norm=1.0, schedule="cosine", warmup=100))
    assert text == (
        "activation relu, initializer he_normal, dropout 0.5, optimizer adam, learning_rate 0.001, clip_norm 1.0, "
        "schedule cosine, warmup 100"
    )
