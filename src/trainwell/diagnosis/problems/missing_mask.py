"""Missing mask: the zeros that fill up short texts are read as if they were words.

What it sees. The share of filling zeros in the token sequences, whether an Embedding or Masking layer tells the later
layers about them, and which layer reads them.

Why it hurts. A recurrent network that gives its last state reads the text and then many zeros, and has forgotten the
text when it answers. Attention and averages are diluted by words that are not there.

When it stays silent. Few zeros; or a mask is there. Zeros in front of the text hurt a recurrent network little; average
and attention can learn to overlook them: after a training that learned well it is a note.

Thresholds. See `THRESHOLDS`.

Remedies. Embedding(..., mask_zero=True) is safe: it changes nothing for the words themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.contract import Padding
from trainwell.diagnosis.course import course, learned_well
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy, Severity
from trainwell.diagnosis.problem import Needs, Problem, Threshold, first_ones
from trainwell.diagnosis.wording import share
from trainwell.locales import Text

FILLED = Threshold(
    name="filled",
    value=0.3,
    unit="share",
    what=Text(en="Filling zeros among the tokens", zh="词元中填充零的比例"),
    source=Text(
        en="SageMaker Debugger's NLPSequenceRatio asks at 50%; a third already doubles the way back to the first words",
        zh="SageMaker Debugger 的 NLPSequenceRatio 在 50% 时提醒；三分之一已明显拉长回到最初词语的距离",
    ),
)
BEHIND = Threshold(
    name="behind",
    value=8,
    unit="steps",
    what=Text(en="Filling zeros behind the last word, on average", zh="最后一个词之后填充零的平均个数"),
    source=Text(
        en="a plain chain forgets within ten to twenty steps (Bengio et al. 1994)",
        zh="普通链条在十到二十步内遗忘（Bengio 等 1994）",
    ),
)
THRESHOLDS = (FILLED, BEHIND)


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    padding = contract.padding if contract else None
    if contract is None or padding is None or padding.masked or not padding.reader:
        return ()
    steps = contract.inputs.shape[0] if contract.inputs.shape else 0
    filled, behind = padding.front + padding.back, padding.back * steps
    if filled <= FILLED.value:
        return ()
    forgets = padding.last_state and behind > BEHIND.value
    evidence = [Evidence(FILLED.what, filled, ">", FILLED.value, FILLED.unit, FILLED.source, padding.reader)]
    if forgets:
        evidence.append(Evidence(BEHIND.what, behind, ">", BEHIND.value, BEHIND.unit, BEHIND.source, padding.reader))
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity=_severity(facts, forgets=forgets),
            confidence=0.85 if forgets else 0.6,
            summary=_summary(padding, filled, behind, forgets=forgets),
            evidence=tuple(evidence),
            causes=PROBLEM.causes,
            remedies=first_ones(PROBLEM.remedies, "mask"),
            layers=(padding.reader,),
        ),
    )


def _severity(facts: Facts, *, forgets: bool) -> Severity:
    run = course(facts)
    if not forgets:
        return "note"
    if run is None:
        return "warning"
    return "note" if learned_well(facts) else "error" if run.progress.learned_nothing else "warning"


def _summary(padding: Padding, filled: float, behind: float, *, forgets: bool) -> Text:
    if forgets:
        return Text(
            en=f"{padding.reader} reads {behind:.0f} filling zeros after the last word on average, as if they were "
            f"words ({share(filled)} of all tokens), and answers only then.",
            zh=f"{padding.reader} 平均在最后一个词之后还要读 {behind:.0f} 个填充零，并把它们当作词语"
            f"（占全部词元的 {share(filled)}），之后才作答。",
        )
    return Text(
        en=f"{share(filled)} of the tokens that {padding.reader} reads are filling zeros, which it takes for words.",
        zh=f"{padding.reader} 读入的词元中有 {share(filled)} 是填充零，被当作了词语。",
    )


PROBLEM = Problem(
    identifier="missing_mask",
    title=Text(en="Missing mask", zh="缺少掩码"),
    explanation=Text(
        en="Short texts are filled up with zeros so that all have one length. Without a mask the network reads them as "
        "if somebody went on saying 'nothing, nothing, nothing' after each sentence, and then asked what it was about.",
        zh="短文本会用零补齐到同一长度。没有掩码时，网络会把它们也读进去：就像有人说完一句话后又念了一长串“空、空、空”，"
        "然后才问你那句话讲了什么。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "no_mask",
            Text(en="The Embedding has no mask_zero=True.", zh="Embedding 没有设置 mask_zero=True。"),
            Text(en="A longer filling of the same text changes the prediction.", zh="同一文本补更多零会改变预测。"),
        ),
        Cause(
            "filled_behind",
            Text(en="The zeros stand behind the text instead of in front of it.", zh="零补在文本之后，而不是之前。"),
            Text(en="Filled in front, the same network learns faster.", zh="改为补在前面后，同一网络学得更快。"),
        ),
    ),
    remedies=(
        Remedy(
            "mask",
            Text(
                en="Let the Embedding say where words are: Embedding(..., mask_zero=True).",
                zh="设置掩码：Embedding(..., mask_zero=True)。",
            ),
        ),
        Remedy("shorter", Text(en="Cut long texts, so that less is to be filled.", zh="截短长文本，减少填充。")),
    ),
    check=_check,
)
