"""What a column becomes: numbers with quantile bins, categories, dates, gaps; fitted on the training part only."""

import json
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.data.formats import format_from_json, format_to_json
from trainwell.data.formats.table import TableFormat
from trainwell.data.tables.category_column import MOST, CategoryColumn
from trainwell.data.tables.column_values import ambiguous_date, as_moments, as_names, as_numbers, mostly
from trainwell.data.tables.columns import BINS, BYTES_OF_BINS, encode_columns, fit_columns
from trainwell.data.tables.date_column import DateColumn
from trainwell.data.tables.number_column import NumberColumn

NAMES = st.sampled_from(["oak", "elm", "fir", " yew", "NA", "", None])
NUMBERS = st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([np.nan, np.inf, 1e300]))
DATES = st.one_of(st.none(), st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1)))


@st.composite
def tables(draw):
    count = draw(st.integers(25, 60))

    def column(name, values, kind):
        drawn = draw(st.lists(values, min_size=count, max_size=count))
        return pl.Series(name, drawn, dtype=kind, strict=False)

    return pl.DataFrame(
        [
            column("tree", NAMES, pl.String),
            column("height", NUMBERS, pl.Float64),
            column("seen", DATES, pl.Datetime("us")),
            pl.Series("place", range(count)),  # so that at least one column tells the rows apart
        ]
    )


@settings(deadline=None, max_examples=25)
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter_to_the_fit(data, random):
    order = list(range(data.height))
    random.shuffle(order)
    one, other = (fit_columns(rows)[0] for rows in (data, data[order]))
    assert [c.names for c in one] == [c.names for c in other]
    for first, second in zip(one, other, strict=True):
        if isinstance(first, CategoryColumn):
            assert first == second
        np.testing.assert_allclose(first.means, second.means, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(first.stds, second.stds, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(tables(), st.data())
def test_a_row_is_encoded_the_same_alone_and_among_others(data, more):
    table, _ = TableFormat.fit(data)
    places = more.draw(st.lists(st.integers(0, data.height - 1), min_size=1, max_size=10))
    np.testing.assert_array_equal(table.encode(data[places]), table.encode(data)[places])


@settings(deadline=None, max_examples=25)
@given(tables())
def test_inputs_are_finite_float32_and_named_and_scaled_column_by_column(data):
    table, _ = TableFormat.fit(data)
    x = table.encode(data)
    assert x.dtype == np.float32
    assert np.isfinite(x).all()
    assert x.shape == (data.height, len(table.column_names))
    assert len(table.scaling.mean) == len(table.scaling.std) == x.shape[1]
    assert min(table.scaling.std) > 0


@settings(deadline=None, max_examples=25)
@given(tables())
def test_json_brings_back_the_same_format_to_the_bit(data):
    table, _ = TableFormat.fit(data)
    again = format_from_json(json.loads(json.dumps(format_to_json(table), allow_nan=False)))
    assert again == table
    np.testing.assert_array_equal(again.encode(data), table.encode(data))


def test_pieces_of_rows_make_no_difference(monkeypatch):
    data = pl.DataFrame({"a": np.arange(40.0), "b": ["x", "y"] * 20})
    columns, _ = fit_columns(data)
    whole = encode_columns(columns, data)
    monkeypatch.setattr("trainwell.data.tables.columns._PIECE", 7)
    np.testing.assert_array_equal(encode_columns(columns, data), whole)


def test_bins_are_the_cumulated_shares_of_a_piecewise_linear_encoding():
    # Gorishniy et al. (2022), equation 1, by hand: borders 0, 1, 3, and a value between, below and above.
    column = NumberColumn("x", 0.0, 0.0, 1.0, (0.0, 1.0, 3.0), False)
    np.testing.assert_array_equal(
        column.encode(pl.Series("x", [2.0, -5.0, 100.0, 1.0])), [[2, 1, 0.5], [-5, 0, 0], [100, 1, 1], [1, 1, 0]]
    )
    assert column.names == ("x", "x 0 to 1", "x 1 to 3")


def test_borders_are_numpys_quantiles_or_the_few_values_themselves():
    values = np.random.default_rng(0).normal(size=500)
    column = NumberColumn.fit(pl.Series("x", values), 8)
    np.testing.assert_allclose(column.borders, np.quantile(values, np.linspace(0, 1, 9)))
    assert NumberColumn.fit(pl.Series("x", [1, 2, 4] * 9), 8).borders == (1, 2, 4)
    assert NumberColumn.fit(pl.Series("x", [0, 1] * 9), 8).borders == ()


def test_large_tables_get_fewer_bins_so_that_they_fit_into_memory(monkeypatch):
    rng = np.random.default_rng(0)
    data = pl.DataFrame({name: rng.normal(size=2000) for name in "abcd"})

    def most():
        return max(len(c.borders) - 1 for c in fit_columns(data)[0])

    assert most() == BINS
    monkeypatch.setattr("trainwell.data.tables.columns.BYTES_OF_BINS", 4 * 2000 * 4 * 5)
    assert most() == 5
    assert BYTES_OF_BINS < 8 << 30


def test_a_missing_number_is_the_training_median_and_marked():
    column = NumberColumn.fit(pl.Series("x", [1.0, None, 2.0, np.inf, 9.0]), 0)
    assert column.names == ("x", "x is missing")
    assert column.encode(pl.Series("x", [None, 3.0])).tolist() == [[2, 1], [3, 0]]
    assert column.mean == pytest.approx(np.mean([1, 2, 2, 2, 9]))
    assert column.std == pytest.approx(np.std([1, 2, 2, 2, 9]))


def test_categories_are_counted_rare_and_new_ones_are_other():
    values = ["b"] * 300 + ["a"] * 200 + ["rare"] * 4 + [None] * 10
    column = CategoryColumn.fit(pl.Series("c", values))
    assert column.names == ("c=b", "c=a", "c=other", "c is missing")
    found = column.encode(pl.Series("c", ["a", " b ", "rare", "new", None]))
    assert found.argmax(axis=1).tolist() == [1, 0, 2, 2, 3]
    assert found.sum(axis=1).tolist() == [1] * 5


def test_equally_common_categories_stand_in_the_order_of_their_names_and_not_more_than_fifty():
    names = [f"v{i:03}" for i in range(80)]
    column = CategoryColumn.fit(pl.Series("c", names * 20))
    assert column.values == tuple(names[:MOST])
    assert column.other


def test_a_new_category_is_all_zeros_if_training_has_no_rare_ones():
    column = CategoryColumn.fit(pl.Series("c", ["a", "b"] * 20))
    assert column.encode(pl.Series("c", ["new", None])).tolist() == [[0, 0], [0, 0]]
    assert [t.en for t in column.noticed(pl.Series("c", ["new", None, "a"]))] == [
        "c is 'new' in 1 row, which training does not have; c counts for nothing there",
        "c is missing in 1 row, as never in training; it counts for nothing there",
    ]


def test_truth_values_are_categories_however_they_are_written():
    column = CategoryColumn.fit(pl.Series("c", [True, False, True] * 9))
    assert column.names == ("c=true", "c=false")
    assert column.encode(pl.Series("c", ["True", "FALSE"])).tolist() == [[1, 0], [0, 1]]
    assert column.encode(pl.Series("c", [True, False])).tolist() == [[1, 0], [0, 1]]


def test_dates_become_circles_and_days():
    days = [date(2020, 1, 1), date(2020, 7, 1), date(2021, 1, 4)]
    column = DateColumn.fit(pl.Series("d", days))
    assert not column.hours
    found = dict(zip(column.names, column.encode(pl.Series("d", days)).T, strict=True))
    assert found["d year"].tolist() == [2020, 2020, 2021]
    assert found["d days"].tolist() == [0, 182, 369]
    np.testing.assert_allclose(found["d month sine"], [0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(found["d month cosine"], [1, -1, 1], atol=1e-6)  # July is opposite to January
    angle = 2 * np.pi * np.array([2, 2, 0]) / 7  # Wednesday, Wednesday, Monday
    np.testing.assert_allclose(found["d weekday sine"], np.sin(angle), atol=1e-6)
    assert [column.show(row) for row in column.encode(pl.Series("d", days))] == [str(day) for day in days]


def test_times_of_the_day_are_kept_where_there_are_any():
    moments = [datetime(2020, 1, 1, 6), datetime(2020, 1, 2, 18), None]
    column = DateColumn.fit(pl.Series("d", moments))
    row = dict(zip(column.names, column.encode(pl.Series("d", moments)).T, strict=True))
    np.testing.assert_allclose(row["d hour sine"][:2], [1, -1], atol=1e-6)
    assert row["d is missing"].tolist() == [0, 0, 1]
    assert row["d days"].tolist() == [0, 1.5, 0]  # the lower middle one stands for the missing one
    assert column.show(column.encode(pl.Series("d", moments[1:]))[0]) == "2020-01-02 18:00"


@pytest.mark.parametrize("written", ["2020-03-04", "2020/3/4", "2020年3月4日", "04.03.2020", "3/4/2020"])
def test_dates_are_read_as_people_write_them(written):
    found, strange = as_moments(pl.Series(["2020-03-04", written, "?", "soon"]))
    assert found.to_list() == [datetime(2020, 3, 4)] * 2 + [None] * 2
    assert strange == 1


def test_a_date_that_may_be_read_in_two_ways_is_said():
    assert ambiguous_date(pl.Series(["13/4/2020", "3/3/2020", "2020-03-04"])) is None
    column = DateColumn.fit(pl.Series("d", [date(2020, 1, 1), date(2021, 1, 1)]))
    (said,) = column.noticed(pl.Series("d", ["3/4/2020"]))
    assert said.en == "d 3/4/2020 is read as 2020-03-04; write dates in this way to be sure"


def test_text_that_is_nearly_all_numbers_or_dates_is_read_as_such_and_the_rest_is_missing():
    numbers = [f"{i}.5" for i in range(60)] + ["unknown"]
    days = [f"2020-01-{1 + i % 28:02}" for i in range(60)] + ["unknown"]
    assert mostly(pl.Series(numbers)) == "number"
    assert mostly(pl.Series(days)) == "date"
    assert mostly(pl.Series(["1", "2"] * 30 + ["A"])) is None  # codes
    columns, notes = fit_columns(pl.DataFrame({"n": numbers, "d": days}))
    assert [c.TYPE for c in columns] == ["number", "date"]
    assert all(c.gaps for c in columns)
    (warning,) = [n.text for n in notes if n.severity == "warning"]
    assert "n (1), d (1)" in warning.en
    assert "n (1)、d (1)" in warning.zh


def test_values_of_other_types():
    assert as_numbers(pl.Series([True, False]))[0].tolist() == [1, 0]
    assert as_numbers(pl.Series([" 1e3 ", "x"]))[1] == 1
    assert as_numbers(pl.Series([[1], [2]]))[1] == 2
    assert as_numbers(pl.Series([datetime(2020, 1, 2) - datetime(2020, 1, 1)]))[0].tolist() == [86400]
    assert as_names(pl.Series(["a", "b"], dtype=pl.Categorical)).to_list() == ["a", "b"]
    assert as_names(pl.Series([[1], [2]])).to_list() == ["[1]", "[2]"]
    assert as_moments(pl.Series([3.0]))[1] == 1


def test_columns_that_say_nothing_are_left_out_and_if_none_is_left_that_is_an_error(refused):
    data = pl.DataFrame({"same": [1.0] * 30, "gone": [None] * 30, "age": [float(i) for i in range(30)]})
    table, notes = TableFormat.fit(data)
    assert {c.name for c in table.columns} == {"age"}
    assert "same, gone" in notes[-1].text.en
    with refused(ValueError, "same", "gone"):
        TableFormat.fit(data.drop("age"))


def test_the_matrix_is_made_once_and_not_in_float64(monkeypatch):
    import tracemalloc

    monkeypatch.setattr("trainwell.data.tables.columns._PIECE", 2048)
    rng = np.random.default_rng(0)
    data = pl.DataFrame({name: rng.normal(size=40_000) for name in "abcdef"})
    table, _ = TableFormat.fit(data)
    tracemalloc.start()
    x = table.encode(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert x.shape == (40_000, 6 * (BINS + 1))
    assert peak < 1.3 * x.nbytes
