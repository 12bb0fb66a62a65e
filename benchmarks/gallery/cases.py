"""All cases of the gallery by name: which recipe with which fault, or none, and which seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from gallery.bases import BASES, SEEDS
from gallery.fault import Fault
from gallery.faults import all_faults
from gallery.healthy import VARIATIONS
from gallery.recipe import Recipe

Half = Literal["tune", "score"]


@dataclass(frozen=True)
class Case:
    """One training of the gallery.

    Attributes:
        name: readable, e.g. "lstm-text-spam-learning_rate_too_high-x100-s0".
        base: name of the healthy recipe that it comes from.
        recipe: of this training, with the fault.
        fault: what is wrong; None for a healthy training.
        seed: of initial weights, order of the samples and the fault's own choices.
    """

    name: str
    base: str
    recipe: Recipe
    fault: Fault | None
    seed: int

    @property
    def half(self) -> Half:
        """Thresholds may be tuned on one half only; a case with several seeds is in one half with all of them."""
        return "tune" if _number(self.name.rsplit("-s", 1)[0]) % 2 else "score"


@cache
def all_cases() -> tuple[Case, ...]:
    """Healthy recipes with all seeds, their healthy variations, and every fault in some of them."""
    cases = [
        Case(f"{base}-healthy-s{seed}", base, recipe, None, seed) for base, recipe in BASES.items() for seed in SEEDS
    ]
    for one in VARIATIONS:
        for base in _chosen(one.name, one.fits, one.bases):
            seed = _seed(base, one.name)
            cases.append(Case(f"{base}-{one.name}-s{seed}", base, one.change(BASES[base]), None, seed))
    for fault in all_faults():
        name = f"{fault.problem}-{fault.strength}"
        for base in _chosen(name, fault.fits, fault.bases):
            seed = _seed(base, name)
            cases.append(Case(f"{base}-{name}-s{seed}", base, fault.change(BASES[base]), fault, seed))
    return tuple(cases)


def _chosen(name: str, fits: Callable[[Recipe], bool], count: int) -> list[str]:
    """So many fitting recipes, as many families and kinds of data as can be, always the same."""
    left = sorted((base for base in BASES if fits(BASES[base])), key=lambda base: _number(f"{name} {base}"))
    chosen: list[str] = []
    while left and len(chosen) < count:
        families = [BASES[base].network for base in chosen]
        kinds = [BASES[base].kind for base in chosen]
        left.sort(key=lambda base: families.count(BASES[base].network) + kinds.count(BASES[base].kind))
        chosen.append(left.pop(0))
    return chosen


def _seed(base: str, name: str) -> int:
    return SEEDS[_number(f"{base} {name} seed") % len(SEEDS)]


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
