"""Generators, PyDatasets and other datasets train as under Keras's own `fit`; what is wrong with them is said."""

from __future__ import annotations

import itertools
import math
import threading

import numpy as np
import pytest
import small_networks as networks
from keras.src.trainers.data_adapters.data_adapter import DataAdapter

from trainwell import engine
from trainwell.engine import batch_feed
from trainwell.errors import DataError, SettingError
from trainwell.signals import Observer

keras = networks.keras
X, Y = networks.digits(200)


def pieces(repeat=False, size=32, extra=()):
    starts = range(0, len(X), size)
    for start in itertools.cycle(starts) if repeat else starts:
        yield (X[start : start + size], Y[start : start + size], *extra)


class Pieces(keras.utils.PyDataset):
    """Batches by number; writes down what is asked of it, and turns its batches round after each epoch."""

    def __init__(self, size=32, turns=False, **settings):
        super().__init__(**settings)
        self.size, self.turns, self.calls, self.flipped = size, turns, [], False

    def __len__(self):
        return math.ceil(len(X) / self.size)

    def __getitem__(self, index):
        self.calls.append(index)
        index = len(self) - 1 - index if self.turns and self.flipped else index
        return X[index * self.size : (index + 1) * self.size], Y[index * self.size : (index + 1) * self.size]

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.flipped = not self.flipped
        self.calls.append("end")


class Loader(DataAdapter):
    """What Keras makes of a dataset of another library."""

    def __init__(self, count=7):
        self.num, self.passes = count, 0

    def get_jax_iterator(self):
        self.passes += 1
        return itertools.islice(pieces(), self.num)

    @property
    def num_batches(self):
        return self.num


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(networks.everything(a), networks.everything(b), strict=True))


def assert_like_keras(make, fit, build=networks.mlp):
    plain, ours = networks.compiled(build), networks.compiled(build)
    history = plain.fit(make(), verbose=0, shuffle=False, **fit).history
    outcome = engine.train(ours, make(), shuffle=False, observer=Observer(), every=2, **fit)
    for a, b in zip(networks.everything(plain), networks.everything(ours), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-4)
    for name, values in history.items():
        found = [row[name] for row in outcome.history if name in row]
        np.testing.assert_allclose(values, found, rtol=1e-3, atol=1e-4)
    return outcome


VALIDATED_IN_BATCHES = {"validation_data": Pieces(), "validation_steps": 2}
VALIDATED = {"validation_data": (X[:50], Y[:50]), "validation_freq": 2}


@pytest.mark.parametrize(
    ("make", "fit"),
    [
        (lambda: pieces(repeat=True), {"epochs": 3, "steps_per_epoch": 5, **VALIDATED}),
        (Pieces, {"epochs": 3, **VALIDATED}),
        (lambda: Pieces(turns=True), {"epochs": 3}),
        (Loader, {"epochs": 3}),
        (
            lambda: Pieces(turns=True),
            {"epochs": 3, "initial_epoch": 1, "validation_data": Pieces(), "validation_steps": 2},
        ),
    ],
    ids=["generator", "dataset", "dataset that turns", "other library", "initial epoch"],
)
def test_weights_and_history_as_keras_fit(make, fit):
    assert_like_keras(make, fit)


@pytest.mark.parametrize("steps", [3, 7])
def test_arrays_with_steps_per_epoch_as_keras_fit(steps):
    plain, ours = networks.compiled(networks.mlp), networks.compiled(networks.mlp)
    settings = {"epochs": 3, "batch_size": 32, "steps_per_epoch": steps, "shuffle": False}
    if steps == 3:  # 7 batches: Keras warns that the third epoch has one step only
        with pytest.warns(UserWarning, match="ran out of data"):
            plain.fit(X, Y, verbose=0, **settings)
    else:
        plain.fit(X, Y, verbose=0, **settings)
    outcome = engine.train(ours, X, Y, **settings)
    assert outcome.steps == 7 * (3 if steps == 7 else 1)
    for a, b in zip(networks.everything(plain), networks.everything(ours), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-4)


def test_an_initial_epoch_is_no_resuming():
    settings = {"epochs": 3, "initial_epoch": 2, "steps_per_epoch": 4}
    outcome = engine.train(networks.compiled(networks.mlp), pieces(repeat=True), **settings)
    assert outcome.notes == []
    assert [row["epoch"] for row in outcome.history] == [3]


def test_class_weights_of_batches_as_keras_fit():
    assert_like_keras(Pieces, {"epochs": 2, "class_weight": {0: 5.0, 3: 0.1}})


def test_watching_changes_no_bit():
    models = [networks.compiled(networks.cnn) for _ in range(2)]
    for model, observer in zip(models, (None, Observer()), strict=True):
        outcome = engine.train(model, pieces(), observer=observer, every=1)
        assert outcome.traces == 2  # the full batch, and the smaller last one
    assert same(*models)


def test_batches_of_a_dataset_come_in_an_order_fixed_by_the_seed():
    orders = []
    for seed in (1, 1, 2):
        data = Pieces()
        engine.train(networks.compiled(networks.mlp), data, epochs=2, seed=seed)
        orders.append([call for call in data.calls if isinstance(call, int)])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0][:7]) == sorted(orders[0][7:]) == list(range(7))
    assert orders[0][:7] != orders[0][7:]


def test_hooks_of_a_dataset_are_called_as_by_keras():
    plain, ours = Pieces(), Pieces()
    model = networks.compiled(networks.mlp)
    model.fit(X[:32], Y[:32], verbose=0)  # all is built: Keras asks for no batch to build by
    model.fit(plain, epochs=2, shuffle=False, verbose=0)
    engine.train(networks.compiled(networks.mlp), ours, epochs=2, shuffle=False)
    assert ours.calls == plain.calls


@pytest.mark.filterwarnings("ignore:.*fork:RuntimeWarning", "ignore:.*fork:DeprecationWarning")
def test_workers_of_a_dataset_change_no_bit():
    # not held to Keras: with workers, its first epoch begins at the second batch (the first built the model)
    models = [networks.compiled(networks.mlp) for _ in range(3)]
    for model, settings in zip(models, ({}, {"workers": 3}, {"workers": 2, "use_multiprocessing": True}), strict=True):
        engine.train(model, Pieces(**settings), epochs=2)
    assert same(*models[:2])
    assert same(*models[1:])


@pytest.mark.parametrize("asked", [3, 9])
def test_a_dataset_that_changes_after_each_epoch_resumes_bit_for_bit(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(engine.training, "CHUNK_SECONDS", 1e-9)
    whole, resumed = networks.compiled(networks.mlp), networks.compiled(networks.mlp, seed=99)
    settings = {"epochs": 3, "seed": 3}
    engine.train(whole, Pieces(turns=True), **settings)
    left, file = iter([False] * asked), tmp_path / "checkpoint.npz"
    first = engine.train(
        networks.compiled(networks.mlp),
        Pieces(turns=True),
        checkpoint=file,
        should_stop=lambda: next(left, True),
        **settings,
    )
    assert first.stopped == "interrupted"
    outcome = engine.train(resumed, Pieces(turns=True), checkpoint=file, resume=True, **settings)
    assert outcome.steps == 21
    assert outcome.notes == []
    assert same(whole, resumed)


def test_a_resumed_generator_begins_anew_and_that_is_said(tmp_path):
    file, settings = tmp_path / "checkpoint.npz", {"epochs": 3, "steps_per_epoch": 4}
    first = engine.train(
        networks.compiled(networks.mlp), pieces(True), checkpoint=file, should_stop=lambda: True, **settings
    )
    assert 0 < first.steps < 12
    with pytest.warns(UserWarning, match="begins anew"):
        outcome = engine.train(networks.compiled(networks.mlp), pieces(True), checkpoint=file, resume=True, **settings)
    assert outcome.steps == 12
    assert "重新" in outcome.notes[0].zh or "从头" in outcome.notes[0].zh


def test_a_generator_is_drawn_from_no_further_than_needed():
    given = itertools.count()

    def counted():
        for batch in pieces(repeat=True):
            next(given)
            yield batch

    data = counted()
    for _ in range(2):
        engine.train(networks.compiled(networks.mlp), data, epochs=2, steps_per_epoch=5)
    assert next(given) == 20


def test_a_buffer_that_its_generator_fills_anew_is_not_seen_to_change():
    def reusing():
        x, y = np.empty((25, 8, 8, 1), np.float32), np.empty(25, np.int32)
        for start in range(0, 200, 25):
            x[:], y[:] = X[start : start + 25], Y[start : start + 25]
            yield x, y

    models = [networks.compiled(networks.mlp) for _ in range(2)]
    engine.train(models[0], reusing())
    engine.train(models[1], ((x.astype("float32"), y) for x, y in pieces(size=25)))
    assert same(*models)


def test_a_generator_that_ends_ends_the_training_and_that_is_said():
    # Keras would go on through the other epochs, with the first two batches again in each
    model = networks.compiled(networks.mlp)
    with pytest.warns(UserWarning, match=r"ended after 7 steps"):
        outcome = engine.train(model, pieces(), epochs=5, validation_data=(X[:40], Y[:40]))
    assert outcome.steps == 7
    assert [row["epoch"] for row in outcome.history] == [1]
    assert "val_loss" in outcome.history[0]
    assert outcome.stopped is None
    with pytest.warns(UserWarning, match=r"ended after 7 steps"):
        outcome = engine.train(model, pieces(), epochs=2, steps_per_epoch=4)
    assert [row["epoch"] for row in outcome.history] == [1, 2]
    with pytest.warns(UserWarning, match=r"ended after 4 steps"):
        outcome = engine.train(model, itertools.islice(pieces(), 4), epochs=2, steps_per_epoch=4)
    assert [row["epoch"] for row in outcome.history] == [1]


def test_one_epoch_of_a_generator_needs_no_number_of_steps():
    model = networks.compiled(networks.mlp)
    outcome = engine.train(model, pieces(), observer=Observer())
    assert outcome.steps == 7
    assert outcome.notes == []


def sequences(lengths):
    rng = np.random.default_rng(0)
    for length in lengths:
        yield rng.normal(size=(4, length, 3)).astype("float32"), np.zeros((4, 1), "float32")


def recurrent():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.SimpleRNN(2), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_batches_of_unequal_lengths_train_and_are_looked_into():
    looked = []

    class Keep:
        def started(self, *_):
            pass

        def steps(self, seen, *_):
            looked.extend(seen.sampled_steps.tolist())

        def epoch(self, row):
            pass

    lengths = [5, 5, 8, 3, 8, 5, 9, 11]
    outcome = engine.train(recurrent(), sequences(lengths), observer=Observer(), every=1, listener=Keep())
    assert outcome.steps == 8
    assert outcome.traces == 5
    assert looked == [1, 2, 3, 4, 5, 6, 7]  # a look is compiled for four lengths, 11 is the fifth


def test_too_many_shapes_are_one_error_that_says_which_changed(monkeypatch):
    monkeypatch.setattr(batch_feed.BatchFeed, "most_shapes", 3)
    with pytest.raises(DataError, match=r"more than 3 different shapes.*x: float32\[4,7,3\] -> float32\[4,8,3\]"):
        engine.train(recurrent(), sequences([5, 6, 7, 5, 8]))


def test_samples_of_the_wrong_shape_stop_before_anything_is_trained():
    model = networks.compiled(networks.mlp)
    before = networks.everything(model)
    with pytest.raises(ValueError, match="shape"):
        engine.train(model, ((x[:, :4], y) for x, y in pieces()))
    after = networks.everything(model)[: len(before)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda: iter(()), "gave no batch at all"),
        (lambda: iter([(X[:4], Y[:4], None, 1)]), "batch 1 is a tuple of 4; expected"),
        (lambda: iter([(X[:4], Y[:4]), ()]), "batch 2 is a tuple of 0; expected"),
        (lambda: iter([(X[:0], Y[:0])]), "batch 1 has no samples"),
        (lambda: iter([(X[:4], Y[:3])]), r"batch 1: .*same number of samples, given: \[3, 4\]"),
        (lambda: iter([(X[:4], np.array(list("abcd")))]), "batch 1: expected numbers"),
        (lambda: iter([(1.0, 2.0)]), "batch 1: expected arrays"),
    ],
)
def test_bad_batches_are_one_line(bad, message):
    with pytest.raises(DataError, match=message) as caught:
        engine.train(networks.compiled(networks.mlp), bad())
    assert "\n" not in str(caught.value)
    assert caught.value.message.zh != caught.value.message.en


class Endless(Pieces):
    num_batches = None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": pieces(), "y": Y}, "y was given beside a generator"),
        ({"x": Pieces(), "sample_weight": Y}, "sample_weight was given beside a Pieces"),
        ({"x": Pieces(), "stream": True}, "stream was given beside a Pieces"),
        ({"x": Endless()}, "Endless has no number of batches.*give steps_per_epoch"),
        ({"x": X, "y": Y, "steps_per_epoch": 0}, "steps_per_epoch must be at least 1, given 0"),
        ({"x": X, "y": Y, "initial_epoch": -1}, "initial_epoch must be at least 0, given -1"),
        ({"x": X, "y": Y, "epochs": 2, "validation_data": pieces()}, "give validation_steps"),
        ({"x": pieces(extra=(np.ones(32),)), "class_weight": {0: 2.0}}, "cannot be used together"),
        ({"x": ((x,) for x, _ in pieces()), "class_weight": {0: 2.0}}, "there are no targets"),
    ],
)
def test_arguments_that_do_not_go_together_are_one_line(arguments, message):
    with pytest.raises(SettingError, match=message):
        engine.train(networks.compiled(networks.mlp), **arguments)


def test_an_endless_dataset_counts_on_from_epoch_to_epoch():
    class Same(Endless):
        def __getitem__(self, index):
            self.calls.append(index)
            return X[:8], Y[:8]

    data = Same()
    engine.train(networks.compiled(networks.mlp), data, epochs=3, steps_per_epoch=2)
    assert [call for call in data.calls if isinstance(call, int)] == [0, 1, 2, 3, 4, 5]


def test_an_error_of_somebodys_generator_is_theirs_and_leaves_a_usable_model():
    def broken():
        yield from itertools.islice(pieces(), 3)
        raise RuntimeError("mine")

    model = networks.compiled(networks.mlp)
    with pytest.raises(RuntimeError, match="mine"):
        engine.train(model, broken())
    assert np.isfinite(model.predict(X[:4], verbose=0)).all()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("trainwell-data")]


def test_validation_by_a_generator():
    model = networks.compiled(networks.mlp)
    endless = pieces(repeat=True)
    outcome = engine.train(model, X, Y, epochs=2, validation_data=endless, validation_steps=7)
    expected = model.evaluate(X, Y, return_dict=True, verbose=0)
    assert outcome.history[-1]["val_loss"] == pytest.approx(expected["loss"], rel=1e-5)
    with pytest.warns(UserWarning, match="validation data came to their end"):
        outcome = engine.train(model, X, Y, epochs=2, validation_data=pieces(), validation_steps=7)
    assert ["val_loss" in row for row in outcome.history] == [True, False]
