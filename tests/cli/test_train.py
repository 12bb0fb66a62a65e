"""`trainwell train`: what it leaves behind, what it says, and that nothing is lost."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from trainwell.signals import Recording

QUICK = ("--epochs", 2, "--hidden", "16")


def test_a_run_is_a_folder_and_the_last_line_is_its_result(trainwell, tmp_path):
    said = trainwell("train", "iris", *QUICK, "--seed", 3, "--out", "run", "--json")
    assert said.code == 0, said.err
    run = tmp_path / "run"
    assert {path.name for path in run.iterdir()} == {
        *("blueprint.json", "recording", "findings.json", "facts.json"),
        *("history.csv", "model.keras", "report.html", "result.json", "learned.npz"),
    }
    result = said.json
    assert result == json.loads((run / "result.json").read_text(encoding="utf-8"))
    assert {"task", "network", "parameters", "epochs", "seed", "train", "validation", "test", "findings"} <= set(result)
    assert (result["task"], result["network"], result["epochs"], result["seed"]) == ("multiclass", "mlp", 2, 3)
    assert result["parameters"] == 4 * 16 + 16 + 16 * 3 + 3
    assert set(result["test"]) == {"accuracy", "balanced_accuracy", "loss"}
    rows = list(csv.DictReader((run / "history.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    recording = Recording.open(run)
    assert recording.last_step == result["steps"]
    assert len(recording.layer("gradient_norm", "dense_1")) > 0


def test_the_same_command_twice_gives_the_same_weights_and_another_seed_others(trainwell):
    from trainwell.workflows import open_run

    weights = {}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert trainwell("train", "digits", *QUICK, "--network", "mlp", "--seed", seed, "--out", name).code == 0
        weights[name] = open_run(name).model.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(weights["a"], weights["b"], strict=True))
    assert not np.array_equal(weights["a"][0], weights["c"][0])


def test_the_terminal_says_in_both_languages_what_came_out(trainwell):
    english = trainwell("train", "breast_cancer", *QUICK, "--activation", "tanh")
    assert "goes with tanh (Glorot" in english.out
    assert "never saw" in english.out
    assert "runs/breast_cancer-mlp-1/report.html" in english.out
    chinese = trainwell("train", "breast_cancer", *QUICK, "--lang", "zh")
    assert "从未见过" in chinese.out
    assert "runs/breast_cancer-mlp-2" in chinese.out  # the first run was not overwritten
    assert '<html lang="zh' in Path("runs/breast_cancer-mlp-2/report.html").read_text(encoding="utf-8")


def test_regression_answers_in_the_unit_of_the_target(trainwell):
    said = trainwell("train", "diabetes", "--epochs", 20, "--json", "--out", "run")
    assert said.code == 0, said.err
    test = said.json["test"]
    assert set(test) == {"loss", "mae", "rmse", "r2"}
    assert 30 < test["mae"] < 65  # the targets lie in 25..346; always guessing the mean errs by about 66
    assert test["mae"] < said.json["baseline"]["mae"]


def test_techniques_by_name_reach_the_network(trainwell):
    said = trainwell(
        *("train", "digits", "--network", "cnn", "--filters", "4", "--dense", "8", "--epochs", 1, "--out", "run"),
        *("--activation", "leaky_relu", "--initializer", "he_uniform", "--clip-norm", 1.0, "--optimizer", "momentum"),
        *(
            "--l2",
            "1e-4",
            "--dropout",
            "0.5",
            "--schedule",
            "cosine",
            "--warmup",
            5,
            "--normalization",
            "batch_normalization",
        ),
    )
    assert said.code == 0, said.err
    config = Path("run/blueprint.json").read_text(encoding="utf-8")
    for expected in ("LeakyReLU", "HeUniform", '"clipnorm": 1.0', "CosineDecay", "Dropout", "BatchNormalization", "L2"):
        assert expected in config, expected


def test_strict_ends_with_1_on_a_problem_of_severity_error(trainwell):
    deep = ("train", "digits", "--network", "mlp", "--hidden", "16x20", "--activation", "sigmoid", "--epochs", 2)
    said = trainwell(*deep, "--strict", "--json")
    assert said.code == 1
    cause, symptom = said.json["findings"][:2]  # twenty sigmoid layers, and what follows from them
    assert cause["problem"] == "wrong_activation"
    assert (symptom["problem"], symptom["severity"]) == ("vanishing_gradient", "error")
    assert symptom["follows_from"] == "wrong_activation"
    assert symptom["layers"][0] == "dense_1"


def test_interrupted_and_resumed_equals_uninterrupted(trainwell, tmp_path):
    from trainwell.workflows import open_run

    command = ("train", "digits", "--network", "mlp", "--hidden", "32", "--epochs", "400", "--early-stopping", "0")
    process = subprocess.Popen(
        [sys.executable, "-m", "trainwell", *command, "--out", "run"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "run/history.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert "kept" in output
    assert (tmp_path / "run/model.keras").exists()
    assert (tmp_path / "run/checkpoint.npz").exists()
    assert json.loads((tmp_path / "run/result.json").read_text())["stopped"] == "interrupted"
    other = trainwell(*command[:-3], "401", "--early-stopping", "0", "--out", "run", "--resume")
    assert other.code == 2
    assert "fit.epochs" in other.err
    assert trainwell(*command, "--out", "run", "--resume").code == 0
    assert trainwell(*command, "--out", "whole").code == 0
    resumed, whole = open_run("run"), open_run("whole")
    assert resumed.facts.training.steps == whole.facts.training.steps
    assert all(
        np.array_equal(a, b) for a, b in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True)
    )
    assert not (tmp_path / "run/checkpoint.npz").exists()


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="needs root to mount a small disk")
@pytest.mark.parametrize(("options", "message"), [("size=1m", "is full"), ("ro", "cannot write to")])
def test_a_full_or_read_only_disk_is_one_line_and_leaves_nothing(trainwell, tmp_path, options, message):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=False).returncode:
        pytest.skip("no right to mount")
    try:
        said = trainwell("train", "iris", *QUICK, "--out", disk / "runs" / "run")
        assert said.code == 2
        assert message in said.err
        assert len(said.err.strip().splitlines()) == 1
        assert not list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)
