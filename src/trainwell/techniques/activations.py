"""Activation functions: what a unit answers to the sum it receives.

`function(x, **parameters)` and `gradient(x, **parameters)` take an array of any shape and return one of that shape;
softmax alone works along the last axis and its gradient is the Jacobian, (..., outputs, inputs).

Traits:
    elementwise: each output depends on one input only.
    saturates: the gradient goes to 0 for large inputs of both signs.
    dead_zone: the gradient is exactly 0 for every negative input.
    zero_centred: standard normal inputs give outputs of mean 0 (within 0.05).
    lowest, highest: bounds of the output (infinite where it has none).
    largest_gradient: the largest slope anywhere.
    gain: 1 / √E[f(z)²] for standard normal z: weights of standard deviation gain/√fan_in keep the mean square of the
        signal from layer to layer (the argument of He et al. 2015, section 2.2, for any activation).
    initializer: the initializer that goes with it.
"""

from __future__ import annotations

import math
from typing import Any

from trainwell.backend import load_keras
from trainwell.locales import Text
from trainwell.techniques import activation_curves as curves
from trainwell.techniques.technique import Family, Parameter, Source, Technique


def _make_elu(alpha: float) -> Any:
    keras = load_keras()
    return keras.activations.elu if alpha == 1.0 else keras.layers.ELU(alpha=alpha)


def _traits(
    *,
    elementwise: bool = True,
    saturates: bool = False,
    dead_zone: bool = False,
    zero_centred: bool = False,
    lowest: float = -math.inf,
    highest: float = math.inf,
    largest_gradient: float = 1.0,
    initializer: str = "he_normal",
    **gain: float,
) -> dict[str, float | bool | str]:
    return {
        "elementwise": elementwise,
        "saturates": saturates,
        "dead_zone": dead_zone,
        "zero_centred": zero_centred,
        "lowest": lowest,
        "highest": highest,
        "largest_gradient": largest_gradient,
        "initializer": initializer,
        **gain,
    }


_LINEAR = Technique(
    name="linear",
    family="activation",
    title=Text(en="Linear (no activation)", zh="线性（不加激活函数）"),
    formula="f(x) = x",
    source=Source(
        "Deep Learning", "Goodfellow, Bengio & Courville", 2016, "https://www.deeplearningbook.org/", "6.2.2.1"
    ),
    summary=Text(
        en="Passes the sum on unchanged. A stack of linear layers is still one linear layer, like several sheets of "
        "clear glass that together are just thicker glass: only a non-linear activation makes depth worth having.",
        zh="把加权和原样输出。多个线性层叠在一起仍然等于一个线性层，就像几块透明玻璃叠起来还是一块玻璃："
        "只有加入非线性的激活函数，网络的深度才有意义。",
    ),
    use_when=Text(
        en="In the last layer when a number is predicted (regression).", zh="预测数值（回归）时，用在最后一层。"
    ),
    avoid_when=Text(
        en="In hidden layers: without a bend, the network can only draw straight boundaries.",
        zh="不要用在隐藏层：没有弯折，网络只能画出直的分界面。",
    ),
    traits=_traits(zero_centred=True, gain=1.0, initializer="glorot_uniform"),
    maker=lambda: load_keras().activations.linear,
    option="--activation linear",
    function=curves.linear,
    gradient=curves.linear_gradient,
)

_SIGMOID = Technique(
    name="sigmoid",
    family="activation",
    title=Text(en="Sigmoid", zh="Sigmoid 函数"),
    formula="f(x) = 1 / (1 + e⁻ˣ)\nf′(x) = f(x) · (1 − f(x)) ≤ 1/4",
    source=Source(
        "Learning representations by back-propagating errors",
        "Rumelhart, Hinton & Williams",
        1986,
        "https://doi.org/10.1038/323533a0",
        "eq. 2",
    ),
    summary=Text(
        en="Squeezes any number into the range 0 to 1, like a dimmer between off and fully on. Its slope is never more "
        "than 0.25, and almost 0 far from the middle, so every sigmoid layer shrinks the gradient on its way back "
        "unless the weights make up for it.",
        zh="把任意数压缩到 0 与 1 之间，像一个从全暗到全亮的调光旋钮。它的斜率最大只有 0.25，远离中间时几乎为 0，"
        "所以除非权重能够补偿，梯度每往回经过一层 sigmoid 都会缩小。",
    ),
    use_when=Text(
        en="In the last layer for a yes-or-no answer, and as the gates inside LSTM and GRU.",
        zh="二分类问题的最后一层，以及 LSTM、GRU 内部的门。",
    ),
    avoid_when=Text(
        en="In the hidden layers of a deep network: the gradient vanishes. Take ReLU or GELU there.",
        zh="不要用在深层网络的隐藏层：梯度会消失。那里请用 ReLU 或 GELU。",
    ),
    traits=_traits(
        saturates=True, lowest=0.0, highest=1.0, largest_gradient=0.25, gain=1.8462, initializer="glorot_uniform"
    ),
    maker=lambda: load_keras().activations.sigmoid,
    option="--activation sigmoid",
    aliases=("logistic",),
    function=curves.sigmoid,
    gradient=curves.sigmoid_gradient,
)

_TANH = Technique(
    name="tanh",
    family="activation",
    title=Text(en="Tanh", zh="Tanh（双曲正切）函数"),
    formula="f(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)\nf′(x) = 1 − f(x)² ≤ 1",
    source=Source(
        "Efficient BackProp",
        "LeCun, Bottou, Orr & Müller",
        1998,
        "https://doi.org/10.1007/3-540-49430-8_2",
        "section 4.4",
    ),
    summary=Text(
        en="A sigmoid stretched to the range −1 to 1, so that its outputs lie around 0 and its slope reaches 1 in the "
        "middle. That makes it train better than sigmoid, but far from the middle its gradient vanishes all the same.",
        zh="把 sigmoid 拉伸到 −1 与 1 之间：输出以 0 为中心，中间的斜率可达 1。因此它比 sigmoid 更容易训练，"
        "但远离中间时梯度同样会消失。",
    ),
    use_when=Text(
        en="In recurrent networks, in small networks with Glorot weights, and for outputs between −1 and 1.",
        zh="循环神经网络、使用 Glorot 初始化的小网络，以及取值在 −1 与 1 之间的输出。",
    ),
    avoid_when=Text(
        en="In very deep feed-forward networks without normalisation; ReLU and its relatives are easier there.",
        zh="没有归一化的很深的前馈网络；那里 ReLU 及其变体更容易训练。",
    ),
    traits=_traits(
        saturates=True, zero_centred=True, lowest=-1.0, highest=1.0, gain=1.5925, initializer="glorot_uniform"
    ),
    maker=lambda: load_keras().activations.tanh,
    option="--activation tanh",
    function=curves.tanh,
    gradient=curves.tanh_gradient,
)

_RELU = Technique(
    name="relu",
    family="activation",
    title=Text(en="ReLU", zh="ReLU（修正线性单元）"),
    formula="f(x) = max(0, x)",
    source=Source(
        "Rectified linear units improve restricted Boltzmann machines",
        "Nair & Hinton",
        2010,
        "https://www.cs.toronto.edu/~hinton/absps/reluICML.pdf",
    ),
    summary=Text(
        en="Lets positive numbers through and stops negative ones, like a one-way valve. Where it is open its gradient "
        "is exactly 1, so it does not shrink the signal; where it is closed the gradient is exactly 0, and a unit that "
        "is closed for every sample no longer learns (a dead unit).",
        zh="正数原样通过，负数被挡住，像一个单向阀。打开时梯度恰好为 1，不会缩小信号；关闭时梯度恰好为 0，"
        "如果一个神经元对所有样本都关闭，它就不再学习（“死亡神经元”）。",
    ),
    use_when=Text(
        en="The usual first choice for hidden layers, above all in CNNs, with He weights.",
        zh="隐藏层的首选，尤其是卷积神经网络，配合 He 初始化。",
    ),
    avoid_when=Text(
        en="When many units die (large learning rate, very negative biases): take leaky ReLU or a smaller rate. "
        "Not for the last layer of a regression.",
        zh="大量神经元死亡时（学习率过大、偏置过负）：改用 Leaky ReLU 或减小学习率。回归的最后一层也不要用。",
    ),
    traits=_traits(dead_zone=True, lowest=0.0, gain=1.4142),
    maker=lambda: load_keras().activations.relu,
    option="--activation relu",
    function=curves.relu,
    gradient=curves.relu_gradient,
)

_LEAKY_RELU = Technique(
    name="leaky_relu",
    family="activation",
    title=Text(en="Leaky ReLU", zh="Leaky ReLU（带泄漏的 ReLU）"),
    formula="f(x) = x if x > 0, else a·x   (a = 0.01)",
    source=Source(
        "Rectifier nonlinearities improve neural network acoustic models",
        "Maas, Hannun & Ng",
        2013,
        "https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf",
        "section 2",
    ),
    summary=Text(
        en="A ReLU whose valve leaks a little: negative inputs keep a small slope (0.01 by default), so a closed unit "
        "still receives some gradient and can come back to life.",
        zh="一个略有泄漏的 ReLU：负输入保留很小的斜率（默认 0.01），因此关闭的神经元仍能得到一点梯度，有机会“复活”。",
    ),
    use_when=Text(
        en="In place of ReLU when units die, with He weights.", zh="ReLU 出现死亡神经元时用它代替，配合 He 初始化。"
    ),
    avoid_when=Text(
        en="When ReLU works: the difference is often small. It does not mend a learning rate that is too large.",
        zh="ReLU 已经工作良好时：两者差别往往很小。它也治不了过大的学习率。",
    ),
    traits=_traits(gain=1.4141),
    maker=lambda negative_slope: load_keras().layers.LeakyReLU(negative_slope=negative_slope),
    option="--activation leaky_relu",
    parameters=(
        Parameter(
            "negative_slope",
            0.01,
            Text(en="Slope for negative inputs.", zh="负输入一侧的斜率。"),
            minimum=0.0,
            maximum=1.0,
            above=True,
            below=True,
        ),
    ),
    function=curves.leaky_relu,
    gradient=curves.leaky_relu_gradient,
)

_ELU = Technique(
    name="elu",
    family="activation",
    title=Text(en="ELU", zh="ELU（指数线性单元）"),
    formula="f(x) = x if x > 0, else a·(eˣ − 1)   (a = 1)",
    source=Source(
        "Fast and accurate deep network learning by exponential linear units (ELUs)",
        "Clevert, Unterthiner & Hochreiter",
        2016,
        "https://arxiv.org/abs/1511.07289",
        "section 3",
    ),
    summary=Text(
        en="Like ReLU for positive numbers; negative ones bend smoothly towards −1 in place of being cut off. The mean "
        "output is nearer to 0, and units have a gradient on the negative side too.",
        zh="正数部分与 ReLU 相同；负数部分不是截断，而是平滑地弯向 −1。输出的均值更接近 0，负的一侧也有梯度。",
    ),
    use_when=Text(
        en="In networks without batch normalisation, when ReLU units die or training is slow.",
        zh="没有批归一化的网络中，ReLU 神经元死亡或训练较慢时。",
    ),
    avoid_when=Text(
        en="When every millisecond counts: the exponential costs more than ReLU's comparison.",
        zh="对速度要求极高时：指数运算比 ReLU 的比较更费时。",
    ),
    traits=_traits(lowest=-1.0, gain=1.2452),
    maker=_make_elu,
    option="--activation elu",
    parameters=(
        Parameter(
            "alpha",
            1.0,
            Text(en="Depth of the negative side: outputs stay above −alpha.", zh="负侧的深度：输出始终大于 −alpha。"),
            minimum=0.0,
            above=True,
        ),
    ),
    function=curves.elu,
    gradient=curves.elu_gradient,
)

_SELU = Technique(
    name="selu",
    family="activation",
    title=Text(en="SELU", zh="SELU（自归一化指数线性单元）"),
    formula="f(x) = s·x if x > 0, else s·a·(eˣ − 1)\ns ≈ 1.0507, a ≈ 1.6733",
    source=Source(
        "Self-normalizing neural networks",
        "Klambauer, Unterthiner, Mayr & Hochreiter",
        2017,
        "https://arxiv.org/abs/1706.02515",
        "eq. 2",
    ),
    summary=Text(
        en="An ELU with two constants chosen so that signals of mean 0 and variance 1 stay so from layer to layer, "
        "like a thermostat. It holds only with LeCun weights and standardised inputs.",
        zh="常数经过精心选择的 ELU：均值为 0、方差为 1 的信号经过每一层后仍保持不变，像一个恒温器。"
        "前提是使用 LeCun 初始化，并且输入已经标准化。",
    ),
    use_when=Text(
        en="In deep plain networks of dense layers (tables) without batch normalisation, with LeCun normal weights.",
        zh="不用批归一化的较深的全连接网络（表格数据），配合 LeCun 正态初始化。",
    ),
    avoid_when=Text(
        en="With ordinary dropout, other initializers, or skip connections: its promise no longer holds.",
        zh="与普通 dropout、其他初始化或跳跃连接同用时：它的保证不再成立。",
    ),
    traits=_traits(zero_centred=True, lowest=-1.7581, largest_gradient=1.7581, gain=1.0, initializer="lecun_normal"),
    maker=lambda: load_keras().activations.selu,
    option="--activation selu",
    function=curves.selu,
    gradient=curves.selu_gradient,
)

_GELU = Technique(
    name="gelu",
    family="activation",
    title=Text(en="GELU", zh="GELU（高斯误差线性单元）"),
    formula="f(x) = x · Φ(x)\nΦ: share of a standard normal distribution below x",
    source=Source(
        "Gaussian error linear units (GELUs)",
        "Hendrycks & Gimpel",
        2016,
        "https://arxiv.org/abs/1606.08415",
        "section 2",
    ),
    summary=Text(
        en="A ReLU with a soft shoulder: each input is weighted by how large it is compared with a normal "
        "distribution. It is smooth everywhere and dips slightly below 0 for small negative inputs.",
        zh="肩部柔和的 ReLU：每个输入按照它在正态分布中的大小加权。它处处光滑，在较小的负输入处会略低于 0。",
    ),
    use_when=Text(en="In Transformers, where it is the usual choice.", zh="Transformer 中的常用选择。"),
    avoid_when=Text(
        en="In small CNNs on slow machines, where ReLU is cheaper and as good.",
        zh="在较慢的机器上训练小型卷积网络时：ReLU 更省时，效果也不差。",
    ),
    traits=_traits(lowest=-0.1700, largest_gradient=1.1289, gain=1.5335),
    maker=lambda: load_keras().activations.gelu,
    option="--activation gelu",
    function=curves.gelu,
    gradient=curves.gelu_gradient,
)

_SILU = Technique(
    name="silu",
    family="activation",
    title=Text(en="SiLU (Swish)", zh="SiLU（又名 Swish）"),
    formula="f(x) = x / (1 + e⁻ˣ)",
    source=Source(
        "Sigmoid-weighted linear units for neural network function approximation in reinforcement learning",
        "Elfwing, Uchibe & Doya",
        2018,
        "https://arxiv.org/abs/1702.03118",
    ),
    summary=Text(
        en="The input times its own sigmoid: a gate that each number opens for itself. Its curve is close to GELU; "
        "Ramachandran et al. (2017) found it again by automatic search and called it Swish.",
        zh="输入乘以它自己的 sigmoid：每个数为自己开一扇门。曲线与 GELU 很接近；"
        "Ramachandran 等人（2017）通过自动搜索再次发现了它，并称之为 Swish。",
    ),
    use_when=Text(
        en="In deeper CNNs of the EfficientNet kind and in modern Transformers.",
        zh="EfficientNet 一类较深的卷积网络，以及较新的 Transformer。",
    ),
    avoid_when=Text(
        en="In small networks: ReLU is cheaper and the difference is small.", zh="小网络中：ReLU 更省时，差别也很小。"
    ),
    traits=_traits(lowest=-0.2785, largest_gradient=1.0998, gain=1.6765),
    maker=lambda: load_keras().activations.silu,
    option="--activation silu",
    aliases=("swish",),
    function=curves.silu,
    gradient=curves.silu_gradient,
)

_SOFTMAX = Technique(
    name="softmax",
    family="activation",
    title=Text(en="Softmax", zh="Softmax 函数"),
    formula="fᵢ(x) = exp(xᵢ) / Σⱼ exp(xⱼ)",
    source=Source(
        "Probabilistic interpretation of feedforward classification network outputs",
        "Bridle",
        1990,
        "https://doi.org/10.1007/978-3-642-76153-9_28",
    ),
    summary=Text(
        en="Turns one score per class into shares that add up to 1, like dividing a cake by applause. Only differences "
        "between the scores count. The shares look like probabilities, but a network can be surer than it is right.",
        zh="把每个类别的得分变成加起来等于 1 的份额，像按掌声大小分蛋糕。只有得分之间的差起作用。"
        "这些份额看起来像概率，但网络的把握可能高于它实际的正确率。",
    ),
    use_when=Text(
        en="In the last layer when exactly one of several classes is right, and inside attention.",
        zh="多个类别中恰有一个正确时，用在最后一层；也用在注意力机制内部。",
    ),
    avoid_when=Text(
        en="In hidden layers, for regression, or when several classes may be right at once (take sigmoid).",
        zh="隐藏层、回归，或可能同时有多个类别正确时（请用 sigmoid）。",
    ),
    traits=_traits(
        elementwise=False, saturates=True, lowest=0.0, highest=1.0, largest_gradient=0.25, initializer="glorot_uniform"
    ),
    maker=lambda: load_keras().activations.softmax,
    option="--activation softmax",
    function=curves.softmax,
    gradient=curves.softmax_gradient,
)

FAMILY = Family(
    name="activation",
    title=Text(en="activation function", zh="激活函数"),
    question=Text(en="What does a unit answer to the sum it receives?", zh="神经元收到加权和之后，输出什么？"),
    techniques=(_LINEAR, _SIGMOID, _TANH, _RELU, _LEAKY_RELU, _ELU, _SELU, _GELU, _SILU, _SOFTMAX),
)
