"""How the numbers of a finding are written: measured, and what they were held against."""

from __future__ import annotations

from trainwell.diagnosis.finding import Evidence
from trainwell.diagnosis.wording import unit_name
from trainwell.locales import Language, Text
from trainwell.locales.report_labels import LABELS
from trainwell.report import numbers

SIGNS = {"<": "≥", ">": "≤"}


def measured(evidence: Evidence, language: Language) -> str:
    """The value found, with its unit."""
    return _value(evidence.measured, evidence.unit, language)


def expected(evidence: Evidence, language: Language) -> str:
    """What a sound training shows, with its unit.

    >>> vanished = Evidence(Text("a", "甲"), 1e-9, "<", 1e-3, "share", Text("b", "乙"))
    >>> expected(vanished, "en")
    '≥ 0.1%'
    """
    return f"{SIGNS[evidence.comparison]} {_value(evidence.expected, evidence.unit, language)}"


def sentence(evidence: Evidence, language: Language) -> str:
    """All of it in one line."""
    where = LABELS["in_layer"].format(layer=evidence.layer) if evidence.layer else Text("", "")
    return LABELS["measured_line"].format(
        what=evidence.what, where=where, measured=measured(evidence, language), expected=expected(evidence, language)
    )[language]


def _value(value: float, unit: str, language: Language) -> str:
    written = numbers.percent(value) if unit == "share" else numbers.number(value)
    name = unit_name(value, unit, language)
    return f"{written} {name}" if name else written
