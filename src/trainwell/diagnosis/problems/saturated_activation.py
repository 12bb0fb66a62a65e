"""Saturated activation: the units of a layer sit where sigmoid or tanh is flat, and hardly any gradient passes.

What it sees. The share of a hidden layer's output values that lie where the slope of its activation is below 5% of the
largest one, together with a training that has not learned.

Why it hurts. On the flat end of the curve a change of the weights changes nothing, so the gradient says "stay": the
layer is stuck where it is (Glorot & Bengio 2010, section 3; LeCun et al. 1998, section 4.4).

When it stays silent. The network learned: trained units are often sure of their answer and saturated. Output layers and
gates may be saturated, and are not looked at.

Thresholds. See `THRESHOLDS`. SageMaker Debugger's bounds (outside -23 and 17 for the sigmoid) hardly ever fire;
DeepDiagnosis takes 50% of the values outside -5 and 5, which for tanh is far too wide.

Remedies. Standardised inputs and Glorot's initialisation bring the values back to the steep part; ReLU has no such end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.layer_table import LayerTable, first_lasting
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, too_large
from trainwell.diagnosis.progress import progress
from trainwell.diagnosis.wording import layer_list, share
from trainwell.locales import Text
from trainwell.signals import LayerInfo

FLAT = Threshold(
    name="flat",
    value=0.5,
    unit="share",
    what=Text(en="Values where the activation is flat", zh="落在激活函数平坦区的值所占比例"),
    source=Text(
        en="SageMaker Debugger and DeepDiagnosis: half of a layer; flat means a slope below 5% of the largest",
        zh="SageMaker Debugger 与 DeepDiagnosis：一层的一半；“平坦”指斜率低于最大值的 5%",
    ),
)
LEVEL = Threshold(
    name="level",
    value=0.6,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(en="less than half of what there is to learn was learned", zh="学到的还不到可学内容的一半"),
)
THRESHOLDS = (FLAT, LEVEL)
LEAST_LOOKS = 3
SATURATING = ("sigmoid", "tanh", "hard_sigmoid", "hard_tanh", "softsign")


def _hidden(layer: LayerInfo) -> bool:
    return layer.activation in SATURATING and not layer.is_output


def _check(facts: Facts) -> Sequence[Finding]:
    table = LayerTable.of(facts.recording, "saturated_share", _hidden).finite()
    come = progress(facts)
    if not table.layers or len(table) < LEAST_LOOKS or come is None or come.level <= LEVEL.value:
        return ()
    late = table.late()
    shares = late.medians()
    stuck = [place for place, value in enumerate(shares) if value > FLAT.value]
    if not stuck:
        return ()
    layers = [table.layers[place].name for place in stuck]
    worst = max(stuck, key=lambda place: float(shares[place]))
    start = first_lasting(np.asarray((table.values[:, stuck] > FLAT.value).any(axis=1)))
    steps = (int(table.first_step[min(start, len(table) - 1)]), int(late.last_step[-1]))
    where = table.layers[worst].name
    from_start = start == 0
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="error" if come.learned_nothing else "warning",
            confidence=0.85,
            summary=Text(
                en=f"In {where} {share(float(shares[worst]))} of the values lie on the flat ends of "
                f"{table.layers[worst].activation}"
                + (", from the first steps on" if from_start else f", since step {steps[0]:,}")
                + f": hardly any gradient passes. Concerned: {layer_list(layers).en}.",
                zh=f"{where} 中有 {share(float(shares[worst]))} 的值落在 {table.layers[worst].activation} 的平坦两端"
                + ("，从最初几步就是如此" if from_start else f"，自第 {steps[0]:,} 步起")
                + f"：几乎没有梯度能通过。涉及的层：{layer_list(layers).zh}。",
            ),
            evidence=(
                *(
                    Evidence(
                        FLAT.what,
                        float(shares[place]),
                        ">",
                        FLAT.value,
                        FLAT.unit,
                        FLAT.source,
                        table.layers[place].name,
                        steps[1],
                    )
                    for place in sorted(stuck, key=lambda place: -float(shares[place]))[:3]
                ),
                Evidence(LEVEL.what, float(np.float64(come.level)), ">", LEVEL.value, LEVEL.unit, LEVEL.source),
            ),
            causes=PROBLEM.causes,
            remedies=PROBLEM.remedies,
            layers=tuple(layers),
            steps=steps,
        ),
    )


PROBLEM = Problem(
    identifier="saturated_activation",
    title=Text(en="Saturated activation", zh="激活饱和"),
    explanation=Text(
        en="A sigmoid is like a tap: in the middle of its turn a touch changes the flow, at either end you can turn as "
        "you like and nothing happens. These taps are all at the end.",
        zh="sigmoid 像一个水龙头：转到中间时轻轻一碰水流就变，转到两端时再怎么拧也没有反应。这里的水龙头都拧到了头。",
    ),
    needs=Needs(measures=("saturated_share",), steps=True),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "large_weights",
            Text(en="The initial weights of the layer are too large.", zh="该层的初始权重过大。"),
            Text(en="Its values are saturated in the first step already.", zh="第一步时其值就已饱和。"),
        ),
        Cause(
            "large_inputs",
            Text(
                en="What comes into the layer is too large: inputs that are not scaled.",
                zh="进入该层的数值过大：输入没有缩放。",
            ),
            Text(en="With standardised inputs it is not saturated.", zh="输入标准化后不再饱和。"),
        ),
        Cause(
            "large_steps",
            Text(en="Steps that were too large drove the weights there.", zh="过大的更新把权重推到了那里。"),
            Text(
                en="With a tenth of the learning rate it stays in the middle.",
                zh="学习率降到十分之一后，值保持在中间。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "initializer",
            Text(
                en="Glorot's initialisation, which keeps the values in the middle.",
                zh="使用 Glorot 初始化，使数值保持在中间。",
            ),
            "--initializer glorot_uniform",
        ),
        Remedy(
            "relu_he",
            Text(en="ReLU with He initialisation.", zh="改用 ReLU 与 He 初始化。"),
            "--activation relu --initializer he_normal",
        ),
        Remedy(
            "normalization",
            Text(en="Batch normalisation before the activation.", zh="在激活之前加入批归一化。"),
            "--normalization batch_normalization",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("invalid_learning_rate"),
        Origin("poor_initialization"),
        Origin("unscaled_input", too_large),
        Origin("learning_rate_too_high"),
        Origin("exploding_gradient"),
        Origin("unscaled_target", too_large),
        Origin("excessive_regularization"),
    ),
)
