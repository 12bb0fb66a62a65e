"""Columns that are the target in other words: whoever has them needs no model, and at prediction nobody has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainwell.data.tables.column_values import as_names

if TYPE_CHECKING:
    import polars as pl

_FEW_ROWS = 20  # below, two columns may agree by chance
_LEAST_KNOWN = 0.5  # share of the rows in which both must be known
_REST = 1e-6  # of the spread: what float32 and six written digits leave over in a straight line
_SAMPLE = 2000


def is_target(column: pl.Series, target: pl.Series) -> bool:
    """Whether `column` says exactly what `target` says.

    It does if each value of one goes with one value of the other (alive yes/no and survived 1/0; a rank), or if both
    are numbers on a straight line. Where nearly all values of both differ that says nothing, unless they rise or fall
    together.

    Args:
        column: of the training part.
        target: the same rows, none missing.

    >>> import polars as pl
    >>> survived = pl.Series([0, 1] * 20)
    >>> is_target(pl.Series(["no", "yes"] * 20), survived), is_target(pl.Series(["a", "a", "b", "b"] * 10), survived)
    (True, False)
    """
    known = column.is_not_null()
    if known.sum() < max(_FEW_ROWS, _LEAST_KNOWN * len(column)):
        return False
    column, target = column.filter(known), target.filter(known)
    numbers = column.dtype.is_numeric() and target.dtype.is_numeric()
    if numbers and _on_a_line(column, target):
        return True
    head = slice(0, _SAMPLE)
    return _one_to_one(column[head], target[head], numbers=numbers) and _one_to_one(column, target, numbers=numbers)


def _on_a_line(column: pl.Series, target: pl.Series) -> bool:
    import polars as pl

    x, y = (values.cast(pl.Float64).to_numpy() for values in (column, target))
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) < _FEW_ROWS or x.min() == x.max() or y.min() == y.max():
        return False
    x, y = (values - values.mean() for values in (x, y))
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    return bool(np.abs(y - x * (x @ y) / (x @ x)).max() < _REST)


def _one_to_one(column: pl.Series, target: pl.Series, *, numbers: bool) -> bool:
    import polars as pl

    if not numbers:
        column, target = as_names(column), as_names(target)
    pairs = pl.DataFrame({"column": column, "target": target}).unique()
    different = pairs["column"].n_unique()
    if different < 2 or not pairs.height == different == pairs["target"].n_unique():
        return False
    if different <= len(column) / 2:
        return True
    if not numbers:
        return False
    ordered = pairs.sort("column")["target"]
    return bool(ordered.is_sorted() or ordered.is_sorted(descending=True))
