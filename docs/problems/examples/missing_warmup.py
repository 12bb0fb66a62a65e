"""A Transformer begins at its full rate and is thrown off in the first steps; with a warm-up the same rate works."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def block(x, number):
    seen = keras.layers.MultiHeadAttention(4, 8, name=f"attention_{number}")(x, x)
    x = keras.layers.LayerNormalization()(x + seen)
    wide = keras.layers.Dense(32, name=f"narrow_{number}")(keras.layers.Dense(64, "relu", name=f"wide_{number}")(x))
    return keras.layers.LayerNormalization()(x + wide)


def digits_at(learning_rate):
    keras.utils.set_random_seed(0)
    x, y = load_digits(return_X_y=True)
    x, x_val, y, y_val = train_test_split(x.reshape(-1, 8, 8) / 16, y, train_size=1024, random_state=0)
    inputs = keras.Input((8, 8))
    hidden = keras.layers.Dense(32, name="embed")(inputs)
    for number in (1, 2, 3):
        hidden = block(hidden, number)
    outputs = keras.layers.Dense(10, "softmax", name="output")(keras.layers.Flatten()(hidden))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 10, "batch_size": 32, "validation_data": (x_val, y_val)}


def broken():
    return digits_at(0.015)


def mended():
    return digits_at(keras.optimizers.schedules.CosineDecay(0.0, 290, warmup_target=0.015, warmup_steps=30))


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
