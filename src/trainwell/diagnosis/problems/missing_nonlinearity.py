"""Missing non-linearity: layers follow one another with nothing between them, and together are no more than one layer.

What it sees. Runs of layers with weights that have no activation between them, as read from the model; the output layer
may end a run.

Why it hurts. A matrix times a matrix is a matrix: however many such layers there are, together they can only draw what
one of them could (Goodfellow, Bengio & Courville 2016, section 6.1). They cost time, and the network is less able than
its size promises.

When it stays silent. No two layers follow one another like this. Two layers may mean it so (a narrow middle saves
weights, as in a factorised layer, a linear bottleneck or the projections of attention): inside the network that is a
note. So it is where a linear autoencoder is meant (targets like the inputs, learned by a distance: it finds the
principal components) and before very many outputs. Whether there is a non-linearity elsewhere in the network is not
known here, so nothing is called an error.

Thresholds. The length of a run that nobody means, and the number of outputs from which a factorised last layer is
common.

Remedies. An activation between the layers changes what the network computes, so it must be trained again. Leaving out
the surplus layers loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.contract import Contract
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import layer_list
from trainwell.locales import Text

RUN = Threshold(
    name="run",
    value=1,
    unit="",
    what=Text(en="Layers in a row without an activation between", zh="中间没有激活函数的连续层数"),
    source=Text(
        en="a product of matrices is one matrix (Goodfellow et al. 2016, section 6.1); UMLAUT warns of linear inner "
        "layers too",
        zh="矩阵之积仍是一个矩阵（Goodfellow 等 2016，6.1 节）；UMLAUT 也会对线性的中间层提出警告",
    ),
)
MEANT = Threshold(
    name="meant",
    value=2,
    unit="",
    what=Text(en="Longest run that may be meant", zh="可能是有意为之的最长连续层数"),
    source=Text(
        en="a matrix is factorised into two (Sainath et al., ICASSP 2013; MobileNetV2's linear bottleneck, Sandler et "
        "al. 2018), hardly ever into three",
        zh="矩阵通常分解为两个（Sainath 等，ICASSP 2013；MobileNetV2 的线性瓶颈，Sandler 等 2018），极少分解为三个",
    ),
)
MANY_OUTPUTS = Threshold(
    name="many_outputs",
    value=1000,
    unit="",
    what=Text(en="Outputs from which a factorised last layer is common", zh="常对末层做分解的输出数"),
    source=Text(
        en="low-rank last layers were made for thousands of outputs (Sainath et al., ICASSP 2013); the bound is ours",
        zh="低秩末层是为数千个输出设计的（Sainath 等，ICASSP 2013）；具体界限由我们选定",
    ),
)
THRESHOLDS = (RUN, MEANT, MANY_OUTPUTS)


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None:
        return ()
    runs = [run for run in contract.linear_runs if len(run) > RUN.value]
    if not runs:
        return ()
    surplus = [run for run in runs if _severity(contract, run) == "warning"]
    return (_finding(contract, surplus or runs),)


def _severity(contract: Contract, run: tuple[str, ...]) -> Severity:
    if len(run) > MEANT.value:
        return "warning"
    at_the_end = run[-1] == contract.output.name
    return "warning" if at_the_end and not _may_be_meant(contract) else "note"


def _may_be_meant(contract: Contract) -> bool:
    """Whether two linear layers at the end are a known design: principal components, or very many outputs."""
    inputs, targets = contract.inputs, contract.targets.values
    copies = contract.regression and inputs.shape == targets.shape and len(inputs.shape) > 0 and inputs.features > 1
    return copies or contract.output.units >= MANY_OUTPUTS.value


def _finding(contract: Contract, runs: Sequence[tuple[str, ...]]) -> Finding:
    longest = max(runs, key=len)
    severity = _severity(contract, longest)
    names = tuple(dict.fromkeys(name for run in runs for name in run))
    count, at_the_end = len(longest), longest[-1] == contract.output.name
    more = len(runs) - 1
    meant = severity == "note"
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity=severity,
        confidence=0.5 if meant else 0.9 if count > MEANT.value else 0.7,
        summary=Text(
            en=f"{count} layers follow one another without an activation between them ({layer_list(longest).en}): "
            "together they can do no more than one linear layer."
            + (f" There are {more} more such runs." if more > 1 else " There is 1 more such run." if more else "")
            + (" If a narrow middle is meant to save weights, that is fine." if meant else ""),
            zh=f"有 {count} 层直接相连，中间没有激活函数（{layer_list(longest).zh}）：合起来的能力不超过一个线性层。"
            + (f"此外还有 {more} 处类似情况。" if more else "")
            + ("如果是有意用较窄的中间层节省权重，则没有问题。" if meant else ""),
        ),
        evidence=tuple(
            Evidence(RUN.what, len(run), ">", RUN.value, RUN.unit, RUN.source, layer=run[-1])
            for run in sorted(runs, key=len, reverse=True)
        ),
        causes=first_ones(PROBLEM.causes, "factorised" if meant else "forgotten"),
        remedies=first_ones(PROBLEM.remedies, "fewer_layers") if meant and at_the_end else PROBLEM.remedies,
        layers=names,
    )


PROBLEM = Problem(
    identifier="missing_nonlinearity",
    title=Text(en="Missing non-linearity", zh="缺少非线性"),
    explanation=Text(
        en="A layer without an activation only scales and mixes. Two of them in a row are like two sheets of clear "
        "glass: put together, they still show the same straight picture. Only an activation between them bends what "
        "passes, and lets the next layer see something new.",
        zh="没有激活函数的层只会缩放和混合。两层直接相连，就像把两块平板玻璃叠在一起：看到的仍是同样笔直的画面。"
        "只有在中间加上激活函数，信号才会“弯曲”，下一层才能看到新的东西。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "forgotten",
            Text(
                en="The activation was forgotten: Keras's Dense and Conv layers have none unless told.",
                zh="忘了设置激活函数：Keras 的 Dense 与 Conv 层默认没有激活函数。",
            ),
            Text(
                en="layer.activation of a hidden layer is keras.activations.linear.",
                zh="查看各层的 layer.activation：隐藏层为 keras.activations.linear。",
            ),
        ),
        Cause(
            "factorised",
            Text(
                en="A wide layer was split into two narrow ones on purpose, to save weights.",
                zh="有意把一个宽层拆成两个窄层以节省权重。",
            ),
            Text(
                en="The first of the two layers has fewer units than the layer before it and than the second.",
                zh="两层中的前一层单元数既少于它之前的层，也少于后一层。",
            ),
        ),
    ),
    remedies=(
        Remedy(
            "activation",
            Text(
                en='Give the hidden layers an activation: Dense(64, activation="relu").',
                zh='给隐藏层加上激活函数：Dense(64, activation="relu")。',
            ),
            "--activation relu",
        ),
        Remedy(
            "fewer_layers",
            Text(
                en="Or leave out the surplus layers: one of them can do the same.",
                zh="或者去掉多余的层：一层就能做到同样的事。",
            ),
        ),
    ),
    check=_check,
)
