"""The LSTM: a recurrent network whose gates decide what to keep, what to forget and what to say."""

from __future__ import annotations

from typing import Any

from trainwell.data import Dataset
from trainwell.locales import Text
from trainwell.networks.network import Built, Network
from trainwell.networks.recurrent import plan_recurrent
from trainwell.networks.training import training


def lstm(
    data: Dataset,
    *,
    layers: int = 1,
    units: int | None = None,
    bidirectional: bool | None = None,
    pooling: str | None = None,
    embedding: int = 64,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Any:
    """A compiled `keras.Model` of LSTM layers (Hochreiter & Schmidhuber 1997): `rnn` with cell="lstm".

    Args:
        data: what it shall learn from: its shapes, task and scaling are used, and of sound the bands are measured.
        layers: recurrent layers, one above the other.
        units: size of the memory of each; 128 for language models, else 64.
        bidirectional: read also from the end to the beginning. If not given: yes, but for images, forecasts and
            language models.
        pooling: of the states: "last", "mean", "max" or "attention". If not given: "max", but "last" for images and
            forecasts.
        embedding: numbers that stand for one token of a text.
        steps: updates of the whole training; needed by a learning-rate schedule or warm-up.
        seed: fixes the initial weights and dropout.
        **techniques: by name, as `trainwell.networks.recipe` takes them (recurrent_dropout=0.2, ...). Activation and
            initializer are those of the cells; recurrent kernels begin orthogonal (Saxe et al. 2014).

    Raises:
        UnknownNameError: a setting or technique that does not exist.
        SettingError: a value that cannot work, or data that have no steps to read.
    """
    return plan(
        data,
        layers=layers,
        units=units,
        bidirectional=bidirectional,
        pooling=pooling,
        embedding=embedding,
        steps=steps,
        seed=seed,
        **techniques,
    ).model


def plan(
    data: Dataset,
    *,
    layers: int = 1,
    units: int | None = None,
    bidirectional: bool | None = None,
    pooling: str | None = None,
    embedding: int = 64,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Built:
    """As `lstm`, with the decisions that were taken."""
    return plan_recurrent(
        NETWORK,
        "lstm",
        data,
        layers=layers,
        units=units,
        bidirectional=bidirectional,
        pooling=pooling,
        embedding=embedding,
        steps=steps,
        seed=seed,
        techniques=techniques,
    )


NETWORK = Network(
    name="lstm",
    title=Text(en="LSTM network", zh="长短期记忆网络（LSTM）"),
    summary=Text(
        en="A recurrent network with a conveyor belt for its memory and three gates that decide what is put on it, "
        "what is taken off and what is said. Remembers over hundreds of steps.",
        zh="带有“传送带”式记忆的循环网络，三个门分别决定放上什么、取下什么、输出什么。可以记住几百步之前的内容。",
    ),
    kinds=("sequence", "text", "audio", "image"),
    default_for=("forecasting",),
    plan=plan,
    build=lstm,
    writes=True,
    training=training,
)
