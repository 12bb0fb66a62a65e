"""The arrays behind the picture of a technique: panels of curves, computed in NumPy from the technique itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.errors import SettingError
from trainwell.explain.panel import Heights, Line, Panel, Style
from trainwell.explain.signal_depth import DEPTH, WIDTH, Depth, through_layers
from trainwell.locales import Text
from trainwell.techniques import Technique, find

Array = npt.NDArray[np.float64]

# Values of a logarithmic axis below this are drawn here; the axis says so.
_FLOOR = 1e-9
# A signal that keeps within a factor of a few looks steady beside one that explodes.
_STEADY = (1e-3, 1e3)
_LAYERS = Text(en="layer (number)", zh="层（序号）")
_GRADIENT_SIZE = Text(en="gradient, RMS (no unit, floor 1e−9)", zh="梯度的均方根（无单位，下限 1e−9）")
_SIGNAL_SIZE = Text(en="signal, RMS (no unit, floor 1e−9)", zh="信号的均方根（无单位，下限 1e−9）")
_BEFORE = Text(en="before", zh="之前")
_AFTER = Text(en="after", zh="之后")


def panels(technique: Technique) -> tuple[Panel, ...]:
    """The diagrams of a technique; the first is the one for a terminal.

    Raises:
        SettingError: there is no picture for this technique or its family.
    """
    for key in (technique.name, technique.family):
        if (technique.family, key) in _PANELS:
            return _PANELS[technique.family, key](technique)
    raise SettingError(
        Text(
            en=f"there is no picture of {technique.name} yet; see `trainwell techniques` for techniques that have one",
            zh=f"{technique.name} 还没有图；请用 `trainwell techniques` 查看有图的技术",
        )
    )


def _function(technique: Technique) -> Callable[..., Any]:
    if technique.function is None:
        raise SettingError(
            Text(
                en=f"{technique.name} has no function in NumPy to draw",
                zh=f"{technique.name} 没有可供绘图的 NumPy 函数",
            )
        )
    return technique.function


def _slope(technique: Technique) -> Callable[..., Any]:
    if technique.gradient is None:
        raise SettingError(
            Text(
                en=f"{technique.name} has no gradient in NumPy to draw",
                zh=f"{technique.name} 没有可供绘图的 NumPy 梯度",
            )
        )
    return technique.gradient


def _depth(activation: Technique, initializer: Technique, **more: Any) -> Depth:
    return through_layers(_function(activation), _slope(activation), _function(initializer), **more)


def _by_layer(label: Text, values: Array, style: Style = "solid") -> Line:
    return Line(label, np.arange(DEPTH + 1.0), np.maximum(values, _FLOOR), style)


def _activation(technique: Technique) -> tuple[Panel, ...]:
    x = np.linspace(-6.0, 6.0, 481)
    initializer = find(str(technique.traits["initializer"]), "initializer")
    depth = _depth(technique, initializer)
    return (
        Panel(
            Text(en="The function and its gradient", zh="函数与它的梯度"),
            Text(en="input x (no unit)", zh="输入 x（无单位）"),
            Text(en="value (no unit)", zh="数值（无单位）"),
            (
                Line(Text(en="output f(x)", zh="输出 f(x)"), x, _function(technique)(x)),
                Line(Text(en="gradient f′(x)", zh="梯度 f′(x)"), x, _slope(technique)(x), "dashed"),
            ),
        ),
        Panel(
            Text(en=f"Through {DEPTH} layers ({initializer.name})", zh=f"穿过 {DEPTH} 层（{initializer.name}）"),
            _LAYERS,
            Text(en="RMS (no unit, floor 1e−9)", zh="均方根（无单位，下限 1e−9）"),
            (
                _by_layer(Text(en="signal, forward", zh="前向信号"), depth.signal),
                _by_layer(Text(en="gradient, backward", zh="反向梯度"), depth.gradient, "dashed"),
            ),
            log_y=True,
            shown=_STEADY,
        ),
    )


def _softmax(technique: Technique) -> tuple[Panel, ...]:
    x = np.linspace(-6.0, 6.0, 481)
    scores = np.stack([x, np.zeros_like(x), np.ones_like(x)], axis=-1)
    names = [Text(en=f"class {name}", zh=f"类别 {name}") for name in ("A", "B", "C")]
    shares, slopes = _function(technique)(scores), _slope(technique)(scores)
    across = Text(en="score of class A; B has 0, C has 1 (no unit)", zh="类别 A 的得分；B 为 0，C 为 1（无单位）")
    return (
        Panel(
            Text(en="Scores become shares", zh="得分变为份额"),
            across,
            Text(en="share (0 to 1)", zh="份额（0 到 1）"),
            tuple(Line(n, x, shares[:, k], "dashed" if k else "solid") for k, n in enumerate(names)),
        ),
        Panel(
            Text(en="Gradient with respect to the score of A", zh="对类别 A 得分的梯度"),
            across,
            Text(en="gradient (no unit)", zh="梯度（无单位）"),
            tuple(Line(n, x, slopes[:, k, 0], "dashed" if k else "solid") for k, n in enumerate(names)),
        ),
    )


def _initializer(technique: Technique) -> tuple[Panel, ...]:
    depths = {name: _depth(find(name, "activation"), technique) for name in ("relu", "tanh")}
    labels = {name: find(name, "activation").title for name in depths}
    return (
        Panel(
            Text(
                en=f"The signal through {DEPTH} layers of {WIDTH} units",
                zh=f"信号穿过 {DEPTH} 层（每层 {WIDTH} 个神经元）",
            ),
            _LAYERS,
            _SIGNAL_SIZE,
            tuple(
                _by_layer(labels[n], depth.signal, "solid" if n == "relu" else "dashed") for n, depth in depths.items()
            ),
            log_y=True,
            shown=_STEADY,
        ),
        Panel(
            Text(en="The gradient on its way back", zh="梯度反向传播"),
            _LAYERS,
            _GRADIENT_SIZE,
            tuple(
                _by_layer(labels[n], depth.gradient, "solid" if n == "relu" else "dashed")
                for n, depth in depths.items()
            ),
            log_y=True,
            shown=_STEADY,
        ),
    )


def _clipping(technique: Technique) -> tuple[Panel, ...]:
    clip = _function(technique)
    whole = technique.traits["keeps_direction"]
    size = np.linspace(0.0, 3.0, 181) if whole else np.linspace(-3.0, 3.0, 181)
    clipped = np.array([clip([np.array([value])])[0][0] for value in size])
    what = {
        "clip_value": Text(en="one number of the gradient", zh="梯度的一个分量"),
        "clip_norm": Text(en="L2 norm of one weight's gradient", zh="一个权重的梯度的 L2 范数"),
        "global_clip_norm": Text(en="L2 norm of all gradients", zh="全部梯度的 L2 范数"),
    }[technique.name]
    # Two gradients that exceed the limit of 1 in different ways; for the global norm one per layer, else one weight.
    arrows = [np.array([2.4, 0.6]), np.array([-0.5, 1.8])]
    styles: tuple[tuple[Text, Style], ...] = ((_BEFORE, "dashed"), (_AFTER, "arrow"))
    lines: list[Line] = []
    for place, arrow in enumerate(arrows):
        shorter = (
            np.concatenate(clip([arrow[:1], arrow[1:]])) if technique.name == "global_clip_norm" else clip([arrow])[0]
        )
        for (label, style), tip in zip(styles, (arrow, shorter), strict=True):
            named = Text(en=f"{label.en} {'AB'[place]}", zh=f"{label.zh} {'AB'[place]}")
            lines.append(Line(named, np.array([0.0, tip[0]]), np.array([0.0, tip[1]]), style))
    together = technique.name == "global_clip_norm"
    axis_1, axis_2 = (
        Text(en=f"gradient, layer {k} (no unit)", zh=f"第 {k} 层的梯度（无单位）")
        if together
        else Text(en=f"gradient, component {k} (no unit)", zh=f"梯度的分量 {k}（无单位）")
        for k in (1, 2)
    )
    return (
        Panel(
            Text(en="Before and after, with limit 1", zh="裁剪前与裁剪后，上限为 1"),
            Text(en=f"{what.en}, before (no unit)", zh=f"裁剪前{what.zh}（无单位）"),
            Text(en="after (no unit)", zh="裁剪后（无单位）"),
            (Line(_AFTER, size, clipped), Line(Text(en="without clipping", zh="不裁剪"), size, size, "dashed")),
        ),
        Panel(
            Text(en="Two gradients, A and B", zh="两个梯度 A 与 B"),
            axis_1,
            axis_2,
            tuple(lines),
        ),
    )


_START = np.array([-4.0, 1.5])
_STEEP = 20.0
_STEPS = 60


def _valley_gradient(w: Array) -> Array:
    return np.array([w[0], _STEEP * w[1]])


def _valley(w1: Array, w2: Array) -> Array:
    return 0.5 * (np.square(w1) + _STEEP * np.square(w2))


def _optimizer(technique: Technique) -> tuple[Panel, ...]:
    plain = find("sgd", "optimizer")
    rate = 0.3 if technique.traits["adaptive"] else 0.02
    path = _function(technique)(_valley_gradient, _START, _STEPS, rate)
    lines: list[tuple[Text, Array, Style]] = [(technique.title, path, "solid")]
    if technique.name != plain.name:
        lines.append((Text(en="SGD", zh="SGD"), _function(plain)(_valley_gradient, _START, _STEPS, 0.02), "dashed"))
    x, y = np.linspace(-5.0, 3.5, 120), np.linspace(-2.2, 2.2, 90)
    steps = np.arange(_STEPS + 1.0)
    rates = f"{rate:g}" + (", SGD 0.02" if technique.name != plain.name else "")
    return (
        Panel(
            Text(en=f"Height above the bottom (learning rate {rates})", zh=f"离谷底的高度（学习率 {rates}）"),
            Text(en="update (number)", zh="更新（步数）"),
            Text(en="loss (no unit, floor 1e−9)", zh="损失（无单位，下限 1e−9）"),
            tuple(
                Line(label, steps, np.maximum(_valley(way[:, 0], way[:, 1]), _FLOOR), style)
                for label, way, style in lines
            ),
            log_y=True,
        ),
        Panel(
            Text(en="The path in a long, narrow valley", zh="在狭长山谷中的路径"),
            Text(en="weight 1 (no unit)", zh="权重 1（无单位）"),
            Text(en="weight 2 (no unit)", zh="权重 2（无单位）"),
            tuple(Line(label, way[:, 0], way[:, 1], style) for label, way, style in lines),
            heights=Heights(x, y, _valley(*np.meshgrid(x, y))),
        ),
    )


def _schedule(technique: Technique) -> tuple[Panel, ...]:
    share = np.linspace(0.0, 1.0, 401)
    factor = _function(technique)
    if technique.name == "warmup":
        cosine = _function(find("cosine", "schedule"))
        lines = [
            Line(Text(en="then constant", zh="之后恒定"), 100 * share, factor(share)),
            Line(Text(en="then cosine", zh="之后余弦衰减"), 100 * share, cosine(share, 0.05), "dashed"),
        ]
    else:
        lines = [Line(technique.title, 100 * share, factor(share))]
        if technique.traits["warmup"]:
            label = Text(en="with 10 % warm-up", zh="加 10% 预热")
            lines.append(Line(label, 100 * share, factor(share, 0.1), "dashed"))
    return (
        Panel(
            Text(en="The learning rate during training", zh="训练过程中的学习率"),
            Text(en="share of the training (%)", zh="训练进度（%）"),
            Text(en="learning rate (share of the one set)", zh="学习率（与设定值之比）"),
            tuple(lines),
        ),
    )


def _penalty(technique: Technique) -> tuple[Panel, ...]:
    w = np.linspace(-2.0, 2.0, 401)
    one = {parameter.name: 1.0 for parameter in technique.parameters}
    return (
        Panel(
            Text(en="Penalty of one weight and its gradient (λ = 1)", zh="单个权重的惩罚及其梯度（λ = 1）"),
            Text(en="weight w (no unit)", zh="权重 w（无单位）"),
            Text(en="value (unit of the loss)", zh="数值（与损失同单位）"),
            (
                Line(Text(en="penalty", zh="惩罚"), w, _function(technique)(w, **one)),
                Line(Text(en="gradient", zh="梯度"), w, _slope(technique)(w, **one), "dashed"),
            ),
        ),
    )


def _dropout(technique: Technique) -> tuple[Panel, ...]:
    kept = np.arange(101.0)
    what = {
        "dropout": Text(en="units", zh="神经元"),
        "spatial_dropout": Text(en="feature maps", zh="特征图"),
        "recurrent_dropout": Text(en="memory units", zh="记忆单元"),
    }[technique.name]
    default = technique.parameters[0].default
    rates = (default, 0.2 if default == 0.5 else 0.5)
    return (
        Panel(
            Text(en=f"How many of 100 {what.en} work in one step", zh=f"100 个{what.zh}中每一步有多少个在工作"),
            Text(en=f"{what.en} kept (number)", zh=f"保留的{what.zh}（个数）"),
            Text(en="probability (%)", zh="概率（%）"),
            tuple(
                Line(
                    Text(en=f"rate {rate:g}", zh=f"比例 {rate:g}"),
                    kept,
                    100.0 * _function(technique)(kept, 100, rate),
                    "dashed" if place else "solid",
                )
                for place, rate in enumerate(rates)
            ),
        ),
    )


def _weight_decay(technique: Technique) -> tuple[Panel, ...]:
    steps = np.linspace(0.0, 20000.0, 201)
    return (
        Panel(
            Text(en="A weight that gets no gradient (learning rate 0.001)", zh="得不到梯度的权重（学习率 0.001）"),
            Text(en="update (number)", zh="更新（步数）"),
            Text(en="left of the weight (%)", zh="权重剩余（%）"),
            tuple(
                Line(Text(en=f"λ = {decay:g}", zh=f"λ = {decay:g}"), steps, 100 * left, "dashed" if place else "solid")
                for place, decay in enumerate((0.1, 0.01))
                for left in [_function(technique)(steps, decay, 1e-3)]
            ),
        ),
    )


def _early_stopping(technique: Technique) -> tuple[Panel, ...]:
    """A real, small overfitting: 40 random features fitted to 25 noisy samples of a sine by gradient descent."""
    generator = np.random.default_rng(3)
    slopes, shifts = generator.normal(0.0, 3.0, 40), generator.normal(0.0, 2.0, 40)
    x = generator.uniform(-2.0, 2.0, 225)
    features = np.tanh(np.outer(x, slopes) + shifts) / np.sqrt(40)
    y = np.sin(2.0 * x) + generator.normal(0.0, 0.5, 225)
    weights, losses = np.zeros(40), np.empty((60, 2))
    for epoch in range(60):
        error = features @ weights - y
        losses[epoch] = np.mean(np.square(error[:25])), np.mean(np.square(error[25:]))
        for _ in range(int(1.15**epoch) + 1):  # ever longer epochs, so that start and end are both seen
            weights -= 0.5 * features[:25].T @ (features[:25] @ weights - y[:25]) / 25
    best, patience = int(np.argmin(losses[:, 1])), int(technique.parameters[0].default or 0)
    epochs = np.arange(1.0, 61.0)
    marks = np.array([best, min(best + patience, 59)])
    return (
        Panel(
            Text(en="A small network learns by heart", zh="一个小网络在死记硬背"),
            Text(en="epoch (number)", zh="轮次（序号）"),
            Text(en="loss (squared error)", zh="损失（平方误差）"),
            (
                Line(Text(en="validation", zh="验证"), epochs, losses[:, 1]),
                Line(Text(en="training", zh="训练"), epochs, losses[:, 0], "dashed"),
                Line(Text(en="best, and stop", zh="最佳与停止"), epochs[marks], losses[marks, 1], "points"),
            ),
        ),
    )


def _label_smoothing(technique: Technique) -> tuple[Panel, ...]:
    target = np.eye(5)[2]
    classes = np.arange(1.0, 6.0)
    return (
        Panel(
            Text(en="Targets of a sample of class 3", zh="第 3 类样本的训练目标"),
            Text(en="class (number)", zh="类别（序号）"),
            Text(en="target (%)", zh="目标（%）"),
            (
                Line(_BEFORE, classes - 0.15, 100 * target, "bars"),
                Line(_AFTER, classes + 0.15, 100 * _function(technique)(target), "bars"),
            ),
        ),
    )


def _normalization(technique: Technique) -> tuple[Panel, ...]:
    relu, he = find("relu", "activation"), find("he_normal", "initializer")
    normalise = _function(technique)
    generator = np.random.default_rng(0)
    over_samples = technique.traits["axis"] == "samples"
    scales = np.geomspace(0.1, 30.0, 8)
    x = generator.normal(size=(8, 400)) * scales[:, None]  # eight features of 400 samples, or eight samples
    before, after = np.std(x, axis=1), np.std(normalise(x.T).T if over_samples else normalise(x), axis=1)
    places = np.arange(1.0, 9.0)
    return (
        Panel(
            Text(en=f"ReLU, weights twice too large, {DEPTH} layers", zh=f"ReLU，权重偏大一倍，{DEPTH} 层"),
            _LAYERS,
            _SIGNAL_SIZE,
            (
                _by_layer(Text(en="with", zh="有归一化"), _depth(relu, he, strength=2.0, normalise=normalise).signal),
                _by_layer(Text(en="without", zh="无归一化"), _depth(relu, he, strength=2.0).signal, "dashed"),
            ),
            log_y=True,
            shown=_STEADY,
        ),
        Panel(
            Text(en="Spread of each feature", zh="每个特征的散布")
            if over_samples
            else Text(en="Spread of each sample", zh="每个样本的散布"),
            Text(en="feature (number)", zh="特征（序号）")
            if over_samples
            else Text(en="sample (number)", zh="样本（序号）"),
            Text(en="standard deviation (no unit)", zh="标准差（无单位）"),
            (
                Line(_AFTER, places, after, "points"),
                Line(_BEFORE, places, before, "points"),
            ),
            log_y=True,
        ),
    )


_PANELS: Mapping[tuple[str, str], Callable[[Technique], tuple[Panel, ...]]] = {
    ("activation", "activation"): _activation,
    ("activation", "softmax"): _softmax,
    ("initializer", "initializer"): _initializer,
    ("clipping", "clipping"): _clipping,
    ("optimizer", "optimizer"): _optimizer,
    ("schedule", "schedule"): _schedule,
    ("normalization", "normalization"): _normalization,
    ("regularizer", "l1"): _penalty,
    ("regularizer", "l2"): _penalty,
    ("regularizer", "l1_l2"): _penalty,
    ("regularizer", "dropout"): _dropout,
    ("regularizer", "spatial_dropout"): _dropout,
    ("regularizer", "recurrent_dropout"): _dropout,
    ("regularizer", "weight_decay"): _weight_decay,
    ("regularizer", "early_stopping"): _early_stopping,
    ("regularizer", "label_smoothing"): _label_smoothing,
}
