"""Real data sets, where they are at hand; the expected numbers stand in the README beside each."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from trainwell.data import load

SHARED = Path(__file__).parents[3] / "shared" / "data"


def real(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand")
    return path


def test_fashion_mnist():
    data = load(real("fashion_mnist"), validation=0)
    assert [len(p) for p in data.parts] == [60_000, 0, 10_000]
    assert set(data.class_counts(data.train).values()) == {6000}
    assert set(data.class_counts(data.test).values()) == {1000}
    assert data.scaling.mean[0] / 255 == pytest.approx(0.2860, abs=5e-5)
    assert data.scaling.std[0] / 255 == pytest.approx(0.3530, abs=5e-5)


def test_cifar10_mini_and_its_jpeg_folder_agree(tmp_path):
    mini = load(real("cifar10_subset/cifar10_mini.npz"), validation=0)
    assert mini.class_names[0] == "airplane"
    assert [len(p) for p in mini.parts] == [2000, 0, 500]
    with zipfile.ZipFile(real("cifar10_subset/cifar10_subset_jpg.zip")) as archive:
        wanted = [n for n in archive.namelist() if int(Path(n).stem) < (50 if n.startswith("test") else 20)]
        archive.extractall(tmp_path, wanted)
    folder = load(tmp_path, validation=0)
    assert folder.class_names == mini.class_names
    assert [len(p) for p in folder.parts] == [200, 0, 500]
    # The mini set is "the first 50 of each class in the zip, classes interleaved", the folder goes class by class.
    interleaved = folder.test.x.reshape(10, 50, 32, 32, 3).swapaxes(0, 1).reshape(500, 32, 32, 3)
    assert np.abs(interleaved.astype(int) - mini.test.x.astype(int)).max() <= 2  # JPEG decoders may round differently
