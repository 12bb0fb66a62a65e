"""Merging old rows loses no minimum, no maximum, no non-finite value and no step."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

from trainwell.signals.thinning import merge_pairs, rows_of, thin

values = st.integers(1, 80).flatmap(
    lambda steps: arrays.arrays(
        np.float32,
        (steps, 2),
        elements=st.floats(width=32, min_value=-1e6, max_value=1e6) | st.sampled_from([np.nan, np.inf, -np.inf]),
    )
)


def rows_from(table):
    return rows_of(np.arange(1, len(table) + 1, dtype=np.int64), table)


@given(values, st.integers(1, 90))
def test_nothing_is_lost(table, capacity):
    rows = rows_from(table)
    thinned = thin(rows, capacity)
    finite = np.where(np.isfinite(table), table, np.nan)
    assert len(thinned) <= capacity
    assert thinned["count"].sum() == len(table)
    assert np.array_equal(thinned["nonfinite"].sum(axis=0), (~np.isfinite(table)).sum(axis=0))
    for column in range(2):
        known = finite[:, column][~np.isnan(finite[:, column])]
        if len(known):
            assert np.nanmin(thinned["minimum"][:, column]) == known.min()
            assert np.nanmax(thinned["maximum"][:, column]) == known.max()
        else:
            assert np.isnan(thinned["minimum"][:, column]).all()


@given(values, st.integers(1, 90))
def test_every_step_is_covered_once_and_in_order(table, capacity):
    thinned = thin(rows_from(table), capacity)
    assert thinned["first_step"][0] == 1
    assert thinned["last_step"][-1] == len(table)
    assert np.array_equal(thinned["first_step"][1:], thinned["last_step"][:-1] + 1)
    assert np.array_equal(thinned["last_step"] - thinned["first_step"] + 1, thinned["count"])


@given(values, st.integers(1, 90))
def test_each_row_has_the_mean_of_its_finite_values(table, capacity):
    for row in thin(rows_from(table), capacity):
        part = table[row["first_step"] - 1 : row["last_step"]]
        for column in range(2):
            known = part[:, column][np.isfinite(part[:, column])].astype(np.float64)
            if len(known):
                slack = 1e-6 * (1 + np.abs(known).max())
                assert row["mean"][column] == pytest.approx(known.mean(), abs=slack)
                assert row["minimum"][column] - slack <= row["mean"][column] <= row["maximum"][column] + slack
            else:
                assert np.isnan(row["mean"][column])


@given(st.integers(1, 400), st.integers(4, 60))
def test_the_newest_rows_keep_every_step(steps, capacity):
    rows = rows_from(np.arange(steps, dtype=np.float32)[:, None])
    kept = rows[:0]
    for row in rows:  # appended one by one, as while training
        kept = thin(np.concatenate([kept, row[None]]), capacity)
    newest = kept[-min(steps, capacity // 2) :]
    assert (newest["first_step"] == newest["last_step"]).all()
    assert kept["count"].sum() == steps


def test_an_odd_last_row_stays_as_it_is():
    rows = rows_from(np.array([[1.0], [3.0], [5.0]], np.float32))
    merged = merge_pairs(rows)
    assert merged["mean"][:, 0].tolist() == [2.0, 5.0]
    assert merged["last_step"].tolist() == [2, 3]


@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_a_tiny_capacity_ends(capacity):
    rows = rows_from(np.arange(7, dtype=np.float32)[:, None])
    assert len(thin(rows, capacity)) <= capacity


def test_the_largest_floats_are_merged_without_overflow():
    largest = np.finfo(np.float32).max
    merged = thin(rows_from(np.full((64, 1), largest, np.float32)), 4)
    assert (merged["mean"] == largest).all()
