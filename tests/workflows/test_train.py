"""`tw.train` and the `Run` it gives, from Python."""

from __future__ import annotations

import json

import numpy as np
import pytest
import small_networks as networks

import trainwell as tw
from trainwell.errors import FolderError, ModelError, SettingError
from trainwell.report.facts import RunFacts

keras = networks.keras


def iris_model(data=None, **settings):
    return tw.networks.mlp(data if data is not None else tw.load("iris"), hidden=(16,), **settings)


def test_a_run_in_memory_has_everything_and_its_folder_goes_with_it():
    data = tw.load("iris")
    run = tw.train(iris_model(data), data, epochs=3)
    assert run.folder.is_dir()
    assert run.result["test"]["accuracy"] == pytest.approx(run.facts.scores.test["accuracy"])
    assert len(run.history) == 3
    assert run.recording.last_step == run.result["steps"]
    assert isinstance(run.findings, tuple)
    assert "iris" in str(run)
    folder = run.folder
    del run
    assert not folder.exists()


def test_a_run_is_opened_again_in_the_same_words_and_numbers(tmp_path):
    data = tw.load("iris")
    run = tw.train(iris_model(data), data, epochs=2, out=tmp_path / "run")
    again = tw.open_run(tmp_path / "run")
    assert again.facts == run.facts
    assert again.result == run.result
    assert RunFacts.from_json(run.facts.to_json()) == run.facts
    np.testing.assert_array_equal(
        again.model.predict(data.test.x, verbose=0), run.model.predict(data.test.x, verbose=0)
    )
    page = again.report(tmp_path / "zh.html", "zh")
    assert '<html lang="zh' in page.read_text(encoding="utf-8")


def test_scores_are_those_of_scikit_learn_on_the_predictions_of_data_never_trained_on(tmp_path):
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss

    data = tw.load("wine")
    run = tw.train(iris_model(data), data, epochs=5, out=tmp_path / "run")
    table = run.model.predict(data.test.x, verbose=0).astype(np.float64)
    test = run.facts.scores.test
    assert test["accuracy"] == pytest.approx(accuracy_score(data.test.y, table.argmax(1)))
    assert test["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(data.test.y, table.argmax(1)))
    assert test["loss"] == pytest.approx(log_loss(data.test.y, table / table.sum(1, keepdims=True)), rel=1e-4)
    confusion = np.array(run.facts.scores.confusion)
    assert confusion.sum() == len(data.test)
    assert np.trace(confusion) / confusion.sum() == pytest.approx(test["accuracy"])
    assert run.facts.scores.mistake_count == confusion.sum() - np.trace(confusion)


def test_own_model_and_arrays_with_validation_and_callbacks(tmp_path):
    x, y = networks.digits(300)
    model = networks.compiled(networks.mlp)
    seen = []
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(sorted(logs)))
    run = tw.train(
        model, x[:200], y[:200], epochs=7, validation_data=(x[200:], y[200:]), callbacks=[keep], out=tmp_path / "run"
    )
    assert seen == [["accuracy", "loss", "val_accuracy", "val_loss"]] * 7
    assert run.model is model
    assert run.facts.data.task == "multiclass"
    assert set(run.facts.scores.validation) == {"loss", "accuracy"}
    assert run.facts.scores.test == {}
    assert "Overfitting" not in [skipped.title.en for skipped in run.not_checked]
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000


def test_early_stopping_keeps_the_best_weights_and_says_which(tmp_path):
    data = tw.load("iris")
    run = tw.train(iris_model(data, learning_rate=0.3), data, epochs=200, early_stopping=3, out=tmp_path / "run")
    losses = [row["val_loss"] for row in run.history]
    best = int(np.argmin(losses)) + 1
    assert run.facts.training.stopped == "early_stopping"
    assert run.facts.training.kept_epoch == best
    assert len(losses) == best + 3
    assert run.facts.scores.validation["loss"] == pytest.approx(losses[best - 1], rel=1e-3)


def test_label_smoothing_gets_one_hot_targets_by_itself():
    data = tw.load("iris")
    run = tw.train(iris_model(data, label_smoothing=0.2, learning_rate=0.02), data, epochs=40)
    assert run.facts.scores.test["accuracy"] > 0.8
    # smoothed targets keep the network from being sure: it aims at a probability of 1 - 0.2 + 0.2/3
    surest = run.model.predict(data.train.x, verbose=0).max(axis=1)
    assert np.median(surest) == pytest.approx(0.867, abs=0.06)


def test_a_loss_that_is_not_finite_stops_the_training_and_is_named(tmp_path):
    data = tw.load("diabetes")
    model = iris_model(data, optimizer="sgd", learning_rate=1e30)
    run = tw.train(model, data, epochs=5, out=tmp_path / "run")
    assert run.facts.training.stopped == "not_finite"
    assert run.findings[0].problem == "invalid_learning_rate"  # seen before the first step; the others follow from it
    assert all(finding.follows_from for finding in run.findings[1:])
    assert "loss_not_finite" in [finding.problem for finding in run.findings]
    json.loads((tmp_path / "run" / "result.json").read_text(), parse_constant=pytest.fail)  # strict JSON, no NaN
    assert (tmp_path / "run" / "report.html").exists()


def test_watching_changes_no_bit_through_the_whole_workflow():
    data = tw.load("digits")
    weights = []
    for watch in (True, False):
        model = tw.networks.cnn(data, filters=(4,), dense=8, dropout=0.3, seed=5)
        run = tw.train(model, data, epochs=1, watch=watch, seed=5)
        weights.append(run.model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, d, out: tw.train("model", d, out=out), ModelError, "expected a compiled keras.Model"),
        (lambda m, d, out: tw.train(keras.Sequential([keras.Input((4,))]), d, out=out), ModelError, "not compiled"),
        (lambda m, d, out: tw.train(m, d.train.x, out=out), SettingError, "y is missing"),
        (lambda m, d, out: tw.train(m, tw.load("wine"), out=out), ModelError, "shape"),
        (lambda m, d, out: tw.train(m, d, batch_size=1000, out=out), SettingError, "1000"),
        (lambda m, d, out: tw.train(m, d, epochs=0, out=out), SettingError, "0"),
        (lambda m, d, out: tw.train(m, d.train.x, d.train.y, early_stopping=3, out=out), SettingError, "validation"),
        (lambda m, d, out: tw.train(m, d, resume=True), SettingError, "out="),
        (lambda m, d, out: tw.open_run(out), FolderError, "not the folder"),
    ],
)
def test_wrong_calls_are_one_clear_error_and_leave_nothing(call, error, message, tmp_path):
    data = tw.load("iris")
    with pytest.raises(error, match=message):
        call(iris_model(data), data, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_model_with_its_own_train_step_is_refused():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, *arguments):
            raise NotImplementedError

    model = Own()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.raises(ModelError, match="own train_step"):
        tw.train(model, tw.load("iris"))


def test_a_training_that_fails_leaves_no_folder(tmp_path):
    class Broken(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            raise RuntimeError("mine")

    data = tw.load("iris")
    with pytest.raises(RuntimeError, match="mine"):
        tw.train(iris_model(data), data, callbacks=[Broken()], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
