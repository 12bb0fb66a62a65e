"""Learning rate too low: the weights hardly leave the place where they began.

What it sees. How far the weights of the layers with a kernel moved in the whole training, as a share of their size; and
a loss that has come nowhere.

Why it hurts. Everything works, a hundred times too slowly. A step may be right in every respect and still so short that
a thousand of them change nothing (Goodfellow, Bengio & Courville 2016, section 11.4.1: the rate is the setting that
matters most).

When it stays silent. The network learned; or its last layers get no gradient at all (then the rate is not to blame); or
each step has a usual size and there were only too few of them.

Thresholds. See `THRESHOLDS`.

Remedies. Ten times the rate is safe to try: if it is too much, the loss says so at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from trainwell.diagnosis.course import course, movement
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.layer_table import LayerTable
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, hopeless
from trainwell.diagnosis.progress import finite_part
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

DISTANCE = Threshold(
    name="distance",
    value=0.3,
    unit="times",
    what=Text(
        en="Way of the weights in the whole training, in units of their own size",
        zh="整个训练中权重移动的总路程（以权重自身大小为单位）",
    ),
    source=Text(
        en="steps of the usual thousandth (Karpathy, CS231n notes) go this far in 300 steps",
        zh="以通常的千分之一步幅（Karpathy，CS231n 讲义）300 步即可走这么远",
    ),
)
STEP = Threshold(
    name="step",
    value=2e-4,
    unit="times",
    what=Text(en="Typical update, in units of the weights' size", zh="典型的更新量（以权重自身大小为单位）"),
    source=Text(
        en="a fifth of the usual thousandth (Karpathy, CS231n notes)",
        zh="通常千分之一（Karpathy，CS231n 讲义）的五分之一",
    ),
)
LEVEL = Threshold(
    name="level",
    value=0.6,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(
        en="less than half of what there is to learn was learned",
        zh="学到的还不到可学内容的一半",
    ),
)
DEAD = Threshold(
    name="dead",
    value=0.9,
    unit="share",
    what=Text(
        en="Dead units of a layer, with which no rate helps", zh="某层的死亡单元比例（此时任何学习率都无济于事）"
    ),
    source=Text(
        en="SageMaker Debugger's and DeepDiagnosis' bounds are 0.5 and 0.7",
        zh="SageMaker Debugger 与 DeepDiagnosis 的界限为 0.5 与 0.7",
    ),
)
THRESHOLDS = (DISTANCE, STEP, LEVEL, DEAD)


def _check(facts: Facts) -> Sequence[Finding]:
    moved, run = movement(facts), course(facts)
    if moved is None or run is None or facts.stopped == "not_finite":
        return ()
    gradient, _ = finite_part(facts.recording.run("gradient_norm"))
    fastest = int(np.argmax(moved.distance))
    far, step = float(moved.distance[fastest]), float(moved.typical.max())
    level = run.progress.level
    unmoved = far < DISTANCE.value and step < STEP.value and level > LEVEL.value
    if not unmoved or not len(gradient) or not float(np.median(gradient)) > 0 or _dead(facts):
        return ()
    layer = moved.layers[fastest].name
    times = 10 if far > DISTANCE.value / 10 else 100
    rates = facts.recording.run("learning_rate").maximum
    rate = float(rates[np.isfinite(rates)].max(initial=0.0))
    remedies = [
        replace(one, option=f"--learning-rate {rate * times:.3g}") if one.code == "learning_rate" else one
        for one in PROBLEM.remedies
    ]
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="error" if run.progress.learned_nothing else "warning",
            confidence=0.9 if far < DISTANCE.value / 3 else 0.75,
            summary=Text(
                en=f"In {run.steps:,} steps with a learning rate of {number(rate)} no layer's weights moved by more "
                f"than {number(far)} times their size, and the loss came nowhere.",
                zh=f"在学习率 {number(rate)} 下训练了 {run.steps:,} 步，任何一层的权重总移动量都不超过其自身大小的 "
                f"{number(far)} 倍，损失几乎没有进展。",
            ),
            evidence=(
                Evidence(DISTANCE.what, far, "<", DISTANCE.value, DISTANCE.unit, DISTANCE.source, layer),
                Evidence(STEP.what, step, "<", STEP.value, STEP.unit, STEP.source),
                Evidence(LEVEL.what, level, ">", LEVEL.value, LEVEL.unit, LEVEL.source, step=run.steps),
            ),
            causes=PROBLEM.causes,
            remedies=tuple(remedies),
            steps=(1, run.steps),
        ),
    )


def _dead(facts: Facts) -> bool:
    """Whether a layer gives nothing but zeros, so that no rate would move the layers before it."""
    dead = LayerTable.of(facts.recording, "dead_share").finite()
    return bool(len(dead) and len(dead.layers) and dead.late().medians().max() > DEAD.value)


PROBLEM = Problem(
    identifier="learning_rate_too_low",
    title=Text(en="Learning rate too low", zh="学习率过低"),
    explanation=Text(
        en="The network knows the way into the valley but takes steps of a hand's breadth. Nothing is broken; it would "
        "simply need weeks to get where longer strides arrive in minutes.",
        zh="网络知道下山的方向，却每步只挪一掌宽。哪里都没坏，只是大步几分钟能到的地方，它要走上几周。",
    ),
    needs=Needs(measures=("update_ratio",), steps=True, looks=2),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "rate",
            Text(en="The learning rate is too low.", zh="学习率过低。"),
            Text(
                en="With ten times the rate the loss falls ten times as fast.", zh="学习率提高十倍，损失下降也快十倍。"
            ),
        ),
        Cause(
            "schedule",
            Text(
                en="A schedule lowers the rate too early, or a long warm-up has not raised it yet.",
                zh="学习率计划过早降低了学习率，或过长的预热还没有把它升上来。",
            ),
            Text(en="The curve of the learning rate shows it.", zh="学习率曲线可以看出。"),
        ),
        Cause(
            "plain_sgd",
            Text(
                en="Plain gradient descent needs larger rates than Adam: 0.01 to 0.1 instead of 0.001.",
                zh="普通梯度下降需要比 Adam 更大的学习率：0.01 到 0.1，而不是 0.001。",
            ),
            Text(en="Adam with its usual rate learns.", zh="换成 Adam 并用其常用学习率就能学会。"),
        ),
    ),
    remedies=(
        Remedy(
            "learning_rate",
            Text(en="Raise the learning rate tenfold.", zh="把学习率提高十倍。"),
            "--learning-rate 0.001",
        ),
        Remedy(
            "adam",
            Text(
                en="Take Adam: it scales the steps of each weight by itself.",
                zh="改用 Adam：它会自行调整每个权重的步幅。",
            ),
            "--optimizer adam",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("invalid_learning_rate"),
        Origin("vanishing_gradient", hopeless),
        Origin("loss_output_mismatch", hopeless),
        Origin("wrong_output_activation", hopeless),
    ),
)
