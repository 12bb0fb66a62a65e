"""The catalogue of problems, and one problem explained, for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from trainwell.diagnosis import Problem, all_problems
from trainwell.diagnosis.wording import quantity
from trainwell.errors import UnknownNameError
from trainwell.locales import Language, Text
from trainwell.report.paragraph import Paragraph

if TYPE_CHECKING:
    from rich.console import Group

BEFORE = Text(en="Seen before the first step", zh="训练开始之前即可发现")
DURING = Text(en="Seen while it trains", zh="训练过程中发现")
LIMITS = Text(en="What the numbers are held against", zh="与哪些数值比较")
IS = Text(en="{what}: {value}", zh="{what}：{value}")
CAUSES = Text(en="What may cause it, and what would confirm that", zh="可能的原因，以及如何确认")
REMEDIES = Text(en="What to try, the likeliest first", zh="可以尝试什么（最可能有效的在前）")
FOLLOWS = Text(en="It may follow from", zh="它可能由以下问题引起")
EXPLAIN = Text(en="Explain one: trainwell problems NAME", zh="解释其中一个：trainwell problems 名称")


def find(name: str) -> Problem:
    """The problem of this identifier, in any spelling.

    Raises:
        UnknownNameError: there is none; lists the nearest.
    """
    known = {problem.identifier: problem for problem in all_problems()}
    if (asked := name.replace("-", "_").lower()) not in known:
        raise UnknownNameError(Text(en="problem", zh="问题"), name, tuple(known))
    return known[asked]


def catalogue(language: Language) -> Group:
    """All problems that are looked for: those told before the first step, then those of the running training."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text as Line

    parts: list[Any] = []
    for heading, early in ((BEFORE, True), (DURING, False)):
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, width=26)
        table.add_column()
        for problem in all_problems():
            if problem.before_training is early:
                table.add_row(f"  {problem.identifier}", problem.title[language])
        parts += [Line(heading[language], style="bold"), table, Line("")]
    return Group(*parts, Line(EXPLAIN[language], style="dim"))


def explanation(problem: Problem, language: Language) -> Group:
    """One problem: what it is, what it is recognised by, what causes it and what helps."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text as Line

    def section(title: Text, entries: Sequence[tuple[str, str]]) -> list[Any]:
        lines: list[Any] = [Line(""), Line(title[language], style="bold")]
        for first, second in entries:
            lines.append(Padding(Paragraph(first), (0, 0, 0, 2)))
            if second:
                lines.append(Padding(Paragraph(second, style="dim"), (0, 0, 0, 4)))
        return lines if entries else []

    limits = [
        (IS.format(what=one.what, value=quantity(one.value, one.unit, language))[language], one.source[language])
        for one in problem.thresholds
    ]
    return Group(
        Line(f"{problem.title[language]}  ({problem.identifier})", style="bold"),
        Line((BEFORE if problem.before_training else DURING)[language], style="dim"),
        Line(""),
        Paragraph(problem.explanation[language]),
        *section(LIMITS, limits),
        *section(CAUSES, [(cause.text[language], cause.confirm[language]) for cause in problem.causes]),
        *section(REMEDIES, [(remedy.text[language], remedy.option) for remedy in problem.remedies]),
        *section(FOLLOWS, [(origin.problem, "") for origin in problem.symptom_of]),
    )


def catalogue_json(language: Language) -> list[dict[str, Any]]:
    """All problems as JSON values."""
    return [problem_json(problem, language) for problem in all_problems()]


def problem_json(problem: Problem, language: Language) -> dict[str, Any]:
    """One problem as JSON values."""
    return {
        "problem": problem.identifier,
        "title": problem.title[language],
        "before_training": problem.before_training,
        "explanation": problem.explanation[language],
        "thresholds": [
            {
                **asdict(one),
                "what": one.what[language],
                "source": one.source[language],
            }
            for one in problem.thresholds
        ],
        "causes": [{"text": one.text[language], "confirm": one.confirm[language]} for one in problem.causes],
        "remedies": [{"text": one.text[language], "option": one.option} for one in problem.remedies],
        "follows_from": [origin.problem for origin in problem.symptom_of],
    }
