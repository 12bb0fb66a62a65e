"""What the monitor says in the terminal: a few plain lines."""

from __future__ import annotations

from trainwell.diagnosis import Diagnosis
from trainwell.locales import Language, Text
from trainwell.report.facts import RunFacts
from trainwell.report.terminal import MARKS

_BEFORE = Text(
    en="trainwell: data, last layer and loss do not fit together.", zh="trainwell：数据、输出层与损失不匹配。"
)
_HOW = Text(
    en="More: monitor.run.report('report.html'), monitor.diagnosis",
    zh="详情：monitor.run.report('report.html')、monitor.diagnosis",
)


def broken_promises(before: Diagnosis, language: Language) -> str:
    """What makes a training useless and was so before its first step; "" if nothing."""
    wrong = [finding for finding in before.findings if finding.severity == "error"]
    lines = [f"  {MARKS['error']} {one.title[language]}: {one.summary[language]}" for one in wrong]
    return "\n".join(["", _BEFORE[language], *lines]) if wrong else ""


def outcome(facts: RunFacts, language: Language, once: float = 0.0) -> str:
    """What was found in a training, one line per finding, and what watching cost.

    Args:
        facts: of the training.
        language: of the lines.
        once: seconds that were needed once, for compiling the looks and reading data and model; 0 says nothing of it.
    """
    diagnosis = facts.diagnosis
    lines = [_headline(diagnosis, facts.training.steps)[language]]
    for finding in diagnosis.findings:
        where = f" ({', '.join(finding.layers[:3])}{', ...' if len(finding.layers) > 3 else ''})"
        title = finding.title[language] + (where if finding.layers else "")
        lines.append(f"  {MARKS[finding.severity]} {title}: {finding.summary[language]}")
    preparing = Text(en=f" Preparing took {once:.1f} s, once.", zh=f"准备工作一次性用时 {once:.1f} 秒。")
    lines.append(f"  {_cost(facts)[language]}{preparing[language] if once else ''}")
    if diagnosis.not_checked:
        lines.append(f"  {_left_out(diagnosis)[language]}")
    if diagnosis.findings:
        lines.append(f"  {_HOW[language]}")
    return "\n".join(lines)


def _headline(diagnosis: Diagnosis, steps: int) -> Text:
    count = len(diagnosis.findings)
    if not count:
        return Text(
            en=f"trainwell: no problem found in {steps:,} steps.",
            zh=f"trainwell：在 {steps:,} 步中未发现问题。",
        )
    return Text(
        en=f"trainwell: {count} {'problem' if count == 1 else 'problems'} found in {steps:,} steps.",
        zh=f"trainwell：在 {steps:,} 步中发现 {count} 个问题。",
    )


def _cost(facts: RunFacts) -> Text:
    every, overhead = facts.training.watched_every, facts.diagnosis.overhead
    if every is None:
        return Text(en="The layers were not looked into.", zh="未观察各层。")
    seen_en = "every step" if every == 1 else f"one step in {every}"
    seen_zh = "每一步" if every == 1 else f"每 {every} 步中的一步"
    if overhead is None:
        return Text(
            en=f"Looked into {seen_en}; too short to measure what that cost.",
            zh=f"观察了{seen_zh}；训练太短，无法测出开销。",
        )
    return Text(
        en=f"Looked into {seen_en}; that took {overhead:.1%} of the time of the training without it.",
        zh=f"观察了{seen_zh}；所用时间为不观察时训练时间的 {overhead:.1%}。",
    )


def _left_out(diagnosis: Diagnosis) -> Text:
    count = len(diagnosis.not_checked)
    return Text(
        en=f"{count} {'problem was' if count == 1 else 'problems were'} not looked for; "
        "monitor.not_checked says which and why.",
        zh=f"有 {count} 个问题未检查；monitor.not_checked 给出清单与原因。",
    )
