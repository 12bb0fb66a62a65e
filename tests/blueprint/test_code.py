from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from model_zoo import MAKERS, blueprints

from trainwell.backend import load_keras
from trainwell.blueprint import Blueprint, FitSettings, code

# Each script starts as in a fresh process: clear_session sets Keras's counting of names back.
_RUN_ALL = """
import json, os, runpy, sys
results = {}
for path in sys.argv[1:]:
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
    model = runpy.run_path(path, run_name="__main__")["model"]
    from trainwell.blueprint import Blueprint, FitSettings
    blueprint = Blueprint.of(model, FitSettings(1, 1))
    shapes = [list(w.shape) for w in model.weights]
    sums = [float(abs(w.numpy()).sum()) for w in model.weights]
    results[os.path.basename(path)[:-3]] = [blueprint.hash, shapes, sums]
from model_zoo import MAKERS
results["built there"] = {n: Blueprint.of(MAKERS[n](), FitSettings(1, 1)).hash for n in ("attention", "sequential")}
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripts")
    scripts = [folder / f"{name}.py" for name in MAKERS]
    for script in scripts:
        script.write_text(code(blueprints()[script.stem]), encoding="utf-8")
    run = [sys.executable, "-c", _RUN_ALL, *map(str, scripts)]
    import jax

    cache = {
        "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    support = Path(__file__).parents[1] / "support"
    environment = {**os.environ, **cache}
    out = subprocess.run(run, capture_output=True, text=True, check=True, cwd=support, env=environment)
    checked = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", *map(str, scripts)]
    return json.loads(out.stdout), subprocess.run(checked, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", MAKERS)
def test_the_script_builds_and_compiles_the_same_model(name, rebuilt):
    blueprint = blueprints()[name]
    there, shapes, _ = rebuilt[0][name]
    model = blueprint.build()
    assert shapes == [list(w.shape) for w in model.weights]
    assert there == Blueprint.of(model, FitSettings(1, 1)).hash


@pytest.mark.parametrize("name", ["sequential", "nested_in_sequential", "recurrent_stack"])
def test_the_script_of_a_sequential_model_starts_with_the_same_weights(name, rebuilt):
    import numpy as np

    model = blueprints()[name].build()
    assert rebuilt[0][name][2] == [float(abs(np.asarray(w)).sum()) for w in model.weights]


@pytest.mark.parametrize("name", ["sequential", "attention"])
def test_another_process_finds_the_same_hash(name, rebuilt):
    assert rebuilt[0]["built there"][name] == Blueprint.of(MAKERS[name](), FitSettings(1, 1)).hash


def test_the_scripts_are_laid_out_as_ruff_would(rebuilt):
    assert rebuilt[1].returncode == 0, rebuilt[1].stdout


def test_a_script_a_person_would_write():
    keras = load_keras()
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="input"),
            keras.layers.Conv2D(16, 3, activation="relu", kernel_initializer="he_normal", name="conv_1"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(10, activation="softmax", name="output"),
        ],
        name="cnn",
    )
    model.compile(keras.optimizers.Adam(0.001, clipnorm=1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    text = code(Blueprint.of(model, FitSettings(epochs=10, batch_size=32, seed=5)), "zh")
    assert text == _EXPECTED


_EXPECTED = """import os

os.environ["KERAS_BACKEND"] = "jax"  # 必须在导入 keras 之前

import keras

keras.utils.set_random_seed(5)

model = keras.Sequential(
    [
        keras.Input((8, 8, 1), name="input"),
        keras.layers.Conv2D(
            16,
            (3, 3),
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(),
            name="conv_1",
        ),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax", name="output"),
    ],
    name="cnn",
)

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001, clipnorm=1.0),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)

# model.fit(x, y, batch_size=32, epochs=10, validation_data=(x_validation, y_validation))
"""


_OWN = """
import keras

@keras.saving.register_keras_serializable("mine")
class Own(keras.Model):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = keras.layers.Dense(units)
    def build(self, shape):
        self.dense.build(shape)
    def call(self, x):
        return self.dense(x)
    def get_config(self):
        return {**super().get_config(), "units": self.units}
"""


def test_a_class_of_ones_own_stands_as_configuration_and_says_why(tmp_path):
    scope: dict = {"__name__": "own"}
    load_keras()
    exec(_OWN, scope)  # noqa: S102 - the text is ours, and the script below needs the same
    model = scope["Own"](3)
    model.build((None, 2))
    model.compile("sgd", "mse")
    blueprint = Blueprint.of(model, FitSettings(1, 1))
    text = code(blueprint)
    assert "# The model as Keras's own configuration, because Own is a class of its own" in text
    script = tmp_path / "own.py"
    script.write_text(
        text.replace("import keras\n", _OWN, 1) + "\nprint([w.shape for w in model.weights], model.compiled)"
    )
    out = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[(2, 3), (3,)] True"
    assert blueprint.build().weights[0].shape == (2, 3)


def test_writing_code_leaves_the_random_state_alone():
    import random

    random.seed(3)
    expected = random.random()
    random.seed(3)
    code(blueprints()["sequential"])
    assert random.random() == expected


@pytest.mark.parametrize("told", [False, True])
def test_a_layer_of_ones_own_in_a_functional_model_stands_as_configuration(told):
    """Not registered, with settings that its `get_config` leaves out or tells."""
    keras = load_keras()

    class Scaled(keras.layers.Layer):
        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, x):
            return x * self.factor

        if told:

            def get_config(self):
                return {"factor": self.factor}

    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(1)(Scaled(2.0)(inputs)))
    model.compile("sgd", "mse")
    written = code(Blueprint.of(model, FitSettings(1, 4)))
    assert "keras.saving.deserialize_keras_object(" in written
    assert "Scaled" in written
