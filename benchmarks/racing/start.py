"""From the start of a process to its first trained step, compiled anew or by an earlier process."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from racing.contestants import ENTRANTS, Entrant
from racing.racer import Failed, Racer


def start_seconds(task: dict[str, Any], names: Sequence[str], rounds: int) -> dict[str, dict[str, Any]]:
    """Contestant -> median seconds: `cold`, and `cached` where it can keep compiled programs; or `failed`."""
    found: dict[str, dict[str, Any]] = {name: {"failed": ENTRANTS[name].missing(), "versions": {}} for name in names}
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        caches = {name: Path(folder, name) for name in names if ENTRANTS[name].cache}
        for turn in range(rounds):
            for name in names:
                if found[name]["failed"]:
                    continue
                try:
                    seconds, found[name]["versions"] = _started(ENTRANTS[name], task, None)
                    times.setdefault((name, "cold"), []).append(seconds)
                    if name in caches:
                        if turn == 0:
                            _started(ENTRANTS[name], task, caches[name])  # fills the cache
                        times.setdefault((name, "cached"), []).append(_started(ENTRANTS[name], task, caches[name])[0])
                except Failed as error:
                    found[name]["failed"] = f"failed: {error!s:.200}"
    for (name, kind), seconds in times.items():
        found[name][kind] = statistics.median(seconds)
    return found


def _started(entrant: Entrant, task: dict[str, Any], cache: Path | None) -> tuple[float, dict[str, str]]:
    """Seconds to the first step, and versions."""
    racer = Racer(entrant, task | {"mode": "start"}, cache)
    try:
        said = racer.wait_for("first")
        racer.wait_for("end")
    finally:
        racer.close()
    return said["since_start"], racer.versions
