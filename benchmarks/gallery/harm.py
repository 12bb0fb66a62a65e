"""Whether the fault of a case did harm, compared with the same recipe without it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from gallery.recorded import Recorded

LEAST_LOSS = {"accuracy": 0.03, "r2": 0.05}
STANDARD_ERRORS = 3
NOTHING_LEARNED = 0.1  # of the way from the trivial predictor to the healthy training

Standing = Literal["faulty", "healthy", "harmless", "unclear"]


@dataclass(frozen=True)
class Judged:
    """How a case counts.

    Attributes:
        case: as recorded.
        standing: "faulty": to be found. "healthy": to be left alone; so is "harmless", where the fault did no harm.
            "unclear": counted nowhere: a healthy recipe that did not learn with this seed, or a fault whose healthy
            recipe is not recorded.
        destroyed: no step was possible, the network is no longer finite, or nothing was learned.
        base_score: mean score of the recipe without the fault; None if it is not recorded.
    """

    case: Recorded
    standing: Standing
    destroyed: bool
    base_score: float | None


def judge(cases: Iterable[Recorded]) -> list[Judged]:
    """Each case by the scores of its healthy recipe, over all recorded seeds."""
    cases = list(cases)
    bases: dict[str, list[float]] = {}
    for case in cases:
        if case.facts["fault"] is None and case.score is not None and "-healthy-s" in case.facts["name"]:
            bases.setdefault(case.facts["base"], []).append(case.score)
    return [_judge(case, bases) for case in cases]


def _judge(case: Recorded, bases: Mapping[str, list[float]]) -> Judged:
    facts, score = case.facts, case.score
    healthy = bases.get(facts["base"], [])
    mean = statistics.mean(healthy) if healthy else None
    if facts["fault"] is None:
        learned = score is not None and score >= facts["least"]
        return Judged(case, "healthy" if learned else "unclear", False, mean)
    if score is None:  # no step was possible, or the answers are not finite
        return Judged(case, "faulty", True, mean)
    destroyed = mean is not None and score < facts["trivial"] + NOTHING_LEARNED * (mean - facts["trivial"])
    if facts["by_definition"]:
        return Judged(case, "faulty", destroyed, mean)
    if mean is None:
        return Judged(case, "unclear", False, None)
    error = statistics.stdev(healthy) / len(healthy) ** 0.5 if len(healthy) > 1 else 0.0
    harmed = score <= mean - LEAST_LOSS[facts["metric"]] and score < mean - STANDARD_ERRORS * error
    return Judged(case, "faulty" if harmed else "harmless", destroyed and harmed, mean)
