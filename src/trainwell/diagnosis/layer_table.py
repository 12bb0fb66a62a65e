"""One measure of several layers side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.signals import LayerInfo, Recording

LASTING = 0.9  # a problem lasts from the row on after which at least so many rows show it
LATE_SHARE = 0.25  # the last quarter of the steps, in which a problem must still be there ...
LEAST_LATE = 4  # ... and at least so many rows of it


@dataclass(frozen=True, eq=False)
class LayerTable:
    """A measure of some layers at all recorded steps.

    Attributes:
        layers: in the order of the data's way.
        first_step: (rows,) int64, first step of each row.
        last_step: (rows,) int64.
        values: (rows, layers) float32, means over each row's steps; NaN where nothing was finite.
    """

    layers: tuple[LayerInfo, ...]
    first_step: npt.NDArray[np.int64]
    last_step: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]

    @classmethod
    def of(cls, recording: Recording, measure: str, keep: Callable[[LayerInfo], bool] = lambda _: True) -> LayerTable:
        """The table of a measure, for all layers that have it and that `keep` chooses."""
        layers = tuple(layer for layer in recording.layers if recording.has(measure, layer.name) and keep(layer))
        rows = recording.layer_rows
        values = [recording.layer(measure, layer.name).mean for layer in layers]
        return cls(
            layers,
            rows["first_step"],
            rows["last_step"],
            np.stack(values, axis=1) if values else np.zeros((len(rows), 0), np.float32),
        )

    def finite(self) -> LayerTable:
        """Only the rows in which every value is finite: those before a training broke."""
        return self.rows(np.isfinite(self.values).all(axis=1))

    def late(self) -> LayerTable:
        """Only the last quarter of the steps, but at least four rows where there are so many."""
        if len(self) <= LEAST_LATE:
            return self
        span = self.last_step[-1] - self.first_step[0]
        return self.rows(self.last_step >= min(self.last_step[-1] - LATE_SHARE * span, self.last_step[-LEAST_LATE]))

    def rows(self, mask: Any) -> LayerTable:
        """Only these rows."""
        return LayerTable(self.layers, self.first_step[mask], self.last_step[mask], self.values[mask])

    def __len__(self) -> int:
        return len(self.values)

    def medians(self) -> npt.NDArray[np.float32]:
        """(layers,) median over the rows."""
        return np.median(self.values, axis=0)


def first_lasting(mask: npt.NDArray[np.bool_]) -> int:
    """The first row from which on at least nine of ten rows are true; the number of rows if there is none.

    >>> first_lasting(np.array([True, False, False, True, True, True]))
    3
    """
    shares = np.cumsum(mask[::-1])[::-1] / np.arange(len(mask), 0, -1)
    lasting = mask & (shares >= LASTING)
    return int(lasting.argmax()) if lasting.any() else len(mask)
