"""Trains one case and keeps its recording, what the doctor said, and how good the network became."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import trainwell as tw
from gallery.arrays import Array, Arrays
from gallery.build import build
from gallery.cases import Case
from gallery.recipe import Recipe
from gallery.sources import read
from gallery.targets import encoded, score, trivial_score
from trainwell.blueprint import FitSettings
from trainwell.diagnosis import Diagnosis
from trainwell.errors import SettingError, TrainwellError

RUN, CASE, INPUTS = "run", "case.json", "inputs.json"
NOT_NEEDED = ("model.keras", "report.html", "learned.npz")  # to diagnose again


def record(case: Case, data: Path, out: Path) -> dict[str, Any]:
    """Train the case into OUT/NAME; the folder appears when all of it is there.

    Args:
        case: what to train.
        data: folder of the data sets.
        out: folder of the gallery.

    Returns:
        The content of case.json.

    Raises:
        Missing: its data are not there.
    """
    arrays = spoiled(case, read(case.recipe.source, data, out / ".data"))
    folder, temporary = out / case.name, Path(tempfile.mkdtemp(prefix=f".{case.name}-", dir=out))
    try:
        return _record(case, arrays, folder, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _record(case: Case, arrays: Arrays, folder: Path, temporary: Path) -> dict[str, Any]:
    _write(temporary / INPUTS, _facts_of_inputs(arrays))
    began = time.perf_counter()
    found, trained, reached = _train(case, arrays, temporary / RUN)
    facts = _facts(case, arrays) | {
        "step_possible": trained,
        "score": None if math.isnan(reached) else reached,
        "seconds": round(time.perf_counter() - began, 2),
    }
    for name in NOT_NEEDED:
        (temporary / RUN / name).unlink(missing_ok=True)
    _write(temporary / CASE, facts)
    if not folder.exists():  # another worker may have been faster
        temporary.replace(folder)
    return facts | {"found": [finding.problem for finding in found.findings]}


def label(case: Case, out: Path) -> bool:
    """Write today's labels into a recorded case; whether that changed anything."""
    path = out / case.name / CASE
    then = json.loads(path.read_text(encoding="utf-8"))
    now = then | _labels(case, then["steps_per_epoch"])
    if now != then:
        temporary = path.with_suffix(".new")
        _write(temporary, now)
        temporary.replace(path)
    return now != then


def spoiled(case: Case, arrays: Arrays) -> Arrays:
    """The data as this case has them."""
    rng = np.random.default_rng(case.seed)
    for edit in case.recipe.arrays_edits:
        arrays = edit(arrays, rng)
    return arrays


def _train(case: Case, arrays: Arrays, folder: Path) -> tuple[Diagnosis, bool, float]:
    """What the doctor says, whether a step was possible, and the score (NaN if none can be had)."""
    recipe = case.recipe
    batch_size = min(recipe.batch_size, len(arrays.x))
    y = encoded(recipe.targets, arrays, arrays.x, arrays.y)
    watched = (arrays.x_validation, encoded(recipe.targets, arrays, arrays.x_validation, arrays.y_validation))
    model = build(recipe, arrays, case.seed)
    try:
        run = tw.train(
            model,
            arrays.x,
            y,
            epochs=recipe.epochs,
            batch_size=batch_size,
            validation_data=watched,
            callbacks=[make() for make in recipe.callbacks],
            class_weight=recipe.class_weight,
            seed=case.seed,
            early_stopping=recipe.early_stopping or None,
            out=folder,
        )
    except SettingError:
        raise  # a mistake of the gallery, not of the case
    except (ValueError, TypeError, TrainwellError) as error:
        return _without_a_step(case, arrays, y, watched, folder, error), False, math.nan
    return run.diagnosis, True, _score(recipe, arrays, model)


def _without_a_step(
    case: Case, arrays: Arrays, y: Array, watched: tuple[Array, Array], folder: Path, error: Exception
) -> Diagnosis:
    """The doctor's answer from before the first step, and the training as data."""
    model = build(case.recipe, arrays, case.seed)
    found = tw.diagnose(model, arrays.x, y, epochs=0, validation_data=watched)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "findings.json").write_text(found.to_json() + "\n", encoding="utf-8")
    (folder / "stopped.txt").write_text(f"{type(error).__name__}: {error}\n", encoding="utf-8")
    settings = FitSettings(case.recipe.epochs, case.recipe.batch_size, case.seed)
    tw.Blueprint.of(model, settings, {}).save(folder / "blueprint.json")
    return found


def _score(recipe: Recipe, arrays: Arrays, model: Any) -> float:
    return score(recipe, arrays, np.asarray(model.predict(arrays.x_held_out, batch_size=256, verbose=0)))


def _facts(case: Case, arrays: Arrays) -> dict[str, Any]:
    recipe = case.recipe
    steps = math.ceil(len(arrays.x) / recipe.batch_size)
    return {
        "name": case.name,
        "base": case.base,
        "network": recipe.network,
        "kind": recipe.kind,
        "source": recipe.source,
        "seed": case.seed,
        "metric": "r2" if recipe.regression else "accuracy",
        "trivial": trivial_score(recipe, arrays),
        "steps_per_epoch": steps,
        "steps": steps * recipe.epochs,
        **_labels(case, steps),
    }


def _labels(case: Case, steps_per_epoch: int) -> dict[str, Any]:
    """What is right to say about the case: all that today's catalogue decides, and no training."""
    recipe, fault = case.recipe, case.fault
    return {
        "half": case.half,
        "least": recipe.least,
        "fault": fault.problem if fault else None,
        "strength": fault.strength if fault else None,
        "accepted": [fault.problem, *fault.accepted] if fault else [],
        "symptoms": list(fault.symptoms) if fault else [],
        "layers": list(fault.layers(recipe)) if fault else [],
        "first_step": fault.first_step(recipe, steps_per_epoch) if fault and fault.first_step else None,
        "by_definition": bool(fault and fault.by_definition),
    }


def _facts_of_inputs(arrays: Arrays) -> dict[str, Any]:
    """What a tool that looks at the inputs before the training can see."""
    finite = np.isfinite(arrays.x)
    values = arrays.x[finite]
    return {
        "shape": list(arrays.x.shape[1:]),
        "dtype": str(arrays.x.dtype),
        "mean": float(values.mean()),
        "zero_share": float((arrays.x == 0).mean()),
        "class_counts": np.bincount(arrays.y).tolist() if arrays.task == "classes" else [],
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "not_a_number": int(np.isnan(arrays.x).sum()),
        "infinite": int(np.isinf(arrays.x).sum()),
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
