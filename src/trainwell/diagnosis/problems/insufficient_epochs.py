"""Insufficient epochs: the training was stopped while it still learned quickly.

What it sees. The loss at the end is still falling fast, on the training samples and (where there are such) on those
held out, and the training went to the end that was asked for.

Why it hurts. The figures are those of a half-trained network. It is the cheapest of all problems to mend, and it hides
every other: what a network cannot do is known only when it has stopped learning.

When it stays silent. The validation loss rises or stands still; the loss has nearly nothing left to fall; or a callback
stopped the training on purpose.

Thresholds. See `THRESHOLDS`.

Remedies. More epochs, with early stopping, so that there are never too many.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from trainwell.diagnosis.course import Course, clearly_behind, course, movement
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, hopeless
from trainwell.diagnosis.simple_models import behind_by
from trainwell.diagnosis.wording import number, share
from trainwell.locales import Text

FALL = Threshold(
    name="fall",
    value=0.05,
    unit="share",
    what=Text(
        en="Fall of the loss from the third to the last quarter, as a share of a constant prediction's",
        zh="第三个四分之一到最后四分之一的损失下降量（占常数预测损失的比例）",
    ),
    source=Text(
        en="at this pace a fifth of all there is to learn would follow in as many steps again",
        zh="按这一速度，再训练同样多的步还能学到可学内容的五分之一",
    ),
)
LEVEL = Threshold(
    name="level",
    value=0.35,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(
        en="below a third, most of what there is to learn was learned", zh="低于三分之一时，大部分可学内容已经学到"
    ),
)
BEHIND_LEVEL = Threshold(
    name="level_behind",
    value=0.15,
    unit="share",
    what=LEVEL.what,
    source=Text(
        en="counts only where simple models are better on new samples: there more is to be learned",
        zh="只有当简单模型在新样本上更好时才算数：说明还有可学的内容",
    ),
)
BEHIND = behind_by(
    0.2,
    Text(
        en="twenty points are far outside the noise and what a sound training still has to go",
        zh="二十个百分点远超噪声以及正常训练尚余的差距",
    ),
)
WAY = Threshold(
    name="way",
    value=0.5,
    unit="times",
    what=Text(
        en="Way of the weights in the whole training, in units of their own size",
        zh="整个训练中权重移动的总路程（以权重自身大小为单位）",
    ),
    source=Text(
        en="sound trainings of the gallery go at least as far, with steps of the usual thousandth in 500 steps",
        zh="样例集中的正常训练至少走这么远；以通常千分之一的步幅约需 500 步",
    ),
)
FEW_STEPS = 100
USUAL_STEP = 5e-4  # of the weights' size, below which the rate is to blame and not the number of steps
THRESHOLDS = (FALL, LEVEL, BEHIND_LEVEL, BEHIND, WAY)
FEW_STEPS_PER_EPOCH = 8


def _check(facts: Facts) -> Sequence[Finding]:
    run = course(facts)
    if run is None or facts.stopped in ("not_finite", "callback", "interrupted"):
        return ()
    level = run.progress.level
    falls = run.late_fall > FALL.value and run.still_falling and not _over(facts)
    begun = _barely_begun(facts, run)
    back = clearly_behind(facts, BEHIND.value)
    limit = LEVEL if back is None else BEHIND_LEVEL
    if level <= limit.value or not (falls or begun is not None):
        return ()
    per_epoch = facts.steps_per_epoch
    few = per_epoch is not None and per_epoch <= FEW_STEPS_PER_EPOCH
    epochs = facts.epochs or max(1, len(facts.recording.epochs))
    return (_finding(run, limit, back, epochs, few=few, begun=None if falls else begun),)


def _barely_begun(facts: Facts, run: Course) -> float | None:
    """Way of the weights if steps of usual size were far too few for them to get anywhere; None otherwise."""
    moved = movement(facts)
    if moved is None or run.steps >= FEW_STEPS or moved.typical.max() < USUAL_STEP:
        return None
    far = float(moved.distance.max())
    return far if far < WAY.value else None


def _over(facts: Facts) -> bool:
    """Whether the validation loss no longer falls."""
    losses = [epoch["val_loss"] for epoch in facts.recording.epochs if math.isfinite(epoch.get("val_loss", math.nan))]
    return len(losses) >= 3 and min(losses[-2:]) > 0.99 * min(losses[:-2])


def _finding(
    run: Course, limit: Threshold, back: float | None, epochs: int, *, few: bool, begun: float | None
) -> Finding:
    level = run.progress.level
    more = max(3 * epochs, epochs + 5)
    remedies = [
        replace(one, option=f"--epochs {more} --early-stopping 5") if one.code == "epochs" else one
        for one in PROBLEM.remedies
    ]
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="warning",
        confidence=0.85,
        summary=Text(
            en=f"The training ended after {run.steps:,} steps, before the weights had moved by more than "
            f"{number(begun)} times their size.",
            zh=f"训练在 {run.steps:,} 步后就结束了，此时权重的总移动量还不到其自身大小的 {number(begun)} 倍。",
        )
        if begun is not None
        else Text(
            en=f"When the training ended after {epochs} epochs ({run.steps:,} steps), the loss was still falling: by "
            f"{share(run.late_fall)} of a constant prediction's in its last quarter, to {share(level)}.",
            zh=f"训练在 {epochs} 轮（{run.steps:,} 步）后结束时损失仍在下降：最后四分之一下降了常数预测损失的 "
            f"{share(run.late_fall)}，降到其 {share(level)}。",
        ),
        evidence=(
            Evidence(FALL.what, run.late_fall, ">", FALL.value, FALL.unit, FALL.source, step=run.steps)
            if begun is None
            else Evidence(WAY.what, begun, "<", WAY.value, WAY.unit, WAY.source, step=run.steps),
            Evidence(limit.what, level, ">", limit.value, limit.unit, limit.source, step=run.steps),
            *([Evidence(BEHIND.what, back, ">", BEHIND.value, BEHIND.unit, BEHIND.source)] if back is not None else []),
        ),
        causes=first_ones(PROBLEM.causes, *(("few_steps",) if few else ())),
        remedies=first_ones(remedies, *(("batch_size",) if few else ())),
        steps=(run.steps, run.steps),
    )


PROBLEM = Problem(
    identifier="insufficient_epochs",
    title=Text(en="Too few epochs", zh="训练轮数不足"),
    explanation=Text(
        en="The bread was taken out of the oven while it was still rising. Nothing is wrong with the dough: it needs "
        "more time.",
        zh="面包还在发，就从烤箱里取出来了。面团没有问题，只是时间不够。",
    ),
    needs=Needs(steps=True),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "few_epochs",
            Text(en="Too few epochs were asked for.", zh="设定的训练轮数太少。"),
            Text(en="With three times as many the loss falls on.", zh="轮数增加到三倍后损失继续下降。"),
        ),
        Cause(
            "few_steps",
            Text(
                en="The batch is so large that an epoch is only a few steps.",
                zh="批次太大，每轮只有寥寥几步。",
            ),
            Text(en="With a smaller batch the same epochs suffice.", zh="批次减小后，同样的轮数就够了。"),
        ),
    ),
    remedies=(
        Remedy(
            "epochs",
            Text(en="Train for longer, with early stopping.", zh="延长训练，并配合提前停止。"),
            "--epochs 30 --early-stopping 5",
        ),
        Remedy(
            "batch_size",
            Text(en="Take a smaller batch: more steps in the same epochs.", zh="减小批次：同样轮数内步数更多。"),
            "--batch-size 32",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("batch_too_large"),
        Origin("learning_rate_too_low"),
        Origin("unscaled_input"),
        Origin("unscaled_target"),
        Origin("slow_convergence"),
        Origin("vanishing_gradient", hopeless),
    ),
)
