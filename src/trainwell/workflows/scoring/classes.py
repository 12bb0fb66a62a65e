"""Scores where each sample is of one class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data import Dataset, Split
from trainwell.report.facts import Mistake, Scores
from trainwell.report.thumbnail import thumbnail
from trainwell.workflows.scoring.answers import predict, probabilities

MISTAKES = 24  # the most confidently wrong samples that are kept
Array = npt.NDArray[Any]


def scores(model: Any, data: Dataset) -> Scores:
    """Measure on all three parts; confusion and mistakes are those of the test part."""
    outputs = [predict(model, split.x) for split in data.parts]
    train, validation, test = (
        _metrics(answers, split.y) if len(split) else {} for answers, split in zip(outputs, data.parts, strict=True)
    )
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


def _metrics(outputs: Array, y: Array) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, recall_score

    table = probabilities(outputs)
    answers = table.argmax(axis=1)
    likelihood = np.clip(table[np.arange(len(y)), y].astype(np.float64), 1e-7, 1)  # Keras clips at its epsilon too
    return {
        "loss": float(-np.log(likelihood).mean()),
        "accuracy": float(accuracy_score(y, answers)),
        "balanced_accuracy": float(recall_score(y, answers, labels=np.unique(y), average="macro")),
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
            text=data.format.show(data.test.x[i]) if data.format and data.kind in ("text", "table") else None,
        )
        for i in surest
    )


def _name(split: Split, position: int) -> str:
    return split.names[position] if split.names else f"#{position}"
