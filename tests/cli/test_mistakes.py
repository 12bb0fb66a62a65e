"""Whatever is given wrongly: one clear line, exit code 2, and no run left behind."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.fixture
def sources(tmp_path, photos):
    """Name of the mistake -> what is given to train."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)).astype("float32"), np.arange(40) % 2
    broken = x.copy()
    broken[7, 1] = np.nan
    (tmp_path / "empty").mkdir()
    (tmp_path / "one_class" / "cats").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "one_class" / "cats" / "1.png")
    lonely = tmp_path / "lonely"
    for name, count in (("cats", 9), ("dogs", 1)):
        (lonely / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(rng.integers(0, 255, (8, 8), dtype=np.uint8)).save(lonely / name / f"{number}.png")
    text = tmp_path / "text"
    for name in ("a", "b"):
        (text / name).mkdir(parents=True)
        for number in range(4):
            Image.fromarray(rng.integers(0, 255, (8, 8), dtype=np.uint8)).save(text / name / f"{number}.png")
    (text / "a" / "notes.png").write_text("not a picture at all")
    huge = tmp_path / "huge"
    for name in ("a", "b"):
        (huge / name).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (8, 8), number).save(huge / name / f"{number}.png")
    Image.new("1", (20000, 10001)).save(huge / "a" / "big.png")
    (tmp_path / "table.xyz").write_text("1,2,3")
    return {
        "missing path": (tmp_path / "nowhere", "nowhere"),
        "empty folder": (tmp_path / "empty", "empty"),
        "one class": (tmp_path / "one_class", "cats"),
        "text called png": (text, "notes.png"),
        "class with one image": (lonely, "dogs"),
        "labels outside": (save(tmp_path / "labels.npz", x=x, y=y + 5, classes=["a", "b"]), "5"),
        "nan": (save(tmp_path / "nan.npz", x=broken, y=y), "NaN"),
        "lengths": (save(tmp_path / "lengths.npz", x=x, y=y[:-1]), "39"),
        "huge image": (huge, "big.png"),
        "unknown file": (tmp_path / "table.xyz", "table.xyz"),
        "misspelt name": ("digit", "digits"),
    }


MISTAKES = [
    *("missing path", "empty folder", "one class", "text called png", "class with one image", "labels outside"),
    *("nan", "lengths", "huge image", "unknown file", "misspelt name"),
]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_bad_data(trainwell, tmp_path, sources, mistake, lang):
    source, named = sources[mistake]
    said = trainwell("train", source, "--epochs", 1, "--out", "run", "--lang", lang)
    assert said.code == 2
    assert len(said.err.strip().splitlines()) == 1, said.err
    assert said.err.startswith({"en": "error: ", "zh": "错误："}[lang])
    assert named in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--activation", "reluu"), "relu"),
        (("--optimizer", "adamm"), "adam"),
        (("--initializer", "he_norml"), "he_normal"),
        (("--schedule", "cosin"), "cosine"),
        (("--normalization", "batchnrm"), "batch_normalization"),
        (("--network", "cn"), "cnn"),
        (("--precision", "float17"), "float32"),
        (("--batch-size", "4000"), "4000"),
        (("--batch-size", "0"), "0"),
        (("--epochs", "0"), "0"),
        (("--epochs", "many"), "many"),
        (("--dropout", "1.5"), "1.5"),
        (("--l2", "-1"), "-1"),
        (("--learning-rate", "0"), "learning_rate"),
        (("--learning-rate", "nan"), "learning_rate"),
        (("--clip-norm", "1", "--clip-value", "1"), "clip"),
        (("--hidden", "64;64", "--network", "mlp"), "64;64"),
        (("--filters", "8", "--network", "mlp"), "filters"),
        (("--test", "1.5"), "1.5"),
        (("--validation", "0", "--early-stopping", "3"), "early"),
        (("--image-size", "big"), "big"),
        (("--task", "guessing"), "guessing"),
        (("--seed", "-1"), "-1"),
        (("--activatoin", "relu"), "--activation"),
        (("--resume", "--out", "nothing_there"), "nothing_there"),
    ],
)
def test_bad_options(trainwell, tmp_path, options, named, lang):
    said = trainwell("train", "digits", *options, "--lang", lang)
    assert said.code == 2
    assert len(said.err.strip().splitlines()) == 1, said.err
    assert named in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "runs").exists()


def test_an_existing_folder_is_not_overwritten(trainwell, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years of work")
    said = trainwell("train", "iris", "--epochs", 1, "--out", "run")
    assert said.code == 2
    assert "exists already" in said.err
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_a_broken_jpeg_is_named_and_skipped_or_refused_with_strict(trainwell, tmp_path, photos):
    victim = photos / "dark" / "0.jpg"
    victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2])
    said = trainwell("train", photos, "--epochs", 1, "--out", "run", "--json", "--quiet")
    assert said.code == 0, said.err
    assert "warning: " in said.err
    assert "0.jpg" in said.err
    said = trainwell("train", photos, "--epochs", 1, "--out", "strict", "--strict")
    assert said.code == 2
    assert "0.jpg" in said.err
    assert not (tmp_path / "strict").exists()


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04 broken"])
def test_a_model_file_that_is_not_one(trainwell, tmp_path, content, photos):
    (tmp_path / "model.keras").write_bytes(content)
    said = trainwell("predict", "model.keras", photos)
    assert said.code == 2
    assert "model.keras" in said.err
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "command", [("predict", "nowhere", "nothing"), ("report", "nowhere"), ("frobnicate",), ("train",)]
)
def test_other_commands_too(trainwell, command):
    said = trainwell(*command)
    assert said.code == 2
    assert len(said.err.strip().splitlines()) == 1
