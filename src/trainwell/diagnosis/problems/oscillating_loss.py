"""Oscillating loss: the training loss swings up and down and gets nowhere.

What it sees. The swing of the training loss between even stretches of the training, free of its trend, and that the
second half of the training brought no progress.

Why it hurts. Steps that are too long, or gradients of too few samples, throw the weights from side to side of the
valley. Averaged over time nothing is gained, and which weights are kept at the end is a matter of luck.

When it stays silent. The loss goes on falling beneath the noise, or the swings are small against what there is to
learn.

Thresholds. See `THRESHOLDS`. AutoTrainer counts swings of the accuracy of 0.03; that fires on many sound trainings with
small validation sets, so swings are measured on the loss here, against the loss of knowing nothing.

Remedies. A smaller rate or a larger batch calms the swings; a falling rate keeps the speed of the start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainwell.diagnosis.course import Course, course
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, hopeless, too_large, with_rate
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

SWING = Threshold(
    name="swing",
    value=0.1,
    unit="share",
    what=Text(
        en="Swing of the training loss, as a share of a constant prediction's",
        zh="训练损失的波动（占常数预测损失的比例）",
    ),
    source=Text(
        en="each stretch of the training gives back a tenth of all there is to learn",
        zh="训练的每一段都会吐回可学内容的十分之一",
    ),
)
GAIN = Threshold(
    name="gain",
    value=1,
    unit="times",
    what=Text(en="Fall of the loss in the second half, in units of its swing", zh="后半程损失的下降量（以波动为单位）"),
    source=Text(en="a fall within the noise is no progress", zh="噪声之内的下降不算进步"),
)
CHANCE = Threshold(
    name="chance",
    value=2,
    unit="times",
    what=Text(
        en="Swing of the training loss, against what the difference between batches makes of it",
        zh="训练损失的波动（相对于批次间差异所致的波动）",
    ),
    source=Text(
        en="twice the standard error of a stretch's mean: batches differ also where weights stand still",
        zh="一段均值标准误的两倍：即使权重不动，批次之间也有差异",
    ),
)
LEAST_STEPS = 100
SMALL_BATCH = 8
THRESHOLDS = (SWING, GAIN, CHANCE)


def _check(facts: Facts) -> Sequence[Finding]:
    run = course(facts)
    if run is None or facts.stopped == "not_finite" or len(run.losses) < 12 or run.steps < LEAST_STEPS:
        return ()
    swing, gain = _swing(run)
    if swing <= SWING.value or gain > GAIN.value * swing or swing <= CHANCE.value * run.chance:
        return ()
    small = facts.batch_size is not None and facts.batch_size <= SMALL_BATCH
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="error" if run.progress.learned_nothing else "warning",
            confidence=0.85,
            summary=Text(
                en=f"The training loss swings by {share(swing)} of a constant prediction's loss from one stretch of "
                "the training to the next, and the second half brought no progress.",
                zh=f"训练损失在相邻各段之间的波动达到常数预测损失的 {share(swing)}，后半程没有进步。",
            ),
            evidence=(
                Evidence(SWING.what, swing, ">", SWING.value, SWING.unit, SWING.source),
                Evidence(GAIN.what, gain / swing, "<", GAIN.value, GAIN.unit, GAIN.source),
            ),
            causes=first_ones(PROBLEM.causes, *(("batch",) if small else ())),
            remedies=first_ones(with_rate(PROBLEM.remedies, facts), *(("batch_size",) if small else ())),
            steps=(int(run.last_steps[len(run.losses) // 2]), run.steps),
        ),
    )


def _swing(run: Course) -> tuple[float, float]:
    """Swing between stretches and fall over the second half, both as shares of the reference."""
    late = run.losses[len(run.losses) // 2 :]
    swing = float(np.median(np.abs(np.diff(late)))) / run.reference
    third = max(1, len(late) // 3)
    return swing, float(np.median(late[:third]) - np.median(late[-third:])) / run.reference


PROBLEM = Problem(
    identifier="oscillating_loss",
    title=Text(en="Oscillating loss", zh="损失振荡"),
    explanation=Text(
        en="The loss goes up and down like a child on a swing: a lot of movement, and always back where it was. The "
        "steps are too long for the valley, or each of them is guessed from too few samples.",
        zh="损失像荡秋千一样上上下下：动得很多，却总是回到原处。要么步幅对山谷来说太长，要么每一步都只凭太少的样本猜测方向。",
    ),
    needs=Needs(steps=True),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "rate",
            Text(
                en="The learning rate, or rate and momentum together, is too high.", zh="学习率（或与动量合起来）过高。"
            ),
            Text(en="With a third of the rate the swings shrink.", zh="学习率降到三分之一后波动变小。"),
        ),
        Cause(
            "batch",
            Text(
                en="The batch is so small that each gradient is mostly chance.", zh="批次太小，每次的梯度大多是偶然。"
            ),
            Text(en="With four times the batch the swings halve.", zh="批次扩大到四倍后波动减半。"),
        ),
    ),
    remedies=(
        Remedy(
            "learning_rate",
            Text(en="Lower the learning rate.", zh="降低学习率。"),
            "--learning-rate 0.0001",
        ),
        Remedy("batch_size", Text(en="Take a larger batch.", zh="增大批次。"), "--batch-size 64"),
        Remedy(
            "schedule",
            Text(en="Let the rate fall during the training.", zh="让学习率在训练中逐渐下降。"),
            "--schedule cosine",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("learning_rate_too_high"),
        Origin("batch_too_small"),
        Origin("unscaled_input", too_large),
        Origin("unscaled_target", too_large),
        Origin("exploding_gradient"),
        Origin("loss_output_mismatch", hopeless),
        Origin("wrong_output_activation", hopeless),
        Origin("poor_initialization", too_large),
    ),
)
