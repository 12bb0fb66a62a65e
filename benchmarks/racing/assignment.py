"""What is trained: a network by name, its size, and the data, the same in every framework. Needs NumPy only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

CLASSES, CHARACTERS = 10, 96

DEFAULTS: dict[str, dict[str, int]] = {
    "cnn": {"side": 64, "samples": 1024},
    "resnet": {"side": 32, "samples": 1024},
    "mlp": {"width": 64, "depth": 2, "samples": 16384},
    "simple_rnn": {"width": 64, "steps": 100, "samples": 4096},
    "lstm": {"width": 64, "steps": 100, "samples": 4096},
    "gru": {"width": 64, "steps": 100, "samples": 4096},
    "transformer": {"width": 64, "depth": 2, "heads": 4, "steps": 64, "samples": 2048},
    "decoder": {"width": 128, "depth": 2, "heads": 4, "steps": 128, "samples": 1024},
    "digits_mlp": {"width": 64, "depth": 2},
    "digits_cnn": {},
}
RACED = ("cnn", "resnet", "mlp", "simple_rnn", "lstm", "gru", "transformer", "decoder")
FEATURES = 64  # inputs of the MLP
CHANNELS = 10  # of the sequences
WORDS = 256  # vocabulary of the encoder
RATE = 1e-3  # of Adam, in every framework
EPSILON = 1e-7  # of Adam: Keras's default


@dataclass(frozen=True)
class Assignment:
    """One network on one set.

    Attributes:
        network: a name of `DEFAULTS`.
        batch: samples of a step; the samples are a multiple of it.
        sizes: overrides of `DEFAULTS`: width, depth, steps (length of a sequence), side (of an image), samples.
        seed: of the order of the samples and of dropout.
        shuffle: a new order of the samples in each epoch.
    """

    network: str
    batch: int
    sizes: dict[str, int] = field(default_factory=dict)
    seed: int = 0
    shuffle: bool = True

    @property
    def size(self) -> dict[str, int]:
        """The sizes, overrides included."""
        return DEFAULTS[self.network] | self.sizes

    def data(self, digits: str | None = None) -> Any:
        """x and y of the training: float32 or int32 inputs, int32 class numbers; a class can be told from the inputs.

        Args:
            digits: NPZ file with x, y, x_validation, y_validation for the networks on real digits.
        """
        size, random = self.size, np.random.default_rng(0)
        if digits:
            kept = np.load(digits)
            shape = (-1, 8, 8, 1) if self.network == "digits_cnn" else (-1, 64)
            return kept["x"].reshape(shape), kept["y"]
        samples = -(-size["samples"] // self.batch) * self.batch
        y = random.integers(0, CLASSES, samples).astype("int32")
        if self.network == "decoder":
            return _text(random, samples, size["steps"])
        if self.network == "transformer":
            words = random.integers(0, WORDS, (samples, size["steps"]))
            marked = random.random(words.shape) < 0.1  # a tenth of the words tell the class
            return np.where(marked, y[:, None], words).astype("int32"), y
        shape = {
            "cnn": lambda: (size["side"], size["side"], 3),
            "resnet": lambda: (size["side"], size["side"], 3),
            "mlp": lambda: (FEATURES,),
        }.get(self.network, lambda: (size["steps"], CHANNELS))()
        kinds = random.standard_normal((CLASSES, *shape), dtype="float32")
        x = random.standard_normal((samples, *shape), dtype="float32")
        x += 0.5 * kinds[y]
        return x, y

    def validation(self, digits: str) -> Any:
        """x and y of the validation, where the set is real."""
        kept = np.load(digits)
        shape = (-1, 8, 8, 1) if self.network == "digits_cnn" else (-1, 64)
        return kept["x_validation"].reshape(shape), kept["y_validation"]


def _text(random: Any, samples: int, steps: int) -> Any:
    """Characters of which each decides the next but for a little noise; the targets are one character ahead."""
    follows = random.permutation(CHARACTERS)
    text = np.empty((samples, steps + 1), "int32")
    text[:, 0] = random.integers(0, CHARACTERS, samples)
    for step in range(steps):
        strange = random.random(samples) < 0.1
        text[:, step + 1] = np.where(strange, random.integers(0, CHARACTERS, samples), follows[text[:, step]])
    return text[:, :-1].copy(), text[:, 1:].copy()
