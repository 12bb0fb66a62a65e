"""Attention collapse: the heads of an attention layer look at one place only, at all places alike, or all at the same.

What it sees. Entropy of the attention weights, the size of the numbers that go into the softmax, and how alike the
heads of a layer are, by layer and step, in a training that has not learned.

Why it hurts. Once the numbers before the softmax are large, it gives all weight to one place and passes no gradient:
what a head looks at is then frozen (Zhai et al. 2023 show that low entropy goes with training that breaks down). A head
that looks everywhere alike is an average, and heads that look alike are one head (Michel, Levy & Neubig 2019).

When it stays silent. The network learned: heads of good networks may be sharp or even. Or no attention was recorded.

Thresholds. See `THRESHOLDS`.

Remedies. A smaller rate with warm-up; normalisation in front of the attention keeps queries and keys small.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.layer_table import LayerTable, first_lasting
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones
from trainwell.diagnosis.progress import progress
from trainwell.diagnosis.wording import layer_list, number, share
from trainwell.locales import Text

SHARP = Threshold(
    name="sharp",
    value=0.15,
    unit="share",
    what=Text(
        en="Entropy of the attention, as a share of looking everywhere alike", zh="注意力的熵（占均匀关注时的比例）"
    ),
    source=Text(
        en="Zhai et al. 2023 (Stabilizing Transformer Training by Preventing Attention Entropy Collapse), figure 1",
        zh="Zhai 等 2023（防止注意力熵坍缩以稳定 Transformer 训练），图 1",
    ),
)
LOGIT = Threshold(
    name="logit",
    value=15,
    unit="",
    what=Text(en="Largest number before the softmax, above the mean", zh="softmax 之前的最大值（减去均值）"),
    source=Text(
        en="e¹⁵ is three million to one: no gradient is left for the other places",
        zh="e¹⁵ 约为三百万比一：其他位置已没有梯度",
    ),
)
TWINS = Threshold(
    name="twins",
    value=0.98,
    unit="",
    what=Text(en="Similarity of the heads of a layer", zh="同一层各注意力头的相似度"),
    source=Text(en="1 means the same weights at every place", zh="1 表示每个位置的权重都相同"),
)
LEVEL = Threshold(
    name="level",
    value=0.6,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(en="less than half of what there is to learn was learned", zh="学到的还不到可学内容的一半"),
)
THRESHOLDS = (SHARP, LOGIT, TWINS, LEVEL)
LEAST_LOOKS = 3
_EVEN = 0.999  # heads that look everywhere alike are alike for that reason


def _check(facts: Facts) -> Sequence[Finding]:
    entropy = LayerTable.of(facts.recording, "attention_entropy").finite()
    come = progress(facts)
    if not entropy.layers or len(entropy) < LEAST_LOOKS or come is None or come.level <= LEVEL.value:
        return ()
    logit = LayerTable.of(facts.recording, "attention_logit").finite()
    alike = LayerTable.of(facts.recording, "head_similarity").finite()
    sharp = entropy.values < SHARP.value
    if logit.values.shape == sharp.shape:
        sharp |= logit.values > LOGIT.value
    twins = np.zeros_like(sharp)
    if alike.values.shape == sharp.shape:
        twins = (alike.values > TWINS.value) & (entropy.values < _EVEN)
    frozen = sharp if _lasting(sharp).any() else twins
    places = np.flatnonzero(_lasting(frozen))
    if not len(places):
        return ()
    layers = tuple(_attention(entropy.layers[place].name) for place in places)
    start = first_lasting(np.asarray(frozen[:, places].any(axis=1)))
    steps = (int(entropy.first_step[min(start, len(entropy) - 1)]), int(entropy.last_step[-1]))
    place = int(places[0])
    low = float(np.median(entropy.late().values[:, place]))
    evidence: list[Evidence] = []
    if frozen is sharp:
        evidence.append(Evidence(SHARP.what, low, "<", SHARP.value, SHARP.unit, SHARP.source, layers[0], steps[1]))
        high = float(np.median(logit.late().values[:, place])) if len(logit) else 0.0
        if high > LOGIT.value:
            evidence.append(Evidence(LOGIT.what, high, ">", LOGIT.value, LOGIT.unit, LOGIT.source, layers[0], steps[1]))
        summary = Text(
            en=f"The heads of {layer_list(layers).en} put nearly all their weight on one place (entropy "
            f"{share(low)} of "
            f"the even one; {number(high)} before the softmax): no gradient is left to look elsewhere.",
            zh=f"{layer_list(layers).zh} 的注意力头几乎把全部权重放在一个位置（熵为均匀时的 {share(low)}；"
            "softmax 之前为 "
            f"{number(high)}）：已没有梯度让它看向别处。",
        )
    else:
        same = float(np.median(alike.late().values[:, place]))
        evidence.append(Evidence(TWINS.what, same, ">", TWINS.value, TWINS.unit, TWINS.source, layers[0], steps[1]))
        summary = Text(
            en=f"All heads of {layer_list(layers).en} look at the same places with the same weights (similarity "
            f"{number(same)}): several heads do the work of one.",
            zh=f"{layer_list(layers).zh} 的所有注意力头以相同的权重看相同的位置（相似度 {number(same)}）："
            "多个头只做了一个头的事。",
        )
    evidence.append(Evidence(LEVEL.what, come.level, ">", LEVEL.value, LEVEL.unit, LEVEL.source))
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="error" if come.learned_nothing else "warning",
            confidence=0.8 if frozen is sharp else 0.7,
            summary=summary,
            evidence=tuple(evidence),
            causes=first_ones(PROBLEM.causes, "large_weights" if steps[0] == 1 else "large_steps"),
            remedies=PROBLEM.remedies,
            layers=layers,
            steps=steps,
        ),
    )


def _lasting(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(layers,) whether the last quarter of the rows shows it nearly always."""
    late = mask[-max(LEAST_LOOKS, len(mask) // 4) :]
    return late.mean(axis=0) >= 0.9


def _attention(query: str) -> str:
    """Name of the attention layer that holds this query layer."""
    return query.removesuffix("/query")


PROBLEM = Problem(
    identifier="attention_collapse",
    title=Text(en="Attention collapse", zh="注意力坍缩"),
    explanation=Text(
        en="Attention heads are a prism: each picks another colour out of the same light. Here the prism has "
        "gone blind: "
        "all the light falls on one point, or every head shows the same colour.",
        zh="注意力头像一面棱镜：每个头从同一束光中分出不同的颜色。这里棱镜失灵了：所有光都落在一点上，或每个头都是同一种颜色。",
    ),
    needs=Needs(measures=("attention_entropy",), steps=True),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "large_weights",
            Text(en="The query or key weights begin too large.", zh="query 或 key 的初始权重过大。"),
            Text(en="The entropy is low in the first step already.", zh="第一步时熵就很低。"),
        ),
        Cause(
            "large_steps",
            Text(
                en="Steps that were too large (no warm-up, a rate too high) made queries and keys grow.",
                zh="更新过大（没有预热、学习率过高）使 query 与 key 不断增大。",
            ),
            Text(en="With a tenth of the rate the entropy stays high.", zh="学习率降到十分之一后熵保持较高。"),
        ),
    ),
    remedies=(
        Remedy("learning_rate", Text(en="Lower the learning rate.", zh="降低学习率。"), "--learning-rate 0.0003"),
        Remedy("warmup", Text(en="Warm up: let the rate rise slowly.", zh="预热：让学习率缓慢上升。"), "--warmup 0.1"),
        Remedy(
            "initializer",
            Text(
                en="Glorot's initialisation for queries and keys (Keras's default).",
                zh="query 与 key 使用 Glorot 初始化（Keras 默认）。",
            ),
            "--initializer glorot_uniform",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("invalid_learning_rate"),
        Origin("poor_initialization"),
        Origin("learning_rate_too_high"),
        Origin("missing_warmup"),
        Origin("unscaled_input"),
        Origin("exploding_gradient"),
    ),
)
