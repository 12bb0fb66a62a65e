"""Runs made up by hand for the tests of reports: no network was trained, every number is a formula or seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trainwell.blueprint.layer_info import LayerInfo
from trainwell.data.dataset import Note
from trainwell.diagnosis.finding import Cause, Diagnosis, Evidence, Finding, NotChecked, Remedy
from trainwell.locales import Text
from trainwell.report.facts import (
    Choice,
    DataFacts,
    Hardware,
    LayerRow,
    Mistake,
    NetworkFacts,
    Origin,
    Predictions,
    RunFacts,
    Scores,
    TrainingFacts,
)
from trainwell.report.thumbnail import thumbnail
from trainwell.signals import Observer, Recorder, Recording

CNN = (
    LayerInfo("scaling", "Normalization", None, 0, (28, 28, 1)),
    LayerInfo("conv_1", "Conv2D", "relu", 320, (26, 26, 32)),
    LayerInfo("conv_2", "Conv2D", "relu", 18496, (11, 11, 64)),
    LayerInfo("dense_1", "Dense", "relu", 204928, (128,)),
    LayerInfo("output", "Dense", "softmax", 1290, (10,), is_output=True),
)
CNN_TABLE = (
    LayerRow("scaling", "Normalization", (28, 28, 1), 3),
    LayerRow("conv_1", "Conv2D", (26, 26, 32), 320, "relu", "he_normal"),
    LayerRow("pool_1", "MaxPooling2D", (13, 13, 32), 0),
    LayerRow("conv_2", "Conv2D", (11, 11, 64), 18496, "relu", "he_normal"),
    LayerRow("pool_2", "MaxPooling2D", (5, 5, 64), 0),
    LayerRow("flatten", "Flatten", (1600,), 0),
    LayerRow("dense_1", "Dense", (128,), 204928, "relu", "he_normal"),
    LayerRow("output", "Dense", (10,), 1290, "softmax", "glorot_uniform"),
)


def deep(depth: int, activation: str = "sigmoid", units: int = 32) -> tuple[LayerInfo, ...]:
    """A network of many equal layers."""
    hidden = [LayerInfo(f"dense_{n}", "Dense", activation, units * (units + 1), (units,)) for n in range(1, depth + 1)]
    return (*hidden, LayerInfo("output", "Dense", "softmax", 330, (10,), is_output=True))


def recording(
    folder: Path,
    layers: tuple[LayerInfo, ...] = CNN,
    *,
    epochs: int = 8,
    steps_per_epoch: int = 100,
    every: int = 4,
    validation: bool = True,
    metric: str | None = "accuracy",
    fade: float = 1.0,
    nan_from: int | None = None,
) -> Recording:
    """A training whose loss falls like exp(-t).

    Args:
        folder: where the recording is written.
        layers: of the network.
        epochs: finished epochs.
        steps_per_epoch: steps of each.
        every: the layers are looked at every so many steps.
        validation: whether there are validation values.
        metric: beside the loss, None for none.
        fade: by which factor the gradient shrinks from each layer to the one before it.
        nan_from: step from which everything is NaN.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    layout = Observer().layout(layers)
    recorder = Recorder(folder, layout)
    total = epochs * steps_per_epoch
    steps = np.arange(1, total + 1, dtype=np.int64)
    share = steps / max(total, 1)
    loss = 2.3 * np.exp(-4 * share) + 0.05 + 0.03 * random.random(total)
    norm = 2 * np.exp(-2 * share) + 0.3 * random.random(total)
    run = np.stack(
        [loss, 1e-3 * (1 + np.cos(np.pi * share)) / 2 + 1e-6, norm, np.minimum(norm, 1.0), np.full(total, 4.2)], axis=1
    ).astype(np.float32)
    looks = steps[every - 1 :: every]
    columns = np.zeros((len(looks), len(layout.columns)), np.float32)
    for place, (measure, layer) in enumerate(layout.columns):
        columns[:, place] = _column(measure, layer, layers, looks / total, fade, random)
    if nan_from is not None:
        run[nan_from - 1 :, [0, 2, 3]] = np.nan
        columns[looks >= nan_from] = np.nan
    recorder.steps(steps, run)
    recorder.layers(looks, columns)
    for epoch in range(1, epochs + 1):
        broken = nan_from is not None and epoch * steps_per_epoch >= nan_from
        recorder.epoch(_epoch_row(epoch, epochs, validation=validation, metric=metric, broken=broken))
    recorder.close()
    return Recording.open(folder)


def _epoch_row(epoch: int, epochs: int, *, validation: bool, metric: str | None, broken: bool) -> dict[str, float]:
    share = epoch / epochs
    values = {"loss": 2.3 * np.exp(-4 * share) + 0.05}
    if metric:
        values[metric] = 1 - 0.9 * np.exp(-4 * share)
    if validation:
        values["val_loss"] = 2.3 * np.exp(-3.4 * share) + 0.09
        if metric:
            values[f"val_{metric}"] = 0.985 - 0.9 * np.exp(-3.6 * share)
    if broken:
        values = dict.fromkeys(values, np.nan)
    return {"epoch": epoch, **values, "learning_rate": 1e-3, "seconds": 1.3}


def _column(
    measure: str,
    layer: str,
    layers: tuple[LayerInfo, ...],
    share: np.ndarray,
    fade: float,
    random: np.random.Generator,
) -> np.ndarray:
    place = [one.name for one in layers].index(layer)
    from_output = len(layers) - 1 - place
    noise = 1 + 0.2 * random.random(len(share))
    return {
        "gradient_rms": 1e-2 * fade**from_output * np.exp(-2 * share),
        "gradient_norm": fade**from_output * np.exp(-2 * share),
        "update_ratio": 1e-3 * (1 + place) * fade**from_output * np.exp(-share),
        "weight_norm": 4.0 + place + share,
        "activation_mean": 0.4 + 0.2 * share,
        "activation_std": 0.9 - 0.1 * place * share / len(layers),
        "zero_share": 0.5 + 0.1 * share,
        "dead_share": 0.02 * (1 + place) * share,
        "saturated_share": 0.1 + 0.3 * share,
        "nonfinite_share": 0 * share,
    }[measure] * (noise if measure not in ("zero_share", "dead_share", "saturated_share") else 1)


VANISHING = Finding(
    problem="vanishing_gradient",
    title=Text(en="Vanishing gradient", zh="梯度消失"),
    severity="error",
    confidence=0.93,
    summary=Text(
        en="The gradient of conv_1 and conv_2 is thousands of times smaller than that of the last layers; they hardly "
        "learn.",
        zh="conv_1 与 conv_2 的梯度比最后几层小数千倍；它们几乎学不到东西。",
    ),
    evidence=(
        Evidence(
            what=Text(en="Gradient per weight, relative to the last layer", zh="单个权重的梯度（相对于最后一层）"),
            measured=3.2e-9,
            comparison="<",
            expected=1e-4,
            unit="1",
            source=Text(en="Glorot & Bengio 2010", zh="Glorot 与 Bengio，2010"),
            layer="conv_1",
            step=800,
        ),
        Evidence(
            what=Text(en="Share of saturated values", zh="饱和值占比"),
            measured=0.71,
            comparison=">",
            expected=0.5,
            unit="share",
            source=Text(en="this project's gallery", zh="本项目的样例库"),
        ),
    ),
    causes=(
        Cause(
            "saturating_activation",
            Text(en="The sigmoid is flat for large inputs.", zh="Sigmoid 在输入较大时是平坦的。"),
            Text(en="train the same network with ReLU", zh="用 ReLU 训练同一个网络"),
        ),
    ),
    remedies=(
        Remedy("relu", Text(en="Use ReLU with He initialisation.", zh="使用 ReLU 与 He 初始化。"), "--activation relu"),
        Remedy("batch_norm", Text(en="Normalise between the layers.", zh="在层与层之间做归一化。")),
    ),
    layers=("conv_1", "conv_2"),
    steps=(4, 800),
)
OVERFITTING = Finding(
    problem="overfitting",
    title=Text(en="Overfitting", zh="过拟合"),
    severity="warning",
    confidence=0.6,
    summary=Text(
        en="The validation loss rises while the training loss falls.", zh="训练损失下降的同时，验证损失上升。"
    ),
    evidence=(),
    causes=(),
    remedies=(),
    steps=(300, 300),
    follows_from="vanishing_gradient",
)
SICK = Diagnosis(
    (VANISHING, OVERFITTING),
    (
        NotChecked(
            "dying_relu",
            Text(en="Dying ReLU", zh="死亡 ReLU"),
            Text(en="no layer has a ReLU activation", zh="没有使用 ReLU 激活的层"),
        ),
    ),
    ("vanishing_gradient", "exploding_gradient", "overfitting", "loss_not_finite"),
)
HEALTHY = Diagnosis((), (), ("vanishing_gradient", "exploding_gradient", "overfitting", "loss_not_finite"))

ORIGIN = Origin(
    command="trainwell train digits --network cnn --seed 0",
    date="2025-03-01T12:00:00+00:00",
    versions={"trainwell": "0.1.0", "keras": "3.15.1", "jax": "0.10.2", "numpy": "2.4.6", "python": "3.11.9"},
    hardware=Hardware("AMD EPYC 7B13", 2, 8.3, ("cpu:0",), "Linux 6.1"),
    blueprint_hash="5f1c" * 16,
    keras_code="import keras\n\nmodel = keras.Sequential([\n    keras.Input((28, 28, 1)),\n])\n",
)
CHOICES = (
    Choice(
        "initializer",
        "he_normal",
        Text(en="fits ReLU: keeps the variance (He et al. 2015)", zh="与 ReLU 相配：保持方差（He 等，2015）"),
    ),
    Choice("learning_rate", "0.001", Text(en="the usual start for Adam", zh="Adam 常用的起始值")),
)


def classes_run(
    classes: int = 10,
    *,
    diagnosis: Diagnosis = SICK,
    class_names: tuple[str, ...] | None = None,
    layers: tuple[LayerRow, ...] = CNN_TABLE,
    mistakes: bool = True,
) -> RunFacts:
    """Facts of a classification of images, 36 test samples per class, about 2% of them wrong."""
    random = np.random.default_rng(1)
    names = class_names or tuple(str(n) for n in range(classes))
    classes = len(names)
    confusion = np.diag(np.full(classes, 36)).astype(int)
    for _ in range(max(1, classes * 36 // 50) if classes > 1 else 0):
        true, other = random.integers(classes), random.integers(1, max(classes, 2))
        confusion[true, true] -= 1
        confusion[true, (true + other) % classes] += 1
    right = float(np.trace(confusion) / confusion.sum())
    wrong = tuple(
        Mistake(
            f"test/{names[n % classes]}/img_{n:04d}.png",
            names[n % classes],
            names[(n + 1) % classes],
            0.999 - n / 40,
            thumbnail(random.integers(0, 256, (28, 28, 1), dtype=np.uint8)),
        )
        for n in range(min(8, int(confusion.sum() - np.trace(confusion))))
    )
    return RunFacts(
        data=DataFacts(
            name="digits",
            kind="image",
            task="multiclass",
            input_shape=(28, 28, 1),
            class_names=names,
            samples={"train": 126 * classes, "validation": 18 * classes, "test": 36 * classes},
            class_counts={"train": (126,) * classes, "validation": (18,) * classes, "test": (36,) * classes},
            notes=(
                Note("info", Text(en="Split 70/10/20, stratified.", zh="按 70/10/20 分层划分。")),
                Note("warning", Text(en="One image could not be read.", zh="有一幅图像无法读取。")),
            ),
            source="digits",
            fingerprint="ab12" * 16,
        ),
        network=NetworkFacts("cnn", layers, sum(layer.parameters for layer in layers)),
        training=TrainingFacts(8, 8, 800, 32, 0, 21.4, 26.9, None, 7, 4.2, 612.0, 4, 0.31),
        scores=Scores(
            train={"loss": 0.04, "accuracy": 0.991, "balanced_accuracy": 0.991},
            validation={"loss": 0.09, "accuracy": 0.972, "balanced_accuracy": 0.971},
            test={"loss": 0.08, "accuracy": right, "balanced_accuracy": right},
            baseline={"accuracy": 1 / classes},
            confusion=tuple(tuple(int(n) for n in row) for row in confusion),
            mistakes=wrong if mistakes else (),
            mistake_count=int(confusion.sum() - np.trace(confusion)),
        ),
        diagnosis=diagnosis,
        origin=ORIGIN,
        choices=CHOICES,
    )


def regression_run() -> RunFacts:
    """Facts of a regression on a table."""
    random = np.random.default_rng(2)
    true = random.normal(150, 70, 89)
    predicted = true * 0.6 + 60 + random.normal(0, 40, 89)
    return RunFacts(
        data=DataFacts("diabetes", "table", "regression", (10,), (), {"train": 309, "validation": 44, "test": 89}, {}),
        network=NetworkFacts(
            "mlp",
            (LayerRow("dense_1", "Dense", (64,), 704, "relu", "he_normal"), LayerRow("output", "Dense", (1,), 65)),
            769,
        ),
        training=TrainingFacts(8, 8, 800, 32, 0, 3.2, stopped="early_stopping"),
        scores=Scores(
            train={"loss": 0.41, "mae": 38.1, "rmse": 49.0, "r2": 0.6},
            test={"loss": 0.5, "mae": 43.2, "rmse": 54.1, "r2": 0.45},
            baseline={"mae": 64.0, "rmse": 73.0, "r2": 0.0},
            predictions=(Predictions("disease progression", tuple(true), tuple(predicted)),),
        ),
        diagnosis=HEALTHY,
        origin=Origin("trainwell train diabetes", "2025-03-01", {"trainwell": "0.1.0"}),
    )
