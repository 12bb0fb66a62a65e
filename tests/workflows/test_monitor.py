import gc
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_networks import ALL, cnn, compiled, digits, everything, keras, layers, lstm, mlp

import trainwell as tw
from trainwell.errors import FolderError, ModelError, SettingError
from trainwell.signals.thinning import merge_pairs, rows_of
from trainwell.workflows.monitoring.pending import Losses
from trainwell.workflows.monitoring.samples import Samples, class_weight

X, Y = digits(160)


class Digits(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        rows = slice(40 * index, 40 * (index + 1))
        return X[rows], Y[rows], np.linspace(0.5, 1.5, 40).astype("float32")


def generator():
    while True:
        for start in range(0, 160, 32):
            yield X[start : start + 32], Y[start : start + 32]


def watched(**settings):
    return tw.Monitor(quiet=True, **settings)


def fitted(model, callbacks=(), *, x=X, y=Y, seed=1, **settings):
    keras.utils.set_random_seed(seed)
    history = model.fit(x, y, **{"epochs": 2, "verbose": 0, "callbacks": list(callbacks)} | settings)
    return model, history.history


def assert_equal(one, other):
    for a, b in zip(everything(one[0]), everything(other[0]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one[1] == other[1]


@pytest.mark.parametrize("build", ALL)
def test_a_watched_fit_ends_bit_for_bit_like_a_plain_one(build):
    monitor = watched()
    plain = fitted(compiled(build), validation_split=0.2)
    seen = fitted(compiled(build), [monitor], validation_split=0.2)
    assert_equal(plain, seen)
    assert len(monitor.run.recording.layer_rows) == 8
    assert monitor.run.facts.data.samples == {"train": 128, "validation": 32, "test": 0}


@pytest.mark.parametrize(
    "settings",
    [
        {"sample_weight": np.linspace(0, 2, 160).astype("float32")},
        {"class_weight": {number: 1.0 + number for number in range(10)}},
        {"batch_size": 48, "validation_data": (X[:20], Y[:20])},
        {"x": Digits(), "y": None},
        {"steps_per_epoch": 5, "shuffle": False},
    ],
    ids=["sample weights", "class weights", "smaller last batch", "PyDataset", "generator"],
)
def test_whatever_the_data_come_from(settings):
    def given():
        return {"x": generator(), "y": None} if "steps_per_epoch" in settings else {}

    monitor = watched()
    plain = fitted(compiled(mlp), **settings, **given())
    assert_equal(plain, fitted(compiled(mlp), [monitor], **settings, **given()))
    rows = monitor.run.recording
    assert len(rows.run_rows) == monitor.run.facts.training.steps
    assert np.isfinite(rows.run("loss").mean).all()
    assert monitor.run.facts.data.samples["train"] == 160


@pytest.mark.parametrize(
    "settings",
    [{"steps_per_execution": 3}, {"jit_compile": False}, {"run_eagerly": True}, {"optimizer": "sgd"}],
    ids=str,
)
def test_however_the_model_was_compiled(settings):
    monitor = watched()
    plain = fitted(compiled(mlp, **settings), epochs=1)
    assert_equal(plain, fitted(compiled(mlp, **settings), [monitor], epochs=1))
    assert monitor.run.facts.training.steps == 5
    assert monitor.run.recording.layer_rows["first_step"][0] == 1


def test_several_inputs_and_outputs():
    def build():
        one, two = keras.Input((8, 8, 1), name="one"), keras.Input((3,), name="two")
        hidden = layers.Dense(8, activation="relu", name="hidden")(layers.Flatten()(one))
        joined = layers.Concatenate()([hidden, two])
        heads = [layers.Dense(10, activation="softmax", name="a")(joined), layers.Dense(1, name="b")(joined)]
        return keras.Model([one, two], heads)

    def model():
        return compiled(build, loss=["sparse_categorical_crossentropy", "mse"], metrics=None)

    data = {"x": [X.astype("float32"), np.ones((160, 3), "float32")], "y": [Y, Y.astype("float32")]}
    monitor = watched()
    assert_equal(fitted(model(), **data), fitted(model(), [monitor], **data))
    assert {layer.name for layer in monitor.run.recording.layers} == {"hidden", "a", "b"}
    assert "loss_output_mismatch" in {one.problem for one in monitor.not_checked}


def test_the_recording_is_that_of_tw_train():
    run = tw.train(compiled(cnn), X, Y, epochs=2, batch_size=32, shuffle=False)
    monitor = watched()
    fitted(compiled(cnn), [monitor], shuffle=False)
    ours, theirs = run.recording, monitor.run.recording
    assert ours.layout == theirs.layout
    for name in ("loss", "learning_rate", "gradient_norm", "clipped_gradient_norm"):
        np.testing.assert_allclose(ours.run(name).mean, theirs.run(name).mean, rtol=1e-4)
    first, other = (rows.layer_rows["mean"][0] for rows in (ours, theirs))
    np.testing.assert_allclose(first, other, rtol=1e-3, atol=1e-6)
    names = set(ours.epochs[0])
    assert names == set(theirs.epochs[0])


def test_steps_between_looks_have_a_loss_and_nothing_else():
    monitor = watched(every=4)
    plain, seen = fitted(compiled(mlp)), fitted(compiled(mlp), [monitor])
    assert_equal(plain, seen)
    rows = monitor.run.recording
    assert monitor.run.facts.training.step_milliseconds > 0
    assert rows.layer_rows["first_step"].tolist() == [1, 5, 9]
    gradient = rows.run("gradient_norm")
    assert np.isfinite(gradient.mean).nonzero()[0].tolist() == [0, 4, 8]
    assert not gradient.nonfinite.any()  # what nobody looked at is no NaN
    every_step = watched(every=1)
    fitted(compiled(mlp), [every_step])
    np.testing.assert_allclose(rows.run("loss").mean, every_step.run.recording.run("loss").mean, rtol=1e-4)


def vanishing():
    def build():
        deep = [layers.Dense(16, activation="sigmoid", name=f"dense_{i}") for i in range(8)]
        return keras.Sequential(
            [keras.Input((8, 8, 1)), layers.Flatten(), *deep, layers.Dense(10, activation="softmax", name="output")]
        )

    return compiled(build, lambda: keras.optimizers.SGD(0.01))


def dying():
    def build():
        below = keras.initializers.Constant(-20.0)
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Rescaling(1 / 16.0),
                layers.Flatten(),
                layers.Dense(32, activation="relu", bias_initializer=below, name="hidden"),
                layers.Dense(10, activation="softmax", name="output"),
            ]
        )

    return compiled(build)


def not_finite():
    def build():
        return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1, name="output")])

    return compiled(build, lambda: keras.optimizers.SGD(1e6), loss="mse", metrics=None)


@pytest.mark.parametrize(
    ("faulty", "problem"),
    [(vanishing, "vanishing_gradient"), (dying, "dying_relu"), (not_finite, "loss_not_finite")],
)
def test_findings_are_those_of_diagnose(faulty, problem):
    settings = {"epochs": 12, "batch_size": 16, "shuffle": False}
    expected = tw.diagnose(faulty(), X, Y, **settings)
    monitor = watched()
    fitted(faulty(), [monitor], **settings)
    assert problem in {one.problem for one in expected.findings}
    assert [one.problem for one in monitor.findings] == [one.problem for one in expected.findings]
    # the engine stops at a loss that is not finite, Keras goes on: there may be more to look at
    assert {one.problem for one in monitor.not_checked} <= {one.problem for one in expected.not_checked}
    found, other = (
        next(one for one in kind if one.problem == problem) for kind in (monitor.findings, expected.findings)
    )
    assert found.layers == other.layers


def test_each_fit_is_a_training_of_its_own(tmp_path):
    monitor = watched(out=tmp_path / "run")
    model = compiled(mlp)
    fitted(model, [monitor])
    fitted(model, [monitor], epochs=1)
    assert [run.folder.name for run in monitor.runs] == ["run", "run-2"]
    assert [len(run.history) for run in monitor.runs] == [2, 1]
    assert monitor.run is monitor.runs[-1]
    again = tw.open_run(tmp_path / "run-2")
    assert again.facts.diagnosis == monitor.diagnosis
    assert tw.diagnose(tmp_path / "run").findings == monitor.runs[0].findings
    assert again.report(tmp_path / "report.html", "zh").stat().st_size > 10_000


def test_a_second_fit_without_it_is_not_watched():
    monitor, model = watched(), compiled(mlp)
    fitted(model, [monitor])
    plain = model.train_function
    fitted(model)
    assert model.train_function is plain
    assert monitor.run.facts.training.steps == 10


def test_a_temporary_run_goes_with_its_monitor():
    monitor = watched()
    fitted(compiled(mlp), [monitor], epochs=1)
    folder = monitor.run.folder
    assert folder.is_dir()
    del monitor
    gc.collect()  # callback and model know each other
    assert not folder.exists()


class Broken(keras.callbacks.Callback):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_train_batch_end(self, batch, logs=None):
        if batch == 3:
            raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("broken")])
def test_a_training_that_raises_has_a_diagnosis_all_the_same(error):
    monitor, model = watched(), compiled(mlp)
    with pytest.raises(type(error)):
        fitted(model, [Broken(error), monitor])
    assert monitor.run.facts.training.steps == 4
    assert monitor.run.facts.training.stopped == "interrupted"
    assert monitor.diagnosis.checked
    before = monitor.run.recording.run("loss").mean
    plain = compiled(mlp)
    with pytest.raises(type(error)):
        fitted(plain, [Broken(error)])
    assert_equal(fitted(plain), fitted(model))  # the next fit has no monitor
    np.testing.assert_array_equal(monitor.run.recording.run("loss").mean, before)
    fitted(model, [monitor], epochs=1)
    assert [run.facts.training.steps for run in monitor.runs] == [4, 5]


def test_a_callback_that_stops_at_nan():
    monitor = watched()
    fitted(not_finite(), [keras.callbacks.TerminateOnNaN(), monitor], epochs=5)
    assert monitor.run.facts.training.stopped == "not_finite"
    assert monitor.findings[0].severity == "error"


def test_what_it_says(capsys):
    monitor = tw.Monitor(language="en")
    assert str(monitor) == "Monitor: no training yet"
    fitted(vanishing(), [monitor], epochs=12, batch_size=16)
    said = capsys.readouterr().out
    assert "Vanishing gradient" in said
    assert "of the time of the training without it" in said
    assert str(monitor).splitlines()[0] in said
    assert monitor.overhead is not None
    assert monitor.overhead > 0
    chinese = tw.Monitor(language="zh")
    fitted(compiled(mlp), [chinese], epochs=1)
    assert "观察了每一步" in capsys.readouterr().out


def test_of_a_step_of_ones_own_only_the_whole_is_recorded():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.flatten, self.head = layers.Flatten(), layers.Dense(10, activation="softmax")

        def call(self, x):
            return self.head(self.flatten(x))

        def train_step(self, state, data):
            return super().train_step(state, data)

    monitor = watched()
    plain = fitted(compiled(Own))
    with pytest.warns(UserWarning, match="Own"):
        seen = fitted(compiled(Own), [monitor])
    assert_equal(plain, seen)
    assert np.isfinite(monitor.run.recording.run("loss").mean).all()
    reason = next(one.reason for one in monitor.not_checked if one.problem == "vanishing_gradient")
    assert reason.en == "Own defines its own train_step"


def test_a_layer_that_cannot_be_looked_into_costs_nobody_the_training():
    class Moody(layers.Layer):
        fails = False

        def call(self, x):
            if Moody.fails:
                Moody.fails = False
                raise RuntimeError("not twice")
            return x

    class Tease(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            Moody.fails = True

    def build():
        return keras.Sequential([keras.Input((8, 8, 1)), Moody(), layers.Flatten(), layers.Dense(1)])

    plain, monitor = fitted(compiled(build, loss="mse")), watched()
    with pytest.warns(UserWarning, match="cannot be looked into"):
        seen = fitted(compiled(build, loss="mse"), [Tease(), monitor])
    assert_equal(plain, seen)
    assert "RuntimeError" in monitor.not_checked[-1].reason.en


def test_empty_validation_data_fail_as_they_do_without_it():
    said = []
    for callbacks in ([], [watched()]):
        with pytest.raises(Exception) as error:  # noqa: PT011
            fitted(compiled(mlp), callbacks, validation_data=(X[:0], Y[:0]))
        said.append((type(error.value), str(error.value)))
    assert said[0] == said[1]


def test_bad_input(tmp_path):
    with pytest.raises(SettingError, match="every must be at least 1"):
        tw.Monitor(every=0)
    with pytest.raises(SettingError, match="no training yet"):
        _ = tw.Monitor().diagnosis
    monitor = watched()
    for callbacks in ([monitor, monitor], [watched(), watched()]):
        with pytest.raises(SettingError, match="two Monitors"):
            fitted(compiled(mlp), callbacks)
    with pytest.raises(SettingError, match=r"tw\.train and tw\.diagnose watch by themselves"):
        tw.train(compiled(mlp), X, Y, epochs=1, callbacks=[watched()])
    uncompiled = watched()
    uncompiled.set_model(mlp())
    with pytest.raises(ModelError, match="is not compiled"):
        uncompiled.on_train_begin()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("")
    with pytest.raises(FolderError, match="exists already"):
        fitted(compiled(mlp), [watched(out=tmp_path / "there")])


def test_the_weights_of_the_classes_are_known_again():
    assert class_weight(Y, 1.0 + Y) == {number: 1.0 + number for number in range(10)}
    assert class_weight(Y, np.linspace(0, 1, 160)) is None
    assert class_weight(Y, np.ones(160)) is None


def test_samples_that_are_of_many_lengths():
    samples = Samples()
    for length in (5, 5, 7):
        samples.add(np.ones((2, length)), np.ones(2), None)
    assert (samples.count, samples.inputs.shape, samples.targets.shape) == (6, (4, 5), (6,))


def test_losses_come_back_from_running_means():
    true, sizes = [3.0, 1.0, 2.0, float("inf"), 1.0], [32, 32, 8, 32, 32]
    losses, total, count, found = Losses(), 0.0, 0, []
    for number, (loss, size) in enumerate(zip(true, sizes, strict=True)):
        total, count = total + loss * size, count + size
        found.append(losses.next(total / count, size, first=number == 0))
    assert found[:3] == pytest.approx(true[:3])
    assert found[3:] == [float("inf"), None]
    assert losses.next(2.0, 32, first=True) == 2.0


def test_what_was_not_measured_has_no_weight_in_a_merged_row():
    rows = rows_of(np.arange(1, 3), np.array([[4.0], [0.0]], np.float32), np.array([[True], [False]]))
    merged = merge_pairs(rows)
    assert merged["mean"][0, 0] == 4.0
    assert merged["nonfinite"][0, 0] == 0


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_on_another_backend(backend, tmp_path):
    pytest.importorskip(backend)
    script = tmp_path / "script.py"
    script.write_text(OTHER_BACKEND, encoding="utf-8")
    source = str(Path(tw.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, str(script), backend, source], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert result == {"equal": True, "history": True, "looks": 4, "backend": backend, "layers": ["hidden", "output"]}


OTHER_BACKEND = """
import json, os, sys
os.environ["KERAS_BACKEND"] = sys.argv[1]
import keras
import numpy as np
sys.path.insert(0, sys.argv[2])
import trainwell as tw

random = np.random.default_rng(0)
x, y = random.normal(size=(64, 5)).astype("float32"), random.integers(0, 3, 64)

def fitted(callbacks):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, activation="relu", kernel_regularizer="l2", name="hidden"),
              keras.layers.Dropout(0.2), keras.layers.Dense(3, activation="softmax", name="output")]
    model = keras.Sequential([keras.Input((5,)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=callbacks)
    kept = [np.array(keras.ops.convert_to_numpy(v.value)) for v in [*model.variables, *model.optimizer.variables]]
    return kept, history.history

monitor = tw.Monitor(quiet=True)
plain, seen = fitted([]), fitted([monitor])
print(json.dumps({
    "equal": all(np.array_equal(a, b) for a, b in zip(plain[0], seen[0], strict=True)),
    "history": plain[1] == seen[1],
    "looks": len(monitor.run.recording.layer_rows),
    "backend": keras.backend.backend(),
    "layers": [layer.name for layer in monitor.run.recording.layers],
}))
"""


def test_the_look_repeats_a_recurrent_layers_random_state():
    monitor = watched()
    fitted(compiled(lstm), [monitor], shuffle=False)
    rows = monitor.run.recording
    looked = rows.run("loss").mean
    between = watched(every=100)
    fitted(compiled(lstm), [between], shuffle=False)
    np.testing.assert_allclose(looked, between.run.recording.run("loss").mean, rtol=1e-4)
