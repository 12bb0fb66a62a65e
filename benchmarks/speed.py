"""How fast trainwell trains, side by side with its peers: the same networks, weights, batches and optimizer everywhere.

    python benchmarks/speed.py [--only NETWORK ...] [--batch 32 256] [--rounds 5] [--contestants NAME ...]
                               [--measures steps start reach] [--growth] [--check] [--json FILE]

Contestants are processes that take turns, so that the machine's mood meets all, and only one works at a time: trainwell
watched (its default) and unwatched, Keras `fit` on JAX, TensorFlow and PyTorch, a plain PyTorch loop, the same with
`torch.compile`, and Lightning. Each uses as many threads as its framework chooses. `make bench-peers` installs the
peers; one that is not there is left out, and said so.

steps: after a warm-up each trains for about 1.5 seconds in its turn, whole epochs and what lies between them. The
figures are the medians over the rounds, the quartiles in brackets, and the ratio to trainwell watched: above 1, the
peer is slower. The fastest peer is bold. The floor is what the step must take on this machine, by the measured rate of
a matrix product and of a copy (see `racing/work.py`). Peak memory is that of the process.
start: seconds from the start of the process to its first trained step; "cached": with programs that an earlier
process compiled and kept.
reach: seconds until a network knows scikit-learn's digits, by validation accuracy after every epoch.
--check trains every contestant for three epochs from the same weights and shows the loss before and after.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from racing import table
from racing.assignment import RACED
from racing.contestants import ENTRANTS
from racing.growth import growth
from racing.race import Result, helper, prepared, race, scratch
from racing.reach import ACCURACY, seconds_to_accuracy
from racing.same_work import check
from racing.start import start_seconds

MEASURES = ("steps", "start", "reach")
FEW_ROUNDS = 3  # at most, of what takes a process of its own each time


def tell(text: str) -> None:
    """Progress, where somebody looks."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def steps(folder: Path, arguments: Any, rates: dict[str, float], kept: dict[str, Any]) -> None:
    """The table of steps, and behind it those of memory."""
    print(f"\n### ms per step\n\n{table.steps_head(arguments.contestants)}", flush=True)
    memory: list[str] = []
    remarks: list[str] = []
    for network in arguments.only:
        for batch in arguments.batch:
            task, least = prepared(folder, network, batch)
            results = race(task, arguments.contestants, arguments.rounds, tell)
            tell("")
            print(table.steps_lines(network, batch, table.floor_milliseconds(least, rates), results), flush=True)
            memory.append(table.memory_line(network, batch, results))
            remarks += table.remarks(f"{network}, batch {batch}", results)
            kept["steps"].append({"network": network, "batch": batch, "least": least, "results": _plain(results)})
            _note_versions(kept, _plain(results))
    print("\n".join(["", "### Peak memory, MB", "", table.head(["network", "batch", *arguments.contestants]), *memory]))
    if remarks:
        print("\n".join(["", *remarks]))


def starts(folder: Path, arguments: Any, kept: dict[str, Any]) -> None:
    columns = ["network", "batch", "compiled", *arguments.contestants]
    print(f"\n### Seconds from the start of the process to the first trained step\n\n{table.head(columns)}", flush=True)
    for network in arguments.only:
        task, _ = prepared(folder, network, 32, sizes={"samples": 32})
        found = start_seconds(task, arguments.contestants, min(arguments.rounds, FEW_ROUNDS))
        for kind in ("cold", "cached"):
            print(table.start_line(network, 32, kind, found), flush=True)
        _note_versions(kept, found)
        kept["start"].append({"network": network, "batch": 32, "found": found})


def reaches(folder: Path, arguments: Any, kept: dict[str, Any]) -> None:
    print(f"\n### Digits: until a validation accuracy\n\n{table.head(['network', '', *arguments.contestants])}")
    for network, accuracy in ACCURACY.items():
        found = seconds_to_accuracy(folder, network, arguments.contestants, min(arguments.rounds, FEW_ROUNDS))
        print("\n".join(table.reach_lines(f"{network}, {accuracy:.0%}", found)), flush=True)
        for name, one in found.items():
            if one["failed"]:
                print(f"- {network}, {name}: {one['failed']}", file=sys.stderr)
        _note_versions(kept, found)
        kept["reach"].append({"network": network, "accuracy": accuracy, "found": found})


def _plain(results: dict[str, Result]) -> dict[str, Any]:
    return {
        name: asdict(result) | ({} if result.failed else {"median": statistics.median(result.milliseconds)})
        for name, result in results.items()
    }


def _note_versions(kept: dict[str, Any], found: dict[str, Any]) -> None:
    for one in found.values():
        kept["versions"] |= one["versions"]


def footer(kept: dict[str, Any], rates: dict[str, float]) -> str:
    """The command, the versions and the machine."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(kept["versions"].items()))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"{cores} cores, {rates['operations'] / 1e9:.0f} GFLOP/s, copies {rates['bytes'] / 1e9:.1f} GB/s"
    return f"`{kept['command']}`: {versions}; Python {platform.python_version()}, {platform.system()}, {machine}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=RACED, metavar="NETWORK", help=", ".join(RACED))
    parser.add_argument("--batch", nargs="+", type=int, default=[32, 256])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contestants", nargs="+", choices=ENTRANTS, metavar="NAME", help=", ".join(ENTRANTS))
    parser.add_argument("--measures", nargs="+", choices=MEASURES, help="all if not given; steps alone with --only")
    parser.add_argument("--growth", action="store_true", help="how trainwell and Keras on JAX grow, instead")
    parser.add_argument("--check", action="store_true", help="whether all do the same work, instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures into this file")
    arguments = parser.parse_args()
    measures = arguments.measures or (["steps"] if arguments.only else MEASURES)
    only = arguments.only
    arguments.only, arguments.contestants = only or list(RACED), arguments.contestants or list(ENTRANTS)
    absent = {name: why for name in arguments.contestants if (why := ENTRANTS[name].missing())}
    command = shlex.join(["python", "benchmarks/speed.py", *sys.argv[1:]])
    kept: dict[str, Any] = {"command": command, "versions": {}, "steps": [], "start": [], "reach": [], "growth": []}
    for name, why in absent.items():
        print(f"- {name}: {why}")
    with scratch() as temporary:
        folder = Path(temporary)
        if arguments.check:
            check(folder, arguments.only, arguments.contestants, tell)
            return
        rates = kept["rates"] = helper("rates")
        if arguments.growth:
            kept["growth"] = growth(folder, arguments.contestants, arguments.rounds, only, tell)
        else:
            if "steps" in measures:
                steps(folder, arguments, rates, kept)
            if "start" in measures:
                starts(folder, arguments, kept)
            if "reach" in measures:
                reaches(folder, arguments, kept)
        print(f"\n{footer(kept, rates)}")
    if arguments.json:
        arguments.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
