"""The networks in Keras, for its three backends and for trainwell."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from racing.assignment import CHANNELS, CHARACTERS, CLASSES, EPSILON, FEATURES, RATE, WORDS, Assignment


def built(assignment: Assignment, weights: list[Any] | None = None) -> Any:
    """A compiled `keras.Model`, with these initial weights if they are given."""
    keras.utils.set_random_seed(assignment.seed)
    size = assignment.size
    model = keras.Model(*NETWORKS[assignment.network](size))
    if weights is not None:
        model.set_weights(weights)
    optimizer = keras.optimizers.Adam(RATE, epsilon=EPSILON)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def answered(x: Any, classes: int = CLASSES) -> Any:
    return layers.Dense(classes, activation="softmax")(x)


def cnn(size: dict[str, int]) -> Any:
    inputs = keras.Input((size["side"], size["side"], 3))
    x = layers.MaxPooling2D(2)(layers.Conv2D(32, 3, activation="relu")(inputs))
    x = layers.MaxPooling2D(2)(layers.Conv2D(64, 3, activation="relu")(x))
    return inputs, answered(layers.Dense(128, activation="relu")(layers.Flatten()(x)))


def digits_cnn(_: dict[str, int]) -> Any:
    inputs = keras.Input((8, 8, 1))
    x = layers.MaxPooling2D(2)(layers.Conv2D(16, 3, padding="same", activation="relu")(inputs))
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    return inputs, answered(layers.Dense(64, activation="relu")(layers.Flatten()(x)))


def _convolved(x: Any, filters: int, kernel: int, stride: int) -> Any:
    x = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def resnet(size: dict[str, int]) -> Any:
    """Stem, three blocks of two 3 x 3 convolutions with 16, 32, 64 filters, global mean."""
    inputs = keras.Input((size["side"], size["side"], 3))
    x = layers.ReLU()(_convolved(inputs, 16, 3, 1))
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        y = layers.ReLU()(_convolved(x, filters, 3, stride))
        y = _convolved(y, filters, 3, 1)
        straight = _convolved(x, filters, 1, stride) if stride > 1 else x
        x = layers.ReLU()(layers.Add()([y, straight]))
    return inputs, answered(layers.GlobalAveragePooling2D()(x))


def mlp(size: dict[str, int]) -> Any:
    inputs = x = keras.Input((FEATURES,))
    for _ in range(size["depth"]):
        x = layers.Dense(size["width"], activation="relu")(x)
    return inputs, answered(x)


def recurrent(cell: Any) -> Any:
    def network(size: dict[str, int]) -> Any:
        inputs = keras.Input((size["steps"], CHANNELS))
        return inputs, answered(cell(size["width"])(inputs))

    return network


@keras.saving.register_keras_serializable("racing")
class Embedded(layers.Layer):
    """Token and place, each an embedding, added."""

    def __init__(self, words: int, steps: int, width: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.words, self.places = layers.Embedding(words, width), layers.Embedding(steps, width)
        self.steps, self.sizes = steps, {"words": words, "steps": steps, "width": width}

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.sizes

    def build(self, input_shape: Any) -> None:
        self.words.build(input_shape)
        self.places.build((self.steps,))

    def call(self, x: Any) -> Any:
        return self.words(x) + self.places(keras.ops.arange(self.steps))


def _block(x: Any, size: dict[str, int], dropout: float, causal: bool) -> Any:
    """Pre-norm block: attention, then two dense layers four times as wide inside."""
    width = size["width"]
    y = layers.LayerNormalization(epsilon=1e-5)(x)
    attention = layers.MultiHeadAttention(size["heads"], width // size["heads"], dropout=dropout)
    y = attention(y, y, use_causal_mask=causal)
    x = layers.Add()([x, layers.Dropout(dropout)(y) if dropout else y])
    y = layers.LayerNormalization(epsilon=1e-5)(x)
    y = layers.Dense(4 * width, activation="relu")(y)
    y = layers.Dense(width)(layers.Dropout(dropout)(y) if dropout else y)
    return layers.Add()([x, layers.Dropout(dropout)(y) if dropout else y])


def transformer(size: dict[str, int]) -> Any:
    inputs = keras.Input((size["steps"],), dtype="int32")
    x = Embedded(WORDS, size["steps"], size["width"])(inputs)
    for _ in range(size["depth"]):
        x = _block(x, size, 0.1, causal=False)
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization(epsilon=1e-5)(x))
    return inputs, answered(x)


def decoder(size: dict[str, int]) -> Any:
    inputs = keras.Input((size["steps"],), dtype="int32")
    x = Embedded(CHARACTERS, size["steps"], size["width"])(inputs)
    for _ in range(size["depth"]):
        x = _block(x, size, 0.0, causal=True)
    return inputs, answered(layers.LayerNormalization(epsilon=1e-5)(x), CHARACTERS)


NETWORKS = {
    "cnn": cnn,
    "resnet": resnet,
    "mlp": mlp,
    "simple_rnn": recurrent(layers.SimpleRNN),
    "lstm": recurrent(layers.LSTM),
    "gru": recurrent(layers.GRU),
    "transformer": transformer,
    "decoder": decoder,
    "digits_mlp": mlp,
    "digits_cnn": digits_cnn,
}
