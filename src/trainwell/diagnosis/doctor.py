"""Runs every problem over the facts of a training and puts what it found in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from trainwell.diagnosis.contract import Contract
from trainwell.diagnosis.course import learned_well
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import SEVERITIES, Diagnosis, Finding, NotChecked
from trainwell.diagnosis.problem import Origin, Problem
from trainwell.diagnosis.problems import all_problems
from trainwell.signals import Recording

# harm that a good end of the training does not rule out: its figures themselves mislead, or misled somebody
HARM_UNSEEN = ("data_leakage", "class_imbalance", "label_problem", "missing_mask", "nan_in_data")


def diagnose(facts: Facts, problems: Sequence[Problem] | None = None) -> Diagnosis:
    """Name every problem of a training.

    Args:
        facts: what was recorded and is known.
        problems: what to look for; the whole catalogue by default.

    Returns:
        Findings, what to mend first standing first: the worse before the milder, a cause before its symptoms, the
        earlier before the later. What could not be looked for is listed with the reason.
    """
    looked_for = all_problems() if problems is None else tuple(problems)
    well = learned_well(facts)
    findings: list[Finding] = []
    not_checked: list[NotChecked] = []
    for problem in looked_for:
        answer = problem.look(facts)
        if isinstance(answer, NotChecked):
            not_checked.append(answer)
        elif problem.before_training and problem.identifier not in HARM_UNSEEN and well:
            findings += [replace(one, severity="note") if one.severity == "warning" else one for one in answer]
        else:
            findings += answer
    missed = {entry.problem for entry in not_checked}
    return Diagnosis(
        findings=ordered(linked(findings, {problem.identifier: problem.symptom_of for problem in looked_for})),
        not_checked=tuple(not_checked),
        checked=tuple(problem.identifier for problem in looked_for if problem.identifier not in missed),
    )


def preflight(contract: Contract) -> Diagnosis:
    """Name what is wrong before the first step: all that data, last layer, loss and optimizer tell."""
    before = [problem for problem in all_problems() if problem.before_training]
    return diagnose(Facts(Recording.empty(), contract=contract), before)


def joined(*diagnoses: Diagnosis) -> Diagnosis:
    """Several diagnoses of one training as one: of two findings of the same problem, the first."""
    findings: dict[str, Finding] = {}
    for finding in (finding for diagnosis in diagnoses for finding in diagnosis.findings):
        findings.setdefault(finding.problem, replace(finding, follows_from=None))
    checked = {identifier for diagnosis in diagnoses for identifier in diagnosis.checked}
    not_checked = {
        entry.problem: entry for one in diagnoses for entry in one.not_checked if entry.problem not in checked
    }
    known = {problem.identifier: problem.symptom_of for problem in all_problems()}
    return Diagnosis(
        findings=ordered(linked(tuple(findings.values()), known)),
        not_checked=tuple(not_checked.values()),
        checked=tuple(sorted(checked)),
    )


def linked(findings: Sequence[Finding], symptom_of: Mapping[str, Sequence[Origin]]) -> tuple[Finding, ...]:
    """The findings, each pointing at the problem that it follows from.

    A cause must have been found too, must not have begun later than its symptom, and must not itself follow from it.

    Args:
        findings: as the checks gave them.
        symptom_of: problem -> problems that may bring it about, the likeliest first.
    """
    causes: dict[str, str] = {one.problem: one.follows_from for one in findings if one.follows_from}
    for finding in findings:
        if finding.problem in causes:
            continue
        for origin in symptom_of.get(finding.problem, ()):
            found = [other for other in findings if other.problem == origin.problem and other is not finding]
            fits = any(_first_step(other) <= _first_step(finding) and origin.fits(finding, other) for other in found)
            if fits and finding.problem not in _chain(origin.problem, causes):
                causes[finding.problem] = origin.problem
                break
    return tuple(replace(finding, follows_from=causes.get(finding.problem)) for finding in findings)


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What to mend first stands first.

    A cause is as urgent as the worst of its symptoms and stands before them; then the earlier stands first,
    and of two that began together the surer one.
    """
    causes = {one.problem: one.follows_from for one in findings if one.follows_from}

    def urgency(finding: Finding) -> int:
        symptoms = [other for other in findings if finding.problem in _chain(other.problem, causes)]
        return min(SEVERITIES.index(one.severity) for one in (finding, *symptoms))

    def key(finding: Finding) -> tuple[int, int, int, float, str]:
        depth = len(_chain(finding.problem, causes))
        return urgency(finding), depth, _first_step(finding), -finding.confidence, finding.problem

    return tuple(sorted(findings, key=key))


def _chain(identifier: str, causes: Mapping[str, str]) -> tuple[str, ...]:
    """The problem itself, its cause, the cause of that, ..."""
    chain = [identifier]
    while (cause := causes.get(chain[-1])) and cause not in chain:
        chain.append(cause)
    return tuple(chain)


def _first_step(finding: Finding) -> int:
    """When it began; what has no step is taken to be there from the start."""
    return finding.steps[0] if finding.steps else 0
