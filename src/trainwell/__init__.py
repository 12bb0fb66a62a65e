"""Trains deep networks well, and shows why.

    import trainwell as tw

    data = tw.load("digits")
    model = tw.networks.cnn(data)
    run = tw.train(model, data, epochs=10)
    run.findings
    run.report("report.html")

Importing trainwell loads neither JAX nor Keras; they are loaded when a network is built or trained.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from trainwell.backend import choose_backend

if TYPE_CHECKING:
    from trainwell import blueprint, data, diagnosis, engine, networks, signals, techniques
    from trainwell.blueprint import Blueprint
    from trainwell.data import Dataset, load
    from trainwell.diagnosis import Finding
    from trainwell.signals import Recording
    from trainwell.workflows import Run, diagnose, generate, open_run, predict, train
    from trainwell.workflows.monitor import Monitor

__version__ = "0.1.0"

_HOMES = {
    "load": "trainwell.data",
    "Dataset": "trainwell.data",
    "Blueprint": "trainwell.blueprint",
    "Recording": "trainwell.signals",
    "Finding": "trainwell.diagnosis",
    "Monitor": "trainwell.workflows.monitor",
    "Run": "trainwell.workflows",
    "diagnose": "trainwell.workflows",
    "open_run": "trainwell.workflows",
    "generate": "trainwell.workflows",
    "predict": "trainwell.workflows",
    "train": "trainwell.workflows",
}
_ROOMS = ("blueprint", "data", "diagnosis", "engine", "networks", "signals", "techniques")

__all__ = [
    "Blueprint",
    "Dataset",
    "Finding",
    "Monitor",
    "Recording",
    "Run",
    "blueprint",
    "data",
    "diagnose",
    "diagnosis",
    "engine",
    "generate",
    "load",
    "networks",
    "open_run",
    "predict",
    "signals",
    "techniques",
    "train",
]

choose_backend()


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name in _ROOMS:
        return importlib.import_module(f"trainwell.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'trainwell' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
