"""A large network learns 300 patients by heart; early stopping ends before it does."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split


def diabetes(callbacks):
    keras.utils.set_random_seed(0)
    x, y = load_diabetes(return_X_y=True)
    x, y = x / x.std(axis=0), (y - y.mean()) / y.std()
    x, x_val, y, y_val = train_test_split(x, y, train_size=288, random_state=0)
    model = keras.Sequential(
        [
            keras.Input((10,)),
            keras.layers.Dense(128, "relu", name="hidden_1"),
            keras.layers.Dense(128, "relu", name="hidden_2"),
            keras.layers.Dense(1, name="output"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.001), "mean_squared_error")
    return model, x, y, {"epochs": 60, "batch_size": 32, "validation_data": (x_val, y_val), "callbacks": callbacks}


def broken():
    return diabetes([])


def mended():
    return diabetes([keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)])


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
