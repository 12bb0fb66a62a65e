"""The catalogue of measures: one file each, found by looking into this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from trainwell.signals.measure import Measure


@cache
def all_measures() -> tuple[Measure, ...]:
    """Every measure of this folder, by name."""
    modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    return tuple(sorted((m.MEASURE for m in modules), key=lambda measure: measure.name))


__all__ = ["all_measures"]
