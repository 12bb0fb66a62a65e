"""A sentence in both languages, and which language a person wants to read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Text:
    """One thing to read, in English and in Chinese.

    Text is made last: code passes codes and values, and the place that shows them picks the language.

    >>> greeting = Text(en="{count} layers", zh="{count} 层")
    >>> greeting.format(count=3)["zh"]
    '3 层'
    """

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return self.en

    def format(self, **values: object) -> Text:
        """Fill the placeholders of both languages with the same values; a `Text` value is taken per language."""
        return Text(
            en=self.en.format(**{k: v.en if isinstance(v, Text) else v for k, v in values.items()}),
            zh=self.zh.format(**{k: v.zh if isinstance(v, Text) else v for k, v in values.items()}),
        )


def preferred_language(environment: dict[str, str] | None = None) -> Language:
    """The language a person wants: TRAINWELL_LANG, else LC_ALL, LC_MESSAGES, LANG; English otherwise.

    >>> preferred_language({"LANG": "zh_CN.UTF-8"})
    'zh'
    """
    env = dict(os.environ) if environment is None else environment
    for variable in ("TRAINWELL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = env.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
