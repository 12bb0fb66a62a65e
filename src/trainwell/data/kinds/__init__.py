"""Kinds of sources, one module each.

A module of this package that has the four names of `SourceKind` is a kind: there is no list to edit. The one with the
smallest PRIORITY that recognises a source reads it.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Protocol, cast

from trainwell.data.raw import Options, Raw
from trainwell.locales import Text


class SourceKind(Protocol):
    """What each module of this package offers.

    Attributes:
        PRIORITY: kinds are asked in ascending order; all are different.
        ACCEPTS: what it reads, in a few words, for the error that lists what is accepted.
        NAMES: names of data sets it knows by themselves; () for most.
    """

    PRIORITY: int
    ACCEPTS: Text
    NAMES: tuple[str, ...]

    def recognises(self, source: Any, /) -> bool:
        """Whether this kind reads `source`; looks at names only, raises nothing."""
        ...

    def read(self, source: Any, options: Options, /) -> Raw:
        """Read `source`; whatever is wrong with it is a `DataError` or `FolderError`."""
        ...


def all_kinds() -> tuple[SourceKind, ...]:
    """Every kind, in the order they are asked."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    kinds = [cast("SourceKind", importlib.import_module(f"{__name__}.{name}")) for name in names]
    return tuple(sorted(kinds, key=lambda kind: kind.PRIORITY))
