"""Sequences in rows and columns: a row per sequence, or a row per step."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trainwell.data import load
from trainwell.data.formats import format_from_json, format_to_json
from trainwell.data.padding import STEP
from trainwell.errors import DataError, UnknownNameError

SHARED = Path(__file__).parents[3] / "shared" / "data"
RNG = np.random.default_rng(0)


@pytest.fixture
def write(tmp_path):
    """Write columns as a CSV file and return its path."""

    def make(columns, name="things.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        pl.DataFrame(columns).write_csv(path)
        return path

    return make


def real(row):
    return row[~(row == np.float32(STEP)).all(axis=1)]


def wide(names, count=40):
    values = {name: RNG.integers(0, 100, count) for name in names}
    return {**values, "class": [("oak", "elm")[i % 2] for i in range(count)]}


def long(count=12, lengths=(3, 4, 5)):
    """Sequences of two channels, rows in order: x is the number of the sequence, t the step."""
    rows = [
        (f"s{i}", t, float(i), i + t / 10, "oak" if i % 2 else "elm")
        for i in range(count)
        for t in range(lengths[i % 3])
    ]
    return dict(zip(("who", "t", "x", "z", "kind"), map(list, zip(*rows, strict=True)), strict=True))


def by_first(data):
    """All sequences of a data set, by the first value of their first channel."""
    return {float(row[0, 0]): real(row) for part in data.parts for row in part.x}


def test_wide_with_numbered_names_is_several_channels(write, said):
    columns = wide(["x1", "y1", "x2", "y2", "x3", "y3"])
    data = load(write(columns), kind="sequence")
    assert (data.kind, data.input_shape, data.column_names) == ("sequence", (3, 2), ("x", "y"))
    assert data.class_names == ("elm", "oak")
    assert "a sequence of 3 steps: x1 to x3, in 2 channels (x, y)" in said(data)[0]
    rows = {tuple(row.reshape(-1).tolist()) for part in data.parts for row in part.x}
    assert rows == set(zip(*(columns[name] for name in ("x1", "y1", "x2", "y2", "x3", "y3")), strict=True))


def test_wide_without_numbers_is_one_channel(write):
    data = load(write(wide(["mon", "tue", "wed", "thu"])), kind="sequence")
    assert (data.input_shape, data.column_names) == ((4, 1), ("value",))


def test_wide_leaves_out_what_is_no_step(write, said):
    columns = {
        "subject": [f"person {i}" for i in range(40)],
        "age": RNG.integers(9, 99, 40),
        **wide(["v1", "v2", "v3"]),
    }
    data = load(write(columns), kind="sequence")
    assert data.input_shape == (3, 1)
    assert "left out: subject, age" in said(data)[0]


def test_wide_rows_may_end_early(write):
    columns = wide([f"v{i}" for i in range(1, 7)])
    columns["v6"] = [None if i % 3 else 1 for i in range(40)]
    columns["v5"] = [None if i % 3 == 2 else 1 for i in range(40)]
    data = load(write(columns), kind="sequence")
    assert {len(real(row)) for part in data.parts for row in part.x} == {4, 5, 6}


def test_wide_predicts_new_rows_with_or_without_the_class(write, tmp_path, refused):
    columns = wide(["x1", "y1", "x2", "y2"])
    data = load(write(columns), kind="sequence")
    form = format_from_json(format_to_json(data.format))
    assert form == data.format
    alone = {name: values for name, values in columns.items() if name != "class"}
    for source in (write(columns), write(alone, "new.csv"), pl.DataFrame(alone)):
        samples = form.read(source)
        assert samples.names[:2] == ("row 1", "row 2")
        assert samples.x[5].tolist() == [[columns["x1"][5], columns["y1"][5]], [columns["x2"][5], columns["y2"][5]]]
    with refused(DataError, "'y2'"):
        form.read({"x1": 1, "y1": 2, "x2": 3})


def test_wide_own_parts(write):
    columns = wide(["v1", "v2", "v3"])
    write(columns, "set/train.csv")
    write({name: values[:10] for name, values in columns.items()}, "set/test.csv")
    data = load(write(columns, "set/train.csv").parent, kind="sequence")
    assert [len(part) for part in data.parts] == [36, 4, 10]
    assert data.test.x[:, :, 0].tolist() == np.stack([columns[f"v{k}"][:10] for k in (1, 2, 3)], 1).tolist()


def test_long_groups_rows_of_a_series(write, said):
    data = load(write(long()), series="who", target="kind", drop="t")
    assert (data.kind, data.class_names, data.column_names) == ("sequence", ("elm", "oak"), ("x", "z"))
    assert "12 sequences, one per who, in the order of the rows; channels: x, z" in said(data)[0]
    found = by_first(data)
    assert sorted(found) == list(range(12))
    for number, row in found.items():
        assert len(row) == (3, 4, 5)[int(number) % 3]
        assert row[:, 1] == pytest.approx([number + t / 10 for t in range(len(row))])
    named = dict(zip(data.test.names, data.test.y.tolist(), strict=True))
    assert all(label == int(name[1:]) % 2 for name, label in named.items())


def test_long_is_ordered_by_time_inside_each_series(write):
    columns = long()
    mixed = RNG.permutation(len(columns["t"]))
    data = load(
        write({name: [values[i] for i in mixed] for name, values in columns.items()}),
        series="who",
        time="t",
        target="kind",
    )
    assert data.column_names == ("x", "z")
    for number, row in by_first(data).items():
        assert row[:, 1] == pytest.approx([number + t / 10 for t in range(len(row))])


def test_long_finds_the_label_that_does_not_change(write, said):
    columns = long()
    del columns["x"]
    data = load(write(columns), series="who", time="t")
    assert data.class_names == ("elm", "oak")
    assert "'kind'" in said(data)[0]


@pytest.mark.parametrize(
    ("change", "options", "error", "pieces"),
    [
        (
            lambda c: c["kind"].__setitem__(1, "oak"),
            {"target": "kind"},
            DataError,
            ["who=s0", "'elm'", "'oak'", "forecasting"],
        ),
        (lambda c: c["t"].__setitem__(1, 0), {"time": "t", "target": "kind"}, DataError, ["line 3", "'s0'", "line 2"]),
        (lambda c: c["who"].__setitem__(4, None), {"target": "kind"}, DataError, ["line 6", "'who'"]),
        (lambda c: c["t"].__setitem__(2, None), {"time": "t", "target": "kind"}, DataError, ["line 4", "no time"]),
        (lambda c: None, {"target": "knd"}, UnknownNameError, ["knd", "kind"]),
        (lambda c: c.update(kind=["one"] * len(c["kind"])), {"target": "kind"}, DataError, ["'kind' is one in all"]),
    ],
)
def test_long_refusals(write, change, options, error, pieces, refused):
    columns = long()
    change(columns)
    with refused(error, en=pieces):
        load(write(columns), series="who", **options)


def test_long_a_series_without_a_label_is_left_out(write, said):
    columns = long()
    columns["kind"][:3] = [None] * 3
    data = load(write(columns), series="who", time="t", target="kind")
    assert sorted(by_first(data)) == list(range(1, 12))
    assert "line 2" in said(data)[1][0].en


def test_long_predicts_new_series(write, refused):
    columns = long()
    form = load(write(columns), series="who", time="t", target="kind").format
    assert format_from_json(format_to_json(form)) == form
    samples = form.read(pl.DataFrame({"who": ["a", "b", "a"], "t": [2, 1, 1], "x": [1, 2, 3], "z": [4, 5, 6]}))
    assert samples.names == ("a", "b")
    assert real(samples.x[0]).tolist() == [[3, 6], [1, 4]]
    with refused(DataError, "'a'", en=["row 2 of the new data"], zh=["新数据第 2 行"]):
        form.read(pl.DataFrame({"who": ["a", "a"], "t": [1, 1], "x": [1, 2], "z": [4, 5]}))


@pytest.mark.skipif(not SHARED.exists(), reason="the public data sets are not beside the repository")
def test_pendigits_as_sequences(said):
    data = load(SHARED / "pendigits" / "pendigits.csv", kind="sequence")
    assert (data.input_shape, data.outputs, sum(map(len, data.parts))) == ((16, 1), 10, 10992)
    assert "only counts the rows" in said(data)[0]
