"""The rules of other tools, applied to the same recordings: one file each, found by looking into this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from gallery.alarm import Alarm

if TYPE_CHECKING:
    from gallery.recorded import Recorded

Peer = Callable[["Recorded"], tuple[Alarm, ...]]


@cache
def all_peers() -> dict[str, Peer]:
    """Name -> its rules."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return {module.NAME: module.alarms for module in modules if hasattr(module, "NAME")}


__all__ = ["all_peers"]
