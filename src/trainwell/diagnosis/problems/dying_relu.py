"""Dying ReLU: many units of a layer give zero for every sample, so their weights get no gradient any more.

What it sees. The share of a ReLU layer's units that are zero for the whole batch (and at every place of it), at its
lowest in the last quarter of the training: a unit that is off for one batch by chance is on in another, a dead one is
off in all.

Why it hurts. Where a ReLU is zero its slope is zero: no gradient reaches the weights before it, and the unit cannot
come back by itself (Maas, Hannun & Ng 2013). What is left is a smaller network; with all units dead, none.

When it stays silent. Up to half of the units: a wide layer of a healthy training has some, and deep narrow networks
have them from the first step. Up to nine tenths, as long as the training works or the share has not grown. Small
batches: fewer than 16 values of a unit in a batch say too little, then it is "not checked".

Thresholds. See `THRESHOLDS` of the problem: half of the units (SageMaker Debugger, torchmortem), nine tenths, and a
growth of a fifth of the units since the start.

Remedies. Leaky ReLU and a smaller learning rate are safe; they begin a new training. Lower learning rates learn more
slowly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, NotChecked, Remedy, Severity
from trainwell.diagnosis.layer_table import LayerTable, first_lasting
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, too_large, with_rate
from trainwell.diagnosis.progress import Progress, progress
from trainwell.diagnosis.wording import layer_list, share
from trainwell.locales import Text
from trainwell.signals import LayerInfo

_WHAT = Text(en="Share of units that are zero for the whole batch", zh="对整个批次输出恒为零的单元占比")
MANY = Threshold(
    name="many",
    value=0.5,
    unit="share",
    what=_WHAT,
    source=Text(
        en="SageMaker Debugger's DeadRelu rule and torchmortem: more than half of a layer",
        zh="SageMaker Debugger 的 DeadRelu 规则与 torchmortem：超过一层的一半",
    ),
)
ALMOST_ALL = Threshold(
    name="almost_all",
    value=0.9,
    unit="share",
    what=_WHAT,
    source=Text(
        en="one unit in ten is left: the layer is a bottleneck nobody asked for",
        zh="只剩十分之一的单元：该层成了意料之外的瓶颈",
    ),
)
GROWN = Threshold(
    name="grown",
    value=0.2,
    unit="share",
    what=Text(en="Growth of that share since the start", zh="该占比自训练开始以来的增长"),
    source=Text(
        en="a sound training revives units or loses a few; deep ReLU networks start with up to half of them at zero",
        zh="正常训练会激活更多单元或只损失少数单元；很深的 ReLU 网络一开始就可能有近半单元为零",
    ),
)
LEAST_VALUES = Threshold(
    name="least_values",
    value=16,
    unit="values",
    what=Text(en="Values of a unit in one batch", zh="一个批次中每个单元的取值个数"),
    source=Text(
        en="a unit that is on for one sample in six is off for all of 16 by chance in about 5% of the batches",
        zh="若某单元对六分之一的样本激活，则 16 个样本全部为零的偶然概率约为 5%",
    ),
)
LEAST_LOOKS = 4


def _check(facts: Facts) -> Sequence[Finding] | NotChecked:
    enough = LayerTable.of(facts.recording, "dead_share", lambda layer: _values(facts, layer) >= LEAST_VALUES.value)
    if not enough.layers:
        return (
            _too_small(facts)
            if any(facts.recording.has("dead_share", one.name) for one in facts.recording.layers)
            else ()
        )
    table = enough.finite()
    if len(table) < LEAST_LOOKS:
        return NotChecked(
            PROBLEM.identifier,
            PROBLEM.title,
            Text(
                en=f"the activations were finite in only {len(table)} recorded steps, {LEAST_LOOKS} are needed",
                zh=f"只有 {len(table)} 个已记录的训练步激活值有限，至少需要 {LEAST_LOOKS} 个",
            ),
        )
    late = table.late()
    now, start = late.values.min(axis=0), table.values[:LEAST_LOOKS].min(axis=0)
    come = progress(facts)
    hurt = come is None or not come.learned
    dead = (now > ALMOST_ALL.value) | (hurt & (now > MANY.value) & (now - start > GROWN.value))
    if not dead.any():
        return ()
    return (_finding(facts, table, now, start, dead, come),)


def _values(facts: Facts, layer: LayerInfo) -> float:
    """How many values of one unit a batch shows; unlimited if the size of the batch is not known."""
    places = math.prod(layer.output_shape[:-1])
    return math.inf if facts.batch_size is None else facts.batch_size * places


def _too_small(facts: Facts) -> NotChecked:
    least = int(LEAST_VALUES.value)
    return NotChecked(
        PROBLEM.identifier,
        PROBLEM.title,
        Text(
            en=f"batches of {facts.batch_size} are too small to tell a dead unit from one that was off by chance; "
            f"use at least {least}",
            zh=f"批次大小为 {facts.batch_size}，太小，无法区分死亡单元与偶然未激活的单元；请至少使用 {least}",
        ),
    )


def _finding(
    facts: Facts, table: LayerTable, now: np.ndarray, start: np.ndarray, dead: np.ndarray, come: Progress | None
) -> Finding:
    places = np.flatnonzero(dead)
    names = [table.layers[place].name for place in places]
    worst = int(places[np.argmax(now[places])])
    limits = np.where(now > ALMOST_ALL.value, ALMOST_ALL.value, MANY.value)
    since = min(first_lasting(table.values[:, place] > limits[place]) for place in places)
    steps = (int(table.first_step[min(since, len(table) - 1)]), int(table.last_step[-1]))
    evidence = [
        Evidence(
            _WHAT,
            float(now[place]),
            ">",
            MANY.value,
            MANY.unit,
            MANY.source,
            table.layers[place].name,
            steps[1],
        )
        for place in sorted(places, key=lambda place: -now[place])[:3]
    ]
    grown = float(now[worst] - start[worst])
    if grown > GROWN.value:
        evidence.append(
            Evidence(GROWN.what, grown, ">", GROWN.value, GROWN.unit, GROWN.source, table.layers[worst].name, steps[1])
        )
    nothing = come is not None and come.learned_nothing
    severity: Severity = "error" if nothing and now[worst] > ALMOST_ALL.value else "warning"
    if come is not None:
        evidence += [come.evidence(steps[1])] if nothing else []
    from_start = start[worst] > MANY.value
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=0.95 if now[worst] > 0.99 else 0.85 if severity == "error" else 0.7,
        summary=Text(
            en=f"In {layer_list(names).en} up to {share(float(now[worst]))} of the units are zero for every sample"
            + (", from the first steps on" if from_start else "")
            + "; no gradient passes through them.",
            zh=f"在 {layer_list(names).zh} 中，最多有 {share(float(now[worst]))} 的单元对所有样本输出都为零"
            + ("，且从最初几步就如此" if from_start else "")
            + "；梯度无法通过它们。",
        ),
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, "initialisation" if from_start else "learning_rate"),
        remedies=with_rate(first_ones(PROBLEM.remedies, "initializer" if from_start else "learning_rate"), facts),
        layers=tuple(names),
        steps=steps,
    )


PROBLEM = Problem(
    identifier="dying_relu",
    title=Text(en="Dying ReLU", zh="ReLU 神经元死亡"),
    explanation=Text(
        en="A ReLU unit hands on positive numbers and turns negative ones into zero. A unit whose sum is negative for "
        "every sample is like a door that has fallen shut: nothing comes through it, neither the signal forward nor "
        "the correction backward, so nobody can push it open again.",
        zh="ReLU 单元放行正数，把负数变为零。如果某个单元对所有样本的加权和都为负，它就像一扇关死的门："
        "向前的信号过不去，向后的修正也过不来，于是再也没有什么能把它推开。",
    ),
    needs=Needs(measures=("dead_share",), looks=LEAST_LOOKS, steps=True),
    thresholds=(MANY, ALMOST_ALL, GROWN, LEAST_VALUES),
    causes=(
        Cause(
            "learning_rate",
            Text(
                en="Updates so large that they threw the weights to where the units are off.",
                zh="更新幅度过大，把权重推到了单元永远不激活的区域。",
            ),
            Text(
                en="With a tenth of the learning rate the share of dead units stays where it began.",
                zh="把学习率降到十分之一后，死亡单元占比不再上升。",
            ),
        ),
        Cause(
            "initialisation",
            Text(
                en="Biases or weights that start far on the negative side.",
                zh="偏置或权重的初始值过于偏负。",
            ),
            Text(
                en="The units are dead in step 1 already.",
                zh="在第 1 步时这些单元就已死亡。",
            ),
        ),
        Cause(
            "unscaled_input",
            Text(
                en="Inputs that are not scaled, so that one sign or size rules every sum.",
                zh="输入未做缩放，使每个加权和都由同一符号或量级主导。",
            ),
            Text(
                en="With inputs of mean 0 and standard deviation 1 the units stay alive.",
                zh="输入变为均值 0、标准差 1 后，单元不再死亡。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "leaky_relu",
            Text(
                en="Use Leaky ReLU: it keeps a small slope on the negative side, so that a unit can come back.",
                zh="使用 Leaky ReLU：负半轴保留小斜率，单元可以恢复。",
            ),
            "--activation leaky_relu",
        ),
        Remedy(
            "learning_rate",
            Text(en="Lower the learning rate to a tenth.", zh="把学习率降到十分之一。"),
            "--learning-rate",
        ),
        Remedy(
            "initializer",
            Text(
                en="Start with He initialisation and biases of zero.",
                zh="使用 He 初始化，偏置从零开始。",
            ),
            "--initializer he_normal",
        ),
        Remedy(
            "clipping",
            Text(
                en="Clip the gradients by their global norm, so that no single step is too large.",
                zh="按全局范数裁剪梯度，避免单步过大。",
            ),
            "--global-clip-norm 1.0",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("poor_initialization"),
        Origin("exploding_gradient"),
        Origin("learning_rate_too_high"),
        Origin("invalid_learning_rate", fits=too_large),
        Origin("unscaled_input", fits=too_large),
    ),
)
