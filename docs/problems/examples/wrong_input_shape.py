"""Pictures without a channel axis for a convolution that wants one."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_digits


def digits(channels):
    keras.utils.set_random_seed(0)
    x, y = load_digits(return_X_y=True)
    x = x.reshape(-1, 8, 8, 1) if channels else x.reshape(-1, 8, 8)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(8, 3, activation="relu", name="filters"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax", name="output"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x / 16, y, {"epochs": 0}


def broken():
    return digits(channels=False)


def mended():
    return digits(channels=True)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
