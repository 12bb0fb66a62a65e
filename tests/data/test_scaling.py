import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainwell.data import Scaling, load
from trainwell.data import scaling as module


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 5)), elements=st.floats(-1e4, 1e4, width=32)),
    st.integers(1, 7),
)
def test_equals_numpy_whatever_the_piece_size(array, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", piece)
        scaling = Scaling.fit(array)
    wide = array.astype(np.float64)
    std = np.where(wide.max(axis=0) > wide.min(axis=0), wide.std(axis=0), 1.0)
    np.testing.assert_allclose(scaling.mean, wide.mean(axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(scaling.std, std, rtol=1e-6, atol=1e-9)


def test_reduces_all_axes_but_the_last_and_takes_another_axis():
    x = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
    np.testing.assert_allclose(Scaling.fit(x).mean, x.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(Scaling.fit(x, axis=1).std, x.std(axis=(0, 2, 3)))


def test_constant_column_has_std_one_even_when_its_value_is_no_exact_float():
    scaling = Scaling.fit(np.full((1001, 2), [0.1, 3.0], dtype=np.float32))
    assert scaling.std == (1.0, 1.0)
    assert scaling.mean == pytest.approx((0.1, 3.0))


def test_a_large_mean_does_not_eat_the_spread():
    x = np.asarray([[1e7], [1e7 + 1], [1e7 + 2]], dtype=np.float64)
    assert Scaling.fit(x).std[0] == pytest.approx(np.sqrt(2 / 3), rel=1e-6)


def test_apply_gives_mean_0_and_std_1_in_float32_and_invert_undoes_it():
    x = np.random.default_rng(1).normal(5, 3, (200, 4)).astype(np.float32)
    scaling = Scaling.fit(x)
    scaled = scaling.apply(x)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(scaling.invert(scaled), x, atol=1e-4)


def test_no_full_float64_copy_is_made():
    import tracemalloc

    x = np.zeros((600, 128, 128, 1), dtype=np.uint8)  # 9.8 MB; as float64 it would be 79 MB
    x[::2] = 7
    tracemalloc.start()
    scaling = Scaling.fit(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert scaling == Scaling((3.5,), (3.5,))
    assert peak < 40e6


def test_fitted_on_training_samples_only_when_the_split_is_ours():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype(np.float32)
    x[:, 0] = np.arange(60)  # tells where a sample went
    y = np.arange(60) % 3
    clean = load(x, y)
    held = np.concatenate([clean.test.x[:, 0], clean.validation.x[:, 0]]).astype(int)
    poisoned = x.copy()
    poisoned[held, 1:] = 1e6
    again = load(poisoned, y)
    assert again.scaling == clean.scaling
    assert again.test.x[:, 1].min() == 1e6
    np.testing.assert_allclose(clean.scaling.mean, clean.train.x.mean(axis=0), rtol=1e-5)


def test_fitted_on_training_samples_only_when_the_source_has_parts():
    x, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
    clean = load((x, y), (x[:10] + 1, y[:10]))
    poisoned = load((x, y), (x[:10] * 1e6, y[:10]))
    assert clean.scaling == poisoned.scaling


def test_targets_of_a_regression_are_measured_on_training_too():
    x, y = np.random.default_rng(0).normal(size=(40, 2)), np.random.default_rng(1).normal(size=(40, 2))
    data = load(x, y)
    np.testing.assert_allclose(data.target_scaling.mean, data.train.y.mean(axis=0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(data.target_scaling.std, data.train.y.std(axis=0), rtol=1e-5)
    assert load("iris").target_scaling is None
