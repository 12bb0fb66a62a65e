"""What is learned from: arrays, their split, and the facts a network and a doctor need."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trainwell.data.scaling import Scaling
from trainwell.locales import Language, Text

Kind = Literal["image", "table"]
Task = Literal["binary", "multiclass", "regression"]
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Split:
    """One part of the data.

    Attributes:
        x: inputs, (samples, *input shape), raw values as found: uint8 or float32.
        y: targets; int32 class numbers (samples,), or float32 (samples, outputs) for regression.
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
        kind: "image" or "table".
        task: "binary", "multiclass" or "regression".
        train: learned from; in seeded random order.
        validation: looked at while training; may have no samples.
        test: looked at once, at the end.
        class_names: one per class; () for regression.
        scaling: of the inputs along the last axis, fitted on `train.x` only. Inputs stay raw: the scaling goes into
            the model.
        target_scaling: regression only: of the targets, fitted on `train.y` only.
        notes: what was decided or noticed while loading.
        source: what was given to `load`.
        column_names: tables: names of the columns, or () if unknown.
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

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample: (height, width, channels) of an image, (columns,) of a table."""
        return tuple(self.train.x.shape[1:])

    @property
    def outputs(self) -> int:
        """Units of the last layer: 1 for two classes, one per class for more, one per target for regression."""
        if self.task == "binary":
            return 1
        return len(self.class_names) if self.task == "multiclass" else int(self.train.y.shape[1])

    @property
    def parts(self) -> tuple[Split, Split, Split]:
        """Training, validation and test."""
        return self.train, self.validation, self.test

    def class_counts(self, split: Split) -> dict[str, int]:
        """Samples of each class in `split`, in class order; empty for regression."""
        if self.task == "regression":
            return {}
        counts = np.bincount(split.y, minlength=len(self.class_names)).tolist()
        return dict(zip(self.class_names, counts, strict=True))

    @property
    def majority_share(self) -> float | None:
        """Accuracy on test of always saying the commonest class of training, 0..1; None for regression."""
        if self.task == "regression":
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
