"""What the doctor does with what the checks find: causes, order, what was left out."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import given

from trainwell.diagnosis import Facts, Finding, NotChecked, Problem, diagnose
from trainwell.diagnosis.doctor import linked, ordered
from trainwell.diagnosis.problem import Needs, Origin
from trainwell.locales import Text

SOME = Text("some", "某")


def finding(problem: str, severity="error", step: int = 1, follows_from: str | None = None) -> Finding:
    return Finding(problem, SOME, severity, 1.0, SOME, (), (), (), steps=(step, 100), follows_from=follows_from)


def names(found) -> list[str]:
    return [one.problem for one in found]


def test_a_cause_stands_before_its_symptom_even_if_the_symptom_is_worse():
    rate = finding("rate", "warning")
    dead = finding("dead", "error", follows_from="rate")
    other = finding("other", "warning")
    assert names(ordered([other, dead, rate])) == ["rate", "dead", "other"]


def test_worse_before_milder_and_earlier_before_later():
    found = [finding("c", "note"), finding("b", "error", 9), finding("a", "warning"), finding("d", "error", 2)]
    assert names(ordered(found)) == ["d", "b", "a", "c"]


def test_the_surer_of_two_that_began_together_comes_first():
    found = [replace(finding("a"), confidence=0.5), finding("b")]
    assert names(ordered(found)) == ["b", "a"]


def test_a_cause_must_be_found_and_not_later():
    origins = {"nan": (Origin("explosion"),)}
    alone = linked([finding("nan", step=5)], origins)
    later = linked([finding("nan", step=5), finding("explosion", step=6)], origins)
    before = linked([finding("nan", step=5), finding("explosion", step=5)], origins)
    assert [one.follows_from for one in (*alone, later[0], before[0])] == [None, None, "explosion"]


def test_the_likeliest_fitting_cause_is_taken():
    origins = {"nan": (Origin("a", fits=lambda symptom, cause: False), Origin("b"), Origin("c"))}
    found = linked([finding("nan"), finding("a"), finding("b"), finding("c")], origins)
    assert found[0].follows_from == "b"


def test_two_problems_are_never_each_others_cause():
    found = linked([finding("a"), finding("b")], {"a": (Origin("b"),), "b": (Origin("a"),)})
    assert [one.follows_from for one in found] == ["b", None]


severities = st.sampled_from(["error", "warning", "note"])
problems = st.lists(st.tuples(st.sampled_from("abcdef"), severities, st.integers(1, 9)), unique_by=lambda one: one[0])
links = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3), max_size=6)


@given(problems, links)
def test_nothing_is_lost_and_every_cause_stands_before_its_symptoms(found, origins):
    given_findings = [finding(name, severity, step) for name, severity, step in found]
    order = ordered(linked(given_findings, {k: tuple(Origin(name) for name in v) for k, v in origins.items()}))
    assert sorted(names(order)) == sorted(names(given_findings))
    for place, one in enumerate(order):
        if one.follows_from:
            assert one.follows_from in names(order[:place])
    assert ordered(tuple(reversed(order))) == order


def test_what_was_not_checked_is_listed_with_the_reason(made):
    def problem(name, check):
        return Problem(name, SOME, SOME, Needs(), (), (), (), check)

    silent = problem("silent", lambda facts: ())
    loud = problem("loud", lambda facts: (finding("loud"),))
    blind = problem("blind", lambda facts: NotChecked("blind", SOME, SOME))
    diagnosis = diagnose(Facts(made()), [silent, loud, blind])
    assert names(diagnosis.findings) == ["loud"]
    assert diagnosis.not_checked == (NotChecked("blind", SOME, SOME),)
    assert diagnosis.checked == ("silent", "loud")
