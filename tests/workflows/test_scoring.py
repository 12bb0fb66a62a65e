"""Scores of every task against scikit-learn or arithmetic done by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from trainwell.data import Dataset, Scaling, Split
from trainwell.locales import Text
from trainwell.workflows.scoring import scores
from trainwell.workflows.scoring.answers import predict, probabilities

RNG = np.random.default_rng(0)


class Answers:
    """A model that answers what it was told, in order; only what scoring asks of a model."""

    def __init__(self, outputs, loss="MeanSquaredError", from_logits=False):
        self._outputs = {len(rows): rows for rows in outputs}
        self.loss = type(loss, (), {"from_logits": from_logits})()
        self.output_shape = (None, *outputs[0].shape[1:])

    def predict(self, x, **_):
        return self._outputs[len(x)]

    def predict_on_batch(self, x):
        vocabulary = self.output_shape[-1]
        return np.log(
            np.full((*x.shape, vocabulary), 0.1 / (vocabulary - 1))
            + np.eye(vocabulary)[x] * (0.9 - 0.1 / (vocabulary - 1))
        )


def dataset(task, ys, *, kind="table", names=(), **more):
    parts = [Split(RNG.normal(size=(len(y), 2)).astype(np.float32), y) for y in ys]
    more = {"target_scaling": None, **more}
    return Dataset("d", kind, task, *parts, tuple(names), Scaling((0.0,), (1.0,)), notes=(), source="d", **more)


def test_several_labels():
    y = [
        np.asarray(rows, np.float32)
        for rows in ([[1, 0], [0, 0], [1, 1]], [[1, 0], [0, 1]], [[1, 1], [0, 1], [1, 0], [0, 0]])
    ]
    outputs = [np.full((3, 2), 0.5, np.float32), np.full((2, 2), 0.5, np.float32),
               np.asarray([[0.9, 0.2], [0.2, 0.8], [0.7, 0.4], [0.6, 0.1]], np.float32)]  # fmt: skip
    found = scores(Answers(outputs), dataset("multilabel", y, names=("a", "b"))).test
    assert found["accuracy"] == pytest.approx(6 / 8)  # two of eight labels wrong
    assert found["all_labels_accuracy"] == pytest.approx(2 / 4)
    # a: 2 right of 3 said and of 2 true: 0.8; b: 1 of 1 said, of 2 true: 2/3
    assert found["f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    likelihoods = [0.9, 0.2, 0.8, 0.8, 0.7, 0.6, 0.4, 0.9]
    assert found["loss"] == pytest.approx(-np.mean(np.log(likelihoods)), rel=1e-5)


def test_forecasting_is_held_against_the_best_naive_forecast():
    y = [RNG.normal(size=(n, 2)).astype(np.float32) for n in (5, 3, 4)]
    data = dataset(
        "forecasting", y, kind="sequence", target_scaling=Scaling((0.0, 0.0), (1.0, 1.0)),
        target_names=("t +1", "t +2"), baselines={"last": {"mae": 2.0}, "season": {"mae": 1.5}},
        baseline_titles={"season": Text(en="the value a year before", zh="去年同期的值")},
    )  # fmt: skip
    found = scores(Answers([part + 0.5 for part in y]), data)
    assert found.test["mae"] == pytest.approx(0.5, abs=1e-6)
    assert found.test["rmse"] == pytest.approx(0.5, abs=1e-6)
    assert found.baseline == {"mae": 1.5}
    assert found.baseline_name == Text(en="the value a year before", zh="去年同期的值")
    assert [rival.title.zh for rival in found.rivals] == ["last", "去年同期的值"]
    assert [one.target for one in found.predictions] == ["t +1", "t +2"]


def test_a_language_model_is_scored_in_nats_per_token():
    x = [RNG.integers(1, 5, (n, 6)).astype(np.int32) for n in (70, 2, 3)]
    y = [rows.copy() for rows in x]
    y[2][0, 0] = y[2][0, 0] % 4 + 1  # one of 18 tokens is not the one the model expects
    parts = [Split(a, b) for a, b in zip(x, y, strict=True)]
    data = Dataset("d", "text", "language_model", *parts, (), Scaling((0.0,), (1.0,)), None, (), "d",
                   format=SimpleNamespace(vocabulary_size=5))  # fmt: skip
    found = scores(Answers([np.zeros((1, 6, 5), np.float32)]), data)
    expected = -(17 * math.log(0.9) + math.log(0.1 / 4)) / 18
    assert found.test["loss"] == pytest.approx(expected, rel=1e-5)
    assert found.test["perplexity"] == pytest.approx(math.exp(expected), rel=1e-5)
    assert found.test["accuracy"] == pytest.approx(17 / 18)
    assert found.train["accuracy"] == 1
    assert found.baseline["loss"] == pytest.approx(math.log(4), abs=0.2)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [("BinaryCrossentropy", [[0.5, 0.880797]]), ("SparseCategoricalCrossentropy", [[0.119203, 0.880797]])],
)
def test_logits_become_probabilities(loss, expected):
    model = Answers([np.asarray([[0.0, 2.0]], np.float32)], loss, from_logits=True)
    np.testing.assert_allclose(predict(model, np.zeros((1, 3))), expected, rtol=1e-5)


def test_one_unit_is_the_probability_of_the_second_class():
    np.testing.assert_allclose(probabilities(np.asarray([[0.25]])), [[0.75, 0.25]])
