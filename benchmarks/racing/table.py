"""The figures as Markdown tables."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from racing.race import Result

OURS = ("trainwell", "trainwell-unwatched")
NOBODY = "–"


def head(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def short(number: float) -> str:
    """Three digits that count."""
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.3g}"


def median(result: Result) -> float:
    return statistics.median(result.milliseconds)


def spread(result: Result) -> str:
    """Median, and the quartiles in brackets."""
    values = result.milliseconds
    if len(values) < 2:
        return short(values[0])
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{short(median(result))} ({short(low)}–{short(high)})"


def floor_milliseconds(least: Mapping[str, float], rates: Mapping[str, float]) -> tuple[float, str]:
    """What the step must take on this machine, and whether by arithmetic or by traffic."""
    kinds = {"arithmetic": "operations", "memory": "bytes"}
    return max((1000 * least[unit] / rates[unit], name) for name, unit in kinds.items())


def steps_head(names: Sequence[str]) -> str:
    return head(["network", "batch", "floor, ms", *names])


def steps_lines(title: str, batch: int, floor: tuple[float, str], results: Mapping[str, Result]) -> str:
    """Milliseconds of a step, the ratio to trainwell (watched, if that races); the best peer in bold."""
    timed = {name: median(result) for name, result in results.items() if not result.failed}
    peers = {name: time for name, time in timed.items() if name not in OURS}
    best = min(peers, key=lambda name: peers[name], default="")
    measure = next((name for name in OURS if name in timed), "")
    cells: list[str] = []
    for name, result in results.items():
        if result.failed:
            cells.append(NOBODY)
            continue
        ratio = f", x{timed[name] / timed[measure]:.2f}" if measure and name != measure else ""
        cell = spread(result) + ratio
        cells.append(f"**{cell}**" if name == best else cell)
    return line([title, str(batch), f"{short(floor[0])} {floor[1]}", *cells])


def memory_line(title: str, batch: int, results: Mapping[str, Result]) -> str:
    """Peak resident megabytes of the processes."""
    cells = [NOBODY if result.failed else f"{result.peak_mb:,.0f}" for result in results.values()]
    return line([title, str(batch), *cells])


def start_line(title: str, batch: int, kind: str, found: Mapping[str, Mapping[str, Any]]) -> str:
    return line([title, str(batch), kind, *(f"{one[kind]:.1f}" if kind in one else NOBODY for one in found.values())])


def reach_lines(title: str, found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    shown = {"seconds": "s to it", "whole": "s of the call", "since_start": "s of the process", "epochs": "epochs"}
    return [
        line([title, text, *(f"{one[key]:.3g}" if key in one else NOBODY for one in found.values())])
        for key, text in shown.items()
    ]


def remarks(title: str, results: Mapping[str, Result]) -> list[str]:
    """Who raced and failed, and what is doubtful; who is not installed is said once, by speed.py."""
    return [
        *(f"- {title}, {name}: {result.failed}" for name, result in results.items() if result.failed[:6] == "failed"),
        *(f"- {title}, {name}: **{doubt}**" for name, result in results.items() for doubt in result.doubts),
    ]
