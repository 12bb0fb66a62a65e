"""`tw.diagnose`: before the first step, while it trains, and where no step is possible."""

from __future__ import annotations

import numpy as np
import pytest

import trainwell as tw
from trainwell.backend import load_keras
from trainwell.errors import ModelError, SettingError

keras = load_keras()
random = np.random.default_rng(0)
X = random.normal(size=(256, 6)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("int32")


def model_of(end=("softmax", 2), loss="sparse_categorical_crossentropy", rate=0.01):
    keras.utils.set_random_seed(1)
    activation, units = end
    hidden = keras.layers.Dense(16, "relu", kernel_initializer="he_normal")
    model = keras.Sequential([keras.Input((6,)), hidden, keras.layers.Dense(units, activation)])
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def test_a_sound_training_gets_no_finding():
    diagnosis = tw.diagnose(model_of(), X, Y, epochs=8, validation_data=(X[:64] + 0.01, Y[:64]))
    assert [finding.problem for finding in diagnosis.findings if finding.severity != "note"] == []
    assert {"unscaled_input", "loss_output_mismatch", "dying_relu"} <= set(diagnosis.checked)
    assert diagnosis.overhead is None or diagnosis.overhead >= 0


def test_before_the_first_step_nothing_is_trained():
    model = model_of(("linear", 2))
    before = [np.asarray(v.value) for v in model.variables]
    diagnosis = tw.diagnose(model, X * 500, Y, epochs=0)
    assert [finding.problem for finding in diagnosis.findings] == ["loss_output_mismatch", "unscaled_input"]
    assert "vanishing_gradient" in {entry.problem for entry in diagnosis.not_checked}
    assert all((a == np.asarray(b.value)).all() for a, b in zip(before, model.variables, strict=True))


def test_where_no_step_is_possible_it_says_why():
    diagnosis = tw.diagnose(model_of(), X[:, :4], Y, epochs=2)
    assert diagnosis.findings[0].problem == "wrong_input_shape"
    assert any("no step was possible" in entry.reason.en for entry in diagnosis.not_checked)


def test_the_symptom_points_at_its_cause():
    x = X.copy()
    x[3, 2] = np.nan
    diagnosis = tw.diagnose(model_of(), x, Y, epochs=2)
    first, *others = diagnosis.findings
    assert (first.problem, first.severity) == ("nan_in_data", "error")
    assert {one.problem: one.follows_from for one in others}["loss_not_finite"] == "nan_in_data"


def test_weights_end_as_without_the_doctor():
    watched, plain = model_of(), model_of()
    tw.diagnose(watched, X, Y, epochs=3, seed=5)
    tw.train(plain, X, Y, epochs=3, seed=5, watch=False)
    same = zip(watched.variables, plain.variables, strict=True)
    assert all((np.asarray(a.value) == np.asarray(b.value)).all() for a, b in same)


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(ModelError, match="not compiled"):
        tw.diagnose(keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)]), X, Y)


def test_one_batch_is_learned_by_heart_by_a_copy():
    model = model_of()
    before = [np.asarray(v.value) for v in [*model.variables, *model.optimizer.variables]]
    diagnosis = tw.diagnose(model, X, Y, epochs=0, one_batch=True)
    assert [finding.problem for finding in diagnosis.findings] == []
    assert {"one_batch_not_learned", "vanishing_gradient", "dying_relu"} <= set(diagnosis.checked)
    after = [np.asarray(v.value) for v in [*model.variables, *model.optimizer.variables]]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


def test_what_cannot_be_learned_by_heart_points_at_its_cause():
    """Dead from the start: no gradient passes, whatever the optimizer."""
    model = model_of()
    model.layers[0].bias.assign(np.full(16, -50.0, "float32"))
    model.layers[1].trainable = False
    diagnosis = tw.diagnose(model, X, Y, epochs=0, one_batch=True)
    first, second = diagnosis.findings[:2]
    assert (first.problem, first.severity) == ("dying_relu", "error")
    assert (second.problem, second.follows_from) == ("one_batch_not_learned", "dying_relu")


def test_one_batch_goes_with_no_epochs():
    with pytest.raises(SettingError, match="epochs=0"):
        tw.diagnose(model_of(), X, Y, epochs=2, one_batch=True)
