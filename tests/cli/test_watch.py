"""`trainwell watch`: what it says, its exit codes, and whose options are whose."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

SCRIPT = """
import sys
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.random.set_seed(0)
print("given", sys.argv[1:])
x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
y = (x.sum(axis=1) > 0).astype("int64")
model = tf.keras.Sequential([tf.keras.Input((4,)), layers.Dense(4), layers.Dense(2, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.summary()
"""


@pytest.fixture
def lesson(tmp_path):
    def write(more, name="lesson.py", begin=SCRIPT):
        path = tmp_path / name
        path.write_text(begin + more, encoding="utf-8")
        return name

    return write


def test_a_fit_is_shown_and_kept(trainwell, lesson, tmp_path):
    said = trainwell("watch", "--lang", "zh", lesson("model.fit(x, y, epochs=2)\n"), "--epochs", "7", "-q")
    assert said.code == 0, said.err
    assert "given ['--epochs', '7', '-q']" in said.out  # behind the script everything is the script's
    assert re.search(r"dense\S* \(Dense\).*20", said.out)
    assert "第 2/2 轮" in said.out
    assert "runs/lesson-1/report.html" in said.out
    page = (tmp_path / "runs" / "lesson-1" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh' in page
    assert len(page) > 50_000


def test_quiet_and_json_leave_the_last_line_to_programs(trainwell, lesson):
    name = lesson("model.fit(x, y, verbose=0)\nmodel.fit(x, y, epochs=2)\nsys.exit(5)\n")
    said = trainwell("watch", "--json", "--out", "kept", name)
    assert said.code == 5
    result = json.loads(said.out)  # standard output is nothing but the result
    assert (result["script"], result["exit_code"]) == (name, 5)
    assert [run["epochs"] for run in result["runs"]] == [1, 2]
    assert [Path(run["folder"]).name for run in result["runs"]] == ["lesson-1", "lesson-2"]
    assert "given []" in said.err
    said = trainwell("watch", "--quiet", "--out", "kept", lesson("model.fit(x, y)\n"))
    assert said.code == 0
    assert said.out.strip().splitlines()[-1] == str(Path("kept", "lesson-3"))
    assert "Epoch" not in said.out


@pytest.mark.parametrize(("lang", "words"), [("en", "trained nothing"), ("zh", "没有训练")])
def test_a_script_that_does_not_fit_says_so(trainwell, lesson, tmp_path, lang, words):
    said = trainwell("watch", "--lang", lang, lesson(""))
    assert said.code == 0
    assert words in said.out
    assert not (tmp_path / "runs").exists()


def test_an_error_of_the_script_is_shown_as_python_shows_it(trainwell, lesson):
    said = trainwell("watch", lesson("def deep():\n    raise KeyError('mine')\ndeep()\n"))
    assert said.code == 1
    assert said.err.startswith("Traceback (most recent call last):\n")
    assert said.err.count("File ") == 2
    assert said.err.strip().endswith("KeyError: 'mine'")


def test_a_fit_left_to_keras_is_a_warning_with_the_reason(trainwell, lesson):
    said = trainwell("watch", lesson("model.jit_compile = False\nmodel.fit(x[:4], y[:4], verbose=0)\n"))
    assert said.code == 0
    assert said.err.startswith("warning: lesson.py, line 15: this fit is left to Keras and not recorded")
    assert "trained nothing" not in said.out


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("nowhere.py", None, "nowhere.py"),
        ("wrong.py", "def (:\n", "line 1"),
        ("wrong.csv", "a;b\n1;2 3\n", "line 2"),
        ("needs.py", "import tensorflow as tf\ntf.constant(1)\n", "keras.ops.convert_to_tensor"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_mistakes_are_one_line(trainwell, tmp_path, name, content, named, lang):
    if content is not None:
        (tmp_path / name).write_text(content)
    said = trainwell("watch", "--lang", lang, name)
    assert said.code == 2
    assert len(said.err.strip().splitlines()) == 1
    assert said.err.startswith({"en": "error: ", "zh": "错误："}[lang])
    assert name in said.err
    if lang == "en" or not named.startswith("line"):
        assert named in said.err


# The Keras calls of a well-known introduction to deep networks, one script each; their parameter counts by hand:
# a 3 x 3 convolution has 9 · channels in · filters + filters, a dense layer inputs · units + units, a simple recurrent
# layer (inputs + units) · units + units. 64 → 62 → 31 → 29 → 14 pixels a side, so Flatten gives 14 · 14 · 64 = 12,544.
CNN = (9 * 3 * 32 + 32) + (9 * 32 * 64 + 64) + (12_544 * 128 + 128) + (128 * 10 + 10)
RNN = ((10 + 64) * 64 + 64) + (64 * 10 + 10)
LISTINGS = {
    "convolutions": ("", "", CNN),
    "he_normal": (", kernel_initializer='he_normal'", "", CNN),
    "l2": (", kernel_regularizer=regularizers.l2(0.01)", "", CNN),
    "dropout": ("", "layers.Dropout(0.5),", CNN),
}


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")  # Keras would rather have an Input
@pytest.mark.parametrize("name", LISTINGS)
def test_the_calls_of_an_introduction_print_their_summary(trainwell, lesson, name):
    option, layer, parameters = LISTINGS[name]
    script = f"""
import tensorflow as tf
from tensorflow.keras import layers, optimizers, regularizers
net = tf.keras.Sequential([
    layers.Conv2D(32, (3, 3), activation='relu'{option}, input_shape=(64, 64, 3)),
    layers.MaxPooling2D((2, 2)),
    layers.Conv2D(64, (3, 3), activation='relu'{option}),
    layers.MaxPooling2D((2, 2)),
    layers.Flatten(),
    layers.Dense(128, activation='relu'{option}),
    {layer}
    layers.Dense(10, activation='softmax'),
])
net.compile(optimizer=optimizers.Adam(clipvalue=1.0), loss='sparse_categorical_crossentropy', metrics=['accuracy'])
net.summary()
"""
    said = trainwell("watch", lesson(script, begin=""))
    assert said.code == 0, said.err
    assert f"Total params: {parameters:,}" in said.out


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")
def test_the_calls_of_an_introduction_for_a_recurrent_network(trainwell, lesson):
    script = """
import tensorflow as tf
from tensorflow.keras import layers
net = tf.keras.Sequential([layers.SimpleRNN(64, input_shape=(100, 10)), layers.Dense(10, activation='softmax')])
net.summary()
"""
    assert f"Total params: {RNN:,}" in trainwell("watch", lesson(script, begin="")).out


INTRODUCTION = Path(__file__).parents[3] / "shared" / "introduction.zh.txt"


def printed_listings():
    """The listings of the introduction as printed there: lines that begin with "- " after a line with 代码示例."""
    listings, open_now = [], False
    for line in INTRODUCTION.read_text(encoding="utf-8").splitlines():
        if line.startswith("代码示例"):
            listings.append([])
            open_now = True
        elif open_now and line.startswith("- "):
            listings[-1].append(line[2:])
        else:
            open_now = False
    return ["\n".join(lines) + "\n" for lines in listings]


@pytest.mark.slow
@pytest.mark.skipif(not INTRODUCTION.is_file(), reason="the text of the introduction is not here")
def test_the_introduction_runs_exactly_as_printed(tmp_path):
    listings = printed_listings()
    assert len(listings) == 7

    def run(number):
        script = tmp_path / f"listing{number}.py"
        script.write_text(listings[number], encoding="utf-8")
        command = [sys.executable, "-m", "trainwell", "watch", str(script)]
        environment = {**os.environ, "TRAINWELL_LANG": "zh", "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8")

    with ThreadPoolExecutor(2) as two:
        ended = list(two.map(run, range(7)))
    for result, parameters in zip(ended, [CNN, RNN, CNN, CNN, CNN, CNN, CNN], strict=True):
        assert result.returncode == 0, result.stderr
        assert f"Total params: {parameters:,}" in result.stdout
        assert "没有训练" in result.stdout


@pytest.mark.slow
def test_ctrl_c_ends_the_script_and_keeps_the_run(tmp_path, lesson):
    name = lesson("print('begins', flush=True)\nmodel.fit(x, y, epochs=10**6, verbose=0)\nprint('goes on')\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "trainwell", "watch", name],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TRAINWELL_LANG": "en"},
    )
    history = tmp_path / "runs" / "lesson-1" / "history.csv"
    for _ in range(600):
        if history.exists() and history.read_text().count("\n") > 3:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "goes on" not in out
    assert "Traceback" not in err
    assert json.loads((history.parent / "result.json").read_text())["stopped"] == "interrupted"
