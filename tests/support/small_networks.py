"""Small networks of the five kinds on scikit-learn's digits, for the engine's tests, and small data of every kind."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from trainwell.backend import keras_seed, load_keras
from trainwell.data import Dataset, Scaling, Split
from trainwell.data.padding import STEP
from trainwell.data.scaling import UNSCALED

keras = load_keras()
layers = keras.layers


def digits(samples: int = 200):
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return bunch.images[:samples, ..., None].astype("uint8"), bunch.target[:samples].astype("int32")


def _start(dtype=None):
    return [keras.Input((8, 8, 1)), layers.Rescaling(1 / 16.0, name="scaling", dtype=dtype)]


def mlp(dropout: float = 0.2, regularizer=None, dtype=None):
    hidden = [
        layers.Dense(16, activation="relu", kernel_regularizer=regularizer, name=f"dense_{i}", dtype=dtype)
        for i in (1, 2)
    ]
    rest = [layers.Dropout(dropout, name="dropout", dtype=dtype)] if dropout else []
    output = layers.Dense(10, activation="softmax", name="output", dtype="float32")
    return keras.Sequential([*_start(dtype), layers.Flatten(name="flatten"), *hidden, *rest, output])


def cnn():
    return keras.Sequential(
        [
            *_start(),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv_1"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv_2"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", name="output"),
        ]
    )


def recurrent(cell):
    return keras.Sequential(
        [
            *_start(),
            layers.Reshape((8, 8), name="rows"),
            cell(8, dropout=0.1, name="recurrent"),
            layers.Dense(10, activation="softmax", name="output"),
        ]
    )


def simple_rnn():
    return recurrent(layers.SimpleRNN)


def lstm():
    return recurrent(layers.LSTM)


def transformer():
    image = keras.Input((8, 8, 1))
    rows = layers.Reshape((8, 8), name="rows")(layers.Rescaling(1 / 16.0, name="scaling")(image))
    attended = layers.MultiHeadAttention(2, 8, dropout=0.1, name="attention")(rows, rows)
    hidden = layers.LayerNormalization(name="norm")(rows + attended)
    hidden = layers.Dense(16, activation="gelu", name="feed_forward")(hidden)
    pooled = layers.GlobalAveragePooling1D(name="pool")(hidden)
    return keras.Model(image, layers.Dense(10, activation="softmax", name="output")(pooled))


ALL = [mlp, cnn, simple_rnn, lstm, transformer]


def compiled(build, optimizer="adam", seed: int = 0, **compile_settings):
    with keras_seed(seed):
        model = build()
    settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | compile_settings
    model.compile(optimizer=optimizer() if callable(optimizer) else optimizer, **settings)
    return model


def everything(model):
    """All values that a training changes, as a list of NumPy arrays."""
    return [variable.numpy() for variable in [*model.variables, *model.optimizer.variables]]


def made(kind, task, samples: int = 30, seed: int = 0, *, same_length: bool = False):
    """A small `Dataset` of any kind and task, made by hand; sequences end early unless they shall not."""
    random = np.random.default_rng(seed)
    known, scaling = None, UNSCALED
    ends = random.integers(4, 12, samples)
    if kind == "sequence":
        x = random.normal(3, 2, (samples, 11, 4)).astype("float32")
        scaling = Scaling.fit(x)
        if task != "forecasting" and not same_length:
            for row, end in zip(x, ends, strict=True):
                row[end:] = STEP
    elif kind == "text":
        x = random.integers(1, 20, (samples, 11)).astype("int32")
        if task != "language_model":
            x[np.arange(11) >= ends[:, None]] = 0
        known = SimpleNamespace(vocabulary_size=20)
    elif kind == "audio":
        x = random.normal(0, 3000, (samples, 1100)).clip(-32768, 32767).astype("int16")
        x[np.arange(1100) >= 100 * ends[:, None]] = 0
        known = SimpleNamespace(sample_rate=4000)
    else:
        x = random.integers(0, 256, (samples, *((12, 10, 3) if kind == "image" else (5,)))).astype("float32")
        scaling = Scaling.fit(x)
    names, target_scaling = (), None
    if task in ("binary", "multiclass"):
        names = ("a", "b") if task == "binary" else ("a", "b", "c")
        y = (np.arange(samples) % len(names)).astype("int32")
    elif task == "multilabel":
        names, y = tuple("abcd"), random.integers(0, 2, (samples, 4)).astype("float32")
    elif task == "language_model":
        y = np.roll(x, -1, axis=1)
    else:
        y = random.normal(50, 3, (samples, 6 if task == "forecasting" else 2)).astype("float32")
        target_scaling = Scaling.fit(y)
        known = SimpleNamespace(horizon=3) if task == "forecasting" else known
    train = samples * 2 // 3
    return Dataset(
        name="made",
        kind=kind,
        task=task,
        train=Split(x[:train], y[:train]),
        validation=Split(x[:0], y[:0]),
        test=Split(x[train:], y[train:]),
        class_names=names,
        scaling=scaling,
        target_scaling=target_scaling,
        notes=(),
        source="made",
        format=known,
    )


def lengthened(x, steps: int):
    """Inputs of any kind with more padding behind the end; steps of sound are samples."""
    value = STEP if x.ndim == 3 else 0
    return np.pad(x, [(0, 0), (0, steps), *[(0, 0)] * (x.ndim - 2)], constant_values=value)
