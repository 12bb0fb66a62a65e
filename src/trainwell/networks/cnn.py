"""The convolutional network: a stack of filters, each layer seeing larger and richer patterns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.locales import Text
from trainwell.networks.assembly import Graph, Hidden, assemble, check_data, size, sizes
from trainwell.networks.augmentation import augmentation, augmentation_choice
from trainwell.networks.choice import Choice
from trainwell.networks.inputs import ends, one_length
from trainwell.networks.masked import convolved, halved, pooled, zeroed
from trainwell.networks.network import Built, Network
from trainwell.networks.parts import Parts
from trainwell.networks.recipe import Default
from trainwell.networks.training import training
from trainwell.networks.unfit import NO_MEMORY

_SMALL_SIDE = 20  # pixels; below, unpadded 3 x 3 convolutions and two poolings eat most of the picture
_SHORT = 4  # steps; a pooling that would leave fewer is left out
_FILTERS = {"image": (32, 64), "sequence": (64, 64), "text": (128,), "audio": (16, 32, 64)}
_DENSE = {"image": 128, "sequence": 64, "text": 64, "audio": 64}
_DROPOUT = {
    "text": Default(
        0.5, Text(en="texts are easily learned by heart (Kim 2014)", zh="文本很容易被死记硬背（Kim，2014）")
    ),
    "audio": Default(0.3, Text(en="recordings are few and easily learned by heart", zh="录音数量少，容易被死记硬背")),
}


def cnn(
    data: Dataset,
    *,
    filters: int | Sequence[int] | None = None,
    dense: int | Sequence[int] | None = None,
    embedding: int = 64,
    augment: bool = False,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Any:
    """A compiled `keras.Model`: scaling, convolution blocks, dense layers, output.

    Images: a block is a 3 x 3 convolution and 2 x 2 max pooling. Small pictures (a side below 20 pixels, or too small
    for the number of blocks) keep their size in the convolutions, and a pooling that would leave less than 2 x 2 is
    left out. Sequences and texts: convolutions 3 steps wide. Sound: 3 x 3 on the log-mel picture, frames x bands.
    Where samples differ in length, what is behind the end of one changes nothing: it is 0 before each convolution, is
    left out by every pooling, and the last pooling goes over all real steps.

    Args:
        data: what it shall learn from: its shapes, task and scaling are used, and of sound the bands are measured.
        filters: of each convolution block; (32, 64) for images, (64, 64) for sequences, 128 for texts, (16, 32, 64)
            for sound.
        dense: units of each hidden dense layer behind them; () for none. 128 for images, else 64.
        embedding: numbers that stand for one token of a text.
        augment: show each picture a little differently every time, mirrored and shifted.
        steps: updates of the whole training; needed by a learning-rate schedule or warm-up.
        seed: fixes the initial weights and dropout.
        **techniques: by name, as `trainwell.networks.recipe` takes them (activation="gelu", dropout=0.2, ...).

    Raises:
        UnknownNameError: a setting or technique that does not exist.
        SettingError: a value that cannot work, or data that have no neighbours to look at.
    """
    return plan(
        data,
        filters=filters,
        dense=dense,
        embedding=embedding,
        augment=augment,
        steps=steps,
        seed=seed,
        **techniques,
    ).model


def plan(
    data: Dataset,
    *,
    filters: int | Sequence[int] | None = None,
    dense: int | Sequence[int] | None = None,
    embedding: int = 64,
    augment: bool = False,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Built:
    """As `cnn`, with the decisions that were taken."""
    check_data(NETWORK, data)
    maps = sizes("filters", _FILTERS[data.kind] if filters is None else filters)
    units = sizes("dense", _DENSE[data.kind] if dense is None else dense)
    vector = size("embedding", embedding)
    choices = augmentation_choice(data, augment)

    def behind(parts: Parts) -> list[Any]:
        return [layer for number, count in enumerate(units, 1) for layer in parts.dense(number, count)]

    if data.kind == "image":
        height, width, _ = data.input_shape
        padding = "valid" if _fits(min(height, width), len(maps)) else "same"
        pools = _poolings(height, width, len(maps), padding)
        choices += _picture_choices(height, width, padding, pools)

        def hidden(parts: Parts) -> Hidden:
            return [*parts.start(), *augmentation(data, augment), *_blocks(parts, maps, pools, padding, 2),
                    parts.flatten(), *behind(parts)]  # fmt: skip

    elif _fixed(data):
        pools = _step_poolings(data.input_shape[0], len(maps))
        choices += _fixed_choices(data)

        def hidden(parts: Parts) -> Hidden:
            return [*parts.start(), *_blocks(parts, maps, pools, "same", 1), parts.flatten(), *behind(parts)]

    else:
        how = "max" if data.kind == "text" else "mean"
        choices += _pooling_choices(how)

        def hidden(parts: Parts) -> Hidden:
            return _over_steps(parts, maps, vector, how, behind(parts))

    defaults = {"dropout": _DROPOUT[data.kind]} if data.kind in _DROPOUT else {}
    return assemble(
        NETWORK, data, hidden, steps=steps, seed=seed, choices=choices, techniques=techniques, defaults=defaults
    )


def _blocks(parts: Parts, maps: Sequence[int], pools: Sequence[bool], padding: str, axes: int) -> list[Any]:
    """Convolution blocks on samples that all have one shape."""
    made: list[Any] = []
    for number, (count, pool) in enumerate(zip(maps, pools, strict=True), 1):
        made += parts.convolution(number, count, padding, axes)
        made += [parts.pool(number, axes)] if pool else []
        made += parts.spatial_dropout(number, axes)
    return made


def _over_steps(parts: Parts, maps: Sequence[int], embedding: int, how: str, behind: list[Any]) -> Graph:
    """Convolution blocks on samples of any length, and one pooling over all real steps."""
    keras = load_keras()
    start = parts.steps(embedding)
    x, known, axes = start.features, start.known, 1
    if parts.data.kind == "audio":
        x, axes = keras.layers.Reshape((-1, x.shape[-1], 1), name="picture", dtype="float32")(x), 2
    for number, (count, pool) in enumerate(zip(maps, _step_poolings(start.length, len(maps)), strict=True), 1):
        x = convolved(x, parts.convolution(number, count, "same", axes), known)
        if pool:
            x, known = halved(x, parts.pool(number, axes, "same"), known)
        for layer in parts.spatial_dropout(number, axes):
            x = layer(x)
    if axes == 2:
        bands = x.shape[-2] * x.shape[-1]
        x = keras.layers.Reshape((-1, bands), name="maps_by_frame", dtype=parts.recipe.precision)(zeroed(x, known))
    x = pooled(x, known, how)
    for layer in behind:
        x = layer(x)
    return Graph(start.inputs, x, start.choices)


def _fixed(data: Dataset) -> bool:
    """Whether every sample has the same number of steps, so that each may have weights of its own."""
    return data.kind == "sequence" and (not ends(data) or one_length(data))


def _fits(side: int, blocks: int) -> bool:
    """Whether unpadded convolutions with a pooling each leave at least 2 pixels."""
    left = side
    for _ in range(blocks):
        left = (left - 2) // 2
    return side >= _SMALL_SIDE and left >= 2


def _poolings(height: int, width: int, blocks: int, padding: str) -> list[bool]:
    """For each block, whether its pooling leaves at least 2 x 2."""
    pools: list[bool] = []
    for _ in range(blocks):
        if padding == "valid":
            height, width = height - 2, width - 2
        pools.append(min(height, width) // 2 >= 2)
        if pools[-1]:
            height, width = height // 2, width // 2
    return pools


def _step_poolings(length: int, blocks: int) -> list[bool]:
    """The same for steps: whether at least 4 are left of the longest training sample."""
    pools: list[bool] = []
    for _ in range(blocks):
        pools.append(length // 2 >= _SHORT)
        length = length // 2 if pools[-1] else length
    return pools


def _picture_choices(height: int, width: int, padding: str, pools: Sequence[bool]) -> tuple[Choice, ...]:
    choices: list[Choice] = []
    shape = f"{height} × {width}"
    if padding == "same":
        reason = Text(
            en=f"pictures of {shape} pixels are small, so the convolutions keep their size",
            zh=f"图像只有 {shape} 像素，因此卷积不缩小尺寸",
        )
        choices.append(Choice("padding", padding, False, reason))
    left_out = [str(number) for number, pool in enumerate(pools, 1) if not pool]
    if left_out:
        reason = Text(
            en=f"on pictures of {shape} pixels, pooling left out in block {', '.join(left_out)}: it would leave less "
            "than 2 × 2",
            zh=f"图像为 {shape} 像素，第 {'、'.join(left_out)} 个卷积块不做池化，否则将小于 2 × 2",
        )
        choices.append(Choice("pooling", f"{sum(pools)}/{len(pools)}", False, reason))
    return tuple(choices)


def _fixed_choices(data: Dataset) -> tuple[Choice, ...]:
    reason = Text(
        en=f"every sample has {data.input_shape[0]} steps, so the network may learn where in them something happens",
        zh=f"每个样本都有 {data.input_shape[0]} 步，因此网络可以学习某件事发生在哪一步",
    )
    return (Choice("pooling", "flatten", False, reason),)


def _pooling_choices(how: str) -> tuple[Choice, ...]:
    reasons = {
        "max": Text(
            en="each filter asks whether its pattern stands anywhere in the text (Kim 2014); padding is left out",
            zh="每个过滤器只问“这个模式是否在文本中出现过”（Kim，2014）；不计填充部分",
        ),
        "mean": Text(
            en="samples differ in length: the mean over all real steps has one size; padding is left out",
            zh="样本长短不一：对所有真实的步取平均，得到固定的大小；不计填充部分",
        ),
    }
    return (Choice("pooling", how, False, reasons[how]),)


NETWORK = Network(
    name="cnn",
    title=Text(en="Convolutional network (CNN)", zh="卷积神经网络（CNN）"),
    summary=Text(
        en="A stack of filters: the first layer finds edges, later ones find shapes made of them; in texts and sound, "
        "short patterns and what they form together. The network for images and sound.",
        zh="多层次的过滤器：第一层识别边缘，后面的层识别由边缘组成的形状；在文本和声音中，则是短小的模式及其组合。"
        "适合图像和声音。",
    ),
    kinds=("image", "sequence", "text", "audio"),
    default_for=("image", "audio"),
    plan=plan,
    build=cnn,
    unfit={"recurrent_dropout": NO_MEMORY},
    training=training,
)
