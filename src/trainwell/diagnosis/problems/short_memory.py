"""Short memory: a recurrent network has forgotten the beginning of a sequence when it gives its answer.

What it sees. How many steps back an input still moves the answer (gradient of the answer by the input of the first
recurrent layer, measured on real sequences after the training), against the length of the sequences, in a training that
has not learned.

Why it hurts. At each step the memory is multiplied by the same matrix and squeezed by the same activation. What was
read fifty steps ago reaches the answer only through fifty such products, and they shrink (Bengio, Simard & Frasconi
1994; Pascanu, Mikolov & Bengio 2013). If the answer lies back there, nothing can be learned.

When it stays silent. The network learned: then it did not need the beginning. Or it remembers the whole sequence.

Thresholds. See `THRESHOLDS`.

Remedies. LSTM and GRU carry memory past the products through their gates. Attention looks at every step directly.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.diagnosis.course import FAR_BEHIND, behind, course, movement
from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Origin, Problem, Threshold, first_ones, hopeless
from trainwell.diagnosis.simple_models import BEYOND_SOUND, behind_by
from trainwell.locales import Text

REACH = Threshold(
    name="reach",
    value=0.6,
    unit="share",
    what=Text(
        en="Steps back that still move the answer by 1% of the strongest one, as a share of the sequence",
        zh="仍能以最强影响的 1% 改变回答的最远步数（占序列长度的比例）",
    ),
    source=Text(
        en="two fifths of each sequence are read in vain; trainwell's adding problem: SimpleRNN 82 of 400 steps fails, "
        "LSTM 391 succeeds",
        zh="每条序列有五分之二白读了；trainwell 的加法问题中，SimpleRNN 记住 400 步中的 82 步而失败，LSTM 记住 "
        "391 步而成功",
    ),
)
LONG = Threshold(
    name="long",
    value=20,
    unit="steps",
    what=Text(en="Length of the sequences", zh="序列长度"),
    source=Text(
        en="gradients of a tanh chain fade within ten to twenty steps (Bengio et al. 1994)",
        zh="tanh 链条的梯度在十到二十步内衰减（Bengio 等 1994）",
    ),
)
LEVEL = Threshold(
    name="level",
    value=0.6,
    unit="share",
    what=Text(en="Training loss now, as a share of a constant prediction's", zh="当前训练损失（占常数预测损失的比例）"),
    source=Text(en="less than half of what there is to learn was learned", zh="学到的还不到可学内容的一半"),
)
BEHIND = behind_by(FAR_BEHIND, BEYOND_SOUND)
VERY_LONG = Threshold(
    name="very_long",
    value=50,
    unit="steps",
    what=Text(en="Length of the sequences that a SimpleRNN reads", zh="SimpleRNN 读入的序列长度"),
    source=Text(
        en="a tanh chain learns nothing over 20 steps or more with random weights (Bengio et al. 1994, figure 2); "
        "orthogonal ones about double that",
        zh="随机权重的 tanh 链条在 20 步以上什么也学不到（Bengio 等 1994，图 2）；正交初始化约可翻倍",
    ),
)
FAR_FROM = 0.3  # behind simple models
LAGGING = 0.3  # of a constant prediction's loss, below which being behind has other reasons
THRESHOLDS = (REACH, LONG, LEVEL, BEHIND, VERY_LONG)


def _check(facts: Facts) -> Sequence[Finding]:
    memory, run = facts.memory, course(facts)
    if memory is None or run is None or facts.stopped == "not_finite" or memory.steps < LONG.value:
        return ()
    reach, level = memory.reach / max(1, memory.steps - 1), run.progress.level
    kinds = {info.name.split("/")[-1]: info.kind for info in facts.recording.layers}
    plain = kinds.get(memory.layer) == "SimpleRNN"
    back = behind(facts)
    lags = level > LAGGING and back is not None and back > BEHIND.value
    too_long = plain and memory.steps >= VERY_LONG.value and back is not None and back > FAR_FROM and _moved(facts)
    if not (reach < REACH.value and (level > LEVEL.value or lags)) and not (too_long and level > LAGGING):
        return ()
    harm = (
        Evidence(BEHIND.what, back, ">", BEHIND.value, BEHIND.unit, BEHIND.source)
        if back is not None and level <= LEVEL.value
        else Evidence(LEVEL.what, level, ">", LEVEL.value, LEVEL.unit, LEVEL.source, step=run.steps)
    )
    gated = kinds.get(memory.layer) in ("LSTM", "GRU")
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="error" if run.progress.learned_nothing and not gated else "warning",
            confidence=0.75 if run.progress.learned_nothing else 0.6,
            summary=Text(
                en=f"{memory.layer} is a plain chain over {memory.steps} steps and has not learned what simple models "
                "read off the same data: what stands far back reaches the answer only faintly.",
                zh=f"{memory.layer} 是一条 {memory.steps} 步的普通链条，"
                "没有学会简单模型能从同样数据中读出的内容：很早的信息只能微弱地影响回答。",
            )
            if reach >= REACH.value
            else Text(
                en=f"{memory.layer} reads {memory.steps} steps, but only the last {memory.reach + 1} move the answer: "
                "what came before is forgotten.",
                zh=f"{memory.layer} 读入 {memory.steps} 步，但只有最后 {memory.reach + 1} 步会影响回答："
                "更早的内容已被遗忘。",
            ),
            evidence=(
                Evidence(
                    VERY_LONG.what,
                    memory.steps,
                    ">",
                    VERY_LONG.value - 1,
                    VERY_LONG.unit,
                    VERY_LONG.source,
                    memory.layer,
                )
                if reach >= REACH.value
                else Evidence(REACH.what, reach, "<", REACH.value, REACH.unit, REACH.source, memory.layer, run.steps),
                harm,
            ),
            causes=first_ones(PROBLEM.causes, *(("untrained",) if gated else ())),
            remedies=first_ones(PROBLEM.remedies, *(("shorter",) if gated else ())),
            layers=(memory.layer,),
            steps=(1, run.steps),
        ),
    )


def _moved(facts: Facts) -> bool:
    """Whether the weights went as far as those of a sound training, so that something else is in the way."""
    moved = movement(facts)
    return moved is not None and float(moved.distance.max()) > 0.5


PROBLEM = Problem(
    identifier="short_memory",
    title=Text(en="Short memory", zh="记忆过短"),
    explanation=Text(
        en="A recurrent network is a chain in which each link whispers to the next what it has read so far. In a plain "
        "chain the whisper fades within a dozen links. If the answer was in the first word, it is gone when the last "
        "link speaks.",
        zh="循环网络像一条悄悄话的链条：每一环把读到的内容小声告诉下一环。在普通链条里，传过十几环就听不清了。"
        "如果答案在第一个词里，轮到最后一环开口时早已失传。",
    ),
    needs=Needs(steps=True),
    thresholds=THRESHOLDS,
    causes=(
        Cause(
            "plain_chain",
            Text(en="A SimpleRNN on sequences that are too long for it.", zh="序列对 SimpleRNN 来说过长。"),
            Text(en="An LSTM or GRU of the same size learns.", zh="同样大小的 LSTM 或 GRU 能学会。"),
        ),
        Cause(
            "untrained",
            Text(
                en="The gates have not been trained to stay open yet.",
                zh="门控尚未学会保持打开。",
            ),
            Text(en="With more epochs, or a larger rate, the memory grows.", zh="增加轮数或提高学习率后，记忆变长。"),
        ),
    ),
    remedies=(
        Remedy("gates", Text(en="Take an LSTM or GRU.", zh="改用 LSTM 或 GRU。"), "--network lstm"),
        Remedy(
            "transformer",
            Text(en="Take attention: it sees every step directly.", zh="改用注意力：它能直接看到每一步。"),
            "--network transformer",
        ),
        Remedy(
            "shorter",
            Text(en="Shorten the sequences, or pool over all states.", zh="缩短序列，或对所有状态做汇聚。"),
            "--pooling max",
        ),
    ),
    check=_check,
    symptom_of=(
        Origin("learning_rate_too_high"),
        Origin("loss_not_finite"),
        Origin("learning_rate_too_low"),
        Origin("invalid_learning_rate"),
        Origin("exploding_gradient"),
        Origin("missing_mask"),
        Origin("poor_initialization"),
        Origin("loss_output_mismatch", hopeless),
        Origin("wrong_output_activation", hopeless),
        Origin("label_problem"),
        Origin("excessive_regularization"),
        Origin("batch_too_large"),
        Origin("unscaled_target"),
        Origin("unscaled_input"),
    ),
)
