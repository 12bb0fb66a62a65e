"""Wrong loss: the loss measures something else than what is wanted of the answers.

What it sees. Class numbers learned by a distance, as if class 2 lay between 1 and 3; labels of 0 and 1 learned by a
distance; a cross-entropy of numbers that are no probabilities; accuracy of a regression.

Why it hurts. A distance pulls towards the mean: an animal that is half cat (0), half horse (2) becomes a dog (1). A
mean absolute error pulls with the same force however wrong an answer is, and settles on the commoner class (Zhang &
Sabuncu 2018). A squared error of softmax or sigmoid has almost no slope where the answer is surely wrong (Golik,
Doetsch & Ney 2013; Glorot & Bengio 2010). A cross-entropy of targets outside 0..1 has no lowest value.

When it stays silent. Classes have a cross-entropy or hinge, numbers a distance or Poisson loss; 0 and 1 in one column
are learned by a squared error (works); probabilities between 0 and 1 by a cross-entropy; pictures of 0 and 1 in several
columns by a squared error; accuracy of targets within 0..1. Whole numbers learned by a distance are taken for amounts
unless accuracy is asked for; at most a note says what they look like. Shapes that do not fit, and one sigmoid for more
than two classes, are told by wrong_output_units; two labels other than 0 and 1, and a categorical cross-entropy of one
unit, by loss_output_mismatch; softmax on one unit by wrong_output_activation.

Thresholds. See `THRESHOLDS` below.

Remedies. Another loss changes what is learned, not what is known: it can be exchanged for any network whose last layer
fits.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.answers import (
    BINARY,
    CATEGORICAL,
    PROBABILITIES,
    SIGMOIDS,
    Answers,
    answers,
    judged_by_accuracy,
    softmax_on_one_unit,
    whole,
)
from trainwell.diagnosis.contract import Contract
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Problem, Threshold, first_ones
from trainwell.locales import Text

ORDERED = Threshold(
    name="ordered",
    value=2,
    unit="",
    what=Text(en="Classes learned as amounts", zh="被当作数量来学习的类别数"),
    source=Text(
        en="two classes have no third between them; of more, the numbers say nothing about how near they are",
        zh="两个类别之间没有第三个；类别更多时，编号并不表示彼此远近",
    ),
)
LOOKS_LIKE_CLASSES = Threshold(
    name="looks_like_classes",
    value=20,
    unit="",
    what=Text(en="Different whole numbers in a row that are still few", zh="仍算少的连续整数个数"),
    source=Text(
        en="ages, prices and most counts have more; stars, marks and classes have fewer; chosen by us, for a note only",
        zh="年龄、价格和多数计数更多；星级、分数等级和类别更少；由我们选定，仅用于提示",
    ),
)
NO = Threshold(
    name="no",
    value=0,
    unit="",
    what=Text(en="Smallest target", zh="最小的目标值"),
    source=Text(en="a probability is at least 0", zh="概率不小于 0"),
)
YES = Threshold(
    name="yes",
    value=1,
    unit="",
    what=Text(en="Largest target", zh="最大的目标值"),
    source=Text(en="a probability is at most 1", zh="概率不大于 1"),
)
ROUNDING = Threshold(
    name="rounding",
    value=1e-5,
    unit="",
    what=Text(en="What a probability may miss 0 or 1 by", zh="概率允许超出 0 或 1 的量"),
    source=Text(
        en="float32 has seven digits; sums of shares and pictures divided by 255 miss 1 by less",
        zh="float32 有七位有效数字；份额之和、除以 255 的图像与 1 的误差小于此值",
    ),
)
GROWING = Threshold(
    name="growing",
    value=10,
    unit="times",
    what=Text(
        en="Pull on an answer that is wrong by 1, against one that is wrong by 0.1",
        zh="误差为 1 的回答所受的拉力与误差为 0.1 时之比",
    ),
    source=Text(
        en="a squared error pulls 10 times as hard; mean absolute error pulls on both alike and learns classes badly "
        "(Ghosh, Kumar & Sastry 2017; Zhang & Sabuncu 2018)",
        zh="平方误差的拉力为 10 倍；平均绝对误差对二者一样，学习类别的效果差"
        "（Ghosh、Kumar 与 Sastry 2017；Zhang 与 Sabuncu 2018）",
    ),
)
SLOPE = Threshold(
    name="slope",
    value=0.5,
    unit="",
    what=Text(en="Pull on an output that gives the right class 1%", zh="对正确类别只给 1% 时输出所受的拉力"),
    source=Text(
        en="cross-entropy has 0.99; half of it (Golik, Doetsch & Ney 2013; Glorot & Bengio 2010 for the plateaus)",
        zh="交叉熵为 0.99，此处取其一半（Golik、Doetsch 与 Ney 2013；平台现象见 Glorot 与 Bengio 2010）",
    ),
)
DIVISOR = Threshold(
    name="divisor",
    value=1e-3,
    unit="",
    what=Text(en="Smallest target that the loss divides by", zh="损失所除以的最小目标值"),
    source=Text(
        en="Keras divides by 1e-7 where a target is 0: such a target weighs ten million times as much as a 1",
        zh="目标为 0 时 Keras 除以 1e-7：其权重是目标为 1 时的一千万倍",
    ),
)
THRESHOLDS = (ORDERED, LOOKS_LIKE_CLASSES, NO, YES, ROUNDING, GROWING, SLOPE, DIVISOR)
SLOPES = {"mean_squared_error": 1.98, "huber": 0.99, "log_cosh": 0.76, "mean_squared_logarithmic_error": 1.35}
SURELY_WRONG = 0.01
MAE, MAPE = "mean_absolute_error", "mean_absolute_percentage_error"


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None or not contract.loss or softmax_on_one_unit(contract):
        return ()
    asked = answers(contract)
    checks = (
        (_numbers_as_probabilities,)
        if contract.crossentropy or contract.loss == "kl_divergence"
        else (_classes_as_amounts, _labels_by_distance, _accuracy_of_numbers)
    )
    found = (check(contract, asked) for check in checks)
    return next(([finding] for finding in found if finding), ())


def _numbers_as_probabilities(contract: Contract, asked: Answers) -> Finding | None:
    if contract.integer_labels:
        return _no_class_numbers(contract, asked) if contract.targets.form == "numbers" else None
    if asked.form != "numbers" or asked.columns is None:
        return None
    below, above = asked.smallest < -ROUNDING.value, asked.largest > YES.value + ROUNDING.value
    two_labels = contract.loss in BINARY and contract.targets.different == 2
    one_unit = contract.loss in CATEGORICAL and contract.output.units == 1
    if not (below or above) or two_labels or one_unit:
        return None
    counted = above and not below and contract.loss in CATEGORICAL
    evidence: list[Evidence] = []
    if below:
        evidence.append(_evidence(contract, NO, asked.smallest, "<"))
    if above:
        evidence.append(_evidence(contract, YES, asked.largest, ">"))
    return _finding(
        contract,
        "warning" if counted else "error",
        0.6 if counted else 0.95,
        Text(
            en=f'The loss "{contract.loss}" takes probabilities from 0 to 1 as targets, but they go from '
            f"{whole(asked.smallest)} to {whole(asked.largest)}."
            + (
                " If they are counts of each class, that may be meant."
                if counted
                else f" {_CUT.en}"
                if contract.loss not in BINARY | CATEGORICAL
                else " It then has no lowest value."
            ),
            zh=f"损失“{contract.loss}”要求目标为 0 到 1 之间的概率，而这里的目标从 {whole(asked.smallest)} 到 "
            f"{whole(asked.largest)}。"
            + (
                "如果它们是各类别的计数，这可能是有意的。"
                if counted
                else _CUT.zh
                if contract.loss not in BINARY | CATEGORICAL
                else "这样损失就没有最小值。"
            ),
        ),
        evidence,
        "no_labels",
        ("distance", "scale"),
    )


def _no_class_numbers(contract: Contract, asked: Answers) -> Finding:
    different = contract.targets.different
    return _finding(
        contract,
        "error",
        0.95,
        Text(
            en=f'The loss "{contract.loss}" takes class numbers 0, 1, 2 and so on, but the targets are {different} '
            f"different numbers from {whole(asked.smallest)} to {whole(asked.largest)}. Keras cuts off what stands "
            "behind the point.",
            zh=f"损失“{contract.loss}”要求 0、1、2 这样的类别编号，而目标是从 {whole(asked.smallest)} 到 "
            f"{whole(asked.largest)} 的 {different} 个不同数值。Keras 会舍去小数部分。",
        ),
        (
            Evidence(
                Text(en="Different targets that are no class numbers", zh="不是类别编号的不同目标值个数"),
                different,
                ">",
                NO.value,
                "",
                Text(en="Keras: sparse losses take class numbers", zh="Keras：sparse 类损失要求类别编号"),
                layer=contract.output.name,
            ),
        ),
        "no_labels",
        ("distance",) if different > ORDERED.value else ("binary", "sparse"),
    )


def _classes_as_amounts(contract: Contract, asked: Answers) -> Finding | None:
    classes, activation = asked.classes, contract.output.activation
    one_amount = contract.output.units == 1 and asked.form == "class_numbers" and classes > ORDERED.value
    if not contract.regression or not one_amount:
        return None
    if judged_by_accuracy(contract):
        return None if activation in SIGMOIDS else _as_amounts(contract, asked)
    in_a_row = asked.smallest in (0, 1) and asked.largest - asked.smallest == classes - 1
    if not in_a_row or classes > LOOKS_LIKE_CLASSES.value or activation in PROBABILITIES:
        return None
    return _finding(
        contract,
        "note",
        0.35,
        Text(
            en=f"The targets are {classes} whole numbers, {whole(asked.smallest)} to {whole(asked.largest)}, learned "
            "as amounts. That is right for marks or counts. If they are names of classes, it is not.",
            zh=f"目标是 {whole(asked.smallest)} 到 {whole(asked.largest)} 的 {classes} 个整数，被当作数量来学习。"
            "对评分或计数而言这是对的；如果它们是类别的代号，则不对。",
        ),
        (_evidence(contract, ORDERED, classes, ">"),),
        "as_amounts",
        ("sparse",),
        asked,
    )


def _as_amounts(contract: Contract, asked: Answers) -> Finding:
    return _finding(
        contract,
        "error",
        0.85,
        Text(
            en=f"There are {asked.classes} classes ({whole(asked.smallest)} to {whole(asked.largest)}), but the loss "
            f'"{contract.loss}" learns one amount: class 1 counts as lying between 0 and 2. Accuracy is asked for, so '
            "they are meant as classes.",
            zh=f"共有 {asked.classes} 个类别（{whole(asked.smallest)} 到 {whole(asked.largest)}），而损失"
            f"“{contract.loss}”学习的是一个数量：类别 1 被看作介于 0 和 2 之间。既然要求准确率，它们应当是类别。",
        ),
        (_evidence(contract, ORDERED, asked.classes, ">"),),
        "as_amounts",
        ("sparse",),
        asked,
    )


def _labels_by_distance(contract: Contract, asked: Answers) -> Finding | None:
    zero_one = asked.smallest == 0 and asked.largest == 1 and asked.columns == contract.output.units
    if not contract.regression or asked.form == "numbers" or not zero_one:
        return None
    if contract.loss == MAPE:
        return _divided_by_zero(contract, asked)
    if contract.loss == MAE:
        return _same_pull(contract, asked)
    activation = contract.output.activation
    pull = SLOPES.get(contract.loss, 0.0) * SURELY_WRONG * (1 - SURELY_WRONG)
    if asked.form != "one_hot" or activation not in PROBABILITIES or pull >= SLOPE.value:
        return None
    return _finding(
        contract,
        "note",
        0.6,
        Text(
            en=f'The {asked.classes} classes are learned with the loss "{contract.loss}". It works, but where an '
            f"answer is surely wrong it pulls with {pull:.3g} instead of 0.99, so learning starts slowly.",
            zh=f"{asked.classes} 个类别用损失“{contract.loss}”来学习。这可以奏效，但当回答确信却错误时，拉力只有 "
            f"{pull:.3g} 而不是 0.99，因此起步较慢。",
        ),
        (_evidence(contract, SLOPE, pull, "<"),),
        "from_regression",
        ("categorical",),
    )


def _divided_by_zero(contract: Contract, asked: Answers) -> Finding:
    return _finding(
        contract,
        "error",
        0.9,
        Text(
            en=f'The loss "{contract.loss}" divides by the target, and many labels are {whole(asked.smallest)}: Keras '
            "divides by 1e-7 there. Only these are learned.",
            zh=f"损失“{contract.loss}”以目标为除数，而许多标签为 {whole(asked.smallest)}：Keras 此时除以 1e-7。"
            "网络只会学习这些样本。",
        ),
        (_evidence(contract, DIVISOR, asked.smallest, "<"),),
        "from_regression",
        _suited(asked),
    )


def _same_pull(contract: Contract, asked: Answers) -> Finding:
    pictures = asked.form == "several_labels"
    return _finding(
        contract,
        "note" if pictures else "warning",
        0.5 if pictures else 0.8,
        Text(
            en=f"Labels of {whole(asked.smallest)} and {whole(asked.largest)} are learned with the loss "
            f'"{contract.loss}", which pulls with the same force (1 time) however wrong an answer is. It tends to say '
            "the commoner class for all.",
            zh=f"标签 {whole(asked.smallest)} 和 {whole(asked.largest)} 用损失“{contract.loss}”来学习，"
            "无论回答错得多离谱，拉力都一样（1 倍）。它往往对所有样本都回答较常见的类别。",
        ),
        (_evidence(contract, GROWING, 1, "<"),),
        "from_regression",
        _suited(asked),
    )


def _suited(asked: Answers) -> tuple[str, ...]:
    return ("categorical",) if asked.form == "one_hot" else ("binary",)


def _accuracy_of_numbers(contract: Contract, asked: Answers) -> Finding | None:
    numbers = contract.targets.form == "numbers" and contract.targets.different > ORDERED.value
    if not judged_by_accuracy(contract) or not numbers or not (contract.regression or contract.loss == "poisson"):
        return None
    if NO.value <= asked.smallest and asked.largest <= YES.value:
        return None
    different = contract.targets.different
    return _finding(
        contract,
        "note",
        0.9,
        Text(
            en=f"Accuracy counts answers that are exactly right, but the targets are {different} different numbers: it "
            "stays near 0 and says nothing.",
            zh=f"准确率统计完全正确的回答，而目标有 {different} 个不同的数值：它会一直接近 0，毫无意义。",
        ),
        (
            Evidence(
                Text(en="Different targets", zh="不同目标值的个数"),
                different,
                ">",
                ORDERED.value,
                "",
                Text(
                    en="accuracy is for classes; Keras compares one output with 0.5",
                    zh="准确率用于类别；只有一个输出时 Keras 与 0.5 比较",
                ),
                layer=contract.output.name,
            ),
        ),
        "accuracy",
        ("mae",),
    )


def _evidence(contract: Contract, threshold: Threshold, measured: float, sign: str) -> Evidence:
    comparison = "<" if sign == "<" else ">"
    layer, unit, source = contract.output.name, threshold.unit, threshold.source
    return Evidence(threshold.what, measured, comparison, threshold.value, unit, source, layer=layer)


def _finding(
    contract: Contract,
    severity: Severity,
    confidence: float,
    summary: Text,
    evidence: Sequence[Evidence],
    cause: str,
    remedies: Sequence[str],
    asked: Answers | None = None,
) -> Finding:
    chosen: tuple[Remedy, ...] = first_ones(PROBLEM.remedies, *remedies)[: len(remedies)]
    if asked is not None:
        chosen = tuple(_with_units(one, int(asked.largest) + 1) if one.code == "sparse" else one for one in chosen)
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=confidence,
        summary=summary,
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, cause)[:1],
        remedies=chosen,
        layers=(contract.output.name,),
    )


def _with_units(remedy: Remedy, units: int) -> Remedy:
    layer = f'Dense({units}, activation="softmax")'
    return Remedy(
        remedy.code,
        Text(
            en=f'For {units} classes: {layer} with loss="sparse_categorical_crossentropy".',
            zh=f'{units} 个类别时：{layer}，并设 loss="sparse_categorical_crossentropy"。',
        ),
    )


_CUT = Text(en="Keras cuts off what lies outside.", zh="Keras 会截断超出范围的部分。")

PROBLEM = Problem(
    identifier="wrong_loss",
    title=Text(en="Wrong loss", zh="损失函数不对"),
    explanation=Text(
        en="The loss says what a good answer is. Asked for an animal, nobody would count a dog as half way between cat "
        "and horse; asked for a price, nobody would call each price right or wrong. Whoever trains with the wrong "
        "measure gets what was measured, not what was meant.",
        zh="损失函数规定什么是好的回答。问是什么动物，没有人会把狗算作猫和马的中间；问价格，也没有人只判对或错。"
        "用错了尺子来训练，得到的就是尺子量的东西，而不是想要的东西。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "as_amounts",
            Text(
                en="The class numbers are names, but they were taken for amounts.",
                zh="类别编号只是代号，却被当作了数量。",
            ),
            Text(
                en="Numbering the classes in another order changes the result.",
                zh="换一种顺序给类别编号，结果就会改变。",
            ),
        ),
        Cause(
            "from_regression",
            Text(en="The loss was taken from a regression.", zh="损失取自回归任务。"),
            Text(
                en="With cross-entropy the same network learns faster from the same weights.",
                zh="从相同权重出发，改用交叉熵后学得更快。",
            ),
        ),
        Cause(
            "no_labels",
            Text(
                en="The targets are numbers, or pictures that were not scaled to 0..1.",
                zh="目标是数值，或是没有缩放到 0..1 的图像。",
            ),
            Text(en="y.min() is below 0, or y.max() above 1.", zh="y.min() 小于 0，或 y.max() 大于 1。"),
        ),
        Cause(
            "accuracy",
            Text(en="The metric was taken from a classification.", zh="指标取自分类任务。"),
            Text(en="It stays near 0 while the loss falls.", zh="损失下降时它仍接近 0。"),
        ),
    ),
    remedies=(
        Remedy(
            "sparse",
            Text(
                en='For class numbers: Dense(number of classes, activation="softmax") with '
                'loss="sparse_categorical_crossentropy".',
                zh='目标为类别编号时：Dense(类别数, activation="softmax")，并设 '
                'loss="sparse_categorical_crossentropy"。',
            ),
        ),
        Remedy(
            "categorical",
            Text(
                en='For one-hot labels: activation="softmax" and loss="categorical_crossentropy".',
                zh='目标为独热编码时：activation="softmax"，loss="categorical_crossentropy"。',
            ),
        ),
        Remedy(
            "binary",
            Text(
                en='For yes or no, and for several labels: activation="sigmoid" and loss="binary_crossentropy".',
                zh='是非题和多标签：activation="sigmoid"，loss="binary_crossentropy"。',
            ),
        ),
        Remedy(
            "distance",
            Text(
                en='To predict numbers: no activation in the last layer and loss="mean_squared_error" (or "huber").',
                zh='预测数值时：最后一层不用激活函数，loss="mean_squared_error"（或 "huber"）。',
            ),
        ),
        Remedy(
            "scale",
            Text(
                en="If they are pictures: divide the targets by 255, so that they lie within 0..1.",
                zh="如果目标是图像：除以 255，使其落在 0..1 内。",
            ),
        ),
        Remedy(
            "mae",
            Text(
                en='For numbers: metrics=["mean_absolute_error"], or "r2_score".',
                zh='预测数值时：metrics=["mean_absolute_error"] 或 "r2_score"。',
            ),
        ),
    ),
    check=_check,
)
