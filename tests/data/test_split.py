import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.data.split import check_class_counts, split_plain, split_stratified
from trainwell.errors import DataError

shares = st.floats(0.05, 0.4)


@given(st.lists(st.integers(3, 60), min_size=2, max_size=12), shares, shares, st.integers(0, 2**32))
def test_stratified_is_disjoint_complete_and_within_one_sample_of_each_share(counts, validation, test, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int32)
    parts = split_stratified(labels, validation=validation, test=test, seed=seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    for part, share in zip(parts, (1 - validation - test, validation, test), strict=True):
        held = np.bincount(labels[part], minlength=len(counts))
        assert held.min() >= 1
        tolerance = 1 if share in (validation, test) else 2  # training takes what the two others leave
        assert np.abs(held - np.asarray(counts) * share).max() <= tolerance + 1e-6


@given(st.lists(st.integers(30, 300), min_size=2, max_size=8), shares, shares)
def test_sizes_of_the_whole_are_the_rounded_shares(counts, validation, test):
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    _, held, tested = split_stratified(labels, validation=validation, test=test, seed=0)
    assert abs(len(held) - validation * len(labels)) <= 0.5 + 1e-6
    assert abs(len(tested) - test * len(labels)) <= 0.5 + 1e-6


@given(st.integers(3, 200), shares, shares, st.integers(0, 1000))
def test_plain_is_disjoint_complete_and_never_leaves_a_part_empty(count, validation, test, seed):
    parts = split_plain(count, validation=validation, test=test, seed=seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(count))
    assert min(len(p) for p in parts) >= 1


def test_same_seed_same_split_other_seed_another():
    labels = (np.arange(300) % 3).astype(np.int32)
    first, again, other = (split_stratified(labels, validation=0.1, test=0.2, seed=s) for s in (5, 5, 6))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("counts", "validation", "test"),
    [([4] * 5, 0.49, 0.49), ([5] * 3, 0.45, 0.45), ([3, 50], 0.05, 0.9), ([3], 0.9, 0.05)],
)
def test_training_keeps_a_sample_of_each_class_when_both_shares_round_up(counts, validation, test):
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    for part in split_stratified(labels, validation=validation, test=test, seed=0):
        assert np.bincount(labels[part], minlength=len(counts)).min() >= 1


def test_no_share_no_samples_and_training_comes_mixed():
    labels = np.repeat([0, 1], 50).astype(np.int32)
    train, validation, test = split_stratified(labels, validation=0, test=0.2, seed=0)
    assert (len(train), len(validation), len(test)) == (80, 0, 20)
    assert 0 < labels[train[:20]].sum() < 20
    np.testing.assert_array_equal(test, np.sort(test))


def test_a_class_too_small_is_named_with_its_count(refused):
    with refused(DataError, "'dog'", 2, 3, en=["training, validation, test"], zh=["训练、验证、测试"]):
        check_class_counts({"cat": 9, "dog": 2}, validation=0.1, test=0.2)
    with refused(DataError, "'dog'", en=["1 sample,", "2 more such classes"], zh=["1 个样本", "另有 2 个类别"]):
        check_class_counts({"dog": 1, "cow": 1, "ant": 0}, validation=0, test=0.2)
    check_class_counts({"cat": 9, "dog": 2}, validation=0, test=0.2)


def test_too_few_samples_for_the_parts(refused):
    with refused(DataError, "2", "3", en=["cannot be split"], zh=["无法分成"]):
        split_plain(2, validation=0.1, test=0.1, seed=0)
