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
import numpy.typing as npt

from trainwell.diagnosis.course import Course, Movement, clearly_behind, course, movement
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.layer_table import LayerTable
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, hopeless, too_large, with_rate
from trainwell.diagnosis.progress import finite_part
from trainwell.diagnosis.simple_models import BEYOND_NOISE, behind_by
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
DEADLY = Threshold(
    name="deadly",
    value=0.03,
    unit="share",
    what=STEP.what,
    source=Text(
        en="thirty times the usual thousandth; counts only where the gradient has nearly gone since",
        zh="是通常的千分之一的三十倍；只有在此后梯度几乎消失时才算数",
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
BEHIND = behind_by(0.1, BEYOND_NOISE)
REBOUND_BEHIND = Threshold(
    name="rebound_behind",
    value=0.15,
    unit="share",
    what=REBOUND.what,
    source=Text(
        en="counts only where simple models are better on new samples: what was lost again is missing there",
        zh="只有当简单模型在新样本上更好时才算数：丢失的正是那里缺少的",
    ),
)
LARGE_ADAPTIVE = Threshold(
    name="large_adaptive",
    value=0.01,
    unit="",
    what=Text(en="Learning rate of Adam and its kin", zh="Adam 一类优化器的学习率"),
    source=Text(en="ten times Adam's default; UMLAUT's bound", zh="Adam 默认值的十倍；UMLAUT 的界限"),
)
LARGE_PLAIN = Threshold(
    name="large_plain",
    value=0.3,
    unit="",
    what=Text(en="Learning rate of gradient descent", zh="梯度下降的学习率"),
    source=Text(en="thirty times Keras's default; only orders causes", zh="Keras 默认值的三十倍；仅用于给原因排序"),
)
_SEEN = {
    REBOUND.what: Text(en="the loss jumps instead of falling", zh="损失不降反跳"),
    BLOWN_UP.what: Text(en="the loss shoots far above where it began", zh="损失远远冲过起始值"),
    BEHIND.what: Text(en="part of what can be learned is overrun", zh="一部分本可学到的内容被越过"),
}
_STUCK = Text(en="the loss does not fall", zh="损失不再下降")
_NOT_FINITE = Text(en="the loss became infinite or NaN", zh="损失变成无穷大或 NaN")
LEAST_LOOKS = 4
UNUSUAL_STEP = 0.01  # of the weights' size; with a rate far above the usual, half of a long step is enough
THRESHOLDS = (STEP, DEADLY, LONG_STEP, REBOUND, REBOUND_BEHIND, BEHIND, BLOWN_UP, LARGE_ADAPTIVE, LARGE_PLAIN)


def _check(facts: Facts) -> Sequence[Finding]:
    moved, run = movement(facts), course(facts)
    broke = facts.stopped == "not_finite"
    if moved is None or (run is None and not broke):
        return ()
    sizes = np.where(_usual_start(facts, moved), moved.sustained, moved.typical)
    if broke or (run is not None and (run.progress.learned_nothing or run.rebound > REBOUND.value)):
        sizes = np.maximum(
            sizes, np.where(_usual_start(facts, moved), moved.peak, 0)
        )  # a single step may end everything
    fastest = int(np.argmax(sizes))
    size = float(sizes[fastest])
    severity, harm = _harm(run, size, broke=broke, broken=_gone_quiet(facts))
    if severity is None:
        severity, harm = _held_back(facts, run, size)
    if severity is None:
        return ()
    return (_finding(facts, moved, fastest, size, severity, harm),)


def _usual_start(facts: Facts, moved: Movement) -> npt.NDArray[np.bool_]:
    """(layers,) whether a layer began with weights of usual size; small ones are multiplied by any update."""
    starts = {layer.name: layer for layer in facts.contract.layers} if facts.contract else {}
    found = [starts.get(layer.name.split("/")[-1]) for layer in moved.layers]
    return np.array([s is None or not (s.alike or s.deviation < 0.25 * s.usual_low) for s in found], np.bool_)


def _gone_quiet(facts: Facts) -> bool:
    """Whether the gradient has nearly gone since the start: large steps pushed the network to where none passes."""
    dead = LayerTable.of(facts.recording, "dead_share").finite()
    if len(dead) >= LEAST_LOOKS and bool(((dead.late().medians() > 0.9) & (dead.values[0] < 0.6)).any()):
        return True
    gradient, _ = finite_part(facts.recording.run("gradient_norm"))
    if len(gradient) < 20:
        return False
    tenth = len(gradient) // 10
    return float(np.median(gradient[-tenth:])) < 0.01 * float(np.max(gradient[:tenth]))


def _harm(run: Course | None, size: float, *, broke: bool, broken: bool) -> tuple[Severity | None, Evidence | None]:
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
    if nothing and size > (DEADLY if broken else STEP).value:
        return "error", run.progress.evidence(run.steps)
    if run.rebound > REBOUND.value and not run.progress.learned:
        return "error" if nothing else "warning", _evidence(REBOUND, run.rebound)
    return None, None


def _held_back(facts: Facts, run: Course | None, size: float) -> tuple[Severity | None, Evidence | None]:
    """Long steps that cost part of what could be learned, as new samples show."""
    rate = _rate(facts)
    long = size > LONG_STEP.value or (size > UNUSUAL_STEP and rate is not None and _unusual(facts, rate))
    if run is None or facts.stopped == "not_finite" or not long or run.rebound <= REBOUND_BEHIND.value:
        return None, None
    back = clearly_behind(facts, BEHIND.value)
    return (None, None) if back is None else ("warning", _evidence(BEHIND, back))


def _evidence(limit: Threshold, measured: float) -> Evidence:
    return Evidence(limit.what, measured, ">", limit.value, limit.unit, limit.source)


def _finding(
    facts: Facts, moved: Movement, fastest: int, size: float, severity: Severity, harm: Evidence | None
) -> Finding:
    layer = moved.layers[fastest].name
    limit = next((one for one in (STEP, DEADLY, LONG_STEP) if size > one.value), LONG_STEP)
    evidence = [Evidence(limit.what, size, ">", limit.value, limit.unit, limit.source, layer)]
    rate = _rate(facts)
    told = Text(en="", zh="") if rate is None else Text(en=f" of {number(rate)}", zh=f"（{number(rate)}）")
    course_of_loss = _SEEN.get(harm.what, _STUCK) if harm else _NOT_FINITE
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=0.9 if size > STEP.value else 0.7,
        summary=Text(
            en=f"With a learning rate{told.en} each step changes the weights of {layer} by {share(size)} of "
            f"their size, and {course_of_loss.en}.",
            zh=f"在当前学习率{told.zh}下，每一步都使 {layer} 的权重改变其大小的 {share(size)}，{course_of_loss.zh}。",
        ),
        evidence=(*evidence, *((harm,) if harm else ())),
        causes=first_ones(PROBLEM.causes, *(("rate",) if rate is None or _unusual(facts, rate) else ("scale",))),
        remedies=with_rate(PROBLEM.remedies, facts),
        steps=(_since(facts, layer, limit.value), max(1, facts.recording.last_step)),
    )


def _since(facts: Facts, layer: str, limit: float) -> int:
    """The first step that was looked into whose update was larger than the limit."""
    table = LayerTable.of(facts.recording, "update_ratio", lambda one: one.name == layer).finite()
    large = np.flatnonzero(table.values[:, 0] > limit)
    return int(table.first_step[large[0]]) if len(large) else 1


def _unusual(facts: Facts, rate: float) -> bool:
    """Whether the rate is far above what is usual for the optimizer."""
    adapts = facts.contract.adapts if facts.contract else facts.optimizer not in ("SGD", None)
    return rate > 0.99 * (LARGE_ADAPTIVE if adapts else LARGE_PLAIN).value  # rates are kept as float32


def _exploded_first(symptom: Finding, cause: Finding) -> bool:  # noqa: ARG001
    """Whether the steps were long because the gradients were, and not because of the rate."""
    return symptom.causes[0].code != "rate"


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
        Origin("exploding_gradient", _exploded_first),
    ),
)
