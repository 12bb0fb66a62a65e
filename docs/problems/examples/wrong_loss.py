"""Three kinds of iris learned as the amounts 0, 1 and 2, as if the second kind lay between the others."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_iris


def iris(output, loss):
    keras.utils.set_random_seed(0)
    x, y = load_iris(return_X_y=True)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(16, "relu", name="hidden"), output])
    model.compile("adam", loss, metrics=["accuracy"])
    return model, x, y, {"epochs": 0}


def broken():
    return iris(keras.layers.Dense(1, name="output"), "mean_squared_error")


def mended():
    return iris(keras.layers.Dense(3, "softmax", name="output"), "sparse_categorical_crossentropy")


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
