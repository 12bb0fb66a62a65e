"""What is wrong with last layer, loss and learning rate before the first step, and silence on all that is sound."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from contracts import NAN, SOUND, class_numbers, contract, facts, numbers, one_hot, output, values

from trainwell.diagnosis import Diagnosis, NotChecked, all_problems, diagnose
from trainwell.diagnosis.contract import OutputLayer, Targets

OURS = {
    problem.identifier: problem
    for problem in all_problems()
    if problem.identifier
    in (
        "wrong_output_units",
        "wrong_output_activation",
        "loss_output_mismatch",
        "wrong_loss",
        "missing_nonlinearity",
        "invalid_learning_rate",
    )
}
TEN = [100] * 10
INFINITE = math.inf


def shaped(shape, activation="linear", low=-1.0, high=1.0):
    return OutputLayer("output", shape, activation, low, high)


def labels(low, high, **changed):
    """Two class numbers other than 0 and 1."""
    return replace(class_numbers(0, 500, 500, minimum=low, maximum=high), different=2, **changed)


def per_step(steps, classes, form="class_numbers", last=None):
    shape = (steps,) if last is None else (steps, last)
    return Targets(values(shape=shape, minimum=0.0, maximum=classes - 1.0), form, (9,) * classes, classes)


BINARY = {"loss": "binary_crossentropy", "first_loss": 0.7}
CATEGORICAL = {"loss": "categorical_crossentropy"}
MSE = {"loss": "mean_squared_error", "metrics": ()}
PAIR = class_numbers(500, 500)
ONE_HOT = one_hot(*TEN)
SEVERAL = one_hot(300, 250, 420, form="several_labels", samples=500)

# name -> (contract, problem, severity, evidence (measured, comparison, expected) of the first line)
FAULTY = {
    "class_without_unit": (
        contract(output=output(8, "softmax")),
        "wrong_output_units",
        "error",
        (0.2, ">", 0.0),
    ),
    "counted_from_one": (
        contract(targets=class_numbers(0, *TEN, minimum=1.0)),
        "wrong_output_units",
        "error",
        (0.1, ">", 0.0),
    ),
    "negative_class": (
        contract(targets=class_numbers(*TEN, minimum=-1.0)),
        "wrong_output_units",
        "error",
        (-1.0, "<", 0.0),
    ),
    "sparse_with_one_unit": (
        contract(targets=PAIR, output=output(1, "sigmoid")),
        "wrong_output_units",
        "error",
        (0.5, ">", 0.0),
    ),
    "void_class_weighted": (
        contract(
            targets=class_numbers(*TEN, *[0] * 245, 50),
            class_weighted=True,
        ),
        "wrong_output_units",
        "note",
        (50 / 1050, ">", 0.0),
    ),
    "padding_weighted": (
        contract(targets=class_numbers(*TEN, minimum=-1.0), class_weighted=True),
        "wrong_output_units",
        "note",
        (-1.0, "<", 0.0),
    ),
    "spare_units": (contract(output=output(100, "softmax")), "wrong_output_units", "note", (10.0, ">", 2.0)),
    "one_sigmoid_for_ten": (
        contract(output=output(1, "sigmoid"), **BINARY),
        "wrong_output_units",
        "error",
        (10, ">", 2),
    ),
    "one_hinge_for_ten": (
        contract(output=output(1, "tanh"), loss="hinge"),
        "wrong_output_units",
        "error",
        (10, ">", 2),
    ),
    "one_sigmoid_for_ten_by_distance": (
        contract(output=output(1, "sigmoid"), loss="mean_squared_error"),
        "wrong_output_units",
        "error",
        (10, ">", 2),
    ),
    "too_few_columns": (
        contract(targets=ONE_HOT, output=output(12, "softmax"), **CATEGORICAL),
        "wrong_output_units",
        "error",
        (12, ">", 10),
    ),
    "three_columns_for_one_unit": (
        contract(targets=numbers(columns=3), output=output(1, "linear"), **MSE),
        "wrong_output_units",
        "error",
        (1, "<", 3),
    ),
    "one_number_for_three_units": (
        contract(targets=numbers(), output=output(3, "linear"), **MSE),
        "wrong_output_units",
        "error",
        (3, ">", 1),
    ),
    "class_numbers_by_distance": (
        contract(loss="mean_squared_error"),
        "wrong_output_units",
        "error",
        (10, ">", 1),
    ),
    "several_labels_short": (
        contract(targets=SEVERAL, output=output(2, "sigmoid"), **BINARY),
        "wrong_output_units",
        "error",
        (2, "<", 3),
    ),
    "all_steps_for_one_answer": (
        contract(targets=numbers(), output=shaped((64, 1)), **MSE),
        "wrong_output_units",
        "error",
        (64, ">", 1),
    ),
    "one_answer_for_all_steps": (
        contract(targets=per_step(64, 65), output=shaped((65,), "softmax", 0.01, 0.03)),
        "wrong_output_units",
        "error",
        (1, "<", 64),
    ),
    "softmax_on_one": (
        contract(targets=PAIR, output=shaped((1,), "softmax", 1.0, 1.0), **BINARY),
        "wrong_output_activation",
        "error",
        (1, "<", 2),
    ),
    "softmax_on_one_sparse": (
        contract(output=shaped((1,), "softmax", 1.0, 1.0)),
        "wrong_output_activation",
        "error",
        (1, "<", 2),
    ),
    "softmax_on_one_categorical": (
        contract(targets=PAIR, output=shaped((1,), "softmax", 1.0, 1.0), **CATEGORICAL),
        "wrong_output_activation",
        "error",
        (1, "<", 2),
    ),
    "softmax_on_one_own_loss": (
        contract(targets=numbers(), output=shaped((1,), "softmax", 1.0, 1.0), loss=""),
        "wrong_output_activation",
        "error",
        (1, "<", 2),
    ),
    "relu_sparse": (contract(output=output(10, "relu")), "wrong_output_activation", "error", (INFINITE, ">", 1)),
    "tanh_binary": (
        contract(targets=PAIR, output=output(1, "tanh"), **BINARY),
        "wrong_output_activation",
        "error",
        (-1.0, "<", 0),
    ),
    "softplus_binary": (
        contract(targets=PAIR, output=shaped((1,), "softplus", 0.5, 0.9), **BINARY),
        "wrong_output_activation",
        "error",
        (INFINITE, ">", 1),
    ),
    "relu_logits_binary": (
        contract(targets=PAIR, output=output(1, "relu"), from_logits=True, **BINARY),
        "wrong_output_activation",
        "error",
        (0.5, ">", 0.05),
    ),
    "tanh_logits_binary": (
        contract(targets=PAIR, output=output(1, "tanh"), from_logits=True, **BINARY),
        "wrong_output_activation",
        "warning",
        (1 / (1 + math.e), ">", 0.05),
    ),
    "tanh_logits": (
        contract(output=output(10, "tanh"), from_logits=True),
        "wrong_output_activation",
        "warning",
        (9 / (9 + math.exp(2)), ">", 0.05),
    ),
    "relu_logits": (
        contract(output=output(10, "relu"), from_logits=True),
        "wrong_output_activation",
        "warning",
        (0, "<", 0.01),
    ),
    "ten_sigmoids": (contract(output=output(10, "sigmoid")), "wrong_output_activation", "warning", (10, ">", 2)),
    "ten_sigmoids_one_hot": (
        contract(targets=ONE_HOT, output=output(10, "sigmoid"), **CATEGORICAL),
        "wrong_output_activation",
        "warning",
        (10, ">", 2),
    ),
    "two_sigmoids": (
        contract(targets=one_hot(500, 500), output=output(2, "sigmoid"), **CATEGORICAL),
        "wrong_output_activation",
        "note",
        (2, ">", 1),
    ),
    "softmax_several_binary": (
        contract(targets=SEVERAL, output=output(3, "softmax"), **BINARY),
        "wrong_output_activation",
        "error",
        (1.94, ">", 1),
    ),
    "softmax_several": (
        contract(targets=SEVERAL, output=output(3, "softmax"), **CATEGORICAL),
        "wrong_output_activation",
        "warning",
        (1.94, ">", 1),
    ),
    "poisson_linear": (
        contract(targets=numbers(0.0, 9.0, 2.0, 1.5), output=output(1, "linear"), loss="poisson", metrics=()),
        "wrong_output_activation",
        "error",
        (-1.0, "<", 0),
    ),
    "divergence_linear": (
        contract(targets=ONE_HOT, output=output(10, "linear"), loss="kl_divergence"),
        "wrong_output_activation",
        "error",
        (-1.0, "<", 0),
    ),
    "divergence_too_large": (
        contract(targets=ONE_HOT, output=shaped((10,), "relu", 0.0, 1.4), loss="kl_divergence"),
        "wrong_output_activation",
        "error",
        (1.4, ">", 1),
    ),
    "hinge_sigmoid": (
        contract(
            targets=replace(SOUND["binary_hinge"].targets, different=2), output=output(1, "sigmoid"), loss="hinge"
        ),
        "wrong_output_activation",
        "warning",
        (0.0, ">", -1),
    ),
    "softmax_numbers": (
        contract(targets=numbers(columns=3), output=output(3, "softmax"), **MSE),
        "wrong_output_activation",
        "error",
        (1.0, ">", 0.1),
    ),
    "relu_negative_targets": (
        contract(targets=numbers(), output=output(1, "relu"), **MSE),
        "wrong_output_activation",
        "error",
        (2.5 / 5.1, ">", 0.01),
    ),
    "sigmoid_wide_targets": (
        contract(targets=numbers(0.0, 50.0, 22.0, 9.0), output=output(1, "sigmoid"), **MSE),
        "wrong_output_activation",
        "error",
        (0.98, ">", 0.01),
    ),
    "sigmoid_outliers": (
        contract(targets=numbers(0.0, 1.2, 0.4, 0.1), output=output(1, "sigmoid"), **MSE),
        "wrong_output_activation",
        "warning",
        (0.2 / 1.2, ">", 0.01),
    ),
    "sigmoid_ages": (
        contract(targets=class_numbers(*[10] * 60, mean=30.0, deviation=17.0), output=output(1, "sigmoid"), **MSE),
        "wrong_output_activation",
        "error",
        (58 / 59, ">", 0.01),
    ),
    "tanh_zero_one": (
        contract(targets=PAIR, output=output(1, "tanh"), **MSE),
        "wrong_output_activation",
        "note",
        (-1.0, "<", 0),
    ),
    "relu_zero_one": (
        contract(targets=PAIR, output=output(1, "relu"), **MSE),
        "wrong_output_activation",
        "warning",
        (0, "<", 0.01),
    ),
    "relu_pictures_of_zero_and_one": (
        contract(targets=SEVERAL, output=output(3, "relu"), **MSE),
        "wrong_output_activation",
        "note",
        (0, "<", 0.01),
    ),
    "sparse_one_hot": (contract(targets=ONE_HOT), "loss_output_mismatch", "error", (10, ">", 1)),
    "sparse_several": (
        contract(targets=SEVERAL, output=output(3, "sigmoid")),
        "loss_output_mismatch",
        "error",
        (3, ">", 1),
    ),
    "categorical_class_numbers": (contract(**CATEGORICAL), "loss_output_mismatch", "error", (1, "<", 10)),
    "categorical_hinge_class_numbers": (
        contract(loss="categorical_hinge", output=output(10, "linear")),
        "loss_output_mismatch",
        "error",
        (1, "<", 10),
    ),
    "categorical_one_unit": (
        contract(targets=PAIR, output=output(1, "sigmoid"), **CATEGORICAL),
        "loss_output_mismatch",
        "error",
        (1, "<", 2),
    ),
    "categorical_number": (
        contract(targets=numbers(), output=output(1, "linear"), loss="categorical_crossentropy", metrics=()),
        "loss_output_mismatch",
        "error",
        (1, "<", 2),
    ),
    "binary_class_numbers": (
        contract(output=output(10, "sigmoid"), **BINARY),
        "loss_output_mismatch",
        "error",
        (1, "<", 10),
    ),
    "binary_two_units": (
        contract(targets=PAIR, output=output(2, "softmax"), **BINARY),
        "loss_output_mismatch",
        "error",
        (1, "<", 2),
    ),
    "binary_one_and_two": (
        contract(targets=labels(1.0, 2.0), output=output(1, "sigmoid"), **BINARY),
        "loss_output_mismatch",
        "error",
        (2.0, ">", 1),
    ),
    "binary_minus_one": (
        contract(targets=SOUND["binary_hinge"].targets, output=output(1, "sigmoid"), **BINARY),
        "loss_output_mismatch",
        "error",
        (-1.0, "<", 0),
    ),
    "softmax_twice": (
        contract(from_logits=True),
        "loss_output_mismatch",
        "error",
        (math.log(1 + 9 / math.e), ">", 0.1),
    ),
    "sigmoid_twice": (
        contract(targets=PAIR, output=output(1, "sigmoid"), from_logits=True, **BINARY),
        "loss_output_mismatch",
        "error",
        (math.log(1 + 1 / math.e), ">", 0.1),
    ),
    "logits_not_told": (contract(output=output(10, "linear")), "loss_output_mismatch", "error", (-1.0, "<", 0)),
    "logits_not_told_binary": (
        contract(targets=PAIR, output=output(1, "linear", 0.2, 3.0), **BINARY),
        "loss_output_mismatch",
        "error",
        (3.0, ">", 1),
    ),
    "logits_not_seen": (
        contract(output=output(10, "linear", NAN, NAN)),
        "loss_output_mismatch",
        "error",
        (-INFINITE, "<", 0),
    ),
    "perhaps_probabilities": (
        contract(output=output(10, "linear", 0.02, 0.3)),
        "loss_output_mismatch",
        "note",
        (INFINITE, ">", 1),
    ),
    "categorical_several": (
        contract(targets=SEVERAL, output=output(3, "sigmoid"), **CATEGORICAL),
        "loss_output_mismatch",
        "warning",
        (1.94, ">", 1),
    ),
    "binary_softmax": (
        contract(targets=ONE_HOT, metrics=("binary_accuracy",), **BINARY),
        "loss_output_mismatch",
        "warning",
        (10, ">", 2),
    ),
    "classes_as_amounts": (
        contract(output=output(1, "linear"), loss="mean_squared_error"),
        "wrong_loss",
        "error",
        (10, ">", 2),
    ),
    "stars_or_classes": (contract(output=output(1, "linear"), **MSE), "wrong_loss", "note", (10, ">", 2)),
    "one_hot_by_square": (
        contract(targets=ONE_HOT, loss="mean_squared_error"),
        "wrong_loss",
        "note",
        (1.98 * 0.01 * 0.99, "<", 0.5),
    ),
    "one_hot_by_absolute": (
        contract(targets=ONE_HOT, loss="mean_absolute_error"),
        "wrong_loss",
        "warning",
        (1, "<", 10),
    ),
    "binary_by_absolute": (
        contract(targets=PAIR, output=output(1, "sigmoid"), loss="mean_absolute_error"),
        "wrong_loss",
        "warning",
        (1, "<", 10),
    ),
    "several_by_absolute": (
        contract(targets=SEVERAL, output=output(3, "sigmoid"), loss="mean_absolute_error"),
        "wrong_loss",
        "note",
        (1, "<", 10),
    ),
    "binary_by_percentage": (
        contract(targets=PAIR, output=output(1, "sigmoid"), loss="mean_absolute_percentage_error"),
        "wrong_loss",
        "error",
        (0.0, "<", 1e-3),
    ),
    "numbers_binary": (
        contract(targets=numbers(), output=output(1, "sigmoid"), **BINARY),
        "wrong_loss",
        "error",
        (-2.5, "<", 0),
    ),
    "pictures_of_255": (
        contract(targets=numbers(0.0, 255.0, 33.0, 78.0, columns=64), output=output(64, "sigmoid"), **BINARY),
        "wrong_loss",
        "error",
        (255.0, ">", 1),
    ),
    "whole_numbers_of_255": (
        contract(
            targets=Targets(values(shape=(64,), minimum=0.0, maximum=255.0), "class_numbers", (9,) * 256, 256),
            output=output(64, "sigmoid"),
            **BINARY,
        ),
        "wrong_loss",
        "error",
        (255.0, ">", 1),
    ),
    "divergence_of_numbers": (
        contract(targets=numbers(columns=3), output=output(3, "softmax"), loss="kl_divergence", metrics=()),
        "wrong_loss",
        "error",
        (-2.5, "<", 0),
    ),
    "numbers_sparse": (
        contract(targets=numbers(), output=output(1, "sigmoid")),
        "wrong_loss",
        "error",
        (900, ">", 0),
    ),
    "counts_categorical": (
        contract(targets=numbers(0.0, 9.0, columns=3), output=output(3, "softmax"), **CATEGORICAL),
        "wrong_loss",
        "warning",
        (9.0, ">", 1),
    ),
    "accuracy_of_numbers": (
        contract(targets=numbers(), output=output(1, "linear"), loss="mean_squared_error"),
        "wrong_loss",
        "note",
        (900, ">", 2),
    ),
    "run_of_three": (
        contract(linear_runs=(("a", "b", "c"),)),
        "missing_nonlinearity",
        "warning",
        (3, ">", 1),
    ),
    "run_into_the_output": (
        contract(linear_runs=(("a", "output"),)),
        "missing_nonlinearity",
        "warning",
        (2, ">", 1),
    ),
    "run_of_two": (contract(linear_runs=(("a", "b"),)), "missing_nonlinearity", "note", (2, ">", 1)),
    "principal_components": (
        replace(SOUND["autoencoder"], **MSE, output=output(64, "linear"), linear_runs=(("code", "output"),)),
        "missing_nonlinearity",
        "note",
        (2, ">", 1),
    ),
    "factorised_output": (
        contract(
            targets=class_numbers(*[1] * 5000), output=output(5000, "softmax"), linear_runs=(("narrow", "output"),)
        ),
        "missing_nonlinearity",
        "note",
        (2, ">", 1),
    ),
    "rate_zero": (contract(learning_rate=0.0), "invalid_learning_rate", "error", (0.0, "<", 1e-7)),
    "rate_negative": (contract(learning_rate=-0.01), "invalid_learning_rate", "error", (-0.01, "<", 0)),
    "rate_infinite": (contract(learning_rate=INFINITE), "invalid_learning_rate", "error", (INFINITE, ">", 0)),
    "adam_one": (contract(learning_rate=1.0), "invalid_learning_rate", "error", (1.0, ">", 0.1)),
    "adam_large": (contract(learning_rate=0.3), "invalid_learning_rate", "warning", (0.3, ">", 0.1)),
    "adam_tiny": (contract(learning_rate=1e-8), "invalid_learning_rate", "warning", (1e-8, "<", 1e-7)),
    "descent_tiny": (
        contract(learning_rate=1e-8, optimizer="SGD", adapts=False),
        "invalid_learning_rate",
        "note",
        (1e-8, "<", 1e-7),
    ),
    "descent_on_square": (
        replace(SOUND["regression"], learning_rate=20.0, optimizer="SGD", adapts=False),
        "invalid_learning_rate",
        "error",
        (20.0, ">", 10),
    ),
    "descent_large": (
        contract(learning_rate=20.0, optimizer="SGD", adapts=False),
        "invalid_learning_rate",
        "warning",
        (20.0, ">", 10),
    ),
    "descent_reckless": (
        contract(learning_rate=1000.0, optimizer="SGD", adapts=False),
        "invalid_learning_rate",
        "error",
        (1000.0, ">", 10),
    ),
}
WHOLE_NETWORK = ("invalid_learning_rate", "missing_nonlinearity")


def found(changed):
    return diagnose(facts(changed), list(OURS.values())).findings


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_is_named_once_by_the_problem_it_belongs_to(name):
    faulty, problem, severity, evidence = FAULTY[name]
    findings = found(faulty)
    assert [(one.problem, one.severity, one.follows_from) for one in findings] == [(problem, severity, None)]
    first = findings[0]
    line = first.evidence[0]
    assert (line.measured, line.comparison, line.expected) == (
        pytest.approx(evidence[0]),
        evidence[1],
        pytest.approx(evidence[2]),
    )
    assert first.steps is None
    assert first.causes
    assert first.remedies
    assert 0 < first.confidence <= 1
    if problem not in WHOLE_NETWORK:
        assert first.layers == ("output",)
        assert line.layer == "output"


@pytest.mark.parametrize("name", FAULTY)
def test_evidence_speaks_against_what_was_found(name):
    for one in found(FAULTY[name][0]):
        for line in one.evidence:
            if line.measured != line.expected:
                assert (line.measured < line.expected) == (line.comparison == "<")


@pytest.mark.parametrize("name", FAULTY)
def test_both_languages_tell_the_same_numbers(name):
    (one,) = found(FAULTY[name][0])
    told = [sorted(re.findall(r"\d+(?:\.\d+)?", text)) for text in (one.summary.en, one.summary.zh)]
    assert set(told[0]) == set(told[1])
    assert told[0]
    assert not {"None", "nan"} & set(re.findall(r"\w+", one.text("en") + one.text("zh")))


@pytest.mark.parametrize("name", FAULTY)
def test_a_finding_outlives_being_written_down(name):
    diagnosis = diagnose(facts(FAULTY[name][0]), list(OURS.values()))
    assert Diagnosis.from_json(diagnosis.to_json()) == diagnosis


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("problem", OURS)
def test_sound_contracts_are_left_alone(problem, name):
    assert not OURS[problem].look(facts(SOUND[name]))


def test_every_problem_of_this_side_is_here():
    assert {problem for _, problem, _, _ in FAULTY.values()} == set(OURS)
    assert len(OURS) == 6


@pytest.mark.parametrize("problem", OURS)
def test_without_a_contract_nothing_is_checked(problem):
    answer = OURS[problem].look(facts(None))
    assert isinstance(answer, NotChecked)


ALSO_SOUND = {
    "class_column": contract(targets=class_numbers(*TEN, shape=(1,))),
    "ignored_negative": contract(targets=class_numbers(*TEN, minimum=-1.0), ignored_class=-1),
    "ignored_large": contract(targets=class_numbers(*TEN, *[0] * 245, 50), ignored_class=255),
    "a_class_missing": contract(targets=class_numbers(*[100] * 9)),
    "counted_from_one_with_room": contract(targets=class_numbers(0, *TEN, minimum=1.0), output=output(11, "softmax")),
    "rare_words": contract(targets=class_numbers(*[1] * 3000), output=output(8000, "softmax")),
    "two_softmax_units": contract(targets=PAIR, output=output(2, "softmax")),
    "two_softmax_columns": contract(targets=one_hot(500, 500), output=output(2, "softmax"), **BINARY),
    "one_question_per_class": contract(targets=ONE_HOT, output=output(10, "sigmoid"), **BINARY),
    "soft_labels": contract(targets=numbers(0.01, 0.91, 0.1, 0.2, columns=10), **CATEGORICAL),
    "soft_binary": contract(targets=numbers(0.05, 0.95, 0.4, 0.2), output=output(1, "sigmoid"), **BINARY),
    "log_softmax": contract(output=shaped((10,), "log_softmax", -4.0, -1.0), from_logits=True),
    "exponential": contract(output=shaped((10,), "exponential", 0.3, 2.0)),
    "unknown_activation": contract(output=shaped((10,), "something", -3.0, 2.0)),
    "own_loss": contract(targets=numbers(), output=output(7, "relu"), loss="", metrics=()),
    "hinge_zero_one": contract(targets=PAIR, output=output(1, "tanh"), loss="hinge"),
    "hinge_raw": contract(targets=SOUND["binary_hinge"].targets, output=output(1, "linear"), loss="squared_hinge"),
    "columns_of_whole_numbers": contract(
        targets=Targets(values(shape=(3,), dtype="int64", maximum=40.0, minimum=0.0), "class_numbers", (9,) * 41, 41),
        output=output(3, "linear"),
        **MSE,
    ),
    "ages": contract(targets=class_numbers(*[10] * 90), output=output(1, "linear"), **MSE),
    "relu_prices": contract(targets=numbers(0.0, 50.0, 22.0, 9.0), output=output(1, "relu"), **MSE),
    "tanh_targets": contract(targets=numbers(-1.0, 1.0, 0.0, 0.4), output=output(1, "tanh"), **MSE),
    "sigmoid_scaled_up": contract(
        targets=numbers(0.0, 50.0, 22.0, 9.0), output=shaped((1,), "sigmoid", 20.0, 30.0), **MSE
    ),
    "softmax_shares": contract(targets=numbers(0.0, 0.9, 0.25, 0.1, columns=4), output=output(4, "softmax"), **MSE),
    "pointer_over_steps": contract(
        targets=Targets(values(shape=(64, 1), minimum=0.0, maximum=1.0), "several_labels", (1000,), 2),
        output=shaped((64, 1), "softmax", 0.001, 0.05),
        loss="kl_divergence",
    ),
    "step_by_step_two_classes": contract(
        targets=per_step(64, 2, "several_labels"), output=shaped((64, 1), "sigmoid", 0.2, 0.7), **BINARY
    ),
    "step_by_step_two_units": contract(
        targets=per_step(64, 2, "several_labels"), output=shaped((64, 2), "softmax", 0.2, 0.7)
    ),
    "step_by_step_one_hot": contract(
        targets=Targets(values(shape=(64, 65), minimum=0.0, maximum=1.0), "one_hot", (9,) * 65, 2),
        output=shaped((None, 65), "softmax", 0.01, 0.03),
        **CATEGORICAL,
    ),
    "masks": contract(
        targets=Targets(values(shape=(32, 32, 1), minimum=0.0, maximum=20.0), "class_numbers", (9,) * 21, 21),
        output=shaped((32, 32, 21), "softmax", 0.01, 0.1),
    ),
    "unknown_units": contract(output=shaped((None,), "softmax", 0.1, 0.2)),
    "cosine": contract(targets=numbers(columns=5), output=output(5, "linear"), loss="cosine_similarity", metrics=()),
    "speech": contract(
        targets=Targets(values(shape=(20,), minimum=0.0, maximum=27.0), "class_numbers", (9,) * 28, 28),
        output=shaped((100, 29), "linear", -2.0, 2.0),
        loss="ctc",
        metrics=(),
    ),
    "divergence": contract(targets=ONE_HOT, loss="kl_divergence"),
    "rate_unknown": contract(learning_rate=None),
    "adadelta": contract(learning_rate=1.0, optimizer="Adadelta"),
    "adam_on_large_targets": replace(SOUND["regression"], targets=numbers(5.0, 50.0, 22.0, 9.0), learning_rate=1.0),
    "descent_on_columns": replace(SOUND["autoencoder"], learning_rate=100.0, optimizer="SGD", adapts=False),
    "descent_of_own_loss": contract(loss="", learning_rate=50.0, optimizer="SGD", adapts=False),
    "descent_at_one": replace(SOUND["regression"], learning_rate=1.0, optimizer="SGD", adapts=False),
    "no_finite_target": contract(targets=replace(numbers(NAN, NAN, NAN, NAN)), output=output(1, "sigmoid"), **MSE),
}


@pytest.mark.parametrize("name", ALSO_SOUND)
def test_unusual_but_sound_contracts_are_left_alone(name):
    assert [one.text() for one in found(ALSO_SOUND[name])] == []


def test_a_rate_that_a_callback_raises_is_left_alone(made):
    before = facts(contract(learning_rate=0.0))
    raised = replace(before, recording=made(run={"learning_rate": np.full(100, 0.001)}))
    never = replace(before, recording=made(run={"learning_rate": np.zeros(100)}))
    problem = [OURS["invalid_learning_rate"]]
    assert not diagnose(raised, problem).findings
    assert [one.severity for one in diagnose(never, problem).findings] == ["error"]


def test_raw_outputs_for_numbers_follow_from_the_wrong_loss():
    findings = found(contract(targets=numbers(), output=output(1, "linear"), metrics=(), **BINARY))
    assert [(one.problem, one.follows_from) for one in findings] == [
        ("wrong_loss", None),
        ("loss_output_mismatch", "wrong_loss"),
    ]


def test_an_activation_for_numbers_follows_from_the_wrong_loss():
    findings = found(contract(targets=numbers(), output=output(1, "tanh"), metrics=(), **BINARY))
    assert [(one.problem, one.follows_from) for one in findings] == [
        ("wrong_loss", None),
        ("wrong_output_activation", "wrong_loss"),
    ]


def test_raw_outputs_follow_from_missing_units():
    findings = found(contract(targets=PAIR, output=output(1, "linear")))
    assert [(one.problem, one.follows_from) for one in findings] == [
        ("wrong_output_units", None),
        ("loss_output_mismatch", "wrong_output_units"),
    ]


def test_units_for_classes_follow_from_a_loss_for_classes():
    findings = found(contract(targets=numbers(), output=output(2, "softmax"), metrics=(), **CATEGORICAL))
    assert [(one.problem, one.follows_from) for one in findings] == [
        ("wrong_loss", None),
        ("wrong_output_units", "wrong_loss"),
    ]


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("class_without_unit", "units", 'Dense(10, activation="softmax")'),
        ("counted_from_one", "renumber", "return_inverse=True"),
        ("negative_class", "ignore_class", "ignore_class=-1"),
        ("sparse_with_one_unit", "binary", 'loss="binary_crossentropy"'),
        ("one_sigmoid_for_ten", "units", 'Dense(10, activation="softmax")'),
        ("three_columns_for_one_unit", "units", 'Dense(3, activation="linear")'),
        ("class_numbers_by_distance", "sparse_loss", 'loss="sparse_categorical_crossentropy"'),
        ("softmax_on_one", "binary", 'Dense(1, activation="sigmoid")'),
        ("softmax_on_one_sparse", "activation", 'Dense(10, activation="softmax")'),
        ("relu_sparse", "activation", 'Dense(10, activation="softmax")'),
        ("relu_negative_targets", "activation", 'Dense(1, activation="linear")'),
        ("softmax_several_binary", "activation", 'Dense(3, activation="sigmoid")'),
        ("sparse_one_hot", "categorical", 'loss="categorical_crossentropy"'),
        ("categorical_class_numbers", "sparse", 'loss="sparse_categorical_crossentropy"'),
        ("logits_not_told", "logits", "from_logits=True"),
        ("softmax_twice", "not_logits", "from_logits=False"),
        ("classes_as_amounts", "sparse", 'Dense(10, activation="softmax")'),
        ("numbers_binary", "distance", 'loss="mean_squared_error"'),
        ("rate_zero", "learning_rate", "0.001 for Adam"),
    ],
)
def test_the_first_remedy_is_concrete(name, code, words):
    (one,) = found(FAULTY[name][0])
    assert one.remedies[0].code == code
    assert words in one.remedies[0].text.en


def test_the_remedy_names_the_rate_of_the_optimizer():
    (one,) = found(FAULTY["descent_on_square"][0])
    assert one.remedies[0].option == "--learning-rate 0.01"
    (one,) = found(FAULTY["adam_one"][0])
    assert one.remedies[0].option == "--learning-rate 0.001"


def test_runs_of_the_same_kind_are_one_finding():
    (one,) = found(contract(linear_runs=(("a", "b"), ("c", "d", "e"), ("f", "output"))))
    assert one.severity == "warning"
    assert one.layers == ("c", "d", "e", "f", "output")
    assert [line.measured for line in one.evidence] == [3, 2]
