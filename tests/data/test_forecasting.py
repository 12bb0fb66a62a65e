"""Forecasting: windows of a series, split in time, from files and from memory."""

import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.data import load
from trainwell.data.formats import format_from_json, format_to_json
from trainwell.data.frames import forecasting
from trainwell.data.series.windows import cut_in_time, naive_scores, next_values, window_ends
from trainwell.errors import DataError, SettingError, UnknownNameError

SHARED = Path(__file__).parents[3] / "shared" / "data"
START = datetime.datetime(2020, 1, 1)
RNG = np.random.default_rng(0)


def hours(count, step=1):
    return [START + datetime.timedelta(hours=step * i) for i in range(count)]


def days(count):
    return [moment.date() for moment in hours(count, 24)]


def daily(count=400, **more):
    """Days, the number of the row as the value, and noise beside it."""
    return {
        "day": days(count),
        "noise": RNG.normal(size=count).round(3),
        **more,
        "value": np.arange(count, dtype=float),
    }


@pytest.fixture
def write(tmp_path):
    """Write columns as a CSV file and return its path."""

    def make(columns, name="things.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        pl.DataFrame(columns).write_csv(path)
        return path

    return make


def test_the_last_values_are_the_test_and_the_target_is_the_first_channel(write, said):
    data = load(write(daily()), task="forecasting", window=10, horizon=2)
    assert (data.kind, data.task, data.input_shape) == ("sequence", "forecasting", (10, 4))
    assert data.column_names[:2] == ("value", "noise")
    assert data.target_names == ("value +1 day", "value +2 days")
    assert (data.outputs, data.format.horizon) == (2, 2)
    ranges = [(part.y.min(), part.y.max()) for part in data.parts]
    assert ranges == [(10, 279), (280, 319), (320, 399)]
    assert "training 2020-01-01 to 2020-10-06, validation 2020-10-07 to 2020-11-15, test 2020-11-16" in said(data)[0]
    for part in data.parts:  # the value is the number of its row
        assert np.array_equal(part.x[:, -1, 0] + 1, part.y[:, 0])
        assert np.array_equal(np.diff(part.x[:, :, 0]), np.ones((len(part), 9)))


def test_several_targets_stand_first_in_their_order_and_outputs_are_by_time(write):
    columns = daily(other=np.arange(400) * 2.0)
    data = load(write(columns), time="day", target=["other", "value"], horizon=2, window=5)
    assert data.column_names[:3] == ("other", "value", "noise")
    assert data.target_names == ("other +1 day", "value +1 day", "other +2 days", "value +2 days")
    last = data.test.x[:, -1, :2]
    assert np.array_equal(data.test.y, np.concatenate([last + np.asarray([2, 1]), last + np.asarray([4, 2])], axis=1))


@settings(max_examples=80, deadline=None)
@given(
    rows=st.integers(20, 120),
    window=st.integers(1, 8),
    horizon=st.integers(1, 4),
    validation=st.sampled_from([0.0, 0.1, 0.3]),
    test=st.sampled_from([0.2, 0.4]),
    holes=st.sets(st.integers(0, 119), max_size=6),
)
def test_no_training_window_sees_what_is_held_out(rows, window, horizon, validation, test, holes):
    """And every window and target is what the series holds there; the value of a row is its number."""
    cut = cut_in_time(rows, validation, test)
    known = np.asarray([row not in holes for row in range(rows)])
    values = np.arange(rows, dtype=np.float32)[:, np.newaxis]
    spans = [(0, cut.validation), (cut.validation, cut.test), (cut.test, cut.end)]
    seen = []
    for begin, end in spans:
        ends, dropped = window_ends(begin, end, window=window, horizon=horizon, inputs=known, targets=known)
        x = forecasting.RawWindows(values, ends, window).windows()[:, :, 0]
        y = next_values(values, ends, horizon)
        assert x.shape == (len(ends), window)
        whole = np.concatenate([x, y], axis=1)
        assert np.array_equal(whole, ends[:, np.newaxis] + np.arange(-window, horizon))
        assert not np.isin(whole, list(holes)).any()
        assert bool((y >= begin).all())
        assert bool((y < end).all())
        assert len(ends) + dropped == max(0, end - horizon + 1 - max(begin, window))
        seen.append(whole)
    held_out = min((part[:, window:].min() for part in seen[1:] if len(part)), default=rows)
    assert seen[0].max(initial=-1) < held_out


def test_what_is_held_out_changes_nothing_that_was_learned_from_training(write):
    """The scaling, the categories, the window and the choice of columns come from the training part alone."""
    columns = daily(wind=[("N", "S")[i % 2] for i in range(400)])
    one = load(write(columns), time="day")
    columns["value"] = np.where(np.arange(400) < 280, columns["value"], 1e6 * RNG.normal(size=400))
    columns["noise"][280:] = 7
    columns["wind"][280:] = ["E"] * 120
    other = load(write(columns), time="day")
    assert one.scaling == other.scaling
    assert one.target_scaling == other.target_scaling
    assert one.column_names == other.column_names
    assert np.array_equal(one.train.x, other.train.x)
    order = one.column_names.index("wind=N")
    assert not other.test.x[:, -1, order : order + 2].any()


def test_categories_and_the_calendar_become_channels(write):
    count = 24 * 40
    columns = {
        "when": hours(count),
        "wind": [("N", "S", "W")[i % 3] for i in range(count)],
        "load": RNG.normal(size=count),
    }
    data = load(write(columns), time="when", window=6)
    assert data.column_names == (
        *("load", "wind=N", "wind=S", "wind=W"),
        *("hour sine", "hour cosine", "weekday sine", "weekday cosine"),
    )
    circles = data.train.x[:, :, 4:6].astype(np.float64)
    assert np.square(circles).sum(axis=2) == pytest.approx(1)
    noon = data.test.x[(data.test.x[:, -1, 4] > 0.99), -1]  # sine of 1: six o'clock
    assert noon[:, 5] == pytest.approx(0, abs=1e-6)
    assert data.scaling.mean[1:] == (0.0,) * 7
    assert data.scaling.std[1:] == (1.0,) * 7


@pytest.mark.parametrize(
    ("columns", "unit"),
    [
        ({"year": [2020 + (m // 12) for m in range(90)], "month": [1 + m % 12 for m in range(90)]}, "month"),
        ({"date": [20200101 + k for k in range(30)] + [20200201 + k for k in range(29)]}, "day"),
        ({"timestamp": [1_600_000_000 + 900 * k for k in range(90)]}, "minutes"),
        ({"Month": [f"{1990 + m // 12}-{1 + m % 12:02d}" for m in range(90)]}, "month"),
        ({"day": days(30) * 3, "hour": [0] * 30 + [1] * 30 + [2] * 30}, "hour"),
        ({"date": [day for day in days(45) for _ in "ab"], "time": ["06:00", "18:00"] * 45}, "12 hours"),
        ({"t": [0.5 * k for k in range(90)]}, "step"),
        ({"year": list(range(1900, 1990)), "month": [1] * 90}, "year"),
        ({"Year": list(range(1900, 1990))}, "year"),
        ({"when": [START + datetime.timedelta(milliseconds=10 * k) for k in range(90)]}, "step"),
    ],
)
def test_ways_to_tell_the_time(write, columns, unit):
    count = len(next(iter(columns.values())))
    if "hour" in columns:
        order = np.lexsort((columns["hour"], columns["day"]))
        columns = {name: [values[i] for i in order] for name, values in columns.items()}
    data = load(write({**columns, "v": RNG.normal(size=count)}), task="forecasting", window=3)
    assert unit in data.target_names[0]
    assert data.column_names[0] == "v"
    assert not {*columns} & {*data.column_names}


def test_a_time_that_is_asked_for(write, refused):
    columns = {"a": days(100), "b": hours(100), "v": RNG.normal(size=100)}
    assert load(write(columns), time="b", window=3).target_names == ("v +1 hour",)
    with refused(UnknownNameError, "c.csv", "'when'"):
        load(write(columns, "c.csv"), time="when")


@pytest.mark.parametrize(
    ("change", "pieces"),
    [
        (lambda c: c["day"].__setitem__(7, c["day"][6]), ["line 9", "2020-01-07", "again"]),
        (lambda c: c["day"].__setitem__(7, c["day"][3]), ["line 9", "2020-01-04", "2020-01-07", "sort"]),
        (lambda c: c["day"].reverse(), ["line 3", "sort the rows by time"]),
        (lambda c: c["day"].__setitem__(7, None), ["line 9", "no time"]),
        (lambda c: c.update(value=np.full(400, 3.5)), ["'value' is 3.5 in all 280 rows", "training"]),
        (lambda c: c.update(value=["high"] * 400), ["'value' holds 'high'", "noise"]),
    ],
)
def test_series_that_cannot_be_forecast(write, change, pieces, refused):
    columns = daily()
    change(columns)
    with refused(DataError, en=pieces):
        load(write(columns), time="day", target="value")


def test_a_series_without_time_or_numbers(write, refused):
    with refused(DataError, "things.csv", "time=..."):
        load(write({"a": ["x", "y"] * 50, "b": RNG.normal(size=100)}), task="forecasting")
    with refused(DataError, "things.csv", en=["no column of numbers"], zh=["没有数值列"]):
        load(write({"day": days(100), "b": ["x", "y"] * 50}), task="forecasting")


@pytest.mark.parametrize(
    ("count", "options", "pieces"),
    [
        (30, {"window": 21}, ["30", "21", "22"]),
        (30, {"horizon": 4}, ["30", "3", "4"]),
        (3, {}, ["3"]),
    ],
)
def test_a_series_shorter_than_the_window_is_refused_with_the_numbers(write, count, options, pieces, refused):
    with refused(DataError, *pieces, en=["too short"], zh=["太短"]):
        load(write(daily(count)), time="day", **options)


@pytest.mark.parametrize(("option", "value"), [("task", "regression"), ("kind", "table"), ("test", 0.0)])
def test_settings_that_do_not_go_with_a_time(write, option, value, refused):
    with refused(SettingError, option):
        load(write(daily()), **{"time": "day", option: value})


def test_several_series_in_one_file_are_not_forecast(write, refused):
    with refused(SettingError, "series", "noise"):
        load(write(daily()), task="forecasting", series="noise")


def test_rows_of_working_days_have_no_week_of_seven(write, said):
    moments = [day for day in days(700) if day.weekday() < 5]
    values = np.asarray([day.weekday() for day in moments]) + RNG.normal(size=len(moments)) / 10
    data = load(write({"day": moments, "v": values}), time="day")
    assert set(data.baselines) == {"last value", "value 5 steps before"}
    assert "are not 1 day" in said(data)[1][0].en


def test_short_gaps_are_filled_from_the_past_and_long_ones_are_left_out(write, said):
    values = np.arange(400, dtype=float)
    values[[50, 51, *range(100, 130), 395]] = np.nan
    noise = RNG.normal(size=400)
    noise[200] = np.nan
    data = load(write({**daily(), "value": values, "noise": noise}), time="day", target="value", window=8)
    x = np.concatenate([part.x for part in data.parts])
    y = np.concatenate([part.y for part in data.parts])[:, 0]
    assert not {50, 51, *range(100, 130), 395} & {*y.astype(int).tolist()}  # a filled value is no answer
    window = x[y == 53][0, :, 0]
    assert window.tolist() == [45, 46, 47, 48, 49, 49, 49, 52]
    before, after = int(y[y < 100].max()), int(y[y > 129].min())
    assert (before, after) == (99, 138)  # two rows of the long gap are filled, the others are looked at by nobody
    place = data.column_names.index("noise")
    assert x[y == 201][0, -1, place] == np.float32(noise[199])
    notes, warnings = said(data)
    assert "value (5), noise (1)" in notes
    assert any("windows are left out" in warning.en for warning in warnings)


def test_gaps_everywhere_are_refused(write, refused):
    values = np.where(np.arange(400) % 4 == 0, np.arange(400), np.nan)
    with refused(DataError, "drop=...", en=["without a gap"], zh=["无缺失"]):
        load(write({**daily(), "value": values}), time="day", target="value", window=30, horizon=3)


def test_irregular_steps_are_said(write, said):
    moments = days(400)
    moments[200:] = [day + datetime.timedelta(days=3) for day in moments[200:]]
    data = load(write({**daily(), "day": moments}), time="day")
    assert "1 of 399 steps are not 1 day, the first after 2020-07-18 (line 202)" in said(data)[1][0].en


def test_columns_that_say_nothing_are_left_out(write, said):
    columns = daily(
        station=["Rome"] * 400,
        flat=[1] * 400,
        rare=[1.0 if i % 5 == 0 else None for i in range(400)],
        note=[f"n{i}" for i in range(400)],
        seen=days(400),
    )
    data = load(write(columns), time="day")
    assert "value" in data.column_names
    assert not {"station", "flat", "rare"} & {*data.column_names}
    assert "station, flat, rare, note, seen" in said(data)[0]


def test_own_parts_follow_each_other(write, refused):
    columns = daily()

    def part(begin, end):
        return {name: values[begin:end] for name, values in columns.items()}

    write(part(250, 300), "set/val.csv")
    write(part(300, 400), "set/test.csv")
    folder = write(part(0, 250), "set/train.csv").parent
    data = load(folder, time="day", window=7)
    assert [(p.y.min(), p.y.max()) for p in data.parts] == [(7, 249), (250, 299), (300, 399)]
    write(part(240, 400), "set/test.csv")
    with refused(DataError, "test.csv", en=["line 2", "sort"], zh=["第 2 行"]):
        load(folder, time="day", window=7)


def season(count, period=24):
    return np.sin(np.arange(count) * 2 * np.pi / period) + RNG.normal(size=count) / 10


def test_the_window_covers_the_season_and_the_season_is_a_baseline(write, said):
    data = load(write({"when": hours(960), "v": season(960)}), time="when")
    assert data.input_shape[0] == 24
    assert "repeats itself after 24 hours" in said(data)[0]
    assert set(data.baselines) == {"last value", "same hour the day before"}
    assert data.baseline_titles["same hour the day before"].zh == "前一天的同一小时"
    every_third = load(write({"when": hours(960, 3), "v": season(960, 8)}), time="when")
    assert every_third.input_shape[0] == 8
    assert "same hour the day before" in every_third.baselines


def test_a_season_that_is_in_no_calendar(write):
    data = load(write({"when": days(960), "v": season(960, 41)}), time="when")
    assert data.input_shape[0] in (40, 41, 42)
    assert any(name.startswith("value 4") for name in data.baselines)


def test_baselines_are_what_a_person_would_compute(write):
    values = season(960)
    data = load(write({"when": hours(960), "v": values}), time="when", horizon=2)
    rows = np.arange(768, 959)  # first targets of the test part: 20% of 960
    error = np.stack([values[rows] - values[rows - 1], values[rows + 1] - values[rows - 1]])
    assert data.baselines["last value"]["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert data.baselines["last value"]["rmse"] == pytest.approx(np.sqrt(np.square(error).mean()), rel=1e-5)
    error = np.stack([values[rows] - values[rows - 24], values[rows + 1] - values[rows - 23]])
    assert data.baselines["same hour the day before"]["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)


def test_a_season_shorter_than_the_horizon_does_not_look_ahead():
    values = np.arange(20, dtype=np.float32)[:, np.newaxis]
    found = naive_scores(values, np.asarray([10]), 5, lag=2)
    # said are rows 8 9 8 9 8 for 10 11 12 13 14
    assert found == {"mae": 3.6, "rmse": pytest.approx(np.sqrt((4 + 4 + 16 + 16 + 36) / 5))}


def test_a_history_is_read_for_prediction(write, refused):
    columns = daily(wind=[("N", "S")[i % 2] for i in range(400)])
    data = load(write(columns), time="day", target="value", window=5)
    form = data.format
    assert format_from_json(format_to_json(form)) == form
    samples = form.read(write({name: values[:300] for name, values in columns.items()}, "new.csv"))
    assert samples.names == ("after 2020-10-26",)
    assert not samples.notes
    everything = np.concatenate([part.x for part in data.parts])
    places = np.concatenate([part.y for part in data.parts])[:, 0]
    assert np.array_equal(samples.x[0], everything[places == 300][0])
    with refused(DataError, "3", "5", en=["history"], zh=["历史"]):
        form.read(write({name: values[:3] for name, values in columns.items()}, "new.csv"))
    with refused(DataError, "'wind'"):
        form.read(write({name: v for name, v in columns.items() if name != "wind"}, "new.csv"))


def test_oddities_of_a_history_are_said(write, refused):
    columns = daily(wind=[("N", "S")[i % 2] for i in range(400)])
    form = load(write(columns), time="day", target="value", window=5).format
    columns["wind"][-1] = "E"
    columns["value"][-2] = np.nan
    source = write(columns, "new.csv")
    samples = form.read(source)
    said = " ".join(note.text.en for note in samples.notes)
    assert "1 of the last 5 values of value is missing" in said
    assert "wind is 'E'" in said
    assert samples.x[0, :, 0].tolist() == [395, 396, 397, 397, 399]
    with refused(DataError, "strict"):
        form.read(source, strict=True)
    columns["value"][:] = np.nan
    with refused(DataError, "'value'"):
        form.read(write(columns, "new.csv"))


def test_arrays_of_windows_are_read_too(refused):
    data = load(season(400), task="forecasting", window=6)
    assert data.column_names == ("value",)
    assert np.array_equal(data.format.read(data.test.x).x, data.test.x)
    assert np.array_equal(data.format.read(data.test.x[0, :, 0]).x, data.test.x[:1])
    longer = np.arange(10.0)[np.newaxis, :, np.newaxis]
    assert data.format.read(longer).x[0, :, 0].tolist() == [4, 5, 6, 7, 8, 9]
    with refused(DataError, "3", "6"):
        data.format.read(np.zeros((2, 3, 1)))


def test_a_series_in_memory(refused):
    both = np.stack([season(400), np.arange(400.0)], axis=1)
    data = load(both, task="forecasting", target="channel 0", window=6)
    assert data.column_names == ("channel 0", "channel 1")
    assert data.test.y.shape == (80, 1)
    with refused(DataError, "(4, 5, 6)"):
        load(np.zeros((4, 5, 6)), task="forecasting")


def test_windows_that_would_fill_the_memory_are_thinned(write, monkeypatch, said):
    full = load(write(daily()), time="day", window=10)
    monkeypatch.setattr(forecasting, "LARGEST", full.train.x.nbytes // 3)
    data = load(write(daily()), time="day", window=10)
    assert data.train.x.nbytes <= full.train.x.nbytes // 3
    assert len(data.test) == len(full.test)
    assert "one in 3 is learned from" in said(data)[0] or "one in 4 is learned from" in said(data)[0]


@pytest.mark.skipif(not SHARED.exists(), reason="the public data sets are not beside the repository")
@pytest.mark.parametrize(
    ("name", "target", "last", "mae"),
    [
        ("daily-min-temperatures", "Temp", 365, 2.02),
        ("monthly-sunspots", "Sunspots", 360, 14.7),
        ("airline-passengers", "Passengers", 24, 44.2),
        ("pollution", "pm2.5", 8760, 11.9),
    ],
)
def test_real_series(name, target, last, mae):
    """The figures of the previous value are those that the data's own README has for the last part of each."""
    path = SHARED / "forecasting" / f"{name}.csv"
    rows = len(path.read_text().splitlines()) - 1
    data = load(path, task="forecasting", target=target, test=last / rows)
    assert data.baselines["last value"]["mae"] == pytest.approx(mae, rel=0.01)
    assert data.target_names[0].startswith(f"{target} +1 ")
    assert bool(np.isfinite(data.train.x).all())
    assert data.format.read(path).names[0].startswith("after 19" if name != "pollution" else "after 2014-12-31 23:00")
