"""Large weights before the softmax: each head looks at one place only, and no gradient is left to look elsewhere."""

import trainwell as tw  # first: it chooses JAX for Keras

import keras
import numpy as np


def marked_symbol(initializer):
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    symbols, marked = random.integers(0, 8, (1024, 12)), random.integers(0, 12, 1024)
    x = np.concatenate([np.eye(8)[symbols], np.eye(12)[marked][:, :, None]], axis=-1).astype("float32")
    y = symbols[np.arange(1024), marked]
    inputs = keras.Input((12, 9))
    attention = keras.layers.MultiHeadAttention(2, 16, kernel_initializer=initializer, name="attention")
    seen = attention(keras.layers.Dense(32, name="embed")(inputs), keras.layers.Dense(32, name="embed_2")(inputs))
    pooled = keras.layers.GlobalAveragePooling1D()(seen)
    model = keras.Model(inputs, keras.layers.Dense(8, "softmax", name="output")(pooled))
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x[:768], y[:768], {"epochs": 12, "batch_size": 32, "validation_data": (x[768:], y[768:])}


def broken():
    return marked_symbol(keras.initializers.RandomNormal(stddev=4.0))


def mended():
    return marked_symbol("glorot_uniform")


if __name__ == "__main__":
    for training in (broken, mended):
        model, x, y, settings = training()
        findings = tw.diagnose(model, x, y, **settings).findings
        print(f"{training.__name__}:", *[finding.text() for finding in findings] or ["nothing found"], sep="\n")
