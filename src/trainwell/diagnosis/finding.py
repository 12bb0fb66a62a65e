"""A named problem of a training, with its evidence; and what could not be checked."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

from trainwell.errors import FolderError
from trainwell.locales import Language, Text

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
FORMAT = 1


@dataclass(frozen=True)
class Evidence:
    """One number that speaks for a finding.

    Attributes:
        what: what was measured, e.g. "Gradient per weight".
        measured: the value found.
        comparison: "<" if `measured` should have been at least `expected`, ">" if at most.
        expected: the threshold it was held against.
        unit: unit of both numbers; "" for pure numbers.
        layer: where it was measured, None for the whole network.
        step: when it was measured (steps count from 1), None for the whole training.
        source: where the threshold comes from: a paper, or the benchmark that set it.
    """

    what: Text
    measured: float
    comparison: Literal["<", ">"]
    expected: float
    unit: str
    source: Text
    layer: str | None = None
    step: int | None = None


@dataclass(frozen=True)
class Cause:
    """One possible cause of a problem, and what would show that it is this one."""

    code: str
    text: Text
    confirm: Text


@dataclass(frozen=True)
class Remedy:
    """Something to try, by the name of the technique or setting that does it."""

    code: str
    text: Text
    option: str = ""


@dataclass(frozen=True)
class Finding:
    """One problem that was found.

    Attributes:
        problem: its identifier, e.g. "vanishing_gradient".
        title: its name for a person.
        severity: "error": the training cannot work like this; "warning": it suffers; "note": good to know.
        confidence: 0..1, how sure the finding is.
        summary: what was seen, in one or two plain sentences.
        layers: the layers concerned, in the order of the data's way; () for the whole network.
        steps: first and last step at which it was seen (steps count from 1), None where no step applies.
        evidence: the numbers, the strongest first.
        causes: possible causes, the likeliest first.
        remedies: what to try, the likeliest to help first.
        follows_from: the problem that this one is a symptom of, if it is one.
    """

    problem: str
    title: Text
    severity: Severity
    confidence: float
    summary: Text
    evidence: tuple[Evidence, ...]
    causes: tuple[Cause, ...]
    remedies: tuple[Remedy, ...]
    layers: tuple[str, ...] = ()
    steps: tuple[int, int] | None = None
    follows_from: str | None = None

    def text(self, language: Language = "en") -> str:
        """All of it for a person, several lines: what, where, since when, why that is bad, what to try."""
        from trainwell.diagnosis.wording import finding_text

        return finding_text(self, language)


@dataclass(frozen=True)
class NotChecked:
    """A problem that was not looked for, and why."""

    problem: str
    title: Text
    reason: Text


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor says about a training.

    Attributes:
        findings: what to mend first stands first.
        not_checked: what was not looked for, and why.
        checked: identifiers of the problems that were looked for.
        overhead: time that watching took, as a share of the unwatched training's; None if not measured.
    """

    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    checked: tuple[str, ...]
    overhead: float | None = None

    def to_json(self) -> str:
        """As JSON text, both languages inside: a report can be made from it alone.

        NaN and infinite numbers, which JSON does not know, are written as the strings "nan", "inf" and "-inf".
        """
        return json.dumps(_plain({"format": FORMAT, **asdict(self)}), ensure_ascii=False, allow_nan=False, indent=1)

    @classmethod
    def from_json(cls, text: str, where: str = "findings.json") -> Diagnosis:
        """Back from `to_json`, to an equal diagnosis.

        Args:
            text: what `to_json` wrote.
            where: what a person should look at if it is something else.

        Raises:
            FolderError: the text is not a diagnosis.
        """
        try:
            raw = json.loads(text)
            if raw["format"] != FORMAT:
                raise ValueError(f"format {raw['format']!r}, expected {FORMAT}")
            return cls(
                tuple(_finding(one) for one in raw["findings"]),
                tuple(
                    NotChecked(str(one["problem"]), _text(one["title"]), _text(one["reason"]))
                    for one in raw["not_checked"]
                ),
                tuple(str(problem) for problem in raw["checked"]),
                None if raw.get("overhead") is None else float(raw["overhead"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            detail = f"{type(error).__name__}: {error}".splitlines()[0]
            raise FolderError(
                Text(
                    en=f"{where} is not a diagnosis ({detail}); diagnose the run again to write it anew",
                    zh=f"{where} 不是诊断结果（{detail}）；请对该次训练重新诊断以重新生成",
                )
            ) from error


def _plain(value: Any) -> Any:
    """The same for JSON: numbers that JSON does not know become strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value


def _finding(raw: dict[str, Any]) -> Finding:
    if raw["severity"] not in SEVERITIES:
        raise ValueError(f"severity {raw['severity']!r}")
    return Finding(
        problem=str(raw["problem"]),
        title=_text(raw["title"]),
        severity=raw["severity"],
        confidence=float(raw["confidence"]),
        summary=_text(raw["summary"]),
        evidence=tuple(_evidence(one) for one in raw["evidence"]),
        causes=tuple(Cause(str(one["code"]), _text(one["text"]), _text(one["confirm"])) for one in raw["causes"]),
        remedies=tuple(Remedy(str(one["code"]), _text(one["text"]), str(one["option"])) for one in raw["remedies"]),
        layers=tuple(str(layer) for layer in raw["layers"]),
        steps=None if raw["steps"] is None else (int(raw["steps"][0]), int(raw["steps"][1])),
        follows_from=raw["follows_from"],
    )


def _evidence(raw: dict[str, Any]) -> Evidence:
    if raw["comparison"] not in ("<", ">"):
        raise ValueError(f"comparison {raw['comparison']!r}")
    return Evidence(
        what=_text(raw["what"]),
        measured=float(raw["measured"]),
        comparison=raw["comparison"],
        expected=float(raw["expected"]),
        unit=str(raw["unit"]),
        source=_text(raw["source"]),
        layer=raw["layer"],
        step=raw["step"],
    )


def _text(raw: dict[str, str]) -> Text:
    return Text(en=str(raw["en"]), zh=str(raw["zh"]))
