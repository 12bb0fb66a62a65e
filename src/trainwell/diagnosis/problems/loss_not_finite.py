"""Loss not finite: the loss or the gradient has become NaN or infinite; from there on nothing is learned.

What it sees. The first step with a loss that is not finite, or with a gradient that is not (the loss follows one step
later), and, if that step was looked into, the first layer whose output holds such values. A validation loss that is not
finite while the training loss is, is seen by its epoch.

Why it hurts. A single NaN in the gradient makes every weight NaN in that step, for good.

When it stays silent. If every recorded loss and gradient is finite.

Thresholds. None but zero: one value is enough.

Remedies. Which one helps depends on where the value came from, so the causes are ordered by what stood before it:
broken in the first step points at data or loss function, a gradient that grew before at the step size. All are safe.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, too_large, with_rate
from trainwell.diagnosis.wording import number
from trainwell.locales import Text
from trainwell.signals import Series

NONE = Threshold(
    name="none",
    value=0,
    unit="values",
    what=Text(en="Values that are NaN or infinite", zh="NaN 或无穷值的个数"),
    source=Text(
        en="IEEE 754: whatever is computed from NaN is NaN again",
        zh="IEEE 754：由 NaN 计算得到的结果仍是 NaN",
    ),
)
GREW = Threshold(
    name="grew",
    value=10,
    unit="times",
    what=Text(en="Gradient norm in the steps before, against the start", zh="此前各步的梯度范数（相对于起始值）"),
    source=Text(
        en="trainproof's bound for a gradient spike; only orders the causes",
        zh="trainproof 判定梯度尖峰的界限；仅用于给原因排序",
    ),
)
STEPS_BEFORE = 20


def _check(facts: Facts) -> Sequence[Finding]:
    loss, gradient = facts.recording.run("loss"), facts.recording.run("gradient_norm")
    rows = [row for row in (_first_bad(loss), _first_bad(gradient)) if row is not None]
    if rows:
        return (_in_training(facts, loss, gradient, min(rows)),)
    bad_epochs = [epoch for epoch in facts.recording.epochs if not math.isfinite(epoch.get("val_loss", 0.0))]
    return (_in_validation(bad_epochs[0]),) if bad_epochs else ()


def _first_bad(series: Series) -> int | None:
    bad = np.flatnonzero(series.nonfinite)
    return int(bad[0]) if len(bad) else None


def _in_training(facts: Facts, loss: Series, gradient: Series, row: int) -> Finding:
    first, last = int(loss.first_step[row]), facts.recording.last_step
    in_loss = bool(loss.nonfinite[row])
    layers = _broken_layers(facts, first, int(loss.last_step[row]))
    grown = _growth_before(gradient, row)
    evidence = [
        Evidence(
            NONE.what,
            float(loss.nonfinite[row] if in_loss else gradient.nonfinite[row]),
            ">",
            NONE.value,
            NONE.unit,
            NONE.source,
            layers[0] if layers and in_loss else None,
            first,
        )
    ]
    if grown is not None and grown > GREW.value:
        evidence.append(Evidence(GREW.what, grown, ">", GREW.value, GREW.unit, GREW.source, step=first))
        codes, fixes = ("too_large_steps",), ("learning_rate", "clipping")
    elif first == 1 and in_loss:
        codes, fixes = ("bad_data", "overflow", "log_of_zero"), ("clean_data",)
    elif in_loss:
        codes, fixes = ("bad_data", "log_of_zero"), ("clean_data", "stable_loss")
    else:
        codes, fixes = ("log_of_zero",), ("stable_loss",)
    what = Text(en="loss", zh="损失") if in_loss else Text(en="gradient (not yet the loss)", zh="梯度（损失尚未如此）")
    where = (
        Text(
            en=f" The first layer with such values in its output is {layers[0]}.",
            zh=f"最先输出此类值的层是 {layers[0]}。",
        )
        if layers
        else Text(
            en=" No layer's output was seen with such values at that step.", zh="该步未见任何层的输出含有此类值。"
        )
    )
    before = (
        Text(
            en=f" Before, the gradient had grown to {number(grown)} times its size at the start.",
            zh=f"此前梯度已增长到起始时的 {number(grown)} 倍。",
        )
        if grown is not None and grown > GREW.value
        else Text(en=" It was so from the very first step.", zh="从第一步起就是如此。")
        if first == 1
        else Text(en=" The gradient had not grown before.", zh="此前梯度并未增大。")
    )
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="error",
        confidence=1.0,
        summary=Text(
            en=f"In step {first} the {what.en} is NaN or infinite.{where.en}{before.en}",
            zh=f"第 {first} 步时{what.zh}为 NaN 或无穷。{where.zh}{before.zh}",
        ),
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, *codes),
        remedies=with_rate(first_ones(PROBLEM.remedies, *fixes), facts),
        layers=layers,
        steps=(first, last),
    )


def _broken_layers(facts: Facts, first: int, last: int) -> tuple[str, ...]:
    """Layers whose output was not finite when steps first..last were looked into; () if they were not."""
    recording = facts.recording
    at = (recording.layer_rows["first_step"] <= last) & (recording.layer_rows["last_step"] >= first)
    return tuple(
        layer.name
        for layer in recording.layers
        if recording.has("nonfinite_share", layer.name)
        and (np.nan_to_num(recording.layer("nonfinite_share", layer.name).maximum[at]) > 0).any()
    )


def _growth_before(gradient: Series, row: int) -> float | None:
    """Largest gradient norm of the last steps before `row`, as a multiple of the first; None if there is none."""
    before = gradient.maximum[:row]
    before = before[np.isfinite(before)]
    if not len(before) or not before[0] > 0:
        return None
    return float(before[-STEPS_BEFORE:].max() / before[0])


def _in_validation(epoch: dict[str, float]) -> Finding:
    number_of_epoch = int(epoch.get("epoch", 0))
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="error",
        confidence=0.9,
        summary=Text(
            en=f"In epoch {number_of_epoch} the validation loss is NaN or infinite while the training loss is finite: "
            "look at the validation data.",
            zh=f"第 {number_of_epoch} 轮的验证损失为 NaN 或无穷，而训练损失有限：请检查验证数据。",
        ),
        evidence=(Evidence(NONE.what, 1.0, ">", NONE.value, NONE.unit, NONE.source),),
        causes=first_ones(PROBLEM.causes, "bad_data", "log_of_zero"),
        remedies=first_ones(PROBLEM.remedies, "clean_data", "stable_loss"),
    )


PROBLEM = Problem(
    identifier="loss_not_finite",
    title=Text(en="Loss not finite", zh="损失不是有限值"),
    explanation=Text(
        en="NaN means: this is not a number, as after 0/0 or infinity minus infinity. Whatever is computed with it is "
        "NaN too, like one drop of ink in a glass of water. After one such step every weight is lost.",
        zh="NaN 表示“不是数”，例如 0/0 或无穷减无穷的结果。任何与它有关的计算都会变成 NaN，"
        "就像一滴墨水滴进一杯水。只要出现一次，所有权重就都毁了。",
    ),
    needs=Needs(measures=("nonfinite_share",), steps=True),
    thresholds=(NONE, GREW),
    causes=(
        Cause(
            "too_large_steps",
            Text(
                en="Steps too large: the weights grew until the numbers overflowed.",
                zh="步幅过大：权重不断增大，直到数值溢出。",
            ),
            Text(
                en="The gradient norm grew in the steps before; with a tenth of the learning rate it does not happen.",
                zh="此前几步梯度范数不断增大；学习率降到十分之一后不再发生。",
            ),
        ),
        Cause(
            "bad_data",
            Text(
                en="NaN or infinite values in the inputs or targets.",
                zh="输入或目标中含有 NaN 或无穷值。",
            ),
            Text(
                en="numpy.isfinite(x).all() or numpy.isfinite(y).all() is False.",
                zh="numpy.isfinite(x).all() 或 numpy.isfinite(y).all() 为 False。",
            ),
        ),
        Cause(
            "log_of_zero",
            Text(
                en="A loss or layer that takes the logarithm or root of zero, or divides by it.",
                zh="损失或某层对零取对数、开方或以零为除数。",
            ),
            Text(
                en="The loss function gives NaN for a perfect or an all-zero prediction.",
                zh="对完全正确或全零的预测，损失函数给出 NaN。",
            ),
        ),
        Cause(
            "overflow",
            Text(
                en="Inputs or initial weights so large that the first pass overflows.",
                zh="输入或初始权重过大，第一次前向传播就溢出。",
            ),
            Text(
                en="The activations of the first layers are huge in step 1.",
                zh="第 1 步时最前面几层的激活值极大。",
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
            Text(en="Clip the gradients by their global norm.", zh="按全局范数裁剪梯度。"),
            "--global-clip-norm 1.0",
        ),
        Remedy(
            "clean_data",
            Text(
                en="Find and remove or replace NaN and infinite values in the data.",
                zh="找出数据中的 NaN 与无穷值并删除或替换。",
            ),
        ),
        Remedy(
            "stable_loss",
            Text(
                en="Use Keras's own losses, with from_logits=True if the last layer has no activation; add a small "
                "number inside logarithms, roots and divisions of your own.",
                zh="使用 Keras 自带的损失；末层没有激活函数时设 from_logits=True；"
                "自己写的对数、开方和除法中加上一个很小的数。",
            ),
        ),
        Remedy(
            "scale",
            Text(
                en="Scale inputs and targets to mean 0 and standard deviation 1.",
                zh="把输入和目标缩放到均值 0、标准差 1。",
            ),
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("nan_in_data"),
        Origin("exploding_gradient"),
        Origin("invalid_learning_rate", fits=too_large),
    ),
)
