"""Adam with a hundred times its usual rate: each step overshoots."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def digits_at(learning_rate):
    keras.utils.set_random_seed(0)
    x, y = load_digits(return_X_y=True)
    x, x_val, y, y_val = train_test_split(x / 16, y, train_size=1024, random_state=0)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(64, "tanh", name="hidden_1"),
            keras.layers.Dense(64, "tanh", name="hidden_2"),
            keras.layers.Dense(10, "softmax", name="output"),
        ]
    )
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 8, "batch_size": 32, "validation_data": (x_val, y_val)}


def broken():
    return digits_at(0.1)


def mended():
    return digits_at(0.002)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
