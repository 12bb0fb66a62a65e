"""Class imbalance: one class has many times the samples of another.

What it sees. The number of training samples of each class that occurs; and, after a training with samples held out,
how many of the rarest class the network finds among them.

Why it hurts. Saying the common class is right nearly always, so the loss has little to gain from the rare one, and
accuracy looks good while the rare class is never found.

When it stays silent. Below ten to one; with class or sample weights; for several labels per sample, for a class per
step, and for numbers. It is a warning only where less than half of the rare class is found (and much more of the
commonest), or, as long as that is not known, from a hundred to one or with fewer than ten samples.

Thresholds. See `thresholds`: SageMaker Debugger's ratio, ten times it, half of the rare class, and ten samples.

Remedies. Weights and other measures are safe; they trade accuracy on the common class for the rare one.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.contract import Targets
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Problem, Threshold
from trainwell.diagnosis.wording import number, share
from trainwell.locales import Text

_RATIO = Text(en="Samples of the commonest class for each of the rarest", zh="最常见类别与最稀少类别的样本数之比")
RATIO = Threshold(
    name="ratio",
    value=10,
    unit="times",
    what=_RATIO,
    source=Text(en="SageMaker Debugger's ClassImbalance rule", zh="SageMaker Debugger 的 ClassImbalance 规则"),
)
SEVERE = Threshold(
    name="severe",
    value=100,
    unit="times",
    what=_RATIO,
    source=Text(
        en="ten times SageMaker Debugger's ratio: a batch of 32 then rarely holds the rare class",
        zh="SageMaker Debugger 界限的十倍：此时 32 个样本的批次中很少出现稀少类别",
    ),
)
FOUND = Threshold(
    name="found",
    value=0.5,
    unit="share",
    what=Text(
        en="Samples of the rarest class that the network finds among those held out",
        zh="网络在留出样本中找到的最稀少类别样本",
    ),
    source=Text(en="a class that is missed more often than found was not learned", zh="漏掉多于找到的类别就是没有学会"),
)
FEW = Threshold(
    name="few",
    value=10,
    unit="samples",
    what=Text(en="Training samples of the rarest class", zh="最稀少类别的训练样本数"),
    source=Text(
        en="fewer than ten samples hardly show what they have in common; counts only from ten to one",
        zh="不到十个样本很难看出它们的共同点；只有在相差十倍以上时才算数",
    ),
)
LEAST_HELD_OUT = 4
APART = 0.3  # of the commonest class more is found: otherwise the network finds nothing at all, for other reasons


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None or contract.class_weighted or not one_class_each(contract.targets):
        return ()
    counts = [count for count in contract.targets.counts if count]
    if len(counts) < 2 or (contract.regression and contract.output.activation == "linear"):
        return ()
    ratio = max(counts) / min(counts)
    if ratio < RATIO.value:
        return ()
    rare = facts.rare_class if facts.rare_class and facts.rare_class.samples >= LEAST_HELD_OUT else None
    missed = rare is not None and rare.recall < min(FOUND.value, rare.common - APART)
    few = min(counts) < FEW.value
    severe = ratio >= SEVERE.value or few if rare is None else missed
    limit = SEVERE if ratio >= SEVERE.value else RATIO
    place = contract.targets.counts.index(min(counts))
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="warning" if severe else "note",
            confidence=0.9,
            summary=Text(
                en=f"Class {place} has {min(counts):,} training samples, the commonest class {max(counts):,}: "
                f"{number(ratio)} times as many. "
                + (f"Of {rare.samples} held out, {share(rare.recall)} were found. " if rare else "")
                + "Accuracy alone says little here; look at balanced accuracy.",
                zh=f"类别 {place} 有 {min(counts):,} 个训练样本，最常见的类别有 {max(counts):,} 个，"
                f"相差 {number(ratio)} 倍。"
                + (f"留出的 {rare.samples} 个中找到了 {share(rare.recall)}。" if rare else "")
                + "仅看准确率意义不大，请看平衡准确率。",
            ),
            evidence=(
                *(
                    [Evidence(FOUND.what, rare.recall, "<", FOUND.value, FOUND.unit, FOUND.source)]
                    if missed and rare
                    else []
                ),
                Evidence(limit.what, ratio, ">", limit.value, limit.unit, limit.source),
                *([Evidence(FEW.what, min(counts), "<", FEW.value, FEW.unit, FEW.source)] if few else []),
            ),
            causes=PROBLEM.causes,
            remedies=PROBLEM.remedies,
        ),
    )


def one_class_each(targets: Targets) -> bool:
    """Whether each sample is of one class."""
    form, shape = targets.form, targets.values.shape
    return (form == "class_numbers" and shape in ((), (1,))) or (form == "one_hot" and len(shape) == 1)


PROBLEM = Problem(
    identifier="class_imbalance",
    title=Text(en="Class imbalance", zh="类别不平衡"),
    explanation=Text(
        en="Who guards a door through which a thief comes once a year is nearly always right to say 'nobody there'. A "
        "network that sees one class a hundred times as often as another learns the same laziness.",
        zh="守一扇一年才来一次小偷的门，总说“没人”几乎总是对的。若一个类别出现的次数是另一个的一百倍，网络也会学会这样偷懒。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=(RATIO, SEVERE, FOUND, FEW),
    causes=(
        Cause(
            "rare_event",
            Text(
                en="The rare class is rare in the world, too (faults, frauds, illnesses).",
                zh="稀少类别在现实中本来就少（故障、欺诈、疾病）。",
            ),
            Text(en="New data have the same shares.", zh="新数据的比例相同。"),
        ),
        Cause(
            "collection",
            Text(en="The classes were collected unevenly.", zh="各类别的采集不均衡。"),
            Text(en="New data have other shares.", zh="新数据的比例不同。"),
        ),
    ),
    remedies=(
        Remedy(
            "class_weight",
            Text(
                en="Weight the classes by the inverse of their frequency: class_weight={0: ..., 1: ...}.",
                zh="按频率的倒数给类别加权：class_weight={0: ..., 1: ...}。",
            ),
            "--balanced",
        ),
        Remedy(
            "other_measure",
            Text(
                en="Judge by balanced accuracy, precision and recall of the rare class, not by accuracy.",
                zh="用平衡准确率以及稀少类别的精确率和召回率来评价，而不是准确率。",
            ),
        ),
        Remedy("more_samples", Text(en="Collect more of the rare class.", zh="收集更多稀少类别的样本。")),
    ),
    check=_check,
)
