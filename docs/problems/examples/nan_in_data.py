"""Missing measurements were read from the file as NaN."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
import numpy as np
from sklearn.datasets import load_diabetes


def diabetes(filled):
    keras.utils.set_random_seed(0)
    x, y = load_diabetes(return_X_y=True)
    x, y = x / x.std(axis=0), (y - y.mean()) / y.std()
    x[np.random.default_rng(0).random(x.shape) < 0.01] = np.nan
    if filled:
        x = np.where(np.isnan(x), np.nanmedian(x, axis=0), x)
    model = keras.Sequential(
        [keras.Input((10,)), keras.layers.Dense(32, "relu", name="hidden"), keras.layers.Dense(1, name="output")]
    )
    model.compile("adam", "mean_squared_error")
    return model, x, y, {"epochs": 0}


def broken():
    return diabetes(filled=False)


def mended():
    return diabetes(filled=True)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
