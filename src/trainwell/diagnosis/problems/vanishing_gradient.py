"""Vanishing gradient: the first layers get (almost) no gradient, so they stay as they were drawn.

What it sees. The gradient per weight of each layer, as a share of the strongest among the last third of the layers;
layers are compared with each other in the same step, so the size of the loss and of the network cancel out. Only layers
with a kernel are compared: embeddings (a batch touches few of their rows) and the scales of normalisations have
gradients of another size for other reasons; so have the queries and keys of attention.

Why it hurts. Going back through the layers, the gradient is multiplied by a weight matrix and an activation's slope at
each. If the product shrinks (a sigmoid's slope is at most 0.25), thirty layers leave nothing for the first ones
(Hochreiter 1991; Bengio, Simard & Frasconi 1994; Glorot & Bengio 2010).

When it stays silent. The network learns; or the share recovers within the training; or every layer's gradient is small
together, as at the end of a good training, or zero together, as after a blow-up; or only one layer has weights. Adam
divides by the gradient's own size: where the updates of the first layers keep up, it is a warning, not an error.

Thresholds. See `THRESHOLDS`. The ratio is AutoTrainer's (first against last layer, 1e-3); its absolute bound of 1e-4 is
not used. The absolute bound is SageMaker Debugger's (1e-7), and only where the network learns a little.

Remedies. Another activation or initialisation builds a new network: safe, but what was learned is lost. Batch
normalisation changes what a batch means for small batches. None touches the data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, NotChecked, Remedy, Severity
from trainwell.diagnosis.layer_table import LayerTable, first_lasting
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, too_large
from trainwell.diagnosis.progress import Progress, progress
from trainwell.diagnosis.wording import layer_list, number
from trainwell.locales import Text
from trainwell.signals import LayerInfo

RATIO = Threshold(
    name="ratio",
    value=1e-3,
    unit="",
    what=Text(en="Gradient per weight, as a share of the last layers'", zh="单个权重的梯度（占末端各层的比例）"),
    source=Text(
        en="AutoTrainer's first-to-last-layer ratio (Zhang et al., ICSE 2021)",
        zh="AutoTrainer 的首末层梯度比（Zhang 等，ICSE 2021）",
    ),
)
NEGLIGIBLE = Threshold(
    name="negligible",
    value=1e-7,
    unit="loss per weight unit",
    what=Text(en="Gradient per weight", zh="单个权重的梯度"),
    source=Text(
        en="SageMaker Debugger's VanishingGradient rule; also Adam's epsilon, below which it stops compensating",
        zh="SageMaker Debugger 的 VanishingGradient 规则；也是 Adam 的 epsilon，低于它 Adam 便不再补偿",
    ),
)
KEEPS_UP = Threshold(
    name="keeps_up",
    value=0.1,
    unit="",
    what=Text(en="Relative update, as a share of the last layers'", zh="相对更新量（占末端各层的比例）"),
    source=Text(
        en="within a factor of ten, the optimizer makes up for the small gradient (Kingma & Ba 2015, section 2.1)",
        zh="相差在十倍以内，说明优化器弥补了过小的梯度（Kingma 与 Ba 2015，2.1 节）",
    ),
)
LEAST_LOOKS = 4
NEAR = 10
WHOLE_LAYER = 0.99
SATURATING = ("sigmoid", "tanh", "hard_sigmoid", "hard_tanh", "softsign")
OTHER_SCALE = ("Embedding", "PReLU", "Variable")


def _comparable(layer: LayerInfo) -> bool:
    looks = layer.name.endswith(("/query", "/key"))  # no gradient as long as every place is looked at alike
    return layer.kind not in OTHER_SCALE and not layer.kind.endswith("Normalization") and not looks


def _check(facts: Facts) -> Sequence[Finding] | NotChecked:
    table = LayerTable.of(facts.recording, "gradient_rms", _comparable).finite()
    come = progress(facts)
    if len(table.layers) < 2 or come is None or come.learned:
        return ()
    if len(table) < LEAST_LOOKS:
        return NotChecked(
            PROBLEM.identifier,
            PROBLEM.title,
            Text(
                en=f"the gradients were finite in only {len(table)} recorded steps, {LEAST_LOOKS} are needed",
                zh=f"只有 {len(table)} 个已记录的训练步梯度有限，至少需要 {LEAST_LOOKS} 个",
            ),
        )
    late = table.late()
    size = late.medians()
    last_ones = slice(-max(1, len(size) // 3), None)
    reference = float(size[last_ones].max())
    if not reference > 0:
        return ()
    count = _vanished(size / reference)
    if count == 0:
        return ()
    strongest = table.values[:, last_ones].max(axis=1)
    weakest = table.values[:, :count].min(axis=1)
    start = first_lasting((weakest < RATIO.value * strongest) & (strongest > 0))
    if len(table) - start < LEAST_LOOKS:
        return ()
    keeping_up = _keeping_up(facts, table.layers[:count], table.layers[last_ones])
    severity = _severity(come, float(size[:count].min()), keeping_up)
    if severity is None:
        return ()
    layers = table.layers[:count]
    steps = (int(table.first_step[start]), int(late.last_step[-1]))
    return (_finding(layers, size, reference, steps, come, severity, keeping_up),)


def _vanished(ratios: npt.NDArray[np.float32]) -> int:
    """How many layers from the first on have no gradient of worth.

    The last of them is below the threshold and all before it are below `NEAR` times the threshold: the gradient of the
    first layer is also proportional to the inputs, which may be large.
    """
    near = ratios < NEAR * RATIO.value
    leading = len(near) if near.all() else int(np.argmin(near))
    below = np.flatnonzero(ratios[:leading] < RATIO.value)
    return int(below[-1]) + 1 if len(below) else 0


def _keeping_up(facts: Facts, layers: Sequence[LayerInfo], last_ones: Sequence[LayerInfo]) -> float | None:
    """Relative update of the first layer as a share of the last ones' median; None if not recorded."""
    chosen = {layers[0].name, *(layer.name for layer in last_ones)}
    updates = LayerTable.of(facts.recording, "update_ratio", lambda layer: layer.name in chosen).finite().late()
    if len(updates.layers) < 2 or not len(updates):
        return None
    first, *rest = updates.medians()
    middle = float(np.median(rest))
    return float(first) / middle if middle > 0 else None


def _severity(come: Progress, smallest: float, keeping_up: float | None) -> Severity | None:
    moved = keeping_up is not None and keeping_up >= KEEPS_UP.value
    if come.learned_nothing:
        return "warning" if moved else "error"
    return "warning" if smallest < NEGLIGIBLE.value and not moved else None


def _finding(
    layers: Sequence[LayerInfo],
    size: npt.NDArray[np.float32],
    reference: float,
    steps: tuple[int, int],
    come: Progress,
    severity: Severity,
    keeping_up: float | None,
) -> Finding:
    weakest = int(np.argmin(size[: len(layers)]))
    ratio = float(size[weakest]) / reference
    evidence = [
        Evidence(RATIO.what, ratio, "<", RATIO.value, RATIO.unit, RATIO.source, layers[weakest].name, steps[1]),
        come.evidence(steps[1]),
    ]
    if keeping_up is not None and keeping_up < KEEPS_UP.value:
        evidence.append(
            Evidence(
                KEEPS_UP.what, keeping_up, "<", KEEPS_UP.value, KEEPS_UP.unit, KEEPS_UP.source, layers[0].name, steps[1]
            )
        )
    names = [layer.name for layer in layers]
    times = number(1 / ratio) if ratio > 0 else None
    summary = Text(
        en=f"The gradient fades on its way back: in {names[weakest]} it is "
        + (f"{times} times smaller than in the last layers" if times else "exactly zero")
        + f", so {layer_list(names).en} learned next to nothing.",
        zh=f"梯度在反向传播途中逐渐消失：{names[weakest]} 的梯度"
        + (f"比末端各层小 {times} 倍" if times else "恰好为零")
        + f"，因此以下各层几乎没有学到任何东西：{layer_list(names).zh}。",
    )
    saturating = sum(layer.activation in SATURATING for layer in layers) * 2 >= len(layers)
    codes = ("saturating_activation",) if saturating else ("dead_units", "small_weights") if ratio == 0 else ()
    remedies = ("relu_he",) if saturating else ("initializer",)
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=0.95 if severity == "error" and len(layers) > 1 else 0.8 if severity == "error" else 0.6,
        summary=summary,
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, *codes),
        remedies=tuple(one for one in first_ones(PROBLEM.remedies, *remedies) if saturating or one.code != "relu_he"),
        layers=tuple(names),
        steps=steps,
    )


def _blocked(symptom: Finding, cause: Finding) -> bool:  # noqa: ARG001
    """Whether a layer is dead as a whole: a few living units would still let the gradient through."""
    return cause.evidence[0].measured > WHOLE_LAYER


PROBLEM = Problem(
    identifier="vanishing_gradient",
    title=Text(en="Vanishing gradient", zh="梯度消失"),
    explanation=Text(
        en="Each layer learns from a message that is passed back from the last layer to the first. Here the message "
        "gets weaker at every layer, like a whisper passed along a long row of people: the first ones hear nothing, "
        "stay as they were at random, and hand on noise to all the others.",
        zh="每一层都从末层传回首层的信息中学习。这里的信息每经过一层就变弱一些，就像在很长的队伍里传悄悄话："
        "最前面的人什么也听不到，只能保持随机的初始状态，并把噪声交给后面的所有层。",
    ),
    needs=Needs(measures=("gradient_rms",), looks=LEAST_LOOKS, steps=True),
    thresholds=(RATIO, NEGLIGIBLE, KEEPS_UP),
    causes=(
        Cause(
            "small_weights",
            Text(
                en="The initial weights are too small for this activation: the signal shrinks at every layer.",
                zh="初始权重相对于该激活函数过小：信号每过一层都在缩小。",
            ),
            Text(
                en="The standard deviation of the activations falls from layer to layer already in step 1.",
                zh="第 1 步时各层激活的标准差就逐层下降。",
            ),
        ),
        Cause(
            "saturating_activation",
            Text(
                en="Sigmoid or tanh in many layers: their slope (at most 0.25 for sigmoid) is multiplied at each.",
                zh="许多层使用 sigmoid 或 tanh：反向传播时每层都要乘以它们的斜率（sigmoid 至多 0.25）。",
            ),
            Text(
                en="The same network with ReLU and He initialisation has gradients of one size in all layers.",
                zh="换成 ReLU 与 He 初始化后，同一网络各层梯度大小相近。",
            ),
        ),
        Cause(
            "dead_units",
            Text(
                en="A layer in between gives only zeros, and nothing passes back through it.",
                zh="中间某一层的输出全为零，梯度无法从它传回。",
            ),
            Text(
                en="The share of dead units of that layer is near 100%.",
                zh="该层的死亡单元占比接近 100%。",
            ),
        ),
        Cause(
            "too_deep",
            Text(
                en="Many layers in a row without normalisation or shortcuts.",
                zh="许多层直接串联，没有归一化或跳跃连接。",
            ),
            Text(
                en="With half the layers the first ones get a usable gradient.",
                zh="层数减半后，最前面的层就能得到可用的梯度。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "relu_he",
            Text(
                en="Use ReLU with He initialisation: its slope is 1 where a unit is active.",
                zh="使用 ReLU 与 He 初始化：单元激活时斜率为 1。",
            ),
            "--activation relu --initializer he_normal",
        ),
        Remedy(
            "initializer",
            Text(
                en="Let the initialisation match the activation: He for ReLU, Glorot for tanh and sigmoid, LeCun for "
                "SELU.",
                zh="让初始化与激活函数匹配：ReLU 用 He，tanh 和 sigmoid 用 Glorot，SELU 用 LeCun。",
            ),
            "--initializer he_normal",
        ),
        Remedy(
            "normalization",
            Text(
                en="Put batch normalisation between the layers: it brings the signal back to size at each.",
                zh="在层间加入批归一化：每一层都把信号恢复到合适的大小。",
            ),
            "--normalization batch_normalization",
        ),
        Remedy(
            "fewer_layers",
            Text(
                en="Use fewer layers, or add shortcuts around them.",
                zh="减少层数，或加入跳跃连接。",
            ),
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("dying_relu", fits=_blocked),
        Origin("poor_initialization"),
        Origin("wrong_activation"),
        Origin("exploding_gradient"),
        Origin("learning_rate_too_high"),
        Origin("unscaled_input", fits=too_large),
        Origin("excessive_regularization"),
    ),
)
