"""A planted NaN is found where it was planted: step, layer, direction, samples, cause."""

from __future__ import annotations

import gc
import json

import jax
import numpy as np
import pytest
import small_networks as networks

from trainwell import engine
from trainwell.blueprint.nan_origin import NanOrigin
from trainwell.engine import state as states
from trainwell.engine.batches import epoch_order
from trainwell.engine.flight_recorder import FlightRecorder

keras = networks.keras
layers, ops = keras.layers, keras.ops
BATCH, SEED = 8, 3


def table(samples: int = 64, features: int = 5):
    random = np.random.default_rng(0)
    x = random.normal(0, 1, (samples, features)).astype("float32")
    return x, (x[:, :1] - x[:, 1:2]).astype("float32")


def place_of(sample: int, samples: int = 64, epoch: int = 0) -> tuple[int, int]:
    """Step (from 1) and row of a sample in an epoch."""
    position = int(np.flatnonzero(epoch_order(samples, SEED, epoch, shuffle=True) == sample)[0])
    per_epoch = -(-samples // BATCH)
    return epoch * per_epoch + position // BATCH + 1, position % BATCH


def dense(*middle, inputs=(5,), outputs=1, seed: int = 0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input(inputs), *middle, layers.Dense(outputs, name="output")])


def hidden(number: int = 1, activation: str = "relu"):
    return layers.Dense(8, activation=activation, name=f"hidden_{number}")


def train(model, x, y=None, *, optimizer="sgd", loss="mse", epochs: int = 2, compiled=None, **settings):
    """The outcome of a training; the result must also survive JSON."""
    rate = settings.pop("rate", 0.01)
    made = keras.optimizers.SGD(rate) if optimizer == "sgd" else optimizer
    model.compile(made, loss, **(compiled or {}))
    if y is not None:
        settings = {"batch_size": BATCH, "seed": SEED} | settings
    outcome = engine.train(model, x, y, epochs=epochs, **settings)
    origin = outcome.nan_origin
    assert outcome.stopped == "not_finite"
    assert NanOrigin.from_dict(json.loads(json.dumps(origin.to_dict(), allow_nan=False))) == origin
    good = outcome.last_good
    assert all(np.isfinite(array).all() for array in good.trainable)
    return outcome, origin


def found(origin: NanOrigin):
    return origin.step, origin.layer, origin.direction, origin.tensor, origin.cause


# ---- the ten planted origins ----


def test_a_bad_sample():
    x, y = table()
    x[41, 2] = np.nan
    step, row = place_of(41)
    _, origin = train(dense(hidden()), x, y)
    assert found(origin) == (step, "hidden_1", "forward", "input", "bad_data")
    assert (origin.rows, origin.samples, origin.affected, origin.epoch) == ((row,), (41,), 1, 1)


def test_the_logarithm_of_zero_in_a_functional_graph():
    x, y = table()
    x = np.abs(x) + 0.5
    x[19] = 0.0
    inputs = keras.Input((5,))
    logged = ops.log(inputs)
    keras.utils.set_random_seed(0)
    model = keras.Model(inputs, layers.Dense(1, name="output")(logged))
    step, row = place_of(19)
    _, origin = train(model, x, y, rate=1e-3)
    assert origin.layer.startswith("log")
    assert found(origin) == (step, origin.layer, "forward", "output", "log_of_zero")
    assert (origin.operation, origin.rows, origin.samples, origin.value) == ("log", (row,), (19,), "inf")


def test_an_exploding_recurrent_weight():
    random = np.random.default_rng(0)
    x = np.zeros((64, 40, 3), np.float32)
    x[37] = random.normal(0, 1, (40, 3))
    recurrent = layers.SimpleRNN(4, activation="linear", use_bias=False, name="memory")
    model = dense(recurrent, inputs=(40, 3))
    recurrent.cell.recurrent_kernel.assign(np.eye(4, dtype=np.float32) * 30)
    step, row = place_of(37)
    _, origin = train(model, x, np.zeros((64, 1), np.float32), rate=1e-6)
    assert found(origin) == (step, "memory", "forward", "output", "overflow")
    assert (origin.rows, origin.samples) == ((row,), (37,))
    assert origin.time_step in range(24, 30)  # 30^26 is about 3e38
    assert origin.largest > 1e36
    assert origin.limit == float(np.finfo(np.float32).max)


def test_an_overflow_in_an_exponential():
    x, y = table()
    x[50, 0] = 95.0
    model = dense(layers.Lambda(ops.exp, name="grow"))
    step, row = place_of(50)
    _, origin = train(model, x, y, rate=1e-6)
    assert found(origin) == (step, "grow", "forward", "output", "overflow")
    assert (origin.operation, origin.rows, origin.samples, origin.largest) == ("exp", (row,), (50,), 95.0)


def test_a_division_in_a_normalisation():
    x, y = table()
    x[5] = 1.25

    def scaled(values):
        centred = values - ops.mean(values, axis=1, keepdims=True)
        return centred / ops.std(centred, axis=1, keepdims=True)

    model = dense(layers.Lambda(scaled, name="row_norm"), hidden())
    step, row = place_of(5)
    _, origin = train(model, x, y)
    assert found(origin) == (step, "row_norm", "forward", "output", "division")
    assert (origin.rows, origin.samples, origin.value) == ((row,), (5,), "nan")


def test_a_float16_overflow():
    x, y = table()
    x[28] = 3e4
    keras.utils.set_random_seed(0)
    first = layers.Dense(8, kernel_initializer="ones", name="first", dtype="mixed_float16")
    last = layers.Dense(1, name="output", dtype="float32")
    model = keras.Sequential([keras.Input((5,)), first, last])
    step, row = place_of(28)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-6))
    _, origin = train(model, x, y, optimizer=optimizer)
    assert found(origin) == (step, "first", "forward", "output", "overflow")
    assert (origin.rows, origin.samples, origin.dtype, origin.limit) == ((row,), (28,), "float16", 65504.0)


def test_a_huge_learning_rate():
    x, y = table()
    outcome, origin = train(dense(hidden()), x, y, rate=1e12)
    assert origin.cause == "too_large_steps"
    assert origin.step <= 5
    assert origin.weight_growth > 1e6
    losses = outcome.last_good.trainable
    assert origin.largest_weight == max(float(np.abs(array).max()) for array in losses)


def test_nan_in_the_targets():
    x, y = table()
    y[33] = np.inf
    step, row = place_of(33)
    _, origin = train(dense(hidden()), x, y)
    assert found(origin) == (step, None, "forward", "target", "bad_data")
    assert (origin.rows, origin.samples, origin.value) == ((row,), (33,), "inf")


def test_nan_in_the_data_of_a_later_epoch_of_a_generator():
    x, y = table()

    def batches():
        for epoch in range(3):
            for start in range(0, 64, BATCH):
                part = x[start : start + BATCH].copy()
                if (epoch, start) == (1, 24):
                    part[6, 1] = np.nan
                yield part, y[start : start + BATCH]

    _, origin = train(dense(hidden()), batches(), epochs=3, steps_per_epoch=8)
    assert found(origin) == (8 + 4, "hidden_1", "forward", "input", "bad_data")
    assert (origin.epoch, origin.rows, origin.samples) == (2, (6,), ())


def test_the_loss_only():
    x, _ = table()
    x[12] = -1.0
    y = np.ones((64, 1), np.float32)

    def surprise(true, predicted):
        return -ops.mean(true * ops.log(predicted), axis=-1)

    keras.utils.set_random_seed(0)
    clipped = layers.Dense(1, activation="relu", kernel_initializer="ones", bias_initializer="zeros", name="output")
    model = keras.Sequential([keras.Input((5,)), clipped])
    positive = np.abs(x)
    positive[12] = -1.0
    step, row = place_of(12)
    _, origin = train(model, positive, y, loss=surprise, rate=1e-4)
    assert found(origin) == (step, None, "forward", "loss", "log_of_zero")
    assert (origin.rows, origin.samples) == ((row,), (12,))


# ---- the backward pass, the update, weights ----


def test_the_root_of_zero_in_the_backward_pass():
    x, y = table()
    x[44] = 0.0

    def length(values):
        return ops.sqrt(ops.sum(ops.square(values), axis=1, keepdims=True))

    model = dense(layers.Dense(6, use_bias=False, name="hidden_1"), layers.Lambda(length, name="length"))
    step, row = place_of(44)
    _, origin = train(model, x, y, rate=1e-3)
    assert found(origin) == (step, "length", "backward", "gradient", "root_of_zero")
    assert (origin.rows, origin.samples) == ((row,), (44,))


def test_a_logarithm_that_is_masked_in_the_forward_pass_only():
    x, y = table()
    x = np.abs(x) + 0.5
    x[9] = 0.0

    def masked(values):
        return ops.where(values > 0, ops.log(values), ops.zeros_like(values))

    model = dense(layers.Dense(5, use_bias=False, kernel_initializer="identity", name="copy"))
    model = keras.Sequential(
        [keras.Input((5,)), *model.layers[:1], layers.Lambda(masked, name="masked"), layers.Dense(1, name="output")]
    )
    step, row = place_of(9)
    _, origin = train(model, x, y, rate=1e-5)
    assert found(origin) == (step, "masked", "backward", "gradient", "log_of_zero")
    assert (origin.rows, origin.samples) == ((row,), (9,))


def test_an_update_that_overflows():
    x, y = table()
    outcome, origin = train(dense(), x, y, rate=3e38, epochs=1)
    assert (origin.step, origin.direction, origin.tensor, origin.cause) == (1, "update", "weight", "too_large_steps")
    assert outcome.steps >= 1


def test_weights_that_are_broken_before_the_first_step():
    x, y = table()
    model = dense(hidden())
    model.layers[0].kernel.assign(np.full((5, 8), np.nan, np.float32))
    model.compile("sgd", "mse")
    origin = engine.train(model, x, y, epochs=1, batch_size=BATCH).nan_origin
    assert found(origin) == (1, "hidden_1", "forward", "weight", "bad_weights")


def test_an_infinite_mask_does_no_harm_until_it_hides_a_whole_row():
    x, y = table()
    x[:, 0] = 1.0
    x[23] = 0.0

    def attend(values):
        scores = ops.where(values > 0, values, ops.full_like(values, -np.inf))
        return ops.softmax(scores, axis=1)

    x = np.maximum(x, 0)
    step, row = place_of(23)
    _, origin = train(dense(layers.Lambda(attend, name="attend")), x, y, rate=1e-3)
    assert found(origin) == (step, "attend", "forward", "output", "infinite_constant")
    assert origin.rows == (row,)


# ---- every kind of data and network ----


def test_sample_weights():
    x, y = table()
    weights = np.ones(64, np.float32)
    weights[30] = np.nan
    step, _ = place_of(30)
    _, origin = train(dense(hidden()), x, y, sample_weight=weights)
    assert found(origin) == (step, None, "forward", "sample_weight", "bad_data")
    assert origin.samples == (30,)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("build", networks.ALL, ids=lambda build: build.__name__)
def test_every_network_names_sample_and_layer(build, stream):
    x, y = networks.digits(100)
    x = x.astype("float32")
    x[61, 2, 2] = np.nan
    model = networks.compiled(build)
    outcome = engine.train(model, x, y, epochs=2, batch_size=32, seed=SEED, stream=stream)
    order = epoch_order(100, SEED, 0, shuffle=True)
    position = int(np.flatnonzero(order == 61)[0])
    origin = outcome.nan_origin
    assert found(origin) == (position // 32 + 1, "scaling", "forward", "input", "bad_data")
    assert (origin.rows, origin.samples) == ((position % 32,), (61,))


def test_an_overflow_that_only_some_dropout_masks_lead_to_is_replayed_exactly():
    x, y = table(512)

    def steep(values):
        return ops.exp(ops.square(ops.sum(values, axis=1, keepdims=True)))

    keras.utils.set_random_seed(0)
    x = np.full((512, 5), 1.7, np.float32)  # 5 of them doubled: (5 * 3.4)^2 = 289; 3 of them: 104; 2: 46
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dropout(0.5, seed=11, name="drop"), layers.Lambda(steep, name="steep")]
    )
    model = keras.Sequential([keras.Input((5,)), *model.layers, layers.Dense(1, kernel_initializer="zeros")])
    y = np.zeros((512, 1), np.float32)
    _, origin = train(model, x, y, rate=0.0, epochs=1)
    assert (origin.layer, origin.cause, origin.operation) == ("steep", "overflow", "exp")
    assert 1 <= origin.affected < BATCH
    assert origin.largest > 88.7


def test_the_smaller_last_batch():
    x, y = table(61)
    last = int(epoch_order(61, SEED, 0, shuffle=True)[-1])
    x[last] = np.nan
    _, origin = train(dense(hidden()), x, y)
    assert (origin.step, origin.samples, origin.rows, origin.batch_size) == (8, (last,), (4,), 5)


def test_steps_that_loss_scaling_skips_are_no_fault():
    x, y = table()
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(4, dtype="mixed_float16"), layers.Dense(1, dtype="float32")]
    )
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-3), initial_scale=2.0**40)
    model.compile(optimizer, "mse")
    seen = []

    class Keep:
        def started(self, *_):
            pass

        def steps(self, steps, *_):
            seen.append(steps.gradient_norm)

        def epoch(self, row):
            pass

    outcome = engine.train(model, x, y, epochs=1, batch_size=BATCH, listener=Keep())
    assert not np.isfinite(np.concatenate(seen)).all(), "no step was skipped, so nothing was tested"
    assert (outcome.stopped, outcome.nan_origin, outcome.last_good) == (None, None, None)


def test_callbacks_by_batch_may_change_the_weights_between_the_steps():
    x, y = table()
    x[41, 2] = np.nan

    class Halve(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.layers[0].kernel.assign(self.model.layers[0].kernel * 0.5)

    model = dense(hidden())
    start = model.layers[0].kernel.numpy()
    outcome, origin = train(model, x, y, rate=0.0, callbacks=[Halve()])
    step, _ = place_of(41)
    assert (origin.step, origin.samples) == (step, (41,))
    assert np.array_equal(outcome.last_good.trainable[0], start * 0.5 ** (step - 1))


def test_a_model_of_a_fixed_batch_size():
    x, y = table()
    x[41, 2] = np.nan
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(batch_shape=(BATCH, 5)), hidden(), layers.Dense(1)])
    step, row = place_of(41)
    _, origin = train(model, x, y)
    assert found(origin) == (step, "hidden_1", "forward", "input", "bad_data")
    assert origin.rows == (row,)


def test_a_sum_over_the_batch_that_overflows_is_laid_to_the_largest_sample():
    x, y = table()
    x[17] = 1e18  # its square fits, the sum of squares that the gradient of the kernel needs does not

    def total(true, predicted):
        return ops.sum(ops.square(predicted), axis=-1) * 0.0 + ops.sum(ops.square(true - predicted)) * 1e3

    model = dense(layers.Rescaling(1.0, name="copy"))
    model.layers[-1].kernel.assign(np.ones((5, 1), np.float32))
    step, row = place_of(17)
    _, origin = train(model, x, y, loss=total, rate=1e-30)
    assert (origin.step, origin.rows, origin.samples) == (step, (row,), (17,))
    assert origin.cause == "overflow"


def test_an_overflow_within_the_backward_pass_of_a_recurrent_layer():
    x = np.zeros((64, 30, 3), np.float32)
    recurrent = layers.SimpleRNN(4, activation="linear", use_bias=False, name="memory")
    model = dense(layers.Dense(3, use_bias=False, name="hidden_1"), recurrent, inputs=(30, 3))
    recurrent.cell.recurrent_kernel.assign(np.eye(4, dtype=np.float32) * 60)
    y = np.zeros((64, 1), np.float32)
    y[37] = 1.0  # the state stays 0, but its gradient grows 60 times in each step back
    x[37, 0] = 0.0
    step, row = place_of(37)
    _, origin = train(model, x, y, rate=1e-30)
    assert (origin.step, origin.layer, origin.direction, origin.tensor) == (step, "memory", "backward", "gradient")
    assert (origin.cause, origin.rows, origin.samples) == ("overflow", (row,), (37,))
    assert 0 <= origin.time_step < 12  # 60^22 is about 1e39


def test_on_an_accelerator_the_copy_stays_on_the_device(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    x, y = table()
    x[41, 2] = np.nan
    step, _ = place_of(41)
    outcome, origin = train(dense(hidden()), x, y)
    assert found(origin) == (step, "hidden_1", "forward", "input", "bad_data")
    assert all(isinstance(array, np.ndarray) for array in outcome.last_good.trainable)


# ---- promises ----


@pytest.mark.parametrize("build", networks.ALL, ids=lambda build: build.__name__)
def test_the_recorder_changes_no_bit(build):
    x, y = networks.digits()
    results = []
    for recorded in (False, True):
        model = networks.compiled(build)
        outcome = engine.train(model, x, y, epochs=2, batch_size=32, record_flight=recorded)
        assert outcome.nan_origin is None
        results.append(networks.everything(model))
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))


@pytest.mark.parametrize("recorded", [False, True])
def test_a_broken_training_ends_alike_with_and_without_the_recorder(recorded):
    x, y = table()
    x[41, 2] = np.nan
    model = dense(hidden())
    model.compile(keras.optimizers.SGD(0.01), "mse")
    outcome = engine.train(model, x, y, epochs=2, batch_size=BATCH, seed=SEED, record_flight=recorded)
    assert outcome.stopped == "not_finite"
    assert (outcome.nan_origin is None) is not recorded


def test_the_last_good_state_is_that_of_the_steps_before_and_can_be_gone_on_from():
    x, y = table()
    x[41, 2] = np.nan
    step, _ = place_of(41)
    model, broken = dense(hidden()), dense(hidden())
    broken.set_weights(model.get_weights())
    outcome, _ = train(broken, x, y, optimizer=keras.optimizers.Adam(0.01))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    clean = np.nan_to_num(x)
    order = epoch_order(64, SEED, 0, shuffle=True)[: (step - 1) * BATCH]
    engine.train(model, clean[order], y[order], epochs=1, batch_size=BATCH, shuffle=False)
    assert all(
        np.array_equal(a, b) for a, b in zip(outcome.last_good.trainable, states.read(model).trainable, strict=True)
    )
    states.assign(model, outcome.last_good)
    assert np.isfinite(model.predict(clean, verbose=0)).all()


def test_the_copy_is_dropped_at_the_end(monkeypatch):
    made = []
    before = FlightRecorder.before

    def noted(self, *arguments):
        made.append(self)
        before(self, *arguments)

    monkeypatch.setattr(FlightRecorder, "before", noted)
    x, y = table()
    model = dense(hidden())
    model.compile("sgd", "mse")
    engine.train(model, x, y, epochs=2, batch_size=BATCH)
    assert made
    assert not any(recorder.holds for recorder in made)


def test_no_array_stays_on_the_device_after_a_search():
    x, y = table()
    x[41, 2] = np.nan
    model = dense(hidden())
    train(model, x, y)
    gc.collect()
    count = len(jax.live_arrays())
    train(dense(hidden()), x, y)
    gc.collect()
    assert len(jax.live_arrays()) <= count + 60  # one more small model, no growing pile of values


def test_a_large_state_is_copied_seldom_and_the_step_is_found_over_several_chunks(monkeypatch):
    x, y = table(640)
    step = place_of(630, 640)[0]
    x[630] = np.nan
    copies = []
    from trainwell.engine import flight_recorder

    plain = flight_recorder.copied

    def slow(state):
        copies.append(1)
        return plain(state)

    monkeypatch.setattr(flight_recorder, "copied", slow)
    monkeypatch.setattr(flight_recorder, "BUDGET", 0.0)  # no second copy is ever affordable within an epoch
    monkeypatch.setattr("trainwell.engine.training.CHUNK_SECONDS", 1e-4)
    _, origin = train(dense(hidden()), x, y, epochs=1)
    assert (origin.step, origin.samples) == (step, (630,))
