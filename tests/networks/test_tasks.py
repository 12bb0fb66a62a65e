"""Output, loss and metric follow from the task and are said aloud; what does not go together is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import small_networks

from trainwell import networks
from trainwell.errors import SettingError, UnknownNameError
from trainwell.networks.sound import Ear
from trainwell.networks.tasks import change_scale, forecast_targets, objective
from trainwell.techniques import families

made = small_networks.made
keras = small_networks.keras
TASKS = {
    "binary": ("table", "sigmoid", "BinaryCrossentropy", "accuracy", 1),
    "multiclass": ("table", "softmax", "SparseCategoricalCrossentropy", "accuracy", 3),
    "multilabel": ("table", "sigmoid", "BinaryCrossentropy", "accuracy", 4),
    "regression": ("table", "linear", "MeanSquaredError", "mae", 2),
    "forecasting": ("sequence", "linear", "MeanSquaredError", "mae", 6),
    "language_model": ("text", "linear", "SparseCategoricalCrossentropy", "accuracy", 20),
}


@pytest.mark.parametrize("task", TASKS)
def test_output_loss_and_metric_follow_from_the_task_and_are_said(task):
    kind, activation, loss, metric, outputs = TASKS[task]
    data = made(kind, task)
    built = networks.build(None, data, **({"blocks": 1, "width": 8} if kind == "text" else {}))
    output = built.model.get_layer("output")
    assert (output.units, output.activation.__name__) == (outputs, activation)
    assert type(built.model.loss).__name__ == loss
    said = {choice.setting: choice for choice in built.choices}
    assert {"output", "loss", "metric"} <= set(said)
    assert said["metric"].value == metric
    assert any("\u4e00" <= character <= "\u9fff" for character in said["output"].text.zh)
    history = built.model.fit(data.train.x, data.train.y, batch_size=10, epochs=1, verbose=0).history
    assert metric in history
    assert np.isfinite(history["loss"][0])
    assert networks.targets(built.model, data.train.y) is data.train.y


@pytest.mark.parametrize("name", ["mlp", "cnn", "lstm", "transformer"])
def test_a_forecast_begins_at_the_last_known_value(name):
    data = made("sequence", "forecasting")
    assert forecast_targets(data) == 2  # six outputs, three steps ahead
    model = networks.build(name, data).model
    kernel, bias = model.get_layer("output").get_weights()
    model.get_layer("output").set_weights([0 * kernel, 0 * bias])
    last = data.train.x[:, -1, :2]
    predicted = model.predict_on_batch(data.train.x)
    assert np.allclose(predicted, np.concatenate([last] * 3, axis=1), atol=1e-4)  # time-major
    # the loss is in units of the mean square of the change: the last value again costs 1
    assert model.evaluate(data.train.x, data.train.y, verbose=0)[0] == pytest.approx(1.0, rel=1e-4)


def test_the_scale_of_a_change_is_its_root_mean_square():
    data = made("sequence", "forecasting")
    last = np.concatenate([data.train.x[:, -1, :2]] * 3, axis=1).astype("float64")
    assert change_scale(data) == pytest.approx(np.sqrt(np.mean((data.train.y - last) ** 2, axis=0)), rel=1e-6)


def test_a_language_model_that_knows_nothing_costs_the_log_of_the_vocabulary():
    data = made("text", "language_model")
    model = networks.build("gru", data, units=4, embedding=4).model
    kernel, bias = model.get_layer("output").get_weights()
    model.get_layer("output").set_weights([0 * kernel, 0 * bias])
    assert model.evaluate(data.train.x, data.train.y, verbose=0)[0] == pytest.approx(math.log(20), rel=1e-5)
    said = next(choice for choice in objective(data).choices if choice.setting == "loss")
    assert "ln 20 = 3.00" in said.text.en


def test_labels_are_learned_each_by_itself():
    data = made("table", "multilabel")
    model = networks.mlp(data, label_smoothing=0.1)
    predicted = model.predict(data.train.x, verbose=0)
    smooth = 0.9 * data.train.y + 0.05  # Keras: y (1 - s) + s / 2 for yes or no
    expected = -np.mean(smooth * np.log(predicted) + (1 - smooth) * np.log(1 - predicted))
    assert model.evaluate(data.train.x, data.train.y, verbose=0)[0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "task", "expected"),
    [
        ("image", "multiclass", "cnn"),
        ("table", "regression", "mlp"),
        ("sequence", "multiclass", "gru"),
        ("sequence", "forecasting", "lstm"),
        ("text", "binary", "transformer"),
        ("text", "language_model", "transformer"),
        ("audio", "multiclass", "cnn"),
    ],
)
def test_kind_and_task_decide_the_network(kind, task, expected):
    assert networks.default_network(made(kind, task)) == expected


REFUSED = [
    ("mlp", "table", {"recurrent_dropout": 0.1}, "recurrent_dropout does not go with the network mlp"),
    ("mlp", "table", {"spatial_dropout": 0.1}, "spatial_dropout does not go with the network mlp"),
    ("mlp", "text", {}, "mlp learns from tables, images and sequences.*holds texts; take the network transformer"),
    ("cnn", "image", {"recurrent_dropout": 0.1}, "acts on the memory"),
    ("cnn", "text", {"augment": True}, "augment mirrors and shifts pictures"),
    ("resnet", "text", {}, "resnet learns from images, sequences and sound"),
    ("transformer", "image", {}, "take the network cnn"),
    ("transformer", "text", {"recurrent_dropout": 0.1}, "recurrent_dropout does not go with the network transformer"),
    ("transformer", "text", {"normalization": "batch_normalization"}, "layer_normalization is a part of it"),
    ("transformer", "text", {"normalization": "none"}, "layer_normalization is a part of it"),
    ("transformer", "text", {"width": 30}, "width must be even and a multiple of heads.*take width=32"),
    ("transformer", "text", {"heads": 0}, "heads must be a whole number"),
    ("lstm", "text", {"normalization": "bn"}, "batch_normalization does not go with a recurrent network"),
    ("gru", "sequence", {"spatial_dropout": 0.1}, "spatial_dropout does not go with a recurrent network"),
    ("rnn", "sequence", {"units": 1.5}, "units must be a whole number"),
]


@pytest.mark.parametrize(("name", "kind", "asked", "said"), REFUSED)
def test_what_does_not_go_together_is_refused_in_one_line_in_both_languages(name, kind, asked, said):
    with pytest.raises(SettingError, match=said) as caught:
        networks.build(name, made(kind, "binary"), **asked)
    assert "\n" not in str(caught.value)
    assert any("\u4e00" <= character <= "\u9fff" for character in caught.value.text("zh"))


@pytest.mark.parametrize(
    ("task", "asked", "said"),
    [
        ("language_model", {"bidirectional": True}, "must not see what follows"),
        ("language_model", {"label_smoothing": 0.1}, "made is a language model"),
    ],
)
def test_what_a_language_model_cannot_do(task, asked, said):
    with pytest.raises(SettingError, match=said):
        networks.build("lstm", made("text", task), **asked)
    with pytest.raises(SettingError, match="take the network transformer"):
        networks.build("cnn", made("text", task))


@pytest.mark.parametrize(
    ("name", "asked", "near"),
    [("rnn", {"cell": "lstn"}, "lstm"), ("lstm", {"pooling": "lats"}, "last"), ("lstm", {"layer": 2}, "layers")],
)
def test_misspelt_settings_name_the_nearest(name, asked, near):
    with pytest.raises(UnknownNameError) as caught:
        networks.build(name, made("sequence", "binary"), **asked)
    assert near in caught.value.near


def test_the_names_that_other_rooms_read():
    names = [layer.name for layer in networks.transformer(made("text", "language_model"), blocks=2, width=8).layers]
    assert names[0] == "input"
    assert {"tokens", "positions", "final_norm"} <= set(names)
    for block in ("block_1", "block_2"):
        assert {
            f"{block}_{part}"
            for part in ("attention", "norm_attention", "norm_feed_forward", "feed_forward", "project")
        } <= set(names)
    assert names[-1] == "output"
    one_way = {"bidirectional": False, "pooling": "last", "dropout": 0.0}
    stacked = networks.rnn(made("sequence", "binary"), cell="lstm", layers=2, **one_way)
    assert [layer.name for layer in stacked.layers] == [*("masking", "scaling", "lstm_1", "lstm_2", "output")]
    assert [layer.name for layer in networks.gru(made("text", "binary"), pooling="mean").layers] == [
        *("tokens", "tokens_dropout", "bidirectional_1", "dropout_1", "pool", "output")
    ]


CELL_TECHNIQUES = [
    {family: technique.name}
    for family in ("activation", "initializer", "normalization")
    for technique in families()[family]
    if technique.name != "batch_normalization"
] + [
    {"recurrent_dropout": 0.2, "dropout": 0.2},
    {"l1": 1e-5, "l2": 1e-4},
    {"clip_value": 0.5},
    {"precision": "mixed_bfloat16"},
    {"precision": "mixed_float16"},
    {"warmup": 0.1, "schedule": "cosine"},
    {"schedule": "linear"},
]


@pytest.mark.parametrize(
    ("name", "small", "asked"),
    [
        *(("lstm", {"units": 4}, asked) for asked in CELL_TECHNIQUES),
        *(("transformer", {"width": 8, "blocks": 1}, asked) for asked in CELL_TECHNIQUES[-6:]),
        ("transformer", {"width": 8, "blocks": 1}, {"activation": "leaky_relu", "initializer": "orthogonal"}),
        ("cnn", {"filters": 4, "dense": 4}, {"spatial_dropout": 0.2, "normalization": "batch_normalization"}),
        ("resnet", {"filters": (4, 5)}, {"spatial_dropout": 0.2, "dropout": 0.2, "normalization": "none"}),
    ],
    ids=str,
)
def test_techniques_reach_networks_on_steps(name, small, asked):
    data = made("sequence", "binary")
    built = networks.build(name, data, steps=100, **small, **asked)
    assert {choice.setting for choice in built.choices if choice.given} == set(asked)
    keras.models.clone_model(built.model)  # its configuration builds again


def test_recurrent_networks_are_clipped_unless_another_clipping_is_asked_for():
    data = made("sequence", "binary")
    said = {c.setting: c for c in networks.build("gru", data).choices}
    assert said["global_clip_norm"].value == "1"
    assert "Pascanu" in said["global_clip_norm"].text.en
    assert not said["global_clip_norm"].given
    optimizer = networks.build("gru", data, clip_value=0.5).model.optimizer
    assert (optimizer.clipvalue, optimizer.global_clipnorm) == (0.5, None)
    optimizer = networks.build("gru", data, global_clip_norm=0).model.optimizer
    assert (optimizer.clipvalue, optimizer.clipnorm, optimizer.global_clipnorm) == (None, None, None)


def test_the_penalty_and_the_start_of_recurrent_kernels():
    cell = networks.lstm(made("sequence", "binary"), l2=1e-3, bidirectional=False).get_layer("lstm_1").cell
    assert isinstance(cell.kernel_regularizer, keras.regularizers.L2)
    assert isinstance(cell.recurrent_regularizer, keras.regularizers.L2)
    assert isinstance(cell.recurrent_initializer, keras.initializers.Orthogonal)


def test_a_transformer_warms_up_where_the_length_of_the_training_is_known():
    data = made("text", "binary")
    built = networks.build("transformer", data, steps=200, schedule="cosine", learning_rate=1e-3)
    rate = [float(built.model.optimizer._learning_rate(step)) for step in (0, 5, 10, 200)]
    assert rate == pytest.approx([0.0, 5e-4, 1e-3, 0.0], abs=1e-7)
    assert built.recipe.optimizer == "adamw"
    assert networks.build("transformer", data).recipe.warmup == 0


def test_augmented_pictures_change_in_training_only_and_the_seed_fixes_them():
    data = made("image", "multiclass")
    layers = [networks.build("resnet", data, seed=5, filters=4).model.get_layer for _ in range(2)]
    picture = np.random.default_rng(0).normal(size=(4, 12, 10, 3)).astype("float32")

    def shown(layer, training):
        return np.asarray(layer("random_shift")(layer("random_flip")(picture, training=training), training=training))

    first, second = (shown(layer, True) for layer in layers)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, picture)
    assert np.array_equal(shown(layers[0], False), picture)
    said = {c.setting: c for c in networks.build("resnet", data).choices}
    assert "augment=False" in said["augment"].text.en
    off = networks.build("resnet", data, augment=False, filters=4).model
    assert not [layer for layer in off.layers if layer.name.startswith("random")]
    grey = small_networks.made("image", "binary")
    assert [layer.name for layer in networks.cnn(grey, augment=True).layers][:3] == [
        *("scaling", "random_flip", "random_shift")
    ]


def test_the_ear_hears_a_tone_where_it_is_and_scales_every_band():
    rate, tone = 8000, 1000.0
    time = np.arange(4000) / rate
    sound = (8000 * np.sin(2 * np.pi * tone * time)).astype("int16")[None]
    ear = Ear.of(made("audio", "binary"))
    ear = Ear(rate, 200, 80, 256, 40)
    inputs = keras.Input((None,))
    energies, known = (np.asarray(part) for part in keras.Model(inputs, list(ear.log_mel(inputs)))(sound))
    assert energies.shape == (1, 52, 40)
    assert known[0].tolist() == [True] * 50 + [False] * 2  # 4000 samples, one frame every 80
    centres = 700 * (np.exp(np.linspace(_mel(20), _mel(4000), 42)[1:-1] / 1127) - 1)
    assert abs(centres[energies[0, 20].argmax()] - tone) < 100
    data = made("audio", "binary")
    model = networks.cnn(data)
    listen = keras.Model(model.input, model.get_layer("band_scaling").output)
    scaled = np.asarray(listen(data.train.x))
    real = np.concatenate(
        [row[: int(np.ceil((np.flatnonzero(x)[-1] + 1) / 40))] for row, x in zip(scaled, data.train.x, strict=True)]
    )
    assert np.abs(real.mean(axis=0)).max() < 1e-3
    assert np.abs(real.std(axis=0) - 1).max() < 1e-3


def _mel(hertz):
    return 1127 * np.log(1 + hertz / 700)
