"""Tables from files: the target, the traps, and parts of the source's own."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trainwell.data import load
from trainwell.data.formats.table import TableFormat
from trainwell.errors import DataError, UnknownNameError

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def write(tmp_path):
    """Write columns as a CSV file and return its path."""

    def make(columns, name="things.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        pl.DataFrame(columns).write_csv(path)
        return path

    return make


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    kind = rng.choice(["oak", "elm"], 200)
    return {"x": x, "kind": kind, "answer": np.where((x > 0) ^ (kind == "elm"), "up", "down")}


def test_the_target_is_asked_for_found_by_name_or_the_last(write, columns, said):
    assert load(write(columns)).class_names == ("down", "up")
    assert "'answer' (the last column)" in said(load(write(columns)))[0]
    named = {"label": columns["answer"], **{n: columns[n] for n in ("x", "kind")}}
    assert "'label' (by its name)" in said(load(write(named)))[0]
    data = load(write(columns), target="x")
    assert data.task == "regression"
    assert data.target_names == ("x",)
    assert "To be predicted" not in said(data)[0]


def test_a_column_called_class_in_the_middle_is_a_fact_about_the_row(write, columns):
    data = load(write({"x": columns["x"], "class": columns["kind"], "answer": columns["answer"]}))
    assert data.target_names == ("answer",)


def test_a_target_that_does_not_exist(write, columns, refused):
    with refused(UnknownNameError, "answr", "answer", "things.csv"):
        load(write(columns), target="answr")


def test_several_targets_are_regression_or_labels(write, columns):
    more = {**columns, "z": columns["x"] ** 2 + 1}
    data = load(write(more), target=["x", "z"])
    assert (data.task, data.outputs, data.target_names) == ("regression", 2, ("x", "z"))
    rng = np.random.default_rng(1)
    labels = {**columns, "sunny": rng.integers(0, 2, 200), "windy": rng.integers(0, 2, 200)}
    data = load(write(labels), target=["sunny", "windy"])
    assert (data.task, data.class_names) == ("multilabel", ("sunny", "windy"))


def test_several_targets_of_words_are_refused(write, columns, refused):
    with refused(DataError, "'kind'"):
        load(write(columns), target=["x", "kind"])


@pytest.mark.parametrize(
    ("disguise", "dropped"),
    [
        (lambda y: np.where(y == 1, "yes", "no"), True),
        (lambda y: 3.0 - 2.0 * y, True),
        (lambda y: np.where(np.arange(len(y)) == 5, 1 - y, y), False),
    ],
)
def test_a_column_that_is_the_target_is_left_out_with_a_warning(write, disguise, dropped, said):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 100)
    data = load(write({"x": rng.normal(size=100), "twin": disguise(y), "y": y}))
    warnings = [text.en for text in said(data)[1]]
    assert any("twin says exactly what the target y says" in text for text in warnings) == dropped
    assert any(name.startswith("twin") for name in data.column_names) != dropped


def test_a_number_on_a_line_with_the_target_or_rising_with_it_is_the_target(write):
    rng = np.random.default_rng(0)
    price = rng.uniform(1, 100, 300)
    data = load(
        write(
            {
                "area": price + rng.normal(size=300),
                "cents": (price * 100 + 7).round(3),
                "log": np.log(price),
                "price": price,
            }
        ),
        target="price",
    )
    assert {column.name for column in data.format.columns} == {"area"}


def test_the_only_column_is_kept_even_if_it_is_the_target(write, said):
    x = np.arange(50) / 7
    data = load(write({"x": x, "y": 2 * x + 1}))
    assert data.column_names[0] == "x"
    assert "It is kept" in said(data)[0]


def test_row_numbers_identifiers_and_constants_are_left_out(write, columns, said):
    extra = {
        "PassengerId": np.arange(200) * 7 + 3,
        "count": np.random.default_rng(0).permutation(200),
        "who": [f"person {i}" for i in range(200)],
        "same": ["here"] * 200,
    }
    data = load(write({**extra, **columns}))
    assert {column.name for column in data.format.columns} == {"x", "kind"}
    assert "PassengerId, count, who" in said(data)[0]
    assert "the same in all rows: same" in said(data)[0]


def test_whole_numbers_that_all_differ_are_kept_if_nothing_says_identifier(write, columns):
    area = np.random.default_rng(0).permutation(np.arange(500, 900))[:200]
    data = load(write({"area": area, **columns}))
    assert {column.name for column in data.format.columns} == {"area", "x", "kind"}


def test_nothing_left_to_learn_from(write, refused):
    with refused(DataError, "who", "things.csv"):
        load(write({"who": [f"person {i}" for i in range(50)], "y": [0, 1] * 25}))
    with refused(DataError, "one"):
        load(write({"one": [1, 2] * 20}))


def test_a_target_that_cannot_be_learned(write, columns, refused):
    with refused(DataError, "'same'", "200"):
        load(write({**columns, "same": [3] * 200}))
    with refused(DataError, "'who'", "person 0", "200"):
        load(write({**columns, "who": [f"person {i}" for i in range(200)]}))
    with refused(DataError, "'day'"):
        load(write({**columns, "day": [f"2020-01-{1 + i % 28:02}" for i in range(200)]}))


def test_rows_without_a_target_are_left_out_with_a_warning(write, columns, said):
    answer = columns["answer"].astype(object)
    answer[3], answer[10] = None, "?"
    data = load(write({**columns, "answer": answer}))
    assert sum(len(part) for part in data.parts) == 198
    assert "2 rows of the training part have no answer (the first in line 5)" in said(data)[1][0].en
    numbers = columns["x"].copy()
    numbers[0] = np.inf
    assert sum(len(part) for part in load(write({**columns, "z": numbers}), target="z").parts) == 199


def test_a_target_that_is_missing_everywhere(write, columns, refused):
    with refused(DataError, "answer", "200"):
        load(write({**columns, "answer": [None] * 200}))


def own_parts(write, columns, change=lambda test: test):
    train = {name: values[:150] for name, values in columns.items()}
    test = {name: values[150:] for name, values in columns.items()}
    write(train, "set/train.csv")
    return write(change(test), "set/test.csv").parent


def test_labels_of_the_test_part_that_end_in_a_full_stop(write, columns, said):
    data = load(own_parts(write, columns, lambda t: {**t, "answer": [f"{v}." for v in t["answer"]]}))
    assert data.class_names == ("down", "up")
    assert len(data.test) == 50
    assert "differ by a full stop" in said(data)[0]


def test_categories_unknown_to_training_are_said(write, columns, said):
    data = load(own_parts(write, columns, lambda t: {**t, "kind": ["fir"] * 50}))
    assert "count as rare ones do: kind=fir" in said(data)[0]
    kinds = [place for place, name in enumerate(data.column_names) if name.startswith("kind")]
    assert not data.test.x[:, kinds].any()


def test_fitted_on_the_training_part_only_if_the_source_has_parts(write, columns):
    clean = load(own_parts(write, columns))
    poisoned = load(own_parts(write, columns, lambda t: {**t, "x": t["x"] + 1e6}))
    assert poisoned.format == clean.format
    assert poisoned.scaling == clean.scaling
    assert poisoned.test.x[:, 0].min() > 1e5


def test_fitted_on_the_training_part_only_if_the_split_is_ours(write, columns):
    columns = {"place": np.random.default_rng(0).permutation(200) + 0.5, **columns}
    clean = load(write(columns))
    held = np.concatenate([clean.test.x[:, 0], clean.validation.x[:, 0]])
    poisoned = {**columns, "x": columns["x"].copy(), "kind": columns["kind"].astype(object)}
    rows = np.isin(columns["place"].astype(np.float32), held)
    poisoned["x"][rows], poisoned["kind"][rows] = 1e6, "poison"
    again = load(write(poisoned))
    assert again.format == clean.format
    assert again.scaling == clean.scaling
    x = again.column_names.index("x")
    assert again.test.x[:, x].min() == 1e6


def test_scaling_leaves_marks_and_bins_and_measures_numbers(write, columns):
    data = load(write(columns))
    assert data.scaling.mean[0] == pytest.approx(data.train.x[:, 0].mean(), rel=1e-5)
    assert data.scaling.std[0] == pytest.approx(data.train.x[:, 0].std(), rel=1e-5)
    assert set(data.scaling.mean[1:]) == {0.0}
    assert set(data.scaling.std[1:]) == {1.0}


def real(name):
    path = SHARED / "tabular" / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand")
    return path


def test_california_housing():
    data = load(real("california_housing.csv"), target="median_house_value")
    assert (data.task, len(data.format.columns)) == ("regression", 9)
    assert "total_bedrooms is missing" in data.column_names
    assert sum(len(part) for part in data.parts) == 20_640
    assert data.target_scaling.mean[0] == pytest.approx(206_856, rel=0.01)


def test_titanic_loses_the_column_that_is_its_target(said):
    data = load(real("titanic.csv"), target="survived")
    names = {column.name for column in data.format.columns}
    assert "alive" not in names
    assert {"age", "deck", "class"} <= names
    assert "alive says exactly" in said(data)[1][0].en


def test_mpg_has_a_name_for_each_car_which_is_no_target(refused):
    data = load(real("mpg.csv"), target="mpg")
    assert data.task == "regression"
    assert "name" not in {column.name for column in data.format.columns}
    with refused(DataError, "'name'", "305"):
        load(real("mpg.csv"))


def test_adult_with_its_own_test_part(tmp_path, said):
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv.gz").write_bytes(real(f"adult-{part}.csv.gz").read_bytes())
    data = load(tmp_path, validation=0)
    assert [len(part) for part in data.parts] == [32_561, 0, 16_281]
    assert data.class_counts(data.train) == {"<=50K": 24_720, ">50K": 7_841}
    assert data.class_counts(data.test) == {"<=50K": 12_435, ">50K": 3_846}
    assert "differ by a full stop" in said(data)[0]
    assert isinstance(data.format, TableFormat)


@pytest.mark.parametrize(("way", "month"), [("{day}/{month}/2020", 4), ("{month}/{day}/2020", 3)])
def test_new_dates_are_read_as_those_of_training(write, columns, way, month):
    rng = np.random.default_rng(0)
    days = [way.format(day=rng.integers(13, 28), month=rng.integers(1, 13)) for _ in range(200)]
    table = load(write({"seen": days, **columns})).format
    new = {"x": 1.0, "kind": "oak", "seen": "3/4/2020"}
    samples = table.read(new)
    assert f"2020-{month:02}-{7 - month:02}" in samples.shown[0]
    assert samples.notes == ()
    again = TableFormat.from_json(table.to_json())
    np.testing.assert_array_equal(again.read(new).x, samples.x)
