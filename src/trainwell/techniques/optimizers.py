"""Optimizers: how the weights move, given their gradient.

`function(gradient, start, steps, learning_rate, **parameters)` is the update rule in NumPy, float64, exactly as Keras
applies it: `gradient(w)` gives the gradient at w, `start` is w at the beginning, (weights,); the path comes back,
(steps + 1, weights).

Traits:
    default_learning_rate: the one that trainwell takes.
    adaptive: the first step does not depend on the scale of the gradient.
    slots: numbers that are kept per weight, besides the weight itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.backend import load_keras
from trainwell.errors import SettingError
from trainwell.locales import Text
from trainwell.techniques.technique import Family, Parameter, Source, Technique

Array = npt.NDArray[np.float64]
Gradient = Callable[[Array], Array]

# Keras's guard against a division by 0; inside the root for RMSprop, outside for Adam.
_EPSILON = 1e-7


def _gradient_descent(
    gradient: Gradient, start: Array, steps: int, learning_rate: float, momentum: float, nesterov: bool
) -> Array:
    path = [np.asarray(start, dtype=np.float64)]
    velocity = np.zeros_like(path[0])
    for _ in range(steps):
        push = learning_rate * gradient(path[-1])
        velocity = momentum * velocity - push
        path.append(path[-1] + (momentum * velocity - push if nesterov else velocity))
    return np.stack(path)


def _sgd(gradient: Gradient, start: Array, steps: int, learning_rate: float = 0.01) -> Array:
    return _gradient_descent(gradient, start, steps, learning_rate, momentum=0.0, nesterov=False)


def _momentum(
    gradient: Gradient, start: Array, steps: int, learning_rate: float = 0.01, momentum: float = 0.9
) -> Array:
    return _gradient_descent(gradient, start, steps, learning_rate, momentum, nesterov=False)


def _nesterov(
    gradient: Gradient, start: Array, steps: int, learning_rate: float = 0.01, momentum: float = 0.9
) -> Array:
    return _gradient_descent(gradient, start, steps, learning_rate, momentum, nesterov=True)


def _rmsprop(gradient: Gradient, start: Array, steps: int, learning_rate: float = 0.001, rho: float = 0.9) -> Array:
    path = [np.asarray(start, dtype=np.float64)]
    mean_square = np.zeros_like(path[0])
    for _ in range(steps):
        g = gradient(path[-1])
        mean_square = rho * mean_square + (1.0 - rho) * np.square(g)
        path.append(path[-1] - learning_rate * g / np.sqrt(mean_square + _EPSILON))
    return np.stack(path)


def _adam(
    gradient: Gradient,
    start: Array,
    steps: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    weight_decay: float = 0.0,
) -> Array:
    path = [np.asarray(start, dtype=np.float64)]
    mean, mean_square = np.zeros_like(path[0]), np.zeros_like(path[0])
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        mean = beta_1 * mean + (1.0 - beta_1) * g
        mean_square = beta_2 * mean_square + (1.0 - beta_2) * np.square(g)
        rate = learning_rate * np.sqrt(1.0 - beta_2**t) / (1.0 - beta_1**t)
        kept = path[-1] * (1.0 - learning_rate * weight_decay)
        path.append(kept - rate * mean / (np.sqrt(mean_square) + _EPSILON))
    return np.stack(path)


def _adamw(
    gradient: Gradient,
    start: Array,
    steps: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    weight_decay: float = 0.004,
) -> Array:
    return _adam(gradient, start, steps, learning_rate, beta_1, beta_2, weight_decay)


def _share(name: str, default: float, en: str, zh: str) -> Parameter:
    return Parameter(name, default, Text(en=en, zh=zh), minimum=0.0, maximum=1.0, below=True)


_CLIPPING = tuple(
    Parameter(
        keyword,
        None,
        Text(en=f"Gradient clipping, see {technique}.", zh=f"梯度裁剪，见 {technique}。"),
        minimum=0.0,
        above=True,
    )
    for keyword, technique in (
        ("clipvalue", "clip_value"),
        ("clipnorm", "clip_norm"),
        ("global_clipnorm", "global_clip_norm"),
    )
)
_MOMENTUM = _share("momentum", 0.9, "Share of the last step that is kept.", "保留上一步更新的比例。")
_BETAS = (
    _share("beta_1", 0.9, "Memory of the mean gradient.", "梯度均值的记忆系数。"),
    _share("beta_2", 0.999, "Memory of the mean squared gradient.", "梯度平方均值的记忆系数。"),
)


def _parameters(learning_rate: float, weight_decay: float | None, *own: Parameter) -> tuple[Parameter, ...]:
    return (
        Parameter(
            "learning_rate",
            learning_rate,
            Text(
                en="Size of the steps, or a Keras schedule for it.", zh="步长（学习率），或一个 Keras 学习率调度对象。"
            ),
            minimum=0.0,
            above=True,
            accepts_object=True,
        ),
        *own,
        Parameter(
            "weight_decay",
            weight_decay,
            Text(
                en="Share of each weight taken away per step, times the learning rate.",
                zh="每一步按“该系数 × 学习率”的比例缩小每个权重。",
            ),
            minimum=0.0,
        ),
        *_CLIPPING,
    )


def _one_clipping(settings: dict[str, Any]) -> dict[str, Any]:
    """Keras knows one kind of clipping at a time; say so before Keras does."""
    asked = [parameter.name for parameter in _CLIPPING if settings[parameter.name] is not None]
    if len(asked) > 1:
        raise SettingError(
            Text(
                en=f"only one kind of gradient clipping can be used at a time, {' and '.join(asked)} were given; "
                "leave all but one out",
                zh=f"一次只能使用一种梯度裁剪，给出的有 {'、'.join(asked)}；请只保留一种",
            )
        )
    return settings


def _optimizer(
    name: str,
    maker: Callable[..., Any],
    *,
    learning_rate: float,
    slots: int,
    adaptive: bool,
    own: tuple[Parameter, ...] = (),
    weight_decay: float | None = None,
    **rest: Any,
) -> Technique:
    return Technique(
        name=name,
        family="optimizer",
        traits={"default_learning_rate": learning_rate, "adaptive": adaptive, "slots": slots},
        maker=lambda **settings: maker(**_one_clipping(settings)),
        option=f"--optimizer {name}",
        parameters=_parameters(learning_rate, weight_decay, *own),
        **rest,
    )


_ENTRIES = (
    _optimizer(
        "sgd",
        lambda **settings: load_keras().optimizers.SGD(**settings),
        learning_rate=0.01,
        slots=0,
        adaptive=False,
        title=Text(en="SGD (stochastic gradient descent)", zh="SGD（随机梯度下降）"),
        formula="w ← w − η·g",
        source=Source(
            "A stochastic approximation method", "Robbins & Monro", 1951, "https://doi.org/10.1214/aoms/1177729586"
        ),
        summary=Text(
            en="Takes one step straight downhill, with the slope measured on a small batch. In a long, narrow valley "
            "it bounces from wall to wall and moves on slowly. In deep networks flat stretches and saddle points slow "
            "it down more often than bad local minima do.",
            zh="用一小批数据测出坡度，然后径直向下走一步。在狭长的山谷里，它会在两壁之间来回弹跳，前进缓慢。"
            "在深层网络中，拖慢它的更多是平坦区域和鞍点，而不是糟糕的局部最优解。",
        ),
        use_when=Text(
            en="As the plain thing to compare with, and when memory is short.", zh="作为最朴素的对照，或内存紧张时。"
        ),
        avoid_when=Text(
            en="When results are wanted quickly: momentum costs little and nearly always helps.",
            zh="希望尽快得到结果时：动量几乎不增加开销，而且几乎总有帮助。",
        ),
        function=_sgd,
    ),
    _optimizer(
        "momentum",
        lambda **settings: load_keras().optimizers.SGD(**settings),
        learning_rate=0.01,
        slots=1,
        adaptive=False,
        own=(_MOMENTUM,),
        title=Text(en="SGD with momentum", zh="动量法（Momentum）"),
        formula="v ← μ·v − η·g\nw ← w + v",
        source=Source(
            "Some methods of speeding up the convergence of iteration methods",
            "Polyak",
            1964,
            "https://doi.org/10.1016/0041-5553(64)90137-5",
        ),
        summary=Text(
            en="A heavy ball rolling downhill: each step keeps a share μ of the last one. Swings from side to side "
            "cancel out and the steady direction builds up; with μ = 0.9 a steady slope is walked ten times as fast.",
            zh="像沉重的球滚下山坡：每一步都保留上一步的一部分（比例 μ）。左右摇摆相互抵消，稳定的方向不断积累；"
            "μ = 0.9 时，沿稳定坡面的速度是原来的十倍。",
        ),
        use_when=Text(
            en="For CNNs on images, with a falling learning rate: often the best final accuracy.",
            zh="图像上的卷积网络，配合逐渐下降的学习率：最终准确率往往最好。",
        ),
        avoid_when=Text(
            en="When there is no time to find a learning rate, or layers differ much in scale: take Adam.",
            zh="没有时间调学习率，或各层尺度相差很大时：请用 Adam。",
        ),
        aliases=("sgd_momentum", "heavy_ball"),
        function=_momentum,
    ),
    _optimizer(
        "nesterov",
        lambda **settings: load_keras().optimizers.SGD(nesterov=True, **settings),
        learning_rate=0.01,
        slots=1,
        adaptive=False,
        own=(_MOMENTUM,),
        title=Text(en="Nesterov momentum", zh="Nesterov 动量法"),
        formula="v ← μ·v − η·g\nw ← w + μ·v − η·g",
        source=Source(
            "A method for solving the convex programming problem with convergence rate O(1/k²)",
            "Nesterov",
            1983,
            "https://proceedings.mlr.press/v28/sutskever13.html",
            "as written by Sutskever et al. (2013), eq. 3 and 4",
        ),
        summary=Text(
            en="Momentum that looks ahead: it takes the slope where the ball is about to be, not where it is, and so "
            "brakes before it runs up the other side.",
            zh="会“向前看”的动量法：它在球即将到达的位置求坡度，而不是在当前位置，因此能在冲上对面山坡之前就开始减速。",
        ),
        use_when=Text(
            en="Wherever momentum is used; it swings a little less.", zh="凡是可以用动量法的地方；它的摆动更小一些。"
        ),
        avoid_when=Text(
            en="Nowhere in particular: with noisy gradients the gain over momentum is small.",
            zh="没有特别的禁忌：梯度噪声较大时，它与普通动量法差别很小。",
        ),
        aliases=("nag", "nesterov_momentum"),
        function=_nesterov,
    ),
    _optimizer(
        "rmsprop",
        lambda **settings: load_keras().optimizers.RMSprop(**settings),
        learning_rate=0.001,
        slots=1,
        adaptive=True,
        own=(_share("rho", 0.9, "Memory of the mean squared gradient.", "梯度平方均值的记忆系数。"),),
        title=Text(en="RMSprop", zh="RMSprop"),
        formula="s ← ρ·s + (1 − ρ)·g²\nw ← w − η·g / √(s + ε)",
        source=Source(
            "Neural Networks for Machine Learning, lecture 6.5",
            "Tieleman & Hinton",
            2012,
            "https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf",
        ),
        summary=Text(
            en="Gives every weight its own step size: the gradient is divided by its recent typical size. Steep "
            "directions are walked with short steps, flat ones with long steps.",
            zh="给每个权重自己的步长：把梯度除以它近期的典型大小。陡的方向走小步，平缓的方向走大步。",
        ),
        use_when=Text(
            en="For recurrent networks, and when the loss keeps changing.", zh="循环网络，以及损失不断变化的问题。"
        ),
        avoid_when=Text(
            en="In most other cases Adam, which adds momentum, is the safer choice.",
            zh="其他大多数情况下，加入了动量的 Adam 是更稳妥的选择。",
        ),
        function=_rmsprop,
    ),
    _optimizer(
        "adam",
        lambda **settings: load_keras().optimizers.Adam(**settings),
        learning_rate=0.001,
        slots=2,
        adaptive=True,
        own=_BETAS,
        title=Text(en="Adam", zh="Adam"),
        formula="m ← β₁·m + (1 − β₁)·g,   s ← β₂·s + (1 − β₂)·g²\nw ← w − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√s + ε)",
        source=Source(
            "Adam: a method for stochastic optimization",
            "Kingma & Ba",
            2015,
            "https://arxiv.org/abs/1412.6980",
            "end of section 2",
        ),
        summary=Text(
            en="Joins momentum (which way have we been going?) with RMSprop (how large are gradients here?), and "
            "corrects for both starting at 0. It works over a wide range of problems with its default learning rate.",
            zh="把动量法（一直在往哪个方向走？）与 RMSprop（这里的梯度通常有多大？）结合起来，并修正两者从 0 "
            "开始带来的偏差。使用默认学习率就能应付很多问题。",
        ),
        use_when=Text(en="As the first choice when nothing is known yet.", zh="对问题还不了解时的首选。"),
        avoid_when=Text(
            en="When weights should be kept small: take AdamW, since Adam scales the gradient of an L2 penalty away. "
            "For CNNs, well-tuned momentum sometimes ends a little better.",
            zh="需要约束权重大小时：请用 AdamW，因为 Adam 会把 L2 惩罚的梯度也一起缩放掉。"
            "对卷积网络，调得好的动量法最终有时略胜一筹。",
        ),
        function=_adam,
    ),
    _optimizer(
        "adamw",
        lambda **settings: load_keras().optimizers.AdamW(**settings),
        learning_rate=0.001,
        slots=2,
        adaptive=True,
        own=_BETAS,
        weight_decay=0.004,
        title=Text(en="AdamW", zh="AdamW"),
        formula="w ← w − η·λ·w − (Adam's step)",
        source=Source(
            "Decoupled weight decay regularization",
            "Loshchilov & Hutter",
            2019,
            "https://arxiv.org/abs/1711.05101",
            "algorithm 2",
        ),
        summary=Text(
            en="Adam that also shrinks every weight by a small share per step. The shrinking does not pass through "
            "Adam's scaling of the gradient, so it is the same for all weights, as weight decay is meant to be.",
            zh="在 Adam 的基础上，每一步再把每个权重缩小一点点。这一缩小不经过 Adam 对梯度的缩放，"
            "因此对所有权重一视同仁，这才是权重衰减的本意。",
        ),
        use_when=Text(
            en="For Transformers and larger networks, with warm-up and a cosine schedule.",
            zh="Transformer 和较大的网络，配合预热与余弦调度。",
        ),
        avoid_when=Text(
            en="When L2 is set as well: then weights are shrunk twice.", zh="已经设置了 L2 正则化时：权重会被缩小两次。"
        ),
        function=_adamw,
    ),
)

FAMILY = Family(
    name="optimizer",
    title=Text(en="optimizer", zh="优化器"),
    question=Text(en="How do the weights move, given their gradient?", zh="有了梯度之后，权重怎样移动？"),
    techniques=_ENTRIES,
)
