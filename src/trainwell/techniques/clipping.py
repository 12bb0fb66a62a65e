"""Gradient clipping: a limit for gradients that are too large. `build` gives the keyword of a Keras optimizer.

`function(gradients, limit)` takes the gradients of all weights, a list of arrays, and returns the clipped ones.

Traits:
    keeps_direction: the gradient of one weight keeps its direction.
    keeps_proportions: the gradients of all weights together keep their direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.locales import Text
from trainwell.techniques.technique import Family, Parameter, Source, Technique

Array = npt.NDArray[np.float64]

_PASCANU = Source(
    "On the difficulty of training recurrent neural networks",
    "Pascanu, Mikolov & Bengio",
    2013,
    "https://arxiv.org/abs/1211.5063",
    "algorithm 1",
)


def _clip_value(gradients: Sequence[Array], limit: float = 1.0) -> list[Array]:
    return [np.clip(gradient, -limit, limit) for gradient in gradients]


def _clip_norm(gradients: Sequence[Array], limit: float = 1.0) -> list[Array]:
    return [gradient * limit / max(limit, _norm([gradient])) for gradient in gradients]


def _global_clip_norm(gradients: Sequence[Array], limit: float = 1.0) -> list[Array]:
    factor = limit / max(limit, _norm(gradients))
    return [gradient * factor for gradient in gradients]


def _norm(gradients: Sequence[Array]) -> float:
    return float(np.sqrt(sum(np.sum(np.square(gradient)) for gradient in gradients)))


def _keyword(name: str) -> Callable[..., dict[str, Any]]:
    return lambda limit: {name: limit}


_LIMIT = Parameter(
    "limit",
    1.0,
    Text(en="The largest size that is let through.", zh="允许通过的最大值。"),
    minimum=0.0,
    above=True,
)

_CLIP_VALUE = Technique(
    name="clip_value",
    family="clipping",
    title=Text(en="Clip by value", zh="按值裁剪"),
    formula="gᵢ ← min(max(gᵢ, −c), c)",
    source=Source(
        "Statistical language models based on neural networks (PhD thesis)",
        "Mikolov",
        2012,
        None,
    ),
    summary=Text(
        en="Cuts every single number of the gradient to the range −c to c, like a speed limit for each wheel of its "
        "own. Simple, but the gradient may turn: after the cut it no longer points exactly downhill.",
        zh="把梯度的每个分量单独限制在 −c 到 c 之间，就像给每个车轮各自设限速。做法简单，但梯度的方向可能改变："
        "裁剪之后不再精确地指向下坡方向。",
    ),
    use_when=Text(
        en="When single components now and then are wild, and a turned gradient does no harm.",
        zh="偶尔有个别分量特别大，而方向略有改变也无妨时。",
    ),
    avoid_when=Text(
        en="When the direction matters, as in recurrent networks: clip the norm there. With Adam it has less effect, "
        "since Adam rescales every component anyway.",
        zh="方向重要时（例如循环网络）：请按范数裁剪。与 Adam 同用时作用较小，因为 Adam 本来就会重新缩放每个分量。",
    ),
    traits={"keeps_direction": False, "keeps_proportions": False},
    maker=_keyword("clipvalue"),
    option="--clip-value 1.0",
    parameters=(_LIMIT,),
    function=_clip_value,
)

_CLIP_NORM = Technique(
    name="clip_norm",
    family="clipping",
    title=Text(en="Clip by the L2 norm of each weight", zh="按每个权重的 L2 范数裁剪"),
    formula="g ← g · min(1, c / ‖g‖₂)   for each weight array by itself",
    source=_PASCANU,
    summary=Text(
        en="If the gradient of a weight array is longer than c, it is shortened to length c and keeps its direction. "
        "Each array (each kernel, each bias) is treated by itself, so layers may change their share of the step.",
        zh="如果某个权重数组的梯度长度超过 c，就缩短到 c，方向不变。每个数组（每个卷积核、每个偏置）各自处理，"
        "因此各层在一步更新中所占的比例可能改变。",
    ),
    use_when=Text(
        en="When one layer explodes now and then and should not slow the others.",
        zh="偶尔只有某一层的梯度爆炸，而又不想拖慢其他层时。",
    ),
    avoid_when=Text(
        en="When the proportions between layers matter: clip the global norm.",
        zh="各层之间的比例重要时：请按全局范数裁剪。",
    ),
    traits={"keeps_direction": True, "keeps_proportions": False},
    maker=_keyword("clipnorm"),
    option="--clip-norm 1.0",
    parameters=(_LIMIT,),
    function=_clip_norm,
)

_GLOBAL_CLIP_NORM = Technique(
    name="global_clip_norm",
    family="clipping",
    title=Text(en="Clip by the global L2 norm", zh="按全局 L2 范数裁剪"),
    formula="g ← g · min(1, c / ‖g‖₂)   for all weights together",
    source=_PASCANU,
    summary=Text(
        en="If the gradients of all weights together are longer than c, all are shortened by the same factor: the step "
        "becomes smaller, but goes exactly the same way. It is an emergency brake, not a cure: a gradient that is not "
        "finite stays so.",
        zh="如果所有权重的梯度合在一起的长度超过 c，就用同一个系数一起缩短：步子变小，方向完全不变。"
        "它是紧急刹车，而不是根治：如果梯度已经不是有限值，裁剪也无能为力。",
    ),
    use_when=Text(
        en="For recurrent networks and Transformers; a limit slightly above the usual norm cuts only the outliers.",
        zh="循环网络和 Transformer；上限略高于平时的范数，只裁掉异常的步。",
    ),
    avoid_when=Text(
        en="When nearly every step is clipped: then the learning rate is too large, lower it.",
        zh="几乎每一步都被裁剪时：说明学习率太大，应当调小。",
    ),
    traits={"keeps_direction": True, "keeps_proportions": True},
    maker=_keyword("global_clipnorm"),
    option="--global-clip-norm 1.0",
    parameters=(_LIMIT,),
    function=_global_clip_norm,
)

FAMILY = Family(
    name="clipping",
    title=Text(en="gradient clipping", zh="梯度裁剪方法"),
    question=Text(en="What happens to a gradient that is too large?", zh="梯度过大时怎么办？"),
    techniques=(_CLIP_VALUE, _CLIP_NORM, _GLOBAL_CLIP_NORM),
)
