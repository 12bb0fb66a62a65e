"""A column of numbers: the number, its place among the quantiles of the training part, and the mark of a gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.tables.column_values import as_numbers
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

Block = npt.NDArray[np.float32]


@dataclass(frozen=True)
class NumberColumn:
    """Numbers, fitted on the training part.

    Beside the number stand its quantile bins: bin t from border b(t-1) to b(t) is 0 below, 1 above, and in between the
    share (x - b(t-1)) / (b(t) - b(t-1)) of the way. This is the piecewise linear encoding of Gorishniy, Rubachev and
    Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning" (2022), equation 1, but cut off at 0 and 1
    in the outer bins too, so that no value in a heavy tail can drive a network far from what it has seen.

    Attributes:
        name: of the column.
        median: of the training part; stands for a missing number.
        mean: of the training part, gaps filled.
        std: likewise, of the population; 1 where all are the same.
        borders: ascending borders of the quantile bins, one more than bins; () for none.
        gaps: whether there are missing numbers in the training part, and so a column that marks them.
    """

    TYPE: ClassVar[str] = "number"
    name: str
    median: float
    mean: float
    std: float
    borders: tuple[float, ...]
    gaps: bool

    @classmethod
    def fit(cls, values: pl.Series, bins: int) -> Self:
        """Measure a column.

        Args:
            values: of the training part, any type that `as_numbers` reads, with one number at least.
            bins: quantile bins, 0 or more; fewer where there are fewer different numbers.
        """
        numbers, _ = as_numbers(values)
        missing = np.isnan(numbers)
        known = np.sort(numbers[~missing])
        median = float(np.median(known))
        filled = np.where(missing, median, numbers)
        constant = bool(filled.min() == filled.max())
        return cls(
            name=values.name,
            median=median,
            mean=float(filled.mean()),
            std=1.0 if constant else float(filled.std()) or 1.0,
            borders=_borders(known, bins),
            gaps=bool(missing.any()),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that it becomes: the number, its bins, the mark of a gap."""
        pairs = zip(self.borders[:-1], self.borders[1:], strict=True)
        bins = tuple(f"{self.name} {low:g} to {high:g}" for low, high in pairs)
        return (self.name, *bins, *((f"{self.name} is missing",) if self.gaps else ()))

    @property
    def means(self) -> tuple[float, ...]:
        """What is to be taken from each column: the number's mean, and nothing from bins and mark."""
        return (self.mean, *(0.0,) * (len(self.names) - 1))

    @property
    def stds(self) -> tuple[float, ...]:
        """What each column is to be divided by."""
        return (self.std, *(1.0,) * (len(self.names) - 1))

    def encode(self, values: pl.Series) -> Block:
        """(rows,) values as (rows, columns) float32, finite."""
        numbers, _ = as_numbers(values)
        missing = np.isnan(numbers)
        numbers = np.where(missing, self.median, numbers)
        block = np.empty((len(numbers), len(self.names)), np.float32)
        block[:, 0] = numbers
        if self.borders:
            borders = np.asarray(self.borders)
            block[:, 1 : len(borders)] = np.clip((numbers[:, None] - borders[:-1]) / np.diff(borders), 0, 1)
        if self.gaps:
            block[:, -1] = missing
        return block

    def noticed(self, values: pl.Series) -> list[Text]:
        """What is odd about new values, in half sentences."""
        numbers, strange = as_numbers(values)
        missing = int(np.isnan(numbers).sum())
        said: list[Text] = []
        if strange:
            said.append(
                Text(
                    en=f"{strange:,} value{'s' * (strange != 1)} of {self.name} {'are' if strange != 1 else 'is'} no "
                    "number and counts as missing",
                    zh=f"{self.name} 有 {strange:,} 个值不是数值，按缺失处理",
                )
            )
        if missing and not self.gaps:
            said.append(
                Text(
                    en=f"{self.name} is missing in {missing:,} row{'s' * (missing != 1)}, as never in training; the "
                    f"median {self.median:g} is taken",
                    zh=f"{self.name} 有 {missing:,} 行缺失，而训练时从未缺失；用中位数 {self.median:g} 代替",
                )
            )
        return said

    def show(self, encoded: npt.NDArray[Any]) -> str:
        """The number as a person writes it; "?" if missing."""
        return "?" if self.gaps and encoded[-1] > 0.5 else f"{float(encoded[0]):.6g}"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self) | {"borders": list(self.borders)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        plain: dict[str, Any] = {**values, "borders": tuple(values["borders"])}
        return cls(**plain)


def _borders(known: npt.NDArray[np.float64], bins: int) -> tuple[float, ...]:
    """Quantiles of sorted numbers, or the numbers themselves where they are few; () if that says no more than they."""
    different = known[np.concatenate([[True], np.diff(known) > 0])]
    if len(different) > bins + 1:
        different = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)))
    return tuple(different.tolist()) if bins and len(different) > 2 else ()
