"""Keras's Dense has no activation unless told: four layers that together can do no more than one."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_digits


def digits_with(activation):
    keras.utils.set_random_seed(0)
    x, y = load_digits(return_X_y=True)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(64, activation, name="hidden_1"),
            keras.layers.Dense(64, activation, name="hidden_2"),
            keras.layers.Dense(64, activation, name="hidden_3"),
            keras.layers.Dense(10, "softmax", name="output"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x / 16, y, {"epochs": 0}


def broken():
    return digits_with(None)


def mended():
    return digits_with("relu")


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
