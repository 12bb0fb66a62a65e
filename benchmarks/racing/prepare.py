"""What all contestants of an assignment share, made once: initial weights, and the least work of a step.

    python -m racing.prepare '{"network": ..., "batch": ..., "sizes": ..., "weights": FILE}'
    python -m racing.prepare rates          # of this machine
    python -m racing.prepare digits FILE    # scikit-learn's digits, split

Runs with trainwell's environment in the folder above; prints a JSON line.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from racing.assignment import Assignment

TRAINING = 1408  # of the 1,797 digits; whole batches of 32, so that nobody has to compile for a rest


def digits(path: str) -> None:
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    x, y = (found.data[order] / 16).astype("float32"), found.target[order].astype("int32")
    held_out = {"x_validation": x[TRAINING:], "y_validation": y[TRAINING:]}
    np.savez(path, x=x[:TRAINING], y=y[:TRAINING], **held_out)


def prepare(task: dict[str, Any]) -> dict[str, Any]:
    from racing.keras_networks import built
    from racing.work import least_work

    assignment = Assignment(task["network"], task["batch"], task.get("sizes", {}))
    model = built(assignment)
    np.savez(task["weights"], *model.get_weights())
    x, y = assignment.data(task.get("digits"))
    least = least_work(model, x[: task["batch"]], y[: task["batch"]])
    return {"operations": least[0], "bytes": least[1], "samples": len(x)}


def main() -> None:
    if sys.argv[1] == "rates":
        from racing.machine import rates

        print(json.dumps(rates()))
    elif sys.argv[1] == "digits":
        digits(sys.argv[2])
        print("{}")
    else:
        print(json.dumps(prepare(json.loads(sys.argv[1]))))


if __name__ == "__main__":
    main()
