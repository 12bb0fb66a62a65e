"""Who races: each with its environment and how it is told to train."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parent.parent
PEERS = BENCHMARKS.parent / ".venv-peers"


@dataclass(frozen=True)
class Entrant:
    """One contestant.

    Attributes:
        name: as it is asked for and shown.
        module: in this folder, with a class `Contestant`.
        environment: folder below `.venv-peers`; "" for trainwell's own.
        needs: what must be importable there.
        variables: of the process.
        options: of `Contestant`.
        cache: variable that names a folder for compiled programs; "" if there is none.
    """

    name: str
    module: str
    environment: str = ""
    needs: str = "keras"
    variables: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    cache: str = ""

    @property
    def python(self) -> Path:
        return PEERS / self.environment / "bin" / "python" if self.environment else Path(sys.executable)

    def missing(self) -> str:
        """Why it cannot take part; "" if it can."""
        if not self.python.exists():
            return "not installed (make bench-peers)"
        command = [str(self.python), "-c", f"import importlib.util as u; assert u.find_spec({self.needs!r})"]
        found = subprocess.run(command, capture_output=True, check=False).returncode == 0
        return "" if found else f"{self.needs} is not installed (make bench-peers)"

    def surroundings(self, cache: Path | None) -> dict[str, str]:
        """Environment variables of its process, with its compile cache in this folder, or none."""
        kept = {name: value for name, value in os.environ.items() if name not in CACHES}
        settled = kept | {"PYTHONPATH": str(BENCHMARKS), "TF_CPP_MIN_LOG_LEVEL": "3"} | self.variables
        if cache is not None and self.cache:
            settled |= {self.cache: str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.5"}
        return settled


CACHES = ("TRAINWELL_CACHE", "JAX_COMPILATION_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")
JAX, TENSORFLOW, TORCH = ({"KERAS_BACKEND": name} for name in ("jax", "tensorflow", "torch"))
ENTRANTS = {
    one.name: one
    for one in (
        Entrant("trainwell", "with_trainwell", variables=JAX, cache="TRAINWELL_CACHE"),
        Entrant(
            *("trainwell-unwatched", "with_trainwell"),
            variables=JAX,
            options={"watch": False},
            cache="TRAINWELL_CACHE",
        ),
        Entrant("keras-jax", "with_keras", variables=JAX, cache="JAX_COMPILATION_CACHE_DIR"),
        Entrant("keras-tensorflow", "with_keras", "tensorflow", "tensorflow", TENSORFLOW),
        Entrant("keras-torch", "with_keras", "torch", "torch", TORCH),
        Entrant("torch", "with_torch", "torch", "torch"),
        Entrant(
            *("torch-compile", "with_torch", "torch", "torch"),
            options={"compiled": True},
            cache="TORCHINDUCTOR_CACHE_DIR",
        ),
        Entrant("lightning", "with_lightning", "torch", "lightning"),
    )
}
