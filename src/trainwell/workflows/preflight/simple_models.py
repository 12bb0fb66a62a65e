"""What simple models make of the data: whether the inputs tell anything about the targets at all."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis.contract import SimpleModel, Targets

SAMPLES = 1500  # more make the answer hardly surer, and would take longer than a look may
_COLUMNS = 1024  # of wider data, random directions are taken (Johnson & Lindenstrauss 1984)
_LEAST = 60
_FOLDS = 3
_MOST_CLASSES = 50


def simple_model_of(x: Any, y: Any, targets: Targets) -> SimpleModel | None:
    """Nearest neighbours and a linear model, fitted on part of the training data and scored on the rest.

    Args:
        x: inputs (samples, ...) of numbers; whole numbers in two axes are taken for tokens and counted.
        y: targets (samples, ...).
        targets: what they are.

    Returns:
        The better of the two by cross-validation; None where neither fits: too few samples, gaps, several labels.
    """
    chosen = _chosen(len(x))
    inputs, labels = np.asarray(np.asanyarray(x)[chosen]), np.asarray(np.asanyarray(y)[chosen])
    if inputs.dtype.kind not in "fiub" or len(inputs) < _LEAST:
        return None
    answers = _answers(labels, targets)
    if answers is None:
        return None
    features = _features(inputs)
    if not np.isfinite(features).all():
        return None
    return _classes(features, answers) if answers.dtype.kind == "i" else _numbers(features, answers)


def _chosen(samples: int) -> npt.NDArray[Any]:
    """The same random samples every time, in no order that the data may have."""
    return np.random.default_rng(0).permutation(samples)[:SAMPLES]


def _answers(labels: npt.NDArray[Any], targets: Targets) -> npt.NDArray[Any] | None:
    """(samples,) whole class numbers or float numbers; None where a sample has several answers or gaps."""
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        return None
    if targets.form == "one_hot" and labels.ndim == 2:
        return labels.argmax(axis=1).astype(np.int64)
    if labels.size != len(labels):
        return None
    flat = labels.reshape(-1)
    if targets.form == "class_numbers":
        return flat.astype(np.int64)
    return flat.astype(np.float64) if targets.form == "numbers" else None


def _features(inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(samples, columns) float64, each column with mean 0 and spread 1."""
    tokens = inputs.ndim == 2 and inputs.dtype.kind in "iu" and inputs.shape[1] > 1 and int(inputs.max()) > 255
    flat = _counted(inputs) if tokens else inputs.reshape(len(inputs), -1).astype(np.float64)
    if flat.shape[1] > _COLUMNS:
        directions = np.random.default_rng(0).standard_normal((flat.shape[1], _COLUMNS)) / math.sqrt(_COLUMNS)
        flat = flat @ directions
    deviation = flat.std(axis=0)
    return (flat - flat.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def _counted(tokens: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """How often each of the commonest tokens is in each sequence."""
    numbers, counts = np.unique(tokens[tokens != 0], return_counts=True)
    kept = np.sort(numbers[np.argsort(counts)[::-1][:_COLUMNS]])
    places = np.searchsorted(kept, tokens).clip(0, len(kept) - 1)
    known = kept[places] == tokens
    table = np.zeros((len(tokens), len(kept)))
    rows = np.broadcast_to(np.arange(len(tokens))[:, None], tokens.shape)
    np.add.at(table, (rows[known], places[known]), 1.0)
    return np.sqrt(table)


def _classes(features: npt.NDArray[Any], labels: npt.NDArray[Any]) -> SimpleModel | None:
    from sklearn.linear_model import RidgeClassifier
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier

    names, counts = np.unique(labels, return_counts=True)
    kept = np.isin(labels, names[counts >= _FOLDS])
    features, labels = features[kept], labels[kept]
    classes, counts = np.unique(labels, return_counts=True)
    if not 2 <= len(classes) <= _MOST_CLASSES or len(labels) < _LEAST:
        return None
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    tried = {
        "nearest neighbours": KNeighborsClassifier(5),
        "linear model": RidgeClassifier(alpha=float(features.shape[1]), class_weight="balanced"),
    }
    scores: dict[str, float] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, model in tried.items():
            scores[name] = float(balanced_accuracy_score(labels, cross_val_predict(model, features, labels, cv=folds)))
    best = max(scores, key=lambda name: scores[name])
    chance = 1 / len(classes)
    # variance of a mean of per-class recalls under pure chance, each a binomial share
    error = math.sqrt(sum(chance * (1 - chance) / count for count in counts)) / len(classes)
    return SimpleModel(best, scores[best], chance, error, len(labels))


def _numbers(features: npt.NDArray[Any], targets: npt.NDArray[Any]) -> SimpleModel | None:
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.neighbors import KNeighborsRegressor

    if not targets.std() > 0:
        return None
    folds = KFold(_FOLDS, shuffle=True, random_state=0)
    tried = {"nearest neighbours": KNeighborsRegressor(10), "linear model": Ridge(alpha=float(features.shape[1]))}
    scores = {
        name: float(r2_score(targets, cross_val_predict(model, features, targets, cv=folds)))
        for name, model in tried.items()
    }
    best = max(scores, key=lambda name: scores[name])
    return SimpleModel(best, scores[best], 0.0, 1 / math.sqrt(len(targets)), len(targets))
