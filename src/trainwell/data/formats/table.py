"""Tables: numbers, categories, dates and gaps as numbers for a network, by what the training part holds."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Kind, Note
from trainwell.data.formats import Samples
from trainwell.data.scaling import Scaling
from trainwell.data.tables.column_values import Slashes
from trainwell.data.tables.columns import Column, column_from_json, column_to_json, encode_columns, fit_columns
from trainwell.data.tables.rows import rows_of
from trainwell.errors import DataError
from trainwell.locales import Text

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 1000  # more rows than this are not put into words one by one
_SHOWN_COLUMNS = 12
_SHOWN_LETTERS = 24


@dataclass(frozen=True)
class TableFormat:
    """How rows become inputs, fitted on the training part only.

    Attributes:
        columns: those that are used, in order.
        given: names of all columns of the source but the target, in order.
    """

    KIND: ClassVar[Kind] = "table"
    columns: tuple[Column, ...]
    given: tuple[str, ...]

    @classmethod
    def fit(
        cls, data: pl.DataFrame, given: Sequence[str] | None = None, slashes: Mapping[str, Slashes] | None = None
    ) -> tuple[Self, tuple[Note, ...]]:
        """Measure the training part.

        Args:
            data: its columns without the target.
            given: all columns of the source, if some were left out.
            slashes: how dates such as 3/4/2020 were read, by column.

        Returns:
            The format, and what was decided.

        Raises:
            DataError: no column tells rows apart.

        >>> import polars as pl
        >>> rows = pl.DataFrame({"age": [39, 50, None], "work": ["state", "self", "state"]})
        >>> table, _ = TableFormat.fit(rows)
        >>> table.column_names
        ('age', 'age is missing', 'work=state', 'work=self')
        >>> table.encode(rows).tolist()
        [[39.0, 0.0, 1.0, 0.0], [50.0, 0.0, 0.0, 1.0], [44.5, 1.0, 1.0, 0.0]]
        """
        columns, notes = fit_columns(data, slashes)
        if not columns:
            raise DataError(
                Text(
                    en=f"no column tells the {data.height:,} training rows apart: {', '.join(data.columns)} are the "
                    "same in all of them or different in each; give columns that say something about the target",
                    zh=f"没有任何列能区分这 {data.height:,} 个训练行：{'、'.join(data.columns)} "
                    "要么全都相同，要么各不相同；"
                    "请提供与目标有关的列",
                )
            )
        return cls(columns, tuple(data.columns if given is None else given)), notes

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns of the inputs."""
        return tuple(name for column in self.columns for name in column.names)

    @property
    def scaling(self) -> Scaling:
        """Numbers by mean and standard deviation of the training part; 0 and 1, bins and circles stay as they are."""
        means = [value for column in self.columns for value in column.means]
        stds = [value for column in self.columns for value in column.stds]
        return Scaling(tuple(means), tuple(stds))

    def encode(self, raw: Any) -> npt.NDArray[np.float32]:
        """Rows as inputs, float32 (samples, columns), finite.

        Args:
            raw: a polars `DataFrame` that has the columns (others are ignored), or anything with one as `data`.
        """
        import polars as pl

        data = raw if isinstance(raw, pl.DataFrame) else cast("pl.DataFrame", raw.data)
        return encode_columns(self.columns, data)

    def read(self, source: Any, *, strict: bool = False) -> Samples:
        """New rows; the target may be among their columns, it is not looked at.

        Args:
            source: path of a CSV, TSV, JSONL or Parquet file, a polars or pandas DataFrame, a list of dicts, one dict.
            strict: refuse values that training did not have instead of saying so in a note.

        Raises:
            FolderError: the file is missing or cannot be opened.
            DataError: a column is missing, there are no rows, or `source` is something else.
        """
        data = rows_of(source, tuple(column.name for column in self.columns), self.given)
        self._check_columns(data, source)
        said = [text for column in self.columns for text in column.noticed(data[column.name])]
        if strict and said:
            raise DataError(
                Text(
                    en=f"{said[0].en}; mend the value, or leave strict out",
                    zh=f"{said[0].zh}；请修正该值，或去掉 strict",
                )
            )
        x = self.encode(data)
        return Samples(
            names=tuple(f"row {number}" for number in range(1, len(x) + 1)),
            x=x,
            shown=tuple(self.show(row) for row in x) if len(x) <= _SHOWN else (),
            notes=tuple(Note("warning", Text(en=f"In the new rows, {t.en}.", zh=f"新数据中，{t.zh}。")) for t in said),
        )

    def show(self, sample: npt.NDArray[Any]) -> str:
        """One row of inputs in words: age=39, workclass=Private, ..."""
        said: list[str] = []
        start = 0
        for column in self.columns[:_SHOWN_COLUMNS]:
            end = start + len(column.names)
            value = column.show(sample[start:end])
            said.append(f"{column.name}={value if len(value) <= _SHOWN_LETTERS else value[: _SHOWN_LETTERS - 1] + '…'}")
            start = end
        return ", ".join(said) + (", ..." if len(self.columns) > _SHOWN_COLUMNS else "")

    def to_json(self) -> dict[str, Any]:
        """Everything of it as plain JSON."""
        return {"columns": [column_to_json(column) for column in self.columns], "given": list(self.given)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        return cls(tuple(column_from_json(column) for column in values["columns"]), tuple(values["given"]))

    def _check_columns(self, data: pl.DataFrame, source: Any) -> None:
        """Raise DataError if a column is missing or there is no row."""
        where = repr(str(source)) if isinstance(source, str | os.PathLike) else type(source).__name__
        missing = [column.name for column in self.columns if column.name not in data.columns]
        if missing:
            near = difflib.get_close_matches(missing[0], data.columns, n=3, cutoff=0.5)
            there = near or data.columns
            more_en = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            more_zh = f"（另缺 {len(missing) - 1} 列）" if len(missing) > 1 else ""
            raise DataError(
                Text(
                    en=f"{where} lacks the column {missing[0]!r}{more_en} that the model learned from; "
                    f"{'the nearest there' if near else 'it has'}: {', '.join(there)}",
                    zh=f"{where} 缺少模型训练时用到的列 {missing[0]!r}{more_zh}；"
                    f"{'最接近的列' if near else '现有的列'}：{'、'.join(there)}",
                )
            )
        if not data.height:
            raise DataError(
                Text(en=f"{where} has no rows; give at least one", zh=f"{where} 中没有数据行；请至少提供一行")
            )


FORMAT = TableFormat
