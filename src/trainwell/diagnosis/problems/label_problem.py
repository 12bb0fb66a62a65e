"""Label problem: the targets are all the same, or have nothing to do with the inputs, so there is nothing to learn.

What it sees. How many different targets there are; whether simple models (nearest neighbours, a linear model) predict
them better than chance on samples they were not fitted on; and, after a training, whether the network does on samples
held out.

Why it hurts. A network that always gives the one answer has a loss of 0; the training looks perfect and has learned
nothing about the inputs. With shuffled labels it can only learn every sample by heart.

When it stays silent. Two different targets, and a simple model or the network does better than chance. Before a
training nothing is said of labels that look shuffled: some tasks are too hard for simple models and easy for a network.
Numbers that do not go with the last layer belong to `wrong_output_units` and `loss_output_mismatch`.

Thresholds. Two different targets; three standard errors above chance.

Remedies. All are about the data; none is a setting.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainwell.diagnosis.contract import SimpleModel
from trainwell.diagnosis.course import course
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

TWO = Threshold(
    name="two",
    value=2,
    unit="",
    what=Text(en="Different targets", zh="不同目标的个数"),
    source=Text(en="one answer for all needs no network", zh="所有答案都相同时，不需要网络"),
)


CHANCE = Threshold(
    name="chance",
    value=3,
    unit="times",
    what=Text(
        en="Validation accuracy above that of saying the commonest class, in standard errors",
        zh="验证准确率高出“总猜最常见类别”的幅度（以标准误为单位）",
    ),
    source=Text(en="three standard errors: one in a thousand by chance", zh="三个标准误：偶然出现的概率约千分之一"),
)
SIMPLE = Threshold(
    name="simple",
    value=3,
    unit="times",
    what=Text(
        en="Score of the best simple model above chance, in standard errors",
        zh="最佳简单模型高出随机水平的幅度（以标准误为单位）",
    ),
    source=CHANCE.source,
)
RARE = 0.8  # share of the commonest class, above which the others are too few to tell chance from skill
ENOUGH = 100  # samples that simple models were scored on, below which chance and skill look alike


def _check(facts: Facts) -> Sequence[Finding]:
    return _constant(facts) or _shuffled(facts)


def _shuffled(facts: Facts) -> tuple[Finding, ...]:
    """Nothing predicts the labels: neither simple models nor the trained network."""
    simple, run = facts.contract.simple if facts.contract else None, course(facts)
    if simple is None or run is None or simple.samples < ENOUGH or simple.better_than_chance:
        return ()
    if (facts.trivial_accuracy or 0) > RARE:
        return ()
    above = _above_chance(facts)
    if above is None or above > CHANCE.value:
        return ()
    by_heart = not run.progress.learned_nothing
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="warning",
            confidence=0.8 if by_heart else 0.6,
            summary=Text(
                en="Nothing predicts these labels: on samples not learned from, simple models and the network are no "
                "better than chance" + (", while the training samples are learned by heart." if by_heart else "."),
                zh="没有任何方法能预测这些标签：在未学过的样本上，简单模型和网络都不比随机猜测好"
                + ("，而训练样本却被死记硬背。" if by_heart else "。"),
            ),
            evidence=(
                Evidence(CHANCE.what, above, "<", CHANCE.value, CHANCE.unit, CHANCE.source),
                Evidence(SIMPLE.what, _in_errors(simple), "<", SIMPLE.value, SIMPLE.unit, SIMPLE.source),
            ),
            causes=first_ones(PROBLEM.causes, "shuffled"),
            remedies=first_ones(PROBLEM.remedies, "pair"),
        ),
    )


def _in_errors(simple: SimpleModel) -> float:
    return (simple.score - simple.chance) / simple.error if simple.error > 0 else 0.0


def _above_chance(facts: Facts) -> float | None:
    """The best validation accuracy above the trivial one, in standard errors; None if not known."""
    found = [epoch["val_accuracy"] for epoch in facts.recording.epochs if "val_accuracy" in epoch]
    samples, trivial = facts.validation_samples, facts.trivial_accuracy
    if not found or not samples or trivial is None or not 0 < trivial < 1:
        return None
    return (max(found) - trivial) / math.sqrt(trivial * (1 - trivial) / samples)


def _constant(facts: Facts) -> tuple[Finding, ...]:
    contract = facts.contract
    if contract is None:
        return ()
    targets = contract.targets
    present = [place for place, count in enumerate(targets.counts) if count]
    if targets.form == "one_hot":
        different, only = len(present), str(present[0]) if present else ""
    else:
        different, only = targets.different, number(targets.values.minimum)
    if different != 1:
        return ()
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="error",
            confidence=0.95,
            summary=Text(
                en=f"All {targets.values.samples:,} targets are the same ({only}): there is nothing to learn.",
                zh=f"全部 {targets.values.samples:,} 个目标都相同（{only}）：没有可学的内容。",
            ),
            evidence=(Evidence(TWO.what, float(different), "<", TWO.value, TWO.unit, TWO.source),),
            causes=first_ones(PROBLEM.causes, "sorted"),
            remedies=first_ones(PROBLEM.remedies, "shuffle"),
        ),
    )


PROBLEM = Problem(
    identifier="label_problem",
    title=Text(en="Labels that teach nothing", zh="标签没有信息"),
    explanation=Text(
        en="An exam in which every answer is 'yes' teaches the pupil one thing: always say yes. With a single target "
        "for all samples the network learns to ignore its input.",
        zh="如果考卷上每道题的答案都是“对”，学生只会学到一件事：永远选“对”。所有样本目标相同时，网络只会学会忽略输入。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=(TWO, CHANCE, SIMPLE),
    causes=(
        Cause(
            "shuffled",
            Text(
                en="Inputs and labels were put in different orders, so that they no longer belong together.",
                zh="输入与标签的顺序被分别打乱，二者不再对应。",
            ),
            Text(en="A look at ten samples with their labels shows it.", zh="查看十个样本及其标签即可发现。"),
        ),
        Cause(
            "sorted",
            Text(
                en="The samples were sorted by class and only the first ones were taken.",
                zh="样本按类别排序，而只取了前面的一部分。",
            ),
            Text(en="Other targets stand further behind in the source.", zh="原始数据靠后的部分有其他目标。"),
        ),
        Cause(
            "wrong_column",
            Text(en="The wrong column was taken as target.", zh="取错了目标列。"),
            Text(en="The column in the source is constant.", zh="原始数据中该列是常数。"),
        ),
        Cause(
            "rounded",
            Text(
                en="Numbers were rounded or cast to integers, so that all became one.",
                zh="数值被取整或转成整数后全部变得相同。",
            ),
            Text(en="The targets differed before the conversion.", zh="转换之前目标各不相同。"),
        ),
    ),
    remedies=(
        Remedy(
            "pair",
            Text(
                en="Shuffle inputs and labels together, with one order for both.", zh="用同一顺序同时打乱输入与标签。"
            ),
        ),
        Remedy("shuffle", Text(en="Shuffle before you cut a part off.", zh="先打乱，再切分。")),
        Remedy("column", Text(en="Take the right column as target.", zh="选择正确的目标列。"), "--target"),
    ),
    check=_check,
)
