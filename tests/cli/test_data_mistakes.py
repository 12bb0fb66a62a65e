"""What people get wrong with text, sound, series and tables: one line, exit code 2, nothing left behind."""

from __future__ import annotations

import re

import numpy as np
import pytest

RNG = np.random.default_rng(0)
WORDS = ["one", "two", "three", "four", "five", "six"]


def rows(*lines):
    return "\n".join(lines) + "\n"


def reviews(count=60, label="no,yes"):
    labels = label.split(",")
    return [f"{labels[i % 2]},this is review {i} with {WORDS[i % 6]} and {WORDS[i % 5]} words" for i in range(count)]


def undecodable(folder):
    data = rows("label,text", *reviews()).encode()
    (folder / "a.csv").write_bytes(data + b"yes,bad \xff\xfe\xff here\n")
    return ["a.csv", "--encoding", "utf-8"], [f"{len(data) + len(b'yes,bad '):,}"], ["byte"], ["字节"]


def ragged(folder):
    (folder / "a.csv").write_text(rows("a,b,c", "1,2,x", "3,4,y", "5,6,7,8", "1,2,x"), encoding="utf-8")
    return ["a.csv"], ["4", "3"], ["line"], ["行"]


def no_such_column(folder):
    (folder / "a.csv").write_text(rows("label,text", *reviews()), encoding="utf-8")
    return ["a.csv", "--target", "labl"], ["labl", "label"], ["unknown"], ["未知"]


def label_is_an_id(folder):
    lines = [f"key{i},{'good' if i % 2 else 'bad'} film number {i} with {WORDS[i % 6]} actors" for i in range(80)]
    (folder / "a.csv").write_text(rows("id_code,text", *lines), encoding="utf-8")
    return ["a.csv", "--target", "id_code", "--text", "text"], ["id_code"], [], []


def empty_document(folder):
    for name in ("good", "bad"):
        (folder / "t" / name).mkdir(parents=True)
        for i in range(12):
            (folder / "t" / name / f"{i}.txt").write_text(f"{name} text {WORDS[i % 6]}", encoding="utf-8")
    (folder / "t" / "bad" / "3.txt").write_text("  \n", encoding="utf-8")
    return ["t", "--strict"], [], ["empty"], ["空"]


def one_token(folder):
    (folder / "a.txt").write_text("a" * 5000, encoding="utf-8")
    return ["a.txt"], [], ["one and the same"], ["同一个"]


def silence(folder):
    import soundfile

    for name in ("yes", "no"):
        (folder / "s" / name).mkdir(parents=True)
        for i in range(6):
            soundfile.write(folder / "s" / name / f"{i}.wav", np.zeros(4000), 8000)
    return ["s"], [], ["silent"], ["静音"]


def not_sound(folder):
    for name in ("yes", "no"):
        (folder / "s" / name).mkdir(parents=True)
        for i in range(6):
            (folder / "s" / name / f"{i}.wav").write_text("this is no sound", encoding="utf-8")
    return ["s"], [".wav"], [], []


def cut_off(folder):
    import soundfile

    for name in ("yes", "no"):
        (folder / "s" / name).mkdir(parents=True)
        for i in range(6):
            soundfile.write(folder / "s" / name / f"{i}.wav", RNG.normal(0, 0.1, 4000), 8000)
    whole = (folder / "s" / "no" / "2.wav").read_bytes()
    (folder / "s" / "no" / "2.wav").write_bytes(whole[: len(whole) // 2])
    return ["s", "--strict"], ["2.wav"], [], []


def days(count, order=None):
    dates = [str(day) for day in np.datetime64("2021-01-01") + np.arange(count)]
    if order:
        dates[order[0]], dates[order[1]] = dates[order[1]], dates[order[0]]
    return [f"{date},{value:.2f}" for date, value in zip(dates, RNG.normal(10, 1, count), strict=True)]


def short_series(folder):
    (folder / "a.csv").write_text(rows("day,sold", *days(12)), encoding="utf-8")
    return ["a.csv", "--time", "day", "--window", 30], ["12", "30"], [], []


def time_goes_back(folder):
    (folder / "a.csv").write_text(rows("day,sold", *days(100, (40, 41))), encoding="utf-8")
    return ["a.csv", "--time", "day"], ["2021-02-10", "2021-02-11"], [], []


def constant_target(folder):
    lines = [f"{RNG.normal():.3f},{RNG.normal():.3f},7.5" for _ in range(50)]
    (folder / "a.csv").write_text(rows("a,b,price", *lines), encoding="utf-8")
    return ["a.csv", "--target", "price"], ["price"], [], []


def wrong_kind(folder):
    (folder / "a.csv").write_text(rows("label,text", *reviews()), encoding="utf-8")
    return ["a.csv", "--kind", "image"], ["'image'", "text", "a.csv"], ["leave kind out"], ["去掉"]


def wrong_task(folder):
    (folder / "a.txt").write_text(rows(*reviews(200)), encoding="utf-8")
    return ["a.txt", "--task", "binary"], ['"binary"', "language_model"], [], []


CASES = [
    *(undecodable, ragged, no_such_column, label_is_an_id, empty_document, one_token, silence, not_sound, cut_off),
    *(short_series, time_goes_back, constant_target, wrong_kind, wrong_task),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_one_line_and_exit_code_2_in_both_languages(case, trainwell, tmp_path):
    arguments, pieces, en, zh = case(tmp_path)
    for language, own in (("en", en), ("zh", zh)):
        said = trainwell("train", *arguments, "--quiet", "--lang", language)
        assert said.code == 2, (said.out, said.err)
        lines = said.err.strip().splitlines()
        errors = [line for line in lines if line.startswith(("error", "错误"))]
        assert len(errors) == 1, said.err
        assert "Traceback" not in said.err
        for piece in (*pieces, *own):
            assert piece in errors[0]
        assert bool(re.search(r"[\u4e00-\u9fff]", errors[0])) == (language == "zh")
    assert not (tmp_path / "runs").exists()
