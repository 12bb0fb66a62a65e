"""Targets around 150, while the untrained network answers numbers around 0."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_diabetes


def diabetes(scaled):
    keras.utils.set_random_seed(0)
    x, y = load_diabetes(return_X_y=True)
    if scaled:
        y = (y - y.mean()) / y.std()
    model = keras.Sequential(
        [keras.Input((10,)), keras.layers.Dense(32, "relu", name="hidden"), keras.layers.Dense(1, name="output")]
    )
    model.compile("adam", "mean_squared_error")
    return model, x / x.std(axis=0), y, {"epochs": 0}


def broken():
    return diabetes(scaled=False)


def mended():
    return diabetes(scaled=True)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
