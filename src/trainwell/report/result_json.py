"""The content of result.json: what a program wants to know about a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainwell.diagnosis.finding import Finding
from trainwell.report.facts import RunFacts


def result(facts: RunFacts, folder: str | Path) -> dict[str, Any]:
    """The result of a run, ready for `json.dumps(..., allow_nan=False)`; numbers that are not finite become None.

    Args:
        facts: of the run.
        folder: the run's folder.

    Returns:
        task, network, parameters, epochs, epochs_planned, steps, stopped, seed, train, validation, test, baseline
        (metric -> value each), findings, not_checked (identifiers), seconds, folder.
    """
    training, scores = facts.training, facts.scores
    return {
        "task": facts.data.task,
        "network": facts.network.name,
        "parameters": facts.network.parameters,
        "epochs": training.epochs_done,
        "epochs_planned": training.epochs_planned,
        "steps": training.steps,
        "stopped": training.stopped,
        "seed": training.seed,
        "train": _finite(scores.train),
        "validation": _finite(scores.validation),
        "test": _finite(scores.test),
        "baseline": _finite(scores.baseline),
        "findings": [_finding(finding) for finding in facts.diagnosis.findings],
        "not_checked": [skipped.problem for skipped in facts.diagnosis.not_checked],
        "seconds": round(training.seconds, 3),
        "folder": str(folder),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "problem": finding.problem,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "layers": list(finding.layers),
        "steps": list(finding.steps) if finding.steps else None,
        "summary": finding.summary.en,
        "follows_from": finding.follows_from,
    }


def _finite(metrics: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in metrics.items()}
