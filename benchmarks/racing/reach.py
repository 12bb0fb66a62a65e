"""How long until a network knows real digits: seconds to a validation accuracy."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from racing.contestants import ENTRANTS
from racing.race import helper, prepared
from racing.racer import Failed, Racer

ACCURACY = {"digits_cnn": 0.97, "digits_mlp": 0.96}  # of the validation digits; both networks reach it in good time
MOST_EPOCHS = 60


def seconds_to_accuracy(folder: Path, network: str, names: Sequence[str], rounds: int) -> dict[str, dict[str, Any]]:
    """Contestant -> medians: `seconds` from the call to the accuracy, `whole` to the return of the call, `since_start`
    of the process to its end, `epochs`; or `failed`."""
    digits = folder / "digits.npz"
    helper("digits", str(digits))
    task, _ = prepared(folder, network, 32, digits=str(digits))
    task |= {"mode": "reach", "accuracy": ACCURACY[network], "most_epochs": MOST_EPOCHS}
    found: dict[str, dict[str, Any]] = {name: {"failed": ENTRANTS[name].missing(), "versions": {}} for name in names}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names:
            if found[name]["failed"]:
                continue
            racer = Racer(ENTRANTS[name], task | {"seed": turn})
            try:
                runs[name].append(racer.wait_for("end"))
                found[name]["versions"] = racer.versions
                if runs[name][-1]["seconds"] is None:
                    found[name]["failed"] = f"not reached in {MOST_EPOCHS} epochs"
            except Failed as error:
                found[name]["failed"] = f"failed: {error!s:.200}"
            finally:
                racer.close()
    for name, ran in runs.items():
        if ran and not found[name]["failed"]:
            for what in ("seconds", "whole", "since_start", "epochs", "peak_mb"):
                found[name][what] = statistics.median(one[what] for one in ran)
    return found
