"""Which axis of each value inside a traced function counts the samples of the batch.

The function is traced for two batch sizes; an axis belongs to the samples if it is longer in the second trace. No rule
for any operation is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.engine import keras_names


@dataclass(frozen=True)
class BatchAxis:
    """The axis of the samples, and how many consecutive entries along it belong to one sample."""

    axis: int
    entries: int


class BatchAxes:
    """The batch axes of the values of a traced function.

    Args:
        jaxpr: the function, traced for this batch.
        other: the same, traced for another number of samples; None if it could not be.
        batch_size: samples of this batch.
    """

    def __init__(self, jaxpr: Any, other: Any | None, batch_size: int):
        self._size = batch_size
        self._known: dict[int, BatchAxis | None] = {}
        if other is not None:
            self._walk(jaxpr, other)

    def _walk(self, one: Any, two: Any) -> None:
        self._note(one.invars, two.invars)
        if len(one.eqns) != len(two.eqns):
            return
        for first, second in zip(one.eqns, two.eqns, strict=True):
            if first.primitive is not second.primitive or len(first.outvars) != len(second.outvars):
                return  # the function itself depends on the number of samples: from here on nothing is known
            self._note(first.outvars, second.outvars)
            for inner, other in zip(keras_names.inner_jaxprs(first), keras_names.inner_jaxprs(second), strict=False):
                self._walk(inner, other)

    def _note(self, ones: Sequence[Any], twos: Sequence[Any]) -> None:
        for one, two in zip(ones, twos, strict=False):
            self._known[id(one)] = self._differing(tuple(one.aval.shape), tuple(two.aval.shape))

    def _differing(self, shape: tuple[int, ...], other: tuple[int, ...]) -> BatchAxis | None:
        for axis, (length, longer) in enumerate(zip(shape, other, strict=False)):
            if length != longer and length % self._size == 0:
                return BatchAxis(axis, length // self._size)
        return None

    def of(self, variable: Any) -> BatchAxis | None:
        """The axis of the samples of a value; None if it has none.

        Where only one trace could be made: the first axis, if it is as long as the batch.
        """
        if id(variable) in self._known:
            return self._known[id(variable)]
        shape = tuple(variable.aval.shape)
        return BatchAxis(0, 1) if shape and shape[0] == self._size and not self._known else None

    def rows(self, variable: Any, marked: npt.NDArray[np.bool_]) -> tuple[int, ...]:
        """The samples that have a marked entry, ascending; () where entries belong to no single sample.

        Args:
            variable: of the traced function.
            marked: in the shape of its value.
        """
        found = self.of(variable)
        if found is None or marked.shape[found.axis] != self._size * found.entries:
            return ()
        others = tuple(axis for axis in range(marked.ndim) if axis != found.axis)
        by_sample = marked.any(axis=others).reshape(self._size, found.entries).any(axis=1)
        return tuple(int(row) for row in np.flatnonzero(by_sample))
