"""Many variants at once: N lanes of trainwell beside N trainings one after another, trainwell's own and Keras's.

    python benchmarks/lanes.py [--lanes 32] [--epochs 10] [--rounds 3] [--only mlp cnn lstm] [--ways]

Each contestant is a process of its own that builds N networks (other seeds and learning rates), trains them, and says
how long that took, with compilation; the contestants take turns. `--ways` also measures lanes that are trained together
and in turns, by number of lanes and width, which is what the choice between them rests on.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".venv-peers"

WORKER = """
import json, os, sys, time
asked = json.loads(sys.argv[1])
if asked["who"].startswith("trainwell"):
    import trainwell
import keras, numpy as np
keras.config.disable_traceback_filtering()
rng = np.random.default_rng(0)
shapes = {"mlp": (64,), "cnn": (16, 16, 1), "lstm": (24, 8)}
x = rng.normal(size=(asked["samples"], *shapes[asked["network"]])).astype("float32")
y = rng.integers(0, 10, asked["samples"]).astype("int32")
L, width = keras.layers, asked["width"]
STACKS = {
    "mlp": lambda: [L.Dense(width, "relu"), L.Dense(width, "relu")],
    "cnn": lambda: [
        *(L.Conv2D(width // 8, 3, activation="relu"), L.MaxPooling2D()),
        *(L.Conv2D(width // 4, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()),
    ],
    "lstm": lambda: [L.LSTM(width)],
}
def network(number):
    keras.utils.set_random_seed(number)
    stack = [keras.Input(shapes[asked["network"]]), *STACKS[asked["network"]](), L.Dense(10, "softmax")]
    model, rate = keras.Sequential(stack), 1e-3 * (1 + number % 4)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
began = time.perf_counter()
models = [network(number) for number in range(asked["lanes"])]
built = time.perf_counter() - began
began = time.perf_counter()
settings = {"epochs": asked["epochs"], "batch_size": 32}
if asked["who"] == "trainwell lanes":
    from trainwell.engine.lanes import train_lanes
    losses = [float(one.loss[-10:].mean()) for one in train_lanes(models, x, y, way=asked.get("way"), **settings)]
elif asked["who"] == "trainwell in turn":
    from trainwell import engine
    losses = [engine.train(model, x, y, **settings).history[-1]["loss"] for model in models]
else:
    losses = [model.fit(x, y, verbose=0, **settings).history["loss"][-1] for model in models]
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "built": built, "loss": sum(losses) / len(losses)}))
"""
CONTESTANTS = {
    "trainwell lanes": ("", "jax"),
    "trainwell in turn": ("", "jax"),
    "keras jax": ("", "jax"),
    "keras tensorflow": ("tensorflow", "tensorflow"),
    "keras torch": ("torch", "torch"),
}


def seconds(who: str, **asked: object) -> dict[str, float] | None:
    """What one contestant needs; None if it is not installed."""
    environment, backend = CONTESTANTS[who]
    python = PEERS / environment / "bin/python" if environment else Path(sys.executable)
    if not python.exists():
        return None
    variables = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [str(python), "-c", WORKER, json.dumps({"who": who, **asked})],
        capture_output=True, text=True, check=False, env=variables,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-1500:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def race(networks: list[str], lanes: int, samples: int, epochs: int, rounds: int) -> None:
    """The table of contestants."""
    print(
        f"{lanes} networks, {samples} samples, batch 32, {epochs} epochs; seconds with compilation, "
        f"median of {rounds}\n"
    )
    print("| network | " + " | ".join(CONTESTANTS) + " |\n|---" + "|---" * len(CONTESTANTS) + "|")
    for network in networks:
        found: dict[str, list[float]] = {who: [] for who in CONTESTANTS}
        for _ in range(rounds):
            for who in CONTESTANTS:
                one = seconds(who, network=network, lanes=lanes, samples=samples, epochs=epochs, width=64)
                found[who] += [one["seconds"]] if one else []
        ours = statistics.median(found["trainwell lanes"])
        cells = [
            f"{statistics.median(times):.1f} ({statistics.median(times) / ours:.1f}x)" if times else "not installed"
            for times in found.values()
        ]
        print(f"| {network} | " + " | ".join(cells) + " |", flush=True)


def ways(networks: list[str], samples: int) -> None:
    """Together against in turns: milliseconds per step and lane, from two lengths, so without compilation."""
    print("\n| network | width | lanes | together, ms | in turns, ms |\n|---|---|---|---|---|")
    for network in networks:
        for width in (32, 128, 512):
            for lanes in (4, 16):
                cells = list[str]()
                for way in ("together", "in_turns"):
                    times = [
                        found["seconds"]
                        for epochs in (1, 4)
                        if (
                            found := seconds(
                                *("trainwell lanes",),
                                network=network, lanes=lanes, samples=samples, epochs=epochs, width=width, way=way,
                            )
                        )
                    ]  # fmt: skip
                    cells.append(f"{1000 * (times[1] - times[0]) / (3 * samples / 32 * lanes):.3f}")
                print(f"| {network} | {width} | {lanes} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Read the command line and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lanes", type=int, default=32)
    parser.add_argument("--samples", type=int, default=1600)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=["mlp", "cnn", "lstm"], choices=["mlp", "cnn", "lstm"])
    parser.add_argument("--ways", action="store_true")
    asked = parser.parse_args()
    if asked.ways:
        ways(asked.only, asked.samples)
    else:
        race(asked.only, asked.lanes, asked.samples, asked.epochs, asked.rounds)


if __name__ == "__main__":
    main()
