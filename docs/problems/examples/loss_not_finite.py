"""A loss of one's own takes the logarithm of 1 - p, until a probability p becomes exactly 1."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from keras import ops
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split


def tumours_with(floor):
    def surprise(truth, p):
        return -ops.mean(truth * ops.log(p + floor) + (1 - truth) * ops.log(1 - p + floor), axis=-1)

    keras.utils.set_random_seed(0)
    x, y = load_breast_cancer(return_X_y=True)
    x, x_val, y, y_val = train_test_split(x, y[:, None].astype("float32"), train_size=448, random_state=0)
    x, x_val = (x - x.mean(axis=0)) / x.std(axis=0), (x_val - x.mean(axis=0)) / x.std(axis=0)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(32, "relu", name="hidden"),
            keras.layers.Dense(1, "sigmoid", name="output"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), surprise, metrics=["accuracy"])
    return model, x, y, {"epochs": 10, "batch_size": 32, "validation_data": (x_val, y_val)}


def broken():
    return tumours_with(floor=0.0)


def mended():
    return tumours_with(floor=1e-7)


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
