"""Data leakage: validation samples that are training samples too.

What it sees. How many validation samples are, number for number, among the training samples, against how often training
samples repeat one another.

Why it hurts. The network has seen the answers: the validation figure is too good, and the best epoch is chosen by it.

When it stays silent. Below 5% beyond what the data repeat by themselves: where a fifth of the training samples occur
twice (few columns with few values), a fifth of any validation part is there as well, and nobody is to blame. Without
validation data, or where they are too many to compare.

Thresholds. See below.

Remedies. Both are safe.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Problem, Threshold
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

SHARED = Threshold(
    name="shared",
    value=0.05,
    unit="share",
    what=Text(
        en="Validation samples that are training samples, beyond the repeats within the training samples",
        zh="同时是训练样本的验证样本所占比例（超出训练样本自身重复的部分）",
    ),
    source=Text(
        en="a twentieth moves an accuracy of 80% by one point, which is what is compared between epochs",
        zh="二十分之一会使 80% 的准确率变动一个百分点，而各轮之间比较的正是这样的差别",
    ),
)
LEAST = Threshold(
    name="least",
    value=5,
    unit="samples",
    what=Text(en="Validation samples that are training samples", zh="同时是训练样本的验证样本数"),
    source=Text(en="fewer may be chance", zh="更少可能只是偶然"),
)


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None or contract.shared_samples is None or not contract.validation_samples:
        return ()
    shared, held_out = contract.shared_samples, contract.validation_samples
    repeated = (contract.repeated_samples or 0) / max(1, contract.inputs.samples)
    beyond = shared / held_out - repeated
    if shared < LEAST.value or beyond < SHARED.value:
        return ()
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="warning",
            confidence=0.9 if repeated < SHARED.value else 0.7,
            summary=Text(
                en=f"{shared:,} of {held_out:,} validation samples ({share(shared / held_out)}) are training samples "
                "too: their answers are known, and the validation figure is too good.",
                zh=f"{held_out:,} 个验证样本中有 {shared:,} 个（{share(shared / held_out)}）同时是训练样本："
                "网络见过它们的答案，验证结果会虚高。",
            ),
            evidence=(
                Evidence(SHARED.what, beyond, ">", SHARED.value, SHARED.unit, SHARED.source),
                Evidence(LEAST.what, float(shared), ">", LEAST.value, LEAST.unit, LEAST.source),
            ),
            causes=PROBLEM.causes,
            remedies=PROBLEM.remedies,
        ),
    )


PROBLEM = Problem(
    identifier="data_leakage",
    title=Text(en="Data leakage", zh="数据泄漏"),
    explanation=Text(
        en="If the exam has the very questions of the exercise book, full marks prove a good memory and nothing else. "
        "Samples that are in both parts are such questions.",
        zh="如果考试题就是练习册上的原题，满分只能说明记性好。同时出现在两个部分中的样本就是这样的原题。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=(SHARED, LEAST),
    causes=(
        Cause(
            "same_part",
            Text(
                en="The validation part was cut from the data, but they were not taken out of the training part.",
                zh="验证部分取自数据，但没有从训练部分中去掉。",
            ),
            Text(en="Nearly all validation samples are shared.", zh="几乎所有验证样本都是共有的。"),
        ),
        Cause(
            "augmented_before",
            Text(
                en="Samples were repeated (oversampled, augmented) before the split.",
                zh="在划分之前就重复了样本（过采样、增强）。",
            ),
            Text(en="The training samples repeat one another, too.", zh="训练样本之间也有重复。"),
        ),
        Cause(
            "duplicates",
            Text(en="The source holds samples twice.", zh="原始数据中有重复的样本。"),
            Text(en="Repeated rows in the source.", zh="原始数据中有重复的行。"),
        ),
    ),
    remedies=(
        Remedy(
            "drop_repeats",
            Text(en="Drop repeats first, then split.", zh="先去掉重复样本，再划分。"),
        ),
        Remedy(
            "split_first",
            Text(en="Split first; repeat or vary only training samples.", zh="先划分；只对训练样本做重复或增强。"),
        ),
    ),
    check=_check,
)
