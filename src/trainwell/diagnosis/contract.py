"""What data, last layer, loss and optimizer promise one another, as plain values, before the first step."""

from __future__ import annotations

import math
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
        distance: mean distance of the numbers from their median, the least that a constant prediction can be off;
            NaN if not known.
    """

    values: Values
    form: Form
    counts: tuple[int, ...]
    different: int
    distance: float = math.nan


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
class LayerStart:
    """One layer before the first step.

    Attributes:
        name: its own, without the path.
        kind: Keras class name.
        activation: that ends it: "relu", ...; None if it has none.
        units: length of its output's last axis; 0 if not known.
        parameters: number of its weights.
        deviation: standard deviation of its kernel; NaN without a kernel.
        usual_low: the smallest standard deviation that Glorot's, He's and LeCun's rules give a kernel of this shape.
        usual_high: the largest.
        alike: whether all its units begin with the same weights.
        memory_gain: of a recurrent layer, the largest factor by which its own weights multiply what it remembers from
            one step to the next (spectral radius of the recurrent kernel, the largest of its gates); else NaN.
        bias: mean of its bias; NaN without one.
        dropout: share that is dropped, of the layers that drop.
        l1: strength of the L1 penalty on its kernel.
        l2: strength of the L2 penalty on its kernel.
    """

    name: str
    kind: str
    activation: str | None
    units: int
    parameters: int
    deviation: float = math.nan
    usual_low: float = math.nan
    usual_high: float = math.nan
    alike: bool = False
    memory_gain: float = math.nan
    bias: float = math.nan
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0


@dataclass(frozen=True)
class Padding:
    """Zeros that fill up token sequences, and whether the network knows of them.

    Attributes:
        front: share of the tokens that are zeros in front of the first other one.
        back: share of the tokens that are zeros behind the last other one.
        masked: whether an Embedding (mask_zero) or Masking layer tells the later layers about them.
        reader: the first layer that reads them as if they were words: a recurrent layer that gives only its last state,
            attention or pooling over steps; "" if there is none.
        last_state: whether that reader is a recurrent layer that gives only its last state.
    """

    front: float
    back: float
    masked: bool
    reader: str
    last_state: bool


@dataclass(frozen=True)
class SimpleModel:
    """How well simple models predict samples that they were not fitted on: what the inputs tell about the targets.

    Attributes:
        name: of the best one: "nearest neighbours" or "linear model".
        score: its balanced accuracy (classes), or R² (numbers).
        chance: the score of knowing nothing.
        error: standard error of the score.
        samples: on how many samples it was measured.
    """

    name: str
    score: float
    chance: float
    error: float
    samples: int

    @property
    def better_than_chance(self) -> bool:
        """Whether it is clearly (three standard errors) better than knowing nothing."""
        return self.score > self.chance + 3 * self.error


@dataclass(frozen=True)
class OneBatch:
    """Whether the network can learn one batch by heart, which needs no generalisation: tried on a copy of it.

    Attributes:
        samples: of the batch.
        steps: that were done with each optimizer.
        constant: loss of the best constant prediction on the batch.
        own: loss at the end with the model's own optimizer, as a share of `constant`; infinite if it became so.
        adam: the same with Adam and clipped gradients; None if its own optimizer sufficed.
    """

    samples: int
    steps: int
    constant: float
    own: float
    adam: float | None


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
        first_penalty: what penalties on weights add to it; None if not known.
        layers: before the first step, in the order in which the model keeps them.
        padding: of token sequences; None for other data.
        simple: what simple models make of the same data; None if none was tried.
        one_batch: whether it can learn one batch by heart; None if that was not tried.
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
    first_penalty: float | None = None
    layers: tuple[LayerStart, ...] = ()
    padding: Padding | None = None
    simple: SimpleModel | None = None
    one_batch: OneBatch | None = None

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
