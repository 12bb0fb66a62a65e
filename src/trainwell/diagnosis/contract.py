"""What data, last layer, loss and optimizer promise one another, as plain values, before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Form = Literal["class_numbers", "one_hot", "several_labels", "numbers"]


@dataclass(frozen=True)
class Values:
    """What one array holds.

    Attributes:
        shape: of one sample.
        dtype: NumPy's name.
        samples: how many.
        minimum: of the finite values; NaN if there are none. So are the next three.
        maximum: likewise.
        mean: likewise.
        deviation: standard deviation, likewise.
        nonfinite: how many values are NaN or infinite.
        bad_samples: the first ten samples that hold such values, counted from 0.
        constant: features (places along the last axis) that are the same in every sample.
        features: length of the last axis; 1 for single numbers.
        widest: the largest standard deviation of a feature; NaN if all are constant.
        narrowest: the smallest one that is not 0; NaN if all are constant.
        farthest: the largest |mean| / standard deviation of a feature; NaN if all are constant.
    """

    shape: tuple[int, ...]
    dtype: str
    samples: int
    minimum: float
    maximum: float
    mean: float
    deviation: float
    nonfinite: int
    bad_samples: tuple[int, ...]
    constant: int
    features: int
    widest: float
    narrowest: float
    farthest: float


@dataclass(frozen=True)
class Targets:
    """What is to be predicted.

    Attributes:
        values: as an array.
        form: whole class numbers (samples,) or (samples, 1); rows of one 1 and else 0; rows of 0 and 1; or any numbers.
        counts: samples of each class: by class number (those below 0 are left out), by column, or () for numbers.
        different: how many different values (class numbers, numbers) there are, at most 1,000 are counted.
    """

    values: Values
    form: Form
    counts: tuple[int, ...]
    different: int


@dataclass(frozen=True)
class OutputLayer:
    """The end of the network.

    Attributes:
        name: of the last layer with weights, or of the last layer.
        shape: of one sample's output; None for an axis of any length.
        activation: what the outputs went through last: "softmax", "sigmoid", ..., "linear" for nothing.
        minimum: smallest finite output of the first batch before training; NaN if there is none.
        maximum: largest, likewise.
    """

    name: str
    shape: tuple[int | None, ...]
    activation: str
    minimum: float
    maximum: float

    @property
    def units(self) -> int:
        """Length of the last axis; 1 for single numbers."""
        return int(self.shape[-1] or 0) if self.shape else 1


@dataclass(frozen=True)
class Contract:
    """All of it, for a model with one input and one output.

    Attributes:
        inputs: what is learned from.
        targets: what is to be predicted.
        output: the end of the network.
        expected_input: shape of one sample that the model takes, None for an axis of any length; None if any.
        loss: Keras's name in snake case: "sparse_categorical_crossentropy", "mean_squared_error", ...; "" if it is a
            function of somebody's own.
        from_logits: whether the loss takes numbers that went through no softmax or sigmoid.
        ignored_class: the class number that the loss leaves out; None for none.
        metrics: Keras's names in snake case.
        learning_rate: as compiled, the largest of the training where it is a schedule; None if not known.
        optimizer: Keras class name.
        adapts: whether the optimizer scales each weight's step by itself (Adam, RMSprop, ...), so that a rate has the
            same meaning for all losses.
        rescaled: whether the model itself rescales its inputs before the first weights (Normalization, Rescaling,
            BatchNormalization, LayerNormalization, a spectrogram), or looks them up (Embedding).
        linear_runs: runs of at least two layers with weights that have no non-linearity between them, in the order of
            the data's way; the output layer may end one.
        class_weighted: whether classes or samples are weighted in the fit.
        shared_samples: validation samples that are training samples too; None without validation data.
        repeated_samples: training samples that occur more than once; None if they were not compared.
        validation_samples: how many there are; 0 for none.
        first_loss: loss of the first batch before training, without penalties; None if not known.
    """

    inputs: Values
    targets: Targets
    output: OutputLayer
    expected_input: tuple[int | None, ...] | None
    loss: str
    from_logits: bool
    ignored_class: int | None
    metrics: tuple[str, ...]
    learning_rate: float | None
    optimizer: str
    adapts: bool
    rescaled: bool
    linear_runs: tuple[tuple[str, ...], ...]
    class_weighted: bool
    shared_samples: int | None
    repeated_samples: int | None
    validation_samples: int
    first_loss: float | None

    @property
    def integer_labels(self) -> bool:
        """Whether the loss takes class numbers."""
        return self.loss.startswith("sparse_")

    @property
    def crossentropy(self) -> bool:
        """Whether the loss is a cross-entropy of classes."""
        return "crossentropy" in self.loss

    @property
    def regression(self) -> bool:
        """Whether the loss measures a distance between numbers."""
        return self.loss in DISTANCES


DISTANCES = frozenset(
    {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
    }
)
