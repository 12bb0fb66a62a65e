"""How a model is fitted: the settings of a training that Keras takes in `fit`, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from typing import Any

from trainwell.errors import SettingError, UnknownNameError
from trainwell.locales import Text

_LARGEST_SEED = 2**32 - 1  # what NumPy's and Keras's generators take
MONITORS = ("val_loss", "val_accuracy")


@dataclass(frozen=True)
class FitSettings:
    """Settings of one training.

    Attributes:
        epochs: passes over the training data, at least 1.
        batch_size: samples per update, at least 1.
        seed: fixes initial weights, order of the samples and dropout; 0 to 2³²-1.
        shuffle: whether the samples come in a new order in every epoch.
        class_weight: weight of each class in the loss, by class number; None weights all alike.
        early_stopping_patience: epochs without a better validation score after which training stops, and the best
            weights come back; None trains to the end.
        early_stopping_monitor: that score: "val_loss" or "val_accuracy".

    Raises:
        SettingError: a value that cannot work.

    >>> FitSettings(epochs=10, batch_size=32).seed
    0
    """

    epochs: int
    batch_size: int
    seed: int = 0
    shuffle: bool = True
    class_weight: Mapping[int, float] | None = None
    early_stopping_patience: int | None = None
    early_stopping_monitor: str = "val_loss"

    def __post_init__(self) -> None:
        for name, least, most in (("epochs", 1, None), ("batch_size", 1, None), ("seed", 0, _LARGEST_SEED)):
            object.__setattr__(self, name, _whole(name, getattr(self, name), least, most))
        if self.early_stopping_patience is not None:
            patience = _whole("early_stopping_patience", self.early_stopping_patience, 1, None)
            object.__setattr__(self, "early_stopping_patience", patience)
        if self.early_stopping_monitor not in MONITORS:
            expected = Text(en=" or ".join(MONITORS), zh=" 或 ".join(MONITORS))
            raise _refused("early_stopping_monitor", self.early_stopping_monitor, expected)
        if type(self.shuffle) is not bool:
            raise _refused("shuffle", self.shuffle, Text(en="True or False", zh="True 或 False"))
        if self.class_weight is not None:
            object.__setattr__(self, "class_weight", _class_weight(self.class_weight))

    def __hash__(self) -> int:
        weights = None if self.class_weight is None else tuple(self.class_weight.items())
        return hash((*(getattr(self, f.name) for f in fields(self) if f.name != "class_weight"), weights))

    def to_dict(self) -> dict[str, Any]:
        """As JSON knows it: the class numbers become strings."""
        weights = None if self.class_weight is None else {str(k): v for k, v in self.class_weight.items()}
        return {**asdict(self), "class_weight": weights}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> FitSettings:
        """Back from `to_dict`.

        Raises:
            UnknownNameError: a setting that does not exist.
            SettingError: a setting is missing or cannot work.
        """
        known = [f.name for f in fields(cls)]
        for name in raw:
            if name not in known:
                raise UnknownNameError(Text(en="fit setting", zh="训练设置"), name, known)
        for name in ("epochs", "batch_size"):
            if name not in raw:
                raise _refused(name, None, Text(en="a whole number, at least 1", zh="不小于 1 的整数"))
        return cls(**raw)


def _whole(name: str, value: object, least: int, most: int | None) -> int:
    if not isinstance(value, bool) and isinstance(value, Integral):
        number = int(value)
        if least <= number and (most is None or number <= most):
            return number
    until = Text(en="", zh="") if most is None else Text(en=f" and at most {most}", zh=f"、不大于 {most} ")
    raise _refused(
        name, value, Text(en=f"a whole number, at least {least}{until.en}", zh=f"不小于 {least} {until.zh}的整数")
    )


def _class_weight(given: object) -> dict[int, float]:
    expected = Text(
        en="class numbers with a weight of at least 0 each, such as {0: 1.0, 1: 2.5}",
        zh="由类别编号和不小于 0 的权重组成，例如 {0: 1.0, 1: 2.5}",
    )
    if not isinstance(given, Mapping) or not given:
        raise _refused("class_weight", given, expected)
    weights: dict[int, float] = {}
    pairs: list[tuple[Any, Any]] = list(given.items())
    for key, value in pairs:
        number, weight = str(key), float(value) if isinstance(value, Real) else math.nan
        if not number.isdecimal() or isinstance(value, bool) or not (math.isfinite(weight) and weight >= 0):
            raise _refused("class_weight", {key: value}, expected)
        weights[int(number)] = weight
    return dict(sorted(weights.items()))


def _refused(name: str, value: object, expected: Text) -> SettingError:
    return SettingError(
        Text(
            en=f"{name} must be {expected.en}, {value!r} was given",
            zh=f"{name} 应为{expected.zh}，给出的是 {value!r}",
        )
    )
