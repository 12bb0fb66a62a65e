"""An L2 penalty that pulls harder on the weights than the data do."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def digits_with(penalty):
    keras.utils.set_random_seed(0)
    x, y = load_digits(return_X_y=True)
    x, x_val, y, y_val = train_test_split(x / 16, y, train_size=1024, random_state=0)
    l2 = keras.regularizers.L2(penalty)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(64, "relu", kernel_regularizer=l2, name="hidden"),
            keras.layers.Dense(10, "softmax", kernel_regularizer=l2, name="output"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 12, "batch_size": 32, "validation_data": (x_val, y_val)}


def broken():
    return digits_with(0.3)


def mended():
    return digits_with(1e-4)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
