"""Loss and output do not fit: the loss takes the labels or the outputs for something else than they are.

What it sees. Class numbers for a loss that wants one column per class, and the reverse; labels other than 0 and 1 for
binary cross-entropy; a categorical cross-entropy of one unit; from_logits=True after a softmax or sigmoid, and a
cross-entropy of raw numbers that was not told from_logits; a categorical cross-entropy for several labels at once;
binary cross-entropy of a softmax.

Why it hurts. A cross-entropy is the logarithm of a probability. Raw numbers are cut off at 0 and 1, where nothing is
learned; a second softmax flattens the answers, so that even a perfect network keeps a high loss; the only class of one
unit always has probability 1, so the loss is 0 from the start, whatever the network does.

When it stays silent. Loss, labels and outputs speak of the same thing: also two softmax units with binary
cross-entropy and one-hot labels (the same as one sigmoid), sigmoids with one-hot labels and binary cross-entropy (one
question per class), log-softmax with from_logits=True. Raw outputs that all lie within 0..1 may come from a layer that
is not known here: then it is a note. Softmax on one unit, activations other than none, and softmax with several labels
are told by wrong_output_activation; too few units by wrong_output_units; targets that are no labels by wrong_loss. Of
an error of these last two this is a symptom: they ask for a new last layer. A loss of somebody's own is not judged.

Thresholds. See `THRESHOLDS` below; they are exact, from the definitions of the losses in Keras.

Remedies. They change only how the model is compiled, or how the labels are written down: what was learned can be kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainwell.diagnosis.answers import (
    BINARY,
    CATEGORICAL,
    Answers,
    answers,
    gives_probabilities,
    softmax_on_one_unit,
    whole,
)
from trainwell.diagnosis.contract import Contract
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

ONE_NUMBER = Threshold(
    name="one_number",
    value=1,
    unit="",
    what=Text(en="Columns per answer for class numbers", zh="类别编号形式下每个回答的列数"),
    source=Text(
        en="Keras: sparse losses take one class number, the others one column per class",
        zh="Keras：sparse 类损失接受一个类别编号，其他损失要求每个类别一列",
    ),
)
TWO_CLASSES = Threshold(
    name="two_classes",
    value=2,
    unit="",
    what=Text(en="Units of the last layer", zh="最后一层的单元数"),
    source=Text(
        en="Keras divides each output by the sum of all: a single one becomes 1, its logarithm 0",
        zh="Keras 把每个输出除以全部输出之和：只有一个时结果恒为 1，其对数恒为 0",
    ),
)
NO = Threshold(
    name="no",
    value=0,
    unit="",
    what=Text(en="Smallest value", zh="最小值"),
    source=Text(en="a probability is at least 0", zh="概率不小于 0"),
)
YES = Threshold(
    name="yes",
    value=1,
    unit="",
    what=Text(en="Largest value", zh="最大值"),
    source=Text(en="a probability is at most 1", zh="概率不大于 1"),
)
REACHABLE = Threshold(
    name="reachable",
    value=0.1,
    unit="",
    what=Text(en="Smallest loss that a perfect network can reach", zh="完美网络所能达到的最小损失"),
    source=Text(
        en="a cross-entropy of a sure and right answer is 0; 0.1 leaves room for rounding and smoothed labels",
        zh="把握十足且正确的回答，其交叉熵为 0；0.1 为舍入和标签平滑留出余地",
    ),
)
EXCLUSIVE = Threshold(
    name="exclusive",
    value=1,
    unit="",
    what=Text(en="Labels per answer", zh="每个回答的标签数"),
    source=Text(
        en="the outputs of a categorical cross-entropy share a probability of 1 among them",
        zh="分类交叉熵的各输出共同分享总和为 1 的概率",
    ),
)
TWO_SHARES = Threshold(
    name="two_shares",
    value=2,
    unit="",
    what=Text(en="Softmax units with binary cross-entropy", zh="与二元交叉熵配合的 softmax 单元数"),
    source=Text(
        en="with two units both losses are the same; with more, each class is asked again for what the others answered",
        zh="两个单元时两种损失等价；更多时，每个类别都要重复回答其他类别已回答的问题",
    ),
)
THRESHOLDS = (ONE_NUMBER, TWO_CLASSES, NO, YES, REACHABLE, EXCLUSIVE, TWO_SHARES)
ONE_COLUMN_PER_CLASS = CATEGORICAL | {"categorical_hinge"}


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None or not contract.loss or contract.output.units < 1 or softmax_on_one_unit(contract):
        return ()
    asked = answers(contract)
    checks = (
        _columns_for_numbers,
        _nothing_to_share,
        _numbers_for_columns,
        _other_labels,
        _softmax_twice,
        _raw_outputs,
        _several_labels,
        _binary_softmax,
    )
    found = (check(contract, asked) for check in checks)
    return next(([finding] for finding in found if finding), ())


def _columns_for_numbers(contract: Contract, asked: Answers) -> Finding | None:
    if not contract.integer_labels or asked.form not in ("one_hot", "several_labels") or asked.columns is None:
        return None
    if asked.columns <= ONE_NUMBER.value:
        return None
    one_hot = asked.form == "one_hot"
    return _finding(
        contract,
        "error",
        1.0,
        Text(
            en=f'The loss "{contract.loss}" takes one class number per answer, but the targets have {asked.columns} '
            f"columns of 0 and 1.",
            zh=f"损失“{contract.loss}”要求每个回答是一个类别编号，而目标是由 0 和 1 组成的 {asked.columns} 列。",
        ),
        (_evidence(contract, ONE_NUMBER, asked.columns, ">", ONE_NUMBER.value),),
        "other_form",
        ("categorical", "to_numbers") if one_hot else ("binary",),
    )


def _nothing_to_share(contract: Contract, asked: Answers) -> Finding | None:
    units = contract.output.units
    if contract.loss not in CATEGORICAL or units >= TWO_CLASSES.value or (asked.columns or 1) > 1:
        return None
    codes = ("distance", "binary") if asked.form == "numbers" else ("binary", "sparse")
    return _finding(
        contract,
        "error",
        1.0,
        Text(
            en=f'The loss "{contract.loss}" compares classes with one another, but the last layer has {units} unit: '
            "its share is always 1, and the loss is 0 whatever the network does. Nothing is learned.",
            zh=f"损失“{contract.loss}”要在各类别之间比较，而最后一层只有 {units} 个单元：它所占的份额恒为 1，"
            "无论网络输出什么，损失都是 0，什么也学不到。",
        ),
        (_evidence(contract, TWO_CLASSES, units, "<", TWO_CLASSES.value),),
        "other_task",
        codes if asked.classes <= TWO_CLASSES.value else ("sparse",),
    )


def _numbers_for_columns(contract: Contract, asked: Answers) -> Finding | None:
    units = contract.output.units
    wants_columns = contract.loss in ONE_COLUMN_PER_CLASS | BINARY
    if asked.form != "class_numbers" or not wants_columns or units <= ONE_NUMBER.value:
        return None
    pair = asked.classes <= TWO_CLASSES.value
    codes = ("sparse", "binary") if pair and contract.loss in BINARY else ("sparse", "to_columns")
    return _finding(
        contract,
        "error",
        0.95,
        Text(
            en=f'The loss "{contract.loss}" takes {units} columns, one for each of the {units} units, but the targets '
            f"are class numbers ({whole(asked.smallest)} to {whole(asked.largest)}) in one column.",
            zh=f"损失“{contract.loss}”要求目标有 {units} 列，对应 {units} 个单元，而目标是一列类别编号"
            f"（{whole(asked.smallest)} 到 {whole(asked.largest)}）。",
        ),
        (
            Evidence(
                Text(en="Columns per answer", zh="每个回答的列数"),
                ONE_NUMBER.value,
                "<",
                units,
                "",
                ONE_NUMBER.source,
                layer=contract.output.name,
            ),
        ),
        "other_form",
        codes,
    )


def _other_labels(contract: Contract, asked: Answers) -> Finding | None:
    two_values = contract.targets.different == 2 and asked.form in ("class_numbers", "numbers")
    outside = asked.smallest < NO.value or asked.largest > YES.value
    if contract.loss not in BINARY or not two_values or not outside:
        return None
    return _finding(
        contract,
        "error",
        0.95,
        Text(
            en=f'The loss "{contract.loss}" takes the labels 0 and 1, but they go from {whole(asked.smallest)} to '
            f"{whole(asked.largest)}. It then rewards ever larger outputs and falls below zero.",
            zh=f"损失“{contract.loss}”要求标签为 0 和 1，而这里的标签从 {whole(asked.smallest)} 到 "
            f"{whole(asked.largest)}。这样输出越极端损失越低，甚至会降到零以下。",
        ),
        _outside(contract, asked.smallest, asked.largest, Text(en="label", zh="标签")),
        "other_numbers",
        ("relabel", "hinge") if asked.smallest < NO.value else ("relabel",),
    )


def _softmax_twice(contract: Contract, asked: Answers) -> Finding | None:  # noqa: ARG001
    if not (contract.crossentropy and contract.from_logits and gives_probabilities(contract)):
        return None
    units, activation = contract.output.units, contract.output.activation
    reachable = math.log1p(math.exp(-1) * (1 if contract.loss in BINARY else units - 1))
    if reachable <= REACHABLE.value:
        return None
    second = "sigmoid" if contract.loss in BINARY else "softmax"
    return _finding(
        contract,
        "error",
        0.95,
        Text(
            en=f"The last layer ends in {activation}, and from_logits=True lets the loss apply {second} once more. The "
            f"answers are flattened: the loss of a perfect network cannot fall below {number(reachable)}.",
            zh=f"最后一层已经用了 {activation}，而 from_logits=True 又让损失再做一次 {second}。回答被压平："
            f"即使网络完美，损失也无法低于 {number(reachable)}。",
        ),
        (_evidence(contract, REACHABLE, reachable, ">", REACHABLE.value),),
        "twice",
        ("not_logits", "linear"),
    )


def _raw_outputs(contract: Contract, asked: Answers) -> Finding | None:  # noqa: ARG001
    output = contract.output
    if not contract.crossentropy or contract.from_logits or output.activation != "linear":
        return None
    within = output.minimum >= NO.value and output.maximum <= YES.value
    known = not (math.isnan(output.minimum) or math.isnan(output.maximum))
    low, high = (output.minimum, output.maximum) if known else (-math.inf, math.inf)
    seen = (
        Text(
            en=f"in the first batch they go from {number(low)} to {number(high)}",
            zh=f"第一个批次中从 {number(low)} 到 {number(high)}",
        )
        if known
        else Text(en="they can be any number, from -inf to inf", zh="可以是从 -inf 到 inf 的任意数")
    )
    evidence = (
        (_evidence(contract, YES, math.inf, ">", YES.value, Text(en="Largest possible output", zh="可能的最大输出")),)
        if within
        else _outside(contract, low, high, Text(en="output", zh="输出"))
    )
    return _finding(
        contract,
        "note" if within else "error",
        0.4 if within else 0.95,
        Text(
            en=f'The loss "{contract.loss}" takes probabilities from 0 to 1, but the outputs went through no softmax '
            f"or sigmoid: {seen.en}. " + ("If another layer keeps them there, all is well." if within else _CUT.en),
            zh=f"损失“{contract.loss}”要求 0 到 1 之间的概率，而输出没有经过 softmax 或 sigmoid：{seen.zh}。"
            + ("如果另有一层保证它们在此范围内，则没有问题。" if within else _CUT.zh),
        ),
        evidence,
        "not_told",
        ("logits", "sigmoid" if contract.loss in BINARY else "softmax"),
    )


def _several_labels(contract: Contract, asked: Answers) -> Finding | None:
    if contract.loss not in CATEGORICAL or asked.form != "several_labels" or contract.output.activation == "softmax":
        return None
    ones = _labels_per_answer(contract)
    return _finding(
        contract,
        "warning",
        0.7,
        Text(
            en=f'The loss "{contract.loss}" expects exactly 1 label per answer, but the targets have {number(ones)} on '
            "average, and not the same number in each. The classes take probability from one another.",
            zh=f"损失“{contract.loss}”要求每个回答恰好有 1 个标签，而目标平均有 {number(ones)} 个，且各不相同。"
            "各类别会互相争夺概率。",
        ),
        (_evidence(contract, EXCLUSIVE, ones, "<" if ones < 1 else ">", EXCLUSIVE.value),),
        "other_task",
        ("binary",),
    )


def _binary_softmax(contract: Contract, asked: Answers) -> Finding | None:
    units = contract.output.units
    shares = contract.output.activation == "softmax" and asked.form == "one_hot"
    if contract.loss not in BINARY or not shares or units <= TWO_SHARES.value:
        return None
    counted = (
        Text(
            en=f" Its accuracy counts every column: at least {units - 2} of {units} are always right.",
            zh=f"它的准确率按列计算，因此 {units} 列中至少有 {units - 2} 列会算作正确。",
        )
        if "binary_accuracy" in contract.metrics
        else Text("", "")
    )
    return _finding(
        contract,
        "warning",
        0.8,
        Text(
            en=f'The {units} softmax outputs are one answer, but "{contract.loss}" scores them as {units} separate '
            f"yes-no questions. It learns, but worse than with the loss made for it.{counted.en}",
            zh=f"{units} 个 softmax 输出合起来是一个回答，而“{contract.loss}”把它们当作 {units} 个独立的是非题来计分。"
            f"可以学习，但不如用对应的损失。{counted.zh}",
        ),
        (_evidence(contract, TWO_SHARES, units, ">", TWO_SHARES.value),),
        "other_task",
        ("categorical",),
    )


def _labels_per_answer(contract: Contract) -> float:
    """Mean number of ones in a row of the targets."""
    targets = contract.targets
    rows = targets.values.samples * math.prod(targets.values.shape[:-1])
    return sum(targets.counts) / rows if rows else 0.0


def _outside(contract: Contract, low: float, high: float, of: Text) -> tuple[Evidence, ...]:
    """Evidence for the ends that leave 0..1."""
    found: list[Evidence] = []
    if low < NO.value:
        found.append(_evidence(contract, NO, low, "<", NO.value, Text(f"Smallest {of.en}", f"最小的{of.zh}")))
    if high > YES.value:
        found.append(_evidence(contract, YES, high, ">", YES.value, Text(f"Largest {of.en}", f"最大的{of.zh}")))
    return tuple(found)


def _evidence(
    contract: Contract, threshold: Threshold, measured: float, sign: str, expected: float, of: Text | None = None
) -> Evidence:
    what = of or threshold.what
    comparison = "<" if sign == "<" else ">"
    layer = contract.output.name
    return Evidence(what, measured, comparison, expected, threshold.unit, threshold.source, layer=layer)


def _finding(
    contract: Contract,
    severity: Severity,
    confidence: float,
    summary: Text,
    evidence: Sequence[Evidence],
    cause: str,
    remedies: Sequence[str],
) -> Finding:
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=confidence,
        summary=summary,
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, cause)[:1],
        remedies=first_ones(PROBLEM.remedies, *remedies)[: len(remedies)],
        layers=(contract.output.name,),
    )


_CUT = Text(
    en="What lies outside is cut off, and nothing is learned there.",
    zh="超出的部分会被截断，那里学不到任何东西。",
)

PROBLEM = Problem(
    identifier="loss_output_mismatch",
    title=Text(en="Loss and output do not fit", zh="损失与输出不匹配"),
    explanation=Text(
        en="The loss is a judge with a form to fill in: it expects the labels and the answers written in one way. If "
        "the form is filled in otherwise (a number where a tick is wanted, per cent of per cent), the judge still "
        "gives marks, but for something else than was meant.",
        zh="损失就像拿着表格打分的裁判：标签和回答都要按规定的方式填写。如果填法不同（该打勾处写了数字，"
        "或者把百分比又取了一次百分比），裁判照样会打分，但评的已经不是原来那件事。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "not_told",
            Text(
                en="The last layer has no activation, and the loss was not told so.",
                zh="最后一层没有激活函数，却没有告诉损失。",
            ),
            Text(
                en="model.predict(x) gives numbers below 0 or above 1, and the loss has from_logits=False.",
                zh="model.predict(x) 给出小于 0 或大于 1 的数，而损失的 from_logits=False。",
            ),
        ),
        Cause(
            "twice",
            Text(
                en="Softmax or sigmoid is in the model and in the loss too.",
                zh="模型和损失中各有一次 softmax 或 sigmoid。",
            ),
            Text(
                en="model.predict(x) gives numbers from 0 to 1, and the loss has from_logits=True.",
                zh="model.predict(x) 给出 0 到 1 之间的数，而损失的 from_logits=True。",
            ),
        ),
        Cause(
            "other_form",
            Text(
                en="The labels are written in the other form: class numbers or one column per class.",
                zh="标签用了另一种写法：类别编号，或每个类别一列。",
            ),
            Text(
                en="y.shape has a last axis as long as there are classes, or has none.",
                zh="查看 y.shape：最后一个轴的长度等于类别数，或者没有这个轴。",
            ),
        ),
        Cause(
            "other_numbers",
            Text(
                en="The two classes are numbered -1 and 1, or 1 and 2, instead of 0 and 1.",
                zh="两个类别编号为 -1 和 1，或 1 和 2，而不是 0 和 1。",
            ),
            Text(
                en="numpy.unique(y) gives two values other than 0 and 1.",
                zh="numpy.unique(y) 给出 0 和 1 以外的两个值。",
            ),
        ),
        Cause(
            "other_task",
            Text(
                en="The loss was taken from another task: two classes, one class out of many, several labels at once.",
                zh="损失取自另一类任务：二分类、多选一、或同时有多个标签。",
            ),
            Text(
                en="y.sum(axis=-1) is 1 everywhere for one class out of many, and differs for several labels.",
                zh="多选一时 y.sum(axis=-1) 处处为 1；有多个标签时则各不相同。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "logits",
            Text(
                en="Tell the loss: from_logits=True, e.g. "
                "keras.losses.SparseCategoricalCrossentropy(from_logits=True).",
                zh="告诉损失 from_logits=True，例如 keras.losses.SparseCategoricalCrossentropy(from_logits=True)。",
            ),
        ),
        Remedy(
            "softmax",
            Text(
                en='Or end the network in softmax: Dense(number of classes, activation="softmax").',
                zh='或者让网络以 softmax 结尾：Dense(类别数, activation="softmax")。',
            ),
        ),
        Remedy(
            "sigmoid",
            Text(
                en='Or end the network in sigmoid: Dense(1, activation="sigmoid"); one unit per label for several.',
                zh='或者让网络以 sigmoid 结尾：Dense(1, activation="sigmoid")；多标签时每个标签一个单元。',
            ),
        ),
        Remedy(
            "not_logits",
            Text(
                en='Set from_logits=False (Keras\'s default), e.g. loss="sparse_categorical_crossentropy".',
                zh='设 from_logits=False（Keras 的默认值），例如 loss="sparse_categorical_crossentropy"。',
            ),
        ),
        Remedy(
            "linear",
            Text(
                en="Or take the activation out of the last layer and keep from_logits=True.",
                zh="或者去掉最后一层的激活函数，保留 from_logits=True。",
            ),
        ),
        Remedy(
            "sparse",
            Text(
                en='For class numbers, one softmax unit per class: loss="sparse_categorical_crossentropy".',
                zh='目标为类别编号时，每个类别一个 softmax 单元：loss="sparse_categorical_crossentropy"。',
            ),
        ),
        Remedy(
            "categorical",
            Text(
                en='For one-hot labels: loss="categorical_crossentropy".',
                zh='目标为独热编码时：loss="categorical_crossentropy"。',
            ),
        ),
        Remedy(
            "binary",
            Text(
                en='For two classes with one unit, or several labels: loss="binary_crossentropy" and '
                'activation="sigmoid".',
                zh='两个类别用一个单元，或同时有多个标签时：loss="binary_crossentropy"，activation="sigmoid"。',
            ),
        ),
        Remedy(
            "to_numbers",
            Text(
                en="Or turn the labels into class numbers: y.argmax(axis=-1).",
                zh="或者把标签转成类别编号：y.argmax(axis=-1)。",
            ),
        ),
        Remedy(
            "to_columns",
            Text(
                en="Or turn the class numbers into columns: keras.utils.to_categorical(y).",
                zh="或者把类别编号转成多列：keras.utils.to_categorical(y)。",
            ),
        ),
        Remedy(
            "relabel",
            Text(
                en="Number the two classes 0 and 1: y = (y == y.max()).astype(int).",
                zh="把两个类别编号为 0 和 1：y = (y == y.max()).astype(int)。",
            ),
        ),
        Remedy(
            "hinge",
            Text(
                en='Or take the loss for labels -1 and 1: loss="hinge" with activation="tanh" or none.',
                zh='或者改用适合标签 -1 和 1 的损失：loss="hinge"，配 activation="tanh" 或不用激活函数。',
            ),
        ),
        Remedy(
            "distance",
            Text(
                en='To predict a number: Dense(1) without an activation and loss="mean_squared_error".',
                zh='要预测数值时：Dense(1) 不加激活函数，loss="mean_squared_error"。',
            ),
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("wrong_loss", fits=lambda _, cause: cause.severity == "error"),
        Origin("wrong_output_units", fits=lambda _, cause: cause.severity == "error"),
    ),
)
