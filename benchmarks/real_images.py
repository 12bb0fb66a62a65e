"""Accuracy, time and peak memory of the defaults on real images; beside it Keras's own `fit` of the same network.

    python benchmarks/real_images.py [--data FOLDER] [--seeds 0 1 2] [--only NAME ...]

Each training runs in a process of its own, so that peak memory is its own. Accuracy is on the test part, which the
training never saw.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def sets(data: Path, scratch: Path) -> dict[str, str]:
    """Name -> what to give to `load`; sets that are not there are left out."""
    found = {"digits": "digits"}
    if (data / "fashion_mnist").is_dir():
        found["fashion_mnist"] = str(data / "fashion_mnist")
    if (data / "cifar10_subset" / "cifar10_subset_jpg.zip").is_file():
        with zipfile.ZipFile(data / "cifar10_subset" / "cifar10_subset_jpg.zip") as archive:
            archive.extractall(scratch / "cifar10")  # noqa: S202  our own fixed archive
        inside = [path for path in (scratch / "cifar10").rglob("train") if path.is_dir()]
        found["cifar10_subset"] = str(inside[0].parent)
    return found


def ours(source: str, seed: int) -> dict[str, float]:
    command = [sys.executable, "-m", "trainwell", "train", source, "--seed", str(seed), "--json", "--quiet"]
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        done = subprocess.run([*command, "--out", f"{out}/run"], capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
        result = json.loads(done.stdout.strip().splitlines()[-1])
        facts = json.loads(Path(out, "run", "facts.json").read_text(encoding="utf-8"))
    return {
        "accuracy": result["test"]["accuracy"],
        "seconds": seconds,
        "training": result["seconds"],
        "megabytes": facts["training"]["peak_memory_mb"],
        "epochs": result["epochs"],
        "parameters": result["parameters"],
    }


KERAS = """
import os, sys, time, json, resource
os.environ["KERAS_BACKEND"] = "jax"
import keras
import trainwell as tw
data = tw.load(sys.argv[1])
model = tw.networks.build(tw.networks.default_network(data), data, seed=int(sys.argv[2]))
early = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True)
keras.utils.set_random_seed(int(sys.argv[2]))
began = time.perf_counter()
history = model.fit(data.train.x, data.train.y, batch_size=32, epochs=int(sys.argv[3]), verbose=0, callbacks=[early],
                    validation_data=(data.validation.x, data.validation.y))
seconds = time.perf_counter() - began
accuracy = model.evaluate(data.test.x, data.test.y, batch_size=256, verbose=0, return_dict=True)["accuracy"]
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(json.dumps({"accuracy": accuracy, "training": seconds, "megabytes": memory, "epochs": len(history.epoch)}))
"""


def keras_fit(source: str, seed: int, epochs: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", KERAS, source, str(seed), str(epochs)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+")
    arguments = parser.parse_args()
    print("| set | by | parameters | epochs | test accuracy | training s | whole command s | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, source in sets(arguments.data, Path(scratch)).items():
            if arguments.only and name not in arguments.only:
                continue
            rounds = []
            for seed in arguments.seeds:  # interleaved: the machine's mood meets both alike
                run = ours(source, seed)
                planned = 30 if name == "digits" else 10
                rounds.append((run, keras_fit(source, seed, planned)))
            for by, runs in (("trainwell", [r[0] for r in rounds]), ("Keras fit", [r[1] for r in rounds])):
                accuracy = [run["accuracy"] for run in runs]
                spread = f" ± {statistics.stdev(accuracy):.4f}" if len(accuracy) > 1 else ""
                median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
                print(
                    f"| {name} | {by} | {median.get('parameters', '')} | {median['epochs']:g} "
                    f"| {statistics.mean(accuracy):.4f}{spread} | {median['training']:.1f} "
                    f"| {median['seconds']:.1f} |" if "seconds" in median else
                    f"| {name} | {by} | | {median['epochs']:g} | {statistics.mean(accuracy):.4f}{spread} "
                    f"| {median['training']:.1f} | |",
                    f"{median['megabytes']:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
