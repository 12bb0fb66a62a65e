"""A run in the terminal, as Rich renderables; nothing is printed here.

Colour is never the only sign: every state has its word or symbol, so that it reads the same without colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Line

from trainwell.diagnosis.finding import Diagnosis, Finding
from trainwell.locales import Language, Text
from trainwell.locales.report_labels import (
    KINDS,
    LABELS,
    METRICS,
    PARTS,
    SETTINGS,
    SEVERITIES,
    STOPPED,
    TASKS,
    listed,
)
from trainwell.report import evidence, numbers
from trainwell.report.facts import PARTS as PART_NAMES
from trainwell.report.facts import Choice, DataFacts, Part, RunFacts
from trainwell.report.headline import headline, verdict
from trainwell.report.health import LayerHealth, layer_health
from trainwell.report.paragraph import Paragraph
from trainwell.report.sparkline import sparkline
from trainwell.signals import Recording

MARKS = {"error": "✗", "warning": "!", "note": "·", "info": "·"}
STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan", "info": "dim"}
_SPARK_COLUMNS = 40
_HEALTH_ROWS = 24  # deep networks: layers with findings and the ends, the page shows all
_EVIDENCE = 3
_REMEDIES = 3


def data_summary(data: DataFacts, language: Language) -> RenderableType:
    """What will be learned from: one or two lines, and the notes."""
    task = TASKS.get(data.task, Text(data.task, data.task)).format(count=len(data.class_names))
    kind = KINDS.get(data.kind, Text(data.kind, data.kind))
    first = Line.assemble((data.name, "bold"), "  ", " · ".join((kind[language], numbers.shape(data.input_shape))))
    first.append(f" · {task[language]}")
    samples = "   ".join(
        f"{PARTS[part][language]} {numbers.count(data.samples[part])}" for part in PART_NAMES if data.samples.get(part)
    )
    lines: list[RenderableType] = [first, Line(samples, "dim")]
    for note in data.notes:
        mark = Line.assemble((f"{MARKS[note.severity]} ", STYLES[note.severity]))
        lines.append(_beside(mark, Paragraph(note.text[language])))
    return Group(*lines)


def choices_panel(choices: Sequence[Choice], language: Language) -> RenderableType:
    """What was set, and why; nothing without choices."""
    if not choices:
        return Group()
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(style="bold", overflow="fold", max_width=24)
    table.add_column(style="dim", overflow="fold")
    for choice in choices:
        name = SETTINGS.get(choice.setting, Text(choice.setting, choice.setting))
        table.add_row(Line(name[language]), Line(choice.value), Paragraph(choice.reason[language], "dim"))
    return Panel(table, title=LABELS["choices"][language], title_align="left", border_style="dim")


def summary(
    facts: RunFacts,
    recording: Recording,
    language: Language,
    *,
    page: str | Path | None = None,
    folder: str | Path | None = None,
) -> RenderableType:
    """What a person wants to know when the training has ended.

    Args:
        facts: of the run.
        recording: of the run.
        language: of everything.
        page: path of the HTML report, None without.
        folder: the run's folder, None without.
    """
    said = headline(facts)
    parts: list[RenderableType] = [
        Rule(style="dim"),
        Paragraph(Line.assemble((said.value, "bold cyan"), " ", said.sentence[language])),
    ]
    if said.interval:
        parts.append(Paragraph(said.interval[language], "dim"))
    if facts.training.stopped:
        parts.append(Paragraph(STOPPED[facts.training.stopped][language], "yellow"))
    parts += [Line(), _scores(facts, language)]
    spark = _loss(recording, language)
    if spark:
        parts += [Line(), spark]
    health = layer_health(recording, facts.diagnosis)
    if health:
        parts += [Line(), _health(health, language)]
    parts += [Line(), _diagnosis(facts.diagnosis, said.verdict, language)]
    files = {"page": page, "folder": folder}
    shown = {LABELS[key][language]: str(path) for key, path in files.items() if path is not None}
    if shown:
        parts += [Line(), _files(shown)]
    return Group(*parts)


def _scores(facts: RunFacts, language: Language) -> Table:
    parts: list[Part] = [part for part in PART_NAMES if facts.scores.of(part)]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    for part in parts:
        table.add_column(PARTS[part][language], justify="right", style="bold" if part == "test" else "")
    trivial = facts.scores.baseline
    if trivial:
        table.add_column(LABELS["trivial"][language], justify="right", style="dim")
    names = dict.fromkeys(name for part in parts for name in facts.scores.of(part))
    for name in sorted(names, key=lambda name: (name == "loss", not name.endswith("accuracy"))):
        cells = [numbers.metric(name, facts.scores.of(part).get(name)) for part in parts]
        if trivial:
            cells.append(numbers.metric(name, trivial.get(name)))
        table.add_row(Line(METRICS.get(name, Text(name, name))[language]), *cells)
    return table


def _loss(recording: Recording, language: Language) -> Line | None:
    values = [row["loss"] for row in recording.epochs if "loss" in row]
    if not values:
        return None
    ends = f"  {numbers.number(values[0])} → {numbers.number(values[-1])}"
    drawn = (sparkline(values, _SPARK_COLUMNS), "cyan")
    return Line.assemble((LABELS["loss_by_epoch"][language], "dim"), "  ", drawn, ends)


def _health(rows: Sequence[LayerHealth], language: Language) -> Table:
    optional = [
        ("zeros", [row.zeros for row in rows]),
        ("dead", [row.dead for row in rows]),
        ("saturated", [row.saturated for row in rows]),
    ]
    shares = [(name, values) for name, values in optional if any(value is not None for value in values)]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(LABELS["layer"][language], overflow="fold")
    for name in ("gradient_short", "update_short", "output_short"):
        table.add_column(LABELS[name][language], justify="right", no_wrap=True)
    for name, _ in shares:
        key = "saturated_short" if name == "saturated" else name
        table.add_column(LABELS[key][language], justify="right", no_wrap=True)
    table.add_column(LABELS["state"][language], no_wrap=True)
    for place in _shown(rows):
        if place is None:
            table.add_row("…")
            continue
        row = rows[place]
        cells = [_or_blank(row.gradient), _or_blank(row.update), row.output]
        for _, values in shares:
            value = values[place]
            cells.append("" if value is None else numbers.percent(value, 0))
        table.add_row(Line(row.layer), *cells, _state(row, language))
    return table


def _shown(rows: Sequence[LayerHealth]) -> list[int | None]:
    """Places of the layers to show; None where some are left out."""
    if len(rows) <= _HEALTH_ROWS:
        return list(range(len(rows)))
    half = _HEALTH_ROWS // 2
    return [*range(half), None, *range(len(rows) - half, len(rows))]


def _state(row: LayerHealth, language: Language) -> Line:
    if row.severity is None:
        return Line("✓", "green")
    found = ", ".join(str(number) for number in row.findings)
    return Line(f"{MARKS[row.severity]} {SEVERITIES[row.severity][language]} {found}", STYLES[row.severity])


def diagnosis_page(diagnosis: Diagnosis, language: Language) -> RenderableType:
    """A diagnosis alone: what was found, what was not checked, what watching cost."""
    parts: list[RenderableType] = [_diagnosis(diagnosis, verdict(diagnosis), language)]
    if diagnosis.overhead is not None:
        cost = numbers.percent(diagnosis.overhead, 1)
        parts += [Line(), Paragraph(LABELS["overhead_line"].format(cost=cost)[language], "dim")]
    return Group(*parts)


def _diagnosis(diagnosis: Diagnosis, verdict: Text, language: Language) -> Group:
    good = not diagnosis.findings and bool(diagnosis.checked)
    lines: list[RenderableType] = [Line(("✓ " if good else "") + verdict[language], "bold green" if good else "bold")]
    for number, finding in enumerate(diagnosis.findings, 1):
        lines += [Line(), *_finding(number, finding, _cause(finding, diagnosis), language)]
    if diagnosis.not_checked:
        names = listed(tuple(skipped.title.en for skipped in diagnosis.not_checked)).en
        if language == "zh":
            names = listed(tuple(skipped.title.zh for skipped in diagnosis.not_checked)).zh
        lines += [Line(), Paragraph(LABELS["not_checked_line"].format(names=names)[language], "dim")]
    return Group(*lines)


def _cause(finding: Finding, diagnosis: Diagnosis) -> Finding | None:
    """The finding that this one is a symptom of."""
    return next((one for one in diagnosis.findings if one.problem == finding.follows_from), None)


def _finding(number: int, finding: Finding, cause: Finding | None, language: Language) -> list[RenderableType]:
    style = STYLES[finding.severity]
    title = Line.assemble(
        (f"{MARKS[finding.severity]} {number}. {finding.title[language]}", style),
        (f"  {SEVERITIES[finding.severity][language]}", "dim"),
    )
    details: list[Line] = [Line(finding.summary[language])]
    if cause is not None:
        details.append(Line(LABELS["follows_from"].format(title=cause.title)[language], "bold"))
    if finding.layers:
        details.append(Line(LABELS["in_layers"].format(names=listed(finding.layers))[language]))
    details += [
        Line(LABELS["evidence_line"].format(text=evidence.sentence(one, language))[language])
        for one in finding.evidence[:_EVIDENCE]
    ]
    details += [Line(LABELS["cause_line"].format(text=one.text)[language]) for one in finding.causes[:1]]
    for remedy in finding.remedies[:_REMEDIES]:
        line = Line(LABELS["try_line"].format(text=remedy.text)[language])
        if remedy.option:
            line.append(f"  {remedy.option}", "bold")
        details.append(line)
    return [title, Padding(Group(*map(Paragraph, details)), (0, 0, 0, 2))]


def _files(shown: dict[str, str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, path in shown.items():
        table.add_row(name, Line(path, "bold"))
    return table


def _beside(mark: Line, text: RenderableType) -> Table:
    table = Table.grid()
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row(mark, text)
    return table


def _or_blank(value: float | None) -> str:
    return "" if value is None else numbers.scientific(value)
