"""What trainwell knows about one technique: name, formula, source, when to use it, and the Keras object that is it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

from trainwell.errors import SettingError
from trainwell.locales import Text


@dataclass(frozen=True)
class Source:
    """Where a technique was published.

    Attributes:
        title: title of the paper or book.
        authors: short form, "Glorot & Bengio".
        year: of publication.
        link: address of the text, or None.
        where: the place inside it ("eq. 12"), or "".
    """

    title: str
    authors: str
    year: int
    link: str | None = None
    where: str = ""

    def __str__(self) -> str:
        place = f", {self.where}" if self.where else ""
        return f"{self.authors} ({self.year}), {self.title}{place}"


@dataclass(frozen=True)
class Parameter:
    """One setting of a technique and the values that can work.

    Attributes:
        name: keyword of `Technique.build`.
        default: value when it is left out; None means "not used".
        description: what it does.
        minimum: smallest value.
        maximum: largest value.
        above: True if the minimum itself is excluded.
        below: True if the maximum itself is excluded.
        whole: True if only whole numbers make sense.
        required: True if it cannot be left out.
        accepts_object: True if a Keras object may stand in its place (a schedule as learning rate).
    """

    name: str
    default: float | None
    description: Text
    minimum: float = -math.inf
    maximum: float = math.inf
    above: bool = False
    below: bool = False
    whole: bool = False
    required: bool = False
    accepts_object: bool = False

    def expected(self) -> Text:
        """The values that can work, as half a sentence.

        >>> Parameter("rate", 0.5, Text(en="", zh=""), minimum=0, maximum=1, below=True).expected().en
        'a number, at least 0, below 1'
        """
        en, zh = ("a whole number", "整数") if self.whole else ("a number", "数")
        if self.minimum > -math.inf:
            en += f", {'above' if self.above else 'at least'} {self.minimum:g}"
            zh += f"，{'大于' if self.above else '不小于'} {self.minimum:g}"
        if self.maximum < math.inf:
            en += f", {'below' if self.below else 'at most'} {self.maximum:g}"
            zh += f"，{'小于' if self.below else '不大于'} {self.maximum:g}"
        return Text(en=en, zh=zh)

    def accepts(self, value: object) -> bool:
        """Whether `value` can work."""
        if value is None:
            return self.default is None and not self.required
        if isinstance(value, bool) or not isinstance(value, Real):
            return self.accepts_object and hasattr(value, "get_config")
        number = float(value)
        if not math.isfinite(number) or (self.whole and not isinstance(value, Integral)):
            return False
        low = number > self.minimum if self.above else number >= self.minimum
        high = number < self.maximum if self.below else number <= self.maximum
        return low and high

    def plain(self, value: Any) -> Any:
        """`value` as a plain Python number (Keras refuses some others), objects and None as they are."""
        if value is None or not isinstance(value, Real):
            return value
        return int(float(value)) if self.whole else float(value)


@dataclass(frozen=True, eq=False)
class Technique:
    """One entry of the catalogue.

    Attributes:
        name: as it is written on the command line and in code.
        family: name of its `Family`.
        title: as a person says it.
        formula: plain Unicode, one or two lines.
        source: where it was published.
        summary: two or three sentences for a newcomer.
        use_when: when it helps.
        avoid_when: when it does not, and what to take then.
        traits: facts that code uses and that a test measures; each family file says which.
        maker: makes the Keras object (or keywords for one) from checked parameters.
        option: how to ask for it on the command line.
        parameters: what can be set.
        aliases: other spellings that `find` understands.
        function: the technique in NumPy; each family file says what goes in and what comes out.
        gradient: derivative of `function`, where it has one.
    """

    name: str
    family: str
    title: Text
    formula: str
    source: Source
    summary: Text
    use_when: Text
    avoid_when: Text
    traits: Mapping[str, float | bool | str]
    maker: Callable[..., Any]
    option: str
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    function: Callable[..., Any] | None = None
    gradient: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "traits", MappingProxyType(dict(self.traits)))

    def settings(self, **given: Any) -> dict[str, Any]:
        """Every parameter with its value: what is given, the default otherwise.

        Raises:
            SettingError: a name that is no parameter, a missing required one, or a value that cannot work.
        """
        names = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in names:
                has = ", ".join(names)
                raise SettingError(
                    Text(
                        en=f"{self.name}: there is no setting {name!r}; "
                        + (f"its settings are: {has}" if has else "it has no settings, leave it out"),
                        zh=f"{self.name}：没有名为 {name!r} 的设置；"
                        + (f"可用的设置有：{has}" if has else "它没有任何设置，请去掉"),
                    )
                )
        return {p.name: self._checked(p, given) for p in self.parameters}

    def _checked(self, parameter: Parameter, given: Mapping[str, Any]) -> Any:
        if parameter.name not in given and not parameter.required:
            return parameter.plain(parameter.default)
        value, expected = given.get(parameter.name), parameter.expected()
        if parameter.accepts(value):
            return parameter.plain(value)
        mend = (
            Text(en="it has no default, please give one", zh="它没有默认值，请给出一个")
            if parameter.required
            else Text(en="leave it out to switch it off", zh="不写即为不使用")
            if parameter.default is None
            else Text(en=f"leave it out for {parameter.default:g}", zh=f"不写则取默认值 {parameter.default:g}")
        )
        raise SettingError(
            Text(
                en=f"{self.name}: {parameter.name} must be {expected.en}, {value!r} was given; {mend.en}",
                zh=f"{self.name}：{parameter.name} 应为{expected.zh}，给出的是 {value!r}；{mend.zh}",
            )
        )

    def build(self, **given: Any) -> Any:
        """The Keras object that is this technique, or the keywords that ask a Keras object for it.

        Args:
            **given: values for `parameters`, by name.

        Raises:
            SettingError: as `settings` says, or values that cannot work together.
        """
        return self.maker(**self.settings(**given))


@dataclass(frozen=True, eq=False)
class Family:
    """Techniques that answer the same question; iterating over it gives the techniques.

    Attributes:
        name: "activation", "optimizer", ...
        title: as a person says it.
        question: the question that its techniques answer.
        techniques: in the order in which a newcomer should meet them.
    """

    name: str
    title: Text
    question: Text
    techniques: tuple[Technique, ...] = field(repr=False)

    def __contains__(self, technique: object) -> bool:
        return technique in self.techniques

    def __iter__(self) -> Iterator[Technique]:
        return iter(self.techniques)

    def __len__(self) -> int:
        return len(self.techniques)
