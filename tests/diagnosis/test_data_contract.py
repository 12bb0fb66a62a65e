"""What the data alone tell before the first step: gaps, shapes, scales, shares and repeats."""

from __future__ import annotations

from dataclasses import replace

import pytest
from contracts import SOUND, class_numbers, contract, numbers, one_hot, output, values

from trainwell.diagnosis import preflight
from trainwell.diagnosis.contract import Targets

PIXELS = {"minimum": 0.0, "maximum": 255.0, "mean": 80.0, "deviation": 75.0, "widest": 76.0, "narrowest": 74.0}
REGRESSION = SOUND["regression"]
PRICES = replace(REGRESSION, targets=numbers(15e3, 5e5, 2.07e5, 1.15e5), output=output(1, "linear"), first_loss=5e10)
# name -> (contract, problem, severity, (measured, comparison, expected))
FAULTY = {
    "nan_in_x": (contract(inputs=values(nonfinite=3, bad_samples=(7, 9))), "nan_in_data", "error", (3, ">", 0)),
    "nan_in_y": (
        replace(
            REGRESSION, targets=replace(numbers(), values=replace(numbers().values, nonfinite=1, bad_samples=(5,)))
        ),
        "nan_in_data",
        "error",
        (1, ">", 0),
    ),
    "no_channels": (
        contract(inputs=values(shape=(28, 28)), expected_input=(28, 28, 1)),
        "wrong_input_shape",
        "error",
        (1, ">", 0),
    ),
    "channels_first": (
        contract(inputs=values(shape=(3, 32, 32)), expected_input=(32, 32, 3)),
        "wrong_input_shape",
        "error",
        (2, ">", 0),
    ),
    "pixels": (contract(inputs=values(**PIXELS)), "unscaled_input", "warning", (76, ">", 30)),
    "scaled_twice": (
        contract(inputs=values(widest=3e-4, narrowest=2e-4)),
        "unscaled_input",
        "warning",
        (3e-4, "<", 1e-3),
    ),
    "mixed_units": (contract(inputs=values(widest=25.0, narrowest=0.1)), "unscaled_input", "warning", (250, ">", 100)),
    "years": (
        contract(inputs=values(minimum=1970.0, maximum=2020.0, farthest=140.0, widest=14.0, narrowest=14.0)),
        "unscaled_input",
        "warning",
        (140, ">", 30),
    ),
    "prices": (PRICES, "unscaled_target", "warning", (2.07e5, ">", 30)),
    "tiny_targets": (
        replace(REGRESSION, targets=numbers(-1e-4, 1e-4, 0.0, 4e-5)),
        "unscaled_target",
        "warning",
        (4e-5, "<", 1e-3),
    ),
    "ten_to_one": (
        contract(targets=class_numbers(900, 80), loss="sparse_categorical_crossentropy", output=output(2, "softmax")),
        "class_imbalance",
        "note",
        (900 / 80, ">", 10),
    ),
    "hundred_to_one": (
        contract(targets=one_hot(5000, 40), loss="categorical_crossentropy", output=output(2, "softmax")),
        "class_imbalance",
        "warning",
        (125, ">", 100),
    ),
    "all_shared": (contract(shared_samples=200), "data_leakage", "warning", (1.0, ">", 0.05)),
    "some_shared": (contract(shared_samples=30, repeated_samples=50), "data_leakage", "warning", (0.1, ">", 0.05)),
    "one_class": (
        contract(targets=Targets(class_numbers(1000).values, "class_numbers", (1000,), 1), output=output(2, "softmax")),
        "label_problem",
        "error",
        (1, "<", 2),
    ),
    "constant_number": (
        replace(REGRESSION, targets=Targets(numbers(2.0, 2.0, 2.0, 1e-9).values, "numbers", (), 1)),
        "label_problem",
        "error",
        (1, "<", 2),
    ),
}
QUIET = {
    "rescaled_pixels": contract(inputs=values(**PIXELS), rescaled=True),
    "unit_pixels": contract(inputs=values(minimum=0.0, maximum=1.0, widest=0.4, narrowest=0.3)),
    "rare_columns": contract(inputs=values(widest=1.0, narrowest=0.005)),
    "temperatures": replace(REGRESSION, targets=numbers(0.0, 26.3, 11.2, 4.1)),
    "answers_in_the_unit": replace(PRICES, output=output(1, "linear", 1.4e5, 3.2e5)),
    "any_length": contract(inputs=values(shape=(40, 12)), expected_input=(None, 12)),
    "weighted": contract(targets=class_numbers(900, 80), class_weighted=True, output=output(2, "softmax")),
    "naturally_repeated": contract(shared_samples=80, repeated_samples=400),
    "two_shared": contract(shared_samples=2, validation_samples=10),
    "nothing_held_out": contract(shared_samples=None, repeated_samples=None, validation_samples=0),
}


@pytest.mark.parametrize("name", FAULTY)
def test_it_is_named_with_its_numbers(name):
    found, problem, severity, (measured, comparison, expected) = FAULTY[name]
    (finding, *others) = [one for one in preflight(found).findings if one.problem == problem]
    assert not others
    assert (finding.severity, finding.steps) == (severity, None)
    first = finding.evidence[0]
    assert (first.comparison, first.expected) == (comparison, expected)
    assert first.measured == pytest.approx(measured, rel=1e-6)
    assert first.what.zh
    assert finding.remedies
    assert finding.causes


@pytest.mark.parametrize("name", QUIET)
def test_it_is_quiet_on(name):
    assert preflight(QUIET[name]).findings == ()


@pytest.mark.parametrize("name", SOUND)
def test_sound_contracts_are_found_sound(name):
    diagnosis = preflight(SOUND[name])
    assert diagnosis.findings == ()
    assert [left.problem for left in diagnosis.not_checked] == ["one_batch_not_learned"]  # only when asked for


def test_the_likeliest_cause_and_remedy_stand_first():
    channels = preflight(FAULTY["channels_first"][0]).findings[0]
    assert (channels.causes[0].code, channels.remedies[0].code) == ("channels_first", "channels_first")
    pixels = preflight(FAULTY["pixels"][0]).findings[0]
    assert (pixels.causes[0].code, pixels.remedies[0].code) == ("pixels", "divide")


def test_both_languages_carry_the_numbers():
    finding = preflight(PRICES).findings[0]
    for words in finding.summary.en, finding.summary.zh:
        assert "2.07×10⁵" in words
        assert "1.15×10⁵" in words
        assert "207,000,000" in words
