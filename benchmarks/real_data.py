"""Every kind of data, defaults only: test figure, time and peak memory; beside it Keras `fit` and a classical model.

    python benchmarks/real_data.py [--data FOLDER] [--seeds 0 1 2] [--only NAME ...] [--without-keras] [--runs DIR]

Each training runs in a process of its own, so that peak memory is its own, and trainwell and Keras take turns, so that
the machine's mood meets both. Keras gets the very same blueprint: network, initial weights, optimizer, schedule, early
stopping. The figure is that of the test part, which neither saw; it is measured by the same code for both.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"

KERAS_FIT = """
import json, resource, sys, time
import trainwell as tw
import keras
from trainwell.networks import targets
from trainwell.workflows.scoring import scores
data, blueprint = tw.load(sys.argv[1], **json.loads(sys.argv[3])), tw.Blueprint.load(sys.argv[2])
model, fit = blueprint.build(), blueprint.fit
keras.utils.set_random_seed(fit.seed)
monitor = fit.early_stopping_monitor
early = [keras.callbacks.EarlyStopping(monitor, mode="max" if monitor == "val_accuracy" else "min",
         patience=fit.early_stopping_patience, restore_best_weights=True)] if fit.early_stopping_patience else []
began = time.perf_counter()
history = model.fit(data.train.x, targets(model, data.train.y), batch_size=fit.batch_size, epochs=fit.epochs,
                    callbacks=early, validation_data=(data.validation.x, targets(model, data.validation.y)), verbose=0)
seconds = time.perf_counter() - began
print(json.dumps({"parameters": model.count_params(), "epochs": len(history.epoch), "test": scores(model, data).test,
                  "seconds": seconds, "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}))
"""

CLASSICAL = """
import json, sys
sys.path.insert(0, sys.argv[4])
import trainwell as tw
from classical import BASELINES
print(json.dumps(BASELINES[sys.argv[3]](tw.load(sys.argv[1], **json.loads(sys.argv[2])))))
"""


@dataclass(frozen=True)
class Case:
    """One set with the networks that learn it.

    Attributes:
        source: file or folder below the data folder, or a built-in name.
        networks: to be trained, by name.
        metric: of the test part.
        baseline: name in `classical.BASELINES`.
        options: of `trainwell train`, beyond the defaults: what the data are, not how they are learned.
        least: what the figure should reach: network -> value ("" for all); for losses and errors, at most.
        prepare: makes the source in a scratch folder, where a set is split by the order of its rows.
        full: more options for the baseline, so that it sees whole texts.
    """

    source: str
    networks: tuple[str, ...]
    metric: str
    baseline: str
    options: dict[str, Any] = field(default_factory=dict)
    least: dict[str, float] = field(default_factory=dict)
    prepare: Callable[[Path, Path], Path] | None = None
    full: dict[str, Any] = field(default_factory=dict)


def pendigits(data: Path, scratch: Path) -> Path:
    """The first 7,494 rows are for training, the others are of other writers."""
    lines = (data / "pendigits/pendigits.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    points = ",".join(f"x{point},y{point}" for point in range(1, 9))  # c1 to c16 do not say that they are x and y
    return _parts(scratch, f"row,{points},class\n", lines[1:7495], lines[7495:])


def adult(data: Path, scratch: Path) -> Path:
    """Its own two files; they have no header."""
    packed = [(data / f"tabular/adult-{part}.csv.gz").read_bytes() for part in ("train", "test")]
    lines = [gzip.decompress(part).decode().splitlines(keepends=True) for part in packed]
    return _parts(scratch, "", *lines)


def _parts(scratch: Path, header: str, train: list[str], test: list[str]) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "train.csv").write_text(header + "".join(train), encoding="utf-8")
    (scratch / "test.csv").write_text(header + "".join(test), encoding="utf-8")
    return scratch


UNSEEN = {"seed": 3}  # defaults for tables were chosen while looking at the splits of seeds 0 to 2
TEXT: dict[str, Any] = {"full": {"max_length": 20_000}, "baseline": "tfidf", "metric": "accuracy"}
CASES = {
    "digits": Case("digits", ("cnn",), "accuracy", "linear", least={"": 0.97}),
    "fashion_mnist": Case("fashion_mnist", ("cnn",), "accuracy", "linear", least={"": 0.91}),
    "cifar10_subset": Case("cifar10_subset/cifar10_subset_jpg.zip", ("cnn", "resnet"), "accuracy", "linear"),
    "fsdd": Case(
        "fsdd/fsdd_recordings.zip",
        ("cnn", "gru"),
        "accuracy",
        "log_mel_linear",
        {"test_names": "*_[0-4].wav"},
        {"cnn": 0.95, "gru": 0.93},
    ),
    "chnsenticorp_htl": Case(
        "chnsenticorp_htl/ChnSentiCorp_htl_all.csv", ("transformer", "lstm"), least={"": 0.85}, **TEXT
    ),
    "waimai_10k": Case("waimai_10k/waimai_10k.csv", ("transformer",), **TEXT),
    "ag_news_7600": Case("ag_news_7600/ag_news_test.csv", ("transformer",), **TEXT),
    "rt_polarity": Case("rt_polarity/rt_polarity.csv", ("transformer",), **TEXT),
    "sms_spam": Case("sms_spam/sms.tsv", ("gru",), least={"": 0.975}, **TEXT),
    "japanese_vowels": Case(
        "japanese_vowels/japanese_vowels.npz", ("lstm",), "accuracy", "linear", {"kind": "sequence"}, {"": 0.97}
    ),
    "pendigits": Case(
        "", ("rnn", "gru", "cnn"), "accuracy", "linear", {"kind": "sequence"}, {"": 0.97}, prepare=pendigits
    ),
    "tinyshakespeare": Case(
        "tinyshakespeare/input.txt",
        ("transformer",),
        "loss",
        "n_grams",
        {"validation": 0.05, "test": 0.1},
        {"": 1.90},
    ),
    "tang_poems": Case(
        "tang_poems/tang_poems_first25k.tsv",
        ("gru",),
        "loss",
        "n_grams",
        {"task": "language_model", "text": "column_3", "validation": 0.05, "test": 0.1},
    ),
    "temperatures": Case("forecasting/daily-min-temperatures.csv", ("lstm",), "mae", "naive", {"task": "forecasting"}),
    "pollution": Case(
        "forecasting/pollution.csv", ("lstm",), "mae", "naive", {"task": "forecasting", "target": "pm2.5"}
    ),
    "california_housing": Case(
        "tabular/california_housing.csv", ("mlp",), "r2", "boosting", {"target": "median_house_value"} | UNSEEN
    ),
    "adult": Case("", ("mlp",), "accuracy", "boosting", prepare=adult),
    "titanic": Case("tabular/titanic.csv", ("mlp",), "accuracy", "boosting", {"target": "survived"} | UNSEEN),
    "mpg": Case("tabular/mpg.csv", ("mlp",), "r2", "boosting", {"target": "mpg"} | UNSEEN),
}


def last_line(command: list[str]) -> Any:
    """The JSON of the last line."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def trainwell(source: str, network: str, options: dict[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    names = {"seed": "split-seed"}  # of `load`, where the command line has two seeds
    asked = [f"--{names.get(name, name).replace('_', '-')}={value}" for name, value in options.items()]
    command = ["-m", "trainwell", "train", source, "--network", network, *asked, "--seed", str(seed)]
    began = time.perf_counter()
    result = last_line([*command, "--json", "--quiet", "--out", str(folder)])
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    return result | {
        "command seconds": time.perf_counter() - began,
        "peak MB": facts["training"]["peak_memory_mb"],
        "problems": [finding["problem"] for finding in result["findings"]],
    }


def keras_fit(source: str, options: dict[str, Any], folder: Path) -> dict[str, Any]:
    return last_line(["-c", KERAS_FIT, source, str(folder / "blueprint.json"), json.dumps(options)])


def classical(source: str, case: Case) -> list[Any]:
    options = json.dumps(case.options | case.full)
    return last_line(["-c", CLASSICAL, source, options, case.baseline, str(Path(__file__).parent)])


def cells(runs: list[dict[str, Any]], metric: str) -> list[str]:
    """Figure (mean and spread over the seeds), epochs, seconds of training (median), peak memory."""
    values = [one["test"][metric] for one in runs]
    spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return [
        f"{statistics.mean(values):.4f}{spread}",
        f"{statistics.median(one['epochs'] for one in runs):.0f}",
        f"{statistics.median(one['seconds'] for one in runs):.0f}",
        f"{max(one['peak MB'] for one in runs):,.0f}",
    ]


COLUMNS = (
    *("set", "network", "parameters", "metric", "trainwell", "epochs", "s", "MB"),
    *("Keras fit", "epochs", "s", "MB", "classical", "figure", "at least", "problems named"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", choices=CASES, metavar="SET")
    parser.add_argument("--without-keras", action="store_true")
    parser.add_argument("--keras-seeds", type=int, default=99, help="Keras gets so many of the seeds only")
    parser.add_argument("--runs", type=Path, help="keep the runs in this folder")
    arguments = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        for name in arguments.only or CASES:
            case = CASES[name]
            source = case.source
            if case.prepare:
                source = str(case.prepare(arguments.data, scratch / "data" / name))
            elif source != name:
                source = str(arguments.data / source)
            try:
                said, figure = classical(source, case)
            except RuntimeError as error:
                said, figure = f"failed: {error!s:.120}", float("nan")
            for network in case.networks:
                line = row(name, case, source, network, (said, figure), arguments, arguments.runs or scratch)
                print(line, flush=True)


def row(
    name: str, case: Case, source: str, network: str, beside: tuple[str, float], arguments: Any, folder: Path
) -> str:
    """One line of the table."""
    ours: list[dict[str, Any]] = []
    keras: list[dict[str, Any]] = []
    try:
        for seed in arguments.seeds:
            run = folder / f"{name}-{network}-{seed}"
            ours.append(trainwell(source, network, case.options, seed, run))
            if not arguments.without_keras and len(keras) < arguments.keras_seeds:
                keras.append(keras_fit(source, case.options, run))
    except RuntimeError as error:
        if not ours:
            return f"| {name} | {network} | failed: {error!s:.300} |"
    problems = ", ".join(sorted({problem for one in ours for problem in one["problems"]})) or "none"
    least = case.least.get(network, case.least.get(""))
    shown = [
        *(name, network, f"{ours[0]['parameters']:,}", case.metric, *cells(ours, case.metric)),
        *(cells(keras, case.metric) if keras else [""] * 4),
        *(beside[0], f"{beside[1]:.4f}", "" if least is None else f"{least:g}", problems),
    ]
    return f"| {' | '.join(shown)} |"


if __name__ == "__main__":
    main()
