"""Every kind of data in one command each: train, look at what came out, ask again in a fresh process."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest

RNG = np.random.default_rng(0)


def texts(folder):
    good, bad = (["good", "fine", "lovely", "great"], ["bad", "awful", "poor", "dull"])
    rows = ["label,review"]
    for number in range(80):
        words = [str(RNG.choice(bad if number % 2 else good)) for _ in range(5)]
        rows.append(f"{'no' if number % 2 else 'yes'},the film number {number} is {' '.join(words)}")
    (folder / "reviews.csv").write_text("\n".join(rows), encoding="utf-8")
    return ["reviews.csv", "--network", "gru", "--units", 8, "--embedding", 8], "a great and lovely film, fine and good"


def table(folder):
    rows = ["age,city,income,buys"]
    for number in range(120):
        age, city = 20 + number % 50, ("Rome", "Oslo", "Lima")[number % 3]
        rows.append(
            f"{age if number % 7 else ''},{city},{RNG.normal(1000, 100):.1f},{'yes' if city == 'Rome' else 'no'}"
        )
    (folder / "people.csv").write_text("\n".join(rows), encoding="utf-8")
    new = folder / "new.csv"
    new.write_text("age,city,income\n33,Rome,990\n,Paris,1010\n", encoding="utf-8")
    return ["people.csv", "--hidden", "16"], new


def sound(folder):
    import soundfile

    for name, pitch in (("high", 1500), ("low", 300)):
        (folder / "tones" / name).mkdir(parents=True)
        for number in range(12):
            time = np.arange(int(8000 * (0.15 + 0.01 * number))) / 8000
            wave = 0.4 * np.sin(2 * np.pi * (pitch + 10 * number) * time) + RNG.normal(0, 0.01, len(time))
            soundfile.write(folder / "tones" / name / f"{number}.wav", wave, 8000)
    return ["tones", "--network", "cnn", "--filters", "4", "--dense", 4], folder / "tones" / "high" / "3.wav"


def series(folder):
    days = np.datetime64("2020-01-01") + np.arange(400)
    values = 10 + 5 * np.sin(np.arange(400) * 2 * np.pi / 7) + RNG.normal(0, 0.2, 400)
    lines = ["day,sold", *(f"{day},{value:.3f}" for day, value in zip(days, values, strict=True))]
    (folder / "sales.csv").write_text("\n".join(lines), encoding="utf-8")
    return ["sales.csv", "--time", "day", "--window", 14, "--network", "lstm", "--units", 8], folder / "sales.csv"


CASES = {"text": texts, "table": table, "audio": sound, "series": series}


@pytest.mark.parametrize("kind", CASES)
def test_one_command_and_the_answers_stay_the_same_in_a_fresh_process(kind, trainwell, tmp_path):
    given, new = CASES[kind](tmp_path)
    said = trainwell("train", *given, "--epochs", 3, "--out", "run", "--json")
    assert said.code == 0, said.err
    assert said.json["test"]
    assert (tmp_path / "run" / "input.json").is_file()
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "What the network has learned" in page
    assert "could not be made" not in page
    here = trainwell("predict", "run", new, "--json")
    assert here.code == 0, here.err
    command = [sys.executable, "-m", "trainwell", "predict", "run", str(new), "--json", "--quiet"]
    fresh = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(fresh.stdout) == here.json
    again = trainwell("report", "run", "--lang", "zh", "--out", "zh.html")
    assert again.code == 0, again.err
    assert "网络学到了什么" in (tmp_path / "zh.html").read_text(encoding="utf-8")


def test_unknown_categories_at_prediction_are_said(trainwell, tmp_path):
    given, new = table(tmp_path)
    assert trainwell("train", *given, "--epochs", 1, "--out", "run", "--quiet").code == 0
    said = trainwell("predict", "run", new)
    assert said.code == 0
    assert "Paris" in said.err


def test_a_language_model_learns_to_write_and_the_seed_fixes_the_text(trainwell, tmp_path):
    (tmp_path / "song.txt").write_text("do re mi fa so la ti do\n" * 400, encoding="utf-8")
    given = ["song.txt", "--network", "gru", "--units", 32, "--embedding", 16, "--max-length", 32]
    said = trainwell(
        "train", *given, "--epochs", 8, "--batch-size", 8, "--learning-rate", 0.01, "--out", "run", "--json"
    )
    assert said.code == 0, said.err
    assert said.json["task"] == "language_model"
    assert said.json["test"]["loss"] < 0.5 < math.log(13)
    assert "What the network writes" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    asked = ("generate", "run", "--prompt", "do re ", "--length", 40)
    greedy = trainwell(*asked, "--temperature", 0)
    assert greedy.code == 0, greedy.err
    assert greedy.out.startswith("do re mi")
    assert set(greedy.out.split()[:-1]) <= {"do", "re", "mi", "fa", "so", "la", "ti"}
    first, second = trainwell(*asked, "--seed", 1).out, trainwell(*asked, "--seed", 1).out
    assert first == second
    assert trainwell(*asked, "--temperature", "-1").code == 2
    wrong = trainwell("predict", "run", "do re")
    assert wrong.code == 2
    assert "generate" in wrong.err


def test_generate_needs_a_language_model(trainwell, tmp_path):
    given, _ = table(tmp_path)
    assert trainwell("train", *given, "--epochs", 1, "--out", "run", "--quiet").code == 0
    said = trainwell("generate", "run", "--prompt", "hello")
    assert said.code == 2
    assert "language_model" in said.err
