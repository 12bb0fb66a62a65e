"""What is learned from: arrays, their split, and the facts a network and a doctor need."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from trainwell.data.scaling import Scaling
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from trainwell.data.formats import InputFormat

Kind = Literal["image", "table", "sequence", "text", "audio"]
Task = Literal["binary", "multiclass", "multilabel", "regression", "forecasting", "language_model"]
NUMERIC: tuple[Task, ...] = ("regression", "forecasting")  # tasks whose targets are numbers in a unit
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Split:
    """One part of the data.

    Attributes:
        x: inputs as the model takes them, (samples, *input shape): uint8 or float32 pictures, float32 tables, float32
            sequences (samples, steps, channels) with steps behind the end of a sequence equal to
            `trainwell.data.padding.STEP`, int32 tokens (samples, steps) with 0 behind the end of a text, int16 sound
            (samples, time) with 0 behind the end.
        y: targets; int32 class numbers (samples,); float32 (samples, labels) of 0 and 1 for several labels; float32
            (samples, outputs) for regression, (samples, horizon x targets) for forecasting; int32 (samples, steps), the
            next token of each step and 0 where there is none, for a language model.
        names: where each sample came from (a relative file path), or None.
    """

    x: Array
    y: Array
    names: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Note:
    """Something that was decided or noticed while loading: said aloud, never silent."""

    severity: Literal["info", "warning"]
    text: Text


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data ready to be learned from; made by `trainwell.data.load`.

    Attributes:
        name: short name ("digits", the name of a folder, ...).
        kind: "image", "table", "sequence", "text" or "audio".
        task: "binary", "multiclass", "multilabel", "regression", "forecasting" or "language_model".
        train: learned from; in seeded random order.
        validation: looked at while training; may have no samples.
        test: looked at once, at the end.
        class_names: one per class or label; () where there are none.
        scaling: of the inputs along the last axis, fitted on `train.x` only. Inputs stay raw: the scaling goes into
            the model. Of tokens and sound it is mean 0 and std 1, which changes nothing.
        target_scaling: numbers to predict: of the targets, fitted on `train.y` only; else None.
        notes: what was decided or noticed while loading.
        source: what was given to `load`.
        column_names: names of the columns of a table or of the channels of a sequence, or () if unknown.
        format: how raw samples become inputs; None where inputs are arrays anyway.
        target_names: what is predicted, one name per output of a regression or forecast, or () if unknown.
        baselines: numbers to beat on the test part, name -> metric -> value, for example of the last known value in
            forecasting; {} where the trivial predictor of the task is enough.
        baseline_titles: what a person calls them, name -> text.
    """

    name: str
    kind: Kind
    task: Task
    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    scaling: Scaling
    target_scaling: Scaling | None
    notes: tuple[Note, ...]
    source: str
    column_names: tuple[str, ...] = ()
    format: InputFormat | None = None
    target_names: tuple[str, ...] = ()
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    baseline_titles: Mapping[str, Text] = field(default_factory=dict[str, Text])

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample.

        (height, width, channels) of an image, (columns,) of a table, (steps, channels) of a sequence, (steps,) of a
        text in tokens, (time,) of sound.
        """
        return tuple(self.train.x.shape[1:])

    @property
    def outputs(self) -> int:
        """Units of the last layer: 1 for two classes, one per class, label, target or token for all else."""
        if self.task == "binary":
            return 1
        if self.task == "multiclass":
            return len(self.class_names)
        return self.vocabulary_size if self.task == "language_model" else int(self.train.y.shape[1])

    @property
    def vocabulary_size(self) -> int:
        """Number of different tokens of a text, with the padding; 0 for other kinds."""
        return int(getattr(self.format, "vocabulary_size", 0)) if self.kind == "text" else 0

    @property
    def classifies(self) -> bool:
        """Whether each sample is of one class."""
        return self.task in ("binary", "multiclass")

    @property
    def parts(self) -> tuple[Split, Split, Split]:
        """Training, validation and test."""
        return self.train, self.validation, self.test

    def class_counts(self, split: Split) -> dict[str, int]:
        """Samples of each class or label in `split`, in class order; empty where there are no classes."""
        if self.task == "multilabel":
            return dict(zip(self.class_names, split.y.sum(axis=0).astype(int).tolist(), strict=True))
        if not self.classifies:
            return {}
        counts = np.bincount(split.y, minlength=len(self.class_names)).tolist()
        return dict(zip(self.class_names, counts, strict=True))

    @property
    def majority_share(self) -> float | None:
        """Accuracy on test of always saying the commonest class of training, 0..1; None if there are no classes."""
        if not self.classifies:
            return None
        commonest = int(np.bincount(self.train.y, minlength=len(self.class_names)).argmax())
        return float(np.mean(self.test.y == commonest))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the contents (kind, task, names, every array of every part), as hex digits.

        The same for the same data on every machine; the order of the samples counts, notes and source do not.
        """
        digest = hashlib.sha256(repr((self.kind, self.task, self.class_names, self.column_names)).encode())
        for split in self.parts:
            for array in (split.x, split.y):
                little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
                digest.update(repr((little.dtype.str, little.shape)).encode())
                digest.update(little.reshape(-1).view(np.uint8).data)
        return digest.hexdigest()

    def summary(self, language: Language = "en") -> str:
        """What a person wants to know about the data, several lines."""
        from trainwell.data.summary import summarise

        return summarise(self, language)

    def __str__(self) -> str:
        return self.summary("en")
