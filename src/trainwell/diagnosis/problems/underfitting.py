"""Underfitting: the network cannot even learn its training samples, although there is something to learn in them.

What it sees. A training loss that has stopped falling far from its goal, while simple models do much better on the same
samples without having seen them; or one that learned nothing at all.

Why it hurts. No regularisation and no amount of data helps a network that cannot bend far enough (Goodfellow, Bengio &
Courville 2016, section 5.2).

When it stays silent. Simple models do no better, so that there may be nothing more to learn; or the loss still falls.

Thresholds. See `THRESHOLDS`.

Remedies. More units or layers; less regularisation. If simple models are better, something in the network or its
settings is in the way, and the other findings say what.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.contract import Contract, LayerStart
from trainwell.diagnosis.course import behind, course
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, hopeless
from trainwell.diagnosis.simple_models import BEYOND_NOISE, behind_by
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

LEVEL = Threshold(
    name="level",
    value=0.3,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(en="sound trainings of the gallery come below a third", zh="样例集中的正常训练都低于三分之一"),
)
BEHIND = behind_by(0.1, BEYOND_NOISE)
NARROW = Threshold(
    name="narrow",
    value=0.25,
    unit="share",
    what=Text(
        en="Units of the narrowest hidden layer, as a share of the classes", zh="最窄隐藏层的单元数（占类别数的比例）"
    ),
    source=Text(
        en="two units can tell ten classes apart only along a circle, and hardly learn to",
        zh="两个单元只能沿一个圆区分十个类别，而且很难学会",
    ),
)
GOING_ON = 0.3  # behind simple models: what is less may come with more epochs, while the loss still falls
LEAST_CLASSES = 5
_TELLING = ("Dense", "Conv1D", "Conv2D", "SimpleRNN", "LSTM", "GRU")
THRESHOLDS = (LEVEL, BEHIND, NARROW)


def _check(facts: Facts) -> Sequence[Finding]:
    run = course(facts)
    if run is None or facts.stopped == "not_finite":
        return ()
    level, back = run.progress.level, behind(facts)
    if back is None or back <= BEHIND.value or level <= LEVEL.value or facts.contract is None:
        return ()
    nothing, narrow = run.progress.learned_nothing, _narrow(facts.contract)
    if run.still_falling and run.late_fall > 0.03 and narrow is None and back < GOING_ON:
        return ()
    evidence = (
        *(
            [
                Evidence(
                    NARROW.what,
                    narrow.units / facts.contract.output.units,
                    "<",
                    NARROW.value,
                    NARROW.unit,
                    NARROW.source,
                    narrow.name,
                )
            ]
            if narrow
            else []
        ),
        Evidence(LEVEL.what, level, ">", LEVEL.value, LEVEL.unit, LEVEL.source, step=run.steps),
        Evidence(BEHIND.what, back, ">", BEHIND.value, BEHIND.unit, BEHIND.source),
    )
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="error" if nothing else "warning",
            confidence=0.8,
            summary=Text(
                en=f"The training loss has come to rest at {share(level)} of a constant prediction's, and simple "
                f"models are {share(min(back, 1.0))} better on samples that they have not seen.",
                zh=f"训练损失停在常数预测损失的 {share(level)}，而简单模型在未见过的样本上要好 "
                f"{share(min(back, 1.0))}。",
            ),
            evidence=evidence,
            causes=first_ones(PROBLEM.causes, *(("penalised",) if facts.regularised and not narrow else ())),
            remedies=PROBLEM.remedies,
            layers=(narrow.name,) if narrow else (),
            steps=(run.late_step, run.steps),
        ),
    )


def _narrow(contract: Contract) -> LayerStart | None:
    """A hidden layer too narrow to tell the classes apart; None where answers are numbers or the inputs themselves."""
    classes = contract.output.units
    if contract.regression or classes < LEAST_CLASSES:
        return None
    hidden = [one for one in contract.layers if one.kind in _TELLING and one.units and one.name != contract.output.name]
    return next((one for one in hidden if one.units <= NARROW.value * classes), None)


PROBLEM = Problem(
    identifier="underfitting",
    title=Text(en="Underfitting", zh="欠拟合"),
    explanation=Text(
        en="The network is like a pupil with a ruler who is asked to draw a circle: more practice does not help, the "
        "tool cannot do it. Or something holds the hand.",
        zh="网络像一个只有直尺却要画圆的学生：再练也没用，工具做不到。或者有什么东西按住了他的手。",
    ),
    needs=Needs(steps=True, facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "too_small",
            Text(
                en="The network has too few units or layers, or one far too narrow layer.",
                zh="网络的单元或层太少，或某一层过窄。",
            ),
            Text(en="A network of twice the width has a lower training loss.", zh="宽度加倍后训练损失更低。"),
        ),
        Cause(
            "penalised",
            Text(en="Penalties or dropout hold it back.", zh="惩罚项或 dropout 限制了它。"),
            Text(en="Without them the training loss falls.", zh="去掉它们后训练损失下降。"),
        ),
        Cause(
            "settings",
            Text(
                en="The optimizer does not get there: rate, scale or initialisation do not fit.",
                zh="优化器走不到那里：学习率、尺度或初始化不合适。",
            ),
            Text(en="The other findings name it.", zh="其他发现会指出具体原因。"),
        ),
    ),
    remedies=(
        Remedy(
            "wider", Text(en="More units in each layer, or more layers.", zh="增加每层单元数或层数。"), "--hidden 128x2"
        ),
        Remedy(
            "less_regularization",
            Text(en="Less dropout, smaller penalties.", zh="减小 dropout 与惩罚项。"),
            "--dropout 0",
        ),
        Remedy("adam", Text(en="Adam with its usual rate.", zh="使用 Adam 及其常用学习率。"), "--optimizer adam"),
    ),
    check=_check,
    symptom_of=(
        Origin("learning_rate_too_high"),
        Origin("learning_rate_too_low"),
        Origin("invalid_learning_rate"),
        Origin("loss_output_mismatch"),
        Origin("wrong_output_activation"),
        Origin("wrong_output_units"),
        Origin("wrong_loss"),
        Origin("dying_relu"),
        Origin("vanishing_gradient"),
        Origin("exploding_gradient"),
        Origin("poor_initialization"),
        Origin("saturated_activation"),
        Origin("excessive_regularization"),
        Origin("missing_nonlinearity"),
        Origin("wrong_activation"),
        Origin("attention_collapse"),
        Origin("missing_warmup"),
        Origin("missing_mask"),
        Origin("short_memory"),
        Origin("unscaled_input"),
        Origin("unscaled_target"),
        Origin("oscillating_loss"),
        Origin("slow_convergence"),
        Origin("batch_too_large"),
        Origin("insufficient_epochs"),
        Origin("class_imbalance", hopeless),
    ),
)
