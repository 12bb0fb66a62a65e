"""A column of names: one column of 0 and 1 for each name that is common enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.tables.column_values import as_names
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

Block = npt.NDArray[np.float32]
MOST = 50  # names with a column of their own
RARE = 5  # rows of the training part that a name must have,
RARE_SHARE = 0.001  # ... and share of them
_FEW_ROWS = 50  # in small tables less is asked: one row in each so many
_NAMED = 3
_TRUTH = frozenset(("true", "false"))


@dataclass(frozen=True)
class CategoryColumn:
    """Names, fitted on the training part.

    Attributes:
        name: of the column.
        values: names with a column of their own, the commonest first.
        other: whether there is a column for all other names, because training has rare ones.
        gaps: whether there are missing names in the training part, and so a column that marks them.
    """

    TYPE: ClassVar[str] = "category"
    name: str
    values: tuple[str, ...]
    other: bool
    gaps: bool

    @classmethod
    def fit(cls, values: pl.Series) -> Self:
        """Count the names of the training part; their order in it does not matter."""
        import polars as pl

        names = as_names(values)
        counted = names.drop_nulls().value_counts(name="count")
        counted = counted.sort(pl.col("count"), pl.first(), descending=[True, False])
        least = max(1, min(RARE, len(names) // _FEW_ROWS), int(RARE_SHARE * len(names)))
        common = counted.filter(pl.col("count") >= least).head(MOST)
        return cls(
            name=values.name,
            values=tuple(common.to_series(0).to_list()),
            other=len(common) < len(counted),
            gaps=names.null_count() > 0,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that it becomes: one per value, all others, the mark of a gap."""
        more = (*(("other",) if self.other else ()),)
        columns = tuple(f"{self.name}={value}" for value in (*self.values, *more))
        return (*columns, *((f"{self.name} is missing",) if self.gaps else ()))

    @property
    def means(self) -> tuple[float, ...]:
        """Zeros: 0 and 1 stay as they are."""
        return (0.0,) * len(self.names)

    @property
    def stds(self) -> tuple[float, ...]:
        """Ones: 0 and 1 stay as they are."""
        return (1.0,) * len(self.names)

    def encode(self, values: pl.Series) -> Block:
        """(rows,) values as (rows, columns) float32 of 0 and 1, at most one 1 in each row."""
        codes = self._codes(values)
        block = np.zeros((len(codes), len(self.names)), np.float32)
        rows = np.flatnonzero(codes >= 0)
        block[rows, codes[rows]] = 1
        return block

    def noticed(self, values: pl.Series) -> list[Text]:
        """What is odd about new values, in half sentences.

        A name that is rare in training and one that is new to it cannot be told apart: both are "other".
        """
        import polars as pl

        names = self._names(values)
        lost = names.filter(names.is_not_null() & ~names.is_in(list(self.values)))
        missing = 0 if self.gaps else names.null_count()
        said: list[Text] = []
        if len(lost):
            counted = lost.value_counts(name="count").sort(pl.col("count"), pl.first(), descending=[True, False])
            listed = ", ".join(repr(v) for v in counted.to_series(0).head(_NAMED).to_list())
            listed += ", ..." if len(counted) > _NAMED else ""
            said.append(
                Text(
                    en=f"{self.name} is {listed} in {len(lost):,} row{'s' * (len(lost) != 1)}, which training "
                    f"{'has hardly or not' if self.other else 'does not have'}; "
                    + ("it counts as other" if self.other else f"{self.name} counts for nothing there"),
                    zh=f"{self.name} 有 {len(lost):,} 行的取值（{listed}）在训练数据中"
                    + ("罕见或没有，" if self.other else "没有，")
                    + ("按 other（其他）处理" if self.other else "这些行的该列不起作用"),
                )
            )
        if missing:
            said.append(
                Text(
                    en=f"{self.name} is missing in {missing:,} row{'s' * (missing != 1)}, as never in training; it "
                    "counts for nothing there",
                    zh=f"{self.name} 有 {missing:,} 行缺失，而训练时从未缺失；这些行的该列不起作用",
                )
            )
        return said

    def show(self, encoded: npt.NDArray[Any]) -> str:
        """The name; "?" if missing, "other" if it has no column."""
        known = (*self.values, *(("other",) if self.other else ()), *(("?",) if self.gaps else ()))
        return known[int(encoded.argmax())] if encoded.max(initial=0) > 0.5 else "other"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self) | {"values": list(self.values)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        plain: dict[str, Any] = {**values, "values": tuple(values["values"])}
        return cls(**plain)

    def _names(self, values: pl.Series) -> pl.Series:
        names = as_names(values)
        return names.str.to_lowercase() if self.values and {*self.values} <= _TRUTH else names

    def _codes(self, values: pl.Series) -> npt.NDArray[np.int64]:
        """Which column of the block is 1, int64 (rows,); -1 for none."""
        import polars as pl

        unknown = len(self.values) if self.other else -1
        missing = len(self.names) - 1 if self.gaps else -1
        names = self._names(values)
        codes = names.replace_strict(
            list(self.values), list(range(len(self.values))), default=unknown, return_dtype=pl.Int64
        )
        return np.where(names.is_null().to_numpy(), missing, codes.to_numpy())
