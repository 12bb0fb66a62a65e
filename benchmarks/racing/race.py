"""Many contestants on one assignment, by turns: one trains while the others wait."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from racing.contestants import BENCHMARKS, ENTRANTS, JAX, Entrant
from racing.racer import Failed, Racer


@dataclass
class Result:
    """What a contestant did in a race.

    Attributes:
        failed: why there are no figures; "" if there are.
        milliseconds: of a step, one number per round.
        peak_mb: peak resident memory of the process.
        parameters: that are trained.
        versions: package -> version.
        doubts: what shows that it did other work than was asked.
    """

    failed: str = ""
    milliseconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    parameters: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def helper(*arguments: str) -> dict[str, Any]:
    """The JSON line of `racing.prepare`."""
    command = [sys.executable, "-m", "racing.prepare", *arguments]
    surroundings = os.environ | JAX | {"PYTHONPATH": str(BENCHMARKS)}
    done = subprocess.run(command, cwd=BENCHMARKS, env=surroundings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def prepared(folder: Path, network: str, batch: int, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A task for the workers, its initial weights made; and the least work of a step."""
    task = {"network": network, "batch": batch, "weights": str(folder / f"{network}.npz"), **more}
    return task, helper(json.dumps(task))


def race(
    task: dict[str, Any], names: Sequence[str], rounds: int, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Result]:
    """Every contestant's steps on this task, by turns.

    Args:
        task: for the workers, without `mode`.
        names: of the contestants, in their order.
        rounds: turns of each.
        tell: told who is being started.
    """
    results = {name: Result(failed=ENTRANTS[name].missing()) for name in names}
    racers: dict[str, Racer] = {}
    first: dict[str, float] = {}
    done: dict[str, list[dict[str, Any]]] = {name: [] for name in names}

    def attempt(name: str, do: Callable[[], None]) -> None:
        try:
            do()
        except Failed as error:
            results[name].failed = f"failed: {error!s:.200}"
            racers.pop(name).close()

    def begin(entrant: Entrant) -> None:
        racer = racers[entrant.name] = Racer(entrant, task | {"mode": "race"})
        said = racer.wait_for("ready")
        results[entrant.name].parameters, results[entrant.name].versions = said["parameters"], said["versions"]
        first[entrant.name] = racer.wait_for("first")["loss"]
        done[entrant.name].append(racer.wait_for("warm"))

    def turn(name: str) -> None:
        racers[name].order()
        done[name].append(racers[name].wait_for("turn"))

    def finish(name: str) -> None:
        racers[name].order(stop=True)
        _finish(results[name], racers[name].wait_for("end"), done[name], first[name])

    try:
        for name in names:
            if not results[name].failed:
                tell(f"{task['network']}, batch {task['batch']}: {name} starts")
                attempt(name, lambda name=name: begin(ENTRANTS[name]))
        for number in range(rounds):
            tell(f"{task['network']}, batch {task['batch']}: round {number + 1} of {rounds}")
            for name in list(racers):
                attempt(name, lambda name=name: turn(name))
        for name in list(racers):
            attempt(name, lambda name=name: finish(name))
    finally:
        for racer in racers.values():
            racer.close()
    _compare(results)
    return results


def _finish(result: Result, end: dict[str, Any], done: list[dict[str, Any]], first_loss: float) -> None:
    warm, *turns = done
    result.peak_mb = end["peak_mb"]
    result.milliseconds = [1000 * turn["seconds"] / turn["steps"] for turn in turns]
    asked = warm["steps"] + sum(turn["steps"] for turn in turns)
    if end["updates"] != asked:
        result.doubts.append(f"the optimizer counted {end['updates']} updates, not {asked}")
    if not turns[-1]["loss"] < first_loss:
        result.doubts.append(f"the loss did not fall: {first_loss:.4g} to {turns[-1]['loss']:.4g}")


def _compare(results: dict[str, Result]) -> None:
    """Note who trains another number of parameters than most do."""
    counts = [result.parameters for result in results.values() if not result.failed]
    usual = max(counts, key=counts.count, default=0)
    for result in results.values():
        if not result.failed and result.parameters != usual:
            result.doubts.append(f"{result.parameters:,} parameters, not {usual:,}")


def scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="race-")
