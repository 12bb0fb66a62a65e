"""How good a trained network is, on each part of the data; computed once, after the training."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data import Dataset, Split
from trainwell.report.facts import Mistake, Predictions, Scores
from trainwell.report.thumbnail import thumbnail

MISTAKES = 24  # the most confidently wrong samples that are kept
POINTS = 2000  # of predicted against true values
BATCH = 256
Array = npt.NDArray[Any]


def scores(model: Any, data: Dataset) -> Scores:
    """Measure on all three parts; confusion, mistakes and predictions are those of the test part."""
    measure = _regression if data.task == "regression" else _classification
    outputs = [predict(model, split.x) for split in data.parts]
    train, validation, test = (
        measure(answers, split.y) if len(split) else {} for answers, split in zip(outputs, data.parts, strict=True)
    )
    if data.task == "regression":
        mean = np.broadcast_to(data.train.y.mean(axis=0), data.test.y.shape)
        return Scores(train, validation, test, _regression(mean, data.test.y), predictions=_points(data, outputs[2]))
    table = probabilities(outputs[2])
    answers = table.argmax(axis=1)
    confusion = np.zeros((len(data.class_names),) * 2, np.int64)
    np.add.at(confusion, (data.test.y, answers), 1)
    return Scores(
        train,
        validation,
        test,
        _baseline(data),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        mistakes=_mistakes(data, table, answers),
        mistake_count=int((answers != data.test.y).sum()),
    )


def predict(model: Any, x: Array) -> Array:
    """What the network answers for each sample, (samples, outputs) float32; probabilities even if it gives logits."""
    if not len(x):
        return np.zeros((0, *model.output_shape[1:]), np.float32)
    raw = np.asarray(model.predict(x, batch_size=BATCH, verbose=0), np.float32)
    raw = raw.reshape(len(raw), -1)
    if getattr(model.loss, "from_logits", False):
        if raw.shape[1] == 1:
            return 1 / (1 + np.exp(-raw))
        raw = np.exp(raw - raw.max(axis=1, keepdims=True))
        return raw / raw.sum(axis=1, keepdims=True)
    return raw


def probabilities(outputs: Array) -> Array:
    """(samples, classes) from the outputs of a classifier: one unit is the probability of the second class."""
    return np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs


def _classification(outputs: Array, y: Array) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, recall_score

    table = probabilities(outputs)
    answers = table.argmax(axis=1)
    likelihood = np.clip(table[np.arange(len(y)), y].astype(np.float64), 1e-7, 1)  # Keras clips at its epsilon too
    return {
        "loss": float(-np.log(likelihood).mean()),
        "accuracy": float(accuracy_score(y, answers)),
        "balanced_accuracy": float(recall_score(y, answers, labels=np.unique(y), average="macro")),
    }


def _regression(outputs: Array, y: Array) -> dict[str, float]:
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    largest = float(np.finfo(np.float32).max)  # scikit-learn refuses NaN and infinity
    finite = np.nan_to_num(outputs.astype(np.float64), posinf=largest, neginf=-largest)
    squared = float(mean_squared_error(y, finite))
    return {
        "loss": squared,
        "mae": float(mean_absolute_error(y, finite)),
        "rmse": squared**0.5,
        "r2": float(r2_score(y, finite)) if len(y) > 1 else float("nan"),
    }


def _baseline(data: Dataset) -> dict[str, float]:
    counts = np.bincount(data.train.y, minlength=len(data.class_names))
    always = int(counts.argmax())
    return {
        "accuracy": float((data.test.y == always).mean()),
        "balanced_accuracy": 1 / len(np.unique(data.test.y)),
    }


def _mistakes(data: Dataset, table: Array, answers: Array) -> tuple[Mistake, ...]:
    wrong = np.flatnonzero(answers != data.test.y)
    # pictures of few grey levels (digits: 0..16) would be black on a scale to 255
    brightest = int(data.train.x.max()) if data.kind == "image" and data.train.x.dtype == np.uint8 else 255
    brighter = 255 // brightest if 0 < brightest < 128 else 1
    surest = wrong[np.argsort(-table[wrong, answers[wrong]], kind="stable")][:MISTAKES]
    return tuple(
        Mistake(
            name=_name(data.test, int(i)),
            true=data.class_names[int(data.test.y[i])],
            predicted=data.class_names[int(answers[i])],
            probability=float(table[i, answers[i]]),
            thumbnail=thumbnail(data.test.x[i] * np.asarray(brighter, data.test.x.dtype))
            if data.kind == "image"
            else None,
        )
        for i in surest
    )


def _name(split: Split, position: int) -> str:
    return split.names[position] if split.names else f"#{position}"


def _points(data: Dataset, outputs: Array) -> tuple[Predictions, ...]:
    kept = np.linspace(0, len(outputs) - 1, min(POINTS, len(outputs))).astype(int)
    names = [f"y{i}" if outputs.shape[1] > 1 else "y" for i in range(outputs.shape[1])]
    return tuple(
        Predictions(
            name,
            tuple(float(v) for v in data.test.y[kept, i]),
            tuple(float(v) for v in outputs[kept, i]),
        )
        for i, name in enumerate(names)
    )
