"""The data of the gallery: real sets, cut to a size that trains in seconds, as plain arrays.

Built-in sets of scikit-learn, and files below the data folder; a set whose files are not there is `Missing`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

import trainwell as tw
from gallery.arrays import Array, Arrays, Task

VOCABULARY = 1500  # the commonest words; all others are one token
UNKNOWN = 1
TOKENS = 32
BANDS, FRAME, HOP = 20, 400, 200  # of the log-mel frames; samples at 8 kHz: 50 ms every 25 ms
SOUND = 6400  # samples that are kept: 0.8 s
RATE = 8000


class Missing(Exception):  # noqa: N818 - it is no error: the set is not on this machine
    """The files of a set are not there."""


def _table(load: Callable[..., Any], task: Task, training: int, held_out: int) -> Arrays:
    found = load()
    y = found.target.astype("int32") if task == "classes" else found.target.astype("float32").reshape(-1, 1)
    return _standardised(Arrays.split(task, found.data.astype("float32"), y, training, held_out))


def wine(data: Path) -> Arrays:  # noqa: ARG001 - all sources have one form
    return _table(datasets.load_wine, "classes", 110, 68)


def breast_cancer(data: Path) -> Arrays:  # noqa: ARG001
    return _table(datasets.load_breast_cancer, "classes", 380, 189)


def diabetes(data: Path) -> Arrays:  # noqa: ARG001
    return _table(datasets.load_diabetes, "numbers", 300, 142)


def digits(data: Path) -> Arrays:  # noqa: ARG001
    """(8, 8, 1), 0..1."""
    found: Any = datasets.load_digits()
    x = (found.images / 16.0).astype("float32")[..., None]
    return Arrays.split("classes", x, found.target.astype("int32"), 1000, 500)


def fashion(data: Path) -> Arrays:
    """(14, 14, 1), 0..1: means of 2 x 2 pixels."""
    found = tw.load(_there(data / "fashion_mnist"))
    x = found.train.x[:2000].astype("float32").reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))[..., None] / 255
    return Arrays.split("classes", x, found.train.y[:2000], 1200, 600)


def housing(data: Path) -> Arrays:
    """The eight numbers of a district, and the median value of its houses."""
    path = _there(data / "tabular/california_housing.csv")
    header = path.read_text(encoding="utf-8").split("\n", 1)[0].strip().replace('"', "").split(",")
    target = header.index("median_house_value")
    columns = [place for place, name in enumerate(header) if name not in ("median_house_value", "ocean_proximity")]
    rows = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=[*columns, target], dtype=np.float64)
    rows = rows[np.isfinite(rows).all(axis=1)]
    rows = rows[np.random.default_rng(1).permutation(len(rows))]
    rows[:, :-1] = np.sign(rows[:, :-1]) * np.log1p(np.abs(rows[:, :-1]))  # rooms and people are very skewed
    x, y = rows[:, :-1].astype("float32"), rows[:, -1:].astype("float32")
    return _standardised(Arrays.split("numbers", x, y, 1200, 500))


def spam(data: Path) -> Arrays:
    """Short messages, half of them spam; tokens (32,)."""
    return _tokens(tw.load(_there(data / "sms_spam/sms.tsv")), 900, 400)


def polarity(data: Path) -> Arrays:
    """Sentences from film reviews, liked or not; tokens (32,). Hard with so few of them."""
    return _tokens(tw.load(_there(data / "rt_polarity/rt_polarity.csv")), 3000, 600)


def speech(data: Path) -> Arrays:
    """Spoken digits of six people; log-mel frames (31, 20)."""
    found = tw.load(_there(data / "fsdd/fsdd_recordings.zip"))
    sound = found.train.x[:1500, :SOUND].astype("float32") / 32768
    return _standardised(Arrays.split("classes", log_mel(sound), found.train.y[:1500], 1000, 500))


def vowels(data: Path) -> Arrays:
    """Two vowels said by nine people; (29, 12), rows of zeros behind the end."""
    found = tw.load(_there(data / "japanese_vowels/japanese_vowels.npz"), kind="sequence")
    x = np.concatenate([found.train.x, found.validation.x, found.test.x])
    y = np.concatenate([found.train.y, found.validation.y, found.test.y])
    behind = x < -1e29
    inside = np.where(behind, np.nan, x)
    x = np.where(behind, 0, (inside - np.nanmean(inside, axis=(0, 1))) / np.nanstd(inside, axis=(0, 1)))
    return Arrays.split("classes", x.astype("float32"), y, 400, 240, padded=True)


def pen(data: Path) -> Arrays:
    """Digits as the way of a pen: eight places (8, 2), -1..1."""
    path = _there(data / "pendigits/pendigits.csv")
    rows = np.genfromtxt(path, delimiter=",", skip_header=1, dtype=np.float64, converters={0: lambda _: 0.0})
    rows = rows[np.random.default_rng(1).permutation(len(rows))[:2000]]
    x = (rows[:, 1:17].reshape(-1, 8, 2) / 50 - 1).astype("float32")
    return Arrays.split("classes", x, rows[:, 17].astype("int32"), 1000, 500)


SOURCES: dict[str, Callable[[Path], Arrays]] = {
    one.__name__: one
    for one in (wine, breast_cancer, diabetes, digits, fashion, housing, spam, polarity, speech, vowels, pen)
}


def read(name: str, data: Path, kept: Path) -> Arrays:
    """The set of this name, read once and then kept in the folder `kept`.

    Raises:
        Missing: its files are not there.
    """
    path = kept / f"{name}.npz"
    if not path.is_file():
        made = SOURCES[name](data)
        kept.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{np.random.default_rng().integers(1 << 30)}.npz")
        np.savez(temporary, **vars(made))
        temporary.replace(path)
    return _kept(path)


@cache
def _kept(path: Path) -> Arrays:
    with np.load(path) as found:
        return Arrays(**{name: found[name].item() if found[name].ndim == 0 else found[name] for name in found.files})


def log_mel(sound: Array) -> Array:
    """Log-mel frames (samples, frames, BANDS), float32, of sound (samples, time) at 8 kHz, -1..1."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME, axis=1)[:, ::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME))) ** 2  # (samples, frames, frequencies)
    mel = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.linspace(0, RATE / 2, power.shape[2])
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bank = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    return np.log(np.einsum("bf,ntf->ntb", bank, power) + 1e-6).astype("float32")


def _there(path: Path) -> Path:
    if not path.exists():
        raise Missing(str(path))
    return path


def _tokens(found: tw.Dataset, training: int, held_out: int) -> Arrays:
    """As many of each class, the first `TOKENS` words of each text."""
    x = np.concatenate([found.train.x, found.validation.x, found.test.x])[:, :TOKENS]
    y = np.concatenate([found.train.y, found.validation.y, found.test.y])
    least = min(np.bincount(y).min(), (training + held_out) // 2)
    rows = np.concatenate([np.flatnonzero(y == label)[:least] for label in range(2)])
    x = np.where(x < VOCABULARY, x, UNKNOWN)[rows].astype("int32")
    return Arrays.split("classes", x, y[rows], training, held_out, padded=True, vocabulary=VOCABULARY)


def _standardised(arrays: Arrays) -> Arrays:
    """Every feature, and numbers to predict, with mean 0 and deviation 1 in the training part."""
    axes = tuple(range(arrays.x.ndim - 1))
    mean, deviation = arrays.x.mean(axes), np.maximum(arrays.x.std(axes), 1e-6)
    scaled = {name: (getattr(arrays, name) - mean) / deviation for name in ("x", "x_validation", "x_held_out")}
    if arrays.task == "numbers":
        mean, deviation = arrays.y.mean(axis=0), arrays.y.std(axis=0)
        names = ("y", "y_validation", "truth")
        scaled |= {name: (getattr(arrays, name) - mean) / deviation for name in names}
    return replace(arrays, **{name: values.astype("float32") for name, values in scaled.items()})
