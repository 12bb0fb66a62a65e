from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
from model_zoo import MAKERS, blueprints

from trainwell.backend import load_keras
from trainwell.blueprint import Blueprint, FitSettings
from trainwell.errors import FolderError, ModelError, SettingError, UnknownNameError

FIT = FitSettings(epochs=2, batch_size=4)


@pytest.mark.parametrize("name", MAKERS)
def test_json_gives_the_same_blueprint_back(name):
    blueprint = blueprints()[name]
    back = Blueprint.from_json(blueprint.to_json())
    assert back == blueprint
    assert back.hash == blueprint.hash
    assert back.to_json() == blueprint.to_json()


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_built_has_the_same_blueprint(name):
    blueprint = blueprints()[name]
    assert Blueprint.of(blueprint.build(), blueprint.fit, blueprint.data) == blueprint


@pytest.mark.parametrize("name", MAKERS)
def test_a_second_equal_model_in_the_same_process_has_the_same_hash(name):
    blueprint = blueprints()[name]
    again = Blueprint.of(MAKERS[name](), blueprint.fit, blueprint.data)
    assert again.hash == blueprint.hash


def test_the_hash_ignores_the_order_of_keys_and_sees_every_value():
    blueprint = blueprints()["sequential"]
    turned = dict(reversed(list(blueprint.model.items())))
    assert dataclasses.replace(blueprint, model=turned).hash == blueprint.hash
    assert dataclasses.replace(blueprint, data={"name": "other"}).hash != blueprint.hash
    assert dataclasses.replace(blueprint, fit=FitSettings(3, 9)).hash != blueprint.hash


def test_same_seed_same_weights_other_seed_other_weights():
    blueprint = blueprints()["sequential"]
    first, second, other = blueprint.build(), blueprint.build(0), blueprint.build(1)
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first.get_weights(), other.get_weights(), strict=True))


def test_a_loss_keeps_the_argument_that_keras_forgets():
    # Keras 3.15 leaves delta out of Huber's configuration; |error| 3 with delta 2: 2·3 - 2²/2 = 4.
    model = blueprints()["nested_in_sequential"].build()
    assert float(model.loss(np.zeros((1, 1)), np.full((1, 1), 3.0))) == pytest.approx(4.0)


def test_learning_rates_stand_as_they_were_written():
    assert blueprints()["skip_connection"].compile["optimizer"]["config"]["learning_rate"] == 0.01


def test_code_in_a_layer_is_never_run():
    keras = load_keras()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2, name="twice")])
    model.compile("sgd", "mse")
    with pytest.raises(ModelError, match=r"twice.*lambda.*register_keras_serializable") as error:
        Blueprint.of(model, FIT).build()
    assert "twice" in error.value.text("zh")
    assert "\n" not in str(error.value)


def test_code_in_the_loss_is_never_run():
    keras = load_keras()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", loss=lambda y, p: abs(y - p))
    with pytest.raises(ModelError, match=r"compile.*lambda"):
        Blueprint.of(model, FIT).build()


def test_a_class_that_is_not_registered_is_named():
    keras = load_keras()

    class Doubled(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    model = keras.Sequential([keras.Input((2,)), Doubled()])
    model.compile("sgd", "mse")
    with pytest.raises(ModelError, match="'Doubled' is not a part of Keras and not registered"):
        Blueprint.of(model, FIT).build()


def test_a_layer_that_cannot_be_serialised_is_named():
    keras = load_keras()

    class Stubborn(keras.layers.Layer):
        def __init__(self, thing, **kwargs):
            super().__init__(**kwargs)
            self.thing = thing

        def call(self, x):
            return x

    model = keras.Sequential([keras.Input((2,)), Stubborn(object(), name="mule")])
    model.compile("sgd", "mse")
    with pytest.raises(ModelError, match=r"'mule' \(Stubborn\).*get_config"):
        Blueprint.of(model, FIT)


def test_a_model_must_be_compiled_and_must_be_a_model():
    keras = load_keras()
    with pytest.raises(ModelError, match=r"not compiled; call model\.compile"):
        Blueprint.of(keras.Sequential([keras.layers.Dense(1)]), FIT)
    with pytest.raises(ModelError, match="list was given"):
        Blueprint.of([1], FIT)


def test_a_layer_in_two_nested_models_is_refused():
    keras = load_keras()
    shared = keras.layers.Dense(2, name="both")
    a, b = (keras.Sequential([keras.Input((2,)), shared], name=name) for name in ("one", "two"))
    inputs = keras.Input((2,))
    model = keras.Model(inputs, b(a(inputs)))
    model.compile("sgd", "mse")
    with pytest.raises(ModelError, match="'both' is part of two models"):
        Blueprint.of(model, FIT)


def test_keras_says_what_is_wrong_with_a_setting():
    document = blueprints()["sequential"].to_dict()
    document["model"]["config"]["layers"][2]["config"]["filters"] = -1
    with pytest.raises(ModelError, match=r"Keras cannot build this blueprint: .*filters") as error:
        Blueprint.from_dict(document).build()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not valid JSON"),
        ("[1]", "not a JSON object"),
        ("{}", '"format" must be 1'),
        ('{"format": 1, "model": 3}', '"model" must be a JSON object'),
        ('{"format": 1, "model": {}, "compile": {}, "fit": {}, "data": {}}', "no serialised Keras model"),
    ],
)
def test_what_is_no_blueprint_is_refused(text, said):
    with pytest.raises(ModelError, match=said) as error:
        Blueprint.from_json(text, "run/blueprint.json")
    assert str(error.value).startswith("run/blueprint.json is not a blueprint")
    assert error.value.text("zh").startswith("run/blueprint.json 不是蓝图")


def test_save_and_load(tmp_path):
    blueprint = blueprints()["shared_layer"]
    path = tmp_path / "blueprint.json"
    blueprint.save(path)
    blueprint.save(path)
    assert Blueprint.load(path) == blueprint
    assert [p.name for p in tmp_path.iterdir()] == ["blueprint.json"]
    with pytest.raises(FolderError, match="cannot write"):
        blueprint.save(tmp_path / "missing" / "blueprint.json")
    with pytest.raises(FolderError, match="cannot read"):
        Blueprint.load(tmp_path / "none.json")
    (tmp_path / "picture").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(ModelError, match="not UTF-8"):
        Blueprint.load(tmp_path / "picture")


def test_values_that_json_does_not_know_are_refused():
    with pytest.raises(ModelError, match="cannot be written as JSON"):
        dataclasses.replace(blueprints()["sequential"], data={"loss": float("nan")})


def test_building_leaves_the_random_state_alone():
    import random

    random.seed(7)
    expected = random.random()
    random.seed(7)
    blueprints()["sequential"].build()
    assert random.random() == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", True),
        ("batch_size", 2.5),
        ("seed", -1),
        ("seed", 2**32),
        ("shuffle", 1),
        ("class_weight", {}),
        ("class_weight", {0: -1.0}),
        ("class_weight", {"cat": 1.0}),
        ("early_stopping_patience", 0),
        ("early_stopping_monitor", "loss_of_face"),
    ],
)
def test_fit_settings_that_cannot_work(name, value):
    with pytest.raises(SettingError, match=f"^{name} must be") as error:
        FitSettings(**{"epochs": 1, "batch_size": 1, name: value})
    assert error.value.text("zh").startswith(f"{name} 应为")


def test_fit_settings_from_json():
    fit = FitSettings(2, 8, class_weight={1: 2.0, 0: 1.0})
    assert FitSettings.from_dict(json.loads(json.dumps(fit.to_dict()))) == fit
    with pytest.raises(UnknownNameError, match="did you mean epochs"):
        FitSettings.from_dict({"epoch": 1})


def test_importing_the_room_loads_neither_keras_nor_jax():
    script = "import sys, trainwell.blueprint; print([m for m in ('keras', 'jax', 'scipy') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
