"""What simple, LSTM and GRU networks have in common: a chain of memory, one step after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.errors import SettingError
from trainwell.locales import Text
from trainwell.networks.assembly import Graph, Hidden, assemble, check_data, size
from trainwell.networks.choice import Choice
from trainwell.networks.masked import check_pooling, pooled
from trainwell.networks.network import Built, Network
from trainwell.networks.parts import Parts
from trainwell.networks.recipe import Default
from trainwell.techniques import find

Cell = Literal["simple", "lstm", "gru"]
CELLS: Mapping[str, str] = {"simple": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
_LAYERS: Mapping[str, str] = {"simple": "rnn", "lstm": "lstm", "gru": "gru"}
_UNITS, _UNITS_OF_WRITERS = 64, 128

UNFIT = {
    "spatial_dropout": Text(
        en="it drops whole channels that were learned, and only texts have such (their embedding); take dropout or "
        "recurrent_dropout",
        zh="它会丢弃整个学到的通道，只有文本（词向量）才有这样的通道；请改用 dropout 或 recurrent_dropout",
    ),
}
_BATCH_NORMALIZATION = Text(
    en="batch_normalization does not go with a recurrent network: its statistics would mix steps and samples of "
    "different lengths; take layer_normalization, which stands between the recurrent layers",
    zh="batch_normalization 不适用于循环网络：它的统计量会混合不同长度样本的各个时间步；"
    "请改用 layer_normalization，它位于循环层之间",
)
_TANH = Default(
    "tanh",
    Text(
        en="keeps the memory between -1 and 1, so that it cannot grow from step to step",
        zh="使记忆保持在 -1 到 1 之间，不会逐步增大",
    ),
)
_CLIPPED = Default(
    1.0,
    Text(
        en="the gradient runs back through every step and can explode on the way: an emergency brake (Pascanu et al. "
        "2013)",
        zh="梯度要沿每一步往回传，途中可能爆炸：这是紧急刹车（Pascanu 等，2013）",
    ),
)
_TEXT_CHANNELS = Default(
    0.2,
    Text(
        en="of the channels of the embedding, the same ones for a whole text: words are easily learned by heart (Gal & "
        "Ghahramani 2016)",
        zh="在整段文本中关闭词向量的同一部分通道：单词很容易被死记硬背（Gal 与 Ghahramani，2016）",
    ),
)


_CHAINS_DROPPED = Default(
    0.2,
    Text(
        en="of what the chain says, behind it: samples are easily learned by heart",
        zh="作用在循环层的输出上：样本很容易被死记硬背",
    ),
)
_WRITERS_DROPPED = Default(
    0.1,
    Text(
        en="of what the chain says, behind it: a text is read several times",
        zh="作用在循环层的输出上：同一文本会读多遍",
    ),
)
_GATED_RATE = Default(
    0.003,
    Text(
        en="gates and the clipped gradient bear a larger rate than the usual one; better on vowels and pen strokes",
        zh="门控单元配合梯度裁剪可以承受比常用值更大的学习率；在元音与笔迹数据上效果更好",
    ),
)


def plan_recurrent(
    network: Network,
    cell: Cell,
    data: Dataset,
    *,
    layers: int,
    units: int | None,
    bidirectional: bool | None,
    pooling: str | None,
    embedding: int,
    steps: int | None,
    seed: int,
    techniques: Mapping[str, Any],
) -> Built:
    """The plan of a recurrent network; see `trainwell.networks.rnn`.

    Raises:
        UnknownNameError: a setting or technique that does not exist.
        SettingError: a value that cannot work.
    """
    check_data(network, data)
    _check_techniques(data, techniques)
    depth, vector = size("layers", layers), size("embedding", embedding)
    writes = data.task == "language_model"
    memory = size("units", (_UNITS_OF_WRITERS if writes else _UNITS) if units is None else units)
    whole_sample = data.kind != "image" and data.task not in ("language_model", "forecasting")
    both = whole_sample if bidirectional is None else bool(bidirectional)
    if writes and both:
        raise SettingError(
            Text(
                en="bidirectional=True, but a language model must not see what follows; leave it out",
                zh="bidirectional=True，但语言模型不能看到后文；请去掉",
            )
        )
    how = ("max" if whole_sample else "last") if pooling is None else pooling
    check_pooling(how)
    whole = writes or how != "last"

    def chain(parts: Parts) -> list[Any]:
        made: list[Any] = parts.spatial_dropout("tokens_dropout", 1) if data.kind == "text" else []
        for number in range(1, depth + 1):
            made += _layer(parts, cell, number, memory, both=both, sequences=whole or number < depth)
        return made

    def hidden(parts: Parts) -> Hidden:
        if writes:
            return [*parts.sequence_start(vector), *chain(parts)]
        if data.kind != "audio" and how in ("last", "mean"):
            pool = [load_keras().layers.GlobalAveragePooling1D(name="pool", dtype="float32")] if how == "mean" else []
            return [*parts.sequence_start(vector), *chain(parts), *pool]
        start = parts.steps(vector)
        x = start.features
        for layer in chain(parts):
            x = layer(x, mask=start.known) if hasattr(layer, "return_sequences") else layer(x)
        return Graph(start.inputs, pooled(x, start.known, how) if whole else x, start.choices)

    return assemble(
        network,
        data,
        hidden,
        steps=steps,
        seed=seed,
        choices=_choices(data, how, both=both, writes=writes, asked=(pooling, bidirectional)),
        techniques=techniques,
        defaults=_defaults(data, cell),
    )


def _defaults(data: Dataset, cell: Cell) -> dict[str, Default]:
    chosen = {"activation": _TANH, "global_clip_norm": _CLIPPED}
    if data.task == "language_model":
        chosen["dropout"] = _WRITERS_DROPPED
    if cell != "simple" and data.task != "forecasting":
        chosen["learning_rate"] = _GATED_RATE
    if data.kind == "text" and data.task != "language_model":
        chosen["spatial_dropout"] = _TEXT_CHANNELS
    if data.kind in ("sequence", "text", "audio") and data.task not in ("language_model", "forecasting"):
        chosen["dropout"] = _CHAINS_DROPPED
    return chosen


def _layer(parts: Parts, cell: Cell, number: int, units: int, *, both: bool, sequences: bool) -> list[Any]:
    """One recurrent layer with what stands behind it."""
    keras, recipe = load_keras(), parts.recipe
    name = f"{_LAYERS[cell]}_{number}"
    settings = find("recurrent_dropout").build(rate=recipe.recurrent_dropout) if recipe.recurrent_dropout else {}
    layer = getattr(keras.layers, CELLS[cell])(
        units,
        activation=parts.activation(),
        kernel_initializer=parts.initializer(),
        recurrent_initializer=keras.initializers.Orthogonal(),
        kernel_regularizer=parts.regularizer(),
        recurrent_regularizer=parts.regularizer(),
        return_sequences=sequences,
        name=name,
        dtype=recipe.precision,
        **settings,
    )
    if both:
        name = f"bidirectional_{number}"
        layer = keras.layers.Bidirectional(layer, name=name, dtype=recipe.precision)
    return [layer, *parts.normalization(f"{name}_normalization"), *parts.dropout(f"dropout_{number}")]


def _check_techniques(data: Dataset, techniques: Mapping[str, Any]) -> None:
    asked = techniques.get("normalization")
    if isinstance(asked, str) and asked != "none" and find(asked, "normalization").traits["depends_on_batch"]:
        raise SettingError(_BATCH_NORMALIZATION)
    if techniques.get("spatial_dropout") and data.kind != "text":
        reason = UNFIT["spatial_dropout"]
        raise SettingError(
            Text(
                en=f"spatial_dropout does not go with a recurrent network on this kind of data: {reason.en}",
                zh=f"spatial_dropout 不适用于此类数据上的循环网络：{reason.zh}",
            )
        )


def _choices(
    data: Dataset, how: str, *, both: bool, writes: bool, asked: tuple[str | None, bool | None]
) -> tuple[Choice, ...]:
    pooling, bidirectional = asked
    as_asked = Text(en="as asked", zh="按您的要求")
    reasons = {
        "last": Text(
            en="the memory after the last real step answers for the whole sequence", zh="由最后一个真实步之后的记忆作答"
        ),
        "mean": Text(
            en="the mean of the memory over all real steps: what was heard early counts as much as the end",
            zh="对所有真实步的记忆取平均：开头听到的与结尾同样重要",
        ),
        "max": Text(
            en="for each unit its largest value anywhere in the sample: a decisive word counts wherever it stands",
            zh="每个单元取其在整个样本中的最大值：关键词无论出现在哪里都算数",
        ),
        "attention": Text(
            en="a mean whose weights the network learns: it decides where to look",
            zh="由网络学习权重的平均：它自己决定看哪里",
        ),
    }
    choices: list[Choice] = []
    if not writes:
        choices.append(Choice("pooling", how, pooling is not None, as_asked if pooling else reasons[how]))
    if both or bidirectional is not None:
        reason = Text(
            en="a second chain reads from the end: each step knows what follows too (Schuster & Paliwal 1997)",
            zh="另一条链从末尾往回读：每一步也知道后文（Schuster 与 Paliwal，1997）",
        )
        choices.append(
            Choice("bidirectional", str(both), bidirectional is not None, reason if bidirectional is None else as_asked)
        )
    if data.kind == "image":
        rows = Text(
            en=f"the picture is read row by row, {data.input_shape[0]} steps of {data.input_shape[1]} pixels",
            zh=f"图像逐行读取：共 {data.input_shape[0]} 步，每步 {data.input_shape[1]} 个像素",
        )
        choices.append(Choice("steps", "rows", False, rows))
    return tuple(choices)
