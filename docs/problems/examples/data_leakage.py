"""The validation part was cut from the data, but not taken out of the training part."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split


def wine(taken_out):
    keras.utils.set_random_seed(0)
    x, y = load_wine(return_X_y=True)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    rest, x_val, rest_y, y_val = train_test_split(x, y, test_size=48, random_state=0)
    model = keras.Sequential(
        [
            keras.Input((13,)),
            keras.layers.Dense(16, "relu", name="hidden"),
            keras.layers.Dense(3, "softmax", name="output"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    settings = {"epochs": 0, "validation_data": (x_val, y_val)}
    return (model, rest, rest_y, settings) if taken_out else (model, x, y, settings)


def broken():
    return wine(taken_out=False)


def mended():
    return wine(taken_out=True)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
