"""Learning rate that cannot be meant: zero, negative, no number, or far too large or small for the optimizer.

What it sees. The learning rate as compiled, against what one step of this optimizer does with it.

Why it hurts. With a rate of 0 nothing moves; a negative one climbs the loss instead of going down. Adam and its kin
move each weight by about the rate in each step, whatever the gradient (Kingma & Ba 2015, section 2.1): a rate of 1
throws away weights that start at about 0.1. Plain gradient descent on a squared error is stable only below 2 /
curvature; the curvature of the last bias alone is 2 / columns, so a rate above the number of columns overshoots further
in each step.

When it stays silent. The rate is not known; it lies between. What is large depends on the optimizer and the task: where
numbers are learned without an output activation, weights may have to grow as large as the targets, and the rate is
judged against their size; a loss that is the mean of many columns has gradients smaller by their number, and so the
bound for gradient descent is larger by it. Adadelta, Adagrad, Adafactor, Ftrl, LAMB and Muon scale the rate by
themselves (1.0 is common for some): no rate is too large there. Of a schedule the largest rate counts, so it may start
from 0; a small rate that a callback was seen to raise is not told. For a loss of somebody's own, gradient descent is
not judged.

Thresholds. See `THRESHOLDS` below. UMLAUT's upper bound (0.01 for all optimizers) is not used: plain gradient descent
with 0.1 is healthy, and so is Adam with 0.05 in small networks. Its lower bound of 1e-7 is.

Remedies. All are safe: they change the size of the steps, not the network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from trainwell.diagnosis.contract import Contract
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

_RATE = Text(en="Learning rate", zh="学习率")
POSITIVE = Threshold(
    name="positive",
    value=0,
    unit="",
    what=_RATE,
    source=Text(en="a step against the gradient needs a rate above 0", zh="沿梯度反方向前进需要大于 0 的学习率"),
)
SMALLEST = Threshold(
    name="smallest",
    value=1e-7,
    unit="",
    what=_RATE,
    source=Text(
        en="UMLAUT's lower bound (CHI 2021); also the spacing of float32 numbers near 1: such steps are rounded away",
        zh="UMLAUT 的下限（CHI 2021）；也是 float32 在 1 附近的间隔：这样的步长会被舍入掉",
    ),
)
LARGE_STEP = Threshold(
    name="large_step",
    value=0.1,
    unit="",
    what=Text(en="Step of a weight, against the size of the targets", zh="权重每步的变化量（相对于目标的大小）"),
    source=Text(
        en="Adam moves a weight by about the rate (Kingma & Ba 2015); initial weights are of size 0.1 (Glorot & Bengio "
        "2010, 100 to 200 inputs); 100 times Adam's default",
        zh="Adam 每步约移动一个学习率（Kingma 与 Ba 2015）；初始权重约为 0.1"
        "（Glorot 与 Bengio 2010，100 至 200 个输入）；为 Adam 默认值的 100 倍",
    ),
)
WHOLE_WEIGHT = Threshold(
    name="whole_weight",
    value=1,
    unit="",
    what=LARGE_STEP.what,
    source=Text(
        en="ten times the size of the initial weights in one step (Kingma & Ba 2015, section 2.1)",
        zh="一步就达到初始权重的十倍（Kingma 与 Ba 2015，2.1 节）",
    ),
)
DESCENT = Threshold(
    name="descent",
    value=10,
    unit="",
    what=Text(en="Learning rate of gradient descent, per column", zh="梯度下降的学习率（按每列计）"),
    source=Text(
        en="a squared error is stable below 1 per column (the last bias has curvature 2; LeCun et al. 1998); ten times "
        "that",
        zh="平方误差在每列 1 以下才稳定（末层偏置的曲率为 2；LeCun 等 1998）；此处取其十倍",
    ),
)
RECKLESS = Threshold(
    name="reckless",
    value=100,
    unit="",
    what=DESCENT.what,
    source=Text(
        en="flat losses (cross-entropy, sigmoid outputs) have about a tenth of the curvature; so ten times more",
        zh="较平缓的损失（交叉熵、sigmoid 输出）曲率约为十分之一，因此再放宽十倍",
    ),
)
THRESHOLDS = (POSITIVE, SMALLEST, LARGE_STEP, WHOLE_WEIGHT, DESCENT, RECKLESS)
STEP_IS_RATE = frozenset({"Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion"})
COMMON_RATES = {"SGD": "0.01", "Lion": "0.0001"}
COMMON_RATE = "0.001"
NO_SIZE = 1.0


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    rate = contract.learning_rate if contract else None
    if contract is None or rate is None:
        return ()
    if not math.isfinite(rate) or rate < POSITIVE.value:
        return (_no_rate(contract, rate),)
    if rate < SMALLEST.value:
        return () if _grows(facts) else (_too_small(contract, rate),)
    found = _large_step(contract, rate) if contract.adapts else _large_descent(contract, rate)
    return (found,) if found else ()


def _grows(facts: Facts) -> bool:
    """Whether a larger rate was recorded: a callback has raised it."""
    rates = facts.recording.run("learning_rate").maximum
    return bool((rates[np.isfinite(rates)] >= SMALLEST.value).any())


def _no_rate(contract: Contract, rate: float) -> Finding:
    negative = rate < POSITIVE.value and math.isfinite(rate)
    return _finding(
        contract,
        "error",
        1.0,
        Text(
            en=f"The learning rate is {number(rate)}, it must be a number above 0: "
            + ("each step climbs the loss." if negative else "the first step makes every weight NaN or infinite."),
            zh=f"学习率为 {number(rate)}，它必须是大于 0 的数："
            + ("每一步都会使损失上升。" if negative else "第一步就会使所有权重变成 NaN 或无穷。"),
        ),
        Evidence(POSITIVE.what, rate, "<" if negative else ">", POSITIVE.value, "", POSITIVE.source),
        "computed",
    )


def _too_small(contract: Contract, rate: float) -> Finding:
    if rate == POSITIVE.value:
        still = Text(
            en=f"The learning rate is {number(rate)}, it must be above 0: no weight ever moves.",
            zh=f"学习率为 {number(rate)}，它必须大于 0：所有权重都不会移动。",
        )
        evidence = Evidence(SMALLEST.what, rate, "<", SMALLEST.value, "", SMALLEST.source)
        return _finding(contract, "error", 0.95, still, evidence, "switched_off")
    evidence = Evidence(SMALLEST.what, rate, "<", SMALLEST.value, "", SMALLEST.source)
    known = contract.adapts and contract.optimizer in STEP_IS_RATE
    return _finding(
        contract,
        "warning" if known else "note",
        0.8 if known else 0.5,
        Text(
            en=f"The learning rate of {contract.optimizer} is {number(rate)}, below {number(SMALLEST.value)}: the "
            "weights hardly move." + ("" if known else " Only very large gradients could make up for it."),
            zh=f"{contract.optimizer} 的学习率为 {number(rate)}，低于 {number(SMALLEST.value)}：权重几乎不动。"
            + ("" if known else "只有非常大的梯度才能弥补。"),
        ),
        evidence,
        "unit",
    )


def _large_step(contract: Contract, rate: float) -> Finding | None:
    if contract.optimizer not in STEP_IS_RATE:
        return None
    size = _size(contract)
    step = rate / size
    if not step > LARGE_STEP.value:
        return None
    severe = step >= WHOLE_WEIGHT.value
    against = (
        Text(en=f", against targets of size {number(size)}", zh=f"（目标的大小为 {number(size)}）")
        if size > NO_SIZE
        else Text("", "")
    )
    return _finding(
        contract,
        "error" if severe else "warning",
        0.9 if severe else 0.7,
        Text(
            en=f"{contract.optimizer} moves each weight by about {number(rate)} in each step{against.en}. Weights "
            f"start at about {number(LARGE_STEP.value)}: they are thrown about, not improved.",
            zh=f"{contract.optimizer} 每步使每个权重移动约 {number(rate)}{against.zh}。权重的初始大小约为 "
            f"{number(LARGE_STEP.value)}：它们只会被抛来抛去，得不到改进。",
        ),
        Evidence(LARGE_STEP.what, step, ">", LARGE_STEP.value, "", LARGE_STEP.source),
        "other_optimizer",
    )


def _large_descent(contract: Contract, rate: float) -> Finding | None:
    if not contract.loss:
        return None
    per_column = rate / _size(contract, descent=True) / _columns(contract)
    if not per_column > DESCENT.value:
        return None
    diverges = contract.loss == "mean_squared_error" and contract.output.activation == "linear"
    severe = diverges or per_column > RECKLESS.value
    most = DESCENT.value * rate / per_column
    overshoots = (
        Text(en="Each step overshoots further than the one before.", zh="每一步都会比前一步冲过头更多。")
        if diverges
        else Text(en="The steps are likely to overshoot.", zh="每一步都很可能冲过头。")
    )
    return _finding(
        contract,
        "error" if severe else "warning",
        0.9 if severe else 0.6,
        Text(
            en=f"The learning rate of {contract.optimizer} is {number(rate)}; with this loss at most "
            f"{number(most)} can be meant. {overshoots.en}",
            zh=f"{contract.optimizer} 的学习率为 {number(rate)}；对于这个损失，合理的取值不超过 "
            f"{number(most)}。{overshoots.zh}",
        ),
        Evidence(DESCENT.what, per_column, ">", DESCENT.value, "", DESCENT.source),
        "unit",
    )


def _size(contract: Contract, *, descent: bool = False) -> float:
    """How large weights may have to become: as large as the targets where they are numbers, else of size 1.

    Of size 1 too for gradient descent on a squared error: there the gradient grows with the targets by itself.
    """
    numbers = not contract.crossentropy and contract.output.activation == "linear"
    if not numbers or (descent and contract.loss == "mean_squared_error"):
        return NO_SIZE
    size = abs(contract.targets.values.mean) + contract.targets.values.deviation
    return max(NO_SIZE, size) if math.isfinite(size) else NO_SIZE


def _columns(contract: Contract) -> int:
    """How many columns the loss is the mean of."""
    averaged = contract.loss.startswith("binary_") or not contract.crossentropy
    return max(1, contract.output.units) if averaged else 1


def _finding(
    contract: Contract, severity: Severity, confidence: float, summary: Text, evidence: Evidence, cause: str
) -> Finding:
    common = COMMON_RATES.get(contract.optimizer, COMMON_RATE)
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=confidence,
        summary=summary,
        evidence=(evidence,),
        causes=first_ones(PROBLEM.causes, cause),
        remedies=(replace(PROBLEM.remedies[0], option=f"--learning-rate {common}"), *PROBLEM.remedies[1:]),
    )


PROBLEM = Problem(
    identifier="invalid_learning_rate",
    title=Text(en="Invalid learning rate", zh="学习率无效"),
    explanation=Text(
        en="The learning rate is the length of the steps down into a valley in the fog. With length 0 you stand still, "
        "with a negative one you walk uphill, and with steps of kilometres you leap from mountain to mountain and "
        "never get down.",
        zh="学习率就像在雾中下山时的步长。步长为 0 就原地不动，为负就往山上走，而一步几公里则会从一座山跳到另一座山，"
        "永远下不到谷底。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "other_optimizer",
            Text(
                en="The rate was taken from another optimizer: those of SGD are about 100 times those of Adam.",
                zh="学习率取自另一种优化器：SGD 的学习率约为 Adam 的 100 倍。",
            ),
            Text(
                en="The same rate with keras.optimizers.SGD, or a hundredth of it with this optimizer, works.",
                zh="同样的学习率配 keras.optimizers.SGD，或取其百分之一配当前优化器，即可正常训练。",
            ),
        ),
        Cause(
            "unit",
            Text(
                en="A slip of the exponent, e.g. 1e3 for 1e-3.",
                zh="指数写错，例如把 1e-3 写成 1e3。",
            ),
            Text(
                en="model.optimizer.learning_rate shows another number than was meant.",
                zh="model.optimizer.learning_rate 显示的数与预期不符。",
            ),
        ),
        Cause(
            "switched_off",
            Text(
                en="The rate was set to 0, or a schedule or callback has brought it there.",
                zh="学习率被设为 0，或被学习率计划、回调降到了 0。",
            ),
            Text(
                en="float(model.optimizer.learning_rate) is 0 before the training.",
                zh="训练前 float(model.optimizer.learning_rate) 为 0。",
            ),
        ),
        Cause(
            "computed",
            Text(
                en="The rate was computed, and the computation went wrong.",
                zh="学习率是计算出来的，而计算出了错。",
            ),
            Text(
                en="A sign is turned round, or something was divided by 0, where the rate comes from.",
                zh="在计算学习率处，正负号反了，或除以了 0。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "learning_rate",
            Text(
                en="Start from the common rate: 0.001 for Adam and most others, 0.01 for SGD.",
                zh="从常用的学习率开始：Adam 及多数优化器为 0.001，SGD 为 0.01。",
            ),
            "--learning-rate 0.001",
        ),
        Remedy(
            "warmup",
            Text(
                en="If large steps are wanted later, let the rate rise to them.",
                zh="如果之后需要较大的步长，让学习率逐步升上去。",
            ),
            "--warmup 100",
        ),
    ),
    check=_check,
)
