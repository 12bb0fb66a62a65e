"""The three promises of the engine: watching changes nothing, one trace per batch shape, resumed = uninterrupted."""

from __future__ import annotations

import numpy as np
import pytest
import small_networks as networks

from trainwell import engine
from trainwell.errors import EngineError, FolderError, ModelError
from trainwell.signals import Observer


@pytest.mark.parametrize("build", networks.ALL, ids=lambda build: build.__name__)
def test_watching_changes_no_bit_of_any_network(build):
    x, y = networks.digits()
    results = []
    for observer, every in ((None, None), (Observer(), 1), (Observer(), 5)):
        model = networks.compiled(build)
        engine.train(model, x, y, epochs=2, batch_size=32, observer=observer, every=every)
        results.append(networks.everything(model))
    for watched in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], watched, strict=True))
    fresh = networks.everything(networks.compiled(build))
    assert not np.array_equal(results[0][0], fresh[0]), "nothing was trained, so nothing was tested"


def test_a_look_shows_gradients_and_updates_of_exactly_the_step_it_looks_into():
    x, y = networks.digits(64)
    rate = 0.5

    class Columns:
        def layout(self, layers):
            return [layer.name for layer in layers if layer.parameters]

        def columns(self, layout, weights, outputs):
            import jax.numpy as jnp

            flat = [
                jnp.concatenate(
                    [(g * -rate - u).ravel() for g, u in zip(weights[n].gradients, weights[n].updates, strict=True)]
                )
                for n in layout
            ]
            largest = [jnp.abs(part).max() for part in flat]
            before = [weights[n].weights[0].ravel()[0] for n in layout]
            return jnp.stack([*largest, *before])

    class Keep:
        def __init__(self):
            self.rows = []

        def started(self, *_):
            pass

        def steps(self, seen, *_):
            self.rows.append(seen.columns)

        def epoch(self, row):
            pass

    model = networks.compiled(networks.mlp, lambda: networks.keras.optimizers.SGD(rate))
    first_weights = [layer.kernel.numpy().ravel()[0] for layer in model.layers if layer.weights]
    keep = Keep()
    engine.train(model, x, y, epochs=1, batch_size=32, observer=Columns(), every=1, listener=keep)
    columns = np.concatenate(keep.rows)
    assert columns.shape == (2, 6)
    assert columns[:, :3].max() < 1e-6  # SGD: update = -rate * gradient
    assert np.array_equal(columns[0, 3:], first_weights)


@pytest.mark.parametrize(("samples", "expected"), [(192, 1), (200, 2)])
@pytest.mark.parametrize("build", [networks.mlp, networks.cnn], ids=lambda build: build.__name__)
def test_one_trace_per_batch_shape(build, samples, expected):
    x, y = networks.digits(samples)
    model = networks.compiled(build)
    outcome = engine.train(model, x, y, epochs=4, batch_size=32, observer=Observer(), every=3)
    assert outcome.traces == expected


@pytest.mark.parametrize("build", [networks.mlp, networks.cnn], ids=lambda build: build.__name__)
def test_a_second_trace_is_an_error_that_names_what_changed(build):
    class Halve(networks.keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                weight = self.model.trainable_variables[0]
                weight._value = weight.value.astype("float16")

    x, y = networks.digits(64)
    model = networks.compiled(build)
    with pytest.raises(EngineError, match=r"trainable\[0\].*float32.*float16"):
        engine.train(model, x, y, epochs=2, batch_size=32, callbacks=[Halve()])


class StopAfter:
    """Asks to stop once it has been asked so many times."""

    def __init__(self, times: int):
        self.left = times

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize(
    ("build", "asked"),
    [(networks.mlp, 0), (networks.mlp, 6), (networks.mlp, 16), (networks.cnn, 9), (networks.lstm, 13)],
)
def test_resumed_equals_uninterrupted_bit_for_bit(build, asked, tmp_path, monkeypatch):
    monkeypatch.setattr(engine.training, "CHUNK_SECONDS", 1e-9)  # look up after every step
    x, y = networks.digits()
    validation = (x[:40], y[:40])

    def training(model, **settings):
        early = networks.keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
        plateau = networks.keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=1, min_delta=0.5)
        return engine.train(
            model,
            x,
            y,
            epochs=4,
            batch_size=32,
            seed=3,
            validation_data=validation,
            callbacks=[early, plateau],
            **settings,
        )

    whole = networks.compiled(build)
    expected = training(whole)
    file = tmp_path / "checkpoint.npz"
    first = training(networks.compiled(build), checkpoint=file, should_stop=StopAfter(asked))
    assert first.stopped == "interrupted"
    assert 0 < first.steps < expected.steps
    resumed = networks.compiled(build, seed=99)  # other initial weights: everything must come from the checkpoint
    outcome = training(resumed, checkpoint=file, resume=True)
    assert outcome.steps == expected.steps
    assert all(
        np.array_equal(a, b) for a, b in zip(networks.everything(whole), networks.everything(resumed), strict=True)
    )
    strip = [{k: v for k, v in row.items() if k != "seconds"} for row in expected.history]
    assert strip == [{k: v for k, v in row.items() if k != "seconds"} for row in outcome.history]


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    x, y = networks.digits(64)
    file = tmp_path / "checkpoint.npz"
    engine.train(
        networks.compiled(networks.mlp), x, y, epochs=9, batch_size=32, checkpoint=file, should_stop=StopAfter(1)
    )
    with pytest.raises(ModelError, match="another network"):
        engine.train(networks.compiled(networks.cnn), x, y, epochs=9, batch_size=32, checkpoint=file, resume=True)


@pytest.mark.parametrize("content", [None, b"", b"not a checkpoint", b"PK\x03\x04 broken"])
def test_no_usable_checkpoint_is_one_clear_error(content, tmp_path):
    file = tmp_path / "checkpoint.npz"
    if content is not None:
        file.write_bytes(content)
    x, y = networks.digits(64)
    with pytest.raises(FolderError, match="no checkpoint to go on from"):
        engine.train(networks.compiled(networks.mlp), x, y, epochs=2, checkpoint=file, resume=True)


def test_looks_go_on_when_an_epoch_is_shorter_than_a_timed_chunk():
    # seen once: 10 steps an epoch, chunks of 16 were waited for, and only step 1 was ever looked at
    class Count:
        looked: list

        def __init__(self):
            self.looked = []

        def started(self, *_):
            pass

        def steps(self, seen, *_):
            self.looked += seen.sampled_steps.tolist()

        def epoch(self, row):
            pass

    x, y = networks.digits(320)
    count = Count()
    outcome = engine.train(
        networks.compiled(networks.mlp), x, y, epochs=40, batch_size=32, observer=Observer(), listener=count
    )
    assert outcome.look_cost is not None
    assert count.looked[0] == 1
    assert len(count.looked) >= 400 / outcome.every / 2
    assert max(np.diff(count.looked)) <= max(outcome.every, 20)


@pytest.mark.parametrize("observer", [None, Observer()], ids=["unwatched", "watched"])
def test_a_loss_that_is_not_finite_stops_the_training_watched_or_not(observer):
    # seen once: only the watched training stopped, so watching changed how long was trained
    x, y = networks.digits(64)
    model = networks.compiled(networks.mlp, lambda: networks.keras.optimizers.SGD(1e30))
    outcome = engine.train(model, x, y, epochs=9, batch_size=32, observer=observer)
    assert outcome.stopped == "not_finite"
    assert len(outcome.history) < 9
