"""All techniques, found by looking through the files of this room: a new entry or family needs no list elsewhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from trainwell.errors import UnknownNameError
from trainwell.locales import Text
from trainwell.techniques.technique import Family, Technique


@cache
def families() -> Mapping[str, Family]:
    """Every family by name: each module of this room that has a `FAMILY`.

    >>> [technique.name for technique in families()["clipping"]]
    ['clip_value', 'clip_norm', 'global_clip_norm']
    """
    package = importlib.import_module("trainwell.techniques")
    modules = (importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__))
    found: list[Family] = [module.FAMILY for module in modules if hasattr(module, "FAMILY")]
    return MappingProxyType({family.name: family for family in found})


def all_techniques() -> tuple[Technique, ...]:
    """Every technique, family by family."""
    return tuple(technique for family in families().values() for technique in family)


def find(name: str, family: str | None = None) -> Technique:
    """The technique called `name`, in any usual spelling.

    Capitals, spaces, hyphens and underscores make no difference, and other names of the same thing are understood
    ("swish", "xavier_uniform", "kaiming_normal").

    Args:
        name: what a person wrote.
        family: look in this family only. Without it, the first family in alphabetical order that knows the name
            answers ("linear" is the activation, the schedule is `find("linear", "schedule")`).

    Raises:
        UnknownNameError: no technique, or no family, has that name.

    >>> find("Swish").name
    'silu'
    """
    if family is not None and family not in families():
        raise UnknownNameError(Text(en="family of techniques", zh="技术类别"), family, families())
    among = all_techniques() if family is None else families()[family].techniques
    wanted = _bare(name)
    for technique in among:
        if wanted in (_bare(spelling) for spelling in (technique.name, *technique.aliases)):
            return technique
    what = Text(en="technique", zh="技术") if family is None else families()[family].title
    raise UnknownNameError(what, name, (technique.name for technique in among))


def _bare(name: str) -> str:
    return "".join(character for character in name.lower() if character not in "_- ")
