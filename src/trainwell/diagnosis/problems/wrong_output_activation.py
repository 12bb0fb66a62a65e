"""Wrong output activation: what the outputs go through last cannot give the answers that are asked for.

What it sees. Softmax on one unit; a cross-entropy of outputs that are no probabilities (ReLU, tanh, ...) or of logits
that are bounded; sigmoids where one class out of many is asked for, softmax where several labels are; targets of a
distance that lie outside what the activation can give; Poisson loss of negative outputs; hinge loss of outputs that are
never negative; ReLU or tanh for labels of 0 and 1.

Why it hurts. What the last activation cannot give, no training can reach. Softmax divides by the sum of all units: one
unit alone always gives 1. ReLU gives exactly 0 for half of all inputs, with no slope that could lead out again; the
logarithm of 0 is cut off.

When it stays silent. Every target lies within what the activation gives, but for a hundredth of their range; two
softmax units for two classes; softmax for targets that are shares; activations that only sparse or categorical
cross-entropies of Keras accept because they divide by the sum (exponential, softplus); activations that are not known
here; outputs that were seen to leave the range of the named activation, because another layer must stand behind it. No
activation at all is told by loss_output_mismatch, and so is a second softmax (from_logits=True); one sigmoid for more
than two classes is told by wrong_output_units; targets that are no labels by wrong_loss. Of an error of these two this
is a symptom: they ask for a new last layer. For a loss of somebody's own, only softmax on one unit is told.

Thresholds. See `THRESHOLDS` below. Whether a good share of the targets is out of reach is judged from their smallest
and largest value and their mean and standard deviation: more is not known.

Remedies. Another activation of the last layer keeps the weights of all layers; that one layer learns anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainwell.diagnosis.answers import (
    BINARY,
    CATEGORICAL,
    HINGE,
    SIGMOIDS,
    Answers,
    answers,
    gives_probabilities,
    judged_by_accuracy,
    softmax_on_one_unit,
    whole,
)
from trainwell.diagnosis.contract import Contract
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import number, share
from trainwell.locales import Text

INFINITE = math.inf
RANGES = {
    "softmax": (0.0, 1.0),
    "sparsemax": (0.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, INFINITE),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, INFINITE),
    "squareplus": (0.0, INFINITE),
    "exponential": (0.0, INFINITE),
    "elu": (-1.0, INFINITE),
    "celu": (-1.0, INFINITE),
    "selu": (-1.7581, INFINITE),
    "gelu": (-0.17, INFINITE),
    "silu": (-0.2785, INFINITE),
    "swish": (-0.2785, INFINITE),
    "hard_silu": (-0.375, INFINITE),
    "hard_swish": (-0.375, INFINITE),
    "mish": (-0.3088, INFINITE),
    "leaky_relu": (-INFINITE, INFINITE),
    "log_sigmoid": (-INFINITE, 0.0),
    "log_softmax": (-INFINITE, 0.0),
}
RECTIFIERS = frozenset({"relu", "relu6"})
TWO_SIDED = frozenset({"tanh", "hard_tanh", "softsign"})
POSITIVE = frozenset({"softplus", "squareplus", "exponential"})
LEARNS_SHARES = frozenset({"relu", "relu6"}) | TWO_SIDED

TWO_UNITS = Threshold(
    name="two_units",
    value=2,
    unit="",
    what=Text(en="Units under softmax", zh="softmax 作用的单元数"),
    source=Text(
        en="softmax of one number x is exp(x) / exp(x) = 1",
        zh="单个数 x 的 softmax 为 exp(x) / exp(x) = 1",
    ),
)
NO = Threshold(
    name="no",
    value=0,
    unit="",
    what=Text(en="Lowest output that the activation allows", zh="激活函数允许的最低输出"),
    source=Text(en="a probability is at least 0", zh="概率不小于 0"),
)
YES = Threshold(
    name="yes",
    value=1,
    unit="",
    what=Text(en="Highest output that the activation allows", zh="激活函数允许的最高输出"),
    source=Text(en="a probability is at most 1", zh="概率不大于 1"),
)
DOUBT = Threshold(
    name="doubt",
    value=0.05,
    unit="share",
    what=Text(en="Probability that is always left to the wrong answer", zh="总会留给错误回答的概率"),
    source=Text(
        en="a network that is 95% sure at best still decides well; a bound on logits below that is no design in use",
        zh="把握最高只到 95% 的网络仍可正确判断；把 logits 限制得更窄并不是常见设计",
    ),
)
UNDECIDED = Threshold(
    name="undecided",
    value=0.45,
    unit="share",
    what=DOUBT.what,
    source=Text(
        en="one of two answers can then hardly become the likelier one (from 0.5 on, never)",
        zh="此时两种回答中有一种几乎不可能成为更可能的那个（达到 0.5 则绝无可能）",
    ),
)
SLOPE = Threshold(
    name="slope",
    value=0.01,
    unit="",
    what=Text(en="Smallest slope of the activation", zh="激活函数的最小斜率"),
    source=Text(
        en="leaky ReLU's smallest slope in use (Maas, Hannun & Ng 2013); at 0 a unit can die for good",
        zh="常用 leaky ReLU 的最小斜率（Maas、Hannun 与 Ng 2013）；为 0 时单元可能永久死亡",
    ),
)
PAIR = Threshold(
    name="pair",
    value=2,
    unit="",
    what=Text(en="Sigmoid units for one class out of many", zh="多选一任务中的 sigmoid 单元数"),
    source=Text(
        en="Keras divides the sigmoids by their sum: with two that nearly is a softmax, with many the sum pulls at all",
        zh="Keras 会把各 sigmoid 输出除以总和：两个时近似 softmax，很多个时总和会牵动所有输出",
    ),
)
ONES = Threshold(
    name="ones",
    value=1,
    unit="",
    what=Text(en="Labels per answer", zh="每个回答的标签数"),
    source=Text(en="softmax outputs sum to 1", zh="softmax 各输出之和为 1"),
)
SUM_OFF = Threshold(
    name="sum_off",
    value=0.1,
    unit="",
    what=Text(en="Mean sum of a row of targets, off from 1", zh="目标每行之和的均值与 1 的偏差"),
    source=Text(
        en="softmax outputs sum to 1; a tenth leaves room for smoothed and rounded shares",
        zh="softmax 各输出之和为 1；十分之一为平滑和舍入留出余地",
    ),
)
TOLERATED = Threshold(
    name="tolerated",
    value=0.01,
    unit="share",
    what=Text(en="Part of the targets' range that cannot be reached", zh="目标取值范围中无法达到的部分"),
    source=Text(
        en="a hundredth of the range is rounding or noise at the edge; chosen by us",
        zh="范围的百分之一属于边缘处的舍入或噪声；由我们选定",
    ),
)
GOOD_PART = Threshold(
    name="good_part",
    value=0.1,
    unit="share",
    what=TOLERATED.what,
    source=Text(
        en="a tenth of the range and more, reaching within one standard deviation of the mean; chosen by us",
        zh="达到范围的十分之一以上，且延伸到均值一个标准差以内；由我们选定",
    ),
)
THRESHOLDS = (TWO_UNITS, NO, YES, DOUBT, UNDECIDED, SLOPE, PAIR, ONES, SUM_OFF, TOLERATED, GOOD_PART)


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None or contract.output.units < 1:
        return ()
    if softmax_on_one_unit(contract):
        return (_one_share(contract),)
    if not contract.loss or not _as_named(contract):
        return ()
    asked = answers(contract)
    checks = (
        _no_probability,
        _bounded_logits,
        _many_sigmoids,
        _one_for_several,
        _other_losses,
        _sum_of_one,
        _out_of_reach,
        _classifier,
    )
    found = (check(contract, asked) for check in checks)
    return next(([finding] for finding in found if finding), ())


def _as_named(contract: Contract) -> bool:
    """Whether the first outputs lie where the named activation puts them: else something stands behind it."""
    low, high = RANGES.get(contract.output.activation, (-INFINITE, INFINITE))
    slack = 1e-3
    return not (contract.output.minimum < low - slack or contract.output.maximum > high + slack)


def _one_share(contract: Contract) -> Finding:
    asked = answers(contract)
    if asked.form == "numbers":
        remedies = (_last_layer(asked.columns or 1, "linear"),)
    elif asked.classes > TWO_UNITS.value:
        columns = int(asked.largest) + 1 if asked.form == "class_numbers" else asked.columns or asked.classes
        remedies = (_last_layer(columns, "sigmoid" if asked.form == "several_labels" else "softmax"),)
    else:
        remedies = (_BINARY, _last_layer(2, "softmax"))
    return _finding(
        contract,
        "error",
        1.0,
        Text(
            en=f"The last layer has 1 unit under {contract.output.activation}, which needs at least 2: a single unit "
            "always gives 1, whatever goes in. Nothing can be learned.",
            zh=f"最后一层只有 1 个单元却使用了 {contract.output.activation}，后者至少需要 2 个："
            "单个单元无论输入什么都输出 1，什么也学不到。",
        ),
        (_evidence(contract, TWO_UNITS, 1, "<"),),
        "one_share",
        remedies,
    )


def _no_probability(contract: Contract, asked: Answers) -> Finding | None:
    activation, loss = contract.output.activation, contract.loss
    if not contract.crossentropy or contract.from_logits or activation not in RANGES or gives_probabilities(contract):
        return None
    if activation in POSITIVE and loss not in BINARY:
        return None  # Keras divides by the sum: these are weights of the classes, and exponential is softmax itself
    low, high = RANGES[activation]
    evidence = [_evidence(contract, NO, low, "<")] if low < NO.value else []
    if high > YES.value:
        evidence.append(_evidence(contract, YES, high, ">"))
    if activation in RECTIFIERS:
        evidence.append(_evidence(contract, SLOPE, 0, "<"))
    return _finding(
        contract,
        "error",
        0.95,
        Text(
            en=f'The loss "{loss}" takes probabilities from 0 to 1, but {activation} gives numbers from {whole(low)} '
            f"to {whole(high)}. What lies outside is cut off, and nothing is learned there.",
            zh=f"损失“{loss}”要求 0 到 1 之间的概率，而 {activation} 给出 {whole(low)} 到 {whole(high)} 之间的数。"
            "超出的部分会被截断，那里学不到任何东西。",
        ),
        evidence,
        "hidden_activation",
        _for_classes(contract, asked),
    )


def _bounded_logits(contract: Contract, asked: Answers) -> Finding | None:
    activation = contract.output.activation
    if not contract.crossentropy or not contract.from_logits or activation not in RANGES:
        return None
    if gives_probabilities(contract) or (contract.loss not in BINARY and activation in POSITIVE | {"log_softmax"}):
        return None
    doubt = _doubt(contract)
    if doubt > DOUBT.value:
        evidence = [_evidence(contract, DOUBT, doubt, ">")]
    elif activation in RECTIFIERS:
        evidence = [_evidence(contract, SLOPE, 0, "<")]
    else:
        return None
    severe = doubt >= UNDECIDED.value and contract.loss in BINARY
    return _finding(
        contract,
        "error" if severe else "warning",
        0.9 if severe else 0.7,
        Text(
            en=f"The loss takes logits, which may be any number, but {activation} bounds them"
            + (f": at least {share(doubt)} always stays with the wrong answer." if doubt > DOUBT.value else _DIES.en),
            zh=f"损失接受 logits，它们可以是任意数，而 {activation} 限制了它们的范围"
            + (f"：总有至少 {share(doubt)} 的概率留给错误的回答。" if doubt > DOUBT.value else _DIES.zh),
        ),
        evidence,
        "hidden_activation",
        (_LOGITS, *_for_classes(contract, asked)),
    )


def _doubt(contract: Contract) -> float:
    """The probability that the best possible logits still leave to the wrong answers."""
    low, high = RANGES[contract.output.activation]
    if contract.loss in BINARY:
        return 1 / (1 + math.exp(min(high, -low)))
    others = contract.output.units - 1
    return others / (others + math.exp(min(high - low, 700)))


def _many_sigmoids(contract: Contract, asked: Answers) -> Finding | None:
    units, one_of_many = contract.output.units, contract.loss in CATEGORICAL or contract.integer_labels
    if contract.output.activation not in SIGMOIDS or not one_of_many or contract.from_logits:
        return None
    if asked.form == "several_labels" or units < PAIR.value:
        return None
    pair = units == PAIR.value
    said = (
        Text(
            en="With 2 it works nearly like a softmax, but the outputs are no shares of 1.",
            zh="2 个单元时效果近似 softmax，但各输出之和不为 1。",
        )
        if pair
        else Text(
            en="The loss divides them by their sum, so they do not learn to say no on their own.",
            zh="损失会把它们除以总和，因此它们学不会各自说“不”。",
        )
    )
    evidence = _evidence(contract, PAIR, units, ">")
    return _finding(
        contract,
        "note" if pair else "warning",
        0.6 if pair else 0.85,
        Text(
            en=f"Exactly one of the classes is right, but the last layer has {units} separate sigmoids. {said.en}",
            zh=f"各类别中只有一个是对的，而最后一层是 {units} 个各自独立的 sigmoid。{said.zh}",
        ),
        (Evidence(evidence.what, units, ">", 1, "", PAIR.source, layer=evidence.layer) if pair else evidence,),
        "other_task",
        (_last_layer(units, "softmax"),),
    )


def _one_for_several(contract: Contract, asked: Answers) -> Finding | None:
    loss = contract.loss
    judged = loss in BINARY | CATEGORICAL or contract.regression
    if contract.output.activation != "softmax" or asked.form != "several_labels" or not judged or contract.from_logits:
        return None
    if asked.columns != contract.output.units:
        return None
    targets = contract.targets
    rows = targets.values.samples * math.prod(targets.values.shape[:-1])
    ones = sum(targets.counts) / rows if rows else 0.0
    weighing = loss in CATEGORICAL
    return _finding(
        contract,
        "warning" if weighing else "error",
        0.6 if weighing else 0.9,
        Text(
            en=f"Several labels can be right at once ({number(ones)} per answer on average), but softmax shares out 1 "
            "among them: the surer of one, the less sure of all others."
            + (" If only their ranking matters, that may be meant." if weighing else ""),
            zh=f"可能同时有多个标签正确（每个回答平均 {number(ones)} 个），而 softmax 让它们分享总和 1："
            "对一个越有把握，对其余就越没把握。" + ("如果只关心排序，这可能是有意的。" if weighing else ""),
        ),
        (_evidence(contract, ONES, ones, "<" if ones < ONES.value else ">"),),
        "other_task",
        (_last_layer(contract.output.units, "sigmoid"), _BINARY_LOSS),
    )


def _other_losses(contract: Contract, asked: Answers) -> Finding | None:
    """Poisson loss, Kullback-Leibler divergence and hinge."""
    output, loss = contract.output, contract.loss
    low = RANGES.get(output.activation, (-INFINITE, INFINITE))[0]
    if loss == "poisson" and low < NO.value and output.minimum < NO.value:
        negative = Text(
            en=f"Poisson loss takes the logarithm of the outputs, but {output.activation} gives negative ones: "
            f"{number(output.minimum)} in the first batch. The loss becomes NaN.",
            zh=f"泊松损失要对输出取对数，而 {output.activation} 会给出负数：第一个批次中有 {number(output.minimum)}。"
            "损失会变成 NaN。",
        )
        evidence = (_evidence(contract, NO, output.minimum, "<", _SEEN_LOWEST),)
        return _finding(contract, "error", 0.95, negative, evidence, "no_activation", (_POSITIVE,))
    if loss == "kl_divergence" and (output.minimum < NO.value or output.maximum > YES.value):
        outside = Text(
            en=f"The divergence compares shares from 0 to 1, but the outputs go from {number(output.minimum)} to "
            f"{number(output.maximum)} in the first batch. What lies outside is cut off.",
            zh=f"KL 散度比较 0 到 1 之间的份额，而第一个批次中的输出从 {number(output.minimum)} 到 "
            f"{number(output.maximum)}。超出的部分会被截断。",
        )
        evidence = (
            _evidence(contract, NO, output.minimum, "<", _SEEN_LOWEST)
            if output.minimum < NO.value
            else _evidence(contract, YES, output.maximum, ">", _SEEN_HIGHEST),
        )
        fix = (_last_layer(output.units, "softmax"),) if output.units > 1 else (_last_layer(1, "sigmoid"),)
        return _finding(contract, "error", 0.9, outside, evidence, "no_activation", fix)
    if loss in HINGE and low >= NO.value and asked.classes <= TWO_UNITS.value:
        one_side = Text(
            en=f"Hinge loss wants outputs of -1 and less for one class and 1 and more for the other, but "
            f"{output.activation} gives none below {whole(low)}: one class can never be met.",
            zh=f"合页损失要求一类的输出不大于 -1，另一类不小于 1，而 {output.activation} 的输出不会低于 {whole(low)}："
            "有一类永远无法满足。",
        )
        evidence = (Evidence(NO.what, low, ">", -1, "", _MARGIN, layer=output.name),)
        return _finding(contract, "warning", 0.8, one_side, evidence, "other_task", (_HINGE,))
    return None


def _sum_of_one(contract: Contract, asked: Answers) -> Finding | None:
    units = contract.output.units
    if contract.output.activation != "softmax" or asked.form != "numbers" or asked.columns != units:
        return None
    probabilities = asked.smallest >= NO.value and asked.largest <= YES.value  # others are told by wrong_loss
    judged = contract.regression or (contract.loss in BINARY | {"kl_divergence"} and probabilities)
    if not judged or contract.from_logits:
        return None
    total = contract.targets.values.mean * units
    if not abs(total - 1) > SUM_OFF.value:
        return None
    return _finding(
        contract,
        "error",
        0.9,
        Text(
            en=f"The {units} softmax outputs always sum to 1, but a row of the targets sums to {number(total)} on "
            "average.",
            zh=f"{units} 个 softmax 输出之和恒为 1，而目标每行之和平均为 {number(total)}。",
        ),
        (_evidence(contract, SUM_OFF, abs(total - 1), ">"),),
        "other_task",
        (_last_layer(units, "linear"),),
    )


def _out_of_reach(contract: Contract, asked: Answers) -> Finding | None:
    activation, values = contract.output.activation, contract.targets.values
    if not contract.regression or activation not in RANGES or asked.columns != contract.output.units:
        return None
    if asked.form not in ("numbers", "class_numbers") or (asked.classes > 2 and judged_by_accuracy(contract)):
        return None
    low, high = RANGES[activation]
    length = asked.largest - asked.smallest
    beyond = max(low - asked.smallest, 0.0) + max(asked.largest - high, 0.0)
    part = beyond / length if length > 0 else float(beyond > 0)
    if not min(part, 1.0) > TOLERATED.value:
        return None
    part = min(part, 1.0)
    common = values.mean - values.deviation < low or values.mean + values.deviation > high
    severe = part >= GOOD_PART.value and common
    return _finding(
        contract,
        "error" if severe else "warning",
        0.95 if severe else 0.7,
        Text(
            en=f"The targets go from {whole(asked.smallest)} to {whole(asked.largest)}, but {activation} only gives "
            f"{whole(low)} to {whole(high)}: {share(part)} of their range can never be reached.",
            zh=f"目标从 {whole(asked.smallest)} 到 {whole(asked.largest)}，而 {activation} 只能给出 {whole(low)} 到 "
            f"{whole(high)}：其范围的 {share(part)} 永远无法达到。",
        ),
        (_evidence(contract, TOLERATED, part, ">"),),
        "hidden_activation" if high > 1 else "other_task",
        (_last_layer(contract.output.units, "linear"), _SCALE),
    )


def _classifier(contract: Contract, asked: Answers) -> Finding | None:
    """ReLU or tanh before a distance to labels of 0 and 1."""
    activation, several = contract.output.activation, asked.form == "several_labels"
    labels = asked.form == "one_hot" or several or (asked.form == "class_numbers" and asked.classes == 2)
    if not contract.regression or activation not in LEARNS_SHARES or not labels:
        return None
    if asked.smallest != 0 or asked.largest != 1 or asked.columns != contract.output.units:
        return None
    fix = (_last_layer(contract.output.units, "softmax" if asked.form == "one_hot" else "sigmoid"),)
    if activation in TWO_SIDED:
        half = Text(
            en=f"The labels are 0 and 1, but {activation} gives -1 to 1: half of its range is never asked for.",
            zh=f"标签为 0 和 1，而 {activation} 的输出从 -1 到 1：其中一半范围从不会用到。",
        )
        return _finding(contract, "note", 0.6, half, (_evidence(contract, NO, -1, "<"),), "other_task", fix)
    dead = Text(
        en=f"The labels are 0 and 1, and the answers come from {activation}, whose slope is 0 below 0: a unit that "
        "once says 0 to all samples never learns again.",
        zh=f"标签为 0 和 1，而回答来自 {activation}，它在 0 以下的斜率为 0："
        "某个单元一旦对所有样本都输出 0，就再也学不动了。",
    )
    severity: Severity = "note" if several else "warning"
    return _finding(contract, severity, 0.6, dead, (_evidence(contract, SLOPE, 0, "<"),), "hidden_activation", fix)


def _for_classes(contract: Contract, asked: Answers) -> tuple[Remedy, ...]:
    units = contract.output.units
    sigmoid = contract.loss in BINARY and (units == 1 or asked.form != "one_hot")
    return (_last_layer(units, "sigmoid" if sigmoid else "softmax"),)


def _last_layer(units: int, activation: str) -> Remedy:
    written = f'Dense({units}, activation="{activation}")'
    return Remedy(
        "activation",
        Text(en=f"Let the last layer be {written}.", zh=f"把最后一层改为 {written}。"),
    )


def _evidence(
    contract: Contract, threshold: Threshold, measured: float, sign: str, what: Text | None = None
) -> Evidence:
    return Evidence(
        what or threshold.what,
        measured,
        "<" if sign == "<" else ">",
        threshold.value,
        threshold.unit,
        threshold.source,
        layer=contract.output.name,
    )


def _finding(
    contract: Contract,
    severity: Severity,
    confidence: float,
    summary: Text,
    evidence: Sequence[Evidence],
    cause: str,
    remedies: Sequence[Remedy],
) -> Finding:
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=confidence,
        summary=summary,
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, cause)[:1],
        remedies=tuple(remedies),
        layers=(contract.output.name,),
    )


_DIES = Text(
    en=" at 0, where its slope is 0: units can die for good.",
    zh="：输出不会低于 0，且 0 以下斜率为 0，单元可能永久死亡。",
)
_MARGIN = Text(en="hinge loss: a margin of 1 on either side of 0", zh="合页损失：0 两侧各有 1 的间隔")
_SEEN_LOWEST = Text(en="Smallest output of the first batch", zh="第一个批次的最小输出")
_SEEN_HIGHEST = Text(en="Largest output of the first batch", zh="第一个批次的最大输出")
_BINARY = Remedy(
    "binary",
    Text(
        en='For two classes: Dense(1, activation="sigmoid") with loss="binary_crossentropy".',
        zh='两个类别时：Dense(1, activation="sigmoid")，并设 loss="binary_crossentropy"。',
    ),
)
_BINARY_LOSS = Remedy(
    "binary_loss",
    Text(en='With it: loss="binary_crossentropy".', zh='同时设 loss="binary_crossentropy"。'),
)
_LOGITS = Remedy(
    "no_activation",
    Text(
        en="Take the activation out of the last layer: from_logits=True does the rest.",
        zh="去掉最后一层的激活函数：from_logits=True 会完成其余工作。",
    ),
)
_POSITIVE = Remedy(
    "positive",
    Text(
        en='For counts: Dense(1, activation="softplus") or activation="exponential".',
        zh='预测计数时：Dense(1, activation="softplus") 或 activation="exponential"。',
    ),
)
_HINGE = Remedy(
    "two_sided",
    Text(
        en='For hinge loss: Dense(1, activation="tanh"), or no activation.',
        zh='使用合页损失时：Dense(1, activation="tanh")，或不用激活函数。',
    ),
)
_SCALE = Remedy(
    "scale",
    Text(
        en="Or scale the targets into the range of the activation, and the predictions back.",
        zh="或者把目标缩放到激活函数的范围内，预测后再换算回来。",
    ),
)

PROBLEM = Problem(
    identifier="wrong_output_activation",
    title=Text(en="Wrong output activation", zh="输出层激活函数不对"),
    explanation=Text(
        en="The last activation is the scale on which the answers are written. A kitchen scale that ends at 1 kilogram "
        "cannot weigh a person, however good it is; a scale that always shows 1 weighs nothing at all. The scale must "
        "hold every answer that can be right.",
        zh="最后的激活函数就是书写回答的刻度。量程只有 1 公斤的厨房秤再精确也称不了人；永远显示 1 的秤什么也称不出。"
        "刻度必须容得下每一个可能正确的回答。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "one_share",
            Text(
                en="Softmax was kept while the units were cut down to one for two classes.",
                zh="二分类时把单元减为一个，却保留了 softmax。",
            ),
            Text(en="model.predict(x) is 1 for every sample.", zh="model.predict(x) 对每个样本都是 1。"),
        ),
        Cause(
            "hidden_activation",
            Text(
                en="The activation of the hidden layers was given to the last layer too.",
                zh="把隐藏层的激活函数也用到了最后一层。",
            ),
            Text(
                en="model.layers[-1].activation is the same as that of the layers before.",
                zh="model.layers[-1].activation 与前面各层相同。",
            ),
        ),
        Cause(
            "other_task",
            Text(
                en="The last layer was taken from another task: one class, several labels, or a number.",
                zh="最后一层取自另一类任务：多选一、多标签或数值预测。",
            ),
            Text(
                en="y holds what another last layer is made for: compare y[:5] with model.predict(x[:5]).",
                zh="y 的内容适合另一种末层：比较 y[:5] 与 model.predict(x[:5])。",
            ),
        ),
        Cause(
            "no_activation",
            Text(
                en="The last layer has no activation that keeps the outputs where the loss is defined.",
                zh="最后一层没有激活函数来保证输出处于损失的定义域内。",
            ),
            Text(
                en="model.predict(x) holds numbers below 0.",
                zh="model.predict(x) 中有小于 0 的数。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "activation",
            Text(
                en='Let the last layer fit the task: Dense(10, activation="softmax") for one of 10 classes, '
                'activation="sigmoid" for yes or no and for several labels, no activation for numbers.',
                zh='让最后一层与任务相符：10 类选一用 Dense(10, activation="softmax")，是非题和多标签用 '
                'activation="sigmoid"，预测数值不用激活函数。',
            ),
        ),
        _BINARY,
        _BINARY_LOSS,
        _LOGITS,
        _POSITIVE,
        _HINGE,
        _SCALE,
    ),
    check=_check,
    symptom_of=(
        Origin("wrong_loss", fits=lambda _, cause: cause.severity == "error"),
        Origin("wrong_output_units", fits=lambda _, cause: cause.severity == "error"),
    ),
)
