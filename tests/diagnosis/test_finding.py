"""Findings as text and as JSON."""

from __future__ import annotations

import json
import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from trainwell.diagnosis import Cause, Diagnosis, Evidence, Finding, NotChecked, Remedy, diagnose
from trainwell.errors import FolderError
from trainwell.locales import LANGUAGES, Text

texts = st.builds(Text, st.text(max_size=20), st.text(max_size=20))
numbers = st.floats(allow_nan=False, width=64)
steps = st.none() | st.integers(1, 10**9)
evidence = st.builds(
    Evidence,
    what=texts,
    measured=numbers,
    comparison=st.sampled_from("<>"),
    expected=numbers,
    unit=st.sampled_from(["", "share", "times", "loss"]),
    source=texts,
    layer=st.none() | st.text(max_size=9),
    step=steps,
)
findings = st.builds(
    Finding,
    problem=st.text(max_size=9),
    title=texts,
    severity=st.sampled_from(["error", "warning", "note"]),
    confidence=st.floats(0, 1),
    summary=texts,
    evidence=st.lists(evidence, max_size=3).map(tuple),
    causes=st.lists(st.builds(Cause, st.text(), texts, texts), max_size=3).map(tuple),
    remedies=st.lists(st.builds(Remedy, st.text(), texts, st.text()), max_size=3).map(tuple),
    layers=st.lists(st.text(max_size=9), max_size=9).map(tuple),
    steps=st.none() | st.tuples(st.integers(1, 99), st.integers(100, 999)),
    follows_from=st.none() | st.text(max_size=9),
)
diagnoses = st.builds(
    Diagnosis,
    findings=st.lists(findings, max_size=3).map(tuple),
    not_checked=st.lists(st.builds(NotChecked, st.text(), texts, texts), max_size=3).map(tuple),
    checked=st.lists(st.text(), max_size=3).map(tuple),
)


@given(diagnoses)
def test_json_gives_back_an_equal_diagnosis(diagnosis):
    assert Diagnosis.from_json(diagnosis.to_json()) == diagnosis


@given(findings)
def test_text_can_be_made_of_any_finding(finding):
    for language in LANGUAGES:
        text = finding.text(language)
        assert text.startswith(finding.title[language])
        assert all(cause.text[language] in text for cause in finding.causes)
        assert all(remedy.text[language] in text for remedy in finding.remedies)


@pytest.mark.parametrize("measured", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_know_survive(measured):
    one = Evidence(Text("a", "甲"), measured, ">", 0.0, "", Text("b", "乙"))
    finding = Finding("p", Text("t", "题"), "error", 1.0, Text("s", "摘要"), (one,), (), ())
    written = Diagnosis((finding,), (), ()).to_json()
    json.loads(written, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    back = Diagnosis.from_json(written).findings[0].evidence[0].measured
    assert back == measured or (math.isnan(back) and math.isnan(measured))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"format": 2, "findings": [], "not_checked": [], "checked": []}',
        '{"format": 1, "findings": [{}], "not_checked": [], "checked": []}',
        "[" * 100_000,
    ],
)
def test_something_else_is_one_clear_error(content):
    with pytest.raises(FolderError, match=r"^runs/7/findings.json is not a diagnosis \(.*\); diagnose") as caught:
        Diagnosis.from_json(content, "runs/7/findings.json")
    assert "\n" not in caught.value.text("en") + caught.value.text("zh")
    assert "不是诊断结果" in caught.value.text("zh")


@pytest.mark.parametrize("patient", ["sigmoid_30", "diverging", "dead_bias"])
def test_a_real_diagnosis_survives_json_and_reads_well(patient, trained):
    diagnosis = diagnose(trained(patient))
    assert Diagnosis.from_json(diagnosis.to_json()) == diagnosis
    for finding in diagnosis.findings:
        english, chinese = finding.text("en"), finding.text("zh")
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in english)
        assert finding.layers == () or finding.layers[0] in chinese
        assert "{" not in english + chinese
        assert "nan" not in english.replace("NaN", "")
        for one in finding.evidence:
            wrong = one.measured < one.expected if one.comparison == "<" else one.measured > one.expected
            assert wrong, f"{one.what.en}: {one.measured} {one.comparison} {one.expected} does not hold"


def test_text_names_place_numbers_and_what_to_do(trained):
    finding = diagnose(trained("sigmoid_30")).findings[0]
    lines = finding.text("en").splitlines()
    assert lines[0].startswith("Vanishing gradient (error, 95% sure), in hidden_1, hidden_2, hidden_3, ..., hidden_")
    assert "a sound training has at least 0.001" in finding.text("en")
    assert lines[-1].startswith("What to try: (1) Use ReLU with He initialisation")
    assert finding.text("zh").splitlines()[-1].startswith("可以尝试：（1）使用 ReLU 与 He 初始化")
