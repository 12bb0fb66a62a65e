"""Exploding gradient: gradients, updates or signals grow without bound, and throw away what was learned.

What it sees. Four signs, each before anything is NaN: the global gradient norm against its own start; the gradient of
the first layers against that of the last ones; the size of an update against the size of the weights that it changes;
and the spread of the activations where they leave all bounds in the very first step. (A softmax or sigmoid that is
driven to its end has a gradient of zero in Keras, which clips probabilities at 1e-7: the explosion then shows in the
activations and in the loss only.)

Why it hurts. One huge step undoes all steps before it; after it the next gradient is larger still, or the network sits
where no gradient reaches it any more (Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013).

When it stays silent. As long as the training comes below the loss of a constant prediction without having blown up:
gradients that grow tenfold in a healthy deep network, large updates that work, an initial loss that falls. Where
clipping cuts a hundredfold gradient and the training works, a note says so.

Thresholds. See `THRESHOLDS` of the problem. Each needs harm beside it: a loss that is not finite, or no better than the
best constant prediction, or thrown up and back.

Remedies. Clipping is safe and changes little where gradients are small. A smaller learning rate is safe, and slower.
Scaled inputs and targets change the unit of the loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.layer_table import LayerTable
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, hopeless, too_large, with_rate
from trainwell.diagnosis.progress import Progress, progress
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

GROWTH = Threshold(
    name="growth",
    value=100,
    unit="times",
    what=Text(en="Largest gradient norm, against the start", zh="最大梯度范数（相对于起始值）"),
    source=Text(
        en="the healthy trainings in trainwell's tests grow up to 30 times; trainproof names 10 times a spike",
        zh="trainwell 测试中的健康训练至多增长 30 倍；trainproof 把 10 倍称为尖峰",
    ),
)
BACKWARD = Threshold(
    name="backward",
    value=70,
    unit="times",
    what=Text(en="Gradient per weight, against the last layers'", zh="单个权重的梯度（相对于末端各层）"),
    source=Text(
        en="AutoTrainer's first-to-last-layer ratio (Zhang et al., ICSE 2021)",
        zh="AutoTrainer 的首末层梯度比（Zhang 等，ICSE 2021）",
    ),
)
UPDATE = Threshold(
    name="update",
    value=0.1,
    unit="",
    what=Text(en="Size of one update, as a share of the weights' size", zh="单步更新量与权重自身大小之比"),
    source=Text(
        en="a hundred times the usual 0.1% of Karpathy's rule of thumb; torchmortem's upper bound",
        zh="Karpathy 经验值 0.1% 的一百倍；也是 torchmortem 的上限",
    ),
)
SIGNAL = Threshold(
    name="signal",
    value=100,
    unit="",
    what=Text(en="Standard deviation of the activations in step 1", zh="第 1 步激活值的标准差"),
    source=Text(
        en="sound initialisation keeps it near 1 in every layer (Glorot & Bengio 2010; He et al. 2015)",
        zh="合理的初始化使各层都保持在 1 附近（Glorot 与 Bengio 2010；He 等 2015）",
    ),
)
BLOWN_UP = Threshold(
    name="blown_up",
    value=3,
    unit="times",
    what=Text(
        en="Largest loss, against the first step's or a constant prediction's", zh="最大损失（相对于首步或常数预测）"
    ),
    source=Text(
        en="twice trainproof's bound for a diverging loss (1.5 times), because a single batch is noisy",
        zh="取 trainproof 判定发散界限（1.5 倍）的两倍，因为单个批次噪声较大",
    ),
)
CLIPPED = Threshold(
    name="clipped",
    value=100,
    unit="times",
    what=Text(en="Gradient norm before clipping, against after", zh="裁剪前与裁剪后梯度范数之比"),
    source=Text(
        en="clipping is meant for rare large steps; a hundredfold cut in half of all steps replaces the learning rate",
        zh="裁剪本应只处理偶发的大步；若一半以上的步都被裁掉百倍，它就取代了学习率的作用",
    ),
)
LEAST_LOOKS = 1


@dataclass(frozen=True)
class _Sign:
    """One sign of an explosion: where, since when, the number, and the likeliest causes."""

    layers: tuple[str, ...]
    step: int
    evidence: Evidence
    summary: Text
    causes: tuple[str, ...]


def _check(facts: Facts) -> Sequence[Finding]:
    come = progress(facts)
    if come is None:  # not even the first step was finite: nothing grew, it was broken from the start
        return ()
    loss = facts.recording.run("loss")
    first = float(loss.mean[np.isfinite(loss.mean)][0])
    broken = bool(loss.nonfinite.any())
    blown = broken or float(np.nanmax(loss.maximum)) > BLOWN_UP.value * max(first, come.reference)
    if not come.learned_nothing and not (blown and not come.learned):
        return _tamed(facts)
    signs = [sign for sign in (_growth(facts), _updates(facts) if blown else None) if sign]
    if come.learned_nothing or broken:
        signs += [sign for sign in (_backward(facts), _signal(facts, first, come)) if sign]
    if not signs:
        return ()
    severity: Severity = "error" if broken or come.learned_nothing else "warning"
    return (_finding(facts, signs, come, severity, broken=broken),)


def _growth(facts: Facts) -> _Sign | None:
    """The global gradient norm has grown far beyond its own start."""
    series = facts.recording.run("gradient_norm")
    largest = series.maximum.astype(float)
    finite = np.isfinite(largest) & (largest > 0)
    if finite.sum() < 2:
        return None
    start = float(series.mean[finite][0])
    peak = int(np.nanargmax(np.where(finite, largest, np.nan)))
    times = largest[peak] / start
    if not times > GROWTH.value:
        return None
    calm = np.flatnonzero(largest[: peak + 1] <= np.sqrt(GROWTH.value) * start)
    step = int(series.first_step[calm[-1] + 1 if len(calm) else 0])
    table = LayerTable.of(facts.recording, "gradient_rms").finite()
    layers: tuple[str, ...] = ()
    if len(table) > 1:
        risen = table.values.max(axis=0) / np.maximum(table.values[0], np.finfo(np.float32).tiny)
        layers = tuple(one.name for one, grown in zip(table.layers, risen, strict=True) if grown > GROWTH.value)
    return _Sign(
        layers,
        step,
        _evidence(GROWTH, float(times), int(series.last_step[peak])),
        Text(
            en=f"The gradient grew to {number(times)} times its size at the start.",
            zh=f"梯度增长到起始时的 {number(times)} 倍。",
        ),
        ("learning_rate",),
    )


def _updates(facts: Facts) -> _Sign | None:
    """Single steps have moved the weights by a large part of their size, and the loss went up."""
    table = LayerTable.of(facts.recording, "update_ratio").finite()
    if not len(table) or not len(table.layers):
        return None
    large = np.asarray(table.values > UPDATE.value)
    if not large.any():
        return None
    layers = tuple(table.layers[place].name for place in np.flatnonzero(large.any(axis=0)))
    row, column = np.unravel_index(int(table.values.argmax()), table.values.shape)
    worst = float(table.values[row, column])
    name = table.layers[int(column)].name
    return _Sign(
        layers,
        int(table.first_step[np.flatnonzero(large.any(axis=1))[0]]),
        _evidence(UPDATE, worst, int(table.last_step[row]), name),
        Text(
            en=f"Single steps moved the weights of {name} by up to {number(worst)} times their size; the loss rose.",
            zh=f"单步就把 {name} 的权重移动了自身大小的 {number(worst)} 倍，损失随之上升。",
        ),
        ("learning_rate",),
    )


def _backward(facts: Facts) -> _Sign | None:
    """The gradient grows from the last layers to the first."""
    table = LayerTable.of(facts.recording, "gradient_rms", lambda layer: not layer.kind.endswith("Normalization"))
    table = table.finite()
    if not len(table) or len(table.layers) < 2:
        return None
    last = table.values[:, -max(1, len(table.layers) // 3) :].max(axis=1, keepdims=True)
    lively = last[:, 0] > 0
    if not lively.any():
        return None
    ratios = np.median(table.values[lively] / last[lively], axis=0)
    layers = tuple(layer.name for layer, ratio in zip(table.layers, ratios, strict=True) if ratio > BACKWARD.value)
    if not layers or not ratios[0] > BACKWARD.value:
        return None
    step = int(table.first_step[lively][0])
    return _Sign(
        layers,
        step,
        _evidence(BACKWARD, float(ratios[0]), step, layers[0]),
        Text(
            en=f"The gradient grows on its way back: in {layers[0]} it is {number(float(ratios[0]))} times that of the "
            "last layers.",
            zh=f"梯度在反向传播途中不断增大：{layers[0]} 的梯度是末端各层的 {number(float(ratios[0]))} 倍。",
        ),
        ("large_weights",),
    )


def _signal(facts: Facts, first_loss: float, come: Progress) -> _Sign | None:
    """The signal leaves all bounds already in the first step, and the loss is far above a constant prediction's."""
    if come.reference_is_start or not first_loss > BLOWN_UP.value * come.reference:
        return None
    table = LayerTable.of(facts.recording, "activation_std", lambda layer: not layer.is_output).finite()
    if not len(table) or not len(table.layers):
        return None
    start = table.values[0]
    layers = tuple(layer.name for layer, spread in zip(table.layers, start, strict=True) if spread > SIGNAL.value)
    if not layers:
        return None
    worst = int(start.argmax())
    return _Sign(
        layers,
        int(table.first_step[0]),
        _evidence(SIGNAL, float(start[worst]), int(table.first_step[0]), table.layers[worst].name),
        Text(
            en=f"In the very first step the signal has grown to a spread of {number(float(start[worst]))} in "
            f"{table.layers[worst].name}; the loss began at {number(first_loss)}, a constant prediction has "
            f"{number(come.reference)}.",
            zh=f"第一步时信号在 {table.layers[worst].name} 中的离散程度就已达到 {number(float(start[worst]))}；"
            f"损失从 {number(first_loss)} 开始，而常数预测仅为 {number(come.reference)}。",
        ),
        ("unscaled_input",) if start[0] > SIGNAL.value else ("large_weights",),
    )


def _tamed(facts: Facts) -> Sequence[Finding]:
    """A note where clipping holds back a gradient that would otherwise explode."""
    before, after = facts.recording.run("gradient_norm"), facts.recording.run("clipped_gradient_norm")
    finite = np.isfinite(before.mean) & (after.mean > 0)
    if not finite.any():
        return ()
    times = float(np.median(before.mean[finite] / after.mean[finite]))
    if not times > CLIPPED.value:
        return ()
    last = facts.recording.last_step
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="note",
            confidence=0.8,
            summary=Text(
                en=f"Clipping makes the gradient {number(times)} times smaller in half of all steps; the training "
                "works, but every step has nearly the same length.",
                zh=f"有一半的步中，裁剪把梯度缩小了 {number(times)} 倍；训练可以进行，但每一步的长度几乎相同。",
            ),
            evidence=(_evidence(CLIPPED, times, last),),
            causes=first_ones(PROBLEM.causes, "large_weights"),
            remedies=first_ones(PROBLEM.remedies, "scale", "initializer"),
            steps=(1, last),
        ),
    )


def _evidence(limit: Threshold, measured: float, step: int, layer: str | None = None) -> Evidence:
    return Evidence(limit.what, measured, ">", limit.value, limit.unit, limit.source, layer, step)


def _finding(facts: Facts, signs: Sequence[_Sign], come: Progress, severity: Severity, *, broken: bool) -> Finding:
    named = {name for sign in signs for name in sign.layers}
    last = facts.recording.last_step
    codes = list(dict.fromkeys(code for sign in signs for code in sign.causes))
    end = (
        Text(en=" Then the loss was no longer a number.", zh="随后损失不再是数值。")
        if broken
        else Text(
            en=f" The loss is now {number(come.now)}; a network that knows nothing has {number(come.reference)}.",
            zh=f"当前损失为 {number(come.now)}，而一无所知的网络为 {number(come.reference)}。",
        )
        if come.learned_nothing
        else Text(en=" The training has not recovered from it fully.", zh="训练尚未从中完全恢复。")
    )
    first = "initializer" if "large_weights" in codes and "learning_rate" not in codes else "learning_rate"
    clipped = bool(facts.clipping)
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=0.95 if len(signs) > 1 or broken else 0.85 if severity == "error" else 0.7,
        summary=Text(
            en=" ".join(sign.summary.en for sign in signs) + end.en,
            zh="".join(sign.summary.zh for sign in signs) + end.zh,
        ),
        evidence=(*(sign.evidence for sign in signs), *((come.evidence(last),) if come.learned_nothing else ())),
        causes=first_ones(PROBLEM.causes, *codes),
        remedies=tuple(
            one
            for one in with_rate(
                first_ones(PROBLEM.remedies, first, *(("scale",) if "unscaled_input" in codes else ())), facts
            )
            if not (clipped and one.code == "clipping")
        ),
        layers=tuple(layer.name for layer in facts.recording.layers if layer.name in named),
        steps=(min(sign.step for sign in signs), last),
    )


def _by_rate(symptom: Finding, cause: Finding) -> bool:  # noqa: ARG001
    """Whether the rate itself is unusually large, so that the gradient grew because of the steps."""
    return cause.causes[0].code == "rate"


PROBLEM = Problem(
    identifier="exploding_gradient",
    title=Text(en="Exploding gradient", zh="梯度爆炸"),
    explanation=Text(
        en="The gradient says which way to step and how far. Here it says a bit too far, and from where that step "
        "ends, farther still: like a microphone too close to its loudspeaker, where a small sound feeds itself until "
        "only a howl is left.",
        zh="梯度告诉网络往哪走、走多远。这里它每次都走得过远，而从新的位置出发又会走得更远："
        "就像麦克风离音箱太近，一点声音不断自我放大，最后只剩啸叫。",
    ),
    needs=Needs(measures=("gradient_rms", "update_ratio", "activation_std"), looks=LEAST_LOOKS, steps=True),
    thresholds=(GROWTH, BACKWARD, UPDATE, SIGNAL, BLOWN_UP, CLIPPED),
    causes=(
        Cause(
            "learning_rate",
            Text(
                en="The learning rate is too high for this network and loss.",
                zh="学习率对这个网络和损失来说过高。",
            ),
            Text(
                en="With a tenth of the learning rate the gradient norm stays near its start.",
                zh="把学习率降到十分之一后，梯度范数保持在起始值附近。",
            ),
        ),
        Cause(
            "large_weights",
            Text(
                en="The initial weights are too large: the signal grows at every layer, and the gradient with it.",
                zh="初始权重过大：信号每过一层就放大，梯度也随之放大。",
            ),
            Text(
                en="The standard deviation of the activations grows from layer to layer already in step 1.",
                zh="第 1 步时各层激活的标准差就逐层增大。",
            ),
        ),
        Cause(
            "unscaled_input",
            Text(
                en="Inputs or targets with large numbers, so that the loss and its gradient are large from the start.",
                zh="输入或目标的数值很大，损失和梯度一开始就很大。",
            ),
            Text(
                en="With inputs and targets of mean 0 and standard deviation 1 the gradient stays small.",
                zh="输入和目标变为均值 0、标准差 1 后，梯度保持较小。",
            ),
        ),
        Cause(
            "recurrence",
            Text(
                en="A recurrent layer multiplies by the same weights at every time step.",
                zh="循环层在每个时间步都乘以同一组权重。",
            ),
            Text(
                en="With shorter sequences, or orthogonal recurrent weights, it does not happen.",
                zh="缩短序列或使用正交的循环权重后不再发生。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "learning_rate",
            Text(en="Lower the learning rate to a tenth.", zh="把学习率降到十分之一。"),
            "--learning-rate",
        ),
        Remedy(
            "clipping",
            Text(
                en="Clip the gradients by their global norm: no step can be longer than that.",
                zh="按全局范数裁剪梯度：任何一步都不会超过该长度。",
            ),
            "--global-clip-norm 1.0",
        ),
        Remedy(
            "initializer",
            Text(
                en="Let the initialisation match the activation: He for ReLU, Glorot for tanh and sigmoid, orthogonal "
                "for recurrent weights.",
                zh="让初始化与激活函数匹配：ReLU 用 He，tanh 和 sigmoid 用 Glorot，循环权重用正交初始化。",
            ),
            "--initializer he_normal",
        ),
        Remedy(
            "scale",
            Text(
                en="Scale inputs, and for regression targets too, to mean 0 and standard deviation 1.",
                zh="把输入（回归任务还有目标）缩放到均值 0、标准差 1。",
            ),
        ),
        Remedy(
            "warmup",
            Text(en="Let the learning rate rise over the first steps.", zh="让学习率在最初若干步内逐渐升高。"),
            "--warmup 100",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("invalid_learning_rate", fits=too_large),
        Origin("poor_initialization", fits=too_large),
        Origin("loss_output_mismatch", fits=hopeless),
        Origin("unscaled_target", fits=too_large),
        Origin("unscaled_input", fits=too_large),
        Origin("learning_rate_too_high", fits=_by_rate),
    ),
)
