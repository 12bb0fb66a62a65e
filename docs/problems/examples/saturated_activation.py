"""Inputs that go into the thousands push every tanh to its flat end."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split


def wine(scaled):
    keras.utils.set_random_seed(0)
    x, y = load_wine(return_X_y=True)
    x, x_val, y, y_val = train_test_split(x, y, train_size=128, random_state=0)
    scale = keras.layers.Normalization(name="scale")
    scale.adapt(x)
    model = keras.Sequential(
        [
            keras.Input((13,)),
            *([scale] if scaled else []),
            keras.layers.Dense(32, "tanh", name="hidden_1"),
            keras.layers.Dense(32, "tanh", name="hidden_2"),
            keras.layers.Dense(3, "softmax", name="output"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 30, "batch_size": 16, "validation_data": (x_val, y_val)}


def broken():
    return wine(scaled=False)


def mended():
    return wine(scaled=True)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
