"""Short sentences filled up with zeros behind, which the LSTM reads as words."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
import numpy as np


def sentences(mask_zero):
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    words = random.integers(1, 200, (512, 40))
    lengths = random.integers(5, 16, 512)
    x = np.where(np.arange(40) < lengths[:, None], words, 0)
    y = (words[:, 0] < 100).astype("int32")
    model = keras.Sequential(
        [
            keras.Input((40,), dtype="int32"),
            keras.layers.Embedding(200, 16, mask_zero=mask_zero, name="words"),
            keras.layers.LSTM(16, name="reader"),
            keras.layers.Dense(1, "sigmoid", name="output"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 0}


def broken():
    return sentences(mask_zero=False)


def mended():
    return sentences(mask_zero=True)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
