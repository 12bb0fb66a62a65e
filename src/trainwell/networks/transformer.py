"""The Transformer: every step looks at all others and decides which matter to it.

An encoder with pooling for classification and regression; a causal decoder, in which no step sees what follows, for
language models. Names of its layers: "tokens" (embedding of a text), "positions", and in block n, counted from 1:
"block_n_norm_attention", "block_n_attention" (`keras.layers.MultiHeadAttention`), "block_n_add_attention",
"block_n_norm_feed_forward", "block_n_feed_forward", "block_n_project", "block_n_add_feed_forward"; "final_norm" behind
the last block where normalisation comes first; "pool", "output".
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.errors import SettingError, UnknownNameError
from trainwell.locales import Text
from trainwell.networks.assembly import Graph, assemble, check_data, size
from trainwell.networks.choice import Choice
from trainwell.networks.inputs import chained
from trainwell.networks.masked import check_pooling, every_second, pooled, zeroed
from trainwell.networks.network import Built, Network
from trainwell.networks.parts import Parts
from trainwell.networks.recipe import Default
from trainwell.networks.training import training
from trainwell.networks.unfit import NO_MAPS, NO_MEMORY
from trainwell.techniques import find

Positions = Literal["learned", "sinusoidal"]
_LONGEST_WAVE = 10000.0  # Vaswani et al. 2017, section 3.5
_WARMUP = 0.05  # share of the training
_ENOUGH_TO_WARM_UP = 40  # updates

_DEFAULTS = {
    "optimizer": Default(
        "adamw",
        Text(
            en="the usual one for Transformers (Loshchilov & Hutter 2019)",
            zh="Transformer 最常用的优化器（Loshchilov 与 Hutter，2019）",
        ),
    ),
    "activation": Default(
        "gelu",
        Text(
            en="the usual one inside Transformers (Hendrycks & Gimpel 2016)",
            zh="Transformer 中最常用（Hendrycks 与 Gimpel，2016）",
        ),
    ),
    "initializer": Default(
        "glorot_uniform",
        Text(
            en="each block only adds to a signal that is normalised (Vaswani et al. 2017)",
            zh="每个块只是在归一化的信号上做加法（Vaswani 等，2017）",
        ),
    ),
    "normalization": Default(
        "layer_normalization",
        Text(
            en="part of a Transformer: twice in each block (Vaswani et al. 2017)",
            zh="Transformer 的组成部分：每个块中有两次（Vaswani 等，2017）",
        ),
    ),
    "dropout": Default(
        0.1,
        Text(
            en="on what each part of a block adds (Vaswani et al. 2017)",
            zh="作用在每个块各部分所加的量上（Vaswani 等，2017）",
        ),
    ),
    "global_clip_norm": Default(
        1.0,
        Text(
            en="single batches with a wild gradient do no harm (Pascanu et al. 2013)",
            zh="个别批次的梯度异常时也不会造成破坏（Pascanu 等，2013）",
        ),
    ),
}
_FEW_TEXTS = {
    "dropout": Default(
        0.3,
        Text(
            en="texts are soon learned by heart: three times as much as usual",
            zh="文本很快会被背下来：取通常的三倍",
        ),
    )
}
_WARMED_UP = {
    "warmup": Default(
        _WARMUP,
        Text(
            en="a Transformer's first steps are shaky: the rate rises from 0 in the first 5% (Vaswani et al. 2017)",
            zh="Transformer 的最初几步不稳定：学习率在前 5% 的步数内从 0 升起（Vaswani 等，2017）",
        ),
    )
}


def transformer(
    data: Dataset,
    *,
    blocks: int | None = None,
    width: int | None = None,
    heads: int = 4,
    feed_forward: int | None = None,
    positions: Positions = "learned",
    norm_first: bool = True,
    pooling: str | None = None,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Any:
    """A compiled `keras.Model`: embedding, positions, blocks of attention and feed-forward, pooling, output.

    Attention is softmax(QKᵀ/√d)V by several heads (Vaswani et al. 2017, equation 1), through Keras's own layer, which
    takes a fused or flash kernel where there is one; therefore dropout stands on what attention adds, not on its
    weights. What is behind the end of a text, a sequence or a sound is never looked at.

    Args:
        data: what it shall learn from: its shapes, task and scaling are used, and of sound the bands are measured.
        blocks: of attention and feed-forward; 4 for a language model, else 2.
        width: numbers per step, a multiple of `heads` and even; 128 for a language model, else 64.
        heads: of each attention.
        feed_forward: units of the hidden layer in each block; 4 x width if not given.
        positions: "learned" (one vector for each place that training samples have; later places share the last one)
            or "sinusoidal" (waves of many lengths, for any place).
        norm_first: normalise what goes into each part of a block (True; trains more calmly, Xiong et al. 2020) or what
            comes out of the addition behind it (False; the original).
        pooling: of the steps: "mean", "max", "last" or "attention". If not given: "last" in forecasts, else "mean".
        steps: updates of the whole training; needed by a learning-rate schedule or warm-up.
        seed: fixes the initial weights and dropout.
        **techniques: by name, as `trainwell.networks.recipe` takes them; the activation is that of the feed-forward
            layers.

    Raises:
        UnknownNameError: a setting or technique that does not exist.
        SettingError: a value that cannot work, or data that have no steps to read.
    """
    return plan(
        data,
        blocks=blocks,
        width=width,
        heads=heads,
        feed_forward=feed_forward,
        positions=positions,
        norm_first=norm_first,
        pooling=pooling,
        steps=steps,
        seed=seed,
        **techniques,
    ).model


def plan(
    data: Dataset,
    *,
    blocks: int | None = None,
    width: int | None = None,
    heads: int = 4,
    feed_forward: int | None = None,
    positions: Positions = "learned",
    norm_first: bool = True,
    pooling: str | None = None,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Built:
    """As `transformer`, with the decisions that were taken."""
    check_data(NETWORK, data)
    if positions not in get_args(Positions):
        raise UnknownNameError(Text(en="kind of positions", zh="位置编码"), str(positions), get_args(Positions))
    writes = data.task == "language_model"
    depth = size("blocks", (4 if writes else 2) if blocks is None else blocks)
    numbers = size("width", (128 if writes else 64) if width is None else width)
    heads = size("heads", heads)
    inner = size("feed_forward", 4 * numbers if feed_forward is None else feed_forward)
    _check_width(numbers, heads)
    _check_normalization(techniques.get("normalization"))
    how = ("last" if data.task == "forecasting" else "mean") if pooling is None else pooling
    check_pooling(how)

    def hidden(parts: Parts) -> Graph:
        inputs, x, known, length, said = parts.steps(numbers)
        if data.kind == "audio":
            x, known, length = _stem(parts, x, known, numbers, length)
        elif data.kind != "text":
            (project,) = _linear(parts, "steps", numbers)
            x = project(x)
        x = _with_positions(parts, inputs, x, positions, length, numbers)
        for number in range(1, depth + 1):
            x = _block(parts, x, known, number, numbers, heads, inner, norm_first=norm_first, causal=writes)
        if norm_first:
            x = _norm(parts, "final_norm")(x)
        return Graph(inputs, x if writes else pooled(x, known, how), said)

    warm = _WARMED_UP if steps is not None and steps >= _ENOUGH_TO_WARM_UP else {}
    return assemble(
        NETWORK,
        data,
        hidden,
        steps=steps,
        seed=seed,
        choices=_choices(data, positions, how, norm_first=norm_first, pooling=pooling),
        techniques=techniques,
        defaults=_DEFAULTS | (_FEW_TEXTS if data.kind == "text" and not writes else {}) | warm,
    )


def _block(
    parts: Parts,
    x: Any,
    known: Any | None,
    number: int,
    width: int,
    heads: int,
    inner: int,
    *,
    norm_first: bool,
    causal: bool,
) -> Any:
    """Attention and feed-forward, each with a straight way past it and a normalisation."""
    keras, name = load_keras(), f"block_{number}"
    precision = parts.recipe.precision
    attention = keras.layers.MultiHeadAttention(
        heads,
        width // heads,
        kernel_initializer=parts.initializer(),
        kernel_regularizer=parts.regularizer(),
        name=f"{name}_attention",
        dtype=precision,
    )
    mask = None if known is None else keras.ops.expand_dims(known, 1)  # nobody looks at what is behind the end

    def attend(y: Any) -> Any:
        return attention(y, y, use_causal_mask=True) if causal else attention(y, y, attention_mask=mask)

    def feed(y: Any) -> Any:
        hidden = parts.block(keras.layers.Dense, f"{name}_feed_forward", inner, normalised=False)
        return chained(y, [*hidden, *_linear(parts, f"{name}_project", width)])

    for part, made in (("attention", attend), ("feed_forward", feed)):
        norm = _norm(parts, f"{name}_norm_{part}")
        added = keras.layers.Add(name=f"{name}_add_{part}", dtype=precision)
        dropout = parts.dropout(f"{name}_dropout_{part}")
        x = added([x, chained(made(norm(x)), dropout)]) if norm_first else norm(added([x, chained(made(x), dropout)]))
    return x


def _with_positions(parts: Parts, inputs: Any, x: Any, positions: str, length: int, width: int) -> Any:
    """`x` and where each step stands; the layer "positions" gives (1, steps, width), whatever the sample is."""
    keras, precision = load_keras(), parts.recipe.precision
    ops, layers = keras.ops, keras.layers
    if positions == "learned":
        step = inputs[0] if parts.data.kind == "text" else x[0, :, 0]
        places = ops.expand_dims(ops.cumsum(ops.ones_like(step, dtype="int32"), axis=0) - 1, 0)
        # Behind the longest training sample there is nothing to learn from: the last place stands for all.
        table = layers.Embedding(length, width, name="positions", dtype=precision)(ops.minimum(places, length - 1))
    else:
        ones = ops.ones_like(x[0, :, : width // 2], dtype="float32")
        place, wave = ops.cumsum(ones, axis=0) - 1.0, ops.cumsum(ones, axis=1) - 1.0
        angle = ops.expand_dims(place * ops.exp(wave * (-2.0 * math.log(_LONGEST_WAVE) / width)), 0)
        table = layers.Concatenate(axis=-1, name="positions", dtype=precision)([ops.sin(angle), ops.cos(angle)])
    x = layers.Add(name="placed", dtype=precision)([x, table])
    return chained(x, parts.dropout("placed_dropout"))


def _stem(parts: Parts, x: Any, known: Any, width: int, length: int) -> tuple[Any, Any, int]:
    """Frames of 10 ms become steps of 40 ms by two convolutions that take every second place."""
    keras = load_keras()
    for number in (1, 2):
        around = keras.layers.ZeroPadding1D(1, name=f"stem_{number}_padding", dtype=parts.recipe.precision)
        layers = parts.block(
            keras.layers.Conv1D, f"stem_{number}", width, normalised=False, kernel_size=3, strides=2, padding="valid"
        )
        x = chained(around(zeroed(x, known)), layers)
        known, length = every_second(known), (length + 1) // 2
    return x, known, length


def _linear(parts: Parts, name: str, width: int) -> list[Any]:
    return parts.block(load_keras().layers.Dense, name, width, activated=False, normalised=False)


def _norm(parts: Parts, name: str) -> Any:
    (norm,) = parts.normalization(name)
    return norm


def _check_normalization(asked: Any) -> None:
    if asked is None:
        return
    if asked == "none" or (isinstance(asked, str) and find(asked, "normalization").name != "layer_normalization"):
        raise SettingError(
            Text(
                en=f"normalization {asked} does not go with a Transformer: layer_normalization is a part of it; leave "
                "it out",
                zh=f"normalization {asked} 不适用于 Transformer：layer_normalization 是它的组成部分；请去掉该设置",
            )
        )


def _check_width(width: int, heads: int) -> None:
    if width % heads or width % 2:
        raise SettingError(
            Text(
                en=f"width must be even and a multiple of heads, {width} and {heads} were given; take width="
                f"{max(2, math.lcm(2, heads) * round(width / math.lcm(2, heads)))}",
                zh=f"width 必须是偶数且为 heads 的倍数，给出的是 {width} 和 {heads}；"
                f"请改用 width={max(2, math.lcm(2, heads) * round(width / math.lcm(2, heads)))}",
            )
        )


def _choices(data: Dataset, positions: str, how: str, *, norm_first: bool, pooling: str | None) -> tuple[Choice, ...]:
    where = {
        "learned": Text(
            en="attention does not know any order by itself: one learned vector for each place",
            zh="注意力本身不知道顺序：每个位置有一个学到的向量",
        ),
        "sinusoidal": Text(
            en="attention does not know any order by itself: waves of many lengths tell the place (Vaswani et al. "
            "2017)",
            zh="注意力本身不知道顺序：用多种波长的正弦波表示位置（Vaswani 等，2017）",
        ),
    }
    order = {
        True: Text(
            en="normalising before each part trains calmly without a long warm-up (Xiong et al. 2020)",
            zh="先归一化再进入各部分，训练更平稳，不需要很长的预热（Xiong 等，2020）",
        ),
        False: Text(en="normalising after each addition, as in the original", zh="在每次相加之后归一化，与原论文一致"),
    }
    said = [
        Choice("positions", positions, False, where[positions]),
        Choice("norm_first", str(norm_first), False, order[norm_first]),
    ]
    if data.task == "language_model":
        causal = Text(
            en="no step sees what follows, else it could copy the answer",
            zh="任何一步都看不到后文，否则就可以直接抄答案",
        )
        return (*said, Choice("attention", "causal", False, causal))
    reason = Text(
        en="over all real steps; padding is left out" if how != "last" else "the last step has seen all others",
        zh="对所有真实的步进行；不计填充部分" if how != "last" else "最后一步已经看过所有其他步",
    )
    return (*said, Choice("pooling", how, pooling is not None, reason))


NETWORK = Network(
    name="transformer",
    title=Text(en="Transformer", zh="Transformer"),
    summary=Text(
        en="Every step looks at all others at once and decides which matter to it, with several heads that look for "
        "different things. The network for language, also for sequences and sound.",
        zh="每一步同时看到所有其他步，并决定哪些对自己重要；多个注意力头各自寻找不同的东西。适合语言，也适合序列和声音。",
    ),
    kinds=("sequence", "text", "audio"),
    default_for=("language_model", "text"),
    plan=plan,
    build=transformer,
    writes=True,
    unfit={"recurrent_dropout": NO_MEMORY, "spatial_dropout": NO_MAPS},
    training=training,
)
