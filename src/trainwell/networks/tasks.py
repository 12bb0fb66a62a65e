"""What follows from the task: the activation of the last layer, the loss, the metric, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.errors import SettingError
from trainwell.locales import Text
from trainwell.networks.choice import Choice

_CHUNK = 1 << 16  # windows of a forecast that are measured at once


@dataclass(frozen=True)
class Objective:
    """What the network answers and how the answer is judged.

    Attributes:
        activation: of the last layer.
        loss: a `keras.losses.Loss`.
        metric: a `keras.metrics.Metric`.
        loss_weights: by which the loss is multiplied, or None.
        choices: all of it, to be said aloud.
    """

    activation: str
    loss: Any
    metric: Any
    loss_weights: list[float] | None
    choices: tuple[Choice, ...]


def objective(data: Dataset, label_smoothing: float = 0.0) -> Objective:
    """Output, loss and metric for the task of these data.

    Numbers to predict: the mean squared error in raw units times 1 / variance, which is the loss of standardised
    targets while predictions stay in raw units. In a forecast the variance is that of the change since the last known
    value, so that a loss of 1 is what saying the last value again would get.

    Args:
        data: what is learned from.
        label_smoothing: share of the target that is spread over all classes, 0 to below 1.

    Raises:
        SettingError: label smoothing where there are no classes to smooth over.
    """
    if label_smoothing and data.task not in ("binary", "multiclass", "multilabel"):
        task = _TASKS[data.task]
        raise SettingError(
            Text(
                en=f"label_smoothing {label_smoothing:g} is for classes, but {data.name} is {task.en}; leave it out",
                zh=f"label_smoothing {label_smoothing:g} 只适用于分类，而 {data.name} 是{task.zh}；请去掉它",
            )
        )
    return _MAKERS[data.task](data, label_smoothing)


def change_scale(data: Dataset) -> tuple[float, ...]:
    """Root mean square of the change from the last known value, for each output of a forecast.

    Args:
        data: a forecast: `train.x` (windows, steps, channels), `train.y` (windows, horizon x targets).

    Returns:
        One float per output, in the unit of its target; 1 where nothing ever changes.
    """
    x, y, count = data.train.x, data.train.y, forecast_targets(data)
    squares = np.zeros(y.shape[1])
    for start in range(0, len(x), _CHUNK):
        last = np.tile(x[start : start + _CHUNK, -1, :count].astype(np.float64), y.shape[1] // count)
        squares += np.square(y[start : start + _CHUNK] - last).sum(axis=0)
    roots = np.sqrt(squares / max(1, len(x)))
    return tuple(np.where(roots > 0, roots, 1.0).tolist())


def forecast_targets(data: Dataset) -> int:
    """Number of channels that a forecast predicts; they are the first ones of the inputs.

    A format says how many steps it looks ahead (`horizon`); without one, a single channel is predicted.
    """
    horizon = int(getattr(data.format, "horizon", 0) or 0)
    return data.outputs // horizon if horizon and data.outputs % horizon == 0 else 1


def _binary(_: Dataset, smoothing: float) -> Objective:
    keras = load_keras()
    return Objective(
        "sigmoid",
        keras.losses.BinaryCrossentropy(label_smoothing=smoothing),
        keras.metrics.BinaryAccuracy(name="accuracy"),
        None,
        _said(
            Text(en="one probability says which of the two classes it is", zh="两个类别用一个概率即可表示"),
            "binary_crossentropy",
            Text(en="punishes confident mistakes most", zh="越自信的错误惩罚越重"),
            "sigmoid",
            "accuracy",
        ),
    )


def _multiclass(data: Dataset, smoothing: float) -> Objective:
    keras = load_keras()
    output = Text(
        en=f"one probability for each of {len(data.class_names)} classes, together 1",
        zh=f"{len(data.class_names)} 个类别各一个概率，总和为 1",
    )
    if smoothing:  # Keras smooths one-hot targets only; `targets` makes them
        why = Text(
            en="Keras smooths one-hot targets only, so the classes are given to it that way",
            zh="Keras 只能对独热编码的目标做标签平滑，因此类别以独热编码的形式给出",
        )
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
        metric = keras.metrics.CategoricalAccuracy(name="accuracy")
        said = _said(output, "categorical_crossentropy", why, "softmax", "accuracy")
    else:
        why = Text(
            en="the log of the probability given to the right class", zh="取正确类别所得概率的对数，惩罚自信的错误"
        )
        loss = keras.losses.SparseCategoricalCrossentropy()
        metric = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        said = _said(output, "sparse_categorical_crossentropy", why, "softmax", "accuracy")
    return Objective("softmax", loss, metric, None, said)


def _multilabel(data: Dataset, smoothing: float) -> Objective:
    keras = load_keras()
    return Objective(
        "sigmoid",
        keras.losses.BinaryCrossentropy(label_smoothing=smoothing),
        keras.metrics.BinaryAccuracy(name="accuracy"),
        None,
        _said(
            Text(
                en=f"one probability for each of {data.outputs} labels, each by itself: several may be true",
                zh=f"{data.outputs} 个标签各有独立的概率：可以同时有多个为真",
            ),
            "binary_crossentropy",
            Text(en="every label is a question of its own, yes or no", zh="每个标签都是一个独立的是非问题"),
            "sigmoid",
            "accuracy",
        ),
    )


def _regression(data: Dataset, _: float) -> Objective:
    std = data.target_scaling.std if data.target_scaling else (1.0,)
    if data.outputs > 1:
        why = Text(
            en=f"the {data.outputs} targets share one loss in raw units: those with a larger spread weigh more",
            zh=f"{data.outputs} 个目标共用一个以原始单位计算的损失：离散程度大的目标影响更大",
        )
    else:
        why = Text(
            en="large errors count most; divided by the variance, so that always saying the mean costs 1",
            zh="误差越大惩罚越重；再除以方差，因此总是回答平均值的损失为 1",
        )
    output = Text(en="a number, brought back to the unit of the target", zh="输出一个数，并换算回目标的单位")
    return _numeric(std, output, why)


def _forecasting(data: Dataset, _: float) -> Objective:
    output = Text(
        en="the network predicts the change, which is added to the last known value: it begins where the simplest "
        "forecast stands, and needs no more than what is new",
        zh="网络预测的是变化量，再加上最后一个已知值：它从最简单的预测出发，只需学会新的变化",
    )
    why = Text(
        en="large errors count most; divided by the mean square of the change, so that saying the last value again "
        "costs 1",
        zh="误差越大惩罚越重；再除以变化量的均方值，因此总是重复最后一个值的损失为 1",
    )
    return _numeric(change_scale(data), output, why)


def _numeric(scale: tuple[float, ...], output: Text, why: Text) -> Objective:
    keras = load_keras()
    return Objective(
        "linear",
        keras.losses.MeanSquaredError(),
        keras.metrics.MeanAbsoluteError(name="mae"),
        [1.0 / (math.fsum(s**2 for s in scale) / len(scale))],
        _said(output, "mean_squared_error", why, "linear", "mae"),
    )


def _language_model(data: Dataset, _: float) -> Objective:
    keras = load_keras()
    return Objective(
        "linear",
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        None,
        _said(
            Text(
                en=f"at every step a score for each of {data.outputs:,} tokens to come next (logits)",
                zh=f"每一步为 {data.outputs:,} 个可能的下一个词元各给出一个分数（logits）",
            ),
            "sparse_categorical_crossentropy",
            Text(
                en=f"in nats per token; guessing blindly costs ln {data.outputs:,} = {math.log(data.outputs):.2f}",
                zh=f"单位为每个词元的奈特数；盲猜的损失为 ln {data.outputs:,} = {math.log(data.outputs):.2f}",
            ),
            "linear",
            "accuracy",
        ),
    )


def _said(output: Text, loss: str, why: Text, activation: str, metric: str) -> tuple[Choice, ...]:
    return (
        Choice("output", activation, False, output),
        Choice("loss", loss, False, why),
        Choice("metric", metric, False, _METRICS[metric]),
    )


_METRICS = {
    "accuracy": Text(en="the share of right answers", zh="答对的比例"),
    "mae": Text(en="the mean error, in the unit of the target", zh="平均误差，单位与目标相同"),
}
_TASKS = {
    "regression": Text(en="a regression", zh="回归任务"),
    "forecasting": Text(en="a forecast", zh="预测任务"),
    "language_model": Text(en="a language model", zh="语言模型任务"),
}
_MAKERS: Mapping[str, Callable[[Dataset, float], Objective]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "multilabel": _multilabel,
    "regression": _regression,
    "forecasting": _forecasting,
    "language_model": _language_model,
}
