"""The multilayer perceptron: dense layers one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.data.padding import STEP
from trainwell.locales import Text
from trainwell.networks.assembly import Graph, Hidden, assemble, check_data, sizes
from trainwell.networks.choice import Choice
from trainwell.networks.inputs import chained, one_length
from trainwell.networks.network import Built, Network
from trainwell.networks.parts import Parts
from trainwell.networks.recipe import Default
from trainwell.networks.unfit import NO_MAPS, NO_MEMORY

MANY_ROWS = 5000  # of training; from here on a table feeds a wider network, which needs to be held back
_MILLIONS = 200_000  # rows; larger steps, or an epoch takes hours
_WIDE, _USUAL = (128, 128), (64, 64)
_HELD_BACK = {
    "normalization": Default(
        "batch_normalization",
        Text(
            en="wide layers on tables learn faster with it (Ioffe & Szegedy 2015; measured on housing prices)",
            zh="表格上的宽网络加上它学得更快更好（Ioffe 与 Szegedy，2015；在房价数据上测得）",
        ),
    ),
    "dropout": Default(
        0.1,
        Text(
            en="wide layers would learn the training rows by heart (Srivastava et al. 2014)",
            zh="防止宽网络死记训练数据（Srivastava 等，2014）",
        ),
    ),
}


def mlp(
    data: Dataset,
    *,
    hidden: int | Sequence[int] | None = None,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Any:
    """A compiled `keras.Model`: scaling, hidden dense layers, output. Images and sequences are flattened first.

    Args:
        data: what it shall learn from: its shapes, task and scaling are used, not its samples.
        hidden: units of each hidden layer; () for none. If not given: (128, 128) for tables of 5,000 rows or more, else
            (64, 64).
        steps: updates of the whole training; needed by a learning-rate schedule or warm-up.
        seed: fixes the initial weights and dropout.
        **techniques: by name, as `trainwell.networks.recipe` takes them (activation="gelu", dropout=0.2, ...).

    Raises:
        UnknownNameError: a setting or technique that does not exist.
        SettingError: a value that cannot work.
    """
    return plan(data, hidden=hidden, steps=steps, seed=seed, **techniques).model


def plan(
    data: Dataset,
    *,
    hidden: int | Sequence[int] | None = None,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Built:
    """As `mlp`, with the decisions that were taken."""
    check_data(NETWORK, data)
    units = sizes("hidden", (_WIDE if _many(data) else _USUAL) if hidden is None else hidden)

    def layers(parts: Parts) -> Hidden:
        dense = [layer for number, size in enumerate(units, 1) for layer in parts.dense(number, size)]
        if data.kind == "sequence" and data.task != "forecasting" and not one_length(data):
            return _padded(parts, dense)
        return [*parts.start(), *([parts.flatten()] if len(data.input_shape) > 1 else []), *dense]

    choices = (*_width_choice(data, units, given=hidden is not None), *_choices(data))
    defaults = _HELD_BACK if _many(data) else {}
    return assemble(
        NETWORK, data, layers, steps=steps, seed=seed, choices=choices, techniques=techniques, defaults=defaults
    )


def _many(data: Dataset) -> bool:
    return data.kind == "table" and len(data.train) >= MANY_ROWS


def _width_choice(data: Dataset, units: tuple[int, ...], *, given: bool) -> tuple[Choice, ...]:
    if given or not _many(data):
        return ()
    count = len(data.train)
    reason = Text(
        en=f"{count:,} training rows can feed wider layers than the usual 64, 64",
        zh=f"训练数据有 {count:,} 行，足以使用比常用的 64, 64 更宽的层",
    )
    return (Choice("hidden", ", ".join(map(str, units)), False, reason),)


def _training(data: Dataset) -> Mapping[str, Default]:
    """Larger batches go with batch normalisation, and the rate falls over more epochs.

    Tried on housing prices (14,448 rows); the values for 200,000 rows and more only keep an epoch short.
    """
    if not _many(data):
        return {}
    huge = len(data.train) >= _MILLIONS
    batch = Text(
        en="the rows are many, and batch normalisation wants batches of some size",
        zh="行数较多，且批归一化需要较大的批",
    )
    epochs = Text(
        en="one pass over so many rows teaches much"
        if huge
        else "long enough for the rate to fall gently; it stops before if nothing is gained",
        zh="行数很多，每一轮都能学到不少" if huge else "轮数足够让学习率平缓下降；不再进步时会提前停止",
    )
    patience = 3 if huge else 10
    waits = Text(
        en=f"epochs without progress on validation data before it stops, and keeps the best weights: {patience}",
        zh=f"验证数据上连续 {patience} 轮没有进步就停止，并保留最好的权重",
    )
    return {
        "epochs": Default(10 if huge else 50, epochs),
        "batch_size": Default(1024 if huge else 128, batch),
        "early_stopping": Default(patience, waits),
    }


def _padded(parts: Parts, dense: list[Any]) -> Graph:
    """Sequences with steps behind their end, which count as the mean of each channel."""
    ops = load_keras().ops
    inputs, scaling = parts.start()
    filled = ops.where(ops.equal(inputs, STEP), ops.zeros_like(inputs), inputs)
    known = ops.cast(ops.not_equal(inputs, STEP), "float32")
    return Graph(inputs, chained(scaling(filled) * known, [parts.flatten(), *dense]))


def _choices(data: Dataset) -> tuple[Choice, ...]:
    if data.kind != "sequence":
        return ()
    reason = Text(
        en=f"all {data.input_shape[0]} steps are seen at once, each by weights of its own; a recurrent network reads "
        "them in order",
        zh=f"同时看到全部 {data.input_shape[0]} 步，每一步各有自己的权重；循环网络则按顺序逐步读取",
    )
    return (Choice("steps", str(data.input_shape[0]), False, reason),)


NETWORK = Network(
    name="mlp",
    title=Text(en="Multilayer perceptron (MLP)", zh="多层感知机（MLP）"),
    summary=Text(
        en="Dense layers one after the other: every unit sees all units of the layer before. The network for tables.",
        zh="一层接一层的全连接层：每个单元都与上一层的所有单元相连。适合表格数据。",
    ),
    kinds=("table", "image", "sequence"),
    default_for=("table",),
    plan=plan,
    build=mlp,
    unfit={"recurrent_dropout": NO_MEMORY, "spatial_dropout": NO_MAPS},
    training=_training,
)
