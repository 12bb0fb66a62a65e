"""Small networks of the five kinds on scikit-learn's digits, for the engine's tests."""

from __future__ import annotations

from trainwell.backend import keras_seed, load_keras

keras = load_keras()
layers = keras.layers


def digits(samples: int = 200):
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return bunch.images[:samples, ..., None].astype("uint8"), bunch.target[:samples].astype("int32")


def _start(dtype=None):
    return [keras.Input((8, 8, 1)), layers.Rescaling(1 / 16.0, name="scaling", dtype=dtype)]


def mlp(dropout: float = 0.2, regularizer=None, dtype=None):
    hidden = [
        layers.Dense(16, activation="relu", kernel_regularizer=regularizer, name=f"dense_{i}", dtype=dtype)
        for i in (1, 2)
    ]
    rest = [layers.Dropout(dropout, name="dropout", dtype=dtype)] if dropout else []
    output = layers.Dense(10, activation="softmax", name="output", dtype="float32")
    return keras.Sequential([*_start(dtype), layers.Flatten(name="flatten"), *hidden, *rest, output])


def cnn():
    return keras.Sequential(
        [
            *_start(),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv_1"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv_2"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", name="output"),
        ]
    )


def recurrent(cell):
    return keras.Sequential(
        [
            *_start(),
            layers.Reshape((8, 8), name="rows"),
            cell(8, dropout=0.1, name="recurrent"),
            layers.Dense(10, activation="softmax", name="output"),
        ]
    )


def simple_rnn():
    return recurrent(layers.SimpleRNN)


def lstm():
    return recurrent(layers.LSTM)


def transformer():
    image = keras.Input((8, 8, 1))
    rows = layers.Reshape((8, 8), name="rows")(layers.Rescaling(1 / 16.0, name="scaling")(image))
    attended = layers.MultiHeadAttention(2, 8, dropout=0.1, name="attention")(rows, rows)
    hidden = layers.LayerNormalization(name="norm")(rows + attended)
    hidden = layers.Dense(16, activation="gelu", name="feed_forward")(hidden)
    pooled = layers.GlobalAveragePooling1D(name="pool")(hidden)
    return keras.Model(image, layers.Dense(10, activation="softmax", name="output")(pooled))


ALL = [mlp, cnn, simple_rnn, lstm, transformer]


def compiled(build, optimizer="adam", seed: int = 0, **compile_settings):
    with keras_seed(seed):
        model = build()
    settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | compile_settings
    model.compile(optimizer=optimizer() if callable(optimizer) else optimizer, **settings)
    return model


def everything(model):
    """All values that a training changes, as a list of NumPy arrays."""
    return [variable.numpy() for variable in [*model.variables, *model.optimizer.variables]]
