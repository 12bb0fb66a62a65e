"""Regularisation: what keeps a network from learning its training samples by heart.

`function` and `gradient`, where there are any:
    l1, l2, l1_l2: (weights, **parameters) -> penalty of each weight, and its derivative; any shape.
    dropout and its relatives: (kept, units, rate) -> probability that exactly `kept` of `units` are kept.
    weight_decay: (step, weight_decay, learning_rate) -> share of a weight that is left after `step` updates.
    label_smoothing: (targets, label_smoothing) -> softened targets, (..., classes).

Traits:
    acts_on: "weights", "activations", "updates", "targets" or "training".
    gives: what `build` makes: "regularizer", "layer", "callback", or "keyword" (a dictionary for the Keras object that
        has only a keyword for it: a recurrent layer, an optimizer, a loss).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.backend import load_keras
from trainwell.locales import Text
from trainwell.techniques.technique import Family, Parameter, Source, Technique

Array = npt.NDArray[np.float64]


def _l1(weights: Array, l1: float = 1e-5) -> Array:
    return l1 * np.abs(weights)


def _l1_gradient(weights: Array, l1: float = 1e-5) -> Array:
    return l1 * np.sign(weights)


def _l2(weights: Array, l2: float = 1e-4) -> Array:
    return l2 * np.square(weights)


def _l2_gradient(weights: Array, l2: float = 1e-4) -> Array:
    return 2.0 * l2 * np.asarray(weights)


def _l1_l2(weights: Array, l1: float = 1e-5, l2: float = 1e-4) -> Array:
    return _l1(weights, l1) + _l2(weights, l2)


def _l1_l2_gradient(weights: Array, l1: float = 1e-5, l2: float = 1e-4) -> Array:
    return _l1_gradient(weights, l1) + _l2_gradient(weights, l2)


def _kept_units(default: float) -> Callable[..., Array]:
    def probability(kept: Array, units: int = 100, rate: float = default) -> Array:
        counts = np.asarray(kept, dtype=np.float64)
        ways = np.array([math.comb(units, int(count)) for count in counts.ravel()], dtype=np.float64)
        return ways.reshape(counts.shape) * (1.0 - rate) ** counts * rate ** (units - counts)

    return probability


def _decayed(step: Array, weight_decay: float = 1e-4, learning_rate: float = 1e-3) -> Array:
    return np.power(1.0 - weight_decay * learning_rate, np.asarray(step, dtype=np.float64))


def _smoothed(targets: Array, label_smoothing: float = 0.1) -> Array:
    return (1.0 - label_smoothing) * np.asarray(targets) + label_smoothing / np.shape(targets)[-1]


def _make_spatial_dropout(rate: float, dimensions: int) -> Any:
    layers = load_keras().layers
    kinds = {1: layers.SpatialDropout1D, 2: layers.SpatialDropout2D, 3: layers.SpatialDropout3D}
    return kinds[dimensions](rate)


def _make_early_stopping(patience: int, min_delta: float) -> Any:
    return load_keras().callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=patience, min_delta=min_delta, restore_best_weights=True
    )


def _strength(name: str, default: float) -> Parameter:
    return Parameter(name, default, Text(en="Strength of the penalty.", zh="惩罚的强度。"), minimum=0.0)


def _rate(default: float) -> Parameter:
    return Parameter(
        "rate",
        default,
        Text(en="Share that is set to 0.", zh="被置为 0 的比例。"),
        minimum=0.0,
        maximum=1.0,
        below=True,
    )


_L1 = Technique(
    name="l1",
    family="regularizer",
    title=Text(en="L1 penalty", zh="L1 正则化"),
    formula="loss + λ · Σ |w|",
    source=Source(
        "Regression shrinkage and selection via the lasso",
        "Tibshirani",
        1996,
        "https://doi.org/10.1111/j.2517-6161.1996.tb02080.x",
    ),
    summary=Text(
        en="Every weight pays a tax in proportion to its size, and its pull towards 0 is the same however small the "
        "weight. What does not earn its tax goes to 0, so the penalty picks out the features that matter. With "
        "gradient steps weights come very near 0 rather than exactly there.",
        zh="每个权重按大小纳税，而且无论权重多小，向 0 的拉力都一样。"
        "“入不敷出”的权重会趋于 0，于是重要的特征被挑选出来。"
        "用梯度法训练时，权重会非常接近 0，但一般不会恰好等于 0。",
    ),
    use_when=Text(
        en="With many features of which only some matter (tables).", zh="特征很多、但只有一部分有用时（表格数据）。"
    ),
    avoid_when=Text(
        en="When features say the same thing twice: it keeps one of them by chance; take L1L2.",
        zh="特征之间高度相关时：它会随意保留其中一个；请用 L1L2。",
    ),
    traits={"acts_on": "weights", "gives": "regularizer"},
    maker=lambda l1: load_keras().regularizers.L1(l1),
    option="--l1 1e-5",
    parameters=(_strength("l1", 1e-5),),
    aliases=("lasso",),
    function=_l1,
    gradient=_l1_gradient,
)

_L2 = Technique(
    name="l2",
    family="regularizer",
    title=Text(en="L2 penalty", zh="L2 正则化"),
    formula="loss + λ · Σ w²   (gradient 2·λ·w)",
    source=Source(
        "Ridge regression: biased estimation for nonorthogonal problems",
        "Hoerl & Kennard",
        1970,
        "https://doi.org/10.1080/00401706.1970.10488634",
    ),
    summary=Text(
        en="Large weights are punished much more than small ones, like a spring that pulls harder the further it is "
        "stretched. No single feature can dominate, and the network reacts more calmly to small changes of its input.",
        zh="大权重受到的惩罚远大于小权重，像弹簧拉得越长回拉力越大。任何单个特征都难以一家独大，网络对输入的微小变化也更平稳。",
    ),
    use_when=Text(
        en="As the first thing against overfitting, with SGD and momentum; 1e-5 to 1e-3.",
        zh="对付过拟合的首选，配合 SGD 与动量法；常用范围 1e-5 到 1e-3。",
    ),
    avoid_when=Text(
        en="With Adam, which scales the penalty's gradient away: take AdamW's weight decay.",
        zh="与 Adam 同用时：Adam 会把惩罚的梯度也缩放掉；请用 AdamW 的权重衰减。",
    ),
    traits={"acts_on": "weights", "gives": "regularizer"},
    maker=lambda l2: load_keras().regularizers.L2(l2),
    option="--l2 1e-4",
    parameters=(_strength("l2", 1e-4),),
    aliases=("ridge",),
    function=_l2,
    gradient=_l2_gradient,
)

_L1_L2 = Technique(
    name="l1_l2",
    family="regularizer",
    title=Text(en="L1L2 penalty (elastic net)", zh="L1L2 正则化（弹性网络）"),
    formula="loss + λ₁ · Σ |w| + λ₂ · Σ w²",
    source=Source(
        "Regularization and variable selection via the elastic net",
        "Zou & Hastie",
        2005,
        "https://doi.org/10.1111/j.1467-9868.2005.00503.x",
    ),
    summary=Text(
        en="Both penalties together: L1 sends useless weights to 0, and L2 lets features that belong together share "
        "the work in place of picking one of them.",
        zh="两种惩罚合在一起：L1 让无用的权重趋于 0，L2 让彼此相关的特征分担工作，而不是只挑其中一个。",
    ),
    use_when=Text(en="With many features that come in related groups.", zh="特征很多、并且成组相关时。"),
    avoid_when=Text(en="When one strength is already hard to choose.", zh="连一个强度都难以选定时。"),
    traits={"acts_on": "weights", "gives": "regularizer"},
    maker=lambda l1, l2: load_keras().regularizers.L1L2(l1=l1, l2=l2),
    option="--l1 1e-5 --l2 1e-4",
    parameters=(_strength("l1", 1e-5), _strength("l2", 1e-4)),
    aliases=("elastic_net",),
    function=_l1_l2,
    gradient=_l1_l2_gradient,
)

_DROPOUT = Technique(
    name="dropout",
    family="regularizer",
    title=Text(en="Dropout", zh="Dropout（随机失活）"),
    formula="y = x · m / (1 − p),  m = 0 with probability p, else 1",
    source=Source(
        "Dropout: a simple way to prevent neural networks from overfitting",
        "Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov",
        2014,
        "https://jmlr.org/papers/v15/srivastava14a.html",
        "section 4",
    ),
    summary=Text(
        en="In every training step a random share of the units is switched off, like a team in which someone is always "
        "away: nobody may rely on one colleague only. The others are scaled up to keep the sum the same on average. "
        "When the network is used, all units work.",
        zh="训练的每一步随机关闭一部分神经元，像一个总有人请假的团队：谁都不能只依赖某一位同事。"
        "留下的神经元会相应放大，使总和平均不变。使用网络时，所有神经元都工作。",
    ),
    use_when=Text(
        en="In dense layers of networks that overfit; 0.5 there, 0.1 to 0.3 elsewhere.",
        zh="过拟合网络的全连接层：常用 0.5；其他位置用 0.1 到 0.3。",
    ),
    avoid_when=Text(
        en="When the training loss itself is still high, and right before batch normalisation.",
        zh="训练损失本身还很高时；也不要紧放在批归一化之前。",
    ),
    traits={"acts_on": "activations", "gives": "layer"},
    maker=lambda rate: load_keras().layers.Dropout(rate),
    option="--dropout 0.5",
    parameters=(_rate(0.5),),
    function=_kept_units(0.5),
)

_SPATIAL_DROPOUT = Technique(
    name="spatial_dropout",
    family="regularizer",
    title=Text(en="Spatial dropout", zh="空间 Dropout"),
    formula="y = x · m / (1 − p),  one m for each whole feature map",
    source=Source(
        "Efficient object localization using convolutional networks",
        "Tompson, Goroshin, Jain, LeCun & Bregler",
        2015,
        "https://arxiv.org/abs/1411.4280",
        "section 3.2",
    ),
    summary=Text(
        en="Switches off whole feature maps in place of single pixels. Neighbouring pixels know nearly the same, so a "
        "network sees past a few missing ones; a whole missing map it cannot guess.",
        zh="关闭整张特征图，而不是单个像素。相邻像素的信息几乎相同，缺几个像素难不倒网络；缺整张特征图就无从猜测了。",
    ),
    use_when=Text(en="After convolutions, 0.1 to 0.3.", zh="卷积层之后，常用 0.1 到 0.3。"),
    avoid_when=Text(en="In layers with few feature maps, and in dense layers.", zh="特征图很少的层，以及全连接层。"),
    traits={"acts_on": "activations", "gives": "layer"},
    maker=_make_spatial_dropout,
    option="--spatial-dropout 0.2",
    parameters=(
        _rate(0.2),
        Parameter(
            "dimensions",
            2,
            Text(en="1 for sequences, 2 for images, 3 for volumes.", zh="1 表示序列，2 表示图像，3 表示体数据。"),
            minimum=1,
            maximum=3,
            whole=True,
        ),
    ),
    function=_kept_units(0.2),
)

_RECURRENT_DROPOUT = Technique(
    name="recurrent_dropout",
    family="regularizer",
    title=Text(en="Recurrent dropout", zh="循环 Dropout"),
    formula="hₜ = f(Wx·xₜ + Wh·(hₜ₋₁ · m / (1 − p))),  the same m at every t",
    source=Source(
        "A theoretically grounded application of dropout in recurrent neural networks",
        "Gal & Ghahramani",
        2016,
        "https://arxiv.org/abs/1512.05287",
    ),
    summary=Text(
        en="Dropout on the memory of a recurrent network. The same units stay off for the whole sequence: with new "
        "ones at every step the chain of memory would be worn away.",
        zh="作用在循环网络“记忆”上的 dropout。同一个序列中始终关闭同一批神经元：如果每一步都换一批，记忆链就会被磨断。",
    ),
    use_when=Text(
        en="In RNN, LSTM and GRU layers that overfit, 0.1 to 0.3.", zh="过拟合的 RNN、LSTM、GRU 层，常用 0.1 到 0.3。"
    ),
    avoid_when=Text(en="On short sequences or small memories.", zh="序列很短或记忆单元很少时。"),
    traits={"acts_on": "activations", "gives": "keyword"},
    maker=lambda rate: {"recurrent_dropout": rate},
    option="--recurrent-dropout 0.2",
    parameters=(_rate(0.2),),
    function=_kept_units(0.2),
)

_WEIGHT_DECAY = Technique(
    name="weight_decay",
    family="regularizer",
    title=Text(en="Weight decay", zh="权重衰减"),
    formula="w ← w − η·λ·w, besides the optimizer's step",
    source=Source(
        "Decoupled weight decay regularization",
        "Loshchilov & Hutter",
        2019,
        "https://arxiv.org/abs/1711.05101",
        "section 2",
    ),
    summary=Text(
        en="Every update takes a small share of each weight away, so that only what is renewed by the gradient stays, "
        "like a path that grows over unless it is walked. With plain SGD it is the same as L2 (with λ twice as large); "
        "with Adam it is not, and it works better there.",
        zh="每次更新都从每个权重上拿走一小部分，只有不断被梯度“续上”的才会留下，就像小路不走就会长草。"
        "对普通 SGD，它等价于 L2（系数 λ 为其两倍）；对 Adam 则不等价，而且效果更好。",
    ),
    use_when=Text(en="With AdamW, 1e-4 to 1e-1.", zh="配合 AdamW，常用 1e-4 到 1e-1。"),
    avoid_when=Text(
        en="Together with L2. Keras decays biases and the gains of normalisation layers too, unless told otherwise.",
        zh="不要与 L2 同用。注意：Keras 默认也会衰减偏置和归一化层的缩放系数，除非另行设置。",
    ),
    traits={"acts_on": "updates", "gives": "keyword"},
    maker=lambda weight_decay: {"weight_decay": weight_decay},
    option="--weight-decay 1e-4",
    parameters=(
        Parameter(
            "weight_decay",
            1e-4,
            Text(
                en="Share of each weight taken away per step, times the learning rate.",
                zh="每一步按“该系数 × 学习率”的比例缩小每个权重。",
            ),
            minimum=0.0,
        ),
    ),
    function=_decayed,
)

_EARLY_STOPPING = Technique(
    name="early_stopping",
    family="regularizer",
    title=Text(en="Early stopping", zh="早停"),
    formula="stop when the validation loss has not improved for `patience` epochs; take the best weights",
    source=Source("Early stopping - but when?", "Prechelt", 1998, "https://doi.org/10.1007/3-540-49430-8_3"),
    summary=Text(
        en="Training stops when the validation loss no longer falls, and the best weights are put back: like taking "
        "bread out of the oven when it is done, not when the gas runs out.",
        zh="当验证损失不再下降时停止训练，并恢复最好的权重：就像面包烤好了就出炉，而不是等燃气用完。",
    ),
    use_when=Text(en="Nearly always when there are validation data.", zh="只要有验证数据，几乎总是适用。"),
    avoid_when=Text(
        en="With a schedule planned for the full length, or very small validation data, whose loss jumps about.",
        zh="学习率调度按完整长度安排时，或验证数据太少、损失跳动很大时。",
    ),
    traits={"acts_on": "training", "gives": "callback"},
    maker=_make_early_stopping,
    option="--early-stopping 5",
    parameters=(
        Parameter(
            "patience",
            5,
            Text(en="Epochs without improvement before it stops.", zh="连续多少轮没有改善后停止。"),
            minimum=1,
            whole=True,
        ),
        Parameter(
            "min_delta",
            0.0,
            Text(en="Smallest fall of the loss that counts.", zh="损失至少下降多少才算改善。"),
            minimum=0.0,
        ),
    ),
)

_LABEL_SMOOTHING = Technique(
    name="label_smoothing",
    family="regularizer",
    title=Text(en="Label smoothing", zh="标签平滑"),
    formula="t′ = (1 − s)·t + s / K   (K classes)",
    source=Source(
        "Rethinking the Inception architecture for computer vision",
        "Szegedy, Vanhoucke, Ioffe, Shlens & Wojna",
        2016,
        "https://arxiv.org/abs/1512.00567",
        "section 7",
    ),
    summary=Text(
        en="The target is no longer 100 % for the right class but, say, 91 %, with the rest shared by the others. The "
        "network gains nothing from being ever more certain, so wrong labels and doubtful samples do less harm.",
        zh="目标不再是正确类别 100%，而是例如 91%，其余由其他类别分摊。网络无需追求越来越绝对的把握，"
        "因此错误标签和模棱两可的样本危害更小。",
    ),
    use_when=Text(
        en="In classification with many classes or some wrong labels; 0.1.",
        zh="类别较多或含有错误标签的分类问题；常用 0.1。",
    ),
    avoid_when=Text(
        en="For regression, and when the shares are to be read as probabilities on easy data.",
        zh="回归问题，以及数据很容易、又要把输出当作概率来读时。",
    ),
    traits={"acts_on": "targets", "gives": "keyword"},
    maker=lambda label_smoothing: {"label_smoothing": label_smoothing},
    option="--label-smoothing 0.1",
    parameters=(
        Parameter(
            "label_smoothing",
            0.1,
            Text(en="Share that is spread over all classes.", zh="平均分给所有类别的份额。"),
            minimum=0.0,
            maximum=1.0,
            below=True,
        ),
    ),
    function=_smoothed,
)

FAMILY = Family(
    name="regularizer",
    title=Text(en="regularisation", zh="正则化方法"),
    question=Text(en="What keeps a network from learning its samples by heart?", zh="怎样防止网络死记硬背训练样本？"),
    techniques=(
        _L1,
        _L2,
        _L1_L2,
        _DROPOUT,
        _SPATIAL_DROPOUT,
        _RECURRENT_DROPOUT,
        _WEIGHT_DECAY,
        _EARLY_STOPPING,
        _LABEL_SMOOTHING,
    ),
)
