"""What watching costs: the same training with and without it, in each of the three ways in.

    python benchmarks/watching.py [--rounds 5] [--epochs 8] [--only NETWORK ...]

For five kinds of networks, by turns in one process, so that the machine's mood meets all: `tw.train` unwatched and
watched (which is what `tw.diagnose` does), plain `model.fit` without and with `tw.Monitor()`, and the fit of a script
under `trainwell watch`, which is held against plain `model.fit`. The first epoch of each (it compiles) is left out.
The figure is the ratio of the seconds per epoch, watched over not; the median over the rounds, with the least and most.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import trainwell as tw
from trainwell.backend import keras_seed, load_keras

keras = load_keras()
layers = keras.layers
SAMPLES, STEPS, CHANNELS, CLASSES = 4096, 24, 8, 10


def sequences(width: int = CHANNELS) -> tuple[Any, Any]:
    """Noise with a class-dependent drift: (samples, steps, channels)."""
    random = np.random.default_rng(0)
    y = random.integers(0, CLASSES, SAMPLES)
    drift = random.normal(size=(CLASSES, 1, width)) * np.linspace(0, 1, STEPS)[None, :, None]
    return (random.normal(size=(SAMPLES, STEPS, width)) + drift[y]).astype("float32"), y


def images() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    y = random.integers(0, CLASSES, SAMPLES)
    kinds = random.normal(size=(CLASSES, 16, 16, 1))
    return (random.normal(size=(SAMPLES, 16, 16, 1)) + kinds[y]).astype("float32"), y


def mlp() -> Any:
    return [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(64, activation="relu")]


def cnn() -> Any:
    return [
        *(layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(32, 3, activation="relu")),
        *(layers.Flatten(), layers.Dense(64, activation="relu")),
    ]


def simple_rnn() -> Any:
    return [layers.SimpleRNN(48)]


def lstm() -> Any:
    return [layers.LSTM(48)]


class Attention(layers.Layer):
    """One block of a Transformer encoder."""

    def __init__(self, width: int = 32, **kwargs: Any):
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(4, width // 4, dropout=0.1)
        self.first, self.second = layers.Dense(2 * width, activation="relu"), layers.Dense(width)
        self.norm, self.other = layers.LayerNormalization(), layers.LayerNormalization()

    def call(self, x: Any, training: bool = False) -> Any:
        y = self.norm(x)
        x = x + self.attention(y, y, training=training)
        return x + self.second(self.first(self.other(x)))


def transformer() -> Any:
    return [layers.Dense(32), Attention(), Attention(), layers.GlobalAveragePooling1D()]


NETWORKS: dict[str, tuple[Callable[[], Any], Callable[[], tuple[Any, Any]]]] = {
    "mlp": (mlp, sequences),
    "cnn": (cnn, images),
    "simple_rnn": (simple_rnn, sequences),
    "lstm": (lstm, sequences),
    "transformer": (transformer, sequences),
}


def built(network: Callable[[], Any], shape: tuple[int, ...]) -> Any:
    with keras_seed(0):
        model = keras.Sequential([keras.Input(shape), *network(), layers.Dense(CLASSES, activation="softmax")])
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.seconds.append(time.perf_counter() - self.began)


def ours(network: Callable[[], Any], x: Any, y: Any, epochs: int, *, watch: bool) -> float:
    run = tw.train(built(network, x.shape[1:]), x, y, epochs=epochs, batch_size=32, watch=watch)
    return statistics.median(row["seconds"] for row in run.history[1:])


def fit(network: Callable[[], Any], x: Any, y: Any, epochs: int, *, watch: bool) -> float:
    clock = Clock()
    callbacks = [tw.Monitor(quiet=True), clock] if watch else [clock]
    built(network, x.shape[1:]).fit(x, y, epochs=epochs, batch_size=32, verbose=0, callbacks=callbacks)
    return statistics.median(clock.seconds[1:])


def script(network: Callable[[], Any], x: Any, y: Any, epochs: int) -> float:
    """As `trainwell watch` runs the fit of a script."""
    from trainwell.workflows.watch import watch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.py"
        path.write_text("import watching\nwatching.SCRIPT()\n", encoding="utf-8")
        found: list[float] = []

        def run() -> None:
            clock = Clock()
            built(network, x.shape[1:]).fit(x, y, epochs=epochs, batch_size=32, verbose=0, callbacks=[clock])
            found.append(statistics.median(clock.seconds[1:]))

        globals()["SCRIPT"] = run
        import sys

        sys.modules["watching"] = sys.modules["__main__"]
        watch(path, [], out=Path(folder) / "runs")
        return found[0]


HEAD = ("network", "step, ms", "tw.train, tw.diagnose", "tw.Monitor", "trainwell watch, against fit")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--only", nargs="+", choices=NETWORKS, metavar="NETWORK")
    arguments = parser.parse_args()
    print(f"| {' | '.join(HEAD)} |")
    print("|---" * len(HEAD) + "|")
    for name in arguments.only or NETWORKS:
        network, source = NETWORKS[name]
        x, y = source()
        rows: dict[str, list[float]] = {"train": [], "monitor": [], "watch": []}
        steps: list[float] = []
        for _ in range(arguments.rounds):
            plain = ours(network, x, y, arguments.epochs, watch=False)
            rows["train"].append(ours(network, x, y, arguments.epochs, watch=True) / plain)
            alone = fit(network, x, y, arguments.epochs, watch=False)
            rows["monitor"].append(fit(network, x, y, arguments.epochs, watch=True) / alone)
            rows["watch"].append(script(network, x, y, arguments.epochs) / alone)
            steps.append(1000 * plain / (SAMPLES / 32))
        shown = [
            f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})" for values in rows.values()
        ]
        print(f"| {name} | {statistics.median(steps):.2f} | {' | '.join(shown)} |", flush=True)


if __name__ == "__main__":
    main()
