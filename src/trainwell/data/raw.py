"""What a kind of source hands over, before it is checked, split and scaled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Kind, Note, Task
from trainwell.data.formats import InputFormat
from trainwell.data.scaling import Scaling
from trainwell.locales import Text

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """What the caller of `load` asked for; checked there.

    Attributes:
        y: targets given beside inputs in memory, or None.
        kind: the kind of data, or None to decide by the source.
        task: the task, or None to decide by the targets.
        validation: share for validation.
        test: share for test.
        seed: fixes the split.
        image_size: (height, width) for images of a folder, or None for the rule of the folder kind.
        strict: refuse damaged images instead of skipping them.
        class_names: names of classes 0, 1, ..., or () to take them from the source.
        name: what to call the data, or None for the name of the source.
        progress: called with (samples read, all samples), or None.
        target: column to predict, or several; None for the rule of the kind.
        text: column of the text, or several; None for the rule of the kind.
        time: column of the time, or None.
        series: column that says to which sequence a row of a long table belongs, or None.
        drop: columns to leave out.
        window: forecasting: steps that are looked at; None for the rule of the kind.
        horizon: forecasting: steps that are predicted.
        tokens: "byte_pair", "characters" or "words"; None for the rule of the kind.
        vocabulary: largest number of different tokens; None for the rule of the kind.
        max_length: longest text in tokens or sequence in steps; what is behind is cut off. None for the rule of the
            kind.
        sample_rate: of sound, in Hz; None for the rule of the kind.
        max_seconds: longest sound; what is behind is cut off. None for the rule of the kind.
        encoding: of text files; None to find out.
        test_names: pattern such as "*_[0-4].wav": samples whose name fits are the test part.
    """

    y: Any = None
    kind: Kind | None = None
    task: Task | None = None
    validation: float = 0.1
    test: float = 0.2
    seed: int = 0
    image_size: tuple[int, int] | None = None
    strict: bool = False
    class_names: tuple[str, ...] = ()
    name: str | None = None
    progress: Progress | None = None
    target: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    time: str | None = None
    series: str | None = None
    drop: tuple[str, ...] = ()
    window: int | None = None
    horizon: int = 1
    tokens: str | None = None
    vocabulary: int | None = None
    max_length: int | None = None
    sample_rate: int | None = None
    max_seconds: float | None = None
    encoding: str | None = None
    test_names: str | None = None


class RawSamples(Protocol):
    """Samples that a format, fitted on the training part, will make an array of."""

    def __len__(self) -> int: ...

    def take(self, places: npt.NDArray[np.int64], /) -> RawSamples:
        """The samples at these places."""
        ...


@dataclass(frozen=True)
class Fitted:
    """What was learned about the training part before its samples became arrays.

    Attributes:
        format: makes the arrays.
        notes: what was decided.
        column_names: of the columns or channels of the arrays.
        scaling: of the last axis of the arrays; None to measure it on the training part; `UNSCALED` for tokens and
            sound.
    """

    format: InputFormat
    notes: tuple[Note, ...] = ()
    column_names: tuple[str, ...] = ()
    scaling: Scaling | None = None


@dataclass(frozen=True)
class Part:
    """Inputs and targets as found.

    Attributes:
        x: (samples, ...), anything NumPy can make an array of; or `RawSamples` if the `Raw` has a `fit`.
        y: (samples,) or (samples, outputs): labels of any kind, or numbers.
        names: where each sample came from, or None.
    """

    x: Any
    y: Any
    names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Raw:
    """One source, read.

    Attributes:
        name: short name of the data.
        source: what was given, to write down how to reproduce.
        train: the training part, or everything if the source has no parts.
        validation: the source's own validation part, or None.
        test: the source's own test part, or None.
        class_names: names of the integer labels 0, 1, ..., if the source has them.
        column_names: names of the columns of a table, if the source has them.
        kind: the kind, where the source is sure of it.
        task: the task, where the source is sure of it.
        notes: what was decided while reading.
        fit: from the raw training samples to a format; None where the samples are arrays.
        split_note: how the source's parts were made; None if they are the source's own.
        target_names: what is predicted, one name per output.
        baselines: see `Dataset`.
        baseline_titles: see `Dataset`.
    """

    name: str
    source: str
    train: Part
    validation: Part | None = None
    test: Part | None = None
    class_names: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()
    kind: Kind | None = None
    task: Task | None = None
    notes: tuple[Note, ...] = ()
    fit: Callable[[Any, Options], Fitted] | None = None
    split_note: Text | None = None
    target_names: tuple[str, ...] = ()
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    baseline_titles: Mapping[str, Text] = field(default_factory=dict[str, Text])
