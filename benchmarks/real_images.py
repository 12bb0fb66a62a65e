"""Accuracy, time and peak memory of the defaults on real images; beside it Keras's own `fit` of the same network.

    python benchmarks/real_images.py [--data FOLDER] [--seeds 0 1 2] [--only NAME ...] [--without-keras]

Each training runs in a process of its own, so that peak memory is its own, and the two take turns, so that the
machine's mood meets both. Keras gets the very same blueprint: network, initial weights, optimizer, schedule, early
stopping. Accuracy is on the test part, which neither saw.
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
COLUMNS = ("parameters", "epochs", "accuracy", "training s", "command s", "peak MB")

KERAS_FIT = """
import json, resource, sys, time
import trainwell as tw
import keras
data, blueprint = tw.load(sys.argv[1]), tw.Blueprint.load(sys.argv[2])
model, fit = blueprint.build(), blueprint.fit
keras.utils.set_random_seed(fit.seed)
early = keras.callbacks.EarlyStopping(fit.early_stopping_monitor, patience=fit.early_stopping_patience,
                                      restore_best_weights=True)
began = time.perf_counter()
history = model.fit(data.train.x, data.train.y, batch_size=fit.batch_size, epochs=fit.epochs, callbacks=[early],
                    validation_data=(data.validation.x, data.validation.y), verbose=0)
seconds = time.perf_counter() - began
test = model.evaluate(data.test.x, data.test.y, batch_size=256, verbose=0, return_dict=True)
print(json.dumps({"parameters": model.count_params(), "epochs": len(history.epoch), "accuracy": test["accuracy"],
                  "training s": seconds, "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}))
"""


def sets(data: Path, scratch: Path) -> dict[str, str]:
    """Name -> what to give to `load`; sets that are not there are left out."""
    found = {"digits": "digits"}
    if (data / "fashion_mnist").is_dir():
        found["fashion_mnist"] = str(data / "fashion_mnist")
    archive = data / "cifar10_subset" / "cifar10_subset_jpg.zip"
    if archive.is_file():
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(scratch)
        found["cifar10_subset"] = str(next(path for path in scratch.rglob("train") if path.is_dir()).parent)
    return found


def run(command: list[str]) -> dict[str, float]:
    """The JSON of the last line, and how long the whole command took."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} ... failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1]) | {"command s": time.perf_counter() - began}


def trainwell(source: str, seed: int, folder: Path) -> dict[str, float]:
    result = run(["-m", "trainwell", "train", source, "--seed", str(seed), "--json", "--quiet", "--out", str(folder)])
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    return result | {
        "accuracy": result["test"]["accuracy"],
        "training s": result["seconds"],
        "peak MB": facts["training"]["peak_memory_mb"],
    }


def row(name: str, by: str, runs: list[dict[str, float]]) -> str:
    """One line of the table: the mean of the accuracies, the medians of everything else."""
    cells = [name, by]
    for column in COLUMNS:
        values = [one[column] for one in runs]
        if column == "accuracy":
            spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
            cells.append(f"{statistics.mean(values):.4f}{spread}")
        else:
            cells.append(f"{statistics.median(values):,.0f}")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--without-keras", action="store_true")
    arguments = parser.parse_args()
    print(f"| set | by | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 2)}")
    with tempfile.TemporaryDirectory() as scratch:
        for name, source in sets(arguments.data, Path(scratch, "data")).items():
            if arguments.only and name not in arguments.only:
                continue
            ours, keras = [], []
            for seed in arguments.seeds:
                folder = Path(scratch, f"{name}-{seed}")
                ours.append(trainwell(source, seed, folder))
                if not arguments.without_keras:
                    keras.append(run(["-c", KERAS_FIT, source, str(folder / "blueprint.json")]))
            print(row(name, "trainwell", ours), flush=True)
            if keras:
                print(row(name, "Keras fit", keras), flush=True)


if __name__ == "__main__":
    main()
