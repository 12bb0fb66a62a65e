"""The multilayer perceptron: dense layers one after the other."""

from __future__ import annotations

from collections.abc import Sequence
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
from trainwell.networks.unfit import NO_MAPS, NO_MEMORY


def mlp(
    data: Dataset,
    *,
    hidden: int | Sequence[int] = (64, 64),
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Any:
    """A compiled `keras.Model`: scaling, hidden dense layers, output. Images and sequences are flattened first.

    Args:
        data: what it shall learn from: its shapes, task and scaling are used, not its samples.
        hidden: units of each hidden layer; () for none.
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
    hidden: int | Sequence[int] = (64, 64),
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Built:
    """As `mlp`, with the decisions that were taken."""
    check_data(NETWORK, data)
    units = sizes("hidden", hidden)

    def layers(parts: Parts) -> Hidden:
        dense = [layer for number, size in enumerate(units, 1) for layer in parts.dense(number, size)]
        if data.kind == "sequence" and data.task != "forecasting" and not one_length(data):
            return _padded(parts, dense)
        return [*parts.start(), *([parts.flatten()] if len(data.input_shape) > 1 else []), *dense]

    return assemble(NETWORK, data, layers, steps=steps, seed=seed, choices=_choices(data), techniques=techniques)


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
)
