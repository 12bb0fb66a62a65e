"""Initializers: the random weights a network starts from.

`function(generator, fan_in, fan_out)` draws a weight matrix, (fan_in, fan_out), float64: the same rule as the Keras
object, with plain in place of truncated normal numbers. `variance` gives the variance that the rule promises.

Traits:
    distribution: "uniform", "normal", "orthogonal" or "constant".
    fan: what the variance is divided by: "in", "average" (of in and out), "max" (the larger one), or "none" (1).
    scale: the variance is scale / fan.
    sound: False for the bad ones, which are here to learn from.
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
from trainwell.techniques.technique import Family, Source, Technique

Array = npt.NDArray[np.float64]

_GLOROT = Source(
    "Understanding the difficulty of training deep feedforward neural networks",
    "Glorot & Bengio",
    2010,
    "https://proceedings.mlr.press/v9/glorot10a.html",
    "eq. 12 and 16",
)
_HE = Source(
    "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
    "He, Zhang, Ren & Sun",
    2015,
    "https://arxiv.org/abs/1502.01852",
    "eq. 10",
)
_LECUN = Source(
    "Efficient BackProp",
    "LeCun, Bottou, Orr & Müller",
    1998,
    "https://doi.org/10.1007/3-540-49430-8_2",
    "eq. 16",
)


def variance(technique: Technique, fan_in: int, fan_out: int) -> float:
    """Variance of one weight under the rule of `technique`.

    Args:
        technique: an initializer.
        fan_in: number of inputs of a unit.
        fan_out: number of units that an input goes to.

    Raises:
        SettingError: `technique` is no initializer.

    >>> from trainwell.techniques import find
    >>> variance(find("he_normal"), 50, 10)
    0.04
    """
    if technique.family != "initializer":
        raise SettingError(
            Text(
                en=f"{technique.name} is no initializer and has no variance of weights; give one, such as he_normal",
                zh=f"{technique.name} 不是初始化方法，没有权重方差；请给出一种初始化方法，例如 he_normal",
            )
        )
    return float(technique.traits["scale"]) / _fan(str(technique.traits["fan"]), fan_in, fan_out)


def _fan(rule: str, fan_in: int, fan_out: int) -> float:
    return {"in": fan_in, "average": (fan_in + fan_out) / 2, "max": max(fan_in, fan_out), "none": 1}[rule]


def _draw(distribution: str, fan: str, scale: float) -> Callable[[np.random.Generator, int, int], Array]:
    def normal(generator: np.random.Generator, fan_in: int, fan_out: int) -> Array:
        return generator.normal(0.0, math.sqrt(scale / _fan(fan, fan_in, fan_out)), (fan_in, fan_out))

    def uniform(generator: np.random.Generator, fan_in: int, fan_out: int) -> Array:
        limit = math.sqrt(3.0 * scale / _fan(fan, fan_in, fan_out))  # a uniform on ±limit has variance limit²/3
        return generator.uniform(-limit, limit, (fan_in, fan_out))

    def orthogonal(generator: np.random.Generator, fan_in: int, fan_out: int) -> Array:
        tall = (max(fan_in, fan_out), min(fan_in, fan_out))
        q, r = np.linalg.qr(generator.normal(size=tall))
        q = q * np.sign(np.diag(r))  # without this the directions would not be uniformly distributed
        return q if fan_in >= fan_out else q.T

    def constant(generator: np.random.Generator, fan_in: int, fan_out: int) -> Array:  # noqa: ARG001 - same signature
        return np.zeros((fan_in, fan_out))

    return {"normal": normal, "uniform": uniform, "orthogonal": orthogonal, "constant": constant}[distribution]


def _initializer(
    name: str, *, maker: Callable[[], Any], distribution: str, fan: str, scale: float, sound: bool = True, **rest: Any
) -> Technique:
    return Technique(
        name=name,
        family="initializer",
        traits={"distribution": distribution, "fan": fan, "scale": scale, "sound": sound},
        maker=maker,
        option=f"--initializer {name}",
        function=_draw(distribution, fan, scale),
        **rest,
    )


_GLOROT_SUMMARY = Text(
    en="Chooses the spread of the weights so that neither the signal going forward nor the gradient coming back grows "
    "or shrinks from layer to layer: a compromise between the number of inputs and outputs.",
    zh="选择合适的权重散布程度，使前向的信号和反向的梯度逐层既不放大也不缩小：在输入数与输出数之间取折中。",
)
_GLOROT_USE = Text(
    en="With tanh, sigmoid, softmax and linear layers. The derivation takes a slope of 1 at 0, as tanh has; sigmoid's "
    "slope there is 1/4, so even with Glorot weights a deep stack of sigmoids loses its gradient.",
    zh="配合 tanh、sigmoid、softmax 和线性层。它的推导假设激活函数在 0 处斜率为 1，tanh 正是如此；"
    "而 sigmoid 在该处的斜率只有 1/4，因此即使用 Glorot 初始化，很深的 sigmoid 网络仍会丢失梯度。",
)
_GLOROT_AVOID = Text(
    en="With ReLU and its relatives in deep networks: half of the signal is cut off, take He.",
    zh="深层网络中使用 ReLU 及其变体时：一半信号被截断，请改用 He 初始化。",
)
_HE_SUMMARY = Text(
    en="Glorot's idea made for ReLU: since ReLU throws away half of the signal's power, the weights get twice the "
    "variance, so that the signal stays as strong after 30 layers as after one.",
    zh="针对 ReLU 改进的思路：ReLU 会丢掉信号一半的能量，所以把权重的方差加倍，使信号经过 30 层之后仍与第一层一样强。",
)
_HE_USE = Text(en="With ReLU, leaky ReLU, ELU, GELU and SiLU.", zh="配合 ReLU、Leaky ReLU、ELU、GELU 和 SiLU。")
_HE_AVOID = Text(
    en="With tanh or sigmoid (take Glorot) and with SELU (take LeCun).",
    zh="与 tanh 或 sigmoid 同用时（请用 Glorot），以及与 SELU 同用时（请用 LeCun）。",
)
_LECUN_SUMMARY = Text(
    en="The oldest of these rules: the variance is one over the number of inputs, so that a unit's sum has the same "
    "spread as its inputs. Averaging more voices, each one speaks more softly.",
    zh="这类规则中最早的一个：方差等于输入个数的倒数，使加权和的散布与输入相同。参与发言的声音越多，每个声音就越轻。",
)
_LECUN_USE = Text(
    en="With SELU, whose self-normalising property needs it, and with linear layers.",
    zh="配合 SELU（其自归一化性质需要它），以及线性层。",
)
_LECUN_AVOID = Text(
    en="With ReLU in deep networks: the mean square of the signal halves in every layer.",
    zh="深层网络中使用 ReLU 时：信号的均方每层减半。",
)

_ENTRIES = (
    _initializer(
        "glorot_uniform",
        maker=lambda: load_keras().initializers.GlorotUniform(),
        distribution="uniform",
        fan="average",
        scale=1.0,
        title=Text(en="Glorot (Xavier) uniform", zh="Glorot（Xavier）均匀分布初始化"),
        formula="w ~ U(−a, a),  a = √(6 / (n_in + n_out))",
        source=_GLOROT,
        summary=_GLOROT_SUMMARY,
        use_when=_GLOROT_USE,
        avoid_when=_GLOROT_AVOID,
        aliases=("glorot", "xavier", "xavier_uniform"),
    ),
    _initializer(
        "glorot_normal",
        maker=lambda: load_keras().initializers.GlorotNormal(),
        distribution="normal",
        fan="average",
        scale=1.0,
        title=Text(en="Glorot (Xavier) normal", zh="Glorot（Xavier）正态分布初始化"),
        formula="w ~ N(0, 2 / (n_in + n_out))",
        source=_GLOROT,
        summary=_GLOROT_SUMMARY,
        use_when=_GLOROT_USE,
        avoid_when=_GLOROT_AVOID,
        aliases=("xavier_normal",),
    ),
    _initializer(
        "he_uniform",
        maker=lambda: load_keras().initializers.HeUniform(),
        distribution="uniform",
        fan="in",
        scale=2.0,
        title=Text(en="He (Kaiming) uniform", zh="He（Kaiming）均匀分布初始化"),
        formula="w ~ U(−a, a),  a = √(6 / n_in)",
        source=_HE,
        summary=_HE_SUMMARY,
        use_when=_HE_USE,
        avoid_when=_HE_AVOID,
        aliases=("kaiming_uniform",),
    ),
    _initializer(
        "he_normal",
        maker=lambda: load_keras().initializers.HeNormal(),
        distribution="normal",
        fan="in",
        scale=2.0,
        title=Text(en="He (Kaiming) normal", zh="He（Kaiming）正态分布初始化"),
        formula="w ~ N(0, 2 / n_in)",
        source=_HE,
        summary=_HE_SUMMARY,
        use_when=_HE_USE,
        avoid_when=_HE_AVOID,
        aliases=("he", "kaiming", "kaiming_normal"),
    ),
    _initializer(
        "lecun_uniform",
        maker=lambda: load_keras().initializers.LecunUniform(),
        distribution="uniform",
        fan="in",
        scale=1.0,
        title=Text(en="LeCun uniform", zh="LeCun 均匀分布初始化"),
        formula="w ~ U(−a, a),  a = √(3 / n_in)",
        source=_LECUN,
        summary=_LECUN_SUMMARY,
        use_when=_LECUN_USE,
        avoid_when=_LECUN_AVOID,
    ),
    _initializer(
        "lecun_normal",
        maker=lambda: load_keras().initializers.LecunNormal(),
        distribution="normal",
        fan="in",
        scale=1.0,
        title=Text(en="LeCun normal", zh="LeCun 正态分布初始化"),
        formula="w ~ N(0, 1 / n_in)",
        source=_LECUN,
        summary=_LECUN_SUMMARY,
        use_when=_LECUN_USE,
        avoid_when=_LECUN_AVOID,
        aliases=("lecun",),
    ),
    _initializer(
        "orthogonal",
        maker=lambda: load_keras().initializers.Orthogonal(),
        distribution="orthogonal",
        fan="max",
        scale=1.0,
        title=Text(en="Orthogonal", zh="正交初始化"),
        formula="WᵀW = I (or WWᵀ = I for a wide matrix)",
        source=Source(
            "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
            "Saxe, McClelland & Ganguli",
            2014,
            "https://arxiv.org/abs/1312.6120",
        ),
        summary=Text(
            en="The weights start as a rotation: a square matrix that changes the direction of a signal but not its "
            "length. A product of many rotations is still a rotation, so depth and long sequences do no harm.",
            zh="权重从一个“旋转”开始：方阵只改变信号的方向，不改变它的长度。许多旋转相乘仍是旋转，"
            "所以网络再深、序列再长也不会放大或缩小信号。",
        ),
        use_when=Text(
            en="For the recurrent weights of RNN, LSTM and GRU (Keras does so by default), and in deep tanh networks.",
            zh="RNN、LSTM、GRU 的循环权重（Keras 默认如此），以及较深的 tanh 网络。",
        ),
        avoid_when=Text(
            en="For very large layers, where making it is slow; with ReLU, where each layer still halves the power.",
            zh="非常大的层：生成较慢；与 ReLU 同用时：每层仍会损失一半能量。",
        ),
    ),
    _initializer(
        "zeros",
        maker=lambda: load_keras().initializers.Zeros(),
        distribution="constant",
        fan="none",
        scale=0.0,
        sound=False,
        title=Text(en="All zeros (bad, to learn from)", zh="全零（反面教材）"),
        formula="w = 0",
        source=Source(
            "Deep Learning", "Goodfellow, Bengio & Courville", 2016, "https://www.deeplearningbook.org/", "section 8.4"
        ),
        summary=Text(
            en="Every unit of a layer starts the same, gets the same gradient and stays the same, like an orchestra in "
            "which everyone plays one part. With hidden layers of ReLU or tanh, hardly anything is learned at all.",
            zh="同一层的所有神经元起点相同、梯度相同，于是永远相同，就像整个乐团只演奏同一个声部。"
            "如果隐藏层使用 ReLU 或 tanh，几乎什么也学不到。",
        ),
        use_when=Text(
            en="To see what symmetry does to a network; as the start of biases it is right.",
            zh="想看看对称性会怎样妨碍网络时；作为偏置的初始值则是正确的。",
        ),
        avoid_when=Text(en="For the weights of any real training.", zh="任何真实训练的权重都不要用。"),
        aliases=("zero",),
    ),
    _initializer(
        "too_large",
        maker=lambda: load_keras().initializers.RandomNormal(mean=0.0, stddev=1.0),
        distribution="normal",
        fan="none",
        scale=1.0,
        sound=False,
        title=Text(en="Too large (bad, to learn from)", zh="过大（反面教材）"),
        formula="w ~ N(0, 1), whatever the size of the layer",
        source=Source(
            "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
            "He, Zhang, Ren & Sun",
            2015,
            "https://arxiv.org/abs/1502.01852",
            "section 2.2",
        ),
        summary=Text(
            en="Weights of standard deviation 1, however many inputs a unit has, like a microphone too near its "
            "loudspeaker: every layer amplifies the signal. With ReLU it explodes. With tanh nearly all units are "
            "driven into saturation, and the few that are not pass on a gradient that explodes instead.",
            zh="无论神经元有多少输入，权重的标准差都取 1，就像话筒离音箱太近：每一层都在放大信号。用 ReLU 时信号爆炸；"
            "用 tanh 时几乎所有神经元都饱和，而少数未饱和的神经元传回的梯度则会爆炸。",
        ),
        use_when=Text(
            en="To see exploding signals and saturation with your own eyes.", zh="想亲眼看看信号爆炸和饱和时。"
        ),
        avoid_when=Text(en="For any real training.", zh="任何真实训练都不要用。"),
    ),
)

FAMILY = Family(
    name="initializer",
    title=Text(en="initializer", zh="权重初始化方法"),
    question=Text(en="Which random weights does a network start from?", zh="网络从怎样的随机权重开始？"),
    techniques=_ENTRIES,
)
