"""One contestant on one assignment, as a process of its own: `python -m racing.worker '{...}'` in the folder above.

What it is asked to do (`mode`):

    race     train; after the warm-up wait for turns, until told to stop
    start    train one step
    reach    train on real digits until a validation accuracy is reached
    check    say the loss before and after some epochs in the order of the data
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from typing import Any

import numpy as np

from racing.assignment import Assignment
from racing.turns import Channel, Count, Turns

CHECK_SAMPLES, CHECK_EPOCHS = 256, 3
MOST_EPOCHS = 1000  # planned by a race; it ends earlier


def weights_of(path: str) -> list[Any]:
    """The initial weights, in Keras's order."""
    kept = np.load(path)
    return [kept[f"arr_{number}"] for number in range(len(kept.files))]


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def race(channel: Channel, contestant: Any, task: dict[str, Any], x: Any, y: Any) -> None:
    turns = Turns(channel, len(x) // task["batch"])
    updates = contestant.train(x, y, None, MOST_EPOCHS, turns)
    channel.say(event="end", updates=updates, peak_mb=peak_megabytes())


def start(channel: Channel, contestant: Any, task: dict[str, Any], x: Any, y: Any) -> None:
    said = []

    def first(loss: float, _: float | None = None) -> bool:
        said.append(loss)
        channel.say(event="first", loss=loss, peak_mb=peak_megabytes())
        return False

    contestant.train(x[: task["batch"]], y[: task["batch"]], None, 1, first)
    channel.say(event="end")


def reach(channel: Channel, contestant: Any, task: dict[str, Any], x: Any, y: Any) -> None:
    count = Count(task["most_epochs"], task["accuracy"])
    validation = Assignment(task["network"], task["batch"]).validation(task["digits"])
    began = time.perf_counter()
    contestant.train(x, y, validation, task["most_epochs"], count)
    whole = time.perf_counter() - began
    reached = {"epochs": count.epochs, "accuracy": count.accuracy, "seconds": count.seconds, "whole": whole}
    channel.say(event="end", peak_mb=peak_megabytes(), **reached)


def check(channel: Channel, contestant: Any, task: dict[str, Any], x: Any, y: Any) -> None:
    few = x[:CHECK_SAMPLES], y[:CHECK_SAMPLES]
    before = contestant.loss(*few)
    count = Count(CHECK_EPOCHS)
    updates = contestant.train(x, y, None, CHECK_EPOCHS, count)
    channel.say(
        event="end",
        parameters=contestant.parameters,
        before=before,
        after=contestant.loss(*few),
        updates=updates,
        steps=CHECK_EPOCHS * (len(x) // task["batch"]),
    )


MODES = {"race": race, "start": start, "reach": reach, "check": check}


def main() -> None:
    channel = Channel()
    task = json.loads(sys.argv[1])
    assignment = Assignment(
        task["network"], task["batch"], task.get("sizes", {}), task.get("seed", 0), task["mode"] != "check"
    )
    module = importlib.import_module(f"racing.{task['module']}")
    contestant = module.Contestant(assignment, weights_of(task["weights"]), **task.get("options", {}))
    x, y = assignment.data(task.get("digits"))
    channel.say(event="ready", parameters=contestant.parameters, versions=contestant.versions())
    MODES[task["mode"]](channel, contestant, task, x, y)


if __name__ == "__main__":
    main()
