"""Slow convergence: the loss falls steadily, but so slowly that the training ends far from its goal.

What it sees. A loss that is still falling at the end, after many steps, and is still nearer to knowing nothing than to
half of it; and weights that do move.

Why it hurts. Hours go by for what another optimizer or rate reaches in minutes; and it is easily taken for the best the
network can do (Goodfellow, Bengio & Courville 2016, section 8.2).

When it stays silent. The loss has come down well; or there were so few steps that nobody could have learned more (see
insufficient_epochs); or the weights hardly move (see learning_rate_too_low); or the loss stands still.

Thresholds. See `THRESHOLDS`.

Remedies. Adam or momentum, then a larger rate; both are safe to try. Normalisation helps deep networks.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.course import course
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, hopeless
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

LEVEL = Threshold(
    name="level",
    value=0.6,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(en="less than half of what there is to learn was learned", zh="学到的还不到可学内容的一半"),
)
STEPS = Threshold(
    name="steps",
    value=300,
    unit="steps",
    what=Text(en="Steps of the training", zh="训练步数"),
    source=Text(
        en="with steps of the usual thousandth of their size, weights have gone a third of it by then",
        zh="按通常千分之一的步幅，此时权重已移动了自身大小的三分之一",
    ),
)
FALL = Threshold(
    name="fall",
    value=0.01,
    unit="share",
    what=Text(
        en="Fall of the loss from the third to the last quarter, as a share of a constant prediction's",
        zh="第三个四分之一到最后四分之一的损失下降量（占常数预测损失的比例）",
    ),
    source=Text(
        en="a hundredth in a quarter of the training, and more than its noise",
        zh="四分之一训练中下降百分之一，且超过噪声",
    ),
)
THRESHOLDS = (LEVEL, STEPS, FALL)
_SLOW = ("SGD", "Adagrad", "Adadelta", "Ftrl")


def _check(facts: Facts) -> Sequence[Finding]:
    run = course(facts)
    if run is None or facts.stopped == "not_finite" or run.steps < STEPS.value:
        return ()
    level = run.progress.level
    if level <= LEVEL.value or run.late_fall <= FALL.value or not run.still_falling:
        return ()
    plain = facts.optimizer in _SLOW
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="warning",
            confidence=0.8,
            summary=Text(
                en=f"After {run.steps:,} steps the training loss is still {share(level)} of a constant prediction's, "
                f"and falls by only {share(run.late_fall)} of it in a quarter of the training.",
                zh=f"{run.steps:,} 步之后训练损失仍为常数预测损失的 {share(level)}，"
                f"四分之一训练中只下降其 {share(run.late_fall)}。",
            ),
            evidence=(
                Evidence(LEVEL.what, level, ">", LEVEL.value, LEVEL.unit, LEVEL.source, step=run.steps),
                Evidence(STEPS.what, run.steps, ">", STEPS.value, STEPS.unit, STEPS.source),
            ),
            causes=first_ones(PROBLEM.causes, *(("optimizer",) if plain else ("rate",))),
            remedies=first_ones(PROBLEM.remedies, *(("adam",) if plain else ("learning_rate",))),
            steps=(run.late_step, run.steps),
        ),
    )


PROBLEM = Problem(
    identifier="slow_convergence",
    title=Text(en="Slow convergence", zh="收敛缓慢"),
    explanation=Text(
        en="The training walks in the right direction, but like a hiker who stops at every stone. It will arrive some "
        "day; a better stride would bring it there today.",
        zh="训练方向正确，却像每块石头前都要停一停的徒步者。它总有一天会到，但换一种走法今天就能到。",
    ),
    needs=Needs(steps=True),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "rate",
            Text(en="The learning rate is lower than this network bears.", zh="学习率低于该网络所能承受的水平。"),
            Text(en="Three times the rate falls three times as fast.", zh="学习率提高到三倍，下降也快三倍。"),
        ),
        Cause(
            "optimizer",
            Text(
                en="Plain gradient descent goes at the pace of the worst-scaled weight.",
                zh="普通梯度下降的速度取决于尺度最差的那个权重。",
            ),
            Text(
                en="Adam or momentum reaches the same loss in a fraction of the steps.",
                zh="Adam 或动量只需一小部分步数就能达到相同损失。",
            ),
        ),
        Cause(
            "signal",
            Text(
                en="Inputs or the signal between the layers have unfit scales.",
                zh="输入或层间信号的尺度不合适。",
            ),
            Text(
                en="With standardised inputs or batch normalisation it is faster.",
                zh="输入标准化或加入批归一化后变快。",
            ),
        ),
    ),
    remedies=(
        Remedy("adam", Text(en="Take Adam.", zh="改用 Adam。"), "--optimizer adam"),
        Remedy("learning_rate", Text(en="Raise the learning rate.", zh="提高学习率。"), "--learning-rate 0.01"),
        Remedy(
            "momentum",
            Text(en="Use momentum: it adds up what many steps agree on.", zh="使用动量：它会累积多步一致的方向。"),
            "--optimizer momentum",
        ),
        Remedy(
            "normalization",
            Text(en="Put batch normalisation between the layers.", zh="在层间加入批归一化。"),
            "--normalization batch_normalization",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("learning_rate_too_low"),
        Origin("vanishing_gradient"),
        Origin("unscaled_input"),
        Origin("unscaled_target"),
        Origin("excessive_regularization"),
        Origin("saturated_activation"),
        Origin("poor_initialization"),
        Origin("wrong_activation"),
        Origin("loss_output_mismatch", hopeless),
        Origin("wrong_output_activation", hopeless),
        Origin("oscillating_loss"),
        Origin("dying_relu"),
    ),
)
