"""The residual network: a CNN whose blocks learn what to change, beside a straight way past them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.locales import Text
from trainwell.networks.assembly import Graph, assemble, check_data, size, sizes
from trainwell.networks.augmentation import augmentation, augmentation_choice
from trainwell.networks.choice import Choice
from trainwell.networks.inputs import chained
from trainwell.networks.masked import convolved, every_second, pooled, zeroed
from trainwell.networks.network import Built, Network
from trainwell.networks.parts import Parts
from trainwell.networks.recipe import Default
from trainwell.networks.training import training
from trainwell.networks.unfit import NO_MEMORY

_NORMALIZED = {
    "normalization": Default(
        "batch_normalization",
        Text(
            en="behind every convolution, as residual networks are built (He et al. 2016)",
            zh="每个卷积之后都做，这是残差网络的标准做法（He 等，2016）",
        ),
    )
}


def resnet(
    data: Dataset,
    *,
    filters: int | Sequence[int] = (16, 32, 64),
    blocks: int = 1,
    augment: bool | None = None,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Any:
    """A compiled `keras.Model`: scaling, a first convolution, stages of residual blocks, global mean, output.

    A block is two 3 x 3 convolutions (3 wide for sequences), each normalised, whose result is added to what came in
    (He et al. 2016, "Deep residual learning for image recognition", figure 2). The first block of each stage but the
    first takes every second place, and a 1 x 1 convolution brings the straight way to the new size (option B there).
    Layers are called "stem", "block_1_conv_1", "block_1_conv_2", "block_1_shortcut", "block_1_add", and so on; blocks
    are counted through all stages. What is behind the end of a sequence or a sound changes nothing.

    Args:
        data: what it shall learn from.
        filters: of each stage.
        blocks: residual blocks in each stage.
        augment: show each picture a little differently every time, mirrored and shifted; on for colour pictures and
            off for all else if not given.
        steps: updates of the whole training; needed by a learning-rate schedule or warm-up.
        seed: fixes the initial weights, dropout and augmentation.
        **techniques: by name, as `trainwell.networks.recipe` takes them.

    Raises:
        UnknownNameError: a setting or technique that does not exist.
        SettingError: a value that cannot work, or data that have no neighbours to look at.
    """
    return plan(data, filters=filters, blocks=blocks, augment=augment, steps=steps, seed=seed, **techniques).model


def plan(
    data: Dataset,
    *,
    filters: int | Sequence[int] = (16, 32, 64),
    blocks: int = 1,
    augment: bool | None = None,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Built:
    """As `resnet`, with the decisions that were taken."""
    check_data(NETWORK, data)
    maps, per_stage = sizes("filters", filters), size("blocks", blocks)
    photographs = data.kind == "image" and data.input_shape[-1] == 3
    varied = photographs if augment is None else augment
    choices = augmentation_choice(data, varied, given=augment is not None)

    def hidden(parts: Parts) -> Graph:
        return _hidden(parts, maps, per_stage, varied)

    return assemble(
        NETWORK,
        data,
        hidden,
        steps=steps,
        seed=seed,
        choices=(*choices, _depth_choice(len(maps), per_stage)),
        techniques=techniques,
        defaults=_NORMALIZED,
    )


def _hidden(parts: Parts, maps: Sequence[int], blocks: int, augment: bool) -> Graph:
    keras, data = load_keras(), parts.data
    if data.kind == "image":
        inputs, *made = [*parts.start(), *augmentation(data, augment)]
        x, known, axes, said = chained(inputs, made), None, 2, ()
    else:
        inputs, x, known, _, said = parts.steps(0)
        axes = 1
        if data.kind == "audio":
            x, axes = keras.layers.Reshape((-1, x.shape[-1], 1), name="picture", dtype="float32")(x), 2
    convolution = keras.layers.Conv2D if axes == 2 else keras.layers.Conv1D
    first = parts.block(convolution, "stem", maps[0], kernel_size=3, padding="same", use_bias=False)
    x = convolved(x, first, known)
    number = 0
    for stage, count in enumerate(maps):
        for place in range(blocks):
            number += 1
            x, known = _block(parts, convolution, x, known, number, count, halve=stage > 0 and place == 0)
            for layer in parts.spatial_dropout(number, axes):
                x = layer(x)
    if data.kind == "image":
        x = keras.layers.GlobalAveragePooling2D(name="pool", dtype="float32")(x)
    else:
        if axes == 2:
            shape = (-1, x.shape[-2] * x.shape[-1])
            x = keras.layers.Reshape(shape, name="maps_by_frame", dtype=parts.recipe.precision)(zeroed(x, known))
        x = x[:, -1] if data.task == "forecasting" else pooled(x, known, "mean")
    return Graph(inputs, chained(x, parts.dropout("dropout")), said)


def _block(
    parts: Parts, convolution: Any, x: Any, known: Any | None, number: int, filters: int, *, halve: bool
) -> tuple[Any, Any | None]:
    """One residual block, and what is known behind it.

    Padding of one place on each side stands before a convolution that takes every second place: Keras's own "same"
    padding would begin at another place where the number of steps is odd.
    """
    keras, name = load_keras(), f"block_{number}"
    flat = convolution is keras.layers.Conv1D
    around = keras.layers.ZeroPadding1D if flat else keras.layers.ZeroPadding2D
    strides, padding = (2, "valid") if halve else (1, "same")
    straight, after = x, known
    if halve:
        after = every_second(known)
    before = zeroed(x, known)
    if halve:
        before = around(1, name=f"{name}_padding", dtype=parts.recipe.precision)(before)
    first = parts.block(
        convolution, f"{name}_conv_1", filters, kernel_size=3, strides=strides, padding=padding, use_bias=False
    )
    inner = _through(before, first, after)
    second = parts.block(
        convolution, f"{name}_conv_2", filters, kernel_size=3, padding="same", use_bias=False, activated=False
    )
    inner = convolved(inner, second, after)
    if halve or x.shape[-1] != filters:
        short = parts.block(
            convolution,
            f"{name}_shortcut",
            filters,
            kernel_size=1,
            use_bias=False,
            activated=False,
            strides=strides,
        )
        straight = _through(zeroed(x, known), short, after)
    added = keras.layers.Add(name=f"{name}_add", dtype=parts.recipe.precision)([straight, inner])
    return parts.activation_layer(f"{name}_activation")(added), after


def _through(x: Any, layers: list[Any], known: Any | None) -> Any:
    """The convolution on what is 0 behind the end already, then the rest with what is known afterwards."""
    return convolved(layers[0](x), layers[1:], known)


def _depth_choice(stages: int, blocks: int) -> Choice:
    depth = 2 * stages * blocks + 2
    return Choice(
        "depth",
        str(depth),
        False,
        Text(
            en=f"{stages} stages of {blocks} residual block{'s' if blocks > 1 else ''} with two convolutions each, one "
            "layer before and one behind: small enough for a few processor cores",
            zh=f"{stages} 个阶段，每个阶段 {blocks} 个残差块，每块两个卷积，前后各一层：普通处理器也能较快训练",
        ),
    )


NETWORK = Network(
    name="resnet",
    title=Text(en="Residual network (ResNet)", zh="残差网络（ResNet）"),
    summary=Text(
        en="A CNN in which every block adds a correction to what it was given: the signal has a straight way through, "
        "so that many layers can be trained. For photographs, and for longer sequences and sound.",
        zh="每个块只在输入上加一个修正的卷积网络：信号有一条直通的路，因此可以训练很多层。适合照片，也适合较长的序列和声音。",
    ),
    kinds=("image", "sequence", "audio"),
    default_for=(),
    plan=plan,
    build=resnet,
    unfit={"recurrent_dropout": NO_MEMORY},
    training=training,
)
