"""The network ends in a softmax, and the loss applies a second one."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_digits


def digits(from_logits):
    keras.utils.set_random_seed(0)
    x, y = load_digits(return_X_y=True)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(32, "relu", name="hidden"),
            keras.layers.Dense(10, "softmax", name="output"),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits), metrics=["accuracy"])
    return model, x / 16, y, {"epochs": 0}


def broken():
    return digits(from_logits=True)


def mended():
    return digits(from_logits=False)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
