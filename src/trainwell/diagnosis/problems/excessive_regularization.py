"""Excessive regularisation: penalties or dropout hold the network back from learning at all.

What it sees. The penalty's part of the loss at the end, the share of units that dropout takes away, and a network that
has hardly learned its training samples, or stays behind simple models on new ones.

Why it hurts. A penalty pulls every weight towards zero. If it pulls harder than the data do, the weights shrink until
the network always says the same (Goodfellow, Bengio & Courville 2016, section 7.1). Dropout of nearly all units leaves
too few to say anything.

When it stays silent. The network learned; or nothing is penalised or dropped; or the penalty is a small part of the
loss.

Thresholds. See `THRESHOLDS`.

Remedies. A tenth of the strength is safe to try.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from trainwell.diagnosis.contract import Contract
from trainwell.diagnosis.course import Course, clearly_behind, course
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones
from trainwell.diagnosis.simple_models import BEYOND_NOISE, behind_by
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

PENALTY = Threshold(
    name="penalty",
    value=0.3,
    unit="share",
    what=Text(en="Penalty on the weights, as a share of the loss at the end", zh="权重惩罚占末尾损失的比例"),
    source=Text(
        en="the usual strengths (1e-4 to 1e-3) add a few per cent; the bound is from the gallery of faults",
        zh="常用强度（1e-4 到 1e-3）只占百分之几；该界限由故障样例集确定",
    ),
)
SHRUNK = Threshold(
    name="shrunk",
    value=0.3,
    unit="times",
    what=Text(en="Size of penalised weights at the end, against the start", zh="受惩罚权重的大小（末尾相对于起始）"),
    source=Text(
        en="weights that learn grow; a network whose penalised weights shrink to a third is being erased",
        zh="学习中的权重会增大；受惩罚的权重缩到三分之一，说明网络正在被抹去",
    ),
)
DROPPED = Threshold(
    name="dropped",
    value=0.6,
    unit="share",
    what=Text(en="Share of units that dropout takes away", zh="dropout 丢弃的单元比例"),
    source=Text(
        en="0.5 is the usual upper end (Srivastava et al. 2014, appendix A.4); UMLAUT warns from there on",
        zh="0.5 是通常的上限（Srivastava 等 2014，附录 A.4）；UMLAUT 由此开始警告",
    ),
)
BEHIND = behind_by(0.1, BEYOND_NOISE)
LEVEL = Threshold(
    name="level",
    value=0.6,
    unit="share",
    what=Text(
        en="Training loss without penalties, as a share of a constant prediction's",
        zh="不含惩罚的训练损失（占常数预测损失的比例）",
    ),
    source=Text(en="less than half of what there is to learn was learned", zh="学到的还不到可学内容的一半"),
)
THRESHOLDS = (PENALTY, SHRUNK, DROPPED, LEVEL, BEHIND)


def _check(facts: Facts) -> Sequence[Finding]:
    contract, run = facts.contract, course(facts)
    if contract is None or run is None or facts.stopped == "not_finite":
        return ()
    found = _penalised(facts, contract, run) or _dropped(contract, run)
    return (found,) if found else ()


def _penalised(facts: Facts, contract: Contract, run: Course) -> Finding | None:
    names = tuple(layer.name for layer in contract.layers if layer.l1 > 0 or layer.l2 > 0)
    if not names or run.progress.now <= 0:
        return None
    penalty = min(1.0, _penalty_at_the_end(facts, contract) / run.progress.now)
    shrunk = _shrunk(facts, names)
    level = _level_without(facts, run, penalty)
    harm = _harm(facts, level, run.steps)
    if harm is None or (penalty <= PENALTY.value and not shrunk < SHRUNK.value):
        return None
    evidence = [harm]
    if shrunk < SHRUNK.value:
        evidence.insert(0, Evidence(SHRUNK.what, shrunk, "<", SHRUNK.value, SHRUNK.unit, SHRUNK.source))
    if penalty > PENALTY.value:
        evidence.insert(0, Evidence(PENALTY.what, penalty, ">", PENALTY.value, PENALTY.unit, PENALTY.source))
    told = (
        Text(
            en=f"the penalty makes up {share(penalty)} of the loss",
            zh=f"惩罚项占损失的 {share(penalty)}",
        )
        if penalty > PENALTY.value
        else Text(
            en=f"the penalised weights have shrunk to {share(shrunk)} of their size",
            zh=f"受惩罚的权重已缩小到原来的 {share(shrunk)}",
        )
    )
    return _finding(
        run,
        names,
        evidence,
        "penalty",
        Text(
            en=f"At the end {told.en}, and the network has hardly learned its training samples.",
            zh=f"训练结束时{told.zh}，而网络几乎没有学会训练样本。",
        )
        if level > LEVEL.value
        else Text(
            en=f"At the end {told.en}, and simple models do better on new samples.",
            zh=f"训练结束时{told.zh}，而简单模型在新样本上表现更好。",
        ),
    )


def _harm(facts: Facts, level: float, steps: int) -> Evidence | None:
    """What shows that the network was held back; None if nothing does."""
    if level > LEVEL.value:
        return Evidence(LEVEL.what, level, ">", LEVEL.value, LEVEL.unit, LEVEL.source, step=steps)
    back = clearly_behind(facts, BEHIND.value)
    return None if back is None else Evidence(BEHIND.what, back, ">", BEHIND.value, BEHIND.unit, BEHIND.source)


def _penalty_at_the_end(facts: Facts, contract: Contract) -> float:
    """The L2 part from the last recorded weights; the L1 part from the first penalty, scaled with the weights."""
    total = 0.0
    for layer in contract.layers:
        norm = _norms(facts, layer.name)
        if len(norm) and layer.l2:
            total += layer.l2 * float(norm[-1]) ** 2
        if len(norm) and layer.l1 and norm[0] > 0 and layer.parameters and math.isfinite(layer.deviation):
            # the mean distance from 0 of even or normal weights is about 0.8 standard deviations
            total += layer.l1 * 0.8 * layer.deviation * layer.parameters * float(norm[-1] / norm[0])
    return total


def _norms(facts: Facts, name: str) -> np.ndarray:
    """Weight norm of a layer over time, by its own name or the end of its path."""
    for info in facts.recording.layers:
        if info.name.split("/")[-1] == name and facts.recording.has("weight_norm", info.name):
            values = facts.recording.layer("weight_norm", info.name).mean
            return values[np.isfinite(values)]
    return np.zeros(0, np.float32)


def _shrunk(facts: Facts, names: Sequence[str]) -> float:
    """Median over the penalised layers of their last norm against their first."""
    ratios = [float(norm[-1] / norm[0]) for name in names if len(norm := _norms(facts, name)) and norm[0] > 0]
    return float(np.median(ratios)) if ratios else math.inf


def _level_without(facts: Facts, run: Course, penalty: float) -> float:
    """What is left of the loss beside the penalty, against knowing nothing; better, how much accuracy was gained."""
    gained = run.progress.accuracy_gained
    if gained is not None:
        return 1 - gained
    if facts.trivial_loss:
        return run.progress.now * (1 - penalty) / facts.trivial_loss
    return run.progress.level


def _dropped(contract: Contract, run: Course) -> Finding | None:
    dropping = [layer for layer in contract.layers if layer.dropout > DROPPED.value]
    if not dropping or run.progress.level <= LEVEL.value:
        return None
    most = max(dropping, key=lambda layer: layer.dropout)
    evidence = [
        Evidence(DROPPED.what, most.dropout, ">", DROPPED.value, DROPPED.unit, DROPPED.source, most.name),
        Evidence(LEVEL.what, run.progress.level, ">", LEVEL.value, LEVEL.unit, LEVEL.source, step=run.steps),
    ]
    return _finding(
        run,
        tuple(layer.name for layer in dropping),
        evidence,
        "dropout",
        Text(
            en=f"{most.name} drops {share(most.dropout)} of the units in every step, and the network has "
            "hardly learned "
            "its training samples.",
            zh=f"{most.name} 在每一步丢弃 {share(most.dropout)} 的单元，网络几乎没有学会训练样本。",
        ),
    )


def _finding(run: Course, layers: tuple[str, ...], evidence: Sequence[Evidence], code: str, summary: Text) -> Finding:
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="error" if run.progress.learned_nothing else "warning",
        confidence=0.85,
        summary=summary,
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, code),
        remedies=first_ones(PROBLEM.remedies, code),
        layers=layers,
        steps=(1, run.steps),
    )


PROBLEM = Problem(
    identifier="excessive_regularization",
    title=Text(en="Excessive regularisation", zh="正则化过强"),
    explanation=Text(
        en="Regularisation is a rubber band that keeps the weights from running too far. Here the band is so strong "
        "that they cannot leave the spot.",
        zh="正则化像一根橡皮筋，防止权重跑得太远。这里的橡皮筋太紧，权重寸步难行。",
    ),
    needs=Needs(steps=True, facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "penalty",
            Text(en="The L1 or L2 penalty is too strong.", zh="L1 或 L2 惩罚过强。"),
            Text(en="With a tenth of it the network learns.", zh="强度降到十分之一后网络能学会。"),
        ),
        Cause(
            "dropout",
            Text(en="Dropout takes away too many units.", zh="dropout 丢弃了过多单元。"),
            Text(en="With a rate of 0.2 the training loss falls.", zh="比率设为 0.2 后训练损失下降。"),
        ),
    ),
    remedies=(
        Remedy("penalty", Text(en="Lower the penalty to a tenth.", zh="把惩罚强度降到十分之一。"), "--l2 0.0001"),
        Remedy("dropout", Text(en="Lower dropout to 0.2.", zh="把 dropout 降到 0.2。"), "--dropout 0.2"),
    ),
    check=_check,
    symptom_of=(Origin("invalid_learning_rate"),),
)
