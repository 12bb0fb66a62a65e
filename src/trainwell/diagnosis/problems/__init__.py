"""The catalogue of problems: one file each, found by looking into this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from trainwell.diagnosis.problem import Problem


@cache
def all_problems() -> tuple[Problem, ...]:
    """Every problem of this folder, by identifier."""
    modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    return tuple(sorted((m.PROBLEM for m in modules), key=lambda problem: problem.identifier))


__all__ = ["all_problems"]
