"""Learning rate too high: each step overshoots, so the loss jumps about or blows up instead of falling.

What it sees. The size of an update as a share of the weights, in the layers with a kernel, together with a loss that
shows harm: it learned nothing, rose far above where it had been, or became infinite after weights moved too far.

Why it hurts. The gradient says where downhill is only close by. A step that is longer than the valley is wide lands on
the other slope, higher than before (Goodfellow, Bengio & Courville 2016, section 4.3). With ReLU a single such step can
push all units of a layer below zero for good.

When it stays silent. The training came to a good end, however large the steps were; or the weights hardly moved, so
that something else is to blame.

Thresholds. See `THRESHOLDS`.

Remedies. A tenth of the rate is safe to try: the same training, slower. Clipping keeps single large steps away; warm-up
and a falling schedule make room for a larger rate later.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainwell.diagnosis.course import Course, Movement, course, movement
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, hopeless, too_large, with_rate
from trainwell.diagnosis.wording import number, share
from trainwell.locales import Text

STEP = Threshold(
    name="step",
    value=0.1,
    unit="share",
    what=Text(en="Size of an update, as a share of the weights", zh="每次更新的大小（占权重的比例）"),
    source=Text(
        en="a hundred times the usual thousandth (Karpathy, CS231n notes); torchmortem's upper bound is the same",
        zh="是通常的千分之一（Karpathy，CS231n 讲义）的一百倍；torchmortem 的上限与此相同",
    ),
)
LONG_STEP = Threshold(
    name="long_step",
    value=0.02,
    unit="share",
    what=STEP.what,
    source=Text(
        en="twenty times the usual thousandth; counts only together with a loss that jumps",
        zh="是通常的千分之一的二十倍；只有在损失同时跳动时才算数",
    ),
)
REBOUND = Threshold(
    name="rebound",
    value=0.5,
    unit="share",
    what=Text(
        en="Rise of the training loss above its best, as a share of a constant prediction's",
        zh="训练损失高出其最佳值的幅度（占常数预测损失的比例）",
    ),
    source=Text(
        en="half of all there is to learn was lost again; trainproof calls 1.5 times the lowest loss diverging",
        zh="已学内容的一半又丢失了；trainproof 把达到最低损失 1.5 倍称为发散",
    ),
)
BLOWN_UP = Threshold(
    name="blown_up",
    value=3,
    unit="times",
    what=Text(en="Highest training loss, against the start", zh="最高训练损失（相对于起始值）"),
    source=Text(
        en="a sound training stays near or below its start; the bound leaves room for noise",
        zh="正常训练不会明显高于起始损失；该界限为噪声留出了余量",
    ),
)
THRESHOLDS = (STEP, LONG_STEP, REBOUND, BLOWN_UP)


def _check(facts: Facts) -> Sequence[Finding]:
    moved, run = movement(facts), course(facts)
    broke = facts.stopped == "not_finite"
    if moved is None or (run is None and not broke):
        return ()
    fastest = int(np.argmax(np.maximum(moved.typical, moved.early)))
    size = float(max(moved.typical[fastest], moved.early[fastest]))
    severity, harm = _harm(run, size, broke=broke)
    if severity is None:
        return ()
    return (_finding(facts, moved, fastest, size, severity, harm),)


def _harm(run: Course | None, size: float, *, broke: bool) -> tuple[Severity | None, Evidence | None]:
    """How bad it is, and the number that shows it."""
    if size <= LONG_STEP.value:
        return None, None
    if broke:
        return ("error", None) if size > STEP.value else (None, None)
    if run is None:
        return None, None
    nothing = run.progress.learned_nothing
    if run.worst > BLOWN_UP.value and (nothing or run.rebound > REBOUND.value) and not run.progress.learned:
        return "error" if nothing else "warning", _evidence(BLOWN_UP, run.worst)
    if nothing and size > STEP.value:
        return "error", run.progress.evidence(run.steps)
    if run.rebound > REBOUND.value and not run.progress.learned:
        return "error" if nothing else "warning", _evidence(REBOUND, run.rebound)
    return None, None


def _evidence(limit: Threshold, measured: float) -> Evidence:
    return Evidence(limit.what, measured, ">", limit.value, limit.unit, limit.source)


def _finding(
    facts: Facts, moved: Movement, fastest: int, size: float, severity: Severity, harm: Evidence | None
) -> Finding:
    layer = moved.layers[fastest].name
    limit = STEP if size > STEP.value else LONG_STEP
    evidence = [Evidence(limit.what, size, ">", limit.value, limit.unit, limit.source, layer)]
    rate = _rate(facts)
    told = Text(en="", zh="") if rate is None else Text(en=f" of {number(rate)}", zh=f"（{number(rate)}）")
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=0.9 if size > STEP.value else 0.7,
        summary=Text(
            en=f"With a learning rate{told.en} each step changes the weights of {layer} by {share(size)} of "
            "their size, "
            "and the loss jumps instead of falling.",
            zh=f"在当前学习率{told.zh}下，每一步都使 {layer} 的权重改变其大小的 {share(size)}，损失不降反跳。",
        ),
        evidence=(*evidence, *((harm,) if harm else ())),
        causes=PROBLEM.causes,
        remedies=with_rate(PROBLEM.remedies, facts),
        steps=(1, max(1, facts.recording.last_step)),
    )


def _rate(facts: Facts) -> float | None:
    """The largest rate that was used."""
    rates = facts.recording.run("learning_rate").maximum
    rates = rates[np.isfinite(rates)]
    return float(rates.max()) if len(rates) else None


PROBLEM = Problem(
    identifier="learning_rate_too_high",
    title=Text(en="Learning rate too high", zh="学习率过高"),
    explanation=Text(
        en="The network walks down into a valley in the fog, and the learning rate is the length of its stride. With "
        "strides as long as the valley is wide it never arrives: each one lands on the slope across, often higher "
        "than before.",
        zh="网络就像在雾中往山谷里走，学习率就是步幅。如果一步和山谷一样宽，就永远到不了谷底：每一步都落到对面的山坡上，"
        "常常比原来还高。",
    ),
    needs=Needs(measures=("update_ratio",), steps=True, looks=2),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "rate",
            Text(en="The learning rate is too high for this network.", zh="学习率对这个网络来说过高。"),
            Text(en="With a tenth of the rate the loss falls evenly.", zh="学习率降到十分之一后，损失平稳下降。"),
        ),
        Cause(
            "no_warmup",
            Text(
                en="The rate is right for later, but too high for the first steps with weights drawn at random.",
                zh="该学习率适合后期，但对随机初始权重的最初几步来说过高。",
            ),
            Text(en="With a warm-up the same rate works.", zh="加上预热后，同样的学习率可以正常工作。"),
        ),
        Cause(
            "scale",
            Text(
                en="Inputs or targets are so large that the gradients are, too.",
                zh="输入或目标的数值过大，导致梯度也过大。",
            ),
            Text(en="With standardised data the same rate works.", zh="数据标准化后，同样的学习率可以正常工作。"),
        ),
    ),
    remedies=(
        Remedy(
            "learning_rate",
            Text(en="Lower the learning rate to a tenth.", zh="把学习率降到十分之一。"),
            "--learning-rate 0.0001",
        ),
        Remedy(
            "warmup",
            Text(
                en="Let the rate rise slowly in the first steps (warm-up).",
                zh="让学习率在最初若干步中缓慢上升（预热）。",
            ),
            "--warmup 0.05",
        ),
        Remedy(
            "clipping",
            Text(
                en="Clip the gradient's norm, so that no step is too long.", zh="裁剪梯度范数，使任何一步都不会过大。"
            ),
            "--global-clip-norm 1",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("invalid_learning_rate"),
        Origin("nan_in_data"),
        Origin("unscaled_target", too_large),
        Origin("unscaled_input", too_large),
        Origin("loss_output_mismatch", hopeless),
        Origin("wrong_output_activation", hopeless),
        Origin("poor_initialization", too_large),
    ),
)
