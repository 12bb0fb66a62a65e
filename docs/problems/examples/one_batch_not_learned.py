"""Ten narrow sigmoid layers: not even 32 digits are learned by heart."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_digits


def digits_through(activation, initializer):
    keras.utils.set_random_seed(0)
    x, y = load_digits(return_X_y=True)
    hidden = [
        keras.layers.Dense(32, activation, kernel_initializer=initializer, name=f"hidden_{n}") for n in range(1, 11)
    ]
    model = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10, "softmax", name="output")])
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x / 16, y, {"epochs": 0, "one_batch": True}


def broken():
    return digits_through("sigmoid", "glorot_uniform")


def mended():
    return digits_through("relu", "he_normal")


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
