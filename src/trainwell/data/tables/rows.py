"""New rows of a table from wherever they are: a file, a data frame, dicts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from trainwell.data.frames.frame import read_frame
from trainwell.data.raw import Options
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl


def rows_of(source: Any, needed: Sequence[str], given: Sequence[str]) -> pl.DataFrame:
    """Rows as a polars `DataFrame`; its columns are not checked.

    Values of a file stay as they are written in it: only who knows the training part can say what they are.

    Args:
        source: path of a file of rows and columns, a polars or pandas DataFrame, a list of dicts, or one dict, whose
            values may be lists.
        needed: columns that are looked for.
        given: all columns of the training data but the target, in order: the names of a file without any.

    Raises:
        FolderError: the file is missing or cannot be opened.
        DataError: it is something else, or a row lacks a column that others have.
    """
    import polars as pl

    if isinstance(source, str | os.PathLike):
        return _of_file(cast("str | os.PathLike[str]", source), needed, given)
    if isinstance(source, pl.LazyFrame):
        return source.collect()
    if isinstance(source, pl.DataFrame):
        return source
    if isinstance(source, Mapping):
        return _of_columns(cast("Mapping[Any, Any]", source))
    if hasattr(source, "columns") and hasattr(source, "isna"):
        return _of_pandas(source)
    if isinstance(source, Sequence) and not isinstance(source, bytes) and len(source):
        rows = cast("Sequence[Any]", source)
        if all(isinstance(row, Mapping) for row in rows):
            return _of_dicts(cast("Sequence[Mapping[str, Any]]", rows), needed)
    raise DataError(
        Text(
            en=f"rows of a table cannot be read from {type(source).__name__}; give the path of a CSV, TSV, JSONL or "
            "Parquet file, a DataFrame, a list of dicts, or one dict",
            zh=f"无法从 {type(source).__name__} 读取表格的行；请给出 CSV、TSV、JSONL 或 Parquet 文件的路径、"
            "DataFrame、字典列表或一个字典",
        )
    )


def _of_file(path: str | os.PathLike[str], needed: Sequence[str], given: Sequence[str]) -> pl.DataFrame:
    # Named as text, columns stay as they stand in the file: "01" and "true" do not become numbers and truth values.
    data = read_frame(path, Options(text=tuple(given)), known=tuple(given)).data
    nameless = all(name == f"column_{place}" for place, name in enumerate(data.columns, 1))
    if nameless and data.width == len(given) and not {*needed} <= {*data.columns}:
        return data.rename(dict(zip(data.columns, given, strict=True)))  # the target was not last, and is not here
    return data


def _of_columns(source: Mapping[Any, Any]) -> pl.DataFrame:
    """One row, or columns of values."""
    columns = {
        str(name): list(values) if isinstance(values, list | tuple | np.ndarray) else [values]
        for name, values in source.items()
    }
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise DataError(
            Text(
                en=f"the columns of the dict have {min(lengths)} to {max(lengths)} values; give as many in each",
                zh=f"字典中各列的值的个数从 {min(lengths)} 到 {max(lengths)} 不等；请使各列一样多",
            )
        )
    return _frame(columns)


def _of_dicts(rows: Sequence[Mapping[str, Any]], needed: Sequence[str]) -> pl.DataFrame:
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    for number, row in enumerate(rows, 1):
        lacking = next((name for name in needed if name in names and name not in row), None)
        if lacking is not None:
            raise DataError(
                Text(
                    en=f"row {number} lacks {lacking!r}, which other rows have; give None where a value is missing",
                    zh=f"第 {number} 行没有 {lacking!r}，而其他行有；缺失的值请写 None",
                )
            )
    return _frame({name: [row.get(name) for row in rows] for name in names})


def _of_pandas(source: Any) -> pl.DataFrame:
    """Through lists: pandas needs pyarrow to hand its columns to polars, and neither is needed otherwise."""
    return _frame(
        {
            str(name): [
                None if gone else value
                for value, gone in zip(source[name].tolist(), source[name].isna().tolist(), strict=True)
            ]
            for name in source.columns
        }
    )


def _frame(columns: Mapping[str, list[Any]]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame([pl.Series(name, values, strict=False) for name, values in columns.items()])
