"""From layers to a compiled model: what is the same for every network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any, NamedTuple

from trainwell.backend import keras_seed, load_keras
from trainwell.data import Dataset
from trainwell.errors import SettingError
from trainwell.locales import Text
from trainwell.networks.choice import Choice
from trainwell.networks.compiling import compile_model
from trainwell.networks.inputs import chained
from trainwell.networks.network import Built, Network
from trainwell.networks.parts import Parts
from trainwell.networks.recipe import Default, settle
from trainwell.networks.tasks import objective

_KINDS: Mapping[str, Text] = {
    "image": Text(en="images", zh="图像"),
    "table": Text(en="tables", zh="表格"),
    "sequence": Text(en="sequences", zh="序列"),
    "text": Text(en="texts", zh="文本"),
    "audio": Text(en="sound", zh="声音"),
}


class Graph(NamedTuple):
    """A network that is no plain chain of layers, as Keras tensors.

    Attributes:
        inputs: as the model takes them.
        features: what the output layer works on: (batch, units), in a language model (batch, steps, units).
        choices: decisions about the network.
    """

    inputs: Any
    features: Any
    choices: tuple[Choice, ...] = ()


Hidden = list[Any] | Graph


def assemble(
    network: Network,
    data: Dataset,
    hidden: Callable[[Parts], Hidden],
    *,
    steps: int | None,
    seed: int,
    choices: Sequence[Choice],
    techniques: Mapping[str, Any],
    defaults: Mapping[str, Default] | None = None,
) -> Built:
    """Build and compile a model: a Sequential one where the layers are a chain, else a functional one.

    Args:
        network: what is built.
        data: what it shall learn from.
        hidden: makes all layers in front of the output, from the input on.
        steps: updates of the whole training, for schedules.
        seed: of the initial weights and of dropout.
        choices: decisions about the network.
        techniques: what `recipe` takes.
        defaults: of the recipe, for this network.

    Raises:
        UnknownNameError: a technique that does not exist.
        SettingError: a value that cannot work, or a technique that does not go with this network.
    """
    settled = settle(techniques, defaults or {})
    _check_techniques(network, techniques)
    goal = objective(data, settled.label_smoothing)
    parts = Parts(data, settled, goal)
    keras = load_keras()
    with keras_seed(seed):
        made = hidden(parts)
        if isinstance(made, list) and data.task != "forecasting":
            model = keras.Sequential([*made, *parts.output()], name=network.name)
        else:
            graph = Graph(made[0], chained(made[0], made[1:])) if isinstance(made, list) else made
            model = keras.Model(graph.inputs, parts.finish(graph.inputs, graph.features), name=network.name)
            choices = (*choices, *graph.choices)
    # Keras draws seeds in the order in which layers are made and built. Made once more from its configuration, the
    # model begins with the weights that a blueprint of it begins with, whatever the order above.
    configuration = _unbuilt(keras.saving.serialize_keras_object(model))
    with keras_seed(seed):
        model = keras.saving.deserialize_keras_object(configuration, safe_mode=True)
        compile_model(model, goal, settled, steps)
    return Built(model, settled, (*choices, *settled.choices, *goal.choices))


def check_data(network: Network, data: Dataset) -> None:
    """Raise SettingError if the network cannot learn this kind of data or this task."""
    from trainwell.networks import default_network

    if data.kind not in network.kinds:
        can = [_KINDS[kind] for kind in network.kinds]
        instead = default_network(data)
        raise SettingError(
            Text(
                en=f"the network {network.name} learns from {_listed([t.en for t in can])}, but {data.name} holds "
                f"{_KINDS[data.kind].en}; take the network {instead}",
                zh=f"网络 {network.name} 只能处理{'、'.join(t.zh for t in can)}，"
                f"而 {data.name} 是{_KINDS[data.kind].zh}数据；请改用网络 {instead}",
            )
        )
    if data.task == "language_model" and not network.writes:
        instead = default_network(data)
        raise SettingError(
            Text(
                en=f"the network {network.name} sees a text as a whole and cannot say at each step what comes next; "
                f"take the network {instead}",
                zh=f"网络 {network.name} 会看到整段文本，无法在每一步只根据前文预测下一个词元；请改用网络 {instead}",
            )
        )


def sizes(name: str, value: Any) -> tuple[int, ...]:
    """`value`, one size or several, as a tuple of whole numbers of at least 1.

    Raises:
        SettingError: it is something else.
    """
    given: tuple[Any, ...] = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    if not all(_whole(size) for size in given):
        raise SettingError(
            Text(
                en=f"{name} must be whole numbers, at least 1 each, such as (64, 64), {value!r} was given",
                zh=f"{name} 应为不小于 1 的整数，例如 (64, 64)，给出的是 {value!r}",
            )
        )
    return tuple(int(size) for size in given)


def size(name: str, value: Any) -> int:
    """`value` as one whole number of at least 1.

    Raises:
        SettingError: it is something else.
    """
    if not _whole(value):
        raise SettingError(
            Text(
                en=f"{name} must be a whole number, at least 1, {value!r} was given",
                zh=f"{name} 应为不小于 1 的整数，给出的是 {value!r}",
            )
        )
    return int(value)


def _unbuilt(configuration: Any) -> Any:
    """A configuration without the shapes that layers were built for: Keras finds them again when it connects them."""
    if isinstance(configuration, list):
        return [_unbuilt(item) for item in configuration]
    if not isinstance(configuration, dict):
        return configuration
    return {key: _unbuilt(value) for key, value in configuration.items() if key != "build_config"}


def _whole(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= 1


def _check_techniques(network: Network, techniques: Mapping[str, Any]) -> None:
    for name, reason in network.unfit.items():
        value = techniques.get(name)
        if value is None or value in (0, "none"):
            continue
        raise SettingError(
            Text(
                en=f"{name} does not go with the network {network.name}: {reason.en}",
                zh=f"{name} 不适用于网络 {network.name}：{reason.zh}",
            )
        )


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
