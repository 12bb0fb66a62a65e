"""A softmax on one unit divides it by itself: the answer is always 1."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_breast_cancer


def tumours_with(activation):
    keras.utils.set_random_seed(0)
    x, y = load_breast_cancer(return_X_y=True)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(16, "relu", name="hidden"),
            keras.layers.Dense(1, activation, name="output"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 0}


def broken():
    return tumours_with("softmax")


def mended():
    return tumours_with("sigmoid")


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
