"""The GRU: a recurrent network with two gates, lighter than the LSTM."""

from __future__ import annotations

from typing import Any

from trainwell.data import Dataset
from trainwell.locales import Text
from trainwell.networks.network import Built, Network
from trainwell.networks.recurrent import plan_recurrent
from trainwell.networks.training import training


def gru(
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
    """A compiled `keras.Model` of GRU layers (Cho et al. 2014): `rnn` with cell="gru".

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
    """As `gru`, with the decisions that were taken."""
    return plan_recurrent(
        NETWORK,
        "gru",
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
    name="gru",
    title=Text(en="GRU network", zh="门控循环单元网络（GRU）"),
    summary=Text(
        en="A recurrent network with two gates: how much of the memory to renew, and how much of the old to look at "
        "for it. Fewer weights than the LSTM and often as good.",
        zh="有两个门的循环网络：一个决定更新多少记忆，一个决定参考多少旧记忆。参数比 LSTM 少，效果往往相当。",
    ),
    kinds=("sequence", "text", "audio", "image"),
    default_for=("sequence",),
    plan=plan,
    build=gru,
    writes=True,
    training=training,
)
