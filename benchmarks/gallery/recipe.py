"""One training as values: which data, which network, how it is compiled and fitted. A fault is another value in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from gallery.arrays import Arrays

Network = Literal["mlp", "cnn", "simple_rnn", "lstm", "gru", "transformer"]
Targets = Literal["classes", "one_hot", "one_unit", "labels", "numbers", "inputs"]
ArraysEdit = Callable[[Arrays, np.random.Generator], Arrays]
WeightsEdit = Callable[[Any], None]


@dataclass(frozen=True)
class Recipe:
    """How somebody would set up one training.

    Attributes:
        network: family.
        source: name of the data, see `sources`.
        kind: "image", "text", "speech", "sequence" or "table": what a person would call the data.
        targets: form in which the answers are given: class numbers; rows of one 1; a single 0 or 1; several of them;
            numbers; or the inputs themselves (an autoencoder).
        widths: units of the hidden layers; filters of the convolutions and then units of the dense layer; units of the
            stacked recurrent layers; (width, width of the feed-forward layer) of a transformer.
        least: what the score must reach so that the training counts as having learned (accuracy, or R²).
        activation: of the hidden layers.
        activations: of single hidden layers: number (from 1) -> name.
        initializer: of the hidden layers' kernels; Keras's own default if not given.
        normalization: "batch" or "layer" behind each hidden layer; "" for none.
        dropout: behind each hidden layer.
        l2: strength of the penalty on the hidden kernels.
        bidirectional: recurrent layers read both ways.
        mean_pooled: a recurrent network answers from the mean of its states, not from the last one.
        masked: padding is masked.
        blocks: of a transformer.
        heads: of a transformer.
        pre_norm: normalise in front of attention and feed-forward, not behind.
        input_shape: that the model is built for, if not that of the data.
        output_units: if not what the data need.
        output_activation: if not the usual one.
        loss: Keras's name or object, if not the usual one.
        optimizer: Keras's class name.
        learning_rate: number, or a function that makes a Keras schedule.
        optimizer_settings: momentum, clipping, ...
        batch_size: of the fit.
        epochs: of the fit.
        early_stopping: epochs without a better validation loss; 0 for none.
        class_weight: of the fit.
        arrays_edits: done to the data, in this order.
        weights_edits: done to the built model.
        callbacks: each makes a Keras callback.
    """

    network: Network
    source: str
    kind: str
    targets: Targets
    widths: tuple[int, ...]
    least: float
    activation: str | None = "relu"
    activations: Mapping[int, str] = field(default_factory=dict[int, str])
    initializer: str | None = None
    normalization: str = ""
    dropout: float = 0.0
    l2: float = 0.0
    bidirectional: bool = False
    mean_pooled: bool = False
    masked: bool = True
    blocks: int = 1
    heads: int = 2
    pre_norm: bool = True
    input_shape: tuple[int, ...] | None = None
    output_units: int | None = None
    output_activation: str | None = None
    loss: Any = None
    optimizer: str = "Adam"
    learning_rate: float | Callable[[], Any] = 1e-3
    optimizer_settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    batch_size: int = 32
    epochs: int = 10
    early_stopping: int = 0
    class_weight: Mapping[int, float] | None = None
    arrays_edits: tuple[ArraysEdit, ...] = ()
    weights_edits: tuple[WeightsEdit, ...] = ()
    callbacks: tuple[Callable[[], Any], ...] = ()

    def changed(self, **values: Any) -> Recipe:
        """The same with other values."""
        return replace(self, **values)

    def with_arrays(self, *edits: ArraysEdit) -> Recipe:
        """The same with one more change of the data."""
        return replace(self, arrays_edits=(*self.arrays_edits, *edits))

    def with_weights(self, *edits: WeightsEdit) -> Recipe:
        """The same with one more change of the initial weights."""
        return replace(self, weights_edits=(*self.weights_edits, *edits))

    @property
    def rate(self) -> float:
        """The learning rate, of a recipe without a schedule.

        Raises:
            TypeError: it has a schedule.
        """
        if callable(self.learning_rate):
            raise TypeError("a schedule has no single rate")
        return self.learning_rate

    @property
    def recurrent(self) -> bool:
        """Whether it reads step by step."""
        return self.network in ("simple_rnn", "lstm", "gru")

    @property
    def gated(self) -> bool:
        """Whether its recurrent layers have gates, so that `activation` is left at Keras's default."""
        return self.network in ("lstm", "gru")

    @property
    def regression(self) -> bool:
        """Whether numbers are predicted."""
        return self.targets in ("numbers", "inputs")

    @property
    def hidden(self) -> tuple[str, ...]:
        """Names of the layers whose kernels a fault may hurt, in the order of the data's way."""
        count = range(1, len(self.widths) + 1)
        if self.network == "mlp":
            return tuple(f"dense_{number}" for number in count)
        if self.network == "cnn":
            return (*(f"conv_{number}" for number in count[:-1]), "dense_1")
        if self.network == "transformer":
            blocks = range(1, self.blocks + 1)
            return tuple(f"block_{block}_{part}" for block in blocks for part in ("dense_1", "dense_2"))
        return tuple(f"recurrent_{number}" for number in count)
