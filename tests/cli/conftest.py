"""Calls the command line in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from trainwell.cli import main


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out.strip().splitlines()[-1])


@pytest.fixture
def trainwell(capsys, monkeypatch, tmp_path):
    """trainwell("train", "digits") -> exit code and what was said; runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TRAINWELL_LANG", "en")

    def call(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call


@pytest.fixture
def photos(tmp_path):
    """A folder of small pictures that are easy to tell apart: bright and dark, 12 each, of several formats."""
    folder = tmp_path / "photos"
    random = np.random.default_rng(0)
    for name, level in (("bright", 200), ("dark", 40)):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(level - 30, level + 30, (12, 12, 3)).astype(np.uint8)
            suffix = ("jpg", "png", "webp")[number % 3]
            Image.fromarray(pixels).save(folder / name / f"{number}.{suffix}")
    return folder
