"""How good a trained network is on each part of the data, measured once, after the training; one file per task."""

from __future__ import annotations

from typing import Any

from trainwell.data import Dataset
from trainwell.report.facts import Scores
from trainwell.workflows.scoring import classes, labels, numbers, tokens

_MEASURE = {
    "binary": classes.scores,
    "multiclass": classes.scores,
    "multilabel": labels.scores,
    "regression": numbers.scores,
    "forecasting": numbers.scores,
    "language_model": tokens.scores,
}


def scores(model: Any, data: Dataset) -> Scores:
    """Measure on all three parts; confusion, mistakes and predictions are those of the test part."""
    return _MEASURE[data.task](model, data)
