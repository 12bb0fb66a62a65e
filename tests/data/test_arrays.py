import numpy as np
import pytest

from trainwell.data import load
from trainwell.errors import DataError, SettingError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = np.arange(60) % 3


def test_arrays_lists_and_mixed_types():
    data = load(X, Y)
    assert (data.kind, data.task, data.outputs, data.name) == ("table", "multiclass", 3, "arrays")
    assert data.train.x.dtype == np.float32
    assert data.train.y.dtype == np.int32
    assert load(X.tolist(), Y.tolist()).fingerprint == load(X.astype(np.float32), Y.astype(np.uint8)).fingerprint


def test_two_pairs_as_keras_gives_them():
    train, test = (np.zeros((30, 8, 8), np.uint8), Y[:30, None]), (np.ones((6, 8, 8), np.uint8), Y[:6, None])
    data = load(train, test)
    assert data.input_shape == (8, 8, 1)
    assert [len(p) for p in data.parts] == [27, 3, 6]
    assert data.test.y.tolist() == Y[:6].tolist()
    assert load((train, test)).fingerprint == data.fingerprint
    assert load((X, Y)).fingerprint == load(X, Y).fingerprint


def test_lists_of_two_are_samples_not_pairs(refused):
    with refused(DataError, "'0'", "1", en=["1 more such class"], zh=["另有 1 个类别"]):
        load([[1.0, 2.0], [3.0, 4.0]], [[0], [1]])


@pytest.mark.parametrize(
    ("shape", "dtype", "kind", "input_shape"),
    [
        ((60, 9, 7, 3), np.uint8, "image", (9, 7, 3)),
        ((60, 9, 7, 1), np.float64, "image", (9, 7, 1)),
        ((60, 9, 7), np.uint8, "image", (9, 7, 1)),
        ((60, 8, 8), np.float32, "image", (8, 8, 1)),
        ((60, 9, 7), np.float32, "sequence", (9, 7)),
        ((60, 7, 7), np.float32, "sequence", (7, 7)),
        ((60, 9, 7), np.int64, "sequence", (9, 7)),
        ((60, 9), np.uint8, "table", (9,)),
        ((60, 9), np.int64, "table", (9,)),
        ((60, 9), bool, "table", (9,)),
    ],
)
def test_kind_follows_from_the_shape(shape, dtype, kind, input_shape):
    x = RNG.integers(0, 2, shape).astype(dtype)
    data = load(x, Y)
    assert (data.kind, data.input_shape) == (kind, input_shape)
    assert data.train.x.dtype == (np.uint8 if kind == "image" and dtype == np.uint8 else np.float32)


def test_kind_can_be_said(refused, said):
    x = RNG.normal(size=(60, 20, 5))
    assert load(x, Y).kind == "sequence"
    assert 'kind="image"' in said(load(x, Y))[0]
    assert load(x, Y, kind="image").input_shape == (20, 5, 1)
    with refused(DataError, "(60, 20, 5)", en=["table"], zh=["表格"]):
        load(x, Y, kind="table")
    with refused(DataError, "(60, 4)", en=["images are"], zh=["图像应为"]):
        load(X, Y, kind="image")


@pytest.mark.parametrize(
    ("x", "y", "pieces", "en", "zh"),
    [
        (X[:, 0], Y, ["(60,)"], "expected are images", "需要图像"),
        (RNG.normal(size=(60, 3, 8, 8)), Y, ["np.moveaxis(x, 1, -1)"], "channels", "通道"),
        (RNG.normal(size=(60, 8, 8, 2)), Y, ["(60, 8, 8, 2)"], "1 or 3 channels", "通道数为 1 或 3"),
        (X[:50], Y, ["50", "60"], "one target for each", "每个样本提供一个目标"),
        (X[:0], Y[:0], ["(0, 4)"], "is empty", "为空"),
        (np.zeros((60, 0, 8, 1)), Y, ["(60, 0, 8, 1)"], "is empty", "为空"),
        ([[1, 2], [3]], [0, 1], ["x"], "one array of numbers", "统一的数值数组"),
        (np.asarray([[None, 1]] * 60, dtype=object), Y, ["x"], "mixed objects", "不同类型的对象"),
        (X, np.asarray([0, "a", None] * 20, dtype=object), ["y"], "mixed objects", "不同类型的对象"),
        (np.full((60, 4), "a"), Y, ["<U1"], "numbers are expected", "需要数值"),
        (X.astype(complex), Y, ["complex128"], "numbers are expected", "需要数值"),
        (X * 1e39, Y, ["float32"], "beyond", "超过"),
        (X, Y * 0, ["'0'"], "one class", "同一个类别"),
        (X, Y - 1, ["-1", "0"], "negative label", "负标签"),
        (X, np.zeros((60, 2, 2)), ["(60, 2, 2)"], "one target per sample", "一个目标"),
        (X, np.where(np.arange(60) == 4, 9, 0), ["'9'", "1"], "has 1 sample", "只有 1 个样本"),
        (X, None, ["load(x, y)"], "no targets", "没有目标"),
        (5, Y, ["x"], "one array", "统一"),
        (X, np.datetime64("2024-01-01") + np.arange(60), ["datetime64"], "class names", "类别名"),
    ],
)  # fmt: skip
def test_refusals(x, y, pieces, en, zh, refused):
    with refused(DataError, *pieces, en=[en], zh=[zh]):
        load(x, y)


@pytest.mark.parametrize(("bad", "en", "zh"), [(np.nan, "NaN", "NaN"), (np.inf, "infinite", "无穷")])
def test_nan_and_infinite_values_are_placed_and_counted(bad, en, zh, refused):
    x = X.copy()
    x[[7, 9], [2, 1]] = bad
    with refused(DataError, "x", "2", "(7, 2)", en=[f"({en})", "2 NaN or infinite values"], zh=[zh]):
        load(x, Y)
    y = RNG.normal(size=60)
    y[5] = bad
    with refused(DataError, "y", "5", en=["1 NaN or infinite value,", "index 5"], zh=["索引 5"]):
        load(X, y)


def test_whole_numbers_with_gaps_are_renumbered_and_keep_their_names(said):
    data = load(X, np.asarray([30, 4, 500])[Y])
    assert data.class_names == ("4", "30", "500")
    for part in data.parts:
        assert set(part.y.tolist()) <= {0, 1, 2}
    assert "4, 30, 500 are numbered 0 to 2" in said(data)[0]
    assert "numbered" not in said(load(X, Y))[0]


def test_text_labels_sort_naturally_and_objects_of_text_are_text():
    names = np.asarray(["c10", "c2", "c1"])
    assert load(X, names[Y]).class_names == ("c1", "c2", "c10")
    assert load(X, names[Y].astype(object)).class_names == ("c1", "c2", "c10")
    assert load(X, names[Y].astype("S")).class_names == ("c1", "c2", "c10")
    assert load(X, names[Y], class_names=["c10", "c2", "c1"]).class_names == ("c10", "c2", "c1")


def test_two_classes_are_binary_however_they_are_written():
    for y in (Y % 2, Y % 2 == 1, np.asarray(["no", "yes"])[Y % 2], np.eye(2)[Y % 2], (Y % 2)[:, None]):
        data = load(X, y)
        assert (data.task, data.outputs) == ("binary", 1)
        assert data.train.y.ndim == 1
    assert load(X, Y % 2 == 1).class_names == ("False", "True")
    assert load(X, Y % 2, task="multiclass").outputs == 2


def test_one_hot_is_classes():
    data = load(X, np.eye(3, dtype=np.float32)[Y])
    assert data.task == "multiclass"
    assert data.fingerprint == load(X, Y).fingerprint


def test_floats_are_values_unless_few_and_whole(said):
    values = load(X, RNG.normal(size=60))
    assert (values.task, values.outputs, values.class_names) == ("regression", 1, ())
    assert values.train.y.shape == (42, 1)
    assert values.train.y.dtype == np.float32
    assert load(X, RNG.normal(size=(60, 2))).outputs == 2
    guessed = load(X, Y.astype(float))
    assert guessed.task == "multiclass"
    assert 'task="regression"' in said(guessed)[0]
    assert load(X, Y.astype(float), task="regression").task == "regression"
    assert load(X, np.arange(60) * 1.0).task == "regression"  # whole, but 60 distinct values


def test_integers_with_very_many_values_are_values(said):
    x = RNG.normal(size=(400, 2))
    data = load(x, np.arange(400) // 2)
    assert data.task == "regression"
    assert 'task="multiclass"' in said(data)[0]
    assert load(x, np.arange(400) // 4).task == "multiclass"  # 100 classes
    assert load(x, np.minimum(np.arange(400) // 3, 132), task="multiclass").outputs == 133


def test_named_classes_fix_the_range(refused, said):
    assert load(X, Y, class_names=["a", "b", "c"]).class_names == ("a", "b", "c")
    bad = Y.copy()
    bad[17] = 3
    with refused(DataError, "3", "17", "0", "2", en=["outside the range 0 to 2"], zh=["超出"]):
        load(X, bad, class_names=["a", "b", "c"])
    with refused(DataError, "-1", en=["outside the range"], zh=["超出"]):
        load(X, Y - 1, class_names=["a", "b", "c"])
    with refused(DataError, "'z'", "a, b"):
        load(X, np.asarray(["a", "b", "z"])[Y], class_names=["a", "b"])
    with refused(DataError, "a", en=["all different"], zh=["互不相同"]):
        load(X, Y, class_names=["a", "a", "b"])
    more = load(X, Y, class_names=["a", "b", "c", "d"])
    assert more.outputs == 4
    assert any("No sample" in w.en and "d" in w.en for w in said(more)[1])


def test_task_that_does_not_fit(refused):
    with refused(DataError, "3", 'task="binary"'):
        load(X, Y, task="binary")
    with refused(DataError, 'task="regression"'):
        load(X, np.asarray(["a", "b", "c"])[Y], task="regression")
    with refused(DataError, 'task="regression"'):
        load(X, RNG.normal(size=60), task="multiclass")


def test_a_given_test_part_must_look_like_training(refused):
    with refused(DataError, "x_test", "(3,)", "(4,)"):
        load((X, Y), (X[:9, :3], Y[:9]))
    images = RNG.integers(0, 255, (30, 8, 8, 1), dtype=np.uint8)
    with refused(DataError, "x_test", "float32", "uint8"):
        load((images, Y[:30]), (images / 255, Y[:30]))
    with refused(DataError, "y_test", "7", en=["not among the known"], zh=["不在已知类别"]):
        load((X, Y), (X[:9], np.full(9, 7)))
    with refused(DataError, "y_test", "'c'", en=["no training sample"], zh=["训练部分没有"]):
        load((X, Y % 2), (X[:9], Y[:9]), class_names=["a", "b", "c"])
    with refused(DataError, "y_test", "2", "1"):
        load((X, RNG.normal(size=60)), (X[:9], RNG.normal(size=(9, 2))))
    with refused(DataError, "x_test", "NaN"):
        load((X, Y), (np.full((9, 4), np.nan), Y[:9]))
    with refused(DataError, "x_test", "y_test", "9", "8"):
        load((X, Y), (X[:9], Y[:8]))


def test_warnings_for_few_rare_and_doubled_samples(said):
    x = RNG.normal(size=(211, 2))
    rare = np.arange(211) >= 205
    warnings = said(load(x, rare))[1]
    assert [w.en.split()[0] for w in warnings] == ["Fewer", "The"]
    assert "True (6)" in warnings[0].en
    assert "不均衡" in warnings[1].zh
    doubled = load((X, Y), (X[:10], Y[:10]), validation=0)
    assert any("10 of 10 test samples (100.0%)" in w.en for w in said(doubled)[1])
    assert said(load(X, Y))[1] == []
    ours = load(
        np.concatenate([X, X]), np.concatenate([Y, Y])
    )  # duplicates in the source: told, but no mistake of a split
    assert "are in the training part too" in said(ours)[0]
    assert said(ours)[1] == []


@pytest.mark.parametrize(
    ("options", "pieces"),
    [
        ({"validation": -0.1}, ["validation=-0.1"]),
        ({"test": 1}, ["test=1"]),
        ({"test": True}, ["test=True"]),
        ({"test": float("nan")}, ["test=nan"]),
        ({"test": "0.2"}, ["test='0.2'"]),
        ({"validation": 0.5, "test": 0.5}, ["validation + test=1.0"]),
        ({"test": 0}, ["test=0"]),
        ({"seed": -1}, ["seed=-1"]),
        ({"seed": 1.5}, ["seed=1.5"]),
        ({"image_size": 0}, ["image_size=0"]),
        ({"image_size": (8, 8, 8)}, ["image_size=(8, 8, 8)"]),
        ({"image_size": 99999}, ["image_size=99999", "4096"]),
        ({"class_names": "abc"}, ["class_names='abc'"]),
        ({"image_size": 8}, ["image_size=(8, 8)", "(4,)"]),
    ],
)
def test_settings_that_cannot_work(options, pieces, refused):
    with refused(SettingError, *pieces):
        load(X, Y, **options)


def test_users_arrays_are_not_changed():
    x, y = X.copy(), Y.copy()
    load(x, y)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def test_rows_with_any_number_of_ones_are_several_labels():
    y = np.eye(3)[Y] + np.eye(3)[(Y + 1) % 3]
    data = load(X, y)
    assert (data.task, data.outputs, data.class_names) == ("multilabel", 3, ("0", "1", "2"))
    assert data.train.y.dtype == np.float32
    assert any("several labels" in note.text.en and "多标签" in note.text.zh for note in data.notes)


def test_several_labels_where_one_class_was_asked_for_are_refused(refused):
    y = np.eye(3)[Y] + np.eye(3)[(Y + 1) % 3]
    with refused(DataError, "multilabel", en=["2 ones in row"], zh=["多个"]):
        load(X, y, task="multiclass")
