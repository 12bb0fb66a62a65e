"""Networks: from data and techniques to a plain compiled `keras.Model`.

Each file with a `NETWORK` is one network; it is found by looking through the room, so there is no list elsewhere. The
builder of each is also a function of this room: `networks.mlp(data)`, `networks.cnn(data)`, `networks.lstm(data)`.

How layers are called, so that pictures and the generator of text find them: "input", "scaling" (or "tokens" for the
embedding of a text; "mel" and "band_scaling" behind "scaling" for sound), "conv_1", "dense_1", "lstm_1" (or
"bidirectional_1"), "block_1_attention" (see `transformer`), and "output", behind which "target_scale" and
"last_value_and_change" bring numbers back to their unit.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING, Any

from trainwell.data import Dataset
from trainwell.errors import SettingError, UnknownNameError
from trainwell.locales import Text
from trainwell.networks.choice import Choice
from trainwell.networks.network import Built, Network
from trainwell.networks.recipe import Default, Recipe, recipe, settings
from trainwell.networks.targets import targets

if TYPE_CHECKING:  # what the scan below finds, for editors and type checkers
    from trainwell.networks.cnn import cnn as cnn
    from trainwell.networks.gru import gru as gru
    from trainwell.networks.lstm import lstm as lstm
    from trainwell.networks.mlp import mlp as mlp
    from trainwell.networks.resnet import resnet as resnet
    from trainwell.networks.rnn import rnn as rnn
    from trainwell.networks.transformer import transformer as transformer

__all__ = [
    "Built",
    "Choice",
    "Default",
    "Network",
    "Recipe",
    "build",
    "default_network",
    "find",
    "names",
    "recipe",
    "settings",
    "targets",
]

_modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
_networks: dict[str, Network] = {m.NETWORK.name: m.NETWORK for m in _modules if hasattr(m, "NETWORK")}
# Submodules have the names of what stands in them (networks, recipe, targets): here the functions take these places.
globals().update({"recipe": recipe, "targets": targets} | {name: found.build for name, found in _networks.items()})


def names() -> tuple[str, ...]:
    """The names of all networks, sorted."""
    return tuple(sorted(_networks))


def find(name: str) -> Network:
    """The network called `name`.

    Raises:
        UnknownNameError: there is none; lists the nearest names.
    """
    if name not in _networks:
        raise UnknownNameError(Text(en="network", zh="网络"), name, _networks)
    return _networks[name]


def build(name: str | None, data: Dataset, *, steps: int | None = None, seed: int = 0, **given: Any) -> Built:
    """Build a network by name, with the decisions that were taken.

    Args:
        name: of the network; None for the one that goes with the kind of data.
        data: what it shall learn from.
        steps: updates of the whole training; needed by a learning-rate schedule or warm-up.
        seed: fixes the initial weights and dropout.
        **given: settings of the network (hidden, filters, dense) and of `recipe`; None means "not given".

    Raises:
        UnknownNameError: a network, setting or technique that does not exist.
        SettingError: a value that cannot work, or data of the wrong kind.
    """
    network = find(default_network(data) if name is None else name)
    asked = {key: value for key, value in given.items() if value is not None}
    own = [p.name for p in inspect.signature(network.plan).parameters.values() if p.kind is p.KEYWORD_ONLY]
    for key in asked:
        if key not in own and key not in settings():
            raise UnknownNameError(
                Text(en=f"setting of {network.name}", zh=f" {network.name} 设置"), key, [*own, *settings()]
            )
    return network.plan(data, steps=steps, seed=seed, **asked)


def default_network(data: Dataset) -> str:
    """The name of the network that goes with the task, or else with the kind of data ("cnn" for images).

    Raises:
        SettingError: no network is made for this kind.
    """
    for wanted in (data.task, data.kind):
        for name, network in sorted(_networks.items()):
            if wanted in network.default_for:
                return name
    raise SettingError(
        Text(
            en=f"no network is made for data of kind {data.kind!r}; known are: {', '.join(names())}",
            zh=f"没有适合 {data.kind!r} 类数据的网络；已知的有：{'、'.join(names())}",
        )
    )
