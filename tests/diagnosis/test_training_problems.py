"""Problems of the running training, each on recordings made by hand: what fires it, and what must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from contracts import SOUND, class_numbers, contract, numbers, output

from trainwell.diagnosis import Facts, Memory, RareClass, all_problems, diagnose
from trainwell.diagnosis.contract import LayerStart, OneBatch, Padding, SimpleModel
from trainwell.signals import LayerInfo

PROBLEMS = {problem.identifier: problem for problem in all_problems()}
HIDDEN = ("dense_1", "dense_2", "dense_3", "dense_4")
ATTENTION = (
    LayerInfo("attention/query", "EinsumDense", None, 100, (5, 2, 4)),
    LayerInfo("attention/key", "EinsumDense", None, 100, (5, 2, 4)),
    LayerInfo("output", "Dense", "softmax", 100, (10,), is_output=True),
)
TANH = (
    LayerInfo("hidden", "Dense", "tanh", 100, (10,)),
    LayerInfo("output", "Dense", "softmax", 100, (10,), is_output=True),
)
RNG = np.random.default_rng(0)
STUCK = 2.3 + 0.02 * RNG.normal(size=400)
FALLING = np.linspace(2.3, 0.1, 400)
SLOW = np.linspace(2.3, 1.9, 400) + 0.005 * RNG.normal(size=400)
FAST = np.linspace(2.3, 1.4, 100) + 0.005 * RNG.normal(size=100)
JUMPING = 2.0 + np.repeat(RNG.uniform(-1, 1.5, 20), 20)
KNOWN = SimpleModel("nearest neighbours", 0.9, 0.1, 0.01, 1000)
UNKNOWN = replace(KNOWN, score=0.11)


def updates(layers, value):
    return {("update_ratio", layer): value for layer in layers}


def look(identifier, recording, **known):
    known = {"trivial_loss": 2.3, "batch_size": 32, "contract": contract()} | known
    return PROBLEMS[identifier].look(Facts(recording, **known))


def layer(name="hidden", **changed):
    made = LayerStart(name, "Dense", "relu", 64, 4160, 0.15, 0.125, 0.177, bias=0.0)
    return replace(made, **changed)


FAULTY = {
    "learning_rate_too_high": (
        {"run": {"loss": STUCK}, "columns": updates(HIDDEN, 0.4), "steps": 400},
        {},
        "error",
    ),
    "learning_rate_too_low": (
        {"run": {"loss": STUCK}, "columns": updates(HIDDEN, 1e-6), "steps": 400},
        {},
        "error",
    ),
    "oscillating_loss": ({"run": {"loss": JUMPING}, "steps": 400}, {}, "error"),
    "slow_convergence": ({"run": {"loss": SLOW}, "steps": 400}, {"optimizer": "SGD"}, "warning"),
    "insufficient_epochs": ({"run": {"loss": FAST}, "steps": 100}, {"epochs": 2}, "warning"),
    "underfitting": ({"run": {"loss": STUCK}, "steps": 400}, {"contract": contract(simple=KNOWN)}, "error"),
    "batch_too_large": (
        {"run": {"loss": FAST}, "steps": 100},
        {"batch_size": 500, "training_samples": 1000},
        "warning",
    ),
    "batch_too_small": (
        {"run": {"loss": JUMPING}, "steps": 400},
        {"batch_size": 1, "training_samples": 1000},
        "warning",
    ),
    "saturated_activation": (
        {"run": {"loss": STUCK}, "steps": 400, "layers": TANH, "columns": {("saturated_share", "hidden"): 0.9}},
        {},
        "error",
    ),
    "poor_initialization": (
        {"run": {"loss": STUCK}, "steps": 400},
        {"contract": contract(layers=(layer(deviation=2.0),))},
        "error",
    ),
    "wrong_activation": (
        {"run": {"loss": STUCK}, "steps": 400},
        {"contract": contract(layers=(layer(activation="softmax"),))},
        "error",
    ),
    "excessive_regularization": (
        {"run": {"loss": STUCK}, "steps": 400},
        {"contract": contract(layers=(layer(kind="Dropout", dropout=0.9),))},
        "error",
    ),
    "short_memory": ({"run": {"loss": STUCK}, "steps": 400}, {"memory": Memory("recurrent", 80, 9)}, "error"),
    "attention_collapse": (
        {
            "run": {"loss": STUCK},
            "steps": 400,
            "layers": ATTENTION,
            "columns": {("attention_entropy", "attention/query"): 0.02, ("attention_logit", "attention/query"): 40.0},
        },
        {},
        "error",
    ),
    "missing_mask": (
        {"run": {"loss": STUCK}, "steps": 400},
        {
            "contract": contract(
                inputs=replace(contract().inputs, shape=(50,)), padding=Padding(0.0, 0.7, False, "lstm", True)
            )
        },
        "error",
    ),
    "missing_warmup": (
        {
            "run": {"loss": STUCK, "learning_rate": 0.01},
            "steps": 400,
            "layers": ATTENTION,
            "columns": updates(("attention/query", "attention/key", "output"), 0.05),
        },
        {},
        "warning",
    ),
    "label_problem": (
        {
            "run": {"loss": FALLING},
            "steps": 400,
            "epochs": [{"epoch": n, "loss": 2 / n, "val_loss": 2.4, "val_accuracy": 0.11} for n in range(1, 9)],
        },
        {"contract": contract(simple=UNKNOWN), "trivial_accuracy": 0.1, "validation_samples": 500},
        "warning",
    ),
}
SOUNDLY = {"loss": FALLING}


@pytest.mark.parametrize("identifier", FAULTY)
def test_a_fault_is_found_with_evidence(identifier, made):
    recorded, known, severity = FAULTY[identifier]
    (finding,) = look(identifier, made(**recorded), **known)
    assert (finding.problem, finding.severity) == (identifier, severity)
    assert finding.evidence
    for evidence in finding.evidence:
        assert np.isfinite(evidence.measured)
        beyond = (
            evidence.measured < evidence.expected
            if evidence.comparison == "<"
            else (evidence.measured > evidence.expected)
        )
        assert beyond, evidence.what.en
    for language in ("en", "zh"):
        assert finding.summary[language] in finding.text(language)


@pytest.mark.parametrize("identifier", sorted(set(FAULTY) - {"label_problem"}))
def test_the_same_network_is_let_be_when_it_learned(identifier, made):
    recorded, known, _ = FAULTY[identifier]
    steps = recorded["steps"]
    learned = np.linspace(2.3, 0.02, steps)
    run = recorded.get("run", {}) | {"loss": learned}
    found = look(identifier, made(**(recorded | {"run": run})), **known)
    assert all(finding.severity == "note" for finding in found)


@pytest.mark.parametrize("identifier", FAULTY)
@pytest.mark.parametrize("name", SOUND)
def test_sound_contracts_and_a_falling_loss_are_silent(identifier, name, made):
    recording = made(run=SOUNDLY, steps=400, columns=updates(HIDDEN, 3e-3))
    found = look(identifier, recording, contract=replace(SOUND[name], simple=KNOWN, layers=(layer(),)))
    assert [finding.text() for finding in found] == []


def test_a_rate_a_thousand_times_too_low_is_told_with_a_better_one(made):
    recording = made(run={"loss": STUCK, "learning_rate": 1e-6}, columns=updates(HIDDEN, 1e-6), steps=400)
    (finding,) = look("learning_rate_too_low", recording)
    assert finding.remedies[0].option == "--learning-rate 0.0001"
    assert "1×10⁻⁶" in finding.summary.en
    assert "1×10⁻⁶" in finding.summary.zh


def test_steps_that_broke_the_training_were_too_long(made):
    loss = np.concatenate([np.geomspace(2, 1e6, 30), [np.nan]])
    recording = made(run={"loss": loss}, columns=updates(HIDDEN, 3.0), steps=31)
    (finding,) = look("learning_rate_too_high", recording, stopped="not_finite")
    assert finding.severity == "error"
    (unmoved,) = [look("learning_rate_too_high", made(columns=updates(HIDDEN, 1e-3), steps=31), stopped="not_finite")]
    assert not unmoved


def test_dead_networks_do_not_blame_the_rate(made):
    recording = made(run={"loss": STUCK, "gradient_norm": 0.0}, columns=updates(HIDDEN, 0.0), steps=400)
    assert not look("learning_rate_too_low", recording)


def test_a_validation_loss_that_rises_needs_no_more_epochs(made):
    epochs = [{"epoch": n, "loss": 2.0, "val_loss": 1 + 0.1 * n} for n in range(1, 6)]
    assert not look("insufficient_epochs", made(run={"loss": FAST}, steps=100, epochs=epochs), epochs=5)


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"alike": True, "deviation": 0.0}, "alike"), ({"deviation": 1.0}, "large"), ({"deviation": 0.001}, "small")],
)
def test_weights_before_the_first_step(changed, code, made):
    (finding,) = look("poor_initialization", made(steps=0), contract=contract(layers=(layer(**changed),)))
    assert finding.causes[0].code == code
    assert finding.layers == ("hidden",)


@pytest.mark.parametrize(("gain", "named"), [(1.0, False), (1.2, False), (1.5, True)])
def test_what_is_remembered_may_not_grow_from_step_to_step(gain, named, made):
    chain = layer("chain", kind="SimpleRNN", memory_gain=gain)
    found = look("poor_initialization", made(steps=0), contract=contract(layers=(chain,)))
    assert [(finding.layers, finding.causes[0].code) for finding in found] == (
        [(("chain",), "memory")] if named else []
    )


@pytest.mark.parametrize(
    ("recall", "common", "severity"), [(0.1, 0.99, "warning"), (0.8, 0.99, "note"), (0.1, 0.2, "note")]
)
def test_a_rare_class_matters_where_it_is_not_found(recall, common, severity, made):
    """In the third network nothing is found at all: that is not for want of samples of one class."""
    rare = contract(targets=class_numbers(900, 60), output=output(2, "softmax"))
    (finding,) = look("class_imbalance", made(), contract=rare, rare_class=RareClass(1, 20, recall, common))
    assert finding.severity == severity
    assert finding.evidence[0].measured == pytest.approx(recall if severity == "warning" else 15)
    assert "20" in finding.summary.zh


# a network that simple models beat on new samples, and one that is as good as they are
BEATEN, EQUAL = {"epoch": 1, "val_accuracy": 0.45}, {"epoch": 1, "val_accuracy": 0.9}


@pytest.mark.parametrize(("epoch", "named"), [(BEATEN, True), (EQUAL, False)])
@pytest.mark.parametrize(
    ("identifier", "loss", "size"),
    [
        ("learning_rate_too_high", np.concatenate([np.geomspace(2.3, 0.1, 200), np.linspace(0.6, 0.4, 200)]), 0.05),
        ("insufficient_epochs", np.linspace(2.3, 0.55, 400), 0.001),
    ],
)
def test_what_could_still_be_learned_is_seen_on_new_samples(identifier, loss, size, epoch, named, made):
    recording = made(run={"loss": loss}, columns=updates(HIDDEN, size), steps=400, epochs=[epoch])
    known = {"contract": contract(simple=KNOWN), "trivial_accuracy": 0.1, "validation_samples": 500, "epochs": 1}
    found = look(identifier, recording, **known)
    assert [finding.severity for finding in found] == (["warning"] if named else [])
    assert not named or any("simple models" in evidence.what.en for evidence in found[0].evidence)


@pytest.mark.parametrize("name", ["output", "hidden"])
def test_an_output_layer_may_begin_with_zeros(name, made):
    start = layer(name, alike=True, deviation=0.0, units=10)
    found = look("poor_initialization", made(steps=0), contract=contract(layers=(start,)))
    assert bool(found) == (name == "hidden")


def test_a_penalty_that_is_most_of_the_loss(made):
    layers = (LayerInfo("hidden", "Dense", "relu", 100, (10,)), LayerInfo("output", "Dense", "softmax", 100, (10,)))
    recording = made(
        run={"loss": np.full(400, 6.0)}, steps=400, layers=layers, columns={("weight_norm", "hidden"): 2.0}
    )
    (finding,) = look("excessive_regularization", recording, contract=contract(layers=(layer(l2=1.0),)), penalised=True)
    assert finding.causes[0].code == "penalty"
    assert finding.evidence[0].measured == pytest.approx(4.0 / 6.0)


@pytest.mark.parametrize(("kind", "severity"), [("LSTM", "warning"), ("SimpleRNN", "error")])
def test_gates_are_given_more_time(kind, severity, made):
    layers = (LayerInfo("recurrent", kind, None, 100, (10,)), LayerInfo("output", "Dense", "softmax", 100, (10,)))
    recording = made(run={"loss": STUCK}, steps=400, layers=layers)
    (finding,) = look("short_memory", recording, memory=Memory("recurrent", 80, 9))
    assert finding.severity == severity
    assert "10" in finding.summary.en


@pytest.mark.parametrize(
    ("padding", "severity"),
    [
        (Padding(0.0, 0.7, False, "lstm", True), "warning"),
        (Padding(0.7, 0.0, False, "lstm", True), "note"),
        (Padding(0.0, 0.7, False, "pool", False), "note"),
        (Padding(0.0, 0.7, True, "lstm", True), None),
        (Padding(0.0, 0.1, False, "lstm", True), None),
        (Padding(0.0, 0.7, False, "", False), None),
    ],
)
def test_zeros_hurt_where_they_stand_behind_and_are_read_last(padding, severity, made):
    tokens = replace(contract().inputs, shape=(50,))
    found = look("missing_mask", made(steps=0), contract=contract(inputs=tokens, padding=padding))
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_twin_heads_are_told_apart_from_even_ones(made):
    def recording(entropy):
        columns = {("attention_entropy", "attention/query"): entropy, ("head_similarity", "attention/query"): 0.999}
        return made(run={"loss": STUCK}, steps=400, layers=ATTENTION, columns=columns)

    (finding,) = look("attention_collapse", recording(0.7))
    assert finding.layers == ("attention",)
    assert "similarity" in finding.summary.en
    assert not look("attention_collapse", recording(1.0))


def test_a_rate_that_rises_is_a_warm_up(made):
    columns = updates(("attention/query", "attention/key", "output"), 0.05)
    rates = np.minimum(np.linspace(0, 0.05, 400), 0.01)
    recording = made(run={"loss": STUCK, "learning_rate": rates}, steps=400, layers=ATTENTION, columns=columns)
    assert not look("missing_warmup", recording)


def test_labels_that_a_simple_model_or_the_network_predicts_are_no_problem(made):
    recorded, known, _ = FAULTY["label_problem"]
    simple_can = known | {"contract": contract(simple=KNOWN)}
    assert not look("label_problem", made(**recorded), **simple_can)
    epochs = [row | {"val_accuracy": 0.4} for row in recorded["epochs"]]
    assert not look("label_problem", made(**(recorded | {"epochs": epochs})), **known)


def test_symptoms_point_at_the_rate(made):
    recording = made(run={"loss": STUCK}, columns=updates(HIDDEN, 0.5), steps=400)
    facts = Facts(recording, trivial_loss=2.3, batch_size=32, contract=contract(simple=KNOWN))
    found = {finding.problem: finding.follows_from for finding in diagnose(facts).findings}
    assert found["learning_rate_too_high"] is None
    assert found["underfitting"] == "learning_rate_too_high"
    assert diagnose(facts).findings[0].problem == "learning_rate_too_high"


def test_regression_is_measured_against_the_variance(made):
    facts = Facts(
        made(run={"loss": np.full(400, 4.0)}, columns=updates(HIDDEN, 1e-6), steps=400),
        trivial_loss=4.0,
        batch_size=32,
        contract=contract(loss="mean_squared_error", targets=numbers(), output=output(1, "linear")),
    )
    assert "learning_rate_too_low" in {finding.problem for finding in diagnose(facts).findings}


@pytest.mark.parametrize(
    ("own", "adam", "severity", "cause"),
    [
        (0.02, None, None, ""),
        (0.8, 0.1, "note", "rate"),
        (1.0, 0.9, "error", "broken"),
        (np.inf, 0.6, "error", "broken"),
    ],
)
def test_what_came_of_one_batch(own, adam, severity, cause, made):
    tried = OneBatch(32, 200, 2.3, own, adam)
    found = look("one_batch_not_learned", made(steps=0), contract=contract(one_batch=tried))
    assert [(one.severity, one.causes[0].code) for one in found] == ([(severity, cause)] if severity else [])
    assert not look("one_batch_not_learned", made(run={"loss": FALLING}, steps=400), contract=contract(one_batch=tried))
    (missing,) = [
        one
        for one in diagnose(Facts(made(steps=0), contract=contract())).not_checked
        if one.problem == "one_batch_not_learned"
    ]
    assert "--one-batch" in missing.reason.en


@pytest.mark.parametrize(("accuracy", "named"), [(0.45, True), (0.9, False)])
def test_a_penalty_may_hold_back_what_new_samples_show(accuracy, named, made):
    layers = (LayerInfo("hidden", "Dense", "relu", 100, (10,)), LayerInfo("output", "Dense", "softmax", 100, (10,)))
    epochs = [{"epoch": 1, "accuracy": 0.6, "val_accuracy": accuracy}]
    recording = made(
        run={"loss": np.full(400, 6.0)},
        steps=400,
        layers=layers,
        columns={("weight_norm", "hidden"): 2.0},
        epochs=epochs,
    )
    known = {"penalised": True, "trivial_accuracy": 0.1, "validation_samples": 500, "epochs": 1}
    found = look(
        "excessive_regularization", recording, contract=contract(layers=(layer(l2=1.0),), simple=KNOWN), **known
    )
    assert [finding.evidence[-1].what.en.startswith("How far") for finding in found] == ([True] if named else [])
