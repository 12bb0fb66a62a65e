"""Where each rule begins and ends, on recordings made by hand (what is not named in them is sound)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trainwell.blueprint import LayerInfo
from trainwell.diagnosis import Facts, NotChecked, all_problems

CHECK = {problem.identifier: problem.look for problem in all_problems()}
STUCK = {"loss": 2.3}
FACTS = {"trivial_loss": 2.3, "batch_size": 32}


def only(identifier, facts):
    """The one finding of this problem."""
    (finding,) = CHECK[identifier](facts)
    assert finding.problem == identifier
    return finding


# vanishing gradient


def gradients(*sizes):
    """Gradients per weight of the layers, and updates in proportion, as plain SGD makes them."""
    names = [f"dense_{number}" for number in range(1, len(sizes) + 1)]
    updates = {("update_ratio", name): np.multiply(0.01, size) for name, size in zip(names, sizes, strict=True)}
    return {("gradient_rms", name): size for name, size in zip(names, sizes, strict=True)} | updates


def test_vanishing_names_the_layers_up_to_the_last_without_gradient(made):
    found = only("vanishing_gradient", Facts(made(run=STUCK, columns=gradients(1e-9, 1e-7, 1e-3, 1e-2)), **FACTS))
    assert (found.layers, found.severity, found.steps) == (("dense_1", "dense_2"), "error", (1, 100))
    assert found.evidence[0].measured == pytest.approx(1e-7)


def test_a_first_layer_whose_large_inputs_hide_it_is_named_too(made):
    found = only("vanishing_gradient", Facts(made(run=STUCK, columns=gradients(5e-5, 1e-6, 1e-3, 1e-2)), **FACTS))
    assert found.layers == ("dense_1", "dense_2")


@pytest.mark.parametrize(
    ("loss", "sizes"),
    [
        (2.3, (1e-4, 1e-3, 1e-2, 1e-2)),
        (2.3, (1e-9, 1e-9, 1e-9, 1e-9)),
        (2.3, (0.0, 0.0, 0.0, 0.0)),
        (2.3, (1e-2, 1e-9, 1e-2, 1e-2)),
        (0.5, (1e-9, 1e-9, 1e-2, 1e-2)),
        (2.3, (np.geomspace(1e-9, 1e-2, 100), 1e-2, 1e-2, 1e-2)),
    ],
    ids=["mild", "small everywhere", "zero everywhere", "only in the middle", "learns", "recovers"],
)
def test_vanishing_is_silent(loss, sizes, made):
    assert not CHECK["vanishing_gradient"](Facts(made(run={"loss": loss}, columns=gradients(*sizes)), **FACTS))


def test_an_optimizer_that_makes_up_for_it_is_a_warning(made):
    columns = gradients(1e-5, 1e-5, 1e-2, 1e-1)
    assert only("vanishing_gradient", Facts(made(run=STUCK, columns=columns), **FACTS)).severity == "error"
    columns |= {("update_ratio", f"dense_{number}"): 1e-3 for number in range(1, 5)}
    assert only("vanishing_gradient", Facts(made(run=STUCK, columns=columns), **FACTS)).severity == "warning"


def test_an_embedding_and_a_normalisation_are_not_compared(made):
    layers = (
        LayerInfo("words", "Embedding", None, 9999, (8,)),
        LayerInfo("norm", "LayerNormalization", None, 16, (8,)),
        LayerInfo("dense_1", "Dense", "relu", 99, (8,)),
        LayerInfo("dense_2", "Dense", "softmax", 99, (3,), is_output=True),
    )
    columns = {("gradient_rms", "words"): 1e-9, ("gradient_rms", "norm"): 1e-9}
    assert not CHECK["vanishing_gradient"](Facts(made(run=STUCK, columns=columns, layers=layers), **FACTS))


def test_a_penalty_in_the_loss_is_not_taken_for_nothing_learned(made):
    recording = made(run={"loss": np.linspace(12, 4, 100)}, columns=gradients(1e-9, 1e-9, 1e-2, 1e-2))
    assert CHECK["vanishing_gradient"](Facts(recording, **FACTS))
    assert not CHECK["vanishing_gradient"](Facts(recording, **FACTS, penalised=True))


# dying ReLU


def dead(*shares):
    return {("dead_share", f"dense_{number}"): share for number, share in enumerate(shares, 1)}


def test_dying_names_the_layers_and_the_step(made):
    share = np.where(np.arange(100) < 40, 0.1, 0.97)
    found = only("dying_relu", Facts(made(run=STUCK, columns=dead(0.1, share, 0.2)), **FACTS))
    assert (found.layers, found.severity, found.steps) == (("dense_2",), "error", (41, 100))
    assert found.causes[0].code == "learning_rate"
    assert found.remedies[0].option == "--learning-rate 0.001"


def test_most_units_that_died_while_nothing_was_learned_are_a_warning(made):
    found = only("dying_relu", Facts(made(run=STUCK, columns=dead(0.1, np.linspace(0, 0.85, 100), 0.2)), **FACTS))
    assert (found.layers, found.severity) == (("dense_2",), "warning")


def test_units_that_are_dead_from_the_start_point_at_the_initialisation(made):
    found = only("dying_relu", Facts(made(run=STUCK, columns=dead(0.1, 1.0, 0.2)), **FACTS))
    assert (found.causes[0].code, found.remedies[0].code) == ("initialisation", "initializer")


@pytest.mark.parametrize(
    ("loss", "share"),
    [
        (2.3, 0.45),
        (2.3, 0.8),
        (0.2, np.linspace(0, 0.85, 100)),
        (2.3, np.concatenate([np.full(80, 0.99), np.linspace(0.99, 0.1, 20)])),
        (2.3, np.tile([0.1, 0.95], 50)),
    ],
    ids=["less than half", "many from the start", "learns", "recovers", "by chance"],
)
def test_dying_is_silent(loss, share, made):
    assert not CHECK["dying_relu"](Facts(made(run={"loss": loss}, columns=dead(0.1, share, 0.2)), **FACTS))


def test_a_small_batch_says_too_little_unless_a_unit_has_many_places(made):
    recording = made(run=STUCK, columns=dead(0.1, 1.0, 0.1))
    answer = CHECK["dying_relu"](Facts(recording, batch_size=4))
    assert isinstance(answer, NotChecked)
    assert "batches of 4" in answer.reason.en
    places = LayerInfo("conv", "Conv2D", "relu", 99, (8, 8, 10))
    output = LayerInfo("output", "Dense", "softmax", 99, (3,), is_output=True)
    recording = made(run=STUCK, columns={("dead_share", "conv"): 1.0}, layers=(places, output))
    assert only("dying_relu", Facts(recording, batch_size=4, trivial_loss=2.3)).layers == ("conv",)


def test_a_network_without_relu_has_been_checked(made):
    layers = tuple(LayerInfo(f"dense_{n}", "Dense", "tanh", 9, (3,)) for n in (1, 2))
    assert CHECK["dying_relu"](Facts(made(layers=layers, looks=1), batch_size=2)) == ()


# exploding gradient


def test_exploding_names_step_and_layers_of_a_growing_gradient(made):
    norm = np.concatenate([np.ones(60), np.geomspace(1, 1e5, 40)])
    loss = np.concatenate([np.linspace(2.3, 1, 60), np.geomspace(1, 1e4, 40)])
    columns = {("gradient_rms", "dense_4"): 1e-3 * norm}
    found = only("exploding_gradient", Facts(made(run={"loss": loss, "gradient_norm": norm}, columns=columns), **FACTS))
    tenfold = int(np.argmax(norm > 10)) + 1
    assert (found.layers, found.severity, found.steps) == (("dense_4",), "error", (tenfold, 100))
    assert found.evidence[0].measured == pytest.approx(1e5)
    assert found.remedies[0].option == "--learning-rate 0.001"


def test_a_gradient_that_grows_backward_points_at_the_weights(made):
    found = only("exploding_gradient", Facts(made(run=STUCK, columns=gradients(5.0, 0.5, 0.05, 0.01)), **FACTS))
    assert (found.causes[0].code, found.remedies[0].code) == ("large_weights", "initializer")


def test_a_spike_from_which_the_training_recovers_is_silent(made):
    norm, loss = np.ones(100), np.linspace(2.3, 0.3, 100)
    norm[50], loss[50] = 1e4, 40
    assert not CHECK["exploding_gradient"](Facts(made(run={"loss": loss, "gradient_norm": norm}), **FACTS))


def test_a_spike_from_which_it_recovers_halfway_is_a_warning(made):
    norm, loss = np.ones(100), np.linspace(2.3, 0.9, 100)
    norm[50], loss[50:] = 1e4, np.concatenate([[40], np.full(49, 1.7)])
    facts = Facts(made(run={"loss": loss, "gradient_norm": norm}), **FACTS)
    assert only("exploding_gradient", facts).severity == "warning"


def test_clipping_that_holds_an_explosion_back_is_a_note(made):
    run = {"gradient_norm": 500.0, "clipped_gradient_norm": 1.0}
    found = only("exploding_gradient", Facts(made(run=run), **FACTS, clipping={"global_clipnorm": 1.0}))
    assert (found.severity, found.evidence[0].measured) == ("note", pytest.approx(500))
    run = {"gradient_norm": 20.0, "clipped_gradient_norm": 1.0}
    assert not CHECK["exploding_gradient"](Facts(made(run=run), **FACTS))


def test_clipping_is_not_advised_to_somebody_who_clips(made):
    facts = Facts(made(run=STUCK, columns=gradients(5.0, 0.5, 0.05, 0.01)), **FACTS)
    assert "clipping" in {remedy.code for remedy in only("exploding_gradient", facts).remedies}
    clipping = replace(facts, clipping={"clipnorm": 1.0})
    assert "clipping" not in {remedy.code for remedy in only("exploding_gradient", clipping).remedies}


def test_large_updates_of_weights_that_began_at_zero_are_no_explosion(made):
    columns = {("update_ratio", "dense_4"): np.concatenate([[1e10], np.full(99, 1e-3)])}
    assert not CHECK["exploding_gradient"](Facts(made(run=STUCK, columns=columns), **FACTS))


# loss not finite


def test_the_first_bad_step_and_layer_are_named(made):
    loss, share = np.full(100, 1.0), np.zeros(100)
    loss[69:], share[69:] = np.nan, 0.5
    columns = {("nonfinite_share", "dense_3"): share, ("nonfinite_share", "dense_4"): share}
    found = only("loss_not_finite", Facts(made(run={"loss": loss}, columns=columns)))
    assert (found.steps, found.layers) == ((70, 100), ("dense_3", "dense_4"))
    assert (found.severity, found.causes[0].code) == ("error", "bad_data")


def test_a_gradient_that_is_nan_before_the_loss_points_at_the_backward_pass(made):
    loss, norm = np.full(100, 1.0), np.full(100, 1.0)
    loss[50:], norm[49:] = np.nan, np.nan
    found = only("loss_not_finite", Facts(made(run={"loss": loss, "gradient_norm": norm})))
    assert (found.steps, found.causes[0].code) == ((50, 100), "log_of_zero")


def test_broken_from_the_first_step_points_at_the_data(made):
    run = dict.fromkeys(("loss", "gradient_norm", "clipped_gradient_norm"), np.inf)
    found = only("loss_not_finite", Facts(made(run=run)))
    assert (found.steps, [cause.code for cause in found.causes[:2]]) == ((1, 100), ["bad_data", "overflow"])


def test_a_validation_loss_that_is_not_finite_is_found(made, curve):
    validation = [1.0, 1.0, np.nan, np.nan]
    found = only("loss_not_finite", Facts(made(epochs=curve([1.0] * 4, validation))))
    assert "epoch 3" in found.summary.en
    assert "第 3 轮" in found.summary.zh


# overfitting

FALLING = np.geomspace(2.0, 0.05, 30)
RISING = np.concatenate([np.linspace(2.0, 1.0, 10), np.linspace(1.0, 1.6, 20)])


def test_a_validation_loss_that_turns_is_found_from_its_best_epoch_on(made, curve):
    found = only("overfitting", Facts(made(steps=300, epochs=curve(FALLING, RISING)), trivial_loss=2.3))
    assert found.severity == "warning"
    assert found.steps is not None
    assert abs(found.steps[0] - 101) <= 10  # the lowest of the smoothed curve is at epoch 10 or next to it
    assert found.evidence[0].measured == pytest.approx(1.6, rel=0.05)


def test_three_epochs_after_the_lowest_point_are_enough(made, curve):
    validation = np.array([2.0, 1.8, 1.6, 1.4, 1.2, 1.0, 0.9, 1.5, 1.5, 1.5])
    assert CHECK["overfitting"](Facts(made(epochs=curve(FALLING[:10], validation)), trivial_loss=2.3))


def test_worse_than_a_constant_prediction_is_an_error(made, curve):
    rise = np.concatenate([np.linspace(2.2, 2.1, 10), np.linspace(2.1, 2.6, 20)])
    found = only("overfitting", Facts(made(epochs=curve(FALLING, rise)), trivial_loss=2.3))
    assert found.severity == "error"


def test_an_accuracy_that_holds_makes_it_a_note(made, curve):
    accuracy = np.linspace(0.5, 0.9, 30)
    found = only("overfitting", Facts(made(epochs=curve(FALLING, RISING, accuracy)), trivial_loss=2.3))
    assert found.severity == "note"


def test_weights_of_the_best_epoch_make_it_a_note(made, curve):
    facts = Facts(made(epochs=curve(FALLING, RISING)), trivial_loss=2.3, kept_epoch=11)
    assert only("overfitting", facts).severity == "note"


def test_known_by_heart_without_a_rise_is_found(made, curve):
    flat = np.concatenate([np.linspace(2.0, 1.0, 10), np.full(20, 1.0)])
    rows = [row | {"accuracy": 1.0} for row in curve(np.geomspace(2, 0.001, 30), flat, np.full(30, 0.7))]
    found = only("overfitting", Facts(made(epochs=rows), trivial_loss=2.3))
    assert found.severity == "warning"
    assert "by heart" in found.summary.en


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        (FALLING, FALLING * 1.3),
        (FALLING, np.concatenate([np.linspace(2, 0.01, 15), np.linspace(0.01, 0.03, 15)])),
        (RISING, RISING),
        (np.geomspace(2.5, 0.35, 31), np.array([*[1.3, 1.3, 0.7, 0.7] * 7, 1.3, 1.3, 1.3])),
        (FALLING[:9], np.array([2.0, 1.8, 1.6, 1.4, 1.2, 1.0, 0.9, 1.5, 1.5])),
    ],
    ids=["slight gap", "rise of a tiny loss", "both rise", "noise", "only just turned"],
)
def test_overfitting_is_silent(train, validation, made, curve):
    assert not CHECK["overfitting"](Facts(made(epochs=curve(train, validation)), trivial_loss=2.3))
