"""NaN in the data: inputs or targets hold values that are NaN or infinite.

What it sees. Every value of inputs and targets, before the first step.

Why it hurts. One NaN in a batch makes the loss NaN, its gradient NaN, and with that every weight, for good.

When it stays silent. If all values are finite. Targets that a loss leaves out by a class number are not NaN.

Thresholds. One value is enough.

Remedies. All are safe; which one is right depends on what the gap means.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.contract import Values
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Problem, Threshold
from trainwell.locales import Text

NONE = Threshold(
    name="none",
    value=0,
    unit="values",
    what=Text(en="Values that are NaN or infinite", zh="NaN 或无穷值的个数"),
    source=Text(
        en="IEEE 754: whatever is computed from NaN is NaN again", zh="IEEE 754：由 NaN 计算得到的结果仍是 NaN"
    ),
)
_WHERE = {
    "inputs": Text(en="inputs (x)", zh="输入（x）"),
    "targets": Text(en="targets (y)", zh="目标（y）"),
}


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None:
        return ()
    parts = (("inputs", contract.inputs), ("targets", contract.targets.values))
    return tuple(_finding(_WHERE[name], values) for name, values in parts if values.nonfinite)


def _finding(where: Text, values: Values) -> Finding:
    named = ", ".join(str(sample) for sample in values.bad_samples[:5])
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="error",
        confidence=1.0,
        summary=Text(
            en=f"{values.nonfinite:,} values of the {where.en} are NaN or infinite; the first samples with such values "
            f"(counted from 0): {named}. The first batch with one of them makes every weight NaN.",
            zh=f"{where.zh}中有 {values.nonfinite:,} 个值是 NaN 或无穷；最先出现的样本（从 0 数起）：{named}。"
            "含有它们的第一个批次会使所有权重变成 NaN。",
        ),
        evidence=(Evidence(NONE.what, float(values.nonfinite), ">", NONE.value, NONE.unit, NONE.source),),
        causes=PROBLEM.causes,
        remedies=PROBLEM.remedies,
    )


PROBLEM = Problem(
    identifier="nan_in_data",
    title=Text(en="NaN in the data", zh="数据中有 NaN"),
    explanation=Text(
        en="A drop of ink in a glass of water colours all of it: a single value that is no number spoils the sum it "
        "enters, and within one step every weight of the network.",
        zh="一滴墨水会染黑整杯水：只要有一个值不是数，它参与的和就不再是数，一步之内网络的所有权重都会被毁掉。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=(NONE,),
    causes=(
        Cause(
            "missing",
            Text(en="Missing values of a table were read as NaN.", zh="表格中的缺失值被读成了 NaN。"),
            Text(en="The named samples have empty cells in the source.", zh="上述样本在原始数据中有空单元格。"),
        ),
        Cause(
            "computed",
            Text(
                en="They arose on the way: log of 0, division by a standard deviation of 0, overflow in float16.",
                zh="它们产生于预处理：对 0 取对数、除以为 0 的标准差、float16 溢出。",
            ),
            Text(
                en="The raw data are finite and the prepared ones are not.",
                zh="原始数据是有限的，而处理后的数据不是。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "fill",
            Text(
                en="Fill the gaps, for example with the median of the training part, and add a column that marks them.",
                zh="填补缺失值，例如用训练部分的中位数，并增加一列作标记。",
            ),
        ),
        Remedy(
            "leave_out",
            Text(
                en="Leave these samples out: keep = numpy.isfinite(x).all(axis=tuple(range(1, x.ndim))).",
                zh="去掉这些样本：keep = numpy.isfinite(x).all(axis=tuple(range(1, x.ndim)))。",
            ),
        ),
        Remedy(
            "safe_division",
            Text(
                en="Mend the preparation: add a small number before a logarithm or below a division.",
                zh="修正预处理：在取对数之前或分母上加一个很小的数。",
            ),
        ),
    ),
    check=_check,
)
