"""Files of rows and columns: delimiters, quotes, headers, types, and what is refused."""

import csv
import datetime
import io
import json
import string

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.data.frames.frame import read_frame
from trainwell.data.frames.layout import find_layout
from trainwell.data.frames.purpose import purpose
from trainwell.data.kinds import delimited
from trainwell.data.raw import Options
from trainwell.errors import DataError, FolderError, UnknownNameError


@pytest.fixture
def frame(tmp_path):
    def make(content, name="a.csv", known=(), **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_frame(path, Options(**options), known=known)

    return make


def values(read):
    return read.data.to_dict(as_series=False)


def notes(read):
    return "\n".join(note.text.en for note in read.notes)


def test_types_are_found_and_missing_values_are_null(frame):
    read = frame("n,x,yes,day,city\n1, 1.5,True,2020-01-31, Rome\n?,NA,,null, ?\n-3,1e3,false,2020-02-01,Bonn\n")
    assert values(read) == {
        "n": [1, None, -3],
        "x": [1.5, None, 1000.0],
        "yes": [True, None, False],
        "day": [datetime.date(2020, 1, 31), None, datetime.date(2020, 2, 1)],
        "city": ["Rome", None, "Bonn"],
    }
    assert read.lines.tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("1949-01", datetime.date(1949, 1, 1)),
        ("2020/3/5", datetime.date(2020, 3, 5)),
        ("2020年3月5日", datetime.date(2020, 3, 5)),
        ("25.12.2020", datetime.date(2020, 12, 25)),
        ("12/25/2020", datetime.date(2020, 12, 25)),
        ("25/12/2020", datetime.date(2020, 12, 25)),
        ("2020-01-02 03:04", datetime.datetime(2020, 1, 2, 3, 4)),
        ("2020-01-02T03:04:05Z", datetime.datetime(2020, 1, 2, 3, 4, 5)),
    ],
)
def test_ways_to_write_a_date(frame, written, read_as):
    assert values(frame(f"t,v\n{written},1\n{written},2\n"))["t"] == [read_as] * 2


def test_of_two_readings_of_a_date_the_one_in_which_time_runs_forward(frame):
    days = values(frame("t,v\n3/1/2020,1\n1/2/2020,2\n2/3/2020,3\n"))["t"]  # day first; by month they run back
    assert [day.month for day in days] == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("label,text\n1,good film\n", True),
        ('"3","Oil rises","Prices went up."\n"1","Vote today","A country votes."\n', False),
        ("ham\tsee you at five\nspam\tfree prize now\nham\tok\n", False),
        ("39, Private, 77516\n50, Local, 83311\n", False),
        (",0,1,2\na,5,6,7\n", True),
        ("sepal,petal\n1.0,2.0\n", True),
        ("名称,数值\n甲,1\n乙,2\n", True),
        ("早春\t王\t草木知春不久歸，百般紅紫鬥芳菲。\n晚春\t王\t楊花榆莢無才思，惟解漫天作雪飛。\n", False),
    ],
)
def test_a_header_is_told_from_data(frame, content, header):
    read = frame(content, "a.tsv" if "\t" in content else "a.csv")
    assert ("column_2" in read.columns) is not header
    assert ("seems to be data" in notes(read)) is not header


def test_known_columns_decide_about_the_header(frame):
    assert frame("a,b\nc,d\n", known=("a", "b")).columns == ("a", "b")
    assert len(frame("a,b\nc,d\n", known=("column_1", "column_2"))) == 2


@pytest.mark.parametrize("delimiter", list(",;|\t"))
def test_the_delimiter_is_found(frame, delimiter):
    read = frame(f"a{delimiter}b{delimiter}c\n" + f'1{delimiter}"x{delimiter}y"{delimiter}2\n' * 3)
    assert values(read)["b"] == [f"x{delimiter}y"] * 3


def test_quotes_that_are_no_quotes(frame):
    read = frame('ham\tsay "hi\nspam\t"free" prize\nham\tok "\n', "sms.tsv")
    assert values(read)["column_2"] == ['say "hi', '"free" prize', 'ok "']
    assert "line 1" in notes(read)


def test_quotes_behind_a_blank(frame):
    assert values(frame('n, name\n1, "a, b"\n2, "c"\n'))["name"] == ["a, b", "c"]


def test_empty_lines_line_breaks_within_quotes_and_windows_line_breaks(frame):
    read = frame(b'\r\na,b\r\n1,"x\r\ny"\r\n\r\n  \r\n2,"say ""z"""\r\n')
    assert values(read) == {"a": [1, 2], "b": ["x\ny", 'say "z"']}
    assert read.lines.tolist() == [3, 7]


def test_ragged_rows_are_refused_with_their_line(frame, refused):
    with refused(DataError, "3", "1", "2", en=["line 3", "1 field"], zh=["第 3 行", "1 个字段"]):
        frame("a,b\n1,2\n3\n4,5\n")
    with refused(DataError, en=["line 4", "3 fields", "expected 2"], zh=["第 4 行", "3 个字段"]):
        frame('a,b\n1,"x\ny"\n3,4,5\n6,7\n')
    with refused(DataError, en=["the quote in line 3"], zh=["第 3 行的引号"]):
        frame('a,b\n1,2\n3,he said "hi, you" twice\n')


def test_names_of_columns_are_made_different(frame):
    read = frame("x,x,,y\n1,2,3,4\n5,6,7,8\n")
    assert read.columns == ("x", "x_2", "column_3", "y")
    assert "x_2" in notes(read)
    assert frame('"a","b"\n"r1",1,2\n"r2",3,4\n').columns == ("column_1", "a", "b")  # as R writes them


def test_a_row_number_is_left_out_and_said(frame):
    for content in (",v\n7,a\n8,b\n9,c\n", "No,v\n1,a\n2,b\n3,c\n", "v,Unnamed: 0\na,0\nb,1\nc,2\n"):
        read = frame(content)
        assert read.columns == ("v",)
        assert "counts the rows" in notes(read)
    assert frame("No,v\n1,a\n2,b\n4,c\n").columns == ("No", "v")
    assert frame("No,v\n1,a\n2,b\n3,c\n", time="No").columns == ("No", "v")
    assert frame("No,v\n1,a\n2,b\n3,c\n", known=("No", "v")).columns == ("No", "v")


def test_writing_stays_as_it_is(frame):
    rows = [f"  A review of film number {i}, quite long. " for i in range(9)]
    content = "text,n\n" + "\n".join(f'"{row}",{i}' for i, row in enumerate([*rows, "NA"]))
    assert values(frame(content))["text"] == [*rows, "NA"]
    assert values(frame("t,n\n01,1\n?,2\n", text=("t",)))["t"] == ["01", "?"]


def test_json_lines_and_parquet(frame, tmp_path, refused):
    rows = [{"text": "a b c d e", "n": 1}, {"text": "好", "n": None, "extra": "2020-01-01"}]
    lines = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    read = frame(lines, "a.jsonl")
    assert values(read) == {
        "text": ["a b c d e", "好"], "n": [1, None], "extra": [None, datetime.date(2020, 1, 1)],
    }  # fmt: skip
    assert read.lines.tolist() == [1, 3]
    with refused(DataError, "2", en=["line 2"], zh=["第 2 行"]):
        frame('{"a": 1}\n{"a": \n', "b.jsonl")
    read.data.write_parquet(tmp_path / "c.parquet")
    assert read_frame(tmp_path / "c.parquet").data.equals(read.data)
    with refused(DataError, "d.parquet"):
        frame(b"PAR1 no", "d.parquet")


@pytest.mark.parametrize("content", ["", "\n\n", "a,b\n"])
def test_a_file_without_rows(frame, refused, content):
    with refused(DataError, "a.csv", en=["no rows"], zh=["没有数据行"]):
        frame(content)


def test_a_column_that_does_not_exist_lists_the_nearest(frame, refused):
    read = frame("label,text\n1,a\n0,b\n")
    with refused(UnknownNameError, "'lable'", "label"):
        read.column("lable")
    with refused(UnknownNameError, "'txt'", "text"):
        frame("label,text\n1,a\n0,b\n", drop=("txt",))
    assert frame("label,text\n1,a\n0,b\n", drop=("text",)).columns == ("label",)


def test_take_keeps_rows_and_lines_together(frame):
    read = frame("a,b\n" + "".join(f"{i},x{i}\n" for i in range(10))).take(np.asarray([7, 2]))
    assert (values(read)["a"], read.lines.tolist()) == ([7, 2], [9, 4])


CELL = st.text(st.sampled_from(string.ascii_letters + " ,;\t\n\"'好"), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 4).flatmap(lambda n: st.lists(st.tuples(*[CELL] * n), min_size=1, max_size=8)))
def test_rows_are_found_where_pythons_own_reader_finds_them(rows):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    data = stream.getvalue().encode()
    layout = find_layout(data, ".csv")
    assert (layout.quoted, layout.delimiter) == (True, ",")
    assert layout.fields.tolist() == [len(row) for row in rows]
    found = [data[s:e].decode() for s, e in zip(layout.starts, layout.ends, strict=True)]
    assert [tuple(next(csv.reader(io.StringIO(row, newline="")))) for row in found] == rows


def test_rows_are_counted_alike_over_the_borders_of_pieces(monkeypatch):
    data = b'a,"b\n,c"\n' * 50 + b"1,2\n" * 50
    whole = find_layout(data, ".csv")
    monkeypatch.setattr("trainwell.data.frames.layout._CHUNK", 7)
    pieces = find_layout(data, ".csv")
    for name in ("starts", "ends", "fields", "lines"):
        np.testing.assert_array_equal(getattr(pieces, name), getattr(whole, name))


def test_two_hundred_thousand_rows_are_exact(tmp_path):
    rng = np.random.default_rng(0)
    data = pl.DataFrame({"x": rng.integers(-9, 9, 200_000), "s": rng.choice(["a", "b, c", 'd "e"'], 200_000)})
    data.write_csv(tmp_path / "big.csv")
    read = read_frame(tmp_path / "big.csv")
    assert read.data.equals(data)
    assert read.lines[-1] == 200_001


TEXTS = "label,review\n" + "".join(f"{i % 2},this is review number {i} of a film\n" for i in range(12))
TABLE = "a,b,kind\n" + "".join(f"{i},{i * i},k{i % 3}\n" for i in range(12))


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        (TEXTS, {}, "text"),
        (TEXTS, {"task": "language_model"}, "language_model"),
        (TEXTS, {"kind": "table"}, "table"),
        (TEXTS, {"text": ("label",)}, "text"),
        (TABLE, {}, "table"),
        (TABLE, {"kind": "text"}, "text"),
        (TABLE, {"time": "a"}, "forecasting"),
        (TABLE, {"task": "forecasting"}, "forecasting"),
        (TABLE, {"series": "kind"}, "sequences"),
        (TABLE, {"series": "kind", "time": "a"}, "sequences"),
    ],
)
def test_what_a_frame_is_for(frame, content, options, expected):
    assert purpose(frame(content, **options), Options(**options)) == expected


def test_a_table_with_names_of_people_is_a_table(frame):
    rows = "".join(
        f"{i},{i % 2},{i * 3},{i % 5},Braund, Mr. Owen Harris {i}\n".replace(", Mr", " Mr") for i in range(30)
    )
    assert purpose(frame("id,survived,fare,deck,Name\n" + rows), Options()) == "table"


def test_what_is_recognised(tmp_path):
    for name, content, expected in (
        ("a.csv", "x", True), ("a.jsonl", "x", True), ("a.csv.gz", "x", True), ("a.bin", "x", False),
        ("plain.txt", "one\ntwo\n", False), ("tabs.txt", "one\ttwo\nthree\tfour\n", True),
    ):  # fmt: skip
        (tmp_path / name).write_text(content, encoding="utf-8")
        assert delimited.recognises(tmp_path / name) is expected, name
    assert not delimited.recognises(tmp_path)
    for name in ("train.csv", "Test.csv"):
        (tmp_path / name).write_text(TABLE, encoding="utf-8")
    assert delimited.recognises(tmp_path)


def test_the_only_table_of_a_folder_is_read(tmp_path):
    (tmp_path / "flowers.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "README.md").write_text("what it is", encoding="utf-8")
    assert delimited.recognises(tmp_path)
    alone, direct = (delimited.read(source, Options()) for source in (tmp_path, tmp_path / "flowers.csv"))
    assert (alone.kind, alone.task) == (direct.kind, direct.task)
    (tmp_path / "more.csv").write_text(TABLE, encoding="utf-8")
    assert not delimited.recognises(tmp_path)  # which of them?
    (tmp_path / "more.csv").rename(tmp_path / "more.wav")
    assert not delimited.recognises(tmp_path)  # the table tells of recordings


def test_parts_of_a_folder_must_be_alike(tmp_path, refused):
    (tmp_path / "train.csv").write_text(TEXTS, encoding="utf-8")
    (tmp_path / "test.csv").write_text("review\nthis one has no label\n", encoding="utf-8")
    with refused(DataError, "'test.csv'", "label", "'train.csv'"):
        delimited.read(tmp_path, Options())
    (tmp_path / "test.tsv").write_text("x", encoding="utf-8")
    with refused(FolderError, "test.csv", "test.tsv"):
        delimited.read(tmp_path, Options())
