"""Label problem: the targets are all the same, so there is nothing to learn.

What it sees. How many different targets there are, and how many classes have samples.

Why it hurts. A network that always gives the one answer has a loss of 0; the training looks perfect and has learned
nothing about the inputs.

When it stays silent. If there are two different targets. Numbers that do not go with the last layer belong to
`wrong_output_units` and `loss_output_mismatch`.

Thresholds. Two different targets.

Remedies. All are about the data; none is a setting.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Problem, Threshold
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

TWO = Threshold(
    name="two",
    value=2,
    unit="",
    what=Text(en="Different targets", zh="不同目标的个数"),
    source=Text(en="one answer for all needs no network", zh="所有答案都相同时，不需要网络"),
)


def _check(facts: Facts) -> Sequence[Finding]:
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
            causes=PROBLEM.causes,
            remedies=PROBLEM.remedies,
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
    thresholds=(TWO,),
    causes=(
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
        Remedy("shuffle", Text(en="Shuffle before you cut a part off.", zh="先打乱，再切分。")),
        Remedy("column", Text(en="Take the right column as target.", zh="选择正确的目标列。"), "--target"),
    ),
    check=_check,
)
