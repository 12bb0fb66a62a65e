"""Whether all contestants do the same work: parameters, updates, and the loss before and after some epochs.

All begin with the same weights and take the samples in the same order, so that the loss behind the training must agree
too, but for rounding, which training enlarges; where dropout is drawn it must only fall.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from racing import table
from racing.contestants import ENTRANTS
from racing.race import prepared
from racing.racer import Failed, Racer

SAMPLES = 512  # of every set
TOLERANCE = {"resnet": 0.05}  # its "same" padding at stride 2 is one pixel further in PyTorch
EXACT = 1e-3  # relative difference of the loss before training, else
TRAINED = 0.02  # of the loss after it
DROPOUT = ("transformer",)


def check(folder: Path, networks: Sequence[str], names: Sequence[str], tell: Callable[[str], None]) -> None:
    """Print a row for each network and contestant."""
    columns = ("network", "contestant", "parameters", "loss before", "loss after", "updates", "of", "same work")
    print(table.head(columns), flush=True)
    for network in networks:
        task, _ = prepared(folder, network, 32, sizes={"samples": SAMPLES})
        first: dict[str, Any] | None = None
        for name in names:
            if ENTRANTS[name].missing():
                continue
            tell(f"{network}: {name}")
            racer = Racer(ENTRANTS[name], task | {"mode": "check"})
            try:
                said = racer.wait_for("end")
            except Failed as error:
                print(table.line([network, name, f"failed: {error!s:.200}"]), flush=True)
                continue
            finally:
                racer.close()
                tell("")
            first = first or said
            shown = [f"{said['parameters']:,}", f"{said['before']:.5f}", f"{said['after']:.4f}", str(said["updates"])]
            wrong = "; ".join(differences(network, said, first)) or "yes"
            print(table.line([network, name, *shown, str(said["steps"]), wrong]), flush=True)


def differences(network: str, said: dict[str, Any], first: dict[str, Any]) -> list[str]:
    """What a contestant did unlike the first one, or not as asked."""
    found: list[str] = []
    if said["parameters"] != first["parameters"]:
        found.append("other parameters")
    if abs(said["before"] - first["before"]) > TOLERANCE.get(network, EXACT) * first["before"]:
        found.append("another loss before training")
    if said["updates"] != said["steps"]:
        found.append("other updates")
    if network not in DROPOUT and abs(said["after"] - first["after"]) > TRAINED * first["after"]:
        found.append("another loss after training")
    if not said["after"] < said["before"]:
        found.append("the loss did not fall")
    return found
