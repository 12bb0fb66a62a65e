"""What a fit learns from: arrays, or a source that gives batches; and what can be said of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trainwell.report.facts import DataFacts, Part
from trainwell.workflows.arrays import facts_of_arrays

MOST_CLASSES = 1000  # a longer row of outputs is a vocabulary


@dataclass(frozen=True)
class FitData:
    """The data of one fit.

    Attributes:
        x: inputs (samples, ...), an array or a tree of arrays; or a source of batches: a generator, a PyDataset, a
            tf.data.Dataset, a torch DataLoader.
        y: targets (samples, ...); None for a source.
        sample_weight: (samples,) or None.
        validation: (x, y) or (x, y, sample_weight) or (source, None), None if there is none.
        samples: number of samples, None for a source.
    """

    x: Any
    y: Any
    sample_weight: Any
    validation: tuple[Any, ...] | None
    samples: int | None

    def facts(self, model: Any, name: str, source: str, seen: Mapping[Part, int]) -> DataFacts:
        """What a report says of them.

        Args:
            model: trained; the shapes of its input and output say what a source does not.
            name: for the data.
            source: where they came from.
            seen: part -> samples that a source gave in an epoch; not asked for arrays.
        """
        if self.samples is not None and self.y is not None:
            held_out = self.validation if self.validation and len_of(self.validation[0]) is not None else None
            return replace(facts_of_arrays(model, self.x, self.y, held_out), name=name, source=source)
        shape = _sides(getattr(model, "input_shape", None))
        outputs = _sides(getattr(model, "output_shape", None))
        loss = model.loss if isinstance(model.loss, str) else type(model.loss).__name__
        loss = str(loss).replace("_", "").lower()
        binary = "binary" in loss and outputs[-1:] == (1,)
        classes = 2 if binary else outputs[-1] if "categorical" in loss and outputs else 0
        return DataFacts(
            name=name,
            kind={3: "image", 2: "sequence"}.get(len(shape), "table"),
            task={0: "regression", 2: "binary"}.get(classes, "multiclass"),
            input_shape=shape,
            class_names=tuple(str(number) for number in range(classes)) if classes <= MOST_CLASSES else (),
            samples={"train": self.samples or 0, "validation": 0, "test": 0, **seen},
            class_counts={},
            source=source,
        )


def _sides(shape: Any) -> tuple[int, ...]:
    """The sides of one sample, () if the model has several inputs or none that is known; 0 for one that varies."""
    return tuple(int(side or 0) for side in shape[1:]) if isinstance(shape, tuple) else ()


def fit_data(arguments: Mapping[str, Any]) -> FitData:
    """The data as they stand in the arguments of Keras's fit, the validation part split off as Keras does it."""
    x, y, weights = (arguments[name] for name in ("x", "y", "sample_weight"))
    validation, share = arguments["validation_data"], arguments["validation_split"]
    samples = len_of(x)
    if samples is not None and validation is None and share:
        kept = math.floor(samples * (1.0 - share))  # as Keras: the last ones are held out
        held = _part((x, y, weights), slice(kept, None))
        x, y, weights = _part((x, y, weights), slice(None, kept))
        validation, samples = held if held[2] is not None else held[:2], kept
    if validation is not None and not isinstance(validation, tuple | list):
        validation = (validation, None)
    return FitData(x, y, weights, tuple(validation) if validation is not None else None, samples)


def len_of(x: Any) -> int | None:
    """Number of samples of arrays, None for a source of batches."""
    leaves = _leaves(x)
    if not leaves or not all(hasattr(leaf, "__array__") and getattr(leaf, "shape", ()) for leaf in leaves):
        return None
    return int(leaves[0].shape[0])


def _leaves(tree: Any) -> list[Any]:
    import keras

    return keras.tree.flatten(tree)


def _part(trees: tuple[Any, ...], rows: slice) -> tuple[Any, ...]:
    import keras

    return tuple(
        None if tree is None else keras.tree.map_structure(lambda one: _rows(one, rows), tree) for tree in trees
    )


def _rows(array: Any, rows: slice) -> Any:
    return array.iloc[rows] if hasattr(array, "iloc") else array[rows]  # pandas cuts by label otherwise
