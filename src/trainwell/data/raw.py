"""What a kind of source hands over, before it is checked, split and scaled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trainwell.data.dataset import Kind, Note, Task

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """What the caller of `load` asked for; checked there.

    Attributes:
        y: targets given beside inputs in memory, or None.
        kind: "image" or "table", or None to decide by the arrays.
        task: the task, or None to decide by the targets.
        validation: share for validation.
        test: share for test.
        seed: fixes the split.
        image_size: (height, width) for images of a folder, or None for the rule of the folder kind.
        strict: refuse damaged images instead of skipping them.
        class_names: names of classes 0, 1, ..., or () to take them from the source.
        name: what to call the data, or None for the name of the source.
        progress: called with (images decoded, all images), or None.
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


@dataclass(frozen=True)
class Part:
    """Inputs and targets as found: anything NumPy can make an array of.

    Attributes:
        x: (samples, ...).
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
