"""Three malignant cases among hundreds of benign ones, all weighted alike."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
import numpy as np
from sklearn.datasets import load_breast_cancer


def tumours(class_weight):
    keras.utils.set_random_seed(0)
    x, y = load_breast_cancer(return_X_y=True)
    kept = np.concatenate([np.flatnonzero(y == 1)[:300], np.flatnonzero(y == 0)[:3]])
    x, y = ((x - x.mean(axis=0)) / x.std(axis=0))[kept], y[kept]
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(16, "relu", name="hidden"),
            keras.layers.Dense(1, "sigmoid", name="output"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 0, "class_weight": class_weight}


def broken():
    return tumours(None)


def mended():
    return tumours({0: 50.5, 1: 0.505})


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
