"""Columns in different units, from tenths to thousands, and nothing that rescales them."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_wine


def wine(scaled):
    keras.utils.set_random_seed(0)
    x, y = load_wine(return_X_y=True)
    scale = keras.layers.Normalization(name="scale")
    scale.adapt(x)
    model = keras.Sequential(
        [
            keras.Input((13,)),
            *([scale] if scaled else []),
            keras.layers.Dense(16, "relu", name="hidden"),
            keras.layers.Dense(3, "softmax", name="output"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 0}


def broken():
    return wine(scaled=False)


def mended():
    return wine(scaled=True)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
