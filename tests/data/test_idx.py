import gzip
import struct
import time

import numpy as np
import pytest

from trainwell.data import load
from trainwell.errors import DataError, FolderError

IMAGES, LABELS = 2051, 2049  # the magic numbers that LeCun's page gives


def zipped(raw):
    """Always the same bytes: they are part of test names, which must not change from one process to the next."""
    return gzip.compress(raw, mtime=0)


def idx(magic, array, shape=None):
    shape = shape or array.shape
    return struct.pack(f">{1 + len(shape)}I", magic, *shape) + array.astype(np.uint8).tobytes()


@pytest.fixture
def mnist(tmp_path):
    """A little MNIST: write it as files, packed or not, with or without a test part."""

    def make(packed=True, test=True, dots=False, train=30):
        rng = np.random.default_rng(0)
        sizes = {"train": train} | ({"t10k": 9} if test else {})
        for part, size in sizes.items():
            for content, magic, shape in (("images", IMAGES, (size, 5, 4)), ("labels", LABELS, (size,))):
                array = rng.integers(0, 256, shape) if content == "images" else np.arange(size) % 3
                axes = len(shape)
                name = f"{part}-{content}{'.' if dots else '-'}idx{axes}-ubyte"
                raw = idx(magic, array)
                (tmp_path / (name + ".gz" * packed)).write_bytes(zipped(raw) if packed else raw)
        return tmp_path

    return make


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("dots", [True, False])
def test_reads_both_parts(mnist, packed, dots):
    root = mnist(packed, dots=dots)
    data = load(root)
    assert data.input_shape == (5, 4, 1)
    assert data.train.x.dtype == np.uint8
    assert data.class_names == ("0", "1", "2")
    assert [len(p) for p in data.parts] == [27, 3, 9]
    rng = np.random.default_rng(0)
    rng.integers(0, 256, (30, 5, 4))
    np.testing.assert_array_equal(data.test.x[..., 0], rng.integers(0, 256, (9, 5, 4)))
    np.testing.assert_array_equal(data.test.y, np.arange(9) % 3)
    some_file = next(p for p in sorted(root.iterdir()))
    assert load(some_file).fingerprint == data.fingerprint


def test_without_a_test_part_one_is_split_off(mnist):
    assert [len(p) for p in load(mnist(test=False)).parts] == [21, 3, 6]


def test_classes_txt_names_the_classes(mnist, refused):
    root = mnist()
    (root / "classes.txt").write_text("衬衫\nshoe\n\nbag\n", encoding="utf-8")
    assert load(root).class_names == ("衬衫", "shoe", "bag")
    (root / "classes.txt").write_text("shirt\nshoe\n", encoding="utf-8")
    with refused(DataError, "y_train", 2, "0", en=["outside the range"], zh=["超出"]):
        load(root)
    (root / "classes.txt").write_bytes("衬衫".encode("gb18030"))
    with refused(DataError, "classes.txt", "UTF-8"):
        load(root)


@pytest.mark.parametrize("missing", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_missing_file_is_named(mnist, missing, refused):
    root = mnist()
    (root / f"{missing}.gz").unlink()
    with refused(FolderError, missing):
        load(root)


@pytest.mark.parametrize(
    ("content", "en", "zh"),
    [
        (b"\0\0", "cut short", "不完整"),
        (idx(LABELS, np.zeros(4), (4, 1, 1)), "begins with the number 2049", "开头的数字是 2049"),
        (idx(IMAGES, np.zeros(600), (30, 5, 5)), "too short", "太短"),
        (idx(IMAGES, np.zeros(601), (30, 5, 4)), "more", "更多"),
        (zipped(idx(IMAGES, np.zeros(599), (30, 5, 4))), "599", "599"),
        (zipped(idx(IMAGES, np.zeros(700), (30, 5, 4))), "more", "更多"),
        (zipped(idx(IMAGES, np.zeros(600), (30, 5, 4)))[:-12], "gzip", "gzip"),
        (zipped(idx(IMAGES, np.arange(600), (30, 5, 4)))[:30] + b"\xff" * 40, "gzip", "gzip"),
    ],
)
def test_a_wrong_header_length_or_packing_is_told(mnist, content, en, zh, refused):
    root = mnist()
    (root / "train-images-idx3-ubyte.gz").write_bytes(content)
    with refused(DataError, "train-images-idx3-ubyte.gz", en=[en], zh=[zh]):
        load(root)


def test_a_header_that_promises_terabytes_is_refused_at_once(mnist, refused):
    root = mnist()
    lie = idx(IMAGES, np.zeros(10), (4_000_000_000, 1000, 1000))
    (root / "train-images-idx3-ubyte.gz").write_bytes(zipped(lie))
    start = time.perf_counter()
    with refused(DataError, "4000000000", en=["too short"], zh=["太短"]):
        load(root)
    assert time.perf_counter() - start < 1


def test_labels_and_images_of_different_number(mnist, refused):
    root = mnist()
    (root / "train-labels-idx1-ubyte.gz").write_bytes(zipped(idx(LABELS, np.arange(29) % 3)))
    with refused(DataError, 30, 29, "x_train", "y_train"):
        load(root)
