"""The convolutional network: a stack of image filters, each layer seeing larger and richer patterns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainwell.data import Dataset
from trainwell.locales import Text
from trainwell.networks.assembly import assemble, check_kind, sizes
from trainwell.networks.choice import Choice
from trainwell.networks.network import Built, Network
from trainwell.networks.parts import Parts

_SMALL_SIDE = 20  # pixels; below, unpadded 3 x 3 convolutions and two poolings eat most of the picture


def cnn(
    data: Dataset,
    *,
    filters: int | Sequence[int] = (32, 64),
    dense: int | Sequence[int] = 128,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Any:
    """A compiled `keras.Sequential`: scaling, convolution blocks, flatten, dense layers, output.

    A block is a 3 x 3 convolution and 2 x 2 max pooling. Small pictures (a side below 20 pixels, or too small for the
    number of blocks) keep their size in the convolutions, and a pooling that would leave less than 2 x 2 is left out.

    Args:
        data: images to learn from: their shape, task and scaling are used, not the samples.
        filters: of each convolution block.
        dense: units of each hidden dense layer behind them; () for none.
        steps: updates of the whole training; needed by a learning-rate schedule or warm-up.
        seed: fixes the initial weights and dropout.
        **techniques: by name, as `trainwell.networks.recipe` takes them (activation="gelu", dropout=0.2, ...).

    Raises:
        UnknownNameError: a setting or technique that does not exist.
        SettingError: a value that cannot work, or data that are no images.
    """
    return plan(data, filters=filters, dense=dense, steps=steps, seed=seed, **techniques).model


def plan(
    data: Dataset,
    *,
    filters: int | Sequence[int] = (32, 64),
    dense: int | Sequence[int] = 128,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Built:
    """As `cnn`, with the decisions that were taken."""
    check_kind("cnn", NETWORK.kinds, data, "mlp")
    maps, units = sizes("filters", filters), sizes("dense", dense)
    height, width = data.input_shape[:2]
    padding = "valid" if _fits(min(height, width), len(maps)) else "same"
    pooled = _poolings(height, width, len(maps), padding)

    def layers(parts: Parts) -> list[Any]:
        made: list[Any] = []
        for number, (count, pool) in enumerate(zip(maps, pooled, strict=True), 1):
            made += parts.convolution(number, count, padding)
            made += [parts.pool(number)] if pool else []
            made += parts.spatial_dropout(number)
        made.append(parts.flatten())
        return made + [layer for number, size in enumerate(units, 1) for layer in parts.dense(number, size)]

    choices = _choices(height, width, padding, pooled)
    return assemble("cnn", data, layers, steps=steps, seed=seed, choices=choices, techniques=techniques)


def _fits(side: int, blocks: int) -> bool:
    """Whether unpadded convolutions with a pooling each leave at least 2 pixels."""
    left = side
    for _ in range(blocks):
        left = (left - 2) // 2
    return side >= _SMALL_SIDE and left >= 2


def _poolings(height: int, width: int, blocks: int, padding: str) -> list[bool]:
    """For each block, whether its pooling leaves at least 2 x 2."""
    pooled: list[bool] = []
    for _ in range(blocks):
        if padding == "valid":
            height, width = height - 2, width - 2
        pooled.append(min(height, width) // 2 >= 2)
        if pooled[-1]:
            height, width = height // 2, width // 2
    return pooled


def _choices(height: int, width: int, padding: str, pooled: Sequence[bool]) -> list[Choice]:
    choices: list[Choice] = []
    size = f"{height} × {width}"
    if padding == "same":
        reason = Text(
            en=f"pictures of {size} pixels are small, so the convolutions keep their size",
            zh=f"图像只有 {size} 像素，因此卷积不缩小尺寸",
        )
        choices.append(Choice("padding", padding, False, reason))
    left_out = [str(number) for number, pool in enumerate(pooled, 1) if not pool]
    if left_out:
        reason = Text(
            en=f"on pictures of {size} pixels, pooling left out in block {', '.join(left_out)}: it would leave less "
            "than 2 × 2",
            zh=f"图像为 {size} 像素，第 {'、'.join(left_out)} 个卷积块不做池化，否则将小于 2 × 2",
        )
        choices.append(Choice("pooling", f"{sum(pooled)}/{len(pooled)}", False, reason))
    return choices


NETWORK = Network(
    name="cnn",
    title=Text(en="Convolutional network (CNN)", zh="卷积神经网络（CNN）"),
    summary=Text(
        en="A stack of image filters: the first layer finds edges, later ones find shapes made of them. The network "
        "for images.",
        zh="多层次的图像过滤器：第一层识别边缘，后面的层识别由边缘组成的形状。适合图像数据。",
    ),
    kinds=("image",),
    default_for=("image",),
    plan=plan,
    build=cnn,
)
