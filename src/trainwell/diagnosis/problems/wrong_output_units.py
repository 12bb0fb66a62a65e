"""Wrong number of output units: the last layer has more or fewer units than there are classes or columns to predict.

What it sees. Class numbers beyond the last unit or below 0; columns of the targets against the units, place by place as
Keras lays them side by side ((n,) fits (n, 1)); one unit that shall tell more than two classes apart; answers for more
or fewer time steps or pixels than the targets have; and, as a note, far more units than classes.

Why it hurts. With JAX, a class number without a unit becomes a row of zeros: its loss is 0, so these samples teach
nothing, and no error is raised. Numbers of another shape are stretched silently by distances: each unit is then pulled
towards all columns at once, and learns their mean.

When it stays silent. Everything fits; the ignored class is left out; shapes of another rank cannot be compared; softmax
on one unit, whatever the targets are, is told by wrong_output_activation; class numbers for a loss that wants one
column per class, and columns for a loss that wants class numbers, are told by loss_output_mismatch; whole numbers
learned by a distance are amounts unless accuracy is asked for. With weighted samples, a single number far outside may
be "no label": then it is a note. Where wrong_loss finds that classes are not meant at all, this is a symptom of it.

Thresholds. See `THRESHOLDS` below; the three first ones are exact. Spare units are told only where so many targets were
seen that a class of average frequency would hardly be missing among them.

Remedies. Another last layer starts anew; the layers before it can keep what they learned. Renumbering touches only the
targets.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.answers import (
    BINARY,
    CATEGORICAL,
    HINGE,
    SIGMOIDS,
    Answers,
    answers,
    judged_by_accuracy,
    places,
    softmax_on_one_unit,
    whole,
)
from trainwell.diagnosis.contract import DISTANCES, Contract
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

UNREACHED = Threshold(
    name="unreached",
    value=0,
    unit="share",
    what=Text(en="Targets whose class has no unit", zh="没有对应输出单元的目标占比"),
    source=Text(
        en="Keras: sparse cross-entropy takes class numbers from 0 to units - 1",
        zh="Keras：稀疏交叉熵的类别编号应在 0 到“单元数 - 1”之间",
    ),
)
DIFFERENCE = Threshold(
    name="difference",
    value=0,
    unit="",
    what=Text(en="Units against columns of the targets, difference", zh="输出单元数与目标列数之差"),
    source=Text(
        en="each column needs its own unit; NumPy's broadcasting hides a difference",
        zh="每一列都需要自己的输出单元；NumPy 的广播规则会掩盖差异",
    ),
)
TOLD_APART = Threshold(
    name="told_apart",
    value=2,
    unit="",
    what=Text(en="Classes for one unit", zh="一个输出单元要区分的类别数"),
    source=Text(
        en="one unit says how sure it is of class 1: yes or no, no third answer",
        zh="一个单元只能表示属于类别 1 的把握：是或否，没有第三种回答",
    ),
)
SPARE = Threshold(
    name="spare",
    value=2,
    unit="times",
    what=Text(en="Units per class number", zh="输出单元数与类别数之比"),
    source=Text(
        en="one spare unit is common (classes counted from 1); twice as many is no slip of counting",
        zh="多一个单元很常见（类别从 1 开始编号）；多出一倍则不是数错",
    ),
)
SEEN = Threshold(
    name="seen",
    value=10,
    unit="times",
    what=Text(en="Targets per unit", zh="每个输出单元对应的目标数"),
    source=Text(
        en="a class that has an equal share is missing among ten targets per class with a chance of exp(-10)",
        zh="若各类均匀，平均每类有十个目标时某一类缺席的概率为 exp(-10)",
    ),
)
THRESHOLDS = (UNREACHED, DIFFERENCE, TOLD_APART, SPARE, SEEN)
COMPARED = DISTANCES | BINARY | CATEGORICAL | HINGE | {"categorical_hinge", "poisson", "kl_divergence"}
WANT_COLUMNS = BINARY | CATEGORICAL | {"categorical_hinge"}


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None or not contract.loss or contract.output.units < 1 or softmax_on_one_unit(contract):
        return ()
    asked = answers(contract)
    checks = (_places, _class_numbers) if contract.integer_labels else (_places, _one_unit, _columns)
    found = (check(contract, asked) for check in checks)
    return next(([finding] for finding in found if finding), ())


def _places(contract: Contract, asked: Answers) -> Finding | None:
    if contract.loss not in COMPARED and not contract.integer_labels:
        return None
    differing = places(contract)
    if differing is None and contract.integer_labels and contract.targets.form == "class_numbers":
        differing = None if asked.columns in (1, None) else (asked.columns or 1, 1)
    if differing is None:
        return None
    wanted, given = differing
    gives = f"{given} {'answer' if given == 1 else 'answers'}"
    return _finding(
        contract,
        "error",
        0.95,
        Text(
            en=f"The network gives {gives} per sample, the targets hold {wanted}: shape {_shape(contract)} "
            f"against {contract.targets.values.shape}. They do not fit.",
            zh=f"网络对每个样本给出 {given} 个回答，而目标有 {wanted} 个：输出形状 {_shape(contract)}，"
            f"目标形状 {contract.targets.values.shape}，二者不匹配。",
        ),
        (_count(contract, Text(en="Answers per sample", zh="每个样本的回答数"), given, wanted, DIFFERENCE),),
        first_ones(PROBLEM.causes, "sequence"),
        first_ones(PROBLEM.remedies, "sequence"),
    )


def _class_numbers(contract: Contract, asked: Answers) -> Finding | None:
    if asked.form != "class_numbers":
        return None
    units = contract.output.units
    if asked.largest >= units or asked.smallest < 0:
        return _out_of_range(contract, asked)
    classes, targets = asked.largest + 1, sum(contract.targets.counts)
    if units >= SPARE.value * classes and targets >= SEEN.value * units:
        return _spare(contract, int(classes))
    return None


def _out_of_range(contract: Contract, asked: Answers) -> Finding:
    units, counts = contract.output.units, contract.targets.counts
    beyond = sum(count for number, count in enumerate(counts) if number >= units and number != contract.ignored_class)
    part = beyond / sum(counts) if counts and sum(counts) else 0.0
    evidence = [_share(contract, part)] if part else []
    if asked.largest >= units:
        evidence.append(_number(contract, Text(en="Largest class number", zh="最大的类别编号"), asked.largest, ">"))
    if asked.smallest < 0:
        evidence.append(_number(contract, Text(en="Smallest class number", zh="最小的类别编号"), asked.smallest, "<"))
    void = _may_mean_no_label(contract, asked)
    from_one = asked.smallest == 1 and asked.largest == units
    codes = ("no_label",) if void or asked.largest < units else ("from_one",) if from_one else ()
    told = f" ({share(part)})" if part else ""
    told_zh = f"（{share(part)}）" if part else ""
    return _finding(
        contract,
        "note" if void else "error",
        0.5 if void else 1.0,
        Text(
            en=f"The class numbers go from {whole(asked.smallest)} to {whole(asked.largest)}, but {units} "
            f"{'unit takes' if units == 1 else 'units take'} 0 to {units - 1}. Samples outside{told} have loss 0 with "
            "JAX: nothing is learned from them, and no error is raised.",
            zh=f"类别编号从 {whole(asked.smallest)} 到 {whole(asked.largest)}，而 {units} 个输出单元只对应 0 到 "
            f"{units - 1}。在 JAX 上，超出范围的样本{told_zh}损失为 0：不会从中学到任何东西，也不会报错。",
        ),
        evidence,
        first_ones(PROBLEM.causes, *codes),
        _class_remedies(asked, codes),
    )


def _class_remedies(asked: Answers, codes: Sequence[str]) -> tuple[Remedy, ...]:
    if "no_label" in codes:
        return first_ones(PROBLEM.remedies, "ignore_class", "renumber")
    if asked.classes == TOLD_APART.value and asked.smallest == 0 and asked.largest == 1:
        return (_BINARY, _units(2, "softmax"))
    if "from_one" in codes:
        return first_ones(PROBLEM.remedies, "renumber")
    return (_units(int(asked.largest) + 1, "softmax"), *first_ones(_others("units"), "renumber"))


def _may_mean_no_label(contract: Contract, asked: Answers) -> bool:
    """Whether weights may take the samples outside out of the loss: only one number, far from the classes or below."""
    units = contract.output.units
    beyond = [number for number, count in enumerate(contract.targets.counts) if count and number >= units]
    if not contract.class_weighted or len(beyond) + (asked.smallest < 0) != 1:
        return False
    return not beyond or beyond[0] > units


def _spare(contract: Contract, classes: int) -> Finding:
    units = contract.output.units
    return _finding(
        contract,
        "note",
        0.7,
        Text(
            en=f"The last layer has {units} units, but the largest class number is {classes - 1}: {units - classes} "
            "units never see a sample of theirs. That works, and only costs time and memory.",
            zh=f"最后一层有 {units} 个单元，而最大的类别编号是 {classes - 1}：有 {units - classes} 个单元从未见过"
            "属于自己的样本。训练可以进行，只是浪费时间和内存。",
        ),
        (
            Evidence(
                SPARE.what, units / classes, ">", SPARE.value, SPARE.unit, SPARE.source, layer=contract.output.name
            ),
        ),
        first_ones(PROBLEM.causes, "wrong_count"),
        (_units(classes, "softmax"),),
    )


def _one_unit(contract: Contract, asked: Answers) -> Finding | None:
    loss, classes = contract.loss, asked.classes
    as_classes = loss in BINARY | HINGE or (
        loss in DISTANCES and judged_by_accuracy(contract) and contract.output.activation in SIGMOIDS
    )
    several = asked.form == "class_numbers" and classes > TOLD_APART.value
    if contract.output.units != 1 or not several or not as_classes:
        return None
    return _finding(
        contract,
        "error",
        0.95,
        Text(
            en=f"There are {classes} classes ({whole(asked.smallest)} to {whole(asked.largest)}), but the last layer "
            "has 1 unit, which can only tell 2 apart.",
            zh=f"共有 {classes} 个类别（编号 {whole(asked.smallest)} 到 {whole(asked.largest)}），"
            "但最后一层只有 1 个单元，只能区分 2 个类别。",
        ),
        (_count(contract, TOLD_APART.what, classes, int(TOLD_APART.value), TOLD_APART),),
        first_ones(PROBLEM.causes, "wrong_count"),
        (_units(max(classes, int(asked.largest) + 1), "softmax"), _SPARSE_LOSS),
    )


def _columns(contract: Contract, asked: Answers) -> Finding | None:
    columns, units = asked.columns, contract.output.units
    labels_for_columns = asked.form == "class_numbers" and contract.loss in WANT_COLUMNS
    if contract.loss not in COMPARED or columns is None or labels_for_columns:
        return None
    if abs(columns - units) <= DIFFERENCE.value:
        return None
    stretched = 1 in (columns, units) and contract.loss not in WANT_COLUMNS
    follows = (
        Text(en="Keras stretches one over the other without a word.", zh="Keras 会不声不响地把一方拉伸到另一方。")
        if stretched
        else Text(en="They cannot be compared.", zh="二者无法比较。")
    )
    remedies: tuple[Remedy, ...] = (_units(columns, _suited(contract, asked)),)
    if asked.form == "class_numbers" and asked.largest < units:
        remedies = (_SPARSE_LOSS, *remedies)
    return _finding(
        contract,
        "error",
        0.95,
        Text(
            en=f"The targets have {columns} {'column' if columns == 1 else 'columns'} (shape "
            f"{contract.targets.values.shape}), the last layer has {units} {'unit' if units == 1 else 'units'}. "
            + follows.en,
            zh=f"目标有 {columns} 列（形状 {contract.targets.values.shape}），最后一层有 {units} 个单元。" + follows.zh,
        ),
        (_count(contract, Text(en="Units of the last layer", zh="最后一层的单元数"), units, columns, DIFFERENCE),),
        first_ones(PROBLEM.causes, "wrong_count"),
        remedies,
    )


def _suited(contract: Contract, asked: Answers) -> str:
    """The activation to name in a remedy: that of the task, or the one that is there."""
    if contract.from_logits:
        return "linear"
    return {"one_hot": "softmax", "several_labels": "sigmoid"}.get(asked.form, contract.output.activation)


def _shape(contract: Contract) -> str:
    lengths = ", ".join(str(length) for length in contract.output.shape)
    return f"({lengths},)" if len(contract.output.shape) == 1 else f"({lengths})"


def _count(contract: Contract, what: Text, given: int, wanted: int, threshold: Threshold) -> Evidence:
    comparison = "<" if given < wanted else ">"
    return Evidence(what, given, comparison, wanted, "", threshold.source, layer=contract.output.name)


def _share(contract: Contract, part: float) -> Evidence:
    source = UNREACHED.source
    return Evidence(UNREACHED.what, part, ">", UNREACHED.value, UNREACHED.unit, source, layer=contract.output.name)


def _number(contract: Contract, what: Text, value: float, comparison: str) -> Evidence:
    if comparison == ">":
        last = contract.output.units - 1
        return Evidence(what, value, ">", last, "", UNREACHED.source, layer=contract.output.name)
    return Evidence(what, value, "<", 0, "", UNREACHED.source, layer=contract.output.name)


def _finding(
    contract: Contract,
    severity: Severity,
    confidence: float,
    summary: Text,
    evidence: Sequence[Evidence],
    causes: Sequence[Cause],
    remedies: Sequence[Remedy],
) -> Finding:
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=confidence,
        summary=summary,
        evidence=tuple(evidence),
        causes=tuple(causes),
        remedies=tuple(remedies),
        layers=(contract.output.name,),
    )


def _units(units: int, activation: str) -> Remedy:
    layer = f'Dense({units}, activation="{activation}")'
    return Remedy(
        "units",
        Text(
            en=f"Give the last layer one unit per class or column: {layer}.",
            zh=f"让最后一层单元数与类别或列数一致：{layer}。",
        ),
    )


def _others(*codes: str) -> tuple[Remedy, ...]:
    return tuple(remedy for remedy in PROBLEM.remedies if remedy.code not in codes)


_BINARY = Remedy(
    "binary",
    Text(
        en='For two classes: Dense(1, activation="sigmoid") with loss="binary_crossentropy".',
        zh='两个类别时：Dense(1, activation="sigmoid")，并设 loss="binary_crossentropy"。',
    ),
)
_SPARSE_LOSS = Remedy(
    "sparse_loss",
    Text(
        en='For class numbers: loss="sparse_categorical_crossentropy".',
        zh='目标为类别编号时：loss="sparse_categorical_crossentropy"。',
    ),
)

PROBLEM = Problem(
    identifier="wrong_output_units",
    title=Text(en="Wrong number of output units", zh="输出单元数不对"),
    explanation=Text(
        en="The last layer is a row of letter boxes, one for each possible answer. With fewer boxes than answers some "
        "letters have no box and are lost; a letter for another house ends in a wrong box. The number of units must be "
        "the number of classes, or the number of columns to predict.",
        zh="最后一层就像一排信箱，每种可能的回答对应一个。信箱比回答少，有些信就无处可投、就此丢失；"
        "投错了楼，信就进了别人的信箱。单元数必须等于类别数，或等于要预测的列数。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "wrong_count",
            Text(
                en="The classes or columns were counted wrongly, or the layer comes from another task.",
                zh="类别或列数数错了，或者该层取自另一个任务。",
            ),
            Text(
                en="numpy.unique(y) or y.shape shows another number than the layer's units.",
                zh="numpy.unique(y) 或 y.shape 给出的数目与该层单元数不同。",
            ),
        ),
        Cause(
            "from_one",
            Text(en="The classes are counted from 1 instead of 0.", zh="类别从 1 而不是从 0 开始编号。"),
            Text(en="y.min() is 1 and y.max() is the number of units.", zh="y.min() 为 1，y.max() 等于单元数。"),
        ),
        Cause(
            "no_label",
            Text(
                en="A number such as -1 or 255 stands for “no label”.",
                zh="用 -1 或 255 之类的编号表示“没有标签”。",
            ),
            Text(
                en="All samples outside carry this one number.",
                zh="所有超出范围的样本都是这同一个编号。",
            ),
        ),
        Cause(
            "sequence",
            Text(
                en="The last recurrent layer gives all time steps where one answer is wanted, or the other way round.",
                zh="最后的循环层输出了所有时间步，而任务只要一个回答，或者相反。",
            ),
            Text(
                en="model.output_shape has one axis more or less than y.shape, or one of another length.",
                zh="model.output_shape 比 y.shape 多或少一个轴，或某个轴长度不同。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "units",
            Text(
                en='Give the last layer one unit per class or column, e.g. Dense(10, activation="softmax") for 10 '
                "classes.",
                zh='让最后一层单元数与类别或列数一致，例如 10 个类别用 Dense(10, activation="softmax")。',
            ),
        ),
        Remedy(
            "renumber",
            Text(
                en="Number the classes from 0 without gaps: y = numpy.unique(y, return_inverse=True)[1].",
                zh="把类别从 0 起连续编号：y = numpy.unique(y, return_inverse=True)[1]。",
            ),
        ),
        Remedy(
            "ignore_class",
            Text(
                en="If a number means “no label”, say so: keras.losses.SparseCategoricalCrossentropy(ignore_class=-1).",
                zh="若某个编号表示“没有标签”，请写明：keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)。",
            ),
        ),
        Remedy(
            "sequence",
            Text(
                en="For one answer per sample set return_sequences=False in the last recurrent layer; for one per step "
                "set it to True and give one target per step.",
                zh="每个样本只要一个回答时，把最后一个循环层设为 return_sequences=False；"
                "每步都要回答时设为 True，并给出每步的目标。",
            ),
        ),
    ),
    check=_check,
    symptom_of=(Origin("wrong_loss", fits=lambda _, cause: cause.severity == "error"),),
)
