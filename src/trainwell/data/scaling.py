"""Mean and standard deviation along the last axis: what makes inputs comparable, fitted on the training part only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_CHUNK = 1 << 20  # values turned into float64 at once: 8 MiB


@dataclass(frozen=True)
class Scaling:
    """Standard scaling, (x - mean) / std, for each channel or column.

    Attributes:
        mean: one float per channel or column.
        std: standard deviation (of the population), likewise; 1 where all values are the same.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fit(cls, array: Array, axis: int = -1) -> Scaling:
        """Measure `array`, in float64, piece by piece: no full float64 copy is made.

        Pieces are merged by Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
        sample variances" (1979), which does not lose digits when the mean is large against the spread.

        Args:
            array: any shape with at least one value per channel, integer or float, finite.
            axis: the axis of the channels or columns; all others are reduced.

        >>> Scaling.fit(np.array([[0, 5], [10, 5]], dtype=np.uint8))
        Scaling(mean=(5.0, 5.0), std=(5.0, 1.0))
        """
        rows = np.moveaxis(array, axis, -1)
        width = rows.shape[-1]
        rows = rows.reshape(-1, width)
        step = max(1, _CHUNK // max(1, width))
        count, mean, squares = 0, np.zeros(width), np.zeros(width)
        low, high = np.full(width, np.inf), np.full(width, -np.inf)
        for start in range(0, len(rows), step):
            piece = rows[start : start + step].astype(np.float64)
            low, high = np.minimum(low, piece.min(axis=0)), np.maximum(high, piece.max(axis=0))
            piece_mean = piece.mean(axis=0)
            piece -= piece_mean
            total = count + len(piece)
            delta = piece_mean - mean
            squares += np.einsum("ij,ij->j", piece, piece) + delta**2 * (count * len(piece) / total)
            mean += delta * (len(piece) / total)
            count = total
        # Compared by minimum and maximum: the rounded variance of a constant column need not be exactly 0.
        std = np.where(high > low, np.sqrt(squares / max(1, count)), 1.0)
        return cls(mean=tuple(mean.tolist()), std=tuple(np.where(std > 0, std, 1.0).tolist()))

    def apply(self, x: Array) -> npt.NDArray[np.float32]:
        """Scaled float32 values, same shape; `x` has the channels or columns on its last axis."""
        return ((x.astype(np.float32) - self._float32(self.mean)) / self._float32(self.std)).astype(np.float32)

    def invert(self, x: Array) -> npt.NDArray[np.float32]:
        """The opposite of `apply`, float32, same shape."""
        return (x.astype(np.float32) * self._float32(self.std) + self._float32(self.mean)).astype(np.float32)

    @staticmethod
    def _float32(values: tuple[float, ...]) -> npt.NDArray[np.float32]:
        return np.asarray(values, dtype=np.float32)


UNSCALED = Scaling((0.0,), (1.0,))  # of tokens and sound: their networks begin with an embedding or a spectrogram
