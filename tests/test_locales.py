"""Every sentence stands in both languages."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import string
from pathlib import Path

import pytest

import trainwell
from trainwell.errors import UnknownNameError
from trainwell.locales import Text, preferred_language

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _assigned(module):
    """Names that this very file gives a value, so that what it imports is not looked at twice."""
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(target, ast.Name):
                yield target.id, node.lineno


def texts():
    """(where, Text) of every Text that stands in a module."""
    for info in pkgutil.walk_packages(trainwell.__path__, "trainwell."):
        if info.name == "trainwell.__main__":
            continue
        module = importlib.import_module(info.name)
        own = {name for name, line in _assigned(module)}
        for name, value in vars(module).items():
            if name not in own:
                continue
            if isinstance(value, Text):
                yield f"{info.name}.{name}", value
            elif isinstance(value, dict):
                for key, item in value.items():
                    if isinstance(item, Text):
                        yield f"{info.name}.{name}[{key}]", item


@pytest.mark.parametrize(("where", "text"), list(texts()))
def test_both_languages_are_there_and_have_the_same_places_to_fill(where, text):
    assert bool(text.en.strip()) == bool(text.zh.strip()), where
    assert not CHINESE.search(text.en), where
    english = re.search(r"[a-z]{2,} [a-z]{2,}", re.sub(r"{.*?}", "", text.en))  # names alone need no translation
    assert CHINESE.search(text.zh) or not english, where
    fields = [{field for _, field, _, _ in string.Formatter().parse(one) if field} for one in (text.en, text.zh)]
    assert fields[0] == fields[1], where


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "TRAINWELL_LANG": "zh"}, "zh"),
    ],
)
def test_the_language_follows_the_environment(environment, language):
    assert preferred_language(environment) == language


def test_an_unknown_name_lists_the_nearest_or_all():
    what = Text(en="fruit", zh="水果")
    assert "did you mean apple?" in str(UnknownNameError(what, "appel", ["apple", "pear"]))
    far = UnknownNameError(what, "xyz", ["apple", "pear"])
    assert "known are: apple, pear" in str(far)
    assert "已知的有：apple, pear" in far.text("zh")
