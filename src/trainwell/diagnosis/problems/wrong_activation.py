"""Wrong activation: a hidden layer has an activation that does not belong there.

What it sees. Hidden layers that end in a softmax; chains of three or more hidden layers with sigmoids in a training
that has not learned; and recurrent layers with an activation without bounds in one that blew up or learned nothing.

Why it hurts. Softmax makes the units of a layer share a sum of 1: they can only speak at one another's expense, and the
signal shrinks with the number of units. A sigmoid passes at most a quarter of the gradient, at each layer (Glorot &
Bengio 2010). ReLU in a SimpleRNN multiplies what it remembers by the same matrix at every step, with nothing that
keeps it small (Le et al. 2015, who tame it with an identity matrix).

When it stays silent. The training learned well (softmax is then a note); softmax that weights something (attention,
pooling over steps, a gate) is not a layer with weights of its own.

Thresholds. See `THRESHOLDS`.

Remedies. Another activation builds a new network, which must be trained again.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.contract import Contract, LayerStart
from trainwell.diagnosis.course import course, learned_well
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import layer_list
from trainwell.locales import Text

SOFTMAX = Threshold(
    name="softmax",
    value=0,
    unit="layers",
    what=Text(en="Hidden layers that end in a softmax", zh="以 softmax 结尾的隐藏层数"),
    source=Text(
        en="softmax is made for the last layer (Goodfellow, Bengio & Courville 2016, section 6.2.2.3)",
        zh="softmax 是为最后一层设计的（Goodfellow、Bengio 与 Courville 2016，6.2.2.3 节）",
    ),
)
SIGMOIDS = Threshold(
    name="sigmoids",
    value=2,
    unit="layers",
    what=Text(en="Hidden layers with a sigmoid", zh="使用 sigmoid 的隐藏层数"),
    source=Text(
        en="a slope of at most 0.25 to the power of three leaves 1.6% (Glorot & Bengio 2010)",
        zh="至多 0.25 的斜率的三次方只剩 1.6%（Glorot 与 Bengio 2010）",
    ),
)
UNBOUNDED = Threshold(
    name="unbounded",
    value=0,
    unit="layers",
    what=Text(en="Recurrent layers whose activation has no bounds", zh="激活函数无界的循环层数"),
    source=Text(
        en="Le, Jaitly & Hinton 2015: such chains need an identity matrix and small rates",
        zh="Le、Jaitly 与 Hinton 2015：这样的链条需要单位矩阵和很小的学习率",
    ),
)
THRESHOLDS = (SOFTMAX, SIGMOIDS, UNBOUNDED)
_WITH_WEIGHTS = ("Dense", "Conv1D", "Conv2D", "Conv3D", "SimpleRNN")
_NO_BOUNDS = ("relu", "leaky_relu", "elu", "linear", "gelu", "silu", "softplus")


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None:
        return ()
    return _softmax(facts, contract) or _sigmoid(facts, contract) or _recurrent(facts, contract)


def _hidden(contract: Contract) -> list[LayerStart]:
    return [layer for layer in contract.layers if layer.kind in _WITH_WEIGHTS and layer.name != contract.output.name]


def _softmax(facts: Facts, contract: Contract) -> tuple[Finding, ...]:
    found = [layer for layer in _hidden(contract) if layer.activation == "softmax" and layer.units > 1]
    if not found:
        return ()
    run = course(facts)
    severity: Severity = "warning" if run is None else "note" if learned_well(facts) else "warning"
    severity = "error" if run is not None and run.progress.learned_nothing else severity
    names = [layer.name for layer in found]
    return (
        _finding(
            "softmax",
            SOFTMAX,
            names,
            severity,
            Text(
                en=f"{layer_list(names).en} ends in a softmax inside the network: its units share a sum of 1, so each "
                "can speak only at the others' expense.",
                zh=f"{layer_list(names).zh} 位于网络内部却以 softmax 结尾：各单元之和固定为 1，"
                "一个变大其他就必须变小。",
            ),
        ),
    )


def _sigmoid(facts: Facts, contract: Contract) -> tuple[Finding, ...]:
    found = [layer for layer in _hidden(contract) if layer.activation in ("sigmoid", "hard_sigmoid")]
    run = course(facts)
    if len(found) <= SIGMOIDS.value or run is None or run.progress.level < 0.6:
        return ()
    names = [layer.name for layer in found]
    return (
        _finding(
            "sigmoid",
            SIGMOIDS,
            names,
            "warning",
            Text(
                en=f"{len(found)} hidden layers have a sigmoid ({layer_list(names).en}): each passes at most a quarter "
                "of the gradient.",
                zh=f"{len(found)} 个隐藏层使用 sigmoid（{layer_list(names).zh}）：每层至多传回四分之一的梯度。",
            ),
        ),
    )


def _recurrent(facts: Facts, contract: Contract) -> tuple[Finding, ...]:
    found = [layer for layer in contract.layers if layer.kind == "SimpleRNN" and layer.activation in _NO_BOUNDS]
    run = course(facts)
    broke = facts.stopped == "not_finite" or (run is not None and run.progress.learned_nothing)
    if not found or not broke:
        return ()
    names = [layer.name for layer in found]
    return (
        _finding(
            "unbounded",
            UNBOUNDED,
            names,
            "warning",
            Text(
                en=f"{layer_list(names).en} is a chain with {found[0].activation}: nothing keeps what it "
                "remembers small "
                "from step to step.",
                zh=f"{layer_list(names).zh} 是使用 {found[0].activation} 的循环链条：没有什么能让记忆逐步保持有界。",
            ),
        ),
    )


def _finding(code: str, limit: Threshold, names: list[str], severity: Severity, summary: Text) -> Finding:
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=0.85,
        summary=summary,
        evidence=(Evidence(limit.what, len(names), ">", limit.value, limit.unit, limit.source, names[0]),),
        causes=first_ones(PROBLEM.causes, code),
        remedies=first_ones(PROBLEM.remedies, "tanh" if code == "unbounded" else "relu_he"),
        layers=tuple(names),
    )


PROBLEM = Problem(
    identifier="wrong_activation",
    title=Text(en="Wrong activation in a hidden layer", zh="隐藏层激活函数不当"),
    explanation=Text(
        en="An activation is the way a layer may speak. Softmax makes it split one vote among all; sigmoid lets it "
        "whisper only; in a chain without bounds each link shouts louder than the one before. Inside a network none "
        "of these carries a message far.",
        zh="激活函数决定一层可以怎样说话。softmax 让所有单元瓜分一张选票；sigmoid 只许低语；"
        "没有边界的链条里，每一环都比前一环喊得更响。在网络内部，这些方式都无法把信息传远。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "softmax",
            Text(en="The activation of the last layer was copied to others.", zh="把最后一层的激活函数用到了其他层。"),
            Text(en="With relu there the network learns.", zh="该处换成 relu 后网络能学会。"),
        ),
        Cause(
            "sigmoid",
            Text(en="Sigmoids in a deep network.", zh="在深层网络中使用 sigmoid。"),
            Text(
                en="With relu and He initialisation the first layers get a gradient.",
                zh="换成 relu 与 He 初始化后，前面的层能得到梯度。",
            ),
        ),
        Cause(
            "unbounded",
            Text(en="An activation without bounds in a SimpleRNN.", zh="在 SimpleRNN 中使用无界激活函数。"),
            Text(en="With tanh, or an LSTM, the memory stays bounded.", zh="换成 tanh 或 LSTM 后，记忆保持有界。"),
        ),
    ),
    remedies=(
        Remedy(
            "relu_he",
            Text(en="ReLU with He initialisation in hidden layers.", zh="隐藏层使用 ReLU 与 He 初始化。"),
            "--activation relu --initializer he_normal",
        ),
        Remedy(
            "tanh",
            Text(en="tanh in a SimpleRNN, or an LSTM or GRU.", zh="SimpleRNN 使用 tanh，或改用 LSTM、GRU。"),
            "--network lstm",
        ),
    ),
    check=_check,
    symptom_of=(Origin("invalid_learning_rate"),),
)
