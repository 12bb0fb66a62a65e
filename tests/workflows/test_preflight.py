"""What is seen of data, last layer, loss and optimizer before the first step."""

from __future__ import annotations

import math

import numpy as np
import pytest

import trainwell as tw
from trainwell.backend import load_keras
from trainwell.diagnosis import RareClass, preflight
from trainwell.workflows.preflight import contract_of
from trainwell.workflows.preflight.layers import layer_starts
from trainwell.workflows.rare_class import rare_class_of

keras = load_keras()
layers = keras.layers
random = np.random.default_rng(0)
X = random.normal(size=(64, 8)).astype("float32")
CLASSES = random.integers(0, 3, 64)
CLASSES[:3] = (0, 1, 2)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]


def model_of(*stack, shape=(8,), loss="sparse_categorical_crossentropy", optimizer="adam", metrics=("accuracy",)):
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics))
    return model


def sound(**changed):
    return model_of(layers.Dense(8, "relu"), layers.Dense(3, "softmax", name="answer"), **changed)


def test_a_sound_model():
    found = contract_of(sound(), X, CLASSES, validation=(X[:16], CLASSES[:16]))
    assert found is not None
    assert (found.loss, found.from_logits, found.metrics) == ("sparse_categorical_crossentropy", False, ("accuracy",))
    assert (found.output.name, found.output.shape, found.output.activation) == ("answer", (3,), "softmax")
    assert (found.optimizer, found.adapts) == ("Adam", True)
    assert found.learning_rate == pytest.approx(0.001)
    assert (found.expected_input, found.inputs.shape, found.inputs.samples) == ((8,), (8,), 64)
    assert found.inputs.mean == pytest.approx(X.mean(), abs=1e-6)
    assert found.inputs.widest == pytest.approx(X.std(axis=0).max(), rel=1e-5)
    assert found.targets.form == "class_numbers"
    assert found.targets.counts == tuple(np.bincount(CLASSES))
    assert found.first_loss == pytest.approx(math.log(3), abs=0.6)
    assert (found.shared_samples, found.validation_samples) == (16, 16)
    assert (found.rescaled, found.linear_runs, found.class_weighted) == (False, (), False)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ([layers.Dense(3)], "linear"),
        ([layers.Dense(3), layers.Softmax()], "softmax"),
        ([layers.Dense(3), layers.Activation("sigmoid")], "sigmoid"),
        ([layers.Dense(3, "relu")], "relu"),
        ([layers.Dense(3), layers.LeakyReLU()], "leaky_relu"),
        ([layers.Dense(3, "tanh"), layers.Reshape((3,))], "tanh"),
        ([layers.Dense(3, "softmax"), layers.Dropout(0.1)], "softmax"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_output_went_through(end, expected):
    found = contract_of(model_of(layers.Dense(4, "relu"), *end), X, CLASSES)
    assert found is not None
    assert (found.output.activation, found.output.shape) == (expected, (3,))


def test_an_operation_and_a_model_of_a_class_of_its_own():
    inputs = keras.Input((8,))
    answers = keras.ops.softmax(layers.Dense(3)(inputs))
    model = keras.Model(inputs, answers)
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert contract_of(model, X, CLASSES).output.activation == "softmax"

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.last = layers.Dense(4, "relu"), layers.Dense(3, "softmax")

        def call(self, x):
            return self.last(self.hidden(x))

    own = Own()
    own.compile("adam", "sparse_categorical_crossentropy")
    found = contract_of(own, X, CLASSES)
    assert (found.output.activation, found.expected_input, found.rescaled) == ("softmax", None, True)


@pytest.mark.parametrize(
    ("loss", "name", "logits"),
    [
        ("mse", "mean_squared_error", False),
        ("mean_absolute_error", "mean_absolute_error", False),
        (keras.losses.CategoricalCrossentropy(from_logits=True), "categorical_crossentropy", True),
        (keras.losses.SparseCategoricalCrossentropy(), "sparse_categorical_crossentropy", False),
        (keras.losses.binary_crossentropy, "binary_crossentropy", False),
        (keras.losses.LogCosh(), "log_cosh", False),
        (keras.losses.KLDivergence(), "kl_divergence", False),
        (keras.losses.Huber(), "huber", False),
        (lambda y, p: keras.ops.mean((y - p) ** 2), "", False),
    ],
)
def test_the_loss_by_name(loss, name, logits):
    y = CLASSES if "sparse" in name else ONE_HOT
    found = contract_of(sound(loss=loss), X, y)
    assert (found.loss, found.from_logits) == (name, logits)


def test_rates_of_schedules_and_wrapped_optimizers():
    schedule = keras.optimizers.schedules.CosineDecay(0.0, 1000, warmup_target=0.25, warmup_steps=100)
    found = contract_of(sound(optimizer=keras.optimizers.SGD(schedule)), X, CLASSES, steps=1000)
    assert found.learning_rate == pytest.approx(0.25, rel=0.05)
    assert (found.optimizer, found.adapts) == ("SGD", False)
    wrapped = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.5))
    found = contract_of(sound(optimizer=wrapped), X, CLASSES)
    assert (found.optimizer, found.learning_rate) == ("Adam", 0.5)


@pytest.mark.parametrize(
    ("y", "loss", "form", "counts"),
    [
        (ONE_HOT, "categorical_crossentropy", "one_hot", tuple(np.bincount(CLASSES))),
        (ONE_HOT, "sparse_categorical_crossentropy", "one_hot", tuple(np.bincount(CLASSES))),
        (np.minimum(ONE_HOT + ONE_HOT[::-1], 1), "binary_crossentropy", "several_labels", None),
        (CLASSES[:, None].astype("float32"), "mse", "class_numbers", tuple(np.bincount(CLASSES))),
        (X[:, :1], "mse", "numbers", ()),
        (X[:, 0] * 50 // 1, "mse", "numbers", ()),
    ],
)
def test_how_targets_are_written(y, loss, form, counts):
    found = contract_of(model_of(layers.Dense(y.shape[1] if y.ndim > 1 else 1), loss=loss), X, y)
    assert found.targets.form == form
    assert counts is None or found.targets.counts == counts


def test_linear_runs_are_named():
    model = model_of(
        layers.Dense(8, name="one"),
        layers.Dropout(0.1),
        layers.Dense(8, name="two"),
        layers.BatchNormalization(),
        layers.Dense(8, "relu", name="three"),
        layers.Dense(3, "softmax", name="four"),
    )
    assert contract_of(model, X, CLASSES).linear_runs == (("one", "two", "three"),)
    inputs = keras.Input((8,))
    branch = layers.Dense(8, name="branch")(inputs)
    joined = layers.Add()([inputs, branch])
    model = keras.Model(inputs, layers.Dense(3, "softmax")(joined))
    model.compile("adam", "sparse_categorical_crossentropy")
    assert contract_of(model, X, CLASSES).linear_runs == ()  # an addition is no run


@pytest.mark.parametrize(
    ("first", "rescaled"),
    [
        ([], False),
        ([layers.Flatten()], False),
        ([layers.Rescaling(1 / 255)], True),
        ([layers.Dropout(0.1), layers.BatchNormalization()], True),
    ],
    ids=["nothing", "flatten", "rescaling", "normalisation"],
)
def test_what_rescales_the_input(first, rescaled):
    assert contract_of(model_of(*first, layers.Dense(3, "softmax")), X, CLASSES).rescaled is rescaled


def test_gaps_are_found_with_their_samples():
    x, y = X.copy(), X[:, :1].copy()
    x[[5, 40], 2] = (np.nan, np.inf)
    y[7] = np.nan
    found = contract_of(model_of(layers.Dense(1), loss="mse"), x, y)
    assert (found.inputs.nonfinite, found.inputs.bad_samples) == (2, (5, 40))
    assert (found.targets.values.nonfinite, found.targets.values.bad_samples) == (1, (7,))
    assert math.isfinite(found.inputs.mean)


def test_what_has_no_contract():
    two = keras.Model([a := keras.Input((8,)), b := keras.Input((8,))], layers.Dense(3)(layers.Add()([a, b])))
    two.compile("adam", "mse")
    assert contract_of(two, [X, X], ONE_HOT) is None
    assert contract_of(sound(), {"x": X}, CLASSES) is None


def test_inputs_that_the_model_does_not_take():
    found = contract_of(sound(), X[:, :5], CLASSES)
    assert (found.expected_input, found.inputs.shape) == ((8,), (5,))
    assert found.first_loss is None


def test_every_network_of_trainwell_passes():
    data = tw.load("iris")
    for name in ("mlp",):
        built = tw.networks.build(name, data, steps=100)
        y = tw.networks.targets(built.model, data.train.y)
        assert preflight(contract_of(built.model, data.train.x, y)).findings == ()


def test_looking_changes_nothing():
    model = sound()
    before = [np.asarray(v.value).copy() for v in model.variables]
    contract_of(model, X, CLASSES)
    assert all((a == np.asarray(b.value)).all() for a, b in zip(before, model.variables, strict=True))


def test_an_unbuilt_model_trains_as_without_the_look():
    def trained(look):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        if look:
            assert contract_of(model, X, CLASSES) is not None
        tw.engine.train(model, X, CLASSES, epochs=2, batch_size=16)
        return [np.asarray(v.value) for v in model.variables]

    assert all((a == b).all() for a, b in zip(trained(look=True), trained(look=False), strict=True))


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
@pytest.mark.parametrize(("factor", "expected"), [(1.0, 1.0), (1.5, 1.5)])
def test_how_much_a_recurrent_layer_multiplies_what_it_remembers(kind, factor, expected):
    layer = getattr(layers, kind)(8, name="chain")
    model = keras.Sequential([keras.Input((6, 3)), layer])
    kernel = np.asarray(layer.cell.recurrent_kernel)
    square = np.concatenate([np.linalg.qr(part)[0] for part in np.split(kernel, kernel.shape[1] // 8, axis=1)], axis=1)
    layer.cell.recurrent_kernel.assign(factor * square)  # rotations: every eigenvalue has size 1
    (start,) = layer_starts(model)
    assert start.memory_gain == pytest.approx(expected, rel=1e-5)


def test_a_rare_class_is_looked_for_without_a_trace():
    x = np.concatenate([np.full((60, 1), -1.0), np.full((6, 1), 1.0)]).astype("float32")
    y = np.repeat([0, 1], [60, 6])
    dropped = keras.layers.Dropout(0.5, seed=1)
    model = keras.Sequential([keras.Input((1,)), dropped, keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    model.layers[-1].set_weights([np.array([[9.0]]), np.array([0.0])])
    before = [np.asarray(weight) for weight in [*model.weights, *model.non_trainable_variables]]
    contract = contract_of(model, x, y)
    assert contract is not None
    assert rare_class_of(model, (x, y), contract) == RareClass(1, 6, 1.0, 1.0)
    model.layers[-1].set_weights([np.array([[0.0]]), np.array([-9.0])])
    assert rare_class_of(model, (x, y), contract) == RareClass(1, 6, 0.0, 1.0)
    assert rare_class_of(model, (x[:60], y[:60]), contract) is None  # none of the rare class is held out
    assert rare_class_of(model, None, contract) is None
    after = [np.asarray(weight) for weight in [*model.weights, *model.non_trainable_variables]]
    assert all((a == b).all() for a, b in zip(before[2:], after[2:], strict=True))  # random states too
