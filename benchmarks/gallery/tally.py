"""Counts over judged cases: what was found, what was rightly said, what was false."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gallery.alarm import Alarm
from gallery.harm import Judged

NEAR_STEPS, NEAR_SHARE = 5, 0.1

Tool = Callable[[Judged], Sequence[Alarm]]


@dataclass
class Share:
    """So many of so many."""

    good: int = 0
    of: int = 0

    def count(self, good: bool) -> None:
        self.of += 1
        self.good += good

    @property
    def value(self) -> float | None:
        """0..1; None of nothing."""
        return self.good / self.of if self.of else None

    def __str__(self) -> str:
        return f"{self.good / self.of:.2f} ({self.good}/{self.of})" if self.of else "-"


@dataclass
class Row:
    """Of one problem.

    Attributes:
        recall: its cases in which it was named, loudly.
        noted: its cases in which it was named, if only as a note.
        precision: loud alarms of this name that are true.
        layer: hits that name a layer that was hurt.
        step: hits that name the step at which it began.
        false_alarms: healthy trainings with a loud alarm of this name.
    """

    recall: Share = field(default_factory=Share)
    noted: Share = field(default_factory=Share)
    precision: Share = field(default_factory=Share)
    layer: Share = field(default_factory=Share)
    step: Share = field(default_factory=Share)
    false_alarms: Share = field(default_factory=Share)


@dataclass
class Tally:
    """Of all cases.

    Attributes:
        rows: problem -> counts.
        total: over all problems; `false_alarms` counts trainings with any loud alarm.
        destroyed: recall over the faults that destroyed the training.
        alarms_on_healthy: loud alarms on healthy trainings, all together.
        harmless_named: of these, the ones that name a fault that is there but did no harm.
        missed: faulty cases in which nothing of what is accepted was said loudly, with what was said.
        false: cases with loud alarms that are false, with these.
    """

    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    total: Row = field(default_factory=Row)
    destroyed: Share = field(default_factory=Share)
    alarms_on_healthy: int = 0
    harmless_named: int = 0
    missed: list[tuple[Judged, tuple[Alarm, ...]]] = field(default_factory=list[tuple[Judged, tuple[Alarm, ...]]])
    false: list[tuple[Judged, tuple[Alarm, ...]]] = field(default_factory=list[tuple[Judged, tuple[Alarm, ...]]])

    def row(self, problem: str) -> Row:
        return self.rows.setdefault(problem, Row())


def tally(cases: Sequence[Judged], tool: Tool, problems: Sequence[str]) -> Tally:
    """What this tool gets right and wrong.

    Args:
        cases: judged ones; unclear ones are left out.
        tool: says what is wrong with a case.
        problems: identifiers of all problems, for the false alarms of each.
    """
    found = Tally()
    for judged in cases:
        if judged.standing == "unclear":
            continue
        alarms = tuple(tool(judged))
        loud = tuple(alarm for alarm in alarms if alarm.loud)
        if judged.standing == "faulty":
            _count_fault(found, judged, alarms)
            facts = judged.case.facts
            true = frozenset((*facts["accepted"], *facts["symptoms"]))
        else:
            _count_healthy(found, loud, problems)
            accepted = frozenset(judged.case.facts["accepted"])
            found.harmless_named += sum(bool(alarm.means & accepted) for alarm in loud)
            true = frozenset[str]()
        false = tuple(alarm for alarm in loud if not alarm.means & true)
        for alarm in loud:
            found.total.precision.count(bool(alarm.means & true))
            for problem in alarm.means:
                found.row(problem).precision.count(bool(alarm.means & true))
        if false:
            found.false.append((judged, false))
    return found


def _count_fault(found: Tally, judged: Judged, alarms: tuple[Alarm, ...]) -> None:
    facts = judged.case.facts
    accepted = frozenset(facts["accepted"])
    naming = [alarm for alarm in alarms if alarm.means & accepted]
    hits = [alarm for alarm in naming if alarm.loud]
    for row in (found.row(facts["fault"]), found.total):
        row.recall.count(bool(hits))
        row.noted.count(bool(naming))
        if hits and facts["layers"]:
            row.layer.count(any(_same_layer(name, hurt) for a in hits for name in a.layers for hurt in facts["layers"]))
        if hits and facts["first_step"] is not None:
            near = max(NEAR_STEPS, NEAR_SHARE * facts["steps"])
            began = [alarm.step for alarm in hits if alarm.step is not None]
            row.step.count(any(abs(step - facts["first_step"]) <= near for step in began))
    if judged.destroyed:
        found.destroyed.count(bool(hits))
    if not hits:
        found.missed.append((judged, alarms))


def _count_healthy(found: Tally, loud: tuple[Alarm, ...], problems: Sequence[str]) -> None:
    found.total.false_alarms.count(bool(loud))
    found.alarms_on_healthy += len(loud)
    named = frozenset[str]().union(*(alarm.means for alarm in loud))
    for problem in problems:
        found.row(problem).false_alarms.count(problem in named)


def _same_layer(name: str, hurt: str) -> bool:
    """A layer, or a part of it."""
    return name == hurt or name.startswith(f"{hurt}/")
