"""Columns that say which row it is, and nothing about it: row numbers and identifiers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trainwell.data.tables.column_values import mostly

if TYPE_CHECKING:
    import polars as pl

_FEW_ROWS = 20  # below, nearly all values may differ by chance
_DIFFERENT = 0.95  # share of the rows with a value of their own, for whole numbers whose name says identifier
_DIFFERENT_TEXT = 0.5  # ... for text, of which hardly a value would be common enough to learn from
_CALLED = re.compile(
    r"(^|[_\W])(id|ids|idx|uuid|guid|key|no|nr|num|number|index|row|编号|序号)$|(?<=[a-z])(Id|ID)$|^id[_\W]"
)


def looks_like_id(values: pl.Series) -> bool:
    """Whether a column names the row.

    Whole numbers do if they are all different and run from 0 or 1 without a gap, or if nearly all differ and the
    column is called so; text does if most values differ. Floats never do.

    >>> import polars as pl
    >>> looks_like_id(pl.Series("n", range(1, 100))), looks_like_id(pl.Series("area", range(500, 900)))
    (True, False)
    """
    import polars as pl

    rows = len(values) - values.null_count()
    if rows < _FEW_ROWS:
        return False
    if values.dtype.is_integer():
        different = values.drop_nulls().n_unique()
        low, high = int(values.min() or 0), int(values.max() or 0)  # pyright: ignore[reportArgumentType]
        counts = different == rows == len(values) and low in (0, 1) and high - low + 1 == rows
        return counts or (different >= _DIFFERENT * rows and called_id(values.name))
    if isinstance(values.dtype, pl.String | pl.Categorical | pl.Enum):
        return values.drop_nulls().n_unique() > _DIFFERENT_TEXT * rows and mostly(values) is None
    return False


def called_id(name: str) -> bool:
    """Whether a column's name says identifier: id, PassengerId, row_no, 编号."""
    return _CALLED.search(name.strip()) is not None or _CALLED.search(name.strip().casefold()) is not None
