"""The kinds as a room: found by scanning, asked in order; names and paths that are none of them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from trainwell.data import kinds, load
from trainwell.data.kinds import all_kinds
from trainwell.errors import FolderError, SettingError, UnknownNameError

BUILTIN = {  # scikit-learn's own documentation: samples, columns, classes
    "iris": (150, (4,), 3),
    "wine": (178, (13,), 3),
    "breast_cancer": (569, (30,), 2),
    "diabetes": (442, (10,), 0),
    "digits": (1797, (8, 8, 1), 10),
}


@pytest.mark.parametrize("name", BUILTIN)
def test_builtin_sets(name):
    samples, shape, classes = BUILTIN[name]
    data = load(name)
    assert sum(len(p) for p in data.parts) == samples
    assert (data.name, data.source, data.input_shape, len(data.class_names)) == (name, name, shape, classes)
    assert data.fingerprint == load(name).fingerprint
    assert data.fingerprint != load(name, seed=1).fingerprint
    if data.kind == "table":
        assert len(data.column_names) == shape[0]
    else:
        assert (data.train.x.dtype, data.train.x.max()) == (np.uint8, 16)


def test_builtin_values_are_raw_not_scaled_with_the_test_in_them():
    age = np.concatenate([p.x[:, 0] for p in load("diabetes").parts])
    assert (age.min(), age.max()) == (19, 79)  # years, as in the paper's data (Efron et al. 2004)


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda k: k.__name__.rpartition(".")[2])
def test_every_kind_keeps_the_contract(kind, tmp_path):
    assert sum(other.PRIORITY == kind.PRIORITY for other in all_kinds()) == 1
    assert kind.ACCEPTS.en
    assert kind.ACCEPTS.zh
    assert isinstance(kind.NAMES, tuple)
    for source in ("", "no such thing", tmp_path / "none", tmp_path, Path("\0"), None, 5, np.zeros(3), [], ()):
        assert kind.recognises(source) in (True, False)
    assert (kind.__doc__ or "").strip()


def test_a_new_kind_is_one_new_file(tmp_path, monkeypatch):
    (tmp_path / "five.py").write_text(
        "from trainwell.data.raw import Part, Raw\n"
        "from trainwell.locales import Text\n"
        "PRIORITY, NAMES, ACCEPTS = 5, ('five',), Text(en='the number 5', zh='数字 5')\n"
        "def recognises(source): return source == 5\n"
        "def read(source, options): return Raw('five', '5', Part([[i, 1] for i in range(20)], [0, 1] * 10))\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    try:
        assert load(5).name == "five"
    finally:
        sys.modules.pop("trainwell.data.kinds.five", None)


def test_an_unknown_name_lists_the_nearest(refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with refused(UnknownNameError, "'digit'", "digits", en=["no such file or folder"], zh=["没有这个文件或文件夹"]):
        load("digit")
    with refused(UnknownNameError, "'zzzz'", "breast_cancer, diabetes, digits, iris, wine"):
        load("zzzz")
    with refused(UnknownNameError, "'tabel'", "table"):
        load([[1.0]], [1], kind="tabel")
    with refused(
        UnknownNameError, "'classification'", "binary, forecasting, language_model, multiclass, multilabel, regression"
    ):
        load([[1.0]], [1], task="classification")


@pytest.mark.parametrize("source", ["data/none", "none.npz", "./none", "", "a\0b"])
def test_a_missing_path_is_told(source, refused, folder_of, monkeypatch):
    monkeypatch.chdir(folder_of({"a": 4, "b": 4}))  # "" must not mean the folder one is in
    with refused(UnknownNameError if source == "a\0b" else FolderError, repr(source)):
        load(source)


def test_a_path_the_system_refuses_is_told(refused, tmp_path):
    with refused(FolderError, "xxx", en=["cannot read"], zh=["无法读取"]):
        load("x" * 1000)
    (tmp_path / "train-images-idx3-ubyte").mkdir()
    (tmp_path / "train-labels-idx1-ubyte").mkdir()
    with refused(FolderError, "train-images-idx3-ubyte", en=["cannot read"], zh=["无法读取"]):
        load(tmp_path)


def test_a_file_of_no_kind_lists_what_is_accepted(tmp_path, refused):
    path = tmp_path / "data.xyz"
    path.write_text("1,2", encoding="utf-8")
    with refused(FolderError, str(path), "digits", ".npz", "idx", en=["folder"], zh=["文件夹"]):
        load(path)


def test_targets_beside_a_path(tmp_path, refused):
    with refused(SettingError, "'digits'"):
        load("digits", [1, 2])


def test_a_builtin_name_wins_over_a_folder_of_that_name_but_a_path_is_a_path(folder_of, monkeypatch):
    root = folder_of({"a": 4, "b": 4}, where="digits")
    monkeypatch.chdir(root.parent)
    assert load("digits").input_shape == (8, 8, 1)
    assert load("./digits").input_shape == (10, 10, 3)
    assert load(Path("digits")).input_shape == (10, 10, 3)


def test_importing_the_room_is_cheap():
    heavy = "('sklearn', 'PIL', 'scipy', 'jax', 'keras', 'matplotlib', 'pandas')"
    code = f"import sys, trainwell.data; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
