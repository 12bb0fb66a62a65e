"""Which techniques a network is built from: what was asked for, and sound defaults that follow from it, said aloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

from trainwell.errors import SettingError, UnknownNameError
from trainwell.locales import Text
from trainwell.networks.choice import Choice, settled_choices
from trainwell.techniques import Technique, find

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
_CLIPPINGS = ("clip_value", "clip_norm", "global_clip_norm")


@dataclass(frozen=True)
class Recipe:
    """Techniques by name, all settled; made by `recipe`.

    Attributes:
        activation: of the hidden layers.
        initializer: of the hidden layers' kernels.
        normalization: "none", "batch_normalization" or "layer_normalization", before the activation.
        dropout: share of hidden units dropped behind each hidden dense layer, 0 to below 1.
        spatial_dropout: share of feature maps dropped behind each convolution block, or of the channels of an embedding
            in front of a recurrent network, 0 to below 1.
        recurrent_dropout: share of the memory of a recurrent network that is dropped, 0 to below 1.
        l1: strength of the L1 penalty on kernels, 0 or more.
        l2: strength of the L2 penalty on kernels, 0 or more.
        optimizer: name of the optimizer.
        learning_rate: of the optimizer, above 0; the one on which the schedule works.
        clip_value: limit for each number of a gradient; None, or 0 when asked for, is no limit.
        clip_norm: limit for the L2 norm of each weight's gradient, likewise.
        global_clip_norm: limit for the L2 norm of all gradients together, likewise.
        weight_decay: share of each weight taken away per update times the learning rate; None leaves it to the
            optimizer.
        schedule: name of the learning-rate schedule.
        warmup: updates in which the rate rises from 0 (1 or more), or their share of the training (below 1).
        label_smoothing: share of the target that is spread over all classes, 0 to below 1.
        precision: "float32", "mixed_bfloat16" or "mixed_float16".
        choices: the decisions to say aloud.
    """

    activation: str
    initializer: str
    normalization: str
    dropout: float
    spatial_dropout: float
    recurrent_dropout: float
    l1: float
    l2: float
    optimizer: str
    learning_rate: float
    clip_value: float | None
    clip_norm: float | None
    global_clip_norm: float | None
    weight_decay: float | None
    schedule: str
    warmup: float
    label_smoothing: float
    precision: str
    choices: tuple[Choice, ...]

    @property
    def needs_steps(self) -> bool:
        """Whether the number of updates of the training must be known to build the optimizer."""
        return self.schedule != "constant" or self.warmup > 0

    def __str__(self) -> str:
        usual = {"none", "constant", "float32", "0", "0.0", "None"}
        named = ((f.name, getattr(self, f.name)) for f in fields(self) if f.name != "choices")
        return ", ".join(f"{name} {value}" for name, value in named if str(value) not in usual)


@dataclass(frozen=True)
class Default:
    """What a network takes for a setting if nobody asks for another value.

    Attributes:
        value: of the setting.
        reason: why.
    """

    value: Any
    reason: Text


def settings() -> tuple[str, ...]:
    """The names of everything that `recipe` takes."""
    return tuple(f.name for f in fields(Recipe) if f.name != "choices")


def recipe(**given: Any) -> Recipe:
    """Settle a recipe: what is not given follows from what is.

    Args:
        **given: any attribute of `Recipe`; None means "not given". Names in any spelling that
            `trainwell.techniques.find` knows.

    Raises:
        UnknownNameError: a setting or technique that does not exist; lists the nearest names.
        SettingError: a value that cannot work, or several kinds of clipping at once.

    >>> settled = recipe(activation="tanh", l2=1e-4)
    >>> settled.initializer, settled.optimizer, settled.learning_rate
    ('glorot_uniform', 'adam', 0.001)
    >>> print(recipe(optimizer="momentum", clip_norm=1.0))
    activation relu, initializer he_normal, optimizer momentum, learning_rate 0.01, clip_norm 1.0
    """
    return settle(given, {})


def settle(given: Mapping[str, Any], defaults: Mapping[str, Default]) -> Recipe:
    """As `recipe`, with the defaults of a network; one that does not go with what was asked for is left out.

    Raises:
        UnknownNameError: as `recipe`.
        SettingError: as `recipe`.

    >>> gentle = {"learning_rate": Default(0.0005, Text(en="a small rate", zh="较小的学习率"))}
    >>> settle({}, gentle).learning_rate, settle({"optimizer": "sgd"}, gentle).learning_rate
    (0.0005, 0.01)
    """
    for name in given:
        if name not in settings():
            raise UnknownNameError(Text(en="setting", zh="设置"), name, settings())
    wanted: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    own = _fitting(defaults, wanted)
    asked: dict[str, Any] = {name: default.value for name, default in own.items()} | wanted
    activation = _technique(asked.get("activation", "relu"), "activation")
    fitting = find(str(activation.traits["initializer"]), "initializer")
    initializer = _technique(asked.get("initializer", fitting.name), "initializer")
    optimizer = _technique(asked.get("optimizer", "adam"), "optimizer")
    values: dict[str, Any] = {
        "activation": activation.name,
        "initializer": initializer.name,
        "normalization": _normalization(asked.get("normalization", "none")),
        "dropout": _checked("dropout", "rate", asked.get("dropout", 0.0)),
        "spatial_dropout": _checked("spatial_dropout", "rate", asked.get("spatial_dropout", 0.0)),
        "recurrent_dropout": _checked("recurrent_dropout", "rate", asked.get("recurrent_dropout", 0.0)),
        "l1": _checked("l1", "l1", asked.get("l1", 0.0)),
        "l2": _checked("l2", "l2", asked.get("l2", 0.0)),
        "optimizer": optimizer.name,
        "learning_rate": _rate(optimizer, asked.get("learning_rate", optimizer.traits["default_learning_rate"])),
        **_clipping(asked),
        "weight_decay": _checked("weight_decay", "weight_decay", asked["weight_decay"])
        if "weight_decay" in asked
        else None,
        "schedule": _technique(asked.get("schedule", "constant"), "schedule").name,
        "warmup": _warmup(asked.get("warmup", 0)),
        "label_smoothing": _checked("label_smoothing", "label_smoothing", asked.get("label_smoothing", 0.0)),
        "precision": _precision(asked.get("precision", "float32")),
    }
    reasons = {name: default.reason for name, default in own.items() if name not in wanted}
    return Recipe(
        **values, choices=settled_choices(values, wanted, reasons, activation, initializer, fitting, optimizer)
    )


def _fitting(defaults: Mapping[str, Default], wanted: Mapping[str, Any]) -> dict[str, Default]:
    """The defaults that still make sense beside what a person wants."""
    left_out: set[str] = set()
    if "optimizer" in wanted:  # rates and decays belong to one optimizer
        left_out |= {"learning_rate", "weight_decay"}
    if "activation" in wanted:  # the initializer follows from it
        left_out.add("initializer")
    if any(name in wanted for name in _CLIPPINGS):
        left_out |= set(_CLIPPINGS)
    if "schedule" in wanted and not _technique(wanted["schedule"], "schedule").traits["warmup"]:
        left_out.add("warmup")
    return {name: default for name, default in defaults.items() if name not in left_out}


def _technique(name: object, family: str) -> Technique:
    if not isinstance(name, str):
        raise _refused(family, name, Text(en="the name of a technique, such as 'relu'", zh="技术名称，例如 'relu'"))
    return find(name, family)


def _checked(technique: str, parameter: str, value: object) -> float:
    return float(find(technique).settings(**{parameter: value})[parameter])


def _normalization(name: object) -> str:
    return "none" if name == "none" else _technique(name, "normalization").name


def _rate(optimizer: Technique, rate: object) -> float:
    if isinstance(rate, bool) or not isinstance(rate, Real):
        raise _refused(
            "learning_rate",
            rate,
            Text(
                en="a number above 0; take the setting schedule for a schedule",
                zh="大于 0 的数；学习率调度请用 schedule 设置",
            ),
        )
    return float(optimizer.settings(learning_rate=rate)["learning_rate"])


def _clipping(asked: Mapping[str, Any]) -> dict[str, float | None]:
    given = [name for name in _CLIPPINGS if name in asked and not _is_zero(asked[name])]
    if len(given) > 1:
        raise SettingError(
            Text(
                en=f"only one kind of gradient clipping can be used at a time, {' and '.join(given)} were given; "
                "leave all but one out",
                zh=f"一次只能使用一种梯度裁剪，给出的有 {'、'.join(given)}；请只保留一种",
            )
        )
    return {name: _checked(name, "limit", asked[name]) if name in given else None for name in _CLIPPINGS}


def _is_zero(value: object) -> bool:
    return isinstance(value, Real) and value is not False and value == 0


def _warmup(value: object) -> float:
    if not isinstance(value, bool) and isinstance(value, Real):
        number = float(value)
        if number.is_integer() and number >= 0:
            return int(number)
        if 0 < number < 1:
            return number
    raise _refused(
        "warmup",
        value,
        Text(
            en="a number of updates (100) or a share of the training below 1 (0.05)",
            zh="更新步数（如 100）或小于 1 的训练占比（如 0.05）",
        ),
    )


def _precision(name: object) -> str:
    if name not in PRECISIONS:
        raise UnknownNameError(Text(en="precision", zh="精度"), str(name), PRECISIONS)
    return str(name)


def _refused(name: str, value: object, expected: Text) -> SettingError:
    return SettingError(
        Text(
            en=f"{name} must be {expected.en}, {value!r} was given", zh=f"{name} 应为{expected.zh}，给出的是 {value!r}"
        )
    )
