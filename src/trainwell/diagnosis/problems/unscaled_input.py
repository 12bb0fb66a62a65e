"""Unscaled input: the inputs are far from unit scale, and the model does not rescale them.

What it sees. The standard deviation of each feature (place along the last axis) over the training samples, and how far
its mean is from 0.

Why it hurts. A weight's gradient is proportional to its input. Inputs a hundred times too large give gradients and
first outputs a hundred times too large (saturated units, dead ReLUs, a rate that is far too high); features of very
different size make a long narrow valley, in which no single rate suits all weights (LeCun et al. 1998, section 5).

When it stays silent. If something rescales the inputs before the first weights, or looks them up (Embedding). Features
that are small beside others of unit size (rare 0/1 columns) do not count as spread.

Thresholds. Wider than UMLAUT's [-1, 1]: standardised columns reach 5, temperatures 30, decibels 40, and train well.

Remedies. All are safe. The numbers must be those of the training part only, and part of the model, so that new data
are scaled alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.contract import Values
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

WIDE = Threshold(
    name="wide",
    value=30,
    unit="",
    what=Text(en="Largest standard deviation of a feature", zh="单个特征的最大标准差"),
    source=Text(
        en="LeCun et al. 1998, section 4.3, want about 1; pixels of 0 to 255 have 50 to 80; decibels, which do no "
        "harm, have 20",
        zh="LeCun 等（1998，4.3 节）建议约为 1；0 到 255 的像素为 50 到 80；训练正常的分贝值约为 20",
    ),
)
NARROW = Threshold(
    name="narrow",
    value=1e-3,
    unit="",
    what=WIDE.what,
    source=Text(
        en="a thousandth of the unit scale that initialisers assume (Glorot & Bengio 2010): the signal drowns in the "
        "biases",
        zh="仅为初始化方法所假设单位尺度的千分之一（Glorot 与 Bengio，2010）：信号会被偏置淹没",
    ),
)
SPREAD = Threshold(
    name="spread",
    value=100,
    unit="times",
    what=Text(en="Largest against smallest standard deviation of the features", zh="各特征标准差的最大与最小之比"),
    source=Text(
        en="the condition of the loss grows with its square (LeCun et al. 1998, section 5): 10,000 to one",
        zh="损失的条件数按其平方增长（LeCun 等，1998，5 节）：一万比一",
    ),
)
AWAY = Threshold(
    name="away",
    value=30,
    unit="times",
    what=Text(
        en="Distance of a feature's mean from 0, in its standard deviations", zh="特征均值到 0 的距离（以标准差计）"
    ),
    source=Text(
        en="a mean that far from 0 dominates the signal (LeCun et al. 1998, section 4.3): years, pressures in pascal",
        zh="均值离 0 如此之远会淹没信号（LeCun 等，1998，4.3 节），例如年份、以帕为单位的气压",
    ),
)
_UNIT = 3.0  # a feature wider than this is not of unit size


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None or contract.rescaled or not contract.inputs.samples:
        return ()
    values = contract.inputs
    largest = max(abs(values.minimum), abs(values.maximum))
    found: list[tuple[Threshold, float, str]] = []
    if values.widest > WIDE.value:
        found.append((WIDE, values.widest, "raw"))
    if values.widest < NARROW.value:
        found.append((NARROW, values.widest, "tiny"))
    if values.widest > _UNIT and values.widest / values.narrowest > SPREAD.value:
        found.append((SPREAD, values.widest / values.narrowest, "units"))
    if values.farthest > AWAY.value and largest > AWAY.value:
        found.append((AWAY, values.farthest, "units"))
    return (_finding(values, found),) if found else ()


def _finding(values: Values, found: list[tuple[Threshold, float, str]]) -> Finding:
    pixels = values.minimum >= 0 and 100 < values.maximum <= 255
    likely = {"pixels"} if pixels else {code for _, _, code in found}
    said = Text(
        en=f"The inputs go from {number(values.minimum)} to {number(values.maximum)}, their features have standard "
        f"deviations of {number(values.narrowest)} to {number(values.widest)}, and nothing rescales them before the "
        "first weights.",
        zh=f"输入的取值范围为 {number(values.minimum)} 到 {number(values.maximum)}，各特征的标准差为 "
        f"{number(values.narrowest)} 到 {number(values.widest)}，而且在第一个权重之前没有任何缩放。",
    )
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="warning",
        confidence=0.85 if len(found) > 1 or found[0][0] is not AWAY else 0.7,
        summary=said,
        evidence=tuple(
            Evidence(limit.what, measured, "<" if limit is NARROW else ">", limit.value, limit.unit, limit.source)
            for limit, measured, _ in found
        ),
        causes=tuple(cause for cause in PROBLEM.causes if cause.code in likely),
        remedies=first_ones(PROBLEM.remedies, "divide") if pixels else _without_pixels(),
    )


def _without_pixels() -> tuple[Remedy, ...]:
    return tuple(remedy for remedy in PROBLEM.remedies if remedy.code != "divide")


PROBLEM = Problem(
    identifier="unscaled_input",
    title=Text(en="Unscaled input", zh="输入未缩放"),
    explanation=Text(
        en="A choir in which one singer shouts a hundred times louder than the others sounds like that one singer. The "
        "network starts from the assumption that all inputs are about as loud as one another, and about as loud as 1.",
        zh="合唱中若有一个人的声音比别人大一百倍，听到的就只有他一个。"
        "网络的初始设定假设所有输入的“音量”相近，且都在 1 左右。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=(WIDE, NARROW, SPREAD, AWAY),
    causes=(
        Cause(
            "raw",
            Text(en="The inputs are as raw as they were measured.", zh="输入是未经处理的测量值。"),
            Text(en="x.std() is far from 1.", zh="x.std() 与 1 相差很远。"),
        ),
        Cause(
            "pixels",
            Text(en="Pixels are still numbers of 0 to 255.", zh="像素仍是 0 到 255 的数值。"),
            Text(en="x.max() is 255.", zh="x.max() 为 255。"),
        ),
        Cause(
            "units",
            Text(
                en="The columns have different units (years, euros, shares).",
                zh="各列的单位不同（年、元、百分比）。",
            ),
            Text(en="x.std(axis=0) differs by orders of magnitude.", zh="x.std(axis=0) 相差若干数量级。"),
        ),
        Cause(
            "tiny",
            Text(
                en="The inputs were scaled twice, or stand in a very large unit.",
                zh="输入被缩放了两次，或使用了过大的单位。",
            ),
            Text(en="Dividing once gives values of about 1.", zh="只缩放一次时数值在 1 左右。"),
        ),
    ),
    remedies=(
        Remedy(
            "normalization",
            Text(
                en="Let the model do it: norm = keras.layers.Normalization(); norm.adapt(x_train), as its first layer.",
                zh="让模型来做：norm = keras.layers.Normalization()；norm.adapt(x_train)，并作为第一层。",
            ),
        ),
        Remedy(
            "divide",
            Text(
                en="Pixels: keras.layers.Rescaling(1 / 255) as the first layer.",
                zh="像素：第一层使用 keras.layers.Rescaling(1 / 255)。",
            ),
        ),
        Remedy(
            "batch_normalization",
            Text(
                en="Or begin with keras.layers.BatchNormalization().",
                zh="或者以 keras.layers.BatchNormalization() 开头。",
            ),
            "--normalization batch_normalization",
        ),
    ),
    check=_check,
)
