"""Overfitting: the network learns the training samples by heart, and gets worse on those it has not seen.

What it sees. The validation loss rises from its lowest point while the training loss goes on falling; or the training
samples are known by heart while the validation loss has long stopped falling far above. Both curves are smoothed by the
median of three epochs, and a rise must stand out of the validation loss's own noise.

Why it hurts. What was learned since the lowest point holds for the training samples only; on new data the network of
that point was better (Prechelt 1998, "Early Stopping - But When?").

When it stays silent. A slight gap, as almost every good training has; a rise that is small against the loss of a
constant prediction (a validation loss that doubles from 0.01 to 0.02 is no harm); a rise together with the training
loss (that is noise or a step size, not overfitting); fewer than three epochs since the lowest point. If the accuracy
held its best, or the weights of the best epoch were kept, it is a note at most.

Thresholds. See `THRESHOLDS` of the problem.

Remedies. Early stopping is safe and costs nothing. Dropout and L2 slow the training down and want a few more epochs.
More data always helps where it can be had.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis.course import FAR_BEHIND, clearly_behind
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, NotChecked, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

RISE = Threshold(
    name="rise",
    value=1.2,
    unit="times",
    what=Text(en="Validation loss at the end, against its lowest", zh="末尾验证损失（相对于最低点）"),
    source=Text(
        en="trainproof's bound: evaluation loss 1.2 times its minimum while the training loss falls",
        zh="trainproof 的界限：训练损失下降而评估损失达到其最小值的 1.2 倍",
    ),
)
HARM = Threshold(
    name="harm",
    value=0.05,
    unit="share",
    what=Text(
        en="Rise of the validation loss, as a share of a constant prediction's loss",
        zh="验证损失的上升量（占常数预测损失的比例）",
    ),
    source=Text(
        en="below a twentieth of what there is to learn, the rise hardly changes an answer",
        zh="不到可学内容的二十分之一时，上升几乎不影响结果",
    ),
)
NOISE = Threshold(
    name="noise",
    value=3,
    unit="times",
    what=Text(
        en="Rise of the validation loss, against its noise from epoch to epoch", zh="验证损失的上升量（相对于逐轮噪声）"
    ),
    source=Text(
        en="three standard deviations, estimated from the median bend between three epochs",
        zh="三个标准差，由相邻三轮之间弯折量的中位数估计",
    ),
)
FALL = Threshold(
    name="fall",
    value=0.9,
    unit="times",
    what=Text(
        en="Training loss at the end, against that at the lowest validation loss",
        zh="末尾训练损失（相对于验证损失最低时）",
    ),
    source=Text(
        en="the training loss must fall by a tenth meanwhile, or both rise together",
        zh="同期训练损失须下降一成，否则就是两者一起上升",
    ),
)
BY_HEART = Threshold(
    name="by_heart",
    value=0.1,
    unit="times",
    what=Text(en="Training loss, against validation loss", zh="训练损失（相对于验证损失）"),
    source=Text(
        en="sound trainings in trainwell's tests and cases keep more than a tenth, or a difference that does no harm",
        zh="trainwell 测试与案例中的正常训练都高于十分之一，或差距无害",
    ),
)
GAP = Threshold(
    name="gap",
    value=0.2,
    unit="share",
    what=Text(
        en="Difference of validation and training loss, as a share of a constant prediction's loss",
        zh="验证损失与训练损失之差（占常数预测损失的比例）",
    ),
    source=Text(
        en="a fifth of what there is to learn was learned by heart only",
        zh="可学内容中有五分之一只是死记硬背",
    ),
)
METRIC_HELD = Threshold(
    name="metric_held",
    value=0.01,
    unit="share",
    what=Text(en="Validation accuracy lost since its best", zh="验证准确率相对最佳值的下降"),
    source=Text(
        en="one point of accuracy is within the noise of small validation sets", zh="一个百分点在小验证集的噪声之内"
    ),
)
METRIC_GAP = Threshold(
    name="metric_gap",
    value=0.1,
    unit="share",
    what=Text(en="Training accuracy above validation accuracy", zh="训练准确率高出验证准确率"),
    source=Text(
        en="twice UMLAUT's five points (Schoop et al., CHI 2021), which fire on many sound trainings",
        zh="UMLAUT 界限（5 个百分点；Schoop 等，CHI 2021）的两倍，原界限在许多正常训练上也会触发",
    ),
)
LEAST_EPOCHS = 6
LEAST_SINCE_BEST = 3
LONG_TRAINING = 12  # epochs from which on "no longer improving" can be told


@dataclass(frozen=True)
class _Curves:
    """Losses by epoch, smoothed, (epochs,) float64; `best` is the last place of the lowest validation loss."""

    epochs: npt.NDArray[np.int64]
    train: npt.NDArray[np.float64]
    validation: npt.NDArray[np.float64]
    noise: float
    best: int
    reference: float

    @property
    def rise(self) -> float:
        """How far the validation loss has risen from its lowest point."""
        return float(self.validation[-1] - self.validation[self.best])


def _check(facts: Facts) -> Sequence[Finding] | NotChecked:
    curves = _curves(facts)
    if curves is None:
        return NotChecked(
            PROBLEM.identifier,
            PROBLEM.title,
            Text(
                en=f"fewer than {LEAST_EPOCHS} epochs have a finite training and validation loss",
                zh=f"训练损失和验证损失均有限的轮数不足 {LEAST_EPOCHS}",
            ),
        )
    risen, by_heart = _risen(facts, curves), _by_heart(facts, curves)
    if risen and by_heart and _accuracy_gap(facts) is not None and not _kept(facts, curves):
        # even where the accuracy held its best, that best is far below the training accuracy
        worse: Severity = "warning" if risen.severity == "note" else risen.severity
        risen = replace(risen, severity=worse, evidence=(*risen.evidence, *by_heart.evidence))
    finding = risen or by_heart
    return (finding,) if finding else ()


def _curves(facts: Facts) -> _Curves | None:
    rows = [epoch for epoch in facts.recording.epochs if math.isfinite(epoch.get("val_loss", math.nan))]
    rows = [epoch for epoch in rows if math.isfinite(epoch.get("loss", math.nan))]
    if len(rows) < LEAST_EPOCHS:
        return None
    validation = np.array([epoch["val_loss"] for epoch in rows])
    smooth = _smoothed(validation)
    # Second differences are free of the curve's trend; for normal noise their median size is 1.652 standard deviations
    # (0.6745 times the root of 1 + 4 + 1).
    noise = float(np.median(np.abs(np.diff(validation, 2)))) / 1.652
    return _Curves(
        np.array([int(epoch["epoch"]) for epoch in rows]),
        _smoothed(np.array([epoch["loss"] for epoch in rows])),
        smooth,
        noise,
        len(smooth) - 1 - int(smooth[::-1].argmin()),
        facts.trivial_loss if facts.trivial_loss and not facts.penalised else float(validation[0]),
    )


def _smoothed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Median of each value and its neighbours; at the ends, of the three that are there."""
    inner = np.median(np.lib.stride_tricks.sliding_window_view(values, 3), axis=1)
    return np.concatenate([inner[:1], inner, inner[-1:]])


def _risen(facts: Facts, curves: _Curves) -> Finding | None:
    """The validation loss has turned, the training loss has not."""
    best, end = curves.validation[curves.best], curves.validation[-1]
    since = len(curves.validation) - 1 - curves.best
    fallen = curves.train[-1] < FALL.value * curves.train[curves.best]
    useless = facts.trivial_loss is not None and not facts.penalised and end > facts.trivial_loss
    if since < LEAST_SINCE_BEST or not fallen or not (useless or end > RISE.value * best):
        return None
    if curves.rise < HARM.value * curves.reference or curves.rise < NOISE.value * curves.noise:
        return None
    lost = _accuracy_lost(facts)
    # an accuracy that never rose above chance cannot fall
    held = lost is not None and lost <= METRIC_HELD.value and clearly_behind(facts, FAR_BEHIND) is None
    kept = _kept(facts, curves)
    severity: Severity = "note" if held or kept else "error" if useless else "warning"
    epoch = int(curves.epochs[curves.best])
    evidence = [
        _evidence(RISE, float(end / best), ">"),
        _evidence(HARM, curves.rise / curves.reference, ">"),
        _evidence(FALL, float(curves.train[-1] / curves.train[curves.best]), "<"),
    ]
    if lost is not None and lost > METRIC_HELD.value:
        evidence.append(_evidence(METRIC_HELD, lost, ">"))
    after = (
        Text(en=" The weights of the best epoch were kept.", zh="已保留最佳轮的权重。")
        if kept
        else Text(en=" The accuracy has not suffered yet.", zh="准确率尚未受到影响。")
        if held
        else Text(
            en=" It is now worse than a constant prediction's: the network is sure of wrong answers.",
            zh="它现在比常数预测还差：网络对错误的答案十分自信。",
        )
        if useless
        else Text(en="", zh="")
    )
    return _finding(
        facts,
        curves,
        severity,
        0.9 if curves.rise > 2 * NOISE.value * curves.noise else 0.75,
        Text(
            en=f"Since epoch {epoch} the validation loss has risen from {number(float(best))} to {number(float(end))}, "
            f"while the training loss went on falling to {number(float(curves.train[-1]))}.{after.en}",
            zh=f"自第 {epoch} 轮起，验证损失从 {number(float(best))} 升到 {number(float(end))}，"
            f"而训练损失继续降到 {number(float(curves.train[-1]))}。{after.zh}",
        ),
        evidence,
    )


def _kept(facts: Facts, curves: _Curves) -> bool:
    """Whether the weights of an epoch near the lowest validation loss were kept."""
    return facts.kept_epoch is not None and facts.kept_epoch < curves.epochs[-1]


def _by_heart(facts: Facts, curves: _Curves) -> Finding | None:
    """The training samples are known by heart, and the validation loss no longer falls."""
    train, validation = curves.train[-1], curves.validation[-1]
    if len(curves.train) < LONG_TRAINING or not train < BY_HEART.value * validation:
        return None
    gap = float(validation - train) / curves.reference
    early = curves.validation[: 2 * len(curves.validation) // 3].min()
    still_falling = curves.validation[-1] < FALL.value * early
    above = _accuracy_gap(facts)
    if gap < GAP.value or still_falling or (above is not None and above < METRIC_GAP.value):
        return None
    evidence = [_evidence(BY_HEART, float(train / validation), "<"), _evidence(GAP, gap, ">")]
    if above is not None:
        evidence.append(_evidence(METRIC_GAP, above, ">"))
    told = (
        Text(en="", zh="")
        if above is None
        else Text(
            en=f" The accuracy is {100 * above:.0f} points higher on the training samples.",
            zh=f"训练样本上的准确率高出 {100 * above:.0f} 个百分点。",
        )
    )
    return _finding(
        facts,
        curves,
        "warning",
        0.7,
        Text(
            en=f"The training samples are known by heart (loss {number(float(train))}), but the validation loss stays "
            f"at {number(float(validation))} and no longer falls.{told.en}",
            zh=f"训练样本已被死记硬背（损失 {number(float(train))}），但验证损失停在 "
            f"{number(float(validation))}，不再下降。{told.zh}",
        ),
        evidence,
    )


def _accuracy_gap(facts: Facts) -> float | None:
    """Training accuracy above validation accuracy in the last epoch; None if not known."""
    last = facts.recording.epochs[-1]
    if "accuracy" not in last or "val_accuracy" not in last:
        return None
    return last["accuracy"] - last["val_accuracy"]


def _accuracy_lost(facts: Facts) -> float | None:
    """How far the validation accuracy has fallen from its best, smoothed; None if there is none."""
    found = [epoch["val_accuracy"] for epoch in facts.recording.epochs if "val_accuracy" in epoch]
    if len(found) < LEAST_EPOCHS:
        return None
    smooth = _smoothed(np.array(found))
    return float(smooth.max() - smooth[-1])


def _evidence(limit: Threshold, measured: float, comparison: str) -> Evidence:
    return Evidence(limit.what, measured, ">" if comparison == ">" else "<", limit.value, limit.unit, limit.source)


def _finding(
    facts: Facts, curves: _Curves, severity: Severity, confidence: float, summary: Text, evidence: list[Evidence]
) -> Finding:
    last = facts.recording.last_step
    epoch = int(curves.epochs[curves.best])
    per_epoch = facts.steps_per_epoch or last / max(1, int(curves.epochs[-1]))
    since = min(last, int(epoch * per_epoch) + 1)
    few = facts.training_samples is not None and _parameters(facts) > 10 * facts.training_samples
    regularised = ("too_many_weights",) if few else ()
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=confidence,
        summary=summary,
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, *(("too_long",) if curves.rise > 0 else ()), *regularised),
        remedies=PROBLEM.remedies
        if not facts.regularised
        else first_ones(PROBLEM.remedies, "early_stopping", "more_data"),
        steps=(since, last),
    )


def _parameters(facts: Facts) -> int:
    return sum(layer.parameters for layer in facts.recording.layers)


PROBLEM = Problem(
    identifier="overfitting",
    title=Text(en="Overfitting", zh="过拟合"),
    explanation=Text(
        en="The network is like a pupil who learns last year's exam answers by heart: full marks on those questions, "
        "lost on new ones. It has begun to learn the chance details of the training samples instead of what they have "
        "in common.",
        zh="网络像一个死记去年考卷答案的学生：原题满分，新题就不会了。"
        "它开始记住训练样本中的偶然细节，而不是它们的共同规律。",
    ),
    needs=Needs(epoch_columns=("val_loss", "loss"), epochs=LEAST_EPOCHS, steps=True),
    thresholds=(RISE, HARM, NOISE, FALL, BY_HEART, GAP, METRIC_HELD, METRIC_GAP),
    causes=(
        Cause(
            "too_long",
            Text(
                en="The training went on after the best epoch.",
                zh="训练在最佳轮之后仍在继续。",
            ),
            Text(
                en="The weights of the best epoch give a lower loss on the test data.",
                zh="最佳轮的权重在测试数据上损失更低。",
            ),
        ),
        Cause(
            "too_many_weights",
            Text(
                en="The network has many more weights than there are samples to learn from.",
                zh="网络的权重数量远多于训练样本。",
            ),
            Text(
                en="A network of half the width has a smaller gap.",
                zh="宽度减半后差距变小。",
            ),
        ),
        Cause(
            "few_samples",
            Text(
                en="There are too few training samples, or they are too much alike.",
                zh="训练样本太少，或彼此过于相似。",
            ),
            Text(
                en="With half the samples the gap is clearly larger.",
                zh="样本减半后差距明显变大。",
            ),
        ),
        Cause(
            "noisy_labels",
            Text(
                en="Wrong labels: they can only be learned by heart.",
                zh="标签有误：错误标签只能靠死记。",
            ),
            Text(
                en="Many of the training samples with the highest loss at the best epoch are labelled wrongly.",
                zh="最佳轮时损失最高的训练样本中，许多标签是错的。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "early_stopping",
            Text(
                en="Stop early and keep the weights of the best epoch.",
                zh="提前停止，并保留最佳轮的权重。",
            ),
            "--early-stopping 5",
        ),
        Remedy(
            "dropout",
            Text(
                en="Use dropout: it switches off other units in every step, so that none can be relied on alone.",
                zh="使用 Dropout：每步随机关闭一部分单元，使网络不能只依赖其中任何一个。",
            ),
            "--dropout 0.5",
        ),
        Remedy(
            "l2",
            Text(
                en="Penalise large weights (L2).",
                zh="惩罚过大的权重（L2 正则化）。",
            ),
            "--l2 1e-4",
        ),
        Remedy(
            "more_data",
            Text(
                en="Get more training samples, or vary those you have (augmentation).",
                zh="增加训练样本，或对现有样本做变换（数据增强）。",
            ),
        ),
        Remedy(
            "smaller_network",
            Text(en="Use a smaller network.", zh="使用更小的网络。"),
        ),
    ),
    check=_check,
)
