"""The first layers: from raw inputs of any kind to what a network computes with, and which steps of it are real.

Inputs stay raw; scaling, embedding and the ear of a network are layers of the model. Steps behind the end of a sequence
(`trainwell.data.padding`) are known from the input itself, so a prediction depends neither on how far a batch was
padded nor on the other samples in it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.data.padding import STEP, TOKEN
from trainwell.data.scaling import Scaling
from trainwell.networks.choice import Choice
from trainwell.networks.sound import Ear


class Steps(NamedTuple):
    """Inputs that are read step by step, as Keras tensors.

    Attributes:
        inputs: as the model takes them.
        features: (batch, steps, channels) floating; finite behind the end, but not 0.
        known: (batch, steps) bool, False behind the end; None if every step is real.
        length: steps of the training part: frames of sound, rows of a picture.
        choices: what was decided, to be said aloud.
    """

    inputs: Any
    features: Any
    known: Any | None
    length: int
    choices: tuple[Choice, ...] = ()


def picture_or_table(data: Dataset) -> list[Any]:
    """Input and scaling, as layers, of samples that all have one shape.

    The scaling is computed in float32 also under mixed precision: raw values may exceed what float16 can hold.
    """
    return [load_keras().Input(data.input_shape, name="input"), scaling_layer(data.scaling)]


def scaling_layer(scaling: Scaling, name: str = "scaling") -> Any:
    """(x - mean) / std along the last axis, with numbers that are fixed."""
    return load_keras().layers.Normalization(
        axis=-1, mean=scaling.mean, variance=tuple(std**2 for std in scaling.std), name=name, dtype="float32"
    )


def ends(data: Dataset) -> bool:
    """Whether sequences may be shorter than their array: not the windows of a forecast or of a language model."""
    return data.task not in ("forecasting", "language_model")


def one_length(data: Dataset) -> bool:
    """Whether all training samples are sequences of the same length, none of them padded."""
    return data.kind == "sequence" and not bool(np.any(data.train.x[:, -1] == np.float32(STEP)))


def sequence_layers(data: Dataset, embedding: int, precision: str) -> list[Any]:
    """Input, masking and scaling of a sequence, or the embedding of a text, as layers that hand Keras's mask on."""
    keras = load_keras()
    if data.kind == "text":
        return [_token_input(), _embedding(data, embedding, precision, mask_zero=ends(data))]
    if data.kind == "image":
        height, width, channels = data.input_shape
        rows = keras.layers.Reshape((height, width * channels), name="rows", dtype="float32")
        return [*picture_or_table(data), rows]
    masking = [keras.layers.Masking(STEP, name="masking", dtype="float32")] if ends(data) else []
    return [keras.Input((None, data.input_shape[-1]), name="input"), *masking, scaling_layer(data.scaling)]


def steps(data: Dataset, embedding: int, precision: str) -> Steps:
    """The same for every kind that is read step by step, with the real steps as a tensor of its own."""
    keras = load_keras()
    ops = keras.ops
    if data.kind == "audio":
        ear = Ear.of(data)
        sound = keras.Input((None,), name="input")
        energies, known = ear.log_mel(sound)
        features = scaling_layer(ear.scaling(data), "band_scaling")(energies)
        return Steps(sound, features, known, data.input_shape[0] // ear.hop + 1, ear.choices)
    if data.kind == "text":
        tokens = _token_input()
        features = _embedding(data, embedding, precision, mask_zero=False)(tokens)
        return Steps(tokens, features, ops.not_equal(tokens, TOKEN) if ends(data) else None, data.input_shape[0])
    if data.kind == "image" or not ends(data):
        made = sequence_layers(data, embedding, precision)
        return Steps(made[0], chained(made[0], made[1:]), None, data.input_shape[0])
    sequence = keras.Input((None, data.input_shape[-1]), name="input")
    known = ops.any(ops.not_equal(sequence, STEP), axis=-1)
    return Steps(
        sequence,
        scaling_layer(data.scaling)(ops.where(ops.expand_dims(known, -1), sequence, 0.0)),
        known,
        data.input_shape[0],
    )


def chained(x: Any, layers: list[Any]) -> Any:
    """`x` through all these layers, one after the other."""
    for layer in layers:
        x = layer(x)
    return x


def _token_input() -> Any:
    return load_keras().Input((None,), dtype="int32", name="input")


def _embedding(data: Dataset, width: int, precision: str, *, mask_zero: bool) -> Any:
    layers = load_keras().layers
    return layers.Embedding(data.vocabulary_size, width, mask_zero=mask_zero, name="tokens", dtype=precision)
