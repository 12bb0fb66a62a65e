"""A recipe and its data as a plain compiled Keras model, written as a user would write it."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from gallery.arrays import Arrays
from gallery.recipe import Recipe
from gallery.targets import LOSSES, OUTPUTS, units

EMBEDDING = 16


def build(recipe: Recipe, arrays: Arrays, seed: int) -> Any:
    """A compiled `keras.Model` with the initial weights of this seed."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    shape = recipe.input_shape or arrays.x.shape[1:]
    inputs = keras.Input(shape, dtype="int32" if arrays.vocabulary else "float32", name="inputs")
    hidden = _steps(recipe, arrays, inputs)
    if recipe.network == "transformer":
        hidden = _transformer(recipe, hidden, _mask(recipe, arrays, inputs))
    else:
        hidden = FAMILIES[recipe.network](recipe, hidden)
    activation = recipe.output_activation or OUTPUTS[recipe.targets]
    output = layers.Dense(recipe.output_units or units(recipe, arrays), activation=activation, name="output")(hidden)
    model = keras.Model(inputs, output, name=recipe.network)
    model.compile(
        optimizer=_optimizer(recipe),
        loss=recipe.loss or LOSSES[recipe.targets],
        metrics=["mae"] if recipe.regression else ["accuracy"],
    )
    for edit in recipe.weights_edits:
        edit(model)
    return model


def _optimizer(recipe: Recipe) -> Any:
    rate = recipe.learning_rate() if callable(recipe.learning_rate) else recipe.learning_rate
    return getattr(keras.optimizers, recipe.optimizer)(learning_rate=rate, **recipe.optimizer_settings)


def _steps(recipe: Recipe, arrays: Arrays, inputs: Any) -> Any:
    """Inputs as the family takes them: tokens embedded, padding masked, rows of a picture as steps."""
    if arrays.vocabulary:
        masked = recipe.masked and recipe.network != "cnn"
        return layers.Embedding(arrays.vocabulary, EMBEDDING, mask_zero=masked, name="embedding")(inputs)
    if recipe.network in ("mlp", "cnn"):
        return inputs
    if len(inputs.shape) == 4:
        return layers.Reshape((inputs.shape[1], inputs.shape[2] * inputs.shape[3]), name="rows")(inputs)
    if arrays.padded and recipe.masked and recipe.recurrent:
        return layers.Masking(name="masking")(inputs)
    return inputs


def _mask(recipe: Recipe, arrays: Arrays, inputs: Any) -> Any:
    """Which steps (samples, steps) are no padding; None without. By hand: adding places drops Keras's own mask."""
    if not (arrays.padded and recipe.masked):
        return None
    used: Any = keras.ops.not_equal(inputs, 0)
    return used if arrays.vocabulary else keras.ops.any(used, axis=-1)


def _kernel(recipe: Recipe) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if recipe.initializer:
        settings["kernel_initializer"] = recipe.initializer
    if recipe.l2:
        settings["kernel_regularizer"] = keras.regularizers.L2(recipe.l2)
    return settings


def _activation(recipe: Recipe, number: int) -> str | None:
    return recipe.activations.get(number, recipe.activation)


def _behind(recipe: Recipe, hidden: Any, name: str) -> Any:
    """Normalisation and dropout behind a hidden layer."""
    if recipe.normalization:
        kind = layers.BatchNormalization if recipe.normalization == "batch" else layers.LayerNormalization
        hidden = kind(name=f"{name}_norm")(hidden)
    return layers.Dropout(recipe.dropout, name=f"{name}_dropout")(hidden) if recipe.dropout else hidden


def _mlp(recipe: Recipe, hidden: Any) -> Any:
    if hidden.dtype == "float32" and len(hidden.shape) == 3 and "embedding" in hidden.name:
        hidden = layers.GlobalAveragePooling1D(name="mean")(hidden)
    elif len(hidden.shape) > 2:
        hidden = layers.Flatten(name="flatten")(hidden)
    for number, width in enumerate(recipe.widths, 1):
        dense = layers.Dense(width, activation=_activation(recipe, number), name=f"dense_{number}", **_kernel(recipe))
        hidden = _behind(recipe, dense(hidden), dense.name)
    return hidden


def _cnn(recipe: Recipe, hidden: Any) -> Any:
    plane = len(hidden.shape) == 4
    convolution = layers.Conv2D if plane else layers.Conv1D
    pool = layers.MaxPooling2D if plane else layers.MaxPooling1D
    *filters, width = recipe.widths
    for number, count in enumerate(filters, 1):
        activation = _activation(recipe, number)
        name = f"conv_{number}"
        hidden = convolution(count, 3, padding="same", activation=activation, name=name, **_kernel(recipe))(hidden)
        hidden = _behind(recipe, hidden, name)
        if number <= 2 and hidden.shape[1] >= 4:
            hidden = pool(2, name=f"pool_{number}")(hidden)
    hidden = layers.Flatten(name="flatten")(hidden)
    last = _activation(recipe, len(recipe.widths))
    hidden = layers.Dense(width, activation=last, name="dense_1", **_kernel(recipe))(hidden)
    return _behind(recipe, hidden, "dense_1")


RECURRENT = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


def _recurrent(recipe: Recipe, hidden: Any) -> Any:
    for number, width in enumerate(recipe.widths, 1):
        sequences = recipe.mean_pooled or number < len(recipe.widths)
        settings = _kernel(recipe)
        if not recipe.gated:
            settings["activation"] = _activation(recipe, number)
        name = f"recurrent_{number}"
        inner = "cell" if recipe.bidirectional else name
        layer = RECURRENT[recipe.network](width, return_sequences=sequences, name=inner, **settings)
        if recipe.bidirectional:
            layer = layers.Bidirectional(layer, name=name)
        hidden = _behind(recipe, layer(hidden), name)
    return layers.GlobalAveragePooling1D(name="mean")(hidden) if recipe.mean_pooled else hidden


def _transformer(recipe: Recipe, hidden: Any, mask: Any) -> Any:
    width = recipe.widths[0]
    hidden = layers.Dense(width, name="projection")(hidden)
    steps = hidden.shape[1]
    counted: Any = keras.ops.cumsum(keras.ops.ones_like(hidden[:, :, 0], dtype="int32"), axis=1)
    places = counted - 1
    hidden = layers.Add(name="placed")([hidden, layers.Embedding(steps, width, name="places")(places)])
    for block in range(1, recipe.blocks + 1):
        hidden = _block(recipe, hidden, mask, f"block_{block}")
    if recipe.pre_norm:
        hidden = layers.LayerNormalization(name="last_norm")(hidden)
    return layers.GlobalAveragePooling1D(name="mean")(hidden, mask=mask)


def _block(recipe: Recipe, hidden: Any, mask: Any, name: str) -> Any:
    width, inner = recipe.widths
    attended = None if mask is None else keras.ops.expand_dims(mask, 1)  # (samples, queries, keys)

    def residual(before: Any, part: str, body: Any) -> Any:
        norm = layers.LayerNormalization(name=f"{name}_{part}_norm")
        after = body(norm(before) if recipe.pre_norm else before)
        if recipe.dropout:
            after = layers.Dropout(recipe.dropout, name=f"{name}_{part}_dropout")(after)
        total = layers.Add(name=f"{name}_{part}_sum")([before, after])
        return total if recipe.pre_norm else norm(total)

    attention = layers.MultiHeadAttention(
        recipe.heads, width // recipe.heads, name=f"{name}_attention", **_kernel(recipe)
    )
    first = layers.Dense(inner, activation=_activation(recipe, 1), name=f"{name}_dense_1", **_kernel(recipe))
    second = layers.Dense(width, name=f"{name}_dense_2", **_kernel(recipe))
    hidden = residual(hidden, "attention", lambda x: attention(x, x, attention_mask=attended))
    return residual(hidden, "feed_forward", lambda x: second(first(x)))


FAMILIES = {
    "mlp": _mlp,
    "cnn": _cnn,
    "simple_rnn": _recurrent,
    "lstm": _recurrent,
    "gru": _recurrent,
}
