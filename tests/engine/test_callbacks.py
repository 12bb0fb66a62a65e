"""Keras callbacks are called at the same points, with the same logs, as by Keras's own `fit`."""

from __future__ import annotations

import numpy as np
import pytest
import small_networks as networks

from trainwell import engine

keras = networks.keras
HOOKS = [
    f"on_{phase}_{moment}"
    for phase in ("train", "epoch", "train_batch", "test", "test_batch")
    for moment in ("begin", "end")
]


def diary(hooks):
    """A callback that writes down which of these hooks was called with what."""
    entries = []

    def hook(name):
        def write(self, *arguments, **keywords):
            logs = keywords.get("logs", arguments[-1] if arguments else None)
            first = arguments[0] if arguments and not isinstance(arguments[0], dict) else None
            entries.append((name, first, sorted(logs) if isinstance(logs, dict) else None))

        return write

    return type("Diary", (keras.callbacks.Callback,), {name: hook(name) for name in hooks})(), entries


@pytest.mark.parametrize("hooks", [HOOKS, HOOKS[:4] + HOOKS[6:8]], ids=["every hook", "no batch hooks"])
def test_same_calls_in_the_same_order_as_keras(hooks):
    x, y = networks.digits(100)
    settings = {"epochs": 2, "batch_size": 32, "validation_data": (x[:40], y[:40])}
    plain, expected = diary(hooks)
    networks.compiled(networks.mlp).fit(x, y, verbose=0, callbacks=[plain], **settings)
    ours, entries = diary(hooks)
    engine.train(networks.compiled(networks.mlp), x, y, callbacks=[ours], **settings)
    assert entries == expected


def test_early_stopping_restores_the_best_weights():
    x, y = networks.digits()
    early = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, min_delta=10.0, restore_best_weights=True)
    first_epoch = []
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: first_epoch.append(early.model.get_weights()) if epoch == 0 else None
    )
    model = networks.compiled(networks.mlp)
    outcome = engine.train(model, x, y, epochs=9, validation_data=(x, y), callbacks=[keep, early])
    assert outcome.stopped == "callback"
    assert len(outcome.history) == 2
    assert all(np.array_equal(a, b) for a, b in zip(first_epoch[0], model.get_weights(), strict=True))


def test_model_checkpoint_saves_a_model_that_loads(tmp_path):
    x, y = networks.digits()
    model = networks.compiled(networks.mlp)
    saving = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", save_freq="epoch")
    engine.train(model, x, y, epochs=2, callbacks=[saving])
    loaded = keras.models.load_model(tmp_path / "2.keras")
    assert all(np.array_equal(a, b) for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True))
    by_steps = keras.callbacks.ModelCheckpoint(tmp_path / "step.keras", save_freq=3)
    engine.train(networks.compiled(networks.mlp), x, y, epochs=1, callbacks=[by_steps])
    assert (
        keras.models.load_model(tmp_path / "step.keras").optimizer.iterations.numpy() == 6
    )  # 7 steps: saved after 3, 6


def test_learning_rate_callbacks_take_effect():
    x, y = networks.digits(64)
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
    model = networks.compiled(networks.mlp, lambda: keras.optimizers.SGD(7.0))
    seen = []

    class Rates:
        def started(self, *_):
            pass

        def steps(self, seen_steps, *_):
            seen.extend(seen_steps.learning_rate.tolist())

        def epoch(self, row):
            pass

    engine.train(model, x, y, epochs=3, batch_size=32, callbacks=[schedule], listener=Rates())
    np.testing.assert_allclose(seen, [0.1, 0.1, 0.05, 0.05, 0.1 / 3, 0.1 / 3], rtol=1e-6)
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_delta=100.0)
    outcome = engine.train(networks.compiled(networks.mlp), x, y, epochs=4, callbacks=[plateau])
    assert [round(row["learning_rate"], 6) for row in outcome.history] == [0.001, 0.0005, 0.00025, 0.000125]


def test_a_batch_callback_may_change_weights_and_stop():
    x, y = networks.digits(96)

    class ZeroThenStop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                self.model.set_weights([np.zeros_like(w) for w in self.model.get_weights()])
                self.model.stop_training = True

    model = networks.compiled(networks.mlp)
    outcome = engine.train(model, x, y, epochs=5, batch_size=32, callbacks=[ZeroThenStop()])
    assert outcome.steps == 2
    assert outcome.stopped == "callback"
    assert not any(weight.any() for weight in model.get_weights())


def test_own_callback_that_raises_leaves_a_usable_model():
    class Broken(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("mine")

    x, y = networks.digits(64)
    model = networks.compiled(networks.mlp)
    with pytest.raises(RuntimeError, match="mine"):
        engine.train(model, x, y, epochs=2, callbacks=[Broken()])
    assert np.isfinite(model.predict(x, verbose=0)).all()
