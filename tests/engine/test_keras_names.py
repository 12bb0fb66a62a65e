"""Each private name of Keras and JAX that the engine uses still does what it is used for."""

from __future__ import annotations

import jax
import numpy as np
import pytest
import small_networks as networks

from trainwell.engine import keras_names

keras = networks.keras


def test_build_creates_every_variable():
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = networks.digits(4)
    keras_names.build(model, x, y, None)
    assert model.built
    assert [tuple(weight.shape) for weight in model.weights] == [(64, 10), (10,)]
    assert {metric.name for metric in model.metrics} == {"loss", "compile_metrics"}
    assert len(model.metrics_variables) == 4
    assert len(model.optimizer.variables) == 2 + 2 * 2


def test_sublayers_are_those_directly_inside():
    inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="a")], name="inner")
    model = keras.Sequential([keras.Input((2,)), inner, keras.layers.Dense(1, name="b")])
    assert {layer.name for layer in keras_names.sublayers(model)} >= {"inner", "b"}
    assert "a" in {layer.name for layer in keras_names.sublayers(inner)}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [[3.0, 4.0], [0.6]]),
        ({"clipvalue": 0.5}, [[0.5, 0.5], [0.5]]),
        ({"clipnorm": 1.0}, [[0.6, 0.8], [0.6]]),
        ({"global_clipnorm": 1.0}, [[3 / np.sqrt(25.36), 4 / np.sqrt(25.36)], [0.6 / np.sqrt(25.36)]]),
    ],
)
def test_clip_is_what_the_optimizer_does_before_it_uses_a_gradient(settings, expected):
    gradients = [np.array([3.0, 4.0], np.float32), np.array([0.6], np.float32)]
    clipped = keras_names.clip(keras.optimizers.SGD(1.0, **settings), gradients)
    for a, b in zip(clipped, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_trace_state_tells_an_inner_transformation_from_the_outer_one():
    seen = []

    def outer(x):
        seen.append(keras_names.trace_state())
        seen.append(keras_names.trace_state())
        jax.lax.scan(lambda carry, _: (seen.append(keras_names.trace_state()) or carry, None), x, None, length=2)
        return x

    jax.jit(outer)(1.0)
    assert seen[0] == seen[1]
    assert all(inner != seen[0] for inner in seen[2:])


def test_own_train_steps_are_recognised():
    class Own(keras.Model):
        def train_step(self, *arguments):
            return {}

    assert keras_names.has_own_train_step(Own())
    assert not keras_names.has_own_train_step(networks.mlp())
    assert not keras_names.has_own_train_step(networks.transformer())


def test_datasets_are_told_from_arrays_and_can_be_gone_through():
    class Two(keras.utils.PyDataset):
        num_batches = 2

        def __getitem__(self, index):
            return np.full((3, 2), index), np.zeros(3)

    adapter = keras_names.data_adapter(Two())
    assert keras_names.is_dataset(Two())
    assert keras_names.is_dataset(adapter)
    assert adapter.num_batches == 2
    adapter.on_epoch_begin()
    assert [int(x[0, 0]) for x, _ in adapter.get_jax_iterator()] == [0, 1]
    adapter.on_epoch_end()
    assert not any(keras_names.is_dataset(x) for x in (np.zeros(3), [np.zeros(3)], {"a": np.zeros(3)}, None))


def test_datasets_of_other_libraries_are_known_by_their_class():
    loader = type("DataLoader", (), {"__module__": "torch.utils.data.dataloader"})
    dataset = type("DatasetV2", (), {"__module__": "tensorflow.python.data.ops.dataset_ops"})
    assert keras_names.is_dataset(loader())
    assert keras_names.is_dataset(dataset())
    assert not keras_names.is_dataset(type("DataLoader", (), {"__module__": "mine"})())


def test_equations_keep_the_scopes_they_arose_in_through_differentiation():
    def function(x):
        with jax.named_scope("inside"):
            return jax.numpy.sin(x)

    stacks = [keras_names.name_stack(one) for one in jax.make_jaxpr(jax.grad(function))(1.0).eqns]
    assert any("inside" in stack and "jvp(" in stack for stack in stacks)
    assert any("inside" in stack and "transpose(" in stack for stack in stacks)


def test_the_functions_within_an_equation_are_found():
    def function(x):
        x = jax.jit(jax.numpy.sin)(x)
        x = jax.nn.relu(x)
        x, _ = jax.lax.scan(lambda carry, _: (jax.numpy.cos(carry), None), x, None, length=2)
        return jax.lax.cond(x > 0, jax.numpy.exp, jax.numpy.log, x)

    equations = {one.primitive.name: one for one in jax.make_jaxpr(function)(1.0).eqns}
    called = {name: keras_names.called_function(one) for name, one in equations.items()}
    assert {name for name, found in called.items() if found} == set(called) - {
        "scan",
        "cond",
        "gt",
        "convert_element_type",
    }
    inner = {
        name: [one.eqns[0].primitive.name for one in keras_names.inner_jaxprs(equations[name])] for name in equations
    }
    assert inner["scan"] == ["cos"]
    assert inner["cond"] == ["log", "exp"]
