"""`predict`, `report`, `techniques`, and help."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainwell.diagnosis import all_problems
from trainwell.techniques import all_techniques


@pytest.fixture
def trained(trainwell, photos):
    said = trainwell(
        "train",
        photos,
        "--epochs",
        40,
        "--early-stopping",
        0,
        "--filters",
        "4",
        "--dense",
        "8",
        "--out",
        "run",
        "--json",
    )
    assert said.code == 0, said.err
    return said.json


def test_predict_answers_for_images_it_never_saw_in_any_size_and_format(trainwell, trained, tmp_path):
    assert trained["task"] == "binary"
    new = tmp_path / "new"
    new.mkdir()
    Image.new("RGB", (50, 30), (210, 210, 210)).save(new / "a.png")
    Image.new("L", (12, 12), 30).save(new / "b.jpg")
    said = trainwell("predict", "run", new)
    assert said.code == 0, said.err
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [Path(row["name"]).name for row in rows] == ["a.png", "b.jpg"]
    assert [row["answer"] for row in rows] == ["bright", "dark"]
    assert all(0.5 <= float(row["probability"]) <= 1 for row in rows)
    (only,) = trainwell("predict", "run", new / "a.png", "--json").json
    assert only["answer"] == "bright"
    assert sum(only["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    from_model = trainwell("predict", "run/model.keras", new, "--json").json
    assert [one["answer"] for one in from_model] == ["bright", "dark"]


def test_predict_does_not_depend_on_what_is_asked_together(trainwell, trained, tmp_path):
    random = np.random.default_rng(1)
    np.save(tmp_path / "many.npy", random.integers(0, 255, (300, 12, 12, 3), dtype=np.uint8))
    np.save(tmp_path / "one.npy", np.load(tmp_path / "many.npy")[17:18])
    together = trainwell("predict", "run", "many.npy", "--json").json
    (alone,) = trainwell("predict", "run", "one.npy", "--json").json
    assert alone["probability"] == pytest.approx(together[17]["probability"], abs=1e-6)


def test_report_can_be_made_again_in_the_other_language(trainwell, trained, tmp_path):
    before = Path("run/report.html").read_text(encoding="utf-8")
    assert '<html lang="en' in before
    said = trainwell("report", "run", "--lang", "zh", "--out", "zh.html")
    assert said.code == 0, said.err
    assert "zh.html" in said.out
    assert '<html lang="zh' in Path("zh.html").read_text(encoding="utf-8")
    assert Path("run/report.html").read_text(encoding="utf-8") == before
    assert trainwell("report", "run", "--json").json == trained


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_techniques_are_listed_and_explained(trainwell, tmp_path, lang):
    listed = trainwell("techniques", "--lang", lang).out
    for technique in all_techniques():
        assert technique.name in listed
        assert technique.title[lang] in " ".join(listed.split()) or technique.title[lang][:6] in listed
    one = trainwell("techniques", "relu", "--lang", lang, "--picture", "relu.svg")
    assert one.code == 0, one.err
    assert "max(0, x)" in one.out
    assert "<svg" in (tmp_path / "relu.svg").read_text(encoding="utf-8")
    assert trainwell("techniques", "kaiming_normal", "--json").json["name"] == "he_normal"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_problems_are_listed_and_explained(trainwell, lang):
    listed = trainwell("problems", "--lang", lang).out
    for problem in all_problems():
        assert problem.identifier in listed
        one = trainwell("problems", problem.identifier, "--lang", lang, "--json")
        assert one.json["title"] == problem.title[lang]
        assert len(one.json["thresholds"]) == len(problem.thresholds)
    wrong = trainwell("problems", "dying_rely", "--lang", lang)
    assert (wrong.code, "dying_relu" in wrong.err) == (2, True)


@pytest.mark.parametrize("arguments", [(), ("--help",), ("train", "--help"), ("predict", "-h"), ("--version",)])
def test_help(trainwell, arguments):
    said = trainwell(*arguments)
    assert said.code == 0
    assert "trainwell" in said.out


def test_help_is_in_chinese_too(trainwell):
    said = trainwell("train", "--help", "--lang", "zh")
    for english in ("Show this", "Options", "Arguments", "Language"):
        assert english not in said.out
    assert "显示帮助" in said.out
