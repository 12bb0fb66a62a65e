"""Targets in the form that a model's loss wants."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.backend import load_keras


def targets(model: Any, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The targets as the loss of `model` takes them: class numbers become one-hot rows for a categorical loss.

    Keras smooths labels of several classes only in its categorical cross-entropy, which takes one-hot targets.

    Args:
        model: a compiled `keras.Model`.
        y: class numbers (samples,), or any other targets, which come back as they are.

    Returns:
        float32 (samples, classes) for a categorical loss and class numbers, else `y`.
    """
    losses = load_keras().losses
    categorical = isinstance(model.loss, losses.CategoricalCrossentropy | losses.CategoricalFocalCrossentropy)
    if not categorical or y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        return y
    return np.eye(int(model.output_shape[-1]), dtype=np.float32)[y]
