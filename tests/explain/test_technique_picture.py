"""Pictures of techniques: every entry has one in both languages, drawn without a warning, with labelled axes."""

from __future__ import annotations

import re

import numpy as np
import pytest

from trainwell.errors import SettingError
from trainwell.explain import picture, terminal_picture, to_svg
from trainwell.explain.technique_curves import panels
from trainwell.explain.terminal_plot import display_width, draw
from trainwell.locales import LANGUAGES
from trainwell.techniques import Source, Technique, all_techniques, find

every_technique = pytest.mark.parametrize("technique", all_techniques(), ids=lambda t: f"{t.family}-{t.name}")
CHINESE = re.compile(r"[㐀-鿿]")


@every_technique
def test_every_technique_has_a_picture_in_both_languages(technique: Technique) -> None:
    for language in LANGUAGES:
        figure = picture(technique, language)
        assert figure.get_suptitle() == technique.title[language]
        for axes in figure.axes:
            names = [text.get_text() for text in axes.get_legend().get_texts()]
            assert len(set(names)) == len(names)
            for label in (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()):
                assert label
                assert bool(CHINESE.search(label)) == (language == "zh")
            for label in (axes.get_xlabel(), axes.get_ylabel()):
                assert re.search(r"[(（].+[)）]$", label), "an axis names its unit in brackets"
    svg = to_svg(figure, technique.name)  # writing lays the figure out; a warning would fail here
    assert technique.title.zh in svg


@every_technique
def test_every_technique_has_a_terminal_picture(technique: Technique) -> None:
    first = panels(technique)[0]
    assert terminal_picture(technique, "en", width=60, height=12) == draw(first, "en", 60, 12)
    for language in LANGUAGES:
        lines = draw(first, language, width=72, height=16).splitlines()
        assert len(lines) == 16
        assert max(display_width(line) for line in lines) <= 72
        assert sum("⠀" <= c <= "⣿" for c in "".join(lines[2:-3])) > 20, "something is drawn"


@every_technique
def test_the_curves_are_numbers(technique: Technique) -> None:
    for panel in panels(technique):
        for line in panel.lines:
            assert line.x.shape == line.y.shape
            assert len(line.x) >= 2
            assert np.all(np.isfinite(line.x))
            assert np.all(np.isfinite(line.y))


def test_a_curve_shows_the_technique() -> None:
    value, slope = panels(find("tanh"))[0].lines
    np.testing.assert_array_equal(value.y, np.tanh(value.x))
    np.testing.assert_allclose(slope.y, 1 - np.tanh(slope.x) ** 2, atol=1e-12)
    rate = panels(find("linear", "schedule"))[0].lines[0]
    np.testing.assert_allclose(rate.y, 1 - rate.x / 100)


def test_early_stopping_marks_the_best_epoch_and_the_stop() -> None:
    validation, _, marks = panels(find("early_stopping"))[0].lines
    assert marks.y[0] == validation.y.min()
    assert marks.x[1] - marks.x[0] == find("early_stopping").parameters[0].default
    assert validation.y[-1] > 1.1 * validation.y.min(), "the small network must overfit"


def test_momentum_gets_lower_than_plain_descent() -> None:
    momentum, plain = panels(find("momentum"))[0].lines
    assert momentum.y[-1] < 0.1 * plain.y[-1]


def test_a_technique_of_an_unknown_family_has_no_picture() -> None:
    relu = find("relu")
    strange = Technique(
        name="strange",
        family="unheard_of",
        title=relu.title,
        formula="",
        source=Source("", "", 2000),
        summary=relu.summary,
        use_when=relu.use_when,
        avoid_when=relu.avoid_when,
        traits={},
        maker=dict,
        option="",
    )
    with pytest.raises(SettingError, match="there is no picture of strange yet"):
        picture(strange, "en")
