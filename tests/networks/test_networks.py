"""The contract of every network on images and tables, and what is particular to the MLP and the CNN."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from trainwell import networks
from trainwell.backend import load_keras
from trainwell.blueprint import Blueprint, FitSettings
from trainwell.data import load
from trainwell.errors import SettingError, UnknownNameError
from trainwell.techniques import families

ALL = ("cnn", "mlp")
OTHERS = tuple(name for name in networks.names() if name not in ALL and "image" in networks.find(name).kinds)
SHAPES = {"image": [(2, 2, 1), (5, 7, 3), (31, 17, 1), (20, 20, 3), (40, 64, 1)], "table": [(1,), (13,)]}
CASES = [(name, shape) for name in ALL for kind in networks.find(name).kinds for shape in SHAPES.get(kind, [])]


def dataset(shape, task="multiclass", dtype="float32", samples=30, seed=0):
    """Random samples whose class shows in the sum of the numbers, so that they can be learned."""
    random = np.random.default_rng(seed)
    x = random.integers(0, 200, (samples, *shape))
    classes = np.arange(samples) % (2 if task == "binary" else 3)
    x = (x + 20 * classes.reshape(-1, *[1] * len(shape))).astype(dtype)
    y = classes.astype(np.float64) * 50.0 + random.normal(size=samples) + 1000.0 if task == "regression" else classes
    return load(x, y, kind="image" if len(shape) == 3 else "table", task=task, validation=0.0, test=0.2)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_it_builds_for_this_shape_and_predicts_probabilities(name, shape):
    data = dataset(shape)
    model = networks.build(name, data).model
    output = model(data.test.x)
    assert output.shape == (len(data.test), 3)
    assert np.allclose(np.sum(output, axis=-1), 1.0, atol=1e-5)
    assert [model.layers[0].name, model.layers[-1].name] == ["scaling", "output"]


@pytest.mark.parametrize("shape", [(2, 2, 1), (5, 7, 3)])
@pytest.mark.parametrize("name", OTHERS)
def test_the_others_build_for_small_pictures(name, shape):
    output = networks.build(name, dataset(shape)).model(dataset(shape).test.x)
    assert output.shape == (6, 3)
    assert np.allclose(np.sum(output, axis=-1), 1.0, atol=1e-5)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("name", ALL)
def test_it_learns_a_batch_by_heart(name, task):
    data = dataset((6, 6, 1), task)
    model = networks.build(name, data).model
    history = model.fit(data.train.x, data.train.y, batch_size=24, epochs=150, verbose=0).history
    # Classes: cross-entropy; regression: mean squared error in units of the targets' variance.
    assert history["loss"][-1] < 0.02
    if task == "regression":
        assert np.abs(model.predict(data.train.x, verbose=0) - data.train.y).mean() < 10  # raw units, spread is 41
    else:
        assert history["accuracy"][-1] == 1.0


@pytest.mark.parametrize("name", ALL)
def test_a_saved_model_takes_uint8_and_float32_alike(name, tmp_path):
    data = dataset((8, 8, 3), dtype="uint8")
    model = networks.build(name, data, activation="leaky_relu", normalization="layer_normalization").model
    model.save(tmp_path / "model.keras")
    loaded = load_keras().saving.load_model(tmp_path / "model.keras", safe_mode=True)
    expected = model.predict(data.test.x, verbose=0)
    assert data.test.x.dtype == np.uint8
    assert np.array_equal(model.predict(data.test.x.astype("float32"), verbose=0), expected)
    assert np.array_equal(loaded.predict(data.test.x, verbose=0), expected)


@pytest.mark.parametrize("name", ALL)
def test_the_seed_fixes_the_weights_and_the_blueprint_builds_the_same(name):
    data = dataset((6, 6, 1))
    given = {"dropout": 0.1, "activation": "leaky_relu", "normalization": "batch_normalization"}
    first, second, other = (networks.build(name, data, seed=seed, **given).model for seed in (3, 3, 4))
    fit = FitSettings(1, 1, seed=3)
    assert Blueprint.of(first, fit) == Blueprint.of(second, fit)
    rebuilt = Blueprint.of(first, fit).build()
    for a, b, c in zip(first.get_weights(), second.get_weights(), rebuilt.get_weights(), strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)
    assert any(not np.array_equal(a, b) for a, b in zip(first.get_weights(), other.get_weights(), strict=True))


SMALL = {"cnn": {"filters": 4, "dense": 8}, "mlp": {"hidden": 8}}  # faster where the size does not matter
TECHNIQUES = [
    {family: technique.name}
    for family in ("activation", "initializer", "optimizer", "normalization", "schedule")
    for technique in families()[family]
] + [
    {"clip_value": 0.5},
    {"clip_norm": 1.0},
    {"global_clip_norm": 1.0},
    {"l1": 1e-5},
    {"l2": 1e-4, "l1": 1e-5},
    {"dropout": 0.5},
    {"dropout": 0.5, "activation": "selu"},
    {"weight_decay": 1e-3},
    {"label_smoothing": 0.1},
    {"warmup": 0.1, "schedule": "cosine"},
    {"precision": "mixed_bfloat16"},
    {"precision": "mixed_float16", "optimizer": "momentum"},
]


@pytest.mark.parametrize("asked", TECHNIQUES, ids=str)
@pytest.mark.parametrize("name", ALL)
def test_it_builds_with_every_technique_and_survives_serialisation(name, asked):
    data, small = dataset((6, 6, 1)), SMALL.get(name, {})
    built = networks.build(name, data, steps=100, **small, **asked)
    fit = FitSettings(1, 1)
    blueprint = Blueprint.of(built.model, fit)
    assert Blueprint.of(blueprint.build(), fit) == blueprint
    given = {choice.setting for choice in built.choices if choice.given}
    assert given == set(asked)


def test_the_cnn_of_the_introduction():
    data = dataset((28, 28, 1))
    shapes = [(layer.name, tuple(layer.output.shape[1:])) for layer in networks.cnn(data).layers]
    assert shapes == [
        ("scaling", (28, 28, 1)),
        ("conv_1", (26, 26, 32)),
        ("pool_1", (13, 13, 32)),
        ("conv_2", (11, 11, 64)),
        ("pool_2", (5, 5, 64)),
        ("flatten", (1600,)),
        ("dense_1", (128,)),
        ("output", (3,)),
    ]


def test_small_pictures_keep_their_size_and_it_is_said():
    built = networks.build("cnn", dataset((5, 7, 3)))
    assert [layer.name for layer in built.model.layers][:4] == ["scaling", "conv_1", "pool_1", "conv_2"]
    said = {choice.setting: choice for choice in built.choices}
    assert said["padding"].value == "same"
    assert said["pooling"].value == "1/2"
    assert "5 × 7" in said["pooling"].text.zh
    assert not {"padding", "pooling"} & {c.setting for c in networks.build("cnn", dataset((28, 28, 1))).choices}


def test_the_order_of_a_block():
    data = dataset((8, 8, 1))
    given = {"normalization": "batch_normalization", "dropout": 0.3, "spatial_dropout": 0.1}
    names = [layer.name for layer in networks.cnn(data, filters=4, dense=8, **given).layers]
    assert names == [
        "scaling",
        *("conv_1", "conv_1_normalization", "conv_1_activation", "pool_1", "spatial_dropout_1", "flatten"),
        *("dense_1", "dense_1_normalization", "dense_1_activation", "dropout_1", "output"),
    ]


def test_mixed_precision_keeps_input_and_output_in_float32():
    data = dataset((8, 8, 1))
    model = networks.cnn(data, precision="mixed_bfloat16", dropout=0.1)
    types = {layer.name: layer.compute_dtype for layer in model.layers}
    assert {types.pop("scaling"), types.pop("output")} == {"float32"}
    assert set(types.values()) == {"bfloat16"}
    keras = load_keras()
    optimizer = networks.cnn(data, precision="mixed_float16").optimizer
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


def test_the_loss_of_a_regression_is_that_of_standardised_targets():
    data = dataset((4,), "regression")
    model = networks.mlp(data)
    (std,), (mean,) = data.target_scaling.std, data.target_scaling.mean
    predicted = model.predict(data.train.x, verbose=0)
    expected = np.mean(((predicted - mean) / std - (data.train.y - mean) / std) ** 2)
    loss, mae = model.evaluate(data.train.x, data.train.y, verbose=0)
    assert loss == pytest.approx(expected, rel=1e-4)
    assert mae == pytest.approx(np.abs(predicted - data.train.y).mean(), rel=1e-4)


def test_several_targets_come_back_in_their_own_units():
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 3)).astype("float32")
    y = np.stack([1000 + 5 * x[:, 0], -2 + 0.1 * x[:, 1]], axis=1)
    data = load(x, y, task="regression", validation=0.0)
    built = networks.build(None, data)
    assert np.allclose(built.model.predict(x, verbose=0).mean(axis=0), [1000, -2], atol=[20, 0.4])
    assert any(choice.setting == "loss" for choice in built.choices)


def test_label_smoothing_of_several_classes_equals_its_formula():
    # Szegedy et al. 2016: (1 - 0.1) on the class and 0.1 / 3 on every class.
    data = dataset((4,))
    model = networks.mlp(data, label_smoothing=0.1)
    y = networks.targets(model, data.train.y)
    assert y.shape == (24, 3)
    p = model.predict(data.train.x, verbose=0)
    smooth = 0.9 * np.eye(3)[data.train.y] + 0.1 / 3
    assert model.evaluate(data.train.x, y, verbose=0)[0] == pytest.approx(
        -np.sum(smooth * np.log(p), -1).mean(), rel=1e-4
    )
    plain = networks.mlp(data)
    assert networks.targets(plain, data.train.y) is data.train.y


def test_thirty_sigmoid_layers():
    model = networks.mlp(dataset((8, 8, 1)), hidden=(32,) * 30, activation="sigmoid")
    assert [layer.name for layer in model.layers][:4] == ["scaling", "flatten", "dense_1", "dense_2"]
    assert len(model.layers) == 33


def test_penalties_stand_on_the_kernels():
    keras = load_keras()
    model = networks.cnn(dataset((8, 8, 1)), l2=1e-3)
    kinds = [layer.kernel_regularizer for layer in model.layers if hasattr(layer, "kernel_regularizer")]
    assert len(kinds) == 4
    assert all(isinstance(kind, keras.regularizers.L2) for kind in kinds)


def test_a_schedule_reaches_the_optimizer():
    model = networks.mlp(dataset((4,)), schedule="cosine", warmup=0.1, learning_rate=0.5, steps=200)
    rate = [float(model.optimizer._learning_rate(step)) for step in (0, 10, 20, 200)]
    assert rate == pytest.approx([0.0, 0.25, 0.5, 0.0], abs=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda d: networks.cnn(dataset((4,))), SettingError, "learns from images.*take the network mlp"),
        (lambda d: networks.build("cmn", d), UnknownNameError, "did you mean cnn"),
        (lambda d: networks.build("mlp", d, hiden=3), UnknownNameError, "did you mean hidden"),
        (lambda d: networks.build("mlp", d, activation="rellu"), UnknownNameError, "relu"),
        (lambda d: networks.mlp(d, hidden=(0,)), SettingError, "hidden must be whole numbers"),
        (lambda d: networks.mlp(d, hidden="64"), SettingError, "hidden must be whole numbers"),
        (lambda d: networks.cnn(d, filters=True), SettingError, "filters must be whole numbers"),
        (lambda d: networks.mlp(d, schedule="cosine"), SettingError, "steps was not given"),
        (lambda d: networks.mlp(d, warmup=5), SettingError, "warmup needs the number of updates"),
        (lambda d: networks.mlp(dataset((4,), "regression"), label_smoothing=0.1), SettingError, "is for classes"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line_in_both_languages(call, error, said):
    with pytest.raises(error, match=said) as caught:
        call(dataset((4, 4, 1)))
    assert "\n" not in str(caught.value)
    assert any("\u4e00" <= character <= "\u9fff" for character in caught.value.text("zh"))


def test_the_kind_of_data_decides():
    assert networks.default_network(dataset((4, 4, 1))) == "cnn"
    assert networks.default_network(dataset((4,))) == "mlp"
    assert networks.names() == ("cnn", "gru", "lstm", "mlp", "resnet", "rnn", "transformer")
    assert networks.cnn is networks.find("cnn").build


def test_importing_the_room_loads_neither_keras_nor_jax():
    script = (
        "import sys, trainwell.networks; print([m for m in ('keras', 'jax', 'sklearn', 'PIL') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
