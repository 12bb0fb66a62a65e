"""New rows for prediction: from files, data frames and dicts."""

import numpy as np
import polars as pl
import pytest

from trainwell.data.formats.table import TableFormat
from trainwell.errors import DataError, FolderError

ROWS = pl.DataFrame(
    {
        "code": ["A1", "1", "02"] * 20,
        "age": [20.0, 30.0, None] * 20,
        "smokes": [True, False, True] * 20,
        "since": pl.Series(["2020-01-01", "2020-02-01", "2021-03-01"] * 20).str.to_date(),
    }
)
LISTS = [
    {"code": "02", "age": 25, "smokes": True, "since": "2020-02-01"},
    {"code": "1", "age": None, "smokes": False, "since": "2021-03-01"},
]


@pytest.fixture
def table():
    return TableFormat.fit(ROWS)[0]


def expected(table):
    return table.encode(pl.DataFrame(LISTS))


def test_rows_from_dicts_frames_and_files_are_the_same(table, tmp_path):
    wanted = expected(table)
    frame = pl.DataFrame(LISTS)
    frame.with_columns(answer=pl.lit(3)).select("answer", *reversed(frame.columns)).write_csv(tmp_path / "a.csv")
    frame.write_ndjson(tmp_path / "a.jsonl")
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.tsv", separator="\t")
    sources = [LISTS, frame, frame.lazy(), {n: [row[n] for row in LISTS] for n in LISTS[0]}]
    for source in (*sources, *(tmp_path / f"a.{end}" for end in ("csv", "jsonl", "parquet", "tsv"))):
        samples = table.read(source)
        np.testing.assert_array_equal(samples.x, wanted, err_msg=str(source))
        assert samples.names == ("row 1", "row 2")
        assert samples.notes == ()
    assert samples.shown[1] == "code=1, age=?, smokes=false, since=2021-03-01"


def test_one_dict_is_one_row(table):
    np.testing.assert_array_equal(table.read(LISTS[0]).x, expected(table)[:1])


class PandasColumn(list):
    """What of a pandas column is used; pandas is no dependency."""

    def tolist(self):
        return [float("nan") if value is None else value for value in self]

    def isna(self):
        return PandasColumn(value is None for value in self)


class PandasFrame:
    columns = tuple(LISTS[0])

    def __getitem__(self, name):
        return PandasColumn(row[name] for row in LISTS)

    def isna(self):
        raise NotImplementedError


def test_a_pandas_frame_is_read_without_pyarrow(table):
    np.testing.assert_array_equal(table.read(PandasFrame()).x, expected(table))


def test_a_file_without_names_has_the_columns_in_the_order_of_training(tmp_path):
    train = pl.DataFrame({"column_2": np.arange(40), "column_3": ["a", "b"] * 20})  # column_1 was the target
    table, _ = TableFormat.fit(train)
    (tmp_path / "new.csv").write_text("7,b\n8,a\n")
    np.testing.assert_array_equal(
        table.read(tmp_path / "new.csv").x, table.encode(pl.DataFrame({"column_2": [7, 8], "column_3": ["b", "a"]}))
    )


def test_unknown_values_are_replaced_and_said_or_refused(table, refused):
    rows = [{**LISTS[0], "code": "99", "age": "old"}, {**LISTS[1], "smokes": None}]
    notes = "\n".join(note.text.en for note in table.read(rows).notes)
    assert "code is '99' in 1 row, which training does not have" in notes
    assert "1 value of age is no number and counts as missing" in notes
    assert "smokes is missing in 1 row, as never in training" in notes
    assert all(note.severity == "warning" for note in table.read(rows).notes)
    with refused(DataError, "'99'", "code", "strict"):
        table.read(rows, strict=True)


def test_a_missing_column_is_named_with_the_nearest(table, refused):
    with refused(DataError, "'age'", "ages"):
        table.read([{"ages" if name == "age" else name: v for name, v in row.items()} for row in LISTS])
    with refused(DataError, "'age'", "2"):
        table.read([LISTS[0], {name: v for name, v in LISTS[1].items() if name != "age"}])


def test_what_is_no_table_is_refused(table, refused, tmp_path):
    with refused(DataError, "ndarray", "CSV"):
        table.read(np.zeros((2, 4)))
    with refused(DataError, "DataFrame"):
        table.read(ROWS.clear())
    with refused(DataError, "1", "2"):
        table.read({"code": ["1"], "age": [1, 2]})
    with refused(FolderError, "nowhere.csv"):
        table.read(tmp_path / "nowhere.csv")


def test_many_rows_are_not_put_into_words_one_by_one(table):
    assert table.read(pl.concat([ROWS] * 20)).shown == ()
