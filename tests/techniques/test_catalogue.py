"""What holds for every technique, and how techniques are found."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from trainwell.errors import UnknownNameError
from trainwell.locales import Text
from trainwell.techniques import Technique, all_techniques, families, find

CHINESE = re.compile(r"[㐀-鿿]")
# Names that are the same in Chinese; everything else a person reads must be translated.
SAME_IN_BOTH = {"Adam", "AdamW", "RMSprop"}
every_technique = pytest.mark.parametrize("technique", all_techniques(), ids=lambda t: f"{t.family}-{t.name}")

# DESIGN.md, "What it covers": these must be there.
EXPECTED = {
    "activation": "linear sigmoid tanh relu leaky_relu elu selu gelu silu softmax",
    "initializer": "glorot_uniform glorot_normal he_uniform he_normal lecun_uniform lecun_normal orthogonal "
    "zeros too_large",
    "clipping": "clip_value clip_norm global_clip_norm",
    "optimizer": "sgd momentum nesterov rmsprop adam adamw",
    "schedule": "constant warmup cosine linear exponential step inverse_time",
    "regularizer": "l1 l2 l1_l2 dropout spatial_dropout recurrent_dropout weight_decay early_stopping label_smoothing",
    "normalization": "batch_normalization layer_normalization",
}


def texts(technique: Technique) -> list[Text]:
    descriptions = [parameter.description for parameter in technique.parameters]
    return [technique.title, technique.summary, technique.use_when, technique.avoid_when, *descriptions]


def test_every_technique_of_the_design_is_there() -> None:
    found = {name: [technique.name for technique in family] for name, family in families().items()}
    assert found == {name: names.split() for name, names in EXPECTED.items()}


@every_technique
def test_texts_are_in_both_languages(technique: Technique) -> None:
    for text in texts(technique):
        assert text.en
        assert not CHINESE.search(text.en)
        assert CHINESE.search(text.zh) or text.zh in SAME_IN_BOTH
    for text in (technique.summary, technique.use_when, technique.avoid_when):
        assert text.en.endswith(".")
        assert text.zh.endswith("。")
        assert not re.search(r"[㐀-鿿][,;:?!]", text.zh), "half-width punctuation after a Chinese character"


def test_families_are_described_in_both_languages() -> None:
    for name, family in families().items():
        assert name == family.name
        assert len(family) == len(family.techniques) > 0
        for text in (family.title, family.question):
            assert text.en
            assert CHINESE.search(text.zh)


@every_technique
def test_formula_source_and_option_are_given(technique: Technique) -> None:
    assert technique.formula.strip()
    assert len(technique.formula.splitlines()) <= 2
    assert technique.source.title
    assert technique.source.authors
    assert 1950 < technique.source.year < 2030
    assert technique.source.link is None or technique.source.link.startswith("https://")
    assert str(technique.source.year) in str(technique.source)
    assert technique.option.startswith("--")
    assert technique.family in families()


@every_technique
def test_every_spelling_finds_its_technique(technique: Technique) -> None:
    for spelling in (technique.name, *technique.aliases):
        for written in (spelling, spelling.upper(), spelling.replace("_", "-"), spelling.replace("_", "")):
            assert find(written, technique.family) is technique


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        # as Keras, PyTorch or the papers write them
        ("swish", "silu"),
        ("LeakyReLU", "leaky_relu"),
        ("xavier_uniform", "glorot_uniform"),
        ("glorot", "glorot_uniform"),
        ("kaiming_normal", "he_normal"),
        ("HeNormal", "he_normal"),
        ("he", "he_normal"),
        ("clipnorm", "clip_norm"),
        ("global_clipnorm", "global_clip_norm"),
        ("AdamW", "adamw"),
        ("BatchNormalization", "batch_normalization"),
        ("L1L2", "l1_l2"),
    ],
)
def test_usual_spellings_are_understood(spelling: str, name: str) -> None:
    assert find(spelling).name == name


def test_a_name_in_two_families_is_found_in_each() -> None:
    assert find("linear").family == "activation"
    assert find("linear", "schedule").family == "schedule"


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean relu") as caught:
        find("rellu", "activation")
    assert "relu" in caught.value.near
    assert "激活函数" in caught.value.text("zh")
    with pytest.raises(UnknownNameError, match="unknown family of techniques 'activations'; did you mean activation"):
        find("relu", "activations")


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, trainwell.techniques as t, trainwell.explain\n"
        "t.all_techniques(); t.find('relu').function(1.0)\n"
        "print([m for m in ('keras', 'jax', 'scipy', 'sklearn', 'matplotlib', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
