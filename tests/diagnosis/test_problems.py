"""Every problem fires on its patient, is silent on every healthy twin, and says so when it cannot look."""

from __future__ import annotations

import re

import numpy as np
import pytest
import typer
from contracts import contract

from trainwell import networks
from trainwell.cli.main import build_app
from trainwell.cli.session import Session
from trainwell.diagnosis import Facts, NotChecked, all_problems, diagnose
from trainwell.diagnosis import problems as catalogue
from trainwell.locales.report_labels import UNITS
from trainwell.signals import LayerInfo, Layout, Recording, all_measures
from trainwell.techniques import all_techniques

EVERY_KIND = (
    LayerInfo("attention/query", "EinsumDense", None, 100, (5, 2, 4)),
    LayerInfo("attention/key", "EinsumDense", None, 100, (5, 2, 4)),
    LayerInfo("dense_1", "Dense", "relu", 100, (10,)),
    LayerInfo("dense_2", "Dense", "tanh", 100, (10,)),
    LayerInfo("output", "Dense", "softmax", 100, (10,), is_output=True),
)
PROBLEMS = {problem.identifier: problem for problem in all_problems()}
BEFORE = {name for name, problem in PROBLEMS.items() if problem.before_training}  # seen in the contract alone
CONTRACT = {name for name, problem in PROBLEMS.items() if "contract" in problem.needs.facts}
BY_HAND = {  # patients made by hand, in test_training_problems.py
    *("loss_not_finite", "oscillating_loss", "slow_convergence", "insufficient_epochs", "batch_too_large"),
    *("batch_too_small", "saturated_activation", "short_memory", "attention_collapse", "learning_rate_too_low"),
    *("learning_rate_too_high", "one_batch_not_learned"),
}
# patient -> (problem that must be the first finding, layers that it must name, last possible first step)
PATIENTS = {
    "sigmoid_30": ("vanishing_gradient", [f"hidden_{n}" for n in range(1, 25)], 1),
    "dead_bias": ("dying_relu", ["hidden_2"], 1),
    "rate_100x": ("learning_rate_too_high", [], 1),
    "large_weights": ("exploding_gradient", ["hidden_7", "hidden_8"], 1),
    "diverging": ("learning_rate_too_high", [], 1),
    "wrong_labels": ("overfitting", [], 200),
    "few_samples": ("overfitting", [], 59),
}
HEALTHY = [
    "relu_he_30",
    "tanh_glorot_8",
    "sigmoid_2",
    "relu_to_zero_loss",
    "large_clipped_steps",
    "recurrent",
    "linear_regression",
]

BEGUN = {"relu_he_30": ("insufficient_epochs",)}  # healthy, but 24 steps are not many


@pytest.mark.parametrize("patient", PATIENTS)
def test_a_patient_is_found_with_layers_and_step(patient, trained):
    problem, layers, latest = PATIENTS[patient]
    findings = diagnose(trained(patient)).findings
    assert findings, "nothing was found"
    first = findings[0]
    assert (first.problem, first.follows_from) == (problem, None)
    assert first.severity in ("error", "warning")
    assert set(layers) <= set(first.layers)
    assert bool(first.layers) == bool(layers)
    assert first.steps is not None
    assert 1 <= first.steps[0] <= latest < first.steps[1]


@pytest.mark.parametrize("healthy", HEALTHY)
def test_a_healthy_twin_is_found_healthy(healthy, trained):
    diagnosis = diagnose(trained(healthy))
    found = [finding for finding in diagnosis.findings if healthy not in BEGUN or finding.problem not in BEGUN[healthy]]
    assert [finding.text() for finding in found] == []
    unknown = {"overfitting"} | CONTRACT  # where it was not validated, and no contract is known
    assert {entry.problem for entry in diagnosis.not_checked} <= unknown
    assert set(diagnosis.checked) >= set(PROBLEMS) - unknown


def test_every_problem_has_a_patient():
    assert set(PROBLEMS) - CONTRACT <= {problem for problem, _, _ in PATIENTS.values()} | BY_HAND


def test_vanished_layers_are_contiguous_from_the_input(trained):
    layers = diagnose(trained("sigmoid_30")).findings[0].layers
    assert layers == tuple(f"hidden_{n}" for n in range(1, len(layers) + 1))
    assert len(layers) < 30, "the last layers do get a gradient"


def test_a_nan_is_a_symptom_of_the_explosion_before_it(trained):
    diagnosis = diagnose(trained("diverging"))
    found = {finding.problem: finding for finding in diagnosis.findings}
    nan = found["loss_not_finite"]
    assert nan.follows_from == "exploding_gradient"
    assert nan.causes[0].code == "too_large_steps"
    loss = trained("diverging").recording.run("loss")
    gradient = trained("diverging").recording.run("gradient_norm")
    first_bad = int(loss.first_step[np.flatnonzero(loss.nonfinite + gradient.nonfinite)[0]])
    assert nan.steps is not None
    assert nan.steps[0] == first_bad


def test_a_gradient_that_a_dead_layer_stops_is_a_symptom_of_it(trained):
    found = diagnose(trained("dead_bias")).findings
    assert [(one.problem, one.follows_from) for one in found] == [
        ("dying_relu", None),
        ("vanishing_gradient", "dying_relu"),
    ]
    assert found[1].layers == ("hidden_1", "hidden_2")


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_nothing_recorded_is_not_checked(problem, made):
    answer = problem.look(Facts(made(steps=0)))
    assert isinstance(answer, NotChecked)
    assert answer.problem == problem.identifier
    assert answer.reason.en
    assert answer.reason.zh


@pytest.mark.parametrize(
    ("identifier", "measure"), [(name, measure) for name, one in PROBLEMS.items() for measure in one.needs.measures]
)
def test_a_measure_that_was_not_recorded_is_named(identifier, measure, made):
    answer = PROBLEMS[identifier].look(Facts(made(without=measure, layers=EVERY_KIND), contract=contract()))
    assert isinstance(answer, NotChecked)
    title = next(one.title for one in all_measures() if one.name == measure)
    assert title.en in answer.reason.en
    assert title.zh in answer.reason.zh


@pytest.mark.parametrize("identifier", [name for name, one in PROBLEMS.items() if one.needs.looks > 1])
def test_too_few_looks_are_not_checked(identifier, made):
    answer = PROBLEMS[identifier].look(Facts(made(looks=1), contract=contract()))
    assert isinstance(answer, NotChecked)
    assert "1" in answer.reason.en


def test_without_validation_overfitting_is_not_checked(made):
    rows = [{"epoch": n, "loss": 1 / n} for n in range(1, 21)]
    (left_out,) = (one for one in diagnose(Facts(made(epochs=rows))).not_checked if one.problem not in CONTRACT)
    assert (left_out.problem, "val_loss" in left_out.reason.en) == ("overfitting", True)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_nan_everywhere_breaks_no_check(problem, made, curve):
    nan = np.nan
    columns = dict.fromkeys(made().layout.columns, nan)
    run = dict.fromkeys(("loss", "learning_rate", "gradient_norm", "clipped_gradient_norm"), nan)
    recording = made(run=run, columns=columns, epochs=curve([nan] * 9, [nan] * 9))
    answer = problem.look(Facts(recording, batch_size=32, trivial_loss=2.3))
    if problem.identifier == "loss_not_finite":
        assert [finding.steps for finding in answer] == [(1, 100)]
    else:
        assert isinstance(answer, NotChecked) or not answer


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_an_entry_is_complete_in_both_languages(problem):
    module = getattr(catalogue, problem.identifier)
    assert problem is module.PROBLEM
    texts = [problem.title, problem.explanation]
    for threshold in problem.thresholds:
        assert np.isfinite(threshold.value)
        assert threshold.unit in UNITS
        texts += [threshold.what, threshold.source]
    for cause in problem.causes:
        texts += [cause.text, cause.confirm]
    texts += [remedy.text for remedy in problem.remedies]
    for text in texts:
        assert text.en.strip()
        assert re.search("[\u4e00-\u9fff]", text.zh), text.zh
        assert not re.search("[\u4e00-\u9fff]", text.en), text.en
    for part in ("What it sees", "Why it hurts", "When it stays silent", "Thresholds", "Remedies"):
        assert f"\n{part}. " in (module.__doc__ or ""), part
    for codes in ([one.code for one in problem.causes], [one.code for one in problem.remedies]):
        assert codes
        assert len(set(codes)) == len(codes)
    assert len({threshold.name for threshold in problem.thresholds}) == len(problem.thresholds)
    assert {origin.problem for origin in problem.symptom_of} <= set(PROBLEMS) - {problem.identifier}


def test_remedies_name_options_that_exist():
    command = typer.main.get_command(build_app(Session("en"))).commands["train"]
    flags = {flag for parameter in command.params for flag in parameter.opts if flag.startswith("--")}
    named = {technique.name for technique in all_techniques()} | set(networks.names()) | {"max"}
    options = [remedy.option for problem in all_problems() for remedy in problem.remedies if remedy.option]
    for option in options:
        words = option.split()
        assert {word for word in words if word.startswith("--")} <= flags
        assert all(word in named or re.fullmatch(r"[\dx.e-]+", word) for word in words if not word.startswith("--"))


def test_the_catalogue_is_the_folder():
    from pathlib import Path

    files = {path.stem for path in Path(catalogue.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(PROBLEMS)


def test_an_unwatched_training_is_still_looked_at(trained):
    watched = trained("diverging").recording
    layout = Layout(watched.layers, ())
    blind = Recording(layout, watched.run_rows, np.zeros(0, watched.layer_rows.dtype), watched.epochs)
    diagnosis = diagnose(Facts(blind))
    assert {entry.problem for entry in diagnosis.not_checked} >= {"vanishing_gradient", "exploding_gradient"}
