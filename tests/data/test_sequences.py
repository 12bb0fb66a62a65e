"""Sequences in memory and in NumPy files: lengths, padding, gaps, and reading them again."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from trainwell.data import load
from trainwell.data.formats import format_from_json, format_to_json
from trainwell.data.formats.sequence import SequenceFormat
from trainwell.data.padding import STEP
from trainwell.data.sequences.in_memory import RawSequences, sequences
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text

SHARED = Path(__file__).parents[3] / "shared" / "data"
RNG = np.random.default_rng(0)
WHAT = Text("x", "x")
Y = np.arange(60) % 3


def ragged(count=60, channels=2, low=3, high=9):
    return [RNG.normal(size=(low + i % (high - low + 1), channels)) for i in range(count)]


def rows_of(split):
    """The sequences of a split without their padding."""
    return [row[~(row == np.float32(STEP)).all(axis=1)] for row in split.x]


def test_a_list_of_arrays_of_unequal_lengths_is_padded_behind_the_end():
    x = ragged()
    data = load(x, Y)
    assert (data.kind, data.task, data.input_shape) == ("sequence", "multiclass", (9, 2))
    assert data.train.x.dtype == np.float32
    found = {len(row): row for part in data.parts for row in rows_of(part)}
    assert sorted(found) == [3, 4, 5, 6, 7, 8, 9]
    originals = [row.astype(np.float32) for row in x]
    for part in data.parts:
        for row in rows_of(part):
            assert any(np.array_equal(row, original) for original in originals)


@pytest.mark.parametrize("wrap", [list, lambda rows: np.asarray(rows, object)])
def test_arrays_of_one_axis_have_one_channel(wrap):
    data = load(wrap([np.arange(3.0 + i % 4) for i in range(60)]), Y)
    assert data.input_shape == (6, 1)


def test_plain_lists_of_unequal_lengths_are_sequences_only_if_that_is_said(refused):
    x = [[1.0, 2.0], [3.0, 4.0, 5.0]] * 30
    with refused(DataError, 'kind="sequence"'):
        load(x, Y)
    assert load(x, Y, kind="sequence").input_shape == (3, 1)


def test_two_axes_said_to_be_sequences_have_one_channel():
    data = load(RNG.normal(size=(60, 12)), Y, kind="sequence")
    assert (data.kind, data.input_shape) == ("sequence", (12, 1))


def test_the_scaling_leaves_padding_out():
    x = [np.full((2 + i % 5, 1), float(i % 2)) for i in range(60)]
    data = load(x, Y)
    real = np.concatenate(rows_of(data.train)).astype(np.float64)
    assert data.scaling.mean == pytest.approx([real.mean()])
    assert data.scaling.std == pytest.approx([real.std()])


def test_an_array_with_nan_or_padding_behind_the_end_of_its_sequences():
    x = RNG.normal(size=(60, 6, 2))
    x[::2, 4:] = np.nan
    x[1::2, 5:] = STEP
    data = load(x, Y)
    assert {len(row) for part in data.parts for row in rows_of(part)} == {4, 5}
    assert data.input_shape == (5, 2)  # the longest that is left


def test_gaps_inside_become_straight_lines_and_are_said(said):
    x = RNG.normal(size=(60, 8, 2))
    x[3, 2:4, 1] = np.nan
    x[5, 7, 0] = np.nan
    found, notes = sequences(x, WHAT)
    line = np.interp([2, 3], [1, 4], x[3, [1, 4], 1])
    assert found.rows[3][2:4, 1] == pytest.approx(line)
    assert found.rows[5][7, 0] == np.float32(x[5, 6, 0])  # the nearest at the end
    assert "3 missing values of x, in 2 sequences" in notes[0].text.en
    assert "3 missing values" in said(load(x, Y))[1][0].en


@pytest.mark.parametrize(
    ("change", "pieces"),
    [
        (lambda x: x.__setitem__((4, slice(1, 5), 1), np.nan), ["4 NaN", "sample 4", "channel 1", "step 1", "25%"]),
        (lambda x: x.__setitem__((7, 2, 0), np.inf), ["sample 7", "step 2", "channel 0", "inf"]),
        (lambda x: x.__setitem__((7, 2, 0), 1e31), ["sample 7", "1e+31"]),
        (lambda x: x.__setitem__(9, np.nan), ["without a step", "sample 9"]),
    ],
)
def test_values_that_cannot_be_learned_from_are_placed(change, pieces, refused):
    x = RNG.normal(size=(60, 8, 2))
    change(x)
    with refused(DataError, en=pieces):
        load(x, Y)


@pytest.mark.parametrize(
    ("x", "en", "zh"),
    [
        ([np.zeros((3, 2)), np.zeros((0, 2))], "sample 1", "样本 1"),
        ([np.zeros((3, 2)), np.zeros((4, 3))], "2 channels in sample 0 and 3 in sample 1", "样本 1 有 3 个"),
        ([np.zeros((3, 2)), np.zeros((4, 3, 2))], "sample 1 of shape (4, 3, 2)", "形状为 (4, 3, 2)"),
        ([["a", "b"], ["c"]], "numbers are expected", "需要数值"),
        (np.zeros((2, 3, 4, 5)), "(2, 3, 4, 5)", "(2, 3, 4, 5)"),
        ([], "at least one", "至少提供一个"),
        (np.zeros((0, 3, 2)), "at least one", "至少提供一个"),
    ],
)
def test_what_is_no_sequence(x, en, zh, refused):
    with refused(DataError, en=[en], zh=[zh]):
        load(x, np.arange(len(x)), kind="sequence")


def test_a_long_outlier_is_cut_and_max_length_decides(said):
    x = [np.zeros((10, 1)) + i for i in range(299)] + [np.zeros((500, 1))]
    y = np.arange(300) % 2
    data = load(x, y)
    assert data.input_shape == (10, 1)
    assert "1 of 300 sequences are cut after 10 steps: the longest has 500" in said(data)[0]
    assert load(x, y, max_length=500).input_shape == (500, 1)
    assert load(x, y, max_length=4).input_shape == (4, 1)
    assert load([row[: 5 + i % 6] for i, row in enumerate(x[:299])], y[:299]).input_shape == (10, 1)


def test_parts_have_the_same_length_and_the_same_channels(refused):
    train, test = ragged(high=5), ragged(12, high=9)
    data = load((train, Y), (test, Y[:12]))
    assert data.train.x.shape[1:] == data.test.x.shape[1:] == (9, 2)
    with refused(DataError, "x_test", "3", "2"):
        load((train, Y), (ragged(12, channels=3), Y[:12]))


def npz(tmp_path, **content):
    path = tmp_path / "set.npz"
    np.savez(path, **content)
    return path


@pytest.mark.parametrize("name", ["len_{}", "lengths_{}", "{}_lengths", "length_{}", "{}_len"])
def test_npz_with_lengths(tmp_path, name, said):
    x = RNG.normal(size=(60, 7, 2))
    lengths = 2 + np.arange(60) % 5
    content = {name.format(part): lengths[:count] for part, count in (("train", 60), ("test", 12))}
    data = load(npz(tmp_path, X_train=x, y_train=Y, X_test=x[:12], y_test=Y[:12], **content))
    assert data.input_shape == (6, 2)
    assert [len(row) for row in rows_of(data.test)] == lengths[:12].tolist()
    assert "not used" not in said(data)[0]


def test_npz_of_one_channel_with_lengths_and_names(tmp_path):
    path = npz(tmp_path, x=RNG.normal(size=(60, 7)), y=Y, lengths=np.full(60, 4), columns=["pulse"])
    data = load(path)
    assert (data.input_shape, data.column_names) == ((4, 1), ("pulse",))


@pytest.mark.parametrize(
    ("lengths", "en", "zh"),
    [
        (np.arange(60) % 7, "without a step, sample 0", "样本 0 是没有任何步"),
        (np.full(60, 9), "the length of sample 0 is 9", "样本 0 的长度却是 9"),
        (np.full(59, 3), "(59,)", "(59,)"),
        (np.full(60, 2.5), "float64", "float64"),
    ],
)
def test_lengths_that_do_not_fit(tmp_path, lengths, en, zh, refused):
    path = npz(tmp_path, x=RNG.normal(size=(60, 7, 2)), y=Y, lengths=lengths)
    with refused(DataError, en=[en], zh=[zh]):
        load(path)


def test_new_sequences_are_read_as_those_for_training(tmp_path, refused):
    x = ragged()
    form = load(x, Y).format
    assert form == format_from_json(format_to_json(form)) == SequenceFormat(("channel 0", "channel 1"), 9, equal=False)
    samples = form.read([x[0], x[1]])
    assert samples.names == ("#0", "#1")
    assert np.array_equal(samples.x, form.encode(RawSequences([row.astype(np.float32) for row in x[:2]])))
    assert samples.shown[0].startswith("3 steps: channel 0 ")
    whole = RNG.normal(size=(4, 9, 2)).astype(np.float32)
    np.save(tmp_path / "new.npy", whole)
    assert np.array_equal(form.read(tmp_path / "new.npy").x, whole)
    short = form.read(npz(tmp_path, X_test=whole, len_test=[9, 5, 2, 1]))
    assert [int((row != np.float32(STEP)).all(axis=1).sum()) for row in short.x] == [9, 5, 2, 1]
    with refused(DataError, "3", "channel 0, channel 1"):
        form.read(np.zeros((4, 9, 3)))
    with refused(DataError, ".npy"):
        form.read(tmp_path / "new.txt")
    with refused(FolderError, "absent.npy"):
        form.read(tmp_path / "absent.npy")


def test_new_sequences_that_are_longer_are_cut_and_said(refused):
    form = SequenceFormat(("a",), 3, equal=False)
    samples = form.read(np.zeros((2, 5, 1)))
    assert samples.x.shape == (2, 3, 1)
    assert "2 of 2 sequences are longer than the 3 steps" in samples.notes[0].text.en
    with refused(DataError, "strict"):
        form.read(np.zeros((2, 5, 1)), strict=True)


def test_where_all_had_one_length_a_shorter_one_is_refused(refused):
    form = load(RNG.normal(size=(60, 9, 2)), Y).format
    with refused(DataError, "5", "9", en=["sequence 1"], zh=["第 1 个"]):
        form.read([np.zeros((9, 2)), np.zeros((5, 2))])


one_row = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.just(3)),
    elements=st.floats(-1e6, 1e6, width=32),
)


@given(rows=st.lists(one_row, min_size=1, max_size=8), extra=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_padding_comes_off_again(rows, extra):
    length = max(len(row) for row in rows)
    x = SequenceFormat(("a", "b", "c"), length + extra, equal=False).encode(RawSequences(rows))
    assert x.shape == (len(rows), length + extra, 3)
    back, notes = sequences(x, WHAT)
    assert not notes
    for row, original in zip(back.rows, rows, strict=True):
        np.testing.assert_array_equal(row, original)


@pytest.mark.skipif(not SHARED.exists(), reason="the public data sets are not beside the repository")
def test_japanese_vowels():
    data = load(SHARED / "japanese_vowels" / "japanese_vowels.npz")
    assert (len(data.train) + len(data.validation), len(data.test), data.outputs) == (270, 370, 9)
    assert data.input_shape[1] == 12
    lengths = [len(row) for part in data.parts for row in rows_of(part)]
    assert (min(lengths), max(lengths)) == (7, 29)  # as its README says
    assert list(data.class_counts(data.test).values()) == [31, 35, 88, 44, 29, 24, 40, 50, 29]
