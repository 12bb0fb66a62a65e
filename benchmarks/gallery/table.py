"""The figures as text and as JSON."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from gallery.alarm import Alarm
from gallery.harm import Judged, judge
from gallery.peers import all_peers
from gallery.recorded import all_recorded
from gallery.tally import Row, Share, Tally, tally
from trainwell.diagnosis import all_problems

OURS = "trainwell"


def report(out: Path, half: str, only: str, misses: bool) -> tuple[dict[str, Any], str]:
    """The tables.

    Args:
        out: folder of the gallery.
        half: "tune", "score" or "both".
        only: cases whose names look like this.
        misses: list every miss and every false alarm.

    Returns:
        All figures as plain values, and the text.
    """
    judged = judge(all_recorded(out))  # harm is judged by all of them
    cases = [
        one for one in judged if half in ("both", one.case.facts["half"]) and fnmatch(one.case.facts["name"], only)
    ]
    problems = sorted({problem.identifier for problem in all_problems()})
    times: list[float] = []

    def ours(one: Judged) -> Sequence[Alarm]:
        began = time.perf_counter()
        alarms = one.case.alarms()
        times.append(time.perf_counter() - began)
        return alarms

    tallies = {OURS: tally(cases, ours, problems)}
    for name, alarms in all_peers().items():
        tallies[name] = tally(cases, lambda one, alarms=alarms: alarms(one.case), problems)
    standing = Counter(one.standing for one in cases)
    parts = [
        f"{len(cases)} trainings ({half}): "
        + ", ".join(f"{count} {what}" for what, count in standing.most_common())
        + (f"; a diagnosis takes {statistics.median(times) * 1000:.0f} ms" if times else ""),
        _problems_table(tallies[OURS]),
        _totals_table(tallies),
        _recalls_table(tallies),
    ]
    if misses:
        parts += [_missed(tallies[OURS]), _false(tallies[OURS]), _unclear(cases)]
    content = {
        "half": half,
        "trainings": dict(standing),
        "tools": {name: _plain(one) for name, one in tallies.items()},
        "cases": [_plain_case(one) for one in cases],
    }
    return content, "\n\n".join(part for part in parts if part)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """With columns of even width; still Markdown."""
    widths = [max(len(row[place]) for row in (header, *rows)) for place in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )


def _per_healthy(row: Row) -> str:
    return f"{row.false_alarms.value:.3f}" if row.false_alarms.of else "-"


def _problems_table(found: Tally) -> str:
    header = ("problem", "cases", "recall", "with notes", "precision", "layer", "step", "false alarms per healthy one")
    rows = [
        (
            *(problem, str(row.recall.of), str(row.recall), str(row.noted), str(row.precision)),
            *(str(row.layer), str(row.step), _per_healthy(row)),
        )
        for problem, row in sorted(found.rows.items())
    ]
    return _table(header, rows)


def _totals_table(tallies: dict[str, Tally]) -> str:
    header = (
        *("tool", "recall", "of destroyed", "precision", "healthy ones alarmed", "alarms per healthy one"),
        "of these: fault there, but harmless",
    )
    rows = [
        (
            *(name, str(one.total.recall), str(one.destroyed), str(one.total.precision), str(one.total.false_alarms)),
            f"{one.alarms_on_healthy / max(1, one.total.false_alarms.of):.2f}",
            str(one.harmless_named),
        )
        for name, one in tallies.items()
    ]
    return _table(header, rows)


def _recalls_table(tallies: dict[str, Tally]) -> str:
    problems = [name for name, row in sorted(tallies[OURS].rows.items()) if row.recall.of]
    rows = [(name, *(_recall(one, name) for one in tallies.values())) for name in problems]
    return _table(("recall", *tallies), rows) if rows else ""


def _recall(found: Tally, problem: str) -> str:
    value = found.row(problem).recall.value
    return "-" if value is None else f"{value:.2f}"


def _line(one: Judged) -> str:
    facts, base = one.case.facts, one.base_score
    score = "none" if one.case.score is None else f"{one.case.score:.3f}"
    beside = "" if base is None else f" (healthy: {base:.3f})"
    return f"{facts['name']} [{facts['half']}, {one.standing}] {facts['metric']} {score}{beside}"


def _said(alarms: Sequence[Alarm]) -> str:
    return "".join(f"\n    {alarm.severity}: {alarm.rule}: {alarm.summary}" for alarm in alarms) or "\n    nothing"


def _missed(found: Tally) -> str:
    return "\n".join(
        [f"MISSED ({len(found.missed)})"]
        + [f"  {_line(one)}: accepted {', '.join(one.case.facts['accepted'])}{_said(a)}" for one, a in found.missed]
    )


def _false(found: Tally) -> str:
    return "\n".join(
        [f"FALSE ALARMS (in {len(found.false)} trainings)"]
        + [f"  {_line(one)}{_said(alarms)}" for one, alarms in found.false]
    )


def _unclear(cases: Sequence[Judged]) -> str:
    unclear = [one for one in cases if one.standing == "unclear"]
    return "\n".join([f"UNCLEAR, left out ({len(unclear)})", *(f"  {_line(one)}" for one in unclear)])


def _plain(found: Tally) -> dict[str, Any]:
    def row(one: Row) -> dict[str, Any]:
        return {name: _share(share) for name, share in vars(one).items()}

    return {
        "total": row(found.total) | {"destroyed": _share(found.destroyed)},
        "alarms_on_healthy": found.alarms_on_healthy,
        "harmless_named": found.harmless_named,
        "problems": {name: row(one) for name, one in sorted(found.rows.items())},
        "missed": [one.case.facts["name"] for one, _ in found.missed],
        "false": {one.case.facts["name"]: [alarm.rule for alarm in alarms] for one, alarms in found.false},
    }


def _share(share: Share) -> dict[str, Any]:
    return {"good": share.good, "of": share.of, "share": share.value}


def _plain_case(one: Judged) -> dict[str, Any]:
    facts = one.case.facts
    return {
        **{name: facts[name] for name in ("name", "half", "fault", "strength", "score", "metric")},
        "healthy_score": one.base_score,
        "standing": one.standing,
        "destroyed": one.destroyed,
    }
