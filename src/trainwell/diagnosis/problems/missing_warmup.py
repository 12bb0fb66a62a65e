"""Missing warm-up: a Transformer begins with full steps, and is thrown off in the first moments of its training.

What it sees. An attention layer, a learning rate that is at its full height from the first step on, large updates in
the first steps, and a training that learned nothing or little since.

Why it hurts. Adam knows the size of the gradients only from the few steps it has seen, so its first steps are the least
sure and the largest (Liu et al. 2020, RAdam); and with normalisation behind each block the gradients near the output
are large at the start (Xiong et al. 2020). One such step can push the attention to where no gradient is left.

When it stays silent. The network learned; or there is no attention; or the rate rises at the start.

Thresholds. See `THRESHOLDS`.

Remedies. Warm-up is safe: it only makes the start slower. Normalisation in front of each block does without.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainwell.diagnosis.course import course, movement
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

FULL = Threshold(
    name="full",
    value=0.5,
    unit="share",
    what=Text(
        en="Learning rate of the first step, as a share of the largest", zh="第一步的学习率（占最大学习率的比例）"
    ),
    source=Text(
        en="warm-up begins near 0 (Vaswani et al. 2017, section 5.3)", zh="预热从接近 0 开始（Vaswani 等 2017，5.3 节）"
    ),
)
STEP = Threshold(
    name="step",
    value=0.02,
    unit="share",
    what=Text(
        en="Size of an update in the first steps, as a share of the weights", zh="最初几步更新的大小（占权重的比例）"
    ),
    source=Text(
        en="twenty times the usual thousandth (Karpathy, CS231n notes)",
        zh="是通常千分之一的二十倍（Karpathy，CS231n 讲义）",
    ),
)
LEVEL = Threshold(
    name="level",
    value=0.8,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(en="hardly anything was learned", zh="几乎什么都没学到"),
)
THRESHOLDS = (FULL, STEP, LEVEL)


def _check(facts: Facts) -> Sequence[Finding]:
    moved, run, contract = movement(facts), course(facts), facts.contract
    if moved is None or run is None or contract is None or not contract.adapts:
        return ()
    attention = [layer.name for layer in facts.recording.layers if layer.name.endswith("/query")]
    rates = facts.recording.run("learning_rate").mean
    rates = rates[np.isfinite(rates)]
    if not attention or not len(rates) or not rates.max() > 0:
        return ()
    first, early = float(rates[0] / rates.max()), float(moved.early.max())
    if first <= FULL.value or early <= STEP.value or run.progress.level <= LEVEL.value:
        return ()
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="warning",
            confidence=0.6,
            summary=Text(
                en=f"The learning rate is at its full height from the first step on; the first updates changed weights "
                f"by {share(early)} of their size, and the Transformer has hardly learned since.",
                zh=f"学习率从第一步起就处于最高值；最初的更新使权重改变了其大小的 {share(early)}，此后 "
                "Transformer 几乎没有学习。",
            ),
            evidence=(
                Evidence(
                    STEP.what,
                    early,
                    ">",
                    STEP.value,
                    STEP.unit,
                    STEP.source,
                    moved.layers[int(np.argmax(moved.early))].name,
                    1,
                ),
                Evidence(FULL.what, first, ">", FULL.value, FULL.unit, FULL.source, step=1),
                Evidence(LEVEL.what, run.progress.level, ">", LEVEL.value, LEVEL.unit, LEVEL.source, step=run.steps),
            ),
            causes=PROBLEM.causes,
            remedies=PROBLEM.remedies,
            steps=(1, run.steps),
        ),
    )


PROBLEM = Problem(
    identifier="missing_warmup",
    title=Text(en="Missing warm-up", zh="缺少预热"),
    explanation=Text(
        en="A cold engine is not driven at full speed. In its first steps a Transformer knows least about where to go; "
        "with full steps it may be thrown off the road before it has found it.",
        zh="发动机没热就不该全速行驶。最初几步里，Transformer 对方向所知最少；如果一上来就迈大步，"
        "可能还没找到路就冲出去了。",
    ),
    needs=Needs(measures=("update_ratio",), steps=True, facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "full_rate",
            Text(en="The learning rate does not rise slowly at the start.", zh="学习率没有在开始时缓慢上升。"),
            Text(en="With a warm-up of a tenth of the steps it learns.", zh="用十分之一的步数预热后能学会。"),
        ),
        Cause(
            "post_normalization",
            Text(
                en="The normalisation stands behind each block, which makes early gradients large.",
                zh="归一化放在每个模块之后，使早期梯度过大。",
            ),
            Text(
                en="With normalisation in front it learns without warm-up.", zh="归一化放在前面后，无需预热也能学会。"
            ),
        ),
    ),
    remedies=(
        Remedy(
            "warmup",
            Text(en="Let the rate rise in the first tenth of the steps.", zh="让学习率在前十分之一的步数内上升。"),
            "--warmup 0.1",
        ),
        Remedy("learning_rate", Text(en="Or lower the learning rate.", zh="或降低学习率。"), "--learning-rate 0.0003"),
    ),
    check=_check,
    symptom_of=(Origin("learning_rate_too_high"), Origin("invalid_learning_rate"), Origin("poor_initialization")),
)
