"""The multilayer perceptron: dense layers one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainwell.data import Dataset
from trainwell.locales import Text
from trainwell.networks.assembly import assemble, check_kind, sizes
from trainwell.networks.network import Built, Network
from trainwell.networks.parts import Parts


def mlp(
    data: Dataset,
    *,
    hidden: int | Sequence[int] = (64, 64),
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Any:
    """A compiled `keras.Sequential`: scaling, hidden dense layers, output. Images are flattened first.

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
    check_kind("mlp", NETWORK.kinds, data, "mlp")
    units = sizes("hidden", hidden)

    def layers(parts: Parts) -> list[Any]:
        start = [parts.flatten()] if len(data.input_shape) > 1 else []
        return start + [layer for number, size in enumerate(units, 1) for layer in parts.dense(number, size)]

    return assemble("mlp", data, layers, steps=steps, seed=seed, choices=(), techniques=techniques)


NETWORK = Network(
    name="mlp",
    title=Text(en="Multilayer perceptron (MLP)", zh="多层感知机（MLP）"),
    summary=Text(
        en="Dense layers one after the other: every unit sees all units of the layer before. The network for tables.",
        zh="一层接一层的全连接层：每个单元都与上一层的所有单元相连。适合表格数据。",
    ),
    kinds=("table", "image"),
    default_for=("table",),
    plan=plan,
    build=mlp,
)
