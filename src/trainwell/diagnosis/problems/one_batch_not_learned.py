"""One batch not learned: the network cannot even learn a few samples by heart.

What it sees. A copy of the network is trained on one batch only, again and again, first with its own optimizer and, if
that does not suffice, with Adam and clipped gradients; and the loss at the end against that of a constant prediction.

Why it hurts. To learn 32 samples by heart needs no generalisation, no luck and few epochs. A network that cannot do it
will not learn a thousand batches either: something between inputs, layers, loss and labels is broken, or the steps are
far too short or too long (Karpathy, "A Recipe for Training Neural Networks", 2019: overfit one batch).

When it stays silent. The batch was learned; or it was not tried; or a training has shown since what the network can do.
Where only the optimizer of its own fails it is a note: it may be meant for many more steps.

Thresholds. See `THRESHOLDS`.

Remedies. Mend what the other findings name; then simplify until one batch is learned, and add the parts back one by
one.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.contract import OneBatch
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, NotChecked, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, hopeless
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

LEFT = Threshold(
    name="left",
    value=0.5,
    unit="share",
    what=Text(
        en="Loss on a batch that was learned by heart, as a share of a constant prediction's",
        zh="反复学习同一批次后的损失（占常数预测损失的比例）",
    ),
    source=Text(
        en="it should come near 0 (Karpathy 2019); half leaves room for dropout and slow starts",
        zh="应接近 0（Karpathy 2019）；一半已为随机失活和缓慢起步留出余量",
    ),
)
_WITH_ADAM = Text(en=f"{LEFT.what.en}, with Adam", zh=f"使用 Adam 时，{LEFT.what.zh}")
_ASK = Text(
    en="it was not tried; ask for it with one_batch=True or --one-batch",
    zh="没有尝试；可用 one_batch=True 或 --one-batch 要求检查",
)


def _check(facts: Facts) -> Sequence[Finding] | NotChecked:
    if facts.contract is None or len(facts.recording.run_rows):
        return ()
    tried = facts.contract.one_batch
    if tried is None:
        return NotChecked(PROBLEM.identifier, PROBLEM.title, _ASK)
    return () if tried.own <= LEFT.value else (_finding(tried),)


def _finding(tried: OneBatch) -> Finding:
    rate = tried.adam is not None and tried.adam <= LEFT.value
    best = min(tried.own, tried.adam) if tried.adam is not None else tried.own
    evidence = [Evidence(LEFT.what, tried.own, ">", LEFT.value, LEFT.unit, LEFT.source)]
    if tried.adam is not None and not rate:
        evidence.append(Evidence(_WITH_ADAM, tried.adam, ">", LEFT.value, LEFT.unit, LEFT.source))
    return Finding(
        problem=PROBLEM.identifier,
        title=PROBLEM.title,
        severity="note" if rate else "error",
        confidence=0.6 if rate else 0.85,
        summary=Text(
            en=f"In {tried.steps} steps on the same {tried.samples} samples its own optimizer came to "
            f"{share(tried.own)} of a constant prediction's loss; Adam comes to {share(best)}.",
            zh=f"在同样的 {tried.samples} 个样本上训练 {tried.steps} 步，自身的优化器只降到常数预测损失的 "
            f"{share(tried.own)}；Adam 可降到 {share(best)}。",
        )
        if rate
        else Text(
            en=f"In {tried.steps} steps on the same {tried.samples} samples the loss came no lower than {share(best)} "
            "of a constant prediction's, with its own optimizer and with Adam.",
            zh=f"在同样的 {tried.samples} 个样本上训练 {tried.steps} 步，无论用自身的优化器还是 Adam，"
            f"损失都只降到常数预测损失的 {share(best)}。",
        ),
        evidence=tuple(evidence),
        causes=first_ones(PROBLEM.causes, "rate" if rate else "broken"),
        remedies=first_ones(PROBLEM.remedies, *(("learning_rate",) if rate else ("simplify",))),
        steps=(tried.steps, tried.steps),
    )


PROBLEM = Problem(
    identifier="one_batch_not_learned",
    title=Text(en="One batch not learned", zh="学不会一个批次"),
    explanation=Text(
        en="Before a pupil is sent through a whole library, ask for one page by heart. Who cannot do that needs no "
        "more books: the glasses, the pen or the question is wrong.",
        zh="在让学生读完整座图书馆之前，先请他背下一页。若一页都背不下来，需要的不是更多的书："
        "是眼镜、笔或者题目本身有问题。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=(LEFT,),
    causes=(
        Cause(
            "broken",
            Text(
                en="Inputs, layers, loss and labels do not fit together, or no gradient arrives.",
                zh="输入、各层、损失与标签不匹配，或者梯度传不过去。",
            ),
            Text(
                en="A plain network of one hidden layer learns the same batch.",
                zh="换成只有一个隐藏层的普通网络就能学会同一批次。",
            ),
        ),
        Cause(
            "rate",
            Text(
                en="The learning rate is far too small or too large, or the optimizer is a slow one.",
                zh="学习率过小或过大，或者优化器本身很慢。",
            ),
            Text(en="Adam with clipped gradients learns it.", zh="换成带梯度裁剪的 Adam 就能学会。"),
        ),
        Cause(
            "held",
            Text(
                en="Penalties or dropout hold the network so tightly that it cannot even learn by heart.",
                zh="正则化或随机失活约束过强，连死记都做不到。",
            ),
            Text(en="Without them the batch is learned.", zh="去掉它们之后就能学会该批次。"),
        ),
    ),
    remedies=(
        Remedy(
            "simplify",
            Text(
                en="Take parts away until one batch is learned, then add them back one by one.",
                zh="逐步去掉网络的部件，直到学会一个批次，再逐个加回。",
            ),
        ),
        Remedy(
            "learning_rate",
            Text(
                en="Try the learning rate that lowers the loss fastest, from 1e-4 to 0.1; Adam's 0.001 is a start.",
                zh="在 1e-4 到 1e-1 之间尝试使损失下降最快的学习率；Adam 的 0.001 是好的起点。",
            ),
            "--optimizer adam --learning-rate 0.001",
        ),
        Remedy(
            "less_regularization",
            Text(en="Leave out penalties and dropout while you look.", zh="排查期间先去掉正则化和随机失活。"),
            "--dropout 0",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("loss_output_mismatch", fits=hopeless),
        Origin("wrong_output_activation", fits=hopeless),
        Origin("wrong_output_units", fits=hopeless),
        Origin("nan_in_data"),
        Origin("loss_not_finite"),
        Origin("poor_initialization"),
        Origin("invalid_learning_rate", fits=hopeless),
        Origin("vanishing_gradient"),
        Origin("dying_relu"),
        Origin("saturated_activation"),
        Origin("unscaled_input"),
        Origin("unscaled_target"),
        Origin("excessive_regularization"),
        Origin("wrong_activation"),
    ),
)
