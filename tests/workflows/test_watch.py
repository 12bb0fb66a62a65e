"""`watch`: somebody's script runs as under Python, and its fits are recorded without changing what they learn."""

from __future__ import annotations

import importlib
import json
import runpy
import sys
import textwrap
import traceback

import numpy as np
import pytest

from trainwell.backend import load_keras
from trainwell.errors import FolderError, InputError, TrainwellError
from trainwell.signals import Recording
from trainwell.workflows.watch import MOST_RUNS, watch

keras = load_keras()
RUN_FILES = importlib.import_module("trainwell.workflows.run_files")

BEGIN = """
import sys
import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(3)
random = np.random.default_rng(0)
x = random.normal(size=(70, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 0).astype("int64")


def network(*more, **settings):
    model = keras.Sequential([keras.Input((6,)), *more, layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **settings)
    return model


model = network()
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """script("model.fit(x, y)") -> the path of a script with a small model, in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def write(code, begin=BEGIN, name="mine.py"):
        path = tmp_path / name
        path.write_text(begin + textwrap.dedent(code), encoding="utf-8")
        return path

    return write


@pytest.fixture(autouse=True)
def short_report(monkeypatch):
    """The pictures of a report take longer than these trainings; tests/report and tests/cli have the real one."""

    def write(facts, recording, language, path, learned):
        path.write_text(f'<html lang="{language}">{facts.network.name}')

    monkeypatch.setattr(RUN_FILES, "write_html", write)


class Heard:
    """Who is told."""

    def __init__(self):
        self.verbose, self.runs, self.reasons = [], [], []

    def progress(self, verbose):
        self.verbose.append(verbose)

    def recorded(self, run):
        self.runs.append(run)

    def not_recorded(self, reason):
        self.reasons.append(reason)


SAVE = "\nnp.savez(sys.argv[1], *model.get_weights(), *[v.numpy() for v in model.optimizer.variables])\n"


def run_plainly(path, *arguments):
    sys.argv, before = [str(path), *arguments], sys.argv
    try:
        runpy.run_path(str(path), run_name="__main__")
    finally:
        sys.argv = before


def same_as_plain(path, tmp_path):
    """Weights and optimizer of the script under Python and under watch."""
    run_plainly(path, str(tmp_path / "plain.npz"))
    ended = watch(path, [str(tmp_path / "watched.npz")])
    if ended.error:
        raise ended.error
    with np.load(tmp_path / "plain.npz") as plain, np.load(tmp_path / "watched.npz") as watched:
        assert len(plain.files) > 4
        for name in plain.files:
            np.testing.assert_allclose(watched[name], plain[name], rtol=2e-4, atol=2e-6, err_msg=name)
    return ended


@pytest.mark.parametrize(
    "fit",
    [
        "model.fit(x, y, epochs=2, shuffle=False, validation_split=0.25, class_weight={0: 1.0, 1: 3.0}, verbose=0)",
        "model.fit(x, y, 50, 2, shuffle=False, sample_weight=np.linspace(0, 1, 70), verbose=0)",
        "model.fit(x, y, batch_size=500, epochs=2, shuffle=False, validation_data=(x[:9], y[:9]), verbose=0)",
        "for _ in range(2): model.fit(x, y, batch_size=35, epochs=2, shuffle=False, verbose=0)",
    ],
)
def test_what_is_learned_is_what_plain_keras_learns(script, tmp_path, fit):
    dropout = "model = network(layers.Dense(8, activation='relu'), layers.Dropout(0.3))\n"
    ended = same_as_plain(script(dropout + fit + SAVE), tmp_path)
    assert not ended.not_recorded
    assert [run.folder.name for run in ended.runs] == ["mine-1", "mine-2"][: 2 if "for" in fit else 1]


SOURCES = """
def batches():
    while True:
        for first in range(0, 60, 20):
            yield x[first : first + 20], y[first : first + 20]


class Chunks(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return x[20 * index : 20 * index + 20], y[20 * index : 20 * index + 20]


"""


@pytest.mark.parametrize(
    "fit",
    [
        "model.fit(batches(), steps_per_epoch=3, epochs=2, shuffle=False, verbose=0)",
        "model.fit(Chunks(), epochs=2, shuffle=False, validation_data=Chunks(), verbose=0)",
        "model.fit(x, y, epochs=4, initial_epoch=2, shuffle=False, verbose=0)",
        "model.fit(x, y, epochs=3, shuffle=False, validation_split=0.2, validation_freq=2, verbose=0)",
    ],
)
def test_sources_of_batches_and_rarer_arguments_train_as_under_keras(script, tmp_path, fit):
    same_as_plain(script(SOURCES + fit + SAVE), tmp_path)


@pytest.mark.parametrize(
    ("loss", "outputs", "task"),
    [
        ("binary_crossentropy", 1, "binary"),
        ("sparse_categorical_crossentropy", 3, "multiclass"),
        ("mse", 1, "regression"),
    ],
)
def test_what_a_source_does_not_say_is_read_off_the_training(script, monkeypatch, loss, outputs, task):
    """Arrays that are not recognised as such stand for a source here: how many samples there were is counted."""
    monkeypatch.setattr("trainwell.workflows.watching.fit_data.len_of", lambda x: None)
    code = f"""
    mine = keras.Sequential([layers.Dense({outputs}, activation="sigmoid")])
    mine.compile("adam", "{loss}")
    mine.fit(x, y, epochs=2, validation_data=(x[:20], y[:20]), verbose=0)
    """
    ended = watch(script(code))
    assert ended.error is None
    facts = ended.runs[0].facts.data
    assert (facts.task, facts.input_shape, facts.samples) == (task, (6,), {"train": 70, "validation": 20, "test": 0})
    assert len(facts.class_names) == {"binary": 2, "multiclass": 3, "regression": 0}[task]


def test_the_history_and_the_callbacks_are_those_of_keras(script, tmp_path):
    code = """
    import json, pathlib
    seen = []
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append([epoch, sorted(logs)]))
    slower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = model.fit(x, y, epochs=3, validation_split=0.2, shuffle=False, callbacks=[keep, slower], verbose=2)
    assert isinstance(history, keras.callbacks.History)
    assert history is model.history and history.model is model
    pathlib.Path(sys.argv[1]).write_text(json.dumps([history.epoch, history.history, seen]))
    """
    path = script(code)
    run_plainly(path, "plain.json")
    ended = watch(path, ["watched.json"])
    assert ended.error is None
    plain, watched = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("plain", "watched"))
    assert watched[0] == plain[0] == [0, 1, 2]
    assert watched[1].keys() == plain[1].keys()
    assert watched[2] == plain[2]
    for name, values in plain[1].items():
        np.testing.assert_allclose(watched[1][name], values, rtol=1e-3)


def test_a_run_says_where_it_came_from_and_holds_everything(script, tmp_path):
    heard = Heard()
    path = script("def train(**options):\n    return model.fit(x, y, **options)\ntrain(epochs=2)\ntrain(verbose=0)\n")
    ended = watch(path, ["--deep", "a b"], out="kept", every=2, audience=heard, language="zh")
    assert (ended.exit_code, ended.error) == (0, None)
    assert heard.verbose == [1, 0]
    assert [run.folder for run in heard.runs] == [run.folder for run in ended.runs]
    run = ended.runs[0]
    assert {file.name for file in (tmp_path / "kept" / "mine-1").iterdir()} == {
        *("blueprint.json", "recording", "findings.json", "facts.json", "history.csv", "model.keras"),
        *("report.html", "result.json"),
    }
    line = 1 + path.read_text(encoding="utf-8").splitlines().index("    return model.fit(x, y, **options)")
    assert run.facts.data.source == f"mine.py:{line}"
    assert run.facts.data.class_names == ("0", "1")
    assert run.facts.origin.command.endswith("mine.py --deep 'a b'")
    assert (run.facts.training.epochs_done, run.facts.training.steps) == (2, 6)
    assert Recording.open(run.folder).last_step == 6
    assert '<html lang="zh' in (run.folder / "report.html").read_text(encoding="utf-8")
    assert run.model.predict(np.zeros((1, 6)), verbose=0).shape == (1, 2)  # read back from the folder


def test_the_script_sees_what_it_sees_under_python(script, tmp_path):
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "neighbour.py").write_text("value = 7\n")
    code = """
    import os, sys, neighbour
    assert __name__ == "__main__" and sys.modules["__main__"].__dict__ is globals()
    assert os.path.isabs(__file__) and os.path.basename(sys.argv[0]) == "mine.py" and sys.argv[1:] == ["--x", "1"]
    assert sys.path[0] == os.path.dirname(__file__)
    sys.path.append("left behind")
    sys.exit(neighbour.value)
    """
    path = script(code, begin="", name="beside/mine.py")
    before = list(sys.argv), list(sys.path), keras.Model.fit, sys.modules["__main__"], list(sys.meta_path)
    ended = watch(path, ["--x", "1"])
    assert ended.error is None
    assert (ended.exit_code, ended.runs, ended.not_recorded) == (7, (), ())
    assert before == (sys.argv, sys.path, keras.Model.fit, sys.modules["__main__"], sys.meta_path)
    assert not [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]


@pytest.mark.parametrize(("leave", "code"), [("sys.exit()", 0), ("sys.exit(4)", 4), ("sys.exit('so long')", 1)])
def test_leaving_early_keeps_what_was_recorded(script, capsys, leave, code):
    ended = watch(script(f"model.fit(x, y, verbose=0)\n{leave}\nmodel.fit(x, y)\n"))
    assert (ended.exit_code, ended.error, len(ended.runs)) == (code, None, 1)
    assert ("so long" in capsys.readouterr().err) == (code == 1)


def test_an_exception_of_the_script_is_shown_from_the_script_on(script):
    ended = watch(script("model.fit(x, y, verbose=0)\ndef deep():\n    return 1 / 0\ndeep()\n"))
    assert (ended.exit_code, len(ended.runs)) == (1, 1)
    frames = traceback.extract_tb(ended.error.__traceback__)
    assert [frame.name for frame in frames] == ["<module>", "deep"]
    assert frames[-1].line == "return 1 / 0"


def test_an_exception_in_a_callback_ends_the_fit_and_leaves_no_folder(script, tmp_path):
    code = """
    def stumble(epoch, logs):
        raise RuntimeError("mine")
    model.fit(x, y, verbose=0, callbacks=keras.callbacks.LambdaCallback(on_epoch_end=stumble))
    """
    ended = watch(script(code))
    assert "mine" in str(ended.error)
    assert not list((tmp_path / "runs").iterdir())


def test_keras_says_in_its_own_words_what_is_wrong_with_a_fit(script):
    ended = watch(script("model.fit(x, y, epoch=3)"))
    assert isinstance(ended.error, TypeError)
    assert "epoch" in str(ended.error)
    ended = watch(script("keras.Sequential([layers.Dense(1)]).fit(x, y)"))
    assert "compile" in str(ended.error)


OWN_STEP = """
class Own(keras.Sequential):
    def train_step(self, state, data):
        return super().train_step(state, data)
model = Own([keras.Input((6,)), layers.Dense(2)])
model.compile("sgd", "mse")
model.fit(x, np.zeros((70, 2)), verbose=0)
"""
INSIDE = """
def again(epoch, logs):
    other.fit(x, y, verbose=0)
other = network()
model.fit(x, y, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=again)])
"""


@pytest.mark.parametrize(
    ("code", "reason", "recorded"),
    [
        (OWN_STEP, "Own defines its own training step", 0),
        ("network(run_eagerly=True).fit(x[:4], y[:4], verbose=0)", "run_eagerly", 0),
        ("network(jit_compile=False).fit(x, y, verbose=0)", "jit_compile=False", 0),
        (INSIDE, "inside another fit", 1),
        (
            "model.fit(x, y, verbose=0, callbacks=[keras.callbacks.BackupAndRestore('backup')])",
            "BackupAndRestore",
            0,
        ),
        ("model.fit(x, y, verbose=0, epochs=0)", "no epoch", 0),
    ],
)
def test_what_the_engine_cannot_do_is_left_to_keras_and_said(script, code, reason, recorded):
    heard = Heard()
    ended = watch(script(code), audience=heard)
    assert ended.error is None
    assert len(ended.runs) == recorded
    assert len(heard.reasons) == 1
    assert reason in heard.reasons[0].en
    assert "line " in heard.reasons[0].en
    assert "行：这次 fit 由 Keras 执行" in heard.reasons[0].zh


def test_a_script_that_fits_in_a_loop_does_not_drown_in_reports(script, monkeypatch):
    monkeypatch.setattr("trainwell.workflows.watch.MOST_RUNS", 2)
    ended = watch(script("for _ in range(5): model.fit(x, y, verbose=0)\nassert model.optimizer.iterations == 15\n"))
    assert ended.error is None
    assert len(ended.runs) == 2
    assert len(ended.not_recorded) == 1
    assert MOST_RUNS == 20


def test_early_stopping_of_the_script_is_known_to_the_report(script):
    code = """
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True)
    model.optimizer.learning_rate = 0.5
    history = model.fit(x, y, epochs=60, validation_split=0.3, callbacks=[stop], verbose=0)
    assert len(history.epoch) < 60
    """
    ended = watch(script(code))
    assert ended.error is None
    training = ended.runs[0].facts.training
    assert training.stopped == "early_stopping"
    assert training.kept_epoch is not None


def test_a_report_that_fails_does_not_cost_the_script_its_training(script, tmp_path, monkeypatch):
    def fail(*arguments):
        raise ZeroDivisionError("a picture")

    monkeypatch.setattr(RUN_FILES, "write_html", fail)
    ended = watch(script("assert model.fit(x, y, verbose=0).epoch == [0]\nsys.exit(9)\n"))
    assert (ended.exit_code, ended.runs, ended.error) == (9, (), None)
    assert "ZeroDivisionError: a picture" in ended.not_recorded[0].en
    assert "mine-1" in ended.not_recorded[0].zh
    assert (tmp_path / "runs" / "mine-1" / "model.keras").exists()


def test_ctrl_c_keeps_what_was_learned_and_ends_the_script(script):
    code = """
    import os, signal
    press = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: os.kill(os.getpid(), signal.SIGINT))
    model.fit(x, y, epochs=500, callbacks=[press], verbose=0)
    raise RuntimeError("not reached")
    """
    ended = watch(script(code))
    assert isinstance(ended.error, KeyboardInterrupt)
    assert ended.exit_code == 130
    assert ended.runs[0].facts.training.stopped == "interrupted"
    assert ended.runs[0].facts.training.epochs_done == 1


def test_the_seed_of_the_script_fixes_the_order_of_the_samples(script, tmp_path):
    path = script("model.fit(x, y, batch_size=7, epochs=2, verbose=0)" + SAVE)
    for name in ("one", "two"):
        assert watch(path, [f"{name}.npz"]).error is None
    with np.load("one.npz") as one, np.load("two.npz") as two:
        assert all(np.array_equal(one[name], two[name]) for name in one.files)


OTHER_DATA = {
    "two inputs and two outputs": """
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    both = layers.Concatenate()([a, b])
    two = keras.Model([a, b], [layers.Dense(1, name="p")(both), layers.Dense(2, name="q")(both)])
    two.compile("adam", loss=["mse", "mse"])
    two.fit([x, x], [y, np.zeros((70, 2))], epochs=2, validation_split=0.2, verbose=0)
    """,
    "a subclass that builds itself": """
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
        def call(self, inputs):
            return self.dense(inputs)
    mine = Mine()
    mine.compile("adam", "mse")
    mine.fit(x, y, epochs=2, verbose=0)
    """,
    "a table of float64 and targets of one column": """
    mine = keras.Sequential([layers.Dense(1)])
    mine.compile("adam", "mse")
    mine.fit(x.astype("float64"), x[:, :1].astype("float64"), epochs=2, verbose=0)
    """,
    "a layer that cannot be saved": """
    class Odd(layers.Layer):
        def __init__(self, function):
            super().__init__()
            self.function = function
        def call(self, inputs):
            return self.function(inputs)
    mine = keras.Sequential([layers.Dense(1), Odd(lambda value: 2 * value)])
    mine.compile("adam", "mse")
    mine.fit(x, y, verbose=0)
    """,
}


@pytest.mark.parametrize("code", OTHER_DATA.values(), ids=OTHER_DATA.keys())
def test_other_models_and_data(script, code):
    ended = watch(script(code))
    assert ended.error is None
    assert ended.not_recorded == ()
    assert (ended.runs[0].folder / "report.html").exists()


@pytest.mark.parametrize(
    ("name", "content", "error", "named"),
    [
        ("nowhere.py", None, FolderError, "nowhere.py"),
        ("wrong.py", b"x = 1\nx = (\n", InputError, "line 2"),
        ("picture.py", b"\x89PNG\x00\xff", InputError, "not Python"),
        ("nulls.py", b"x = 1\x00", InputError, "not Python"),
        ("latin.py", "x = 'é'".encode("latin-1"), InputError, "not Python"),
        ("lesson.ipynb", b"{}", InputError, "nbconvert"),
    ],
)
def test_what_is_no_script_is_refused_before_anything_runs(tmp_path, name, content, error, named):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=named) as refused:
        watch(tmp_path / name)
    assert name in refused.value.text("zh")


def test_a_folder_that_cannot_be_written_is_said_and_ends_the_script(script, tmp_path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(TrainwellError, match="runs"):
        watch(script("model.fit(x, y, verbose=0)"))
