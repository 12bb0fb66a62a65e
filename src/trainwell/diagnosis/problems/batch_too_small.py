"""Batch too small: each gradient is mostly chance, and the weights stagger about instead of settling.

What it sees. A batch of very few samples, and a training that swings, or whose loss has come to rest high.

Why it hurts. The gradient of one sample points somewhere near downhill; its error is as large as itself. With a usual
learning rate the weights never settle (Goodfellow, Bengio & Courville 2016, section 8.1.3: the error falls with the
root of the batch size). Batch normalisation with two samples measures nothing.

When it stays silent. The network learned: with a small rate a batch of one works.

Thresholds. See `THRESHOLDS`.

Remedies. A batch of 32 is safe to try, and several times faster on every device.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.course import course
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, hopeless
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

BATCH = Threshold(
    name="batch",
    value=4,
    unit="samples",
    what=Text(en="Samples of one batch", zh="每个批次的样本数"),
    source=Text(
        en="Masters & Luschi 2018 find batches from 2 on to work with a rate that fits; only together with harm",
        zh="Masters 与 Luschi 2018 发现批次从 2 起配合合适的学习率即可工作；仅在同时有损害时才算数",
    ),
)
SWING = Threshold(
    name="swing",
    value=0.05,
    unit="share",
    what=Text(
        en="Noise of the training loss between stretches, as a share of a constant prediction's",
        zh="训练损失各段之间的噪声（占常数预测损失的比例）",
    ),
    source=Text(
        en="averaged over a twentieth of the training, the loss still wavers by a twentieth of all there is to learn",
        zh="即使在训练的二十分之一上取平均，损失仍有可学内容二十分之一的摇摆",
    ),
)
LEVEL = Threshold(
    name="level",
    value=0.5,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(en="less than half of what there is to learn was learned", zh="学到的还不到可学内容的一半"),
)
THRESHOLDS = (BATCH, SWING, LEVEL)


def _check(facts: Facts) -> Sequence[Finding]:
    run = course(facts)
    if run is None or facts.stopped == "not_finite" or not facts.batch_size or facts.batch_size > BATCH.value:
        return ()
    samples = facts.training_samples or 0
    few_at_all = samples <= 4 * facts.batch_size
    level = run.progress.level
    if few_at_all or level <= LEVEL.value or run.noise <= SWING.value:
        return ()
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="warning",
            confidence=0.75,
            summary=Text(
                en=f"Each step sees only {facts.batch_size} of {samples:,} samples; the loss wavers by "
                f"{share(run.noise)} and has come to rest at {share(level)} of a constant prediction's.",
                zh=f"每步只看 {samples:,} 个样本中的 {facts.batch_size} 个；损失摇摆 {share(run.noise)}，"
                f"停在常数预测损失的 {share(level)}。",
            ),
            evidence=(
                Evidence(BATCH.what, facts.batch_size, "<", BATCH.value, BATCH.unit, BATCH.source),
                Evidence(SWING.what, run.noise, ">", SWING.value, SWING.unit, SWING.source),
                Evidence(LEVEL.what, level, ">", LEVEL.value, LEVEL.unit, LEVEL.source, step=run.steps),
            ),
            causes=PROBLEM.causes,
            remedies=PROBLEM.remedies,
            steps=(1, run.steps),
        ),
    )


PROBLEM = Problem(
    identifier="batch_too_small",
    title=Text(en="Batch too small", zh="批次过小"),
    explanation=Text(
        en="The network asks a single passer-by for the way before each step. Each answers honestly and differently, "
        "and it staggers to and fro. Asking thirty and taking the mean gives a straight path.",
        zh="网络每走一步只问一个路人。每个人都诚实，但说法各不相同，于是它左摇右晃。问三十个人取平均，路就直了。",
    ),
    needs=Needs(steps=True),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "batch",
            Text(en="The batch is too small for this learning rate.", zh="相对于学习率，批次过小。"),
            Text(en="With a batch of 32 the curve is smooth and falls.", zh="批次设为 32 后，曲线平滑下降。"),
        ),
    ),
    remedies=(
        Remedy("batch_size", Text(en="Take a batch of 32.", zh="把批次设为 32。"), "--batch-size 32"),
        Remedy("learning_rate", Text(en="Or lower the learning rate.", zh="或降低学习率。"), "--learning-rate 0.0001"),
    ),
    check=_check,
    symptom_of=(
        Origin("learning_rate_too_low", hopeless),
        Origin("loss_output_mismatch", hopeless),
        Origin("wrong_output_activation", hopeless),
        Origin("vanishing_gradient", hopeless),
        Origin("poor_initialization", hopeless),
    ),
)
