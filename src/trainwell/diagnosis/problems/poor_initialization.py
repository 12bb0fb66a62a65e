"""Poor initialisation: the weights a layer begins with are too large, too small, or all the same.

What it sees. The spread of each kernel before the first step against what the rules of Glorot, LeCun and He give a
kernel of its shape; whether all units of a layer begin alike; and by how much a recurrent layer multiplies what it
remembers in each step.

Why it hurts. Units that begin alike get the same gradient and stay alike for ever: a layer of a hundred is a layer of
one (Goodfellow, Bengio & Courville 2016, section 8.4). Weights that are too large or small let the signal grow or fade
from layer to layer (Glorot & Bengio 2010; He et al. 2015).

When it stays silent. Output layers that begin with zeros: that is a known and good choice. After a training that
learned well it is a note. Layers followed by a normalisation are held to the same rule, but only after harm.

Thresholds. See `THRESHOLDS`.

Remedies. Keras's default or the initializer that fits the activation. What was learned is lost, which here is no loss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainwell.diagnosis.contract import Contract, LayerStart
from trainwell.diagnosis.course import course, learned_well
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import layer_list, number
from trainwell.locales import Text

LARGE = Threshold(
    name="large",
    value=2.5,
    unit="times",
    what=Text(
        en="Spread of the kernel, against the largest that the usual rules give",
        zh="权重的离散程度（相对于常用规则的最大值）",
    ),
    source=Text(
        en="a little above the gain of 2 at which signals begin to grow in any layer (He et al. 2015, section 2.2)",
        zh="略高于任何层的信号开始增长的增益 2（He 等 2015，2.2 节）",
    ),
)
SMALL = Threshold(
    name="small",
    value=0.1,
    unit="times",
    what=Text(
        en="Spread of the kernel, against the smallest that the usual rules give",
        zh="权重的离散程度（相对于常用规则的最小值）",
    ),
    source=Text(
        en="the signal fades to a tenth in each layer (Glorot & Bengio 2010, section 4.2.1); the usual 0.02 of "
        "Transformers "
        "is no fault",
        zh="信号每过一层衰减到十分之一（Glorot 与 Bengio 2010，4.2.1 节）；Transformer 常用的 0.02 不算问题",
    ),
)
ALIKE = Threshold(
    name="alike",
    value=1,
    unit="layers",
    what=Text(en="Hidden layers whose units all begin alike", zh="所有单元初始相同的隐藏层数"),
    source=Text(
        en="one is enough: equal units stay equal (Goodfellow et al. 2016, section 8.4)",
        zh="一层就足够：相同的单元永远相同（Goodfellow 等 2016，8.4 节）",
    ),
)
MEMORY = Threshold(
    name="memory",
    value=1.3,
    unit="times",
    what=Text(
        en="Factor by which a recurrent layer multiplies what it remembers, per step (spectral radius)",
        zh="循环层每一步对其记忆的放大倍数（谱半径）",
    ),
    source=Text(
        en="above 1 what is remembered, and its gradient, can grow in each step (Pascanu et al. 2013, section 2.1); "
        "Keras's orthogonal start has exactly 1",
        zh="大于 1 时记忆及其梯度每一步都可能增长（Pascanu 等 2013，2.1 节）；Keras 的正交初始化恰为 1",
    ),
)
FAR = 4  # times the largest usual spread: before a training, less may be meant
WELL = 0.08  # of a constant prediction's loss: a network that came this far was not held back
THRESHOLDS = (LARGE, SMALL, ALIKE, MEMORY)


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None:
        return ()
    hidden = [layer for layer in contract.layers if _counts(layer, contract)]
    alike = [layer for layer in hidden if layer.alike and layer.units > 1]
    kernels = [layer for layer in contract.layers if layer.parameters > 0 and math.isfinite(layer.deviation)]
    large = [layer for layer in kernels if not layer.alike and _times_large(layer) > LARGE.value]
    small = [layer for layer in hidden if not layer.alike and _times_small(layer) < SMALL.value]
    grows = [layer for layer in contract.layers if layer.memory_gain > MEMORY.value]
    if not (alike or large or small):
        return (_grows(facts, grows),) if grows else ()
    return (_finding(facts, alike or large or small, alike=bool(alike), large=bool(large)),)


def _counts(layer: LayerStart, contract: Contract) -> bool:
    return layer.name != contract.output.name and layer.parameters > 0 and math.isfinite(layer.deviation)


def _times_large(layer: LayerStart) -> float:
    return layer.deviation / layer.usual_high


def _times_small(layer: LayerStart) -> float:
    return layer.deviation / layer.usual_low


def _extreme(layer: LayerStart) -> bool:
    """Whether it begins so far off that what the network reached would have been better without."""
    return not layer.alike and (_times_large(layer) > 10 or _times_small(layer) < 0.02)


def _severity(facts: Facts, *, alike: bool, far: bool, extreme: bool) -> Severity:
    """As bad as what came of it; before a training, what is to be expected."""
    run = course(facts)
    if run is None:
        return "error" if alike or facts.stopped == "not_finite" else "warning" if far else "note"
    if learned_well(facts) and not (extreme and run.progress.level > WELL):
        return "note"
    return "error" if run.progress.learned_nothing or alike else "warning"


def _grows(facts: Facts, layers: Sequence[LayerStart]) -> Finding:
    """Of recurrent layers whose memory grows from step to step."""
    names = tuple(layer.name for layer in layers)
    worst = max(layers, key=lambda layer: layer.memory_gain)
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=_severity(facts, alike=False, far=True, extreme=False),
        confidence=0.8,
        summary=Text(
            en=f"{worst.name} begins with recurrent weights that multiply what it remembers by up to "
            f"{number(worst.memory_gain)} in each step: over ten steps {number(worst.memory_gain**10)} times.",
            zh=f"{worst.name} 的初始循环权重每一步都会把记忆放大至多 {number(worst.memory_gain)} 倍："
            f"十步就是 {number(worst.memory_gain**10)} 倍。",
        ),
        evidence=(
            Evidence(MEMORY.what, worst.memory_gain, ">", MEMORY.value, MEMORY.unit, MEMORY.source, worst.name, 1),
        ),
        causes=first_ones(PROBLEM.causes, "memory"),
        remedies=first_ones(PROBLEM.remedies, "orthogonal"),
        layers=names,
    )


def _finding(facts: Facts, layers: Sequence[LayerStart], *, alike: bool, large: bool) -> Finding:
    names = tuple(layer.name for layer in layers)
    if alike:
        what = "alike"
        evidence = [
            Evidence(ALIKE.what, len(layers), ">", ALIKE.value - 1, ALIKE.unit, ALIKE.source, layers[0].name, 1)
        ]
        summary = Text(
            en=f"All units of {layer_list(names).en} begin with the same weights: they get the same gradient, and stay "
            "alike for ever.",
            zh=f"{layer_list(names).zh} 的所有单元以相同的权重开始：它们得到相同的梯度，永远一模一样。",
        )
    else:
        what = "large" if large else "small"
        limit, times = (LARGE, _times_large) if large else (SMALL, _times_small)
        worst = max(layers, key=lambda layer: abs(math.log(max(times(layer), 1e-30))))
        sign = ">" if large else "<"
        evidence = [Evidence(limit.what, times(worst), sign, limit.value, limit.unit, limit.source, worst.name, 1)]
        summary = Text(
            en=f"The initial weights of {worst.name} spread {number(times(worst))} times as widely as the usual rules "
            f"say ({number(worst.deviation)}): the signal {'grows' if large else 'fades'} there. Concerned: "
            f"{layer_list(names).en}.",
            zh=f"{worst.name} 的初始权重离散程度是常用规则的 {number(times(worst))} 倍（{number(worst.deviation)}）："
            f"信号在此{'放大' if large else '衰减'}。涉及的层：{layer_list(names).zh}。",
        )
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=_severity(
            facts,
            alike=alike,
            far=any(_times_large(x) > FAR or not large for x in layers),
            extreme=any(_extreme(layer) for layer in layers),
        ),
        confidence=0.95 if alike else 0.8,
        summary=summary,
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, what),
        remedies=PROBLEM.remedies,
        layers=names,
    )


PROBLEM = Problem(
    identifier="poor_initialization",
    title=Text(en="Poor initialisation", zh="初始化不当"),
    explanation=Text(
        en="The first weights are how loudly each layer speaks to the next. If each shouts, after ten layers there is "
        "only noise; if each whispers, nothing arrives; and if all say the same word, a choir is no more than one "
        "singer.",
        zh="初始权重决定每层对下一层说话的音量。层层大喊，十层之后只剩噪声；层层低语，什么也传不到；"
        "如果大家说同一个词，合唱团就等于一个人。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "alike",
            Text(
                en="The layer begins with zeros, ones or another constant.",
                zh="该层以全零、全一或其他常数开始。",
            ),
            Text(
                en="All columns of its kernel are equal before the first step.",
                zh="第一步之前其权重矩阵的各列完全相同。",
            ),
        ),
        Cause(
            "large",
            Text(
                en="An initializer with a fixed spread that is too wide for so many inputs.",
                zh="使用了固定离散程度的初始化，对这么多输入来说过大。",
            ),
            Text(
                en="With glorot_uniform the activations keep their size in step 1.",
                zh="换成 glorot_uniform 后，第 1 步的激活保持大小。",
            ),
        ),
        Cause(
            "small",
            Text(en="An initializer with a fixed spread that is too narrow.", zh="使用了固定离散程度的初始化，过小。"),
            Text(
                en="With glorot_uniform the activations keep their size in step 1.",
                zh="换成 glorot_uniform 后，第 1 步的激活保持大小。",
            ),
        ),
        Cause(
            "memory",
            Text(
                en="The recurrent weights begin larger than a rotation, which keeps the size of what it turns.",
                zh="循环权重的初始值大于旋转矩阵（旋转会保持大小不变）。",
            ),
            Text(
                en='With recurrent_initializer="orthogonal" the states keep their size over the steps.',
                zh='换成 recurrent_initializer="orthogonal" 后，状态在各步之间保持大小。',
            ),
        ),
    ),
    remedies=(
        Remedy(
            "initializer",
            Text(
                en="Let the initialisation match the activation: He for ReLU, Glorot for tanh and sigmoid.",
                zh="让初始化与激活函数匹配：ReLU 用 He，tanh 和 sigmoid 用 Glorot。",
            ),
            "--initializer he_normal",
        ),
        Remedy(
            "normalization",
            Text(
                en="Batch normalisation makes the size of the weights matter less.", zh="批归一化可降低权重大小的影响。"
            ),
            "--normalization batch_normalization",
        ),
        Remedy(
            "orthogonal",
            Text(
                en='Begin recurrent weights as a rotation: recurrent_initializer="orthogonal", Keras\'s default.',
                zh='让循环权重从旋转矩阵开始：recurrent_initializer="orthogonal"（Keras 的默认值）。',
            ),
        ),
    ),
    check=_check,
)
