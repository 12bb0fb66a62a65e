"""The README's ten lines run as printed, and both READMEs say the same."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import small_networks as networks

ROOT = Path(__file__).parents[2]


def listing(name: str) -> str:
    return re.search(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)[1]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_ten_lines_run(name, tmp_path, monkeypatch):
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save("photo.png")
    x, y = networks.digits(64)
    names = {"my_model": networks.compiled(networks.mlp), "x": x, "y": y}
    exec(listing(name).replace("epochs=10", "epochs=1").replace("[...]", "[]"), names)  # noqa: S102
    assert (tmp_path / "report.html").exists()


def test_both_say_the_same():
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert english.count("\n## ") == chinese.count("\n## ")
    code = [
        re.sub(r" *#.*| --lang zh| \"zh\"|, (?=\))", "", listing(name)) for name in ("README.md", "README.zh-CN.md")
    ]
    assert code[0].split("\n")[0] == code[1].split("\n")[0]
    for word in ("`vanishing_gradient`", "`dying_relu`", "--resume", "make demo", "130"):
        assert word in english
        assert word in chinese
