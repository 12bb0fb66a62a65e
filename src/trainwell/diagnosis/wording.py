"""A finding as lines to read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainwell.diagnosis.finding import Evidence, Finding
from trainwell.locales import Language, Text
from trainwell.locales.report_labels import UNITS

SEVERITY_NAMES = {
    "error": Text(en="error", zh="错误"),
    "warning": Text(en="warning", zh="警告"),
    "note": Text(en="note", zh="提示"),
}
_HEAD = Text(
    en="{title} ({severity}, {confidence} sure){where}.", zh="{title}（{severity}，把握 {confidence}）{where}。"
)
_LAYERS = Text(en=", in {layers}", zh="，位于 {layers}")
_STEPS = Text(en=", steps {first} to {last}", zh="，第 {first} 至 {last} 步")
_STEP = Text(en=", step {first}", zh="，第 {first} 步")
_MEASURED = Text(
    en="- {what}{where}: {measured}, a sound training has {sign} {expected} ({source})",
    zh="- {what}{where}：{measured}，正常训练应{sign} {expected}（{source}）",
)
_SIGNS = {"<": Text(en="at least", zh="不小于"), ">": Text(en="at most", zh="不大于")}
_IN = Text(en=" in {layer}", zh="（{layer}）")
_CAUSES = Text(en="Likely causes: {causes}", zh="可能的原因：{causes}")
_REMEDIES = Text(en="What to try: {remedies}", zh="可以尝试：{remedies}")
_SYMPTOM = Text(en="It follows from {problem}: mend that first.", zh="它由“{problem}”引起：请先解决后者。")
_BETWEEN = Text(en=", ", zh="、")
_SHOWN_LAYERS = 6
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def finding_text(finding: Finding, language: Language) -> str:
    """A finding as several lines: title, place, summary, evidence, causes, remedies."""
    where = ""
    if finding.layers:
        where += _LAYERS.format(layers=layer_list(finding.layers))[language]
    if finding.steps:
        first, last = finding.steps
        where += (_STEP if first == last else _STEPS).format(first=first, last=last)[language]
    lines = [
        _HEAD.format(
            title=finding.title,
            severity=SEVERITY_NAMES[finding.severity],
            confidence=f"{finding.confidence:.0%}",
            where=where,
        )[language],
        finding.summary[language],
    ]
    if finding.follows_from:
        lines.append(_SYMPTOM.format(problem=_title(finding.follows_from))[language])
    lines += [evidence_line(evidence, language) for evidence in finding.evidence]
    if finding.causes:
        lines.append(_CAUSES.format(causes=_listed([cause.text for cause in finding.causes]))[language])
    if finding.remedies:
        lines.append(_REMEDIES.format(remedies=_listed([remedy.text for remedy in finding.remedies]))[language])
    return "\n".join(lines)


def evidence_line(evidence: Evidence, language: Language) -> str:
    """One number against what it should be, one line."""
    return _MEASURED.format(
        what=evidence.what,
        where=_IN.format(layer=evidence.layer) if evidence.layer else "",
        measured=quantity(evidence.measured, evidence.unit, language),
        sign=_SIGNS[evidence.comparison],
        expected=quantity(evidence.expected, evidence.unit, language),
        source=evidence.source,
    )[language]


def layer_list(layers: Sequence[str]) -> Text:
    """Names of layers for a sentence; of many, the first and the last ones are named.

    >>> layer_list(["a", "b"]).zh
    'a、b'
    >>> layer_list([f"hidden_{i}" for i in range(1, 31)]).en
    'hidden_1, hidden_2, hidden_3, ..., hidden_30 (30 layers)'
    """
    if len(layers) <= _SHOWN_LAYERS:
        return Text(en=_BETWEEN.en.join(layers), zh=_BETWEEN.zh.join(layers))
    shown = (*layers[:3], "...", layers[-1])
    return Text(
        en=f"{_BETWEEN.en.join(shown)} ({len(layers)} layers)", zh=f"{_BETWEEN.zh.join(shown)}（共 {len(layers)} 层）"
    )


def number(value: float) -> str:
    """A number with three significant digits.

    >>> number(0.00123456), number(1.5e-12), number(float("nan"))
    ('0.00123', '1.5×10⁻¹²', 'NaN')
    """
    if math.isnan(value):
        return "NaN"
    mantissa, e, exponent = f"{value:.3g}".partition("e")
    return f"{mantissa}×10{str(int(exponent)).translate(_RAISED)}" if e else mantissa


def share(value: float) -> str:
    """A share of 0..1 as a percentage.

    >>> share(0.984), share(0.0238), share(0.002)
    ('98%', '2.4%', '0.2%')
    """
    return f"{100 * value:.2g}%" if 0 < abs(value) < 0.1 else f"{value:.0%}"


def quantity(value: float, unit: str, language: Language) -> str:
    """A number with its unit, in words.

    >>> quantity(0.984, "share", "en"), quantity(3, "epochs", "zh")
    ('98%', '3 轮')
    """
    written = share(value) if unit == "share" else number(value)
    name = unit_name(value, unit, language)
    return f"{written} {name}" if name else written


def unit_name(value: float, unit: str, language: Language) -> str:
    """A unit in words, in English of one or of several.

    >>> unit_name(1, "samples", "en"), unit_name(2, "samples", "en"), unit_name(1, "samples", "zh")
    ('sample', 'samples', '个样本')
    """
    name = UNITS.get(unit, Text(unit, unit))[language]
    return name.removesuffix("s") if language == "en" and value == 1 else name


def _title(identifier: str) -> Text:
    """Title of a problem; its identifier if it is not in the catalogue (any more)."""
    from trainwell.diagnosis.problems import all_problems

    titles = {problem.identifier: problem.title for problem in all_problems()}
    return titles.get(identifier, Text(identifier, identifier))


def _listed(texts: Sequence[Text]) -> Text:
    return Text(
        en=" ".join(f"({i}) {text.en}" for i, text in enumerate(texts, 1)),
        zh="".join(f"（{i}）{text.zh}" for i, text in enumerate(texts, 1)),
    )
