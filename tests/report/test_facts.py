"""Facts go to JSON and back, and the result says what DESIGN.md promises."""

from __future__ import annotations

import base64
import io
import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from synthetic_runs import SICK, classes_run, regression_run

from trainwell.errors import FolderError
from trainwell.report import RunFacts, result, thumbnail


@pytest.mark.parametrize("facts", [classes_run(), regression_run()], ids=["classes", "regression"])
def test_round_trip(facts: RunFacts) -> None:
    assert RunFacts.from_json(facts.to_json()) == facts


def test_nan_and_infinity_survive_in_strict_json() -> None:
    facts = classes_run()
    facts = replace(facts, scores=replace(facts.scores, train={"loss": math.inf, "accuracy": math.nan}))
    text = facts.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    train = RunFacts.from_json(text).scores.train
    assert train["loss"] == math.inf
    assert math.isnan(train["accuracy"])


@pytest.mark.parametrize("text", ["", "{}", '{"data": 3}', "\x00"])
def test_other_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(FolderError) as caught:
        RunFacts.from_json(text)
    assert "\n" not in caught.value.text("zh")


def test_result_is_strict_json_with_the_promised_keys() -> None:
    facts = classes_run()
    facts = replace(facts, scores=replace(facts.scores, train={"loss": math.nan}))
    found = json.loads(json.dumps(result(facts, "runs/a"), allow_nan=False))
    promised = {"task", "network", "parameters", "epochs", "seed", "train", "validation", "test", "findings", "seconds"}
    assert promised <= set(found)
    assert found["train"] == {"loss": None}
    assert found["folder"] == "runs/a"
    assert [one["problem"] for one in found["findings"]] == [one.problem for one in SICK.findings]
    assert found["findings"][0]["layers"] == ["conv_1", "conv_2"]


@pytest.mark.parametrize(
    ("shape", "dtype", "size"),
    [((8, 8, 1), np.uint8, (8, 8)), ((300, 150, 3), np.uint8, (48, 96)), ((5, 7, 2), np.float32, (7, 5))],
)
def test_thumbnail(shape: tuple[int, ...], dtype: type, size: tuple[int, int]) -> None:
    image = (np.arange(np.prod(shape)) % 200).reshape(shape).astype(dtype)
    picture = Image.open(io.BytesIO(base64.b64decode(thumbnail(image))))
    assert picture.size == size
    if shape == (8, 8, 1):
        assert np.array_equal(np.asarray(picture), image[..., 0])


def test_importing_the_room_loads_nothing_heavy() -> None:
    code = (
        "import sys, trainwell.report\n"
        "print([m for m in ('jax', 'keras', 'scipy', 'sklearn', 'matplotlib', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
