"""Inputs and labels were shuffled separately, so that no label belongs to its sample any more."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
import numpy as np
from sklearn.datasets import load_digits


def digits(labels_follow):
    keras.utils.set_random_seed(0)
    x, y = load_digits(return_X_y=True)
    random = np.random.default_rng(0)
    order = random.permutation(len(x))
    x, y = x[order] / 16, y[order if labels_follow else random.permutation(len(y))]
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(64, "relu", name="hidden"),
            keras.layers.Dense(10, "softmax", name="output"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x[:1024], y[:1024], {"epochs": 10, "batch_size": 32, "validation_data": (x[1024:], y[1024:])}


def broken():
    return digits(labels_follow=False)


def mended():
    return digits(labels_follow=True)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
