"""The page: whole, safe, in both languages, whatever the run was like."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from synthetic_runs import (
    CNN_TABLE,
    SICK,
    classes_run,
    deep,
    recording,
    regression_run,
)

from trainwell.errors import FolderError
from trainwell.locales import LANGUAGES
from trainwell.locales.report_labels import LABELS
from trainwell.report import LayerRow, Mistake, render_html, write_html

VOID = {"meta", "link", "br", "img", "hr", "input", "col", "wbr"}
SECTIONS = (
    "result",
    "findings",
    "curves",
    "gradient-flow",
    "layers",
    "answers",
    "network",
    "data",
    "choices",
    "reproduce",
)
MOST_BYTES = 1_500_000  # a report must be small enough to be sent by mail


class Page(HTMLParser):
    """Elements, identifiers, links and texts of a page; complains about what is not closed in order."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        self.problems += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "action", "data", "srcset", "poster"):
                self.references.append(value or "")
            if name.startswith("on"):
                self.problems.append(f"{name} on <{tag}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and data.strip():
            self.texts.append(data.strip())


def check(text: str) -> Page:
    """Everything that is true of every page."""
    page = Page(text)
    assert page.problems == []
    assert page.tags["script"] == 0
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []
    strangers = [r for r in page.references if not r.startswith(("#", "data:image/png;base64,"))]
    assert strangers == []
    assert all(reference[1:] in page.ids for reference in page.references if reference.startswith("#"))
    assert not re.search(r"url\((?!#)|@import|@font-face", text)
    assert len(text.encode()) < MOST_BYTES
    return page


def as_rows(layers: Any) -> tuple[LayerRow, ...]:
    return tuple(LayerRow(one.name, one.kind, one.output_shape, one.parameters, one.activation) for one in layers)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A normal run in both languages; drawing takes the time, so it is done once."""
    run = recording(tmp_path_factory.mktemp("run"))
    return {language: render_html(classes_run(), run, language) for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_normal_run_has_every_section(pages: dict[str, str], language: Any) -> None:
    text = pages[language]
    page = check(text)
    for section in SECTIONS:
        assert section in page.ids
        assert f'href="#{section}"' in text
    assert page.tags["svg"] == 10  # every picture but the one of regression
    assert LABELS["not_recorded"][language] not in page.texts
    for finding in SICK.findings:
        assert any(finding.title[language] in one for one in page.texts)
    assert ('lang="zh-Hans"' if language == "zh" else 'lang="en"') in text


def test_the_chinese_page_has_no_english_label(pages: dict[str, str]) -> None:
    page = check(pages["zh"])
    english = {label.en for label in LABELS.values() if label.en != label.zh}
    assert set(page.texts) & english == set()
    # code and the command are the same in both languages
    sentences = [t for t in page.texts if re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", t) and "keras" not in t]
    assert [t for t in sentences if not t.startswith("trainwell train")] == []


def test_the_two_pages_say_the_same_numbers(pages: dict[str, str]) -> None:
    cells = [re.findall(r'<td class="n[^"]*">([^<]*)</td>', pages[language]) for language in LANGUAGES]
    assert cells[0] == cells[1]
    assert "98.1%" in cells[0]


def test_evidence_stands_beside_what_was_expected(pages: dict[str, str]) -> None:
    texts = check(pages["en"]).texts
    assert texts[texts.index("3.2×10⁻⁹") + 1] == "≥ 1×10⁻⁴"
    assert texts[texts.index("71.0%") + 1] == "≤ 50.0%"


def test_the_same_run_gives_the_same_page(pages: dict[str, str], tmp_path: Path) -> None:
    assert render_html(classes_run(), recording(tmp_path), "en") == pages["en"]


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    hostile = '<script>alert("1")</script>', "a'b\"><img src=x onerror=y>", "$\\frac{x}$ \x01", "]]>&lt;"
    facts = classes_run(class_names=hostile)
    wrong = tuple(Mistake(name, name, hostile[0], 0.9) for name in hostile)
    layers = (LayerRow(hostile[1], hostile[0], (3,), 1, hostile[2]), *CNN_TABLE)
    facts = replace(
        facts,
        data=replace(facts.data, name=hostile[0], source=hostile[1]),
        network=replace(facts.network, name=hostile[1], layers=layers),
        scores=replace(facts.scores, mistakes=wrong),
        origin=replace(facts.origin, command=hostile[1], keras_code="</code></pre>" + hostile[0]),
    )
    page = check(render_html(facts, recording(tmp_path), "en"))
    assert page.tags["img"] == 0
    assert hostile[0] in page.texts


@pytest.mark.parametrize(
    ("facts", "settings"),
    [
        pytest.param(classes_run(1), {"epochs": 1, "steps_per_epoch": 1, "every": 1}, id="one step of one class"),
        pytest.param(classes_run(25), {"nan_from": 350}, id="NaN from the fourth epoch, 25 classes"),
        pytest.param(classes_run(), {"nan_from": 1, "epochs": 1}, id="NaN from the first step"),
        pytest.param(classes_run(100), {"metric": None, "validation": False}, id="100 classes, loss alone"),
        pytest.param(classes_run(layers=()), {"layers": ()}, id="nothing watched"),
    ],
)
def test_odd_runs(tmp_path: Path, facts: Any, settings: dict[str, Any]) -> None:
    check(render_html(facts, recording(tmp_path, **settings), "en"))


def test_a_long_run_of_many_layers_stays_small(tmp_path: Path) -> None:
    layers = deep(50, "relu")
    run = recording(tmp_path, layers, epochs=100, steps_per_epoch=200, every=5, fade=0.5)
    check(render_html(classes_run(layers=as_rows(layers)), run, "en"))


def test_nothing_recorded_is_said(tmp_path: Path) -> None:
    page = check(render_html(classes_run(), recording(tmp_path, epochs=0), "zh"))
    assert page.texts.count(LABELS["not_recorded"]["zh"]) == 7


def test_regression_shows_points_and_no_findings_are_said(tmp_path: Path) -> None:
    run = recording(tmp_path, deep(2, "relu"), metric="mae", epochs=2)
    page = check(render_html(regression_run(), run, "en"))
    assert "Predicted and true values: disease progression" in page.texts
    assert "No problem was found; 4 kinds of problems were looked for." in page.texts
    assert LABELS["mistakes"]["en"] not in page.texts


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainwell.report.html.render_html", lambda *_: "page")
    path = tmp_path / "missing" / "report.html"
    with pytest.raises(FolderError, match="missing"):
        write_html(classes_run(), recording(tmp_path / "run", epochs=1), "en", path)
