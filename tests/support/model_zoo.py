"""Small compiled models of every shape that a blueprint must be able to carry."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from trainwell.backend import load_keras
from trainwell.blueprint import Blueprint, FitSettings

MAKERS: dict[str, Callable[[], Any]] = {}


def maker(function: Callable[[], Any]) -> Callable[[], Any]:
    MAKERS[function.__name__] = function
    return function


@maker
def sequential() -> Any:
    keras = load_keras()
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Normalization(axis=-1, mean=(1.5,), variance=(2.0,), name="scaling"),
            keras.layers.Conv2D(
                4,
                3,
                padding="same",
                activation=keras.layers.LeakyReLU(0.01),
                kernel_initializer=keras.initializers.HeNormal(),
            ),
            keras.layers.MaxPooling2D(2),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L1L2(1e-5, 1e-4)),
            keras.layers.Dropout(0.25),
            keras.layers.Dense(3, activation=keras.activations.softmax, name="output"),
        ],
        name="digits",
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(0.0, 90, warmup_target=1e-3, warmup_steps=10), clipnorm=1.0
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model


@maker
def skip_connection() -> Any:
    keras = load_keras()
    inputs = keras.Input((6,))
    x = keras.layers.Dense(6, activation="tanh")(inputs)
    x = keras.layers.Add()([x, inputs])
    y = keras.layers.LayerNormalization(epsilon=1e-5)(x + inputs * 0.5)
    model = keras.Model(inputs, keras.layers.Dense(1)(y))
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, clipvalue=0.5), "mse", metrics=["mae"])
    return model


@maker
def shared_layer() -> Any:
    keras = load_keras()
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = keras.layers.Dense(5, activation="relu", name="shared")
    both = keras.layers.Concatenate()([shared(left), shared(right)])
    near = keras.layers.Dense(1, activation="sigmoid", name="near")(both)
    far = keras.layers.Dense(2, name="far")(both)
    model = keras.Model([left, right], {"near": near, "far": far}, name="twins")
    model.compile(
        keras.optimizers.RMSprop(0.002, global_clipnorm=2.0),
        loss={"near": keras.losses.BinaryCrossentropy(label_smoothing=0.1), "far": "mse"},
        loss_weights={"near": 1.0, "far": 0.25},
        metrics={"near": ["accuracy"]},
    )
    return model


@maker
def nested() -> Any:
    keras = load_keras()
    code = keras.Input((3,), name="seen")
    encoder = keras.Model(code, keras.layers.Dense(3, name="squeeze")(code), name="encoder")
    decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="gelu")], name="decoder")
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    model = keras.Model(
        [a, b], keras.layers.Subtract()([decoder(encoder(a)), decoder(encoder(encoder(b)))]), name="outer"
    )
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.PiecewiseConstantDecay([5, 9], [0.1, 0.01, 0.001])), "mae"
    )
    return model


@maker
def nested_in_sequential() -> Any:
    keras = load_keras()
    block = keras.Sequential([keras.layers.Dense(4, activation="elu"), keras.layers.Dropout(0.1, seed=3)], name="block")
    model = keras.Sequential([keras.Input((4,)), block, keras.layers.Dense(2, use_bias=False)])
    model.compile(keras.optimizers.Lamb(0.01), keras.losses.Huber(delta=2.0))
    return model


@maker
def recurrent() -> Any:
    keras = load_keras()
    inputs = keras.Input((5, 3))
    x = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True, recurrent_dropout=0.1))(inputs)
    x, *state = keras.layers.GRU(6, return_sequences=True, return_state=True)(x)
    x = keras.layers.GRU(6)(x, initial_state=state)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.5, staircase=True), clipvalue=1.0
        ),
        "binary_crossentropy",
        weighted_metrics=["accuracy"],
    )
    return model


@maker
def recurrent_stack() -> Any:
    keras = load_keras()
    cells = keras.layers.StackedRNNCells([keras.layers.GRUCell(3), keras.layers.LSTMCell(2)])
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, activation="swish")], name="inner")
    model = keras.Sequential(
        [keras.Input((5, 3)), keras.layers.TimeDistributed(inner), keras.layers.RNN(cells), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(0.1, 10, 0.5)), "mse")
    return model


@maker
def attention() -> Any:
    keras = load_keras()
    inputs = keras.Input((6,), dtype="int32", name="tokens")
    x = keras.layers.Embedding(20, 8, mask_zero=True)(inputs)
    attended = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1)(x, x, use_causal_mask=True)
    x = keras.layers.LayerNormalization()(x + attended)
    x = keras.ops.mean(x[:, 1:], axis=1) + x[:, 0]
    model = keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(x), name="attention")
    model.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.PolynomialDecay(0.01, 50, power=2.0), weight_decay=0.01),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=[keras.metrics.TopKCategoricalAccuracy(k=2)],
        steps_per_execution=4,
    )
    return model


@maker
def mixed_precision() -> Any:
    keras = load_keras()
    layers = [
        keras.Input((4,)),
        keras.layers.Dense(8, activation="relu", dtype="mixed_bfloat16"),
        keras.layers.Dense(1, dtype="float32", trainable=False),
    ]
    model = keras.Sequential(layers)
    model.compile("rmsprop", "mse")
    return model


@cache
def blueprints() -> dict[str, Blueprint]:
    """One blueprint of each model, made once."""
    fit = FitSettings(epochs=3, batch_size=8, class_weight={0: 1.0, 1: 2.5}, early_stopping_patience=4)
    return {name: Blueprint.of(make(), fit, {"name": "random", "classes": 3}) for name, make in MAKERS.items()}
