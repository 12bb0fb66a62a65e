import numpy as np
import pytest

from trainwell.data import load
from trainwell.errors import DataError

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = np.arange(40) % 2


@pytest.fixture
def stored(tmp_path):
    def make(**arrays):
        np.savez(tmp_path / "my_set.npz", **arrays)
        return tmp_path / "my_set.npz"

    return make


@pytest.mark.parametrize(("x", "y"), [("x", "y"), ("X", "y"), ("data", "target"), ("images", "labels")])
def test_one_pair_under_its_usual_names(stored, x, y):
    data = load(stored(**{x: X, y: Y}))
    assert (data.name, data.task, data.kind, data.input_shape) == ("my_set", "binary", "table", (3,))
    assert [len(p) for p in data.parts] == [28, 4, 8]


def test_given_parts_names_and_columns(stored, said):
    path = stored(
        x_train=X, y_train=Y, x_test=X[:6] + 1, y_test=Y[:6], x_val=X[:4] + 2, y_val=Y[:4], classes=["no", "yes"],
        columns=["a", "b", "c"], extra=[1],
    )  # fmt: skip
    data = load(str(path))
    assert [len(p) for p in data.parts] == [40, 4, 6]
    assert data.class_names == ("no", "yes")
    assert data.column_names == ("a", "b", "c")
    np.testing.assert_array_equal(data.test.x, X[:6] + 1)
    np.testing.assert_array_equal(data.validation.x, X[:4] + 2)
    assert "not used: extra" in said(data)[0]


def test_refusals(stored, tmp_path, refused):
    with refused(DataError, "my_set.npz", "left, right", "x_train"):
        load(stored(left=X, right=Y))
    with refused(DataError, "my_set.npz", en=["Python objects"], zh=["Python 对象"]):
        load(stored(x=np.asarray([[1], [2, 3]], dtype=object), y=Y[:2]))
    bad = tmp_path / "text.npz"
    bad.write_text("hello", encoding="utf-8")
    with refused(DataError, str(bad), en=["not a .npz file"], zh=["不是 .npz 文件"]):
        load(bad)
    whole = stored(x=X, y=Y).read_bytes()
    cut = tmp_path / "cut.npz"
    cut.write_bytes(whole[:200] + bytes(len(whole) - 260) + whole[-60:])
    with refused(DataError, str(cut)):
        load(cut)
    with refused(DataError, "y", 5, "0", "1", en=["outside the range"], zh=["超出"]):
        load(stored(x=X, y=np.where(np.arange(40) == 7, 5, Y), classes=["no", "yes"]))
    with refused(DataError, 2, 3, en=["column names"], zh=["列名"]):
        load(stored(x=X, y=Y, columns=["a", "b"]))
