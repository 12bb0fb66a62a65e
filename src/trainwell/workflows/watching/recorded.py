"""A training of somebody's script, recorded: its folder, and everything in it."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from trainwell import engine
from trainwell.blueprint import Blueprint, FitSettings
from trainwell.diagnosis import Contract, Memory, RareClass
from trainwell.errors import ModelError
from trainwell.locales import Language
from trainwell.report.facts import DataFacts
from trainwell.report.progress import TrainingProgress
from trainwell.signals import Observer, Recording
from trainwell.whole_file import whole_file
from trainwell.workflows.facts import facts_of_run
from trainwell.workflows.interruption import STOPPING, interruptible
from trainwell.workflows.last_good import keep_last_good
from trainwell.workflows.listener import Listener
from trainwell.workflows.preflight import tell_before
from trainwell.workflows.run import Run
from trainwell.workflows.run_files import write_run
from trainwell.workflows.run_folder import BLUEPRINT, MODEL, claim, writing_to

Training = Callable[[Listener, Callable[[], bool]], engine.Outcome]


def recorded(
    training: Training,
    folder: Path,
    *,
    model: Any,
    data: Callable[[], DataFacts],
    settings: FitSettings,
    early: Sequence[Any],
    command: str,
    progress: TrainingProgress | None,
    language: Language,
    contract: Callable[[], Contract | None] = lambda: None,
    memory: Callable[[], Memory | None] = lambda: None,
    rare_class: Callable[[Contract | None], RareClass | None] = lambda _: None,
) -> tuple[engine.Outcome, Run | Exception]:
    """Do a training and keep all about it; the folder is gone again if the training fails.

    Args:
        training: does it, given whom to tell what happens, and the function that says whether to stop.
        folder: of the run; must not exist.
        model: compiled; trained in place.
        data: says what was learned from; asked after the training, when a generator has shown it.
        settings: of the fit.
        early: its `EarlyStopping` callbacks.
        command: how to get the run again.
        progress: shows how it goes, or None.
        language: of the report.
        contract: looks at data, last layer and loss before the first step.
        memory: looks at the memory of a recurrent network after the last one.
        rare_class: looks at how well the rarest class is found after the last one.

    Returns:
        How it ended; and the run, or what went wrong with its report after the training: the script goes on with the
        trained model either way.

    Raises:
        FolderError: the folder cannot be written.
        InputError: engine.train refuses model or data; nothing was trained.
    """
    began = time.perf_counter()
    weights = 4 * sum(math.prod(weight.shape) for weight in model.weights)
    claim(folder, model_bytes=weights, resume=False)
    try:
        with writing_to(folder):
            # before the training, which may change the learning rate; a model that is not built yet is told only after
            blueprint = _blueprint(model, settings) if model.built else None
            promised = contract()
            if promised is not None and progress:
                tell_before(promised, progress)
            listener = Listener(folder, Observer(), progress)
            with interruptible(lambda: progress.message(STOPPING) if progress else None) as should_stop:
                try:
                    outcome = training(listener, should_stop)
                finally:
                    listener.close()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        blueprint = blueprint or _blueprint(model, settings)
        if blueprint is not None:
            blueprint.save(folder / BLUEPRINT)
        keep_last_good(model, outcome, folder)
        _save_model(model, folder / MODEL)
        facts = facts_of_run(
            model=model,
            data=None,
            data_facts=data(),
            settings=settings,
            blueprint=blueprint,
            outcome=outcome,
            recording=Recording.open(folder),
            watched=True,
            early=list(early),
            network=type(model).__name__,
            choices=(),
            command=command,
            began=began,
            contract=promised,
            memory=memory(),
            rare_class=rare_class(promised),
        )
        run = Run(folder, facts)
        write_run(run, language)
    except Exception as error:  # noqa: BLE001 (a script that trained for hours must not be lost to a report)
        return outcome, error
    return outcome, run


def _blueprint(model: Any, settings: FitSettings) -> Blueprint | None:
    """The training as data; None for a model that Keras cannot serialise."""
    try:
        return Blueprint.of(model, settings)
    except ModelError:
        return None


def _save_model(model: Any, path: Path) -> None:
    """The trained model, or no file if its classes cannot be saved: the script keeps what it trained all the same."""
    try:
        with whole_file(path) as temporary:
            model.save(temporary)
    except (NotImplementedError, TypeError, ValueError, AttributeError):
        path.unlink(missing_ok=True)
