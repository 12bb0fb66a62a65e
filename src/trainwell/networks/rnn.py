"""Recurrent networks: a chain of memory, one step after the other; simple, LSTM or GRU cells."""

from __future__ import annotations

from typing import Any

from trainwell.data import Dataset
from trainwell.errors import UnknownNameError
from trainwell.locales import Text
from trainwell.networks.network import Built, Network
from trainwell.networks.recurrent import CELLS, Cell, plan_recurrent
from trainwell.networks.training import training


def rnn(
    data: Dataset,
    *,
    cell: Cell = "simple",
    layers: int = 1,
    units: int | None = None,
    bidirectional: bool | None = None,
    pooling: str | None = None,
    embedding: int = 64,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Any:
    """A compiled `keras.Model`: scaling or embedding, recurrent layers, pooling of their states, output.

    Sequences and texts are read step by step, sound frame by frame (10 ms each), images row by row. Steps behind the
    end of a sample are skipped, so padding changes nothing. Recurrent layers are called "rnn_1", "lstm_1" or "gru_1",
    "bidirectional_1" if they read both ways. As a language model, the network answers at every step.

    Args:
        data: what it shall learn from: its shapes, task and scaling are used, and of sound the bands are measured.
        cell: "simple" (SimpleRNN), "lstm" or "gru".
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
        cell=cell,
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
    cell: Cell = "simple",
    layers: int = 1,
    units: int | None = None,
    bidirectional: bool | None = None,
    pooling: str | None = None,
    embedding: int = 64,
    steps: int | None = None,
    seed: int = 0,
    **techniques: Any,
) -> Built:
    """As `rnn`, with the decisions that were taken."""
    if cell not in CELLS:
        raise UnknownNameError(Text(en="cell", zh="循环单元"), str(cell), CELLS)
    return plan_recurrent(
        NETWORK,
        cell,
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
    name="rnn",
    title=Text(en="Recurrent network (RNN)", zh="循环神经网络（RNN）"),
    summary=Text(
        en="Reads a sequence step by step and keeps a memory of what was, a chain in which each link depends on the "
        "one before. The simple form forgets quickly; LSTM and GRU remember longer.",
        zh="逐步读取序列，并保留对过去的记忆：像一条链，每一环都依赖前一环。最简单的形式忘得快；LSTM 和 GRU 记得更久。",
    ),
    kinds=("sequence", "text", "audio", "image"),
    default_for=(),
    plan=plan,
    build=rnn,
    writes=True,
    training=training,
)
