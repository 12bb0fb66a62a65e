"""How the step grows: with width, depth, length of a sequence, batch, samples; and the recording with the training."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from racing import table
from racing.contestants import BENCHMARKS, ENTRANTS, JAX
from racing.race import prepared, race

CONTESTANTS = ("trainwell", "trainwell-unwatched", "keras-jax")
SERIES: tuple[tuple[str, str, str, tuple[int, ...]], ...] = (
    ("width", "mlp", "width", (64, 128, 256, 512, 1024, 2048)),
    ("width", "lstm", "width", (16, 32, 64, 128, 256)),
    ("depth", "mlp", "depth", (1, 2, 4, 8, 16, 32)),
    ("depth", "transformer", "depth", (1, 2, 4, 8)),
    ("length", "lstm", "steps", (25, 50, 100, 200, 400)),
    ("length", "transformer", "steps", (16, 32, 64, 128, 256)),
    ("side", "resnet", "side", (16, 32, 64)),
    ("batch", "mlp", "batch", (8, 32, 128, 512, 2048)),
    ("batch", "cnn", "batch", (8, 32, 128)),
)
SAMPLES = (1024, 4096, 16384, 65536, 262144)
RECORDED_STEPS = (512, 2048, 8192, 32768, 131072)
STEPS_OF_EPOCH = 32  # least, where a set shall not be larger than needed

RECORDING = """
import json, sys
import trainwell as tw
from pathlib import Path
from racing.assignment import Assignment
from racing.keras_networks import built
network, steps, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
assignment = Assignment(network, 32, {"samples": 512 * 32})
x, y = assignment.data()
tw.train(built(assignment), x, y, epochs=steps // 512, batch_size=32, out=out)
files = [path for path in (out / "recording").rglob("*") if path.is_file()]
print(json.dumps(sum(path.stat().st_size for path in files)))
"""


def growth(folder: Path, names: Sequence[str], rounds: int, only: Sequence[str] | None, tell: Any) -> list[Any]:
    """Print the tables; returns the figures."""
    names = [name for name in names if name in CONTESTANTS and not ENTRANTS[name].missing()]
    found: list[Any] = []
    print(f"\n### Growth: ms per step\n\n{table.head(['network', 'grows', 'to', *names])}", flush=True)
    for title, network, size, values in SERIES:
        if only and network not in only:
            continue
        for value in values:
            batch, sizes = (value, {}) if size == "batch" else (32, {size: value})
            task, _ = prepared(folder, network, batch, sizes=sizes | {"samples": STEPS_OF_EPOCH * batch})
            found.append([title, network, value, _row([network, title, str(value)], task, names, rounds, tell)])
    if not only or "mlp" in only:
        print(f"\n### Growth: ms per epoch\n\n{table.head(['network', 'grows', 'to', *names])}", flush=True)
        for samples in SAMPLES:
            task, _ = prepared(folder, "mlp", 32, sizes={"samples": samples})
            label = ["mlp", "samples", str(samples)]
            found.append(["samples", "mlp", samples, _row(label, task, names, rounds, tell, steps=samples // 32)])
        print(f"\n### Growth: the recording\n\n{table.head(['network', 'steps', 'kB', 'bytes a step'])}", flush=True)
        for steps in RECORDED_STEPS:
            tell(f"recording of {steps} steps")
            size = recording_bytes("mlp", steps, folder / f"recorded-{steps}")
            print(table.line(["mlp", str(steps), f"{size / 1e3:,.0f}", f"{size / steps:.1f}"]), flush=True)
            found.append(["recording", "mlp", steps, size])
    return found


def _row(label: list[str], task: Any, names: Sequence[str], rounds: int, tell: Any, steps: int = 1) -> Any:
    """One line of `steps` steps each; contestant -> ms."""
    results = race(task, names, rounds, tell)
    times = {name: steps * table.median(result) for name, result in results.items() if not result.failed}
    cells = [table.short(times[name]) if name in times else table.NOBODY for name in names]
    print(table.line([*label, *cells]), flush=True)
    for remark in table.remarks(" ".join(label), results):
        print(remark, file=sys.stderr)
    return times


def recording_bytes(network: str, steps: int, out: Path) -> int:
    """Bytes of the recording of a watched training of so many steps of batch 32."""
    command = [sys.executable, "-c", RECORDING, network, str(steps), str(out)]
    surroundings = os.environ | JAX | {"PYTHONPATH": str(BENCHMARKS)}
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    return int(done.stdout.strip().splitlines()[-1])
