"""Unscaled target: numbers to predict are far larger, or far smaller, than what the untrained network answers.

What it sees. Mean and standard deviation of the targets against the range of the first answers, for losses that
measure a distance.

Why it hurts. Adam moves a weight by about the learning rate in each step (Kingma & Ba 2015, section 2.1), so an output
that must grow to 100,000 needs as many steps as that divided by rate and inputs; plain gradient descent gets gradients
as large as the targets and diverges. Targets far below 1 give a loss that looks perfect from the start.

When it stays silent. Up to 30 in size; where the network already answers in the size of the targets (a Rescaling layer
at its end); where the last activation bounds the answers (then `wrong_output_activation` speaks); for losses of a ratio
or a logarithm.

Thresholds. See below.

Remedies. All are safe; scaling inside the model keeps answers in the target's unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainwell.diagnosis.contract import Contract
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Problem, Threshold
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

LARGE = Threshold(
    name="large",
    value=30,
    unit="",
    what=Text(
        en="Size of the targets (the larger of |mean| and standard deviation)",
        zh="目标的大小（|均值| 与标准差中较大者）",
    ),
    source=Text(
        en="Adam at its default rate of 0.001 moves a bias by 30 in 30,000 steps (Kingma & Ba 2015, section 2.1)",
        zh="Adam 在默认学习率 0.001 下，偏置移动 30 需要 30,000 步（Kingma 与 Ba，2015，2.1 节）",
    ),
)
APART = Threshold(
    name="apart",
    value=10,
    unit="times",
    what=Text(en="Size of the targets against the first answers", zh="目标的大小与初始回答之比"),
    source=Text(
        en="one order of magnitude is learned in the first epoch, more is not",
        zh="一个数量级在第一轮内即可学会，更多则不行",
    ),
)
SMALL = Threshold(
    name="small",
    value=1e-3,
    unit="",
    what=Text(en="Standard deviation of the targets", zh="目标的标准差"),
    source=Text(
        en="a squared error of a millionth, below the noise of initial weights and of Adam's steps of 0.001",
        zh="平方误差仅百万分之一，低于初始权重的噪声和 Adam 每步 0.001 的变化",
    ),
)
_DISTANCES = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh")
_UNBOUNDED = ("linear", "relu", "leaky_relu", "softplus", "elu", "selu", "gelu", "swish", "silu")


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None or contract.loss not in _DISTANCES or contract.output.activation not in _UNBOUNDED:
        return ()
    values = contract.targets.values
    if not math.isfinite(values.mean) or values.deviation == 0:
        return ()
    size = max(abs(values.mean), values.deviation)
    answers = max(abs(contract.output.minimum), abs(contract.output.maximum))
    if size > LARGE.value and math.isfinite(answers) and size > APART.value * max(answers, 1.0):
        return (_large(contract, size, size / max(answers, 1.0)),)
    if values.deviation < SMALL.value and contract.targets.form == "numbers" and not answers < 10 * size:
        return (_small(contract),)
    return ()


def _large(contract: Contract, size: float, apart: float) -> Finding:
    values, rate = contract.targets.values, contract.learning_rate
    steps = Text(en="", zh="")
    if contract.adapts and rate:
        steps = Text(
            en=f" {contract.optimizer} at a rate of {number(rate)} moves the last bias there in about "
            f"{size / rate:,.0f} steps.",
            zh=f"{contract.optimizer} 在学习率 {number(rate)} 下，约需 {size / rate:,.0f} 步才能把最后的偏置移到那里。",
        )
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="warning",
        confidence=0.85,
        summary=Text(
            en=f"The targets have a mean of {number(values.mean)} and a standard deviation of "
            f"{number(values.deviation)}, the untrained network answers {number(contract.output.minimum)} to "
            f"{number(contract.output.maximum)}.{steps.en}",
            zh=f"目标的均值为 {number(values.mean)}，标准差为 {number(values.deviation)}，而未训练的网络给出 "
            f"{number(contract.output.minimum)} 到 {number(contract.output.maximum)}。{steps.zh}",
        ),
        evidence=(
            Evidence(LARGE.what, size, ">", LARGE.value, LARGE.unit, LARGE.source, contract.output.name),
            Evidence(APART.what, apart, ">", APART.value, APART.unit, APART.source, contract.output.name),
        ),
        causes=PROBLEM.causes,
        remedies=PROBLEM.remedies,
        layers=(contract.output.name,),
    )


def _small(contract: Contract) -> Finding:
    values = contract.targets.values
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="warning",
        confidence=0.7,
        summary=Text(
            en=f"The targets have a standard deviation of only {number(values.deviation)}: the loss is tiny from the "
            "start, whatever the network answers.",
            zh=f"目标的标准差只有 {number(values.deviation)}：无论网络如何回答，损失从一开始就极小。",
        ),
        evidence=(
            Evidence(SMALL.what, values.deviation, "<", SMALL.value, SMALL.unit, SMALL.source, contract.output.name),
        ),
        causes=PROBLEM.causes,
        remedies=PROBLEM.remedies,
        layers=(contract.output.name,),
    )


PROBLEM = Problem(
    identifier="unscaled_target",
    title=Text(en="Unscaled target", zh="目标未缩放"),
    explanation=Text(
        en="The network walks in small steps. If the answer stands a hundred kilometres away, it will be on the road "
        "for the whole training; put the answers within reach and it can spend its steps on the differences.",
        zh="网络迈着小步走路。如果答案在一百公里之外，整个训练都花在路上；把答案放到近处，它才能把步子用在分辨差别上。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=(LARGE, APART, SMALL),
    causes=(
        Cause(
            "raw",
            Text(
                en="The targets stand in their own unit (prices, counts, pascal).",
                zh="目标使用原始单位（价格、计数、帕）。",
            ),
            Text(
                en="(y - y.mean()) / y.std() trains at once with the same settings.",
                zh="用 (y - y.mean()) / y.std() 作目标，同样的设置立即就能训练。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "rescaling",
            Text(
                en="End the model with keras.layers.Rescaling(y_train.std(), offset=y_train.mean()); answers stay in "
                "the target's unit.",
                zh="让模型以 keras.layers.Rescaling(y_train.std(), offset=y_train.mean()) 结尾；回答仍使用目标的单位。",
            ),
        ),
        Remedy(
            "standardise",
            Text(
                en="Or learn (y - mean) / deviation, with the numbers of the training part, and undo it when "
                "predicting.",
                zh="或者用训练部分的均值和标准差把目标变为 (y - 均值) / 标准差，预测时再还原。",
            ),
        ),
        Remedy(
            "logarithm",
            Text(
                en="Targets over several orders of magnitude: learn numpy.log1p(y).",
                zh="目标跨越多个数量级时：改学 numpy.log1p(y)。",
            ),
        ),
    ),
    check=_check,
)
