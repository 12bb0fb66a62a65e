"""From layers to a compiled model: what is the same for every network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

from trainwell.backend import keras_seed, load_keras
from trainwell.data import Dataset, Kind
from trainwell.errors import SettingError
from trainwell.locales import Text
from trainwell.networks.choice import Choice
from trainwell.networks.network import Built
from trainwell.networks.parts import Parts, compile_model
from trainwell.networks.recipe import recipe

_KINDS = {"image": Text(en="images", zh="图像"), "table": Text(en="tables", zh="表格")}


def assemble(
    name: str,
    data: Dataset,
    layers: Callable[[Parts], list[Any]],
    *,
    steps: int | None,
    seed: int,
    choices: Sequence[Choice],
    techniques: dict[str, Any],
) -> Built:
    """Build and compile a Sequential model.

    Args:
        name: of the model.
        data: what it shall learn from.
        layers: makes the hidden layers.
        steps: updates of the whole training, for schedules.
        seed: of the initial weights and of dropout.
        choices: decisions about the network.
        techniques: what `recipe` takes.

    Raises:
        UnknownNameError: a technique that does not exist.
        SettingError: a value that cannot work.
    """
    settled = recipe(**techniques)
    parts = Parts(data, settled)
    said = (*choices, *settled.choices, *_compile_choices(data, settled.label_smoothing))
    with keras_seed(seed):
        model = load_keras().Sequential([*parts.start(), *layers(parts), *parts.output()], name=name)
        compile_model(model, data, settled, steps)
    return Built(model, settled, said)


def check_kind(name: str, kinds: Sequence[Kind], data: Dataset, instead: str) -> None:
    """Raise SettingError if the network cannot learn from this kind of data."""
    if data.kind not in kinds:
        can = [_KINDS[kind] for kind in kinds]
        raise SettingError(
            Text(
                en=f"the network {name} learns from {' and '.join(t.en for t in can)}, but {data.name} holds "
                f"{_KINDS[data.kind].en}; take the network {instead}",
                zh=f"网络 {name} 只能处理{'和'.join(t.zh for t in can)}，而 {data.name} 是{_KINDS[data.kind].zh}数据；"
                f"请改用网络 {instead}",
            )
        )


def sizes(name: str, value: Any) -> tuple[int, ...]:
    """`value`, one size or several, as a tuple of whole numbers of at least 1.

    Raises:
        SettingError: it is something else.
    """
    given: tuple[Any, ...] = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    if not all(not isinstance(size, bool) and isinstance(size, Integral) and int(size) >= 1 for size in given):
        raise SettingError(
            Text(
                en=f"{name} must be whole numbers, at least 1 each, such as (64, 64), {value!r} was given",
                zh=f"{name} 应为不小于 1 的整数，例如 (64, 64)，给出的是 {value!r}",
            )
        )
    return tuple(int(size) for size in given)


def _compile_choices(data: Dataset, smoothing: float) -> list[Choice]:
    if data.task == "multiclass" and smoothing:
        reason = Text(
            en="Keras smooths one-hot targets only, so the classes are given to it that way",
            zh="Keras 只能对独热编码的目标做标签平滑，因此类别以独热编码的形式给出",
        )
        return [Choice("loss", "categorical_crossentropy", False, reason)]
    if data.task == "regression" and data.outputs > 1:
        reason = Text(
            en=f"the {data.outputs} targets share one loss in raw units: those with a larger spread weigh more",
            zh=f"{data.outputs} 个目标共用一个以原始单位计算的损失：离散程度大的目标影响更大",
        )
        return [Choice("loss", "mean_squared_error", False, reason)]
    return []
