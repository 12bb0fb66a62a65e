"""Training on what gives batches: a generator, a PyDataset, a tf.data.Dataset, a torch DataLoader."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trainwell.errors import SettingError
from trainwell.locales import Language, Text
from trainwell.report.progress import TrainingProgress
from trainwell.workflows.run import Run
from trainwell.workflows.watching.engine_fit import EngineFit, Refused
from trainwell.workflows.watching.recorded import recorded


def train_on_source(
    model: Any,
    source: Any,
    *,
    epochs: int,
    steps_per_epoch: int | None,
    validation_data: Any,
    validation_steps: int | None,
    callbacks: Sequence[Any],
    class_weight: Mapping[int, float] | None,
    shuffle: bool,
    seed: int,
    every: int | None,
    out: Path | None,
    progress: TrainingProgress | None,
    language: Language,
    command: str,
) -> Run:
    """Train a compiled model on a source of batches, watched; the arguments are those of `train`.

    Raises:
        InputError: model, source, settings or folder cannot be used; nothing is left behind.
    """
    arguments = {
        "x": source,
        "y": None,
        "sample_weight": None,
        "validation_data": validation_data,
        "validation_split": 0.0,
        "validation_batch_size": None,
        "validation_steps": validation_steps,
        "validation_freq": 1,
        "callbacks": list(callbacks),
        "epochs": epochs,
        "initial_epoch": 0,
        "steps_per_epoch": steps_per_epoch,
        "batch_size": None,
        "class_weight": class_weight,
        "shuffle": shuffle,
        "verbose": 0,
    }
    target = out or Path(tempfile.mkdtemp(prefix="trainwell-")) / "run"
    try:
        training = EngineFit(model, arguments, every, seed)
        _, kept = recorded(
            training,
            target,
            model=model,
            data=lambda: training.data.facts(model, type(source).__name__, type(source).__name__, training.seen),
            settings=training.settings,
            early=training.early_stopping,
            command=command,
            progress=progress,
            language=language,
        )
    except Refused as refused:
        raise refused.error from None
    if not isinstance(kept, Run):
        raise kept
    if out is None:
        weakref.finalize(kept, shutil.rmtree, target.parent, ignore_errors=True)
    return kept


def check_source(source: Any, given: Mapping[str, Any]) -> None:
    """Refuse what does not go with a source of batches.

    Raises:
        SettingError: one of these arguments was given.
    """
    for name, value in given.items():
        if value is not None:
            raise SettingError(
                Text(
                    en=f"{name} does not go with a {type(source).__name__}, which gives batches itself; leave it out",
                    zh=f"{name} 不能与 {type(source).__name__} 一起使用，因为它自身就给出批次；请去掉",
                )
            )
