import re
from dataclasses import replace

import numpy as np

from trainwell.data import Note, load
from trainwell.locales import Text

X = np.random.default_rng(0).normal(size=(40, 3))


def test_majority_share_is_the_accuracy_on_test_of_the_commonest_training_class():
    train, test = (X[:20], [0] * 12 + [1] * 8), (X[20:30], [0] * 3 + [1] * 7)
    data = load(train, test, validation=0)
    assert data.majority_share == 0.3
    assert data.class_counts(data.test) == {"0": 3, "1": 7}
    values = load(X, X[:, 0])
    assert values.majority_share is None
    assert values.class_counts(values.test) == {}


def test_an_empty_validation_part_keeps_its_shape():
    data = load(X, np.arange(40) % 2, validation=0)
    assert data.validation.x.shape == (0, 3)
    assert data.validation.y.shape == (0,)
    assert data.class_counts(data.validation) == {"0": 0, "1": 0}
    assert data.fingerprint


def test_fingerprint_is_of_the_contents_only():
    data = load(X, np.arange(40) % 2)
    assert re.fullmatch("[0-9a-f]{64}", data.fingerprint)
    assert replace(data, name="other", source="elsewhere", notes=()).fingerprint == data.fingerprint
    x = data.test.x.copy()
    x[0, 0] += 1
    assert replace(data, test=replace(data.test, x=x)).fingerprint != data.fingerprint
    assert replace(data, class_names=("no", "yes")).fingerprint != data.fingerprint
    swapped = replace(data, validation=data.test, test=data.validation)
    assert swapped.fingerprint != data.fingerprint


def test_fingerprint_is_the_same_on_every_machine():
    x = np.arange(12, dtype=np.float32).reshape(6, 2)
    data = load((x[:4], [0, 1, 0, 1]), (x[4:], [0, 1]), validation=0)
    swapped = replace(data, train=replace(data.train, x=data.train.x.astype(">f4")))
    assert swapped.fingerprint == data.fingerprint


def test_summary_says_what_a_person_wants_to_know_in_both_languages():
    data = load("digits")
    assert str(data) == data.summary("en")
    for piece in ("digits", "8 x 8 x 1", "10 classes", "1,258", "359", "0 to 16", "uint8", "mean 4.8", "seed 0"):
        assert piece in str(data), piece
    for piece in ("digits", "8 × 8 × 1", "10 个类别", "1,258", "359", "0 到 16", "均值", "种子 0"):
        assert piece in data.summary("zh"), piece
    assert "  0: 124 / 18 / 36" in str(data)
    table = load("diabetes")
    assert "10 columns" in str(table)
    assert "age, sex, bmi" in str(table)
    assert "回归" in table.summary("zh")


def test_summary_marks_warnings_and_shortens_long_lists():
    y = np.arange(120) % 30
    data = load(np.random.default_rng(0).normal(size=(120, 2)), y)
    data = replace(data, notes=(Note("warning", Text(en="Look here.", zh="请注意。")),))
    assert str(data).endswith("  ! Look here.")
    assert data.summary("zh").endswith("  ! 请注意。")
    assert "... and 10 more" in str(data)
