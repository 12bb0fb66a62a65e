"""Loss not finite: the loss or the gradient has become NaN or infinite; from there on nothing is learned.

What it sees. Where trainwell's engine trained, the very origin: step, layer, forward or backward, operation, samples.
Elsewhere the first step with a loss that is not finite, or with a gradient that is not (the loss follows one step
later), and, if that step was looked into, the first layer whose output holds such values. A validation loss that is not
finite while the training loss is, is seen by its epoch.

Why it hurts. A single NaN in the gradient makes every weight NaN in that step, for good.

When it stays silent. If every recorded loss is finite, and no weight broke: a gradient that is not finite does no harm
where the step was skipped for it, as loss scaling does.

Thresholds. One value is enough. The others only order the causes, or say how near to its bound a number was.

Remedies. Which one helps depends on where the value came from. If the origin is known, only those that fit are named;
else the causes are ordered by what stood before it: broken in the first step points at data or loss function, a
gradient that grew before at the step size. All are safe.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trainwell.blueprint.nan_origin import NanCause, NanOrigin
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.nan_wording import origin_text
from trainwell.diagnosis.problem import Entry, Needs, Origin, Problem, Threshold, first_ones, too_large, with_rate
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
WEIGHTS_GREW = Threshold(
    name="weights_grew",
    value=10,
    unit="times",
    what=Text(
        en="L2 norm of all weights before the step, against the start", zh="该步之前所有权重的 L2 范数（相对于起始值）"
    ),
    source=Text(
        en="a sound training seldom moves its weights by more than their own size; only orders the causes",
        zh="正常训练中权重的变化很少超过其自身大小；仅用于给原因排序",
    ),
)
SAMPLES = Threshold(
    name="samples",
    value=0,
    unit="samples",
    what=Text(en="Samples of the batch in which it arose", zh="批次中最先出现此类值的样本数"),
    source=NONE.source,
)
FILLED = Threshold(
    name="filled",
    value=0.5,
    unit="share",
    what=Text(
        en="Largest number that went in, as a share of the number format's room (by powers of ten)",
        zh="输入的最大数值占数据类型可表示范围的份额（按数量级）",
    ),
    source=Text(
        en="above half of the decimal places the square of a number overflows",
        zh="超过一半的数量级时，一个数的平方就会溢出",
    ),
)
STEPS_BEFORE = 20
GENERAL = ("too_large_steps", "bad_data", "log_of_zero", "overflow")  # what may be where the origin is not known
GENERAL_REMEDIES = ("learning_rate", "clipping", "clean_data", "stable_loss", "scale")
FITTING: Mapping[NanCause, tuple[str, ...]] = {
    "bad_data": ("clean_data",),
    "bad_weights": ("sound_weights",),
    "too_large_steps": ("learning_rate", "clipping", "scale"),
    "overflow": ("scale", "bounded", "wider_format"),
    "log_of_zero": ("stable_loss",),
    "division": ("stable_loss", "scale"),
    "root_of_zero": ("stable_loss",),
    "out_of_domain": ("stable_loss",),
    "infinite_constant": ("finite_mask",),
}


def _check(facts: Facts) -> Sequence[Finding]:
    loss, gradient = facts.recording.run("loss"), facts.recording.run("gradient_norm")
    if facts.nan_origin is not None:
        return (_from_origin(facts, facts.nan_origin, gradient),)
    row = _first_bad_row(facts, loss, gradient)
    if row is not None:
        return (_in_training(facts, loss, gradient, row),)
    bad_epochs = [epoch for epoch in facts.recording.epochs if not math.isfinite(epoch.get("val_loss", 0.0))]
    return (_in_validation(bad_epochs[0]),) if bad_epochs else ()


def _first_bad_row(facts: Facts, loss: Series, gradient: Series) -> int | None:
    """Row of the step in which the numbers broke; None if they did not.

    A gradient that is not finite counts if the loss is not finite right behind it: else the step was skipped.
    """
    bad = np.flatnonzero(loss.nonfinite)
    if not len(bad) and facts.stopped not in (None, "not_finite"):
        return None
    end = int(bad[0]) if len(bad) else len(gradient)
    row = end
    while row > 0 and gradient.nonfinite[row - 1]:
        row -= 1
    return row if row < len(loss) else None


def _from_origin(facts: Facts, origin: NanOrigin, gradient: Series) -> Finding:
    layers = (origin.layer,) if origin.layer is not None else ()
    if origin.cause == "unknown":
        causes, fixes = _named(PROBLEM.causes, *GENERAL), _named(PROBLEM.remedies, *GENERAL_REMEDIES)
    else:
        grown = origin.weight_growth is not None and origin.weight_growth > WEIGHTS_GREW.value
        codes = (origin.cause, "too_large_steps") if grown else (origin.cause,)
        causes = _named(PROBLEM.causes, *dict.fromkeys(codes))
        fixes = _named(PROBLEM.remedies, *dict.fromkeys(fix for code in codes for fix in FITTING[code]))
    kept = _named(PROBLEM.remedies, "last_good") if origin.last_good is not None else ()
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="error",
        confidence=1.0,
        summary=origin_text(origin),
        evidence=_evidence_of(origin, _growth_before(gradient, _row_of(gradient, origin.step))),
        causes=causes,
        remedies=with_rate((*fixes, *kept), facts),
        layers=layers,
        steps=(origin.step, origin.step),
    )


def _evidence_of(origin: NanOrigin, gradient_growth: float | None) -> tuple[Evidence, ...]:
    measured: list[tuple[Threshold, float | None]] = [
        (SAMPLES, float(origin.affected) or None),
        (FILLED, _filled(origin) if origin.cause in ("overflow", "too_large_steps") else None),
        (WEIGHTS_GREW, origin.weight_growth),
        (GREW, gradient_growth),
    ]
    shown = [(threshold, value) for threshold, value in measured if value is not None and value > threshold.value]
    if not shown:
        shown = [(NONE, 1.0)]
    return tuple(
        Evidence(
            threshold.what,
            value,
            ">",
            threshold.value,
            threshold.unit,
            threshold.source,
            origin.layer if threshold in (SAMPLES, FILLED, NONE) else None,
            origin.step,
        )
        for threshold, value in shown
    )


def _filled(origin: NanOrigin) -> float | None:
    """Share of the number format's decimal places that were filled before the operation; for exp, of its exponent."""
    if origin.largest is None or origin.limit is None or origin.largest <= 1:
        return None
    if origin.operation in ("exp", "exp2", "expm1"):
        return origin.largest / math.log(origin.limit)
    return math.log(origin.largest) / math.log(origin.limit)


def _row_of(series: Series, step: int) -> int:
    return int(np.searchsorted(series.last_step, step))


def _named(entries: Sequence[Entry], *codes: str) -> tuple[Entry, ...]:
    """Only the entries with these codes, in this order."""
    return tuple(entry for code in codes for entry in entries if entry.code == code)


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
        causes=first_ones(_named(PROBLEM.causes, *GENERAL), *codes),
        remedies=with_rate(first_ones(_named(PROBLEM.remedies, *GENERAL_REMEDIES), *fixes), facts),
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


def _by_data(symptom: Finding, cause: Finding) -> bool:  # noqa: ARG001
    """Whether bad data can be behind it: they are, or the origin is not known."""
    return symptom.causes[0].code == "bad_data" or len(symptom.causes) >= len(GENERAL)


def _by_size(symptom: Finding, cause: Finding) -> bool:  # noqa: ARG001
    """Whether numbers that grew can be behind it."""
    return any(cause.code in ("too_large_steps", "overflow") for cause in symptom.causes)


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
        causes=first_ones(_named(PROBLEM.causes, *GENERAL), "bad_data", "log_of_zero"),
        remedies=first_ones(_named(PROBLEM.remedies, *GENERAL_REMEDIES), "clean_data", "stable_loss"),
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
    thresholds=(NONE, GREW, WEIGHTS_GREW, SAMPLES, FILLED),
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
                en="A loss or layer that takes the logarithm of zero (or the root of it, or divides by it).",
                zh="损失或某层对零取对数（或开方，或以零为除数）。",
            ),
            Text(
                en="The loss function gives NaN for a perfect or an all-zero prediction.",
                zh="对完全正确或全零的预测，损失函数给出 NaN。",
            ),
        ),
        Cause(
            "overflow",
            Text(
                en="Inputs or initial weights so large that the numbers overflow: their format holds none so large.",
                zh="输入或初始权重过大，数值溢出：超出了数据类型可表示的范围。",
            ),
            Text(
                en="The activations are huge from step 1 on; with inputs a hundred times smaller it does not happen.",
                zh="从第 1 步起激活值就极大；把输入缩小到百分之一后不再发生。",
            ),
        ),
        Cause(
            "division",
            Text(
                en="A division by zero, as by the standard deviation of values that are all the same.",
                zh="以零为除数，例如除以一组相同数值的标准差。",
            ),
            Text(
                en="The named samples, or a column of them, hold one value only.",
                zh="上述样本（或其中一列）的数值全都相同。",
            ),
        ),
        Cause(
            "root_of_zero",
            Text(
                en="A root of zero, where its slope is infinite (or of a negative number); norms contain one.",
                zh="对零开方：该处的斜率为无穷（或对负数开方）；范数中含有开方。",
            ),
            Text(
                en="With a small number added under the root it does not happen.",
                zh="在根号下加上一个很小的数后不再发生。",
            ),
        ),
        Cause(
            "out_of_domain",
            Text(
                en="A function was given a number that it is not defined for, as the arcsine of 2.",
                zh="函数的输入超出了定义域，例如 2 的反正弦。",
            ),
            Text(
                en="Clipped to the function's domain, the input does no harm.",
                zh="把输入截断到定义域内后不再发生。",
            ),
        ),
        Cause(
            "infinite_constant",
            Text(
                en="A mask of infinities hides a whole row, so that nothing is left to compare.",
                zh="值为无穷的掩码遮住了整行，没有剩下可比较的值。",
            ),
            Text(
                en="In the named samples every entry is masked.",
                zh="上述样本的所有位置都被遮住。",
            ),
        ),
        Cause(
            "bad_weights",
            Text(
                en="Weights were NaN or infinite before the training began.",
                zh="训练开始之前，权重中已有 NaN 或无穷值。",
            ),
            Text(
                en="numpy.isfinite is False for weights of the model as it was given.",
                zh="对给定模型的权重，numpy.isfinite 的结果为 False。",
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
        Remedy(
            "wider_format",
            Text(
                en='Compute this layer in a format with more room: dtype="float32" instead of float16, or bfloat16.',
                zh='改用范围更大的数据类型计算该层：用 dtype="float32" 代替 float16，或使用 bfloat16。',
            ),
        ),
        Remedy(
            "bounded",
            Text(
                en="Bound what grows: a tanh in a recurrent layer with orthogonal initial weights, a normalisation "
                "layer before, or keras.ops.clip before an exponential.",
                zh="限制增长：循环层使用 tanh 与正交初始化，在前面加归一化层，或在指数运算之前用 keras.ops.clip 截断。",
            ),
        ),
        Remedy(
            "finite_mask",
            Text(
                en="Mask with a large negative number such as -1e9 (-1e4 in float16) instead of minus infinity.",
                zh="掩码使用很大的负数，例如 -1e9（float16 中用 -1e4），而不是负无穷。",
            ),
        ),
        Remedy(
            "sound_weights",
            Text(
                en="Build the model anew, or load weights that are finite; look at its initializers.",
                zh="重新构建模型，或加载数值正常的权重；并检查其初始化方法。",
            ),
        ),
        Remedy(
            "last_good",
            Text(
                en="With the cause mended, go on from the last good weights instead of from the start: "
                'model.load_weights("last_good.weights.h5").',
                zh='排除原因后，不必从头训练，可从最后的正常权重继续：model.load_weights("last_good.weights.h5")。',
            ),
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("nan_in_data", fits=_by_data),
        Origin("exploding_gradient", fits=_by_size),
        Origin("learning_rate_too_high", fits=_by_size),
        Origin("invalid_learning_rate", fits=too_large),
    ),
)
