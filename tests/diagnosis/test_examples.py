"""The examples of docs/problems: the doctor names the fault of the broken training, and nothing of the mended one."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest

import trainwell as tw
from trainwell.diagnosis import all_problems

EXAMPLES = Path(__file__).parents[2] / "docs" / "problems" / "examples"
IDENTIFIERS = sorted(problem.identifier for problem in all_problems())
EVERY = 4  # steps between looks; unset, it would depend on how fast the machine is
# layers that the finding must name, of examples that hurt some layers and not others
HURT = {
    "attention_collapse": {"attention"},
    "dying_relu": {"hidden_2", "hidden_3"},
    "exploding_gradient": {"hidden_5", "hidden_6"},
    "missing_mask": {"reader"},
    "missing_nonlinearity": {"hidden_1", "hidden_2", "hidden_3"},
    "poor_initialization": {"hidden"},
    "saturated_activation": {"hidden_1"},
    "vanishing_gradient": {"hidden_1", "hidden_2"},
    "wrong_activation": {"hidden"},
}


def load(identifier):
    path = EXAMPLES / f"{identifier}.py"
    spec = importlib.util.spec_from_file_location(f"example_{identifier}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def diagnosed(training):
    model, x, y, settings = training()
    return tw.diagnose(model, x, y, **({"every": EVERY} | settings)).findings


def test_every_problem_has_an_example():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(IDENTIFIERS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")  # Keras sees one fault, too
@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_the_broken_training_has_the_problem_and_the_mended_one_none(identifier):
    example = load(identifier)
    broken = {finding.problem: finding for finding in diagnosed(example.broken)}
    assert identifier in broken, f"found instead: {sorted(broken)}"
    assert broken[identifier].severity in ("error", "warning")
    assert HURT.get(identifier, set()) <= set(broken[identifier].layers)
    mended = [(finding.problem, finding.severity) for finding in diagnosed(example.mended)]
    assert identifier not in dict(mended)
    assert not [one for one in mended if one[1] != "note"]
