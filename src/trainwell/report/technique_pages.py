"""The catalogue of techniques, and one technique explained, for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trainwell.explain import terminal_picture
from trainwell.locales import Language, Text
from trainwell.report.paragraph import Paragraph
from trainwell.techniques import Family, Technique

if TYPE_CHECKING:
    from rich.console import Group

HOW = Text(en="On the command line", zh="命令行用法")
USE = Text(en="When to use it", zh="何时使用")
AVOID = Text(en="When not", zh="何时不用")
SOURCE = Text(en="Source", zh="出处")
EXPLAIN = Text(
    en="Explain one, with its picture: trainwell techniques NAME", zh="配图解释其中一个：trainwell techniques 名称"
)


def catalogue(families: Mapping[str, Family], language: Language) -> Group:
    """All techniques by family: name, title, and how to use each."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text as Line

    parts: list[Any] = []
    for family in families.values():
        heading = Line(family.title[language], style="bold")
        heading.append(f"  {family.question[language]}", style="not bold italic")
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, width=22)
        table.add_column()
        for technique in family.techniques:
            usage = Line(technique.title[language])
            usage.append(f"\n{technique.option}", style="dim")
            table.add_row(f"  {technique.name}", usage)
        parts += [heading, table, Line("")]
    return Group(*parts, Line(EXPLAIN[language], style="dim"))


def explanation(technique: Technique, language: Language, width: int = 80) -> Group:
    """One technique: what it is, its formula and picture, when to use it and when not, and where it comes from."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text as Line

    def section(title: Text, text: str) -> list[Any]:
        return [Line(""), Line(title[language], style="bold"), Padding(Paragraph(text), (0, 0, 0, 2))]

    drawn = terminal_picture(technique, language, width=min(width - 2, 76), height=14)
    source = technique.source
    cited = f"{source.authors} ({source.year}), {source.title}" + (f", {source.where}" if source.where else "")
    return Group(
        Line(f"{technique.title[language]}  ({technique.name})", style="bold"),
        Line(""),
        Paragraph(technique.summary[language]),
        Line(""),
        Padding(Line(technique.formula, style="cyan"), (0, 0, 0, 2)),
        *([Line(""), Line(drawn, no_wrap=True)] if drawn else []),
        *section(USE, technique.use_when[language]),
        *section(AVOID, technique.avoid_when[language]),
        *section(HOW, technique.option),
        *section(SOURCE, cited + (f"\n{source.link}" if source.link else "")),
    )


def technique_json(technique: Technique, language: Language) -> dict[str, Any]:
    """One technique as JSON values."""
    return {
        "name": technique.name,
        "family": technique.family,
        "title": technique.title[language],
        "formula": technique.formula,
        "summary": technique.summary[language],
        "use_when": technique.use_when[language],
        "avoid_when": technique.avoid_when[language],
        "option": technique.option,
        "traits": dict(technique.traits),
        "source": {
            "title": technique.source.title,
            "authors": technique.source.authors,
            "year": technique.source.year,
            "link": technique.source.link,
        },
    }


def catalogue_json(families: Mapping[str, Family], language: Language) -> list[dict[str, Any]]:
    """All techniques as JSON values."""
    return [technique_json(technique, language) for family in families.values() for technique in family.techniques]
