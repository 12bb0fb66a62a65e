"""Scores where numbers are predicted: regression and forecasting."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data import Dataset
from trainwell.locales import Text
from trainwell.report.facts import Predictions, Rival, Scores
from trainwell.workflows.scoring.answers import predict

POINTS = 2000  # of predicted against true values
Array = npt.NDArray[Any]


def scores(model: Any, data: Dataset) -> Scores:
    """Measure on all three parts; the baseline is the data's best own one, else the mean of the training targets."""
    outputs = [predict(model, split.x) for split in data.parts]
    train, validation, test = (
        _metrics(answers, split.y) if len(split) else {} for answers, split in zip(outputs, data.parts, strict=True)
    )
    mean = np.broadcast_to(data.train.y.mean(axis=0), data.test.y.shape)
    rivals = tuple(
        Rival(data.baseline_titles.get(name, Text(name, name)), dict(metrics))
        for name, metrics in data.baselines.items()
    )
    best = min(rivals, key=lambda rival: rival.metrics.get("mae", np.inf), default=None)
    return Scores(
        train,
        validation,
        test,
        best.metrics if best else _metrics(mean, data.test.y),
        baseline_name=best.title if best else None,
        rivals=rivals,
        predictions=_points(data, outputs[2]),
    )


def _metrics(outputs: Array, y: Array) -> dict[str, float]:
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


def _points(data: Dataset, outputs: Array) -> tuple[Predictions, ...]:
    kept = np.linspace(0, len(outputs) - 1, min(POINTS, len(outputs))).astype(int)
    count = outputs.shape[1]
    names = data.target_names or tuple(f"y{i}" if count > 1 else "y" for i in range(count))
    return tuple(
        Predictions(
            name,
            tuple(float(v) for v in data.test.y[kept, i]),
            tuple(float(v) for v in outputs[kept, i]),
        )
        for i, name in enumerate(names)
    )
