"""The catalogue of faults: one file per thing that can be wrong, found by looking into this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from gallery.fault import Fault


@cache
def all_faults() -> tuple[Fault, ...]:
    """Every fault of this folder."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return tuple(fault for module in modules for fault in module.FAULTS)


__all__ = ["all_faults"]
