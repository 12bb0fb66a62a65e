"""A decision about a network that is said aloud, and the reasons of those that a recipe takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainwell.locales import Text
from trainwell.techniques import Technique

_ASKED = Text(en="as asked", zh="按您的要求")


@dataclass(frozen=True)
class Choice:
    """One decision about a network.

    Attributes:
        setting: what was decided ("initializer").
        value: for what ("he_normal").
        given: whether a person asked for it.
        reason: why.
    """

    setting: str
    value: str
    given: bool
    reason: Text

    @property
    def text(self) -> Text:
        """The decision, readable, one line."""
        return Text(
            en=f"{self.setting} {self.value}: {self.reason.en}", zh=f"{self.setting} {self.value}：{self.reason.zh}"
        )


def settled_choices(
    values: Mapping[str, Any],
    asked: Mapping[str, Any],
    reasons: Mapping[str, Text],
    activation: Technique,
    initializer: Technique,
    fitting: Technique,
    optimizer: Technique,
) -> tuple[Choice, ...]:
    """The decisions of a recipe: everything asked for, and what follows from it.

    Args:
        values: every setting with its value.
        asked: what a person gave.
        reasons: why the network takes another default than other networks do.
        activation: of the hidden layers.
        initializer: of the hidden layers.
        fitting: the initializer that goes with the activation.
        optimizer: of the training.
    """
    reasons = {
        "activation": Text(
            en=f"the usual choice for hidden layers ({_cite(activation).en})",
            zh=f"隐藏层最常用的选择（{_cite(activation).zh}）",
        ),
        "initializer": Text(
            en=f"goes with {activation.name} ({_cite(initializer).en})",
            zh=f"与 {activation.name} 相配（{_cite(initializer).zh}）",
        ),
        "optimizer": Text(
            en=f"works well without tuning ({_cite(optimizer).en})",
            zh=f"无需调参即可取得不错的效果（{_cite(optimizer).zh}）",
        ),
        "learning_rate": Text(en=f"the usual start for {optimizer.name}", zh=f"{optimizer.name} 常用的初始值"),
        **reasons,
    }
    choices: list[Choice] = []
    for name, value in values.items():
        reason = _ASKED if name in asked else reasons.get(name)
        if reason is None:
            continue
        if name == "initializer" and name in asked and value != fitting.name:
            reason = Text(
                en=f"as asked; {fitting.name} would go with {activation.name}",
                zh=f"按您的要求；与 {activation.name} 相配的是 {fitting.name}",
            )
        if name == "dropout" and value and activation.name == "selu":
            reason = Text(
                en="as AlphaDropout, which keeps the mean and variance that SELU relies on (Klambauer et al. 2017)",
                zh="采用 AlphaDropout，它能保持 SELU 所依赖的均值与方差（Klambauer 等，2017）",
            )
        choices.append(Choice(name, f"{value:g}" if isinstance(value, float) else str(value), name in asked, reason))
    return tuple(choices)


def _cite(technique: Technique) -> Text:
    source = technique.source
    short = source.authors.replace(" et al.", "")
    several = "," in short
    first = short.split(",")[0]
    if several or short != source.authors:
        return Text(en=f"{first} et al. {source.year}", zh=f"{first} 等，{source.year}")
    return Text(en=f"{source.authors} {source.year}", zh=f"{source.authors}，{source.year}")
