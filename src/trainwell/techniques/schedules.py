"""Learning-rate schedules: how the rate changes during training.

`build(learning_rate, steps, warmup_steps=0)` gives a number or a Keras `LearningRateSchedule`; `steps` is the number of
updates of the whole training, warm-up included. `function(share, warmup_share=0.0, **parameters)` gives the factor on
the learning rate at `share` of the training (0 to 1), an array of any shape; without `warmup_share` where Keras has no
schedule that could begin with a warm-up.

Traits:
    warmup: a warm-up can come first.
    final_factor: the rate at the end, as a factor on the learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.backend import load_keras
from trainwell.errors import SettingError
from trainwell.locales import Text
from trainwell.techniques.technique import Family, Parameter, Source, Technique

Array = npt.NDArray[np.float64]

# He et al. 2016, section 4.2: the rate falls to a tenth after 32,000 and again after 48,000 of 64,000 updates.
_STEP_SHARES = (0.5, 0.75)
# A piecewise constant schedule warms up in stairs; Keras computes every stair at every update, so not too many.
_WARMUP_STAIRS = 20


def _warmed(share: Array, warmup_share: float, after: Callable[[Array], Array]) -> Array:
    """Up from 0 to 1 in a straight line, then `after` on what is left of the training."""
    share = np.asarray(share, dtype=np.float64)
    if warmup_share == 0.0:
        return after(share)
    left = np.clip((share - warmup_share) / (1.0 - warmup_share), 0.0, 1.0)
    return np.where(share < warmup_share, share / warmup_share, after(left))


def _constant(share: Array, warmup_share: float = 0.0) -> Array:
    return _warmed(share, warmup_share, np.ones_like)


def _warmup(share: Array, warmup_share: float = 0.05) -> Array:
    return _constant(share, warmup_share)


def _cosine(share: Array, warmup_share: float = 0.0, final_factor: float = 0.0) -> Array:
    return _warmed(share, warmup_share, lambda s: final_factor + (1.0 - final_factor) * 0.5 * (1.0 + np.cos(np.pi * s)))


def _linear(share: Array, final_factor: float = 0.0) -> Array:
    return 1.0 - (1.0 - final_factor) * np.asarray(share, dtype=np.float64)


def _exponential(share: Array, final_factor: float = 0.01) -> Array:
    return np.power(final_factor, np.asarray(share, dtype=np.float64))


def _inverse_time(share: Array, final_factor: float = 0.1) -> Array:
    return 1.0 / (1.0 + (1.0 / final_factor - 1.0) * np.asarray(share, dtype=np.float64))


def _step(share: Array, warmup_share: float = 0.0, factor: float = 0.1) -> Array:
    share = np.asarray(share, dtype=np.float64)
    falls = np.power(factor, np.sum([share >= at for at in _STEP_SHARES], axis=0))
    if warmup_share == 0.0:
        return falls
    stair = np.floor(share / warmup_share * _WARMUP_STAIRS + 1e-9) / _WARMUP_STAIRS  # 0.06 / 0.2 is a bit below 0.3
    return np.where(share < warmup_share, stair, falls)


def _make_constant(learning_rate: float, steps: int, warmup_steps: int) -> Any:
    if warmup_steps == 0:
        return learning_rate
    return _make_cosine(learning_rate, steps, warmup_steps, final_factor=1.0)


def _make_warmup(learning_rate: float, steps: int, warmup_steps: int | None) -> Any:
    short = min(math.ceil(0.05 * steps), steps - 1)
    return _make_constant(learning_rate, steps, short if warmup_steps is None else warmup_steps)


def _make_cosine(learning_rate: float, steps: int, warmup_steps: int, final_factor: float) -> Any:
    schedules = load_keras().optimizers.schedules
    if warmup_steps == 0:
        return schedules.CosineDecay(learning_rate, steps, alpha=final_factor)
    return schedules.CosineDecay(
        0.0, steps - warmup_steps, alpha=final_factor, warmup_target=learning_rate, warmup_steps=warmup_steps
    )


def _make_linear(learning_rate: float, steps: int, warmup_steps: int, final_factor: float) -> Any:  # noqa: ARG001
    return load_keras().optimizers.schedules.PolynomialDecay(
        learning_rate, steps, end_learning_rate=learning_rate * final_factor, power=1.0
    )


def _make_exponential(learning_rate: float, steps: int, warmup_steps: int, final_factor: float) -> Any:  # noqa: ARG001
    return load_keras().optimizers.schedules.ExponentialDecay(learning_rate, steps, final_factor)


def _make_inverse_time(learning_rate: float, steps: int, warmup_steps: int, final_factor: float) -> Any:  # noqa: ARG001
    return load_keras().optimizers.schedules.InverseTimeDecay(learning_rate, steps, 1.0 / final_factor - 1.0)


def _make_step(learning_rate: float, steps: int, warmup_steps: int, factor: float) -> Any:
    falls = [(math.ceil(share * steps), learning_rate * factor**k) for k, share in enumerate((0.0, *_STEP_SHARES))]
    stairs = min(warmup_steps, _WARMUP_STAIRS)
    climbs = [(math.ceil(k * warmup_steps / stairs), learning_rate * k / stairs) for k in range(stairs)]
    after = [(max(start, warmup_steps), rate) for start, rate in falls]
    starts, rates = zip(*climbs, *after, strict=True)
    # Keras counts a boundary as the last update of the old rate, we as the first one of the new.
    return load_keras().optimizers.schedules.PiecewiseConstantDecay([start - 1 for start in starts[1:]], list(rates))


_WARMUP_STEPS = Parameter(
    "warmup_steps",
    0,
    Text(en="Updates in which the rate rises from 0.", zh="学习率从 0 上升所用的更新步数。"),
    minimum=0,
    whole=True,
)


def _schedule(
    name: str,
    maker: Callable[..., Any],
    *,
    final_factor: float,
    warmup: bool = True,
    own: tuple[Parameter, ...] = (),
    warmup_steps: Parameter = _WARMUP_STEPS,
    option: str = "",
    **rest: Any,
) -> Technique:
    def checked(**settings: Any) -> Any:
        warming, steps = settings["warmup_steps"] or 0, settings["steps"]
        if warming and not warmup:
            raise SettingError(
                Text(
                    en=f"{name}: Keras has no such schedule with a warm-up, {warming} warm-up steps were given; "
                    "leave them out, or take the schedule cosine, step or constant",
                    zh=f"{name}：Keras 的这种调度不支持预热，给出的预热步数是 {warming}；"
                    "请去掉预热，或改用 cosine、step 或 constant 调度",
                )
            )
        if warming >= steps:
            raise SettingError(
                Text(
                    en=f"{name}: the warm-up must be shorter than the training of {steps} updates, {warming} "
                    "warm-up steps were given; take fewer, or train longer",
                    zh=f"{name}：预热必须短于整个训练（共 {steps} 步更新），给出的预热步数是 {warming}；"
                    "请减少预热步数，或延长训练",
                )
            )
        return maker(**settings)

    return Technique(
        name=name,
        family="schedule",
        traits={"warmup": warmup, "final_factor": final_factor},
        maker=checked,
        option=option or f"--schedule {name}",
        parameters=(
            Parameter(
                "learning_rate",
                None,
                Text(en="The rate on which the schedule works.", zh="调度所依据的学习率。"),
                minimum=0.0,
                above=True,
                required=True,
            ),
            Parameter(
                "steps",
                None,
                Text(en="Updates of the whole training.", zh="整个训练的更新步数。"),
                minimum=1,
                whole=True,
                required=True,
            ),
            warmup_steps,
            *own,
        ),
        **rest,
    )


def _final(default: float, *, above: bool) -> Parameter:
    return Parameter(
        "final_factor",
        default,
        Text(en="The rate at the end, as a factor on the learning rate.", zh="训练结束时的学习率与初始学习率之比。"),
        minimum=0.0,
        maximum=1.0,
        above=above,
        below=True,
    )


_ENTRIES = (
    _schedule(
        "constant",
        _make_constant,
        final_factor=1.0,
        title=Text(en="Constant rate", zh="恒定学习率"),
        formula="η(t) = η₀",
        source=Source(
            "Optimization methods for large-scale machine learning",
            "Bottou, Curtis & Nocedal",
            2018,
            "https://arxiv.org/abs/1606.04838",
            "theorem 4.6",
        ),
        summary=Text(
            en="The same step size from the first update to the last. Training comes near the best point and then "
            "keeps circling around it, as a walker with long legs cannot stand on a small spot.",
            zh="从第一步到最后一步步长都一样。训练会走到最优点附近，然后一直绕着它打转，就像步子太大的人站不到一个小点上。",
        ),
        use_when=Text(
            en="For first tries, and when the length of the training is not known.",
            zh="初步尝试，或训练长度还不确定时。",
        ),
        avoid_when=Text(
            en="For the last bit of accuracy: let the rate fall towards the end.",
            zh="追求最后一点准确率时：应让学习率在后期下降。",
        ),
        function=_constant,
    ),
    _schedule(
        "warmup",
        _make_warmup,
        final_factor=1.0,
        warmup_steps=Parameter(
            "warmup_steps",
            None,
            Text(
                en="Updates in which the rate rises from 0; a twentieth of the training if left out.",
                zh="学习率从 0 上升所用的更新步数；不写则为整个训练的二十分之一。",
            ),
            minimum=1,
            whole=True,
        ),
        option="--warmup 100",
        title=Text(en="Warm-up", zh="学习率预热"),
        formula="η(t) = η₀ · t / T_w  for t < T_w, then the schedule",
        source=Source(
            "Accurate, large minibatch SGD: training ImageNet in 1 hour",
            "Goyal et al.",
            2017,
            "https://arxiv.org/abs/1706.02677",
            "section 2.2",
        ),
        summary=Text(
            en="The rate rises from 0 in a straight line during the first updates, like a car that pulls away in first "
            "gear: early gradients are large and change fast, and a full step could throw the network off.",
            zh="在最初若干步里，学习率从 0 沿直线上升，就像汽车用一挡起步："
            "早期的梯度又大又多变，步子迈满可能把网络带偏。",
        ),
        use_when=Text(
            en="For Transformers, large batches, large rates and adaptive optimizers; before cosine, step or constant.",
            zh="Transformer、大批量、大学习率以及自适应优化器；可接在 cosine、step 或 constant 调度之前。",
        ),
        avoid_when=Text(
            en="For small networks with a modest rate, where it only costs time.",
            zh="学习率适中的小网络：只会多花时间。",
        ),
        aliases=("linear_warmup",),
        function=_warmup,
    ),
    _schedule(
        "cosine",
        _make_cosine,
        final_factor=0.0,
        own=(_final(0.0, above=False),),
        title=Text(en="Cosine decay", zh="余弦衰减"),
        formula="η(t) = η₀ · ½ · (1 + cos(π·t/T))",
        source=Source(
            "SGDR: stochastic gradient descent with warm restarts",
            "Loshchilov & Hutter",
            2017,
            "https://arxiv.org/abs/1608.03983",
            "eq. 5",
        ),
        summary=Text(
            en="The rate stays high for a while, falls fastest in the middle and glides gently to 0, like a plane that "
            "lands. It has no dates to choose, only the length of the training.",
            zh="学习率先保持较高，中段下降最快，最后平缓滑到 0，像飞机着陆。除了训练长度之外，没有别的时间点需要选择。",
        ),
        use_when=Text(
            en="When the number of epochs is known: a good first choice, with momentum as well as AdamW.",
            zh="训练轮数已知时：很好的首选，配合动量法或 AdamW 都可以。",
        ),
        avoid_when=Text(
            en="When the training may be stopped early or prolonged: the fall is planned for the full length.",
            zh="训练可能提前停止或延长时：它的下降是按完整长度安排的。",
        ),
        aliases=("cosine_decay", "cosine_annealing"),
        function=_cosine,
    ),
    _schedule(
        "linear",
        _make_linear,
        final_factor=0.0,
        warmup=False,
        own=(_final(0.0, above=False),),
        title=Text(en="Linear decay", zh="线性衰减"),
        formula="η(t) = η₀ · (1 − t/T)",
        source=Source(
            "BERT: pre-training of deep bidirectional transformers for language understanding",
            "Devlin, Chang, Lee & Toutanova",
            2019,
            "https://arxiv.org/abs/1810.04805",
            "appendix A.2",
        ),
        summary=Text(
            en="The rate falls in a straight line to 0. Simple, and hard to beat.",
            zh="学习率沿直线降到 0。简单，却很难被超越。",
        ),
        use_when=Text(
            en="When the length of the training is known, above all for fine-tuning.", zh="训练长度已知时，尤其是微调。"
        ),
        avoid_when=Text(
            en="When a warm-up is needed: Keras has no such schedule, take cosine.",
            zh="需要预热时：Keras 没有这种组合，请用 cosine。",
        ),
        aliases=("linear_decay", "polynomial_decay"),
        function=_linear,
    ),
    _schedule(
        "exponential",
        _make_exponential,
        final_factor=0.01,
        warmup=False,
        own=(_final(0.01, above=True),),
        title=Text(en="Exponential decay", zh="指数衰减"),
        formula="η(t) = η₀ · r^(t/T)   (r = 0.01)",
        source=Source(
            "An empirical study of learning rates in deep neural networks for speech recognition",
            "Senior, Heigold, Ranzato & Yang",
            2013,
            "https://doi.org/10.1109/ICASSP.2013.6638963",
        ),
        summary=Text(
            en="The rate loses the same share of itself in every update, like the charge of a battery: fast at first, "
            "then ever more slowly.",
            zh="每一步学习率都减少相同的比例，像电池放电：开始快，后来越来越慢。",
        ),
        use_when=Text(
            en="When most is learned early and a long, fine end helps.", zh="大部分内容在前期学会、后期需要细致调整时。"
        ),
        avoid_when=Text(
            en="When the network still learns fast in the middle: the rate is already small there.",
            zh="网络在中期仍学得很快时：那时学习率已经很小了。",
        ),
        aliases=("exponential_decay",),
        function=_exponential,
    ),
    _schedule(
        "step",
        _make_step,
        final_factor=0.01,
        own=(
            Parameter(
                "factor",
                0.1,
                Text(en="Factor on the rate at each fall.", zh="每次下降时乘在学习率上的系数。"),
                minimum=0.0,
                maximum=1.0,
                above=True,
                below=True,
            ),
        ),
        title=Text(en="Step decay", zh="阶梯衰减"),
        formula="η(t) = η₀ · 0.1ᵏ,  k = falls so far (at 50 % and 75 % of the training)",
        source=Source(
            "Deep residual learning for image recognition",
            "He, Zhang, Ren & Sun",
            2016,
            "https://arxiv.org/abs/1512.03385",
            "section 4.2",
        ),
        summary=Text(
            en="The rate is constant and falls to a tenth at half and at three quarters of the training. The loss "
            "often drops visibly right after a fall. A warm-up before it rises in at most 20 stairs.",
            zh="学习率保持不变，在训练进行到一半和四分之三时各降为十分之一。每次下降之后，损失往往明显变小。"
            "若在前面加预热，则最多分 20 级台阶上升。",
        ),
        use_when=Text(en="For CNNs with momentum: the recipe of ResNet.", zh="用动量法训练的卷积网络：ResNet 的做法。"),
        avoid_when=Text(
            en="When you do not want to choose when it falls: cosine is as good without.",
            zh="不想自己选择下降时机时：cosine 同样好用，而且无需选择。",
        ),
        aliases=("piecewise", "piecewise_constant", "piecewise_constant_decay", "step_decay", "multi_step"),
        function=_step,
    ),
    _schedule(
        "inverse_time",
        _make_inverse_time,
        final_factor=0.1,
        warmup=False,
        own=(_final(0.1, above=True),),
        title=Text(en="Inverse time decay", zh="反比例衰减"),
        formula="η(t) = η₀ / (1 + k·t/T)   (k = 9)",
        source=Source(
            "A stochastic approximation method",
            "Robbins & Monro",
            1951,
            "https://doi.org/10.1214/aoms/1177729586",
        ),
        summary=Text(
            en="The rate falls like one over time: slowly enough to get everywhere, fast enough to come to rest. "
            "The oldest schedule, with a proof of convergence for convex problems.",
            zh="学习率与时间成反比地下降：足够慢，能走到任何地方；又足够快，最终能停下来。"
            "这是最早的调度方法，对凸问题有收敛性证明。",
        ),
        use_when=Text(
            en="For long trainings without a fixed end, and for linear or convex models.",
            zh="没有固定终点的长时间训练，以及线性或凸的模型。",
        ),
        avoid_when=Text(
            en="For deep networks with a known length: cosine or linear end better.",
            zh="长度已知的深层网络：余弦或线性衰减的结果更好。",
        ),
        aliases=("inverse_time_decay",),
        function=_inverse_time,
    ),
)

FAMILY = Family(
    name="schedule",
    title=Text(en="learning-rate schedule", zh="学习率调度"),
    question=Text(en="How does the learning rate change during training?", zh="学习率在训练过程中怎样变化？"),
    techniques=_ENTRIES,
)
