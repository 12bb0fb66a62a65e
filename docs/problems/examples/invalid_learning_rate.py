"""A slip of the exponent: 1e3 for 1e-3."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_iris


def iris_at(learning_rate):
    keras.utils.set_random_seed(0)
    x, y = load_iris(return_X_y=True)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(16, "relu", name="hidden"),
            keras.layers.Dense(3, "softmax", name="output"),
        ]
    )
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 0}


def broken():
    return iris_at(1e3)


def mended():
    return iris_at(1e-3)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
