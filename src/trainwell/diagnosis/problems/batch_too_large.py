"""Batch too large: an epoch is only a few steps, and the training ends before it has learned.

What it sees. The number of steps of the whole training, the share of the samples in one batch, and a loss that is still
high or still falling.

Why it hurts. A gradient of a thousand samples is hardly better than one of a hundred, but costs ten times as much: with
the same epochs there are ten times fewer steps (Masters & Luschi 2018; Goodfellow, Bengio & Courville 2016, section
8.1.3).

When it stays silent. The network learned; or there were many steps all the same; or the batch is a small part of the
samples.

Thresholds. See `THRESHOLDS`.

Remedies. A batch of 32 is safe to try. If the device likes large batches, more epochs and a larger rate do it too.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.course import behind, course
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, hopeless
from trainwell.diagnosis.simple_models import BEYOND_SOUND, behind_by
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

PART = Threshold(
    name="part",
    value=0.2,
    unit="share",
    what=Text(en="Share of the training samples in one batch", zh="每个批次占训练样本的比例"),
    source=Text(
        en="five steps an epoch; a batch of 2 to 32 works best at equal cost (Masters & Luschi 2018)",
        zh="每轮只有五步；在同等成本下批次 2 到 32 效果最好（Masters 与 Luschi 2018）",
    ),
)
STEPS = Threshold(
    name="steps",
    value=300,
    unit="steps",
    what=Text(en="Steps of the training", zh="训练步数"),
    source=Text(
        en="with steps of the usual thousandth of their size, weights have gone only a third of it by then",
        zh="按通常千分之一的步幅，此时权重只移动了自身大小的三分之一",
    ),
)
LEVEL = Threshold(
    name="level",
    value=0.4,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(en="more than a third is left to learn", zh="还有三分之一以上没有学到"),
)
SMALL = 64  # nobody calls such a batch large, however few samples there are
FALL = Threshold(
    name="fall",
    value=0.1,
    unit="share",
    what=Text(
        en="Fall of the loss from the third to the last quarter, as a share of a constant prediction's",
        zh="第三个四分之一到最后四分之一的损失下降量（占常数预测损失的比例）",
    ),
    source=Text(en="a tenth of all there is to learn, in the last quarter", zh="最后四分之一仍学到可学内容的十分之一"),
)
BEHIND = behind_by(0.06, BEYOND_SOUND)
THRESHOLDS = (PART, STEPS, LEVEL, FALL, BEHIND)


def _check(facts: Facts) -> Sequence[Finding]:
    run = course(facts)
    if run is None or facts.stopped == "not_finite" or not facts.batch_size or not facts.training_samples:
        return ()
    part = min(1.0, facts.batch_size / facts.training_samples)
    few = facts.batch_size > SMALL and part >= PART.value and run.steps <= STEPS.value
    back = behind(facts)
    falls = run.late_fall > FALL.value and run.still_falling and run.progress.level > FALL.value
    lags = back is not None and back > BEHIND.value
    if not few or not (run.progress.level > LEVEL.value or falls or lags):
        return ()
    harm = (
        Evidence(LEVEL.what, run.progress.level, ">", LEVEL.value, LEVEL.unit, LEVEL.source, step=run.steps)
        if run.progress.level > LEVEL.value
        else Evidence(BEHIND.what, back, ">", BEHIND.value, BEHIND.unit, BEHIND.source)
        if lags and back is not None
        else Evidence(FALL.what, run.late_fall, ">", FALL.value, FALL.unit, FALL.source, step=run.steps)
    )
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="warning",
            confidence=0.8,
            summary=Text(
                en=f"A batch holds {facts.batch_size:,} of {facts.training_samples:,} samples ({share(part)}), so the "
                f"whole training was only {run.steps:,} steps.",
                zh=f"每个批次含 {facts.batch_size:,} 个样本（共 {facts.training_samples:,} 个，占 {share(part)}），"
                f"整个训练只有 {run.steps:,} 步。",
            ),
            evidence=(
                Evidence(STEPS.what, run.steps, "<", STEPS.value, STEPS.unit, STEPS.source),
                Evidence(PART.what, part, ">", PART.value, PART.unit, PART.source),
                harm,
            ),
            causes=PROBLEM.causes,
            remedies=PROBLEM.remedies,
            steps=(1, run.steps),
        ),
    )


PROBLEM = Problem(
    identifier="batch_too_large",
    title=Text(en="Batch too large", zh="批次过大"),
    explanation=Text(
        en="Before each step the network asks its samples for the way. It asks nearly all of them every time, although "
        "a few dozen would say the same, and the day is over after a handful of steps.",
        zh="每走一步之前，网络都要向样本问路。它每次几乎把所有样本都问一遍，其实问几十个就够了，于是走不了几步天就黑了。",
    ),
    needs=Needs(steps=True),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "batch",
            Text(en="The batch size is too large for so few samples.", zh="相对于样本数，批次过大。"),
            Text(
                en="With a batch of 32 the same epochs reach a lower loss.", zh="批次设为 32 后，同样轮数的损失更低。"
            ),
        ),
    ),
    remedies=(
        Remedy("batch_size", Text(en="Take a batch of 32.", zh="把批次设为 32。"), "--batch-size 32"),
        Remedy("epochs", Text(en="Train for more epochs.", zh="增加训练轮数。"), "--epochs 100"),
    ),
    check=_check,
    symptom_of=(
        Origin("learning_rate_too_low", hopeless),
        Origin("loss_output_mismatch", hopeless),
        Origin("wrong_output_activation", hopeless),
        Origin("wrong_loss", hopeless),
    ),
)
