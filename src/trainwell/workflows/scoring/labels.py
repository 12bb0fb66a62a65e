"""Scores where a sample may have several labels, or none."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from trainwell.data import Dataset
from trainwell.locales import Text
from trainwell.report.facts import Scores
from trainwell.workflows.scoring.answers import predict

Array = npt.NDArray[Any]
USUAL = Text(en="always answering each label's commoner side", zh="每个标签总是回答更常见的一边")


def scores(model: Any, data: Dataset) -> Scores:
    """Measure on all three parts: the accuracy is that of all labels together, F1 the mean over the labels."""
    train, validation, test = (_metrics(predict(model, split.x), split.y) if len(split) else {} for split in data.parts)
    shares = np.broadcast_to(data.train.y.mean(axis=0), data.test.y.shape)
    return Scores(train, validation, test, _metrics(shares, data.test.y), baseline_name=USUAL)


def _metrics(outputs: Array, y: Array) -> dict[str, float]:
    from sklearn.metrics import f1_score

    likely = np.clip(outputs.astype(np.float64), 1e-7, 1 - 1e-7)  # Keras clips at its epsilon too
    answers = outputs >= 0.5
    return {
        "loss": float(-(y * np.log(likely) + (1 - y) * np.log(1 - likely)).mean()),
        "accuracy": float((answers == (y > 0.5)).mean()),
        "all_labels_accuracy": float((answers == (y > 0.5)).all(axis=1).mean()),
        "f1": float(f1_score(y > 0.5, answers, average="macro", zero_division=cast("Any", 0))),
    }
