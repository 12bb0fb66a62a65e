"""Train a network on data, watched, and keep everything about it in a folder."""

from __future__ import annotations

import math
import shutil
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from trainwell import engine
from trainwell.blueprint import Blueprint, FitSettings
from trainwell.data import Dataset
from trainwell.data.formats import format_to_json
from trainwell.errors import ModelError, SettingError
from trainwell.explain.learned import save as save_learned
from trainwell.locales import Language, Text, preferred_language
from trainwell.networks import targets
from trainwell.report.facts import (
    Choice,
    DataFacts,
)
from trainwell.report.progress import TrainingProgress
from trainwell.signals import Observer, Recording
from trainwell.whole_file import whole_file, write_whole
from trainwell.workflows.arrays import facts_of_arrays
from trainwell.workflows.explanation import explanation
from trainwell.workflows.facts import facts_of_run
from trainwell.workflows.generate import sample
from trainwell.workflows.interruption import STOPPING, interruptible
from trainwell.workflows.last_good import keep_last_good
from trainwell.workflows.listener import Listener
from trainwell.workflows.memory import memory_of
from trainwell.workflows.preflight import contract_of, tell_before
from trainwell.workflows.rare_class import rare_class_of
from trainwell.workflows.run import Run, write_json
from trainwell.workflows.run_files import write_run
from trainwell.workflows.run_folder import (
    BLUEPRINT,
    CHECKPOINT,
    INPUT,
    LEARNED,
    MODEL,
    claim,
    writing_to,
)
from trainwell.workflows.source_training import check_source, train_on_source

DEFAULT_BATCH_SIZE = 32
FEW_SAMPLES = 5000  # below this, an epoch is short and more of them are made
DEFAULT_EPOCHS, DEFAULT_EPOCHS_FEW = 10, 30
DEFAULT_PATIENCE = 5


def default_epochs(samples: int) -> int:
    """Epochs if none are given: many short ones for few samples."""
    return DEFAULT_EPOCHS_FEW if samples < FEW_SAMPLES else DEFAULT_EPOCHS


def default_batch_size(samples: int) -> int:
    """Samples of one step if the number is not given: Keras's 32, or all if there are fewer."""
    return min(DEFAULT_BATCH_SIZE, max(samples, 1))


def train(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    validation_data: tuple[Any, ...] | None = None,
    callbacks: Sequence[Any] = (),
    class_weight: Mapping[int, float] | None = None,
    sample_weight: Any = None,
    shuffle: bool = True,
    seed: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    early_stopping: int | None = None,
    monitor: str = "val_loss",
    out: str | Path | None = None,
    resume: bool = False,
    watch: bool = True,
    every: int | None = None,
    report: bool = True,
    progress: TrainingProgress | None = None,
    language: Language | None = None,
    network: str | None = None,
    choices: Sequence[Choice] = (),
    command: str | None = None,
) -> Run:
    """Train a compiled Keras model on a `Dataset` or on arrays, watched, with a report.

    Args:
        model: compiled Keras model; it is trained in place.
        x: a `Dataset`, or inputs (samples, ...); or what gives batches (x, y): a generator, a keras.utils.PyDataset, a
            tf.data.Dataset, a torch DataLoader.
        y: targets (samples, ...) if x is inputs.
        epochs: how often to go through the training data; 30 for less than 5,000 samples, else 10, if not given.
        batch_size: samples of one step; 32 if not given, or all if there are fewer.
        validation_data: (x, y) or (x, y, sample_weight); a `Dataset` brings its own.
        callbacks: Keras callbacks, called at their documented points.
        class_weight: class number -> weight of its samples in the loss.
        sample_weight: (samples,) weights of the samples in the loss.
        shuffle: a new order of the samples in each epoch.
        seed: fixes the order of the samples (the initial weights are in the model already).
        steps_per_epoch: where x gives batches: steps after which an epoch ends; a whole pass if not given.
        validation_steps: where the validation data give batches: how many make an evaluation.
        early_stopping: stop after so many epochs without a better validation score, and keep the best weights.
        monitor: that score: "val_loss" or "val_accuracy".
        out: folder of the run; a temporary one, gone with the `Run`, if not given.
        resume: go on with the unfinished run in `out`.
        watch: look into the layers; watching changes no bit of a weight.
        every: look at every so many steps; chosen from the measured cost of a look if not given.
        report: write result.json and report.html into the folder; `Run.report` can do it later, too.
        progress: shows how it goes; nothing if not given.
        language: of report.html.
        network: name for the report; the model's class if not given.
        choices: settings that were chosen, with reasons, for the report.
        command: how to get this run again, for the report.

    Returns:
        The run.

    Raises:
        InputError: model, data, settings or folder cannot be used; nothing is left behind.
    """
    began = time.perf_counter()
    engine.check_model(model)
    data = x if isinstance(x, Dataset) else None
    if data is None and engine.is_source(x):
        check_source(
            x, {"y": y, "sample_weight": sample_weight, "batch_size": batch_size, "early_stopping": early_stopping}
        )
        return train_on_source(
            model,
            x,
            epochs=DEFAULT_EPOCHS if epochs is None else epochs,
            steps_per_epoch=steps_per_epoch,
            validation_data=validation_data,
            validation_steps=validation_steps,
            callbacks=callbacks,
            class_weight=class_weight,
            shuffle=shuffle,
            seed=seed,
            every=every,
            out=None if out is None else Path(out),
            progress=progress,
            language=language or preferred_language(),
            command=command or "tw.train(...)",
        )
    if data is not None:
        _check_shapes(model, data)
        held_out = data.validation
        validation = (held_out.x, targets(model, held_out.y)) if len(held_out) else None
        x, y = data.train.x, targets(model, data.train.y)
    else:
        validation = validation_data
        if y is None:
            raise SettingError(Text(en="y is missing; give train(model, x, y)", zh="缺少 y；请使用 train(model, x, y)"))
    samples = len(np.asarray(x)) if not isinstance(x, dict | list | tuple) else len(y)
    epochs = default_epochs(samples) if epochs is None else epochs
    batch_size = default_batch_size(samples) if batch_size is None else batch_size
    if early_stopping and validation is None:
        raise SettingError(
            Text(
                en="early stopping needs validation data; give validation_data, or set early_stopping to None",
                zh="提前停止需要验证数据；请提供 validation_data，或将 early_stopping 设为 None",
            )
        )
    data_facts = DataFacts.of(data) if data is not None else facts_of_arrays(model, x, y, validation)
    settings = FitSettings(epochs, batch_size, seed, shuffle, class_weight, early_stopping or None, monitor)
    engine.check(model, samples, epochs, batch_size)
    blueprint = _blueprint(model, settings, data_facts)
    if resume and out is None:
        raise SettingError(
            Text(
                en="resume needs the folder of the unfinished run; give out=",
                zh="继续训练需要未完成运行的文件夹；请给出 out=",
            )
        )
    contract = None
    if watch:
        contract = contract_of(
            model,
            x,
            y,
            validation=validation,
            class_weight=class_weight,
            sample_weight=sample_weight,
            steps=epochs * -(-samples // batch_size),
        )
    if contract is not None and progress:
        tell_before(contract, progress)
    temporary = Path(tempfile.mkdtemp(prefix="trainwell-")) if out is None else None
    target = temporary or Path(out or ".")
    weights = 4 * sum(math.prod(weight.shape) for weight in model.weights)
    folder = claim(target, model_bytes=weights, resume=resume)
    try:
        with writing_to(folder):
            if resume:
                _check_same(folder, blueprint)
            elif blueprint is not None:
                blueprint.save(folder / BLUEPRINT)

            early = _early_stopping(early_stopping, monitor)
            listener = Listener(folder, Observer() if watch else None, progress)
            with interruptible(lambda: progress.message(STOPPING) if progress else None) as should_stop:
                try:
                    outcome = engine.train(
                        model,
                        x,
                        y,
                        epochs=epochs,
                        batch_size=batch_size,
                        validation_data=validation,
                        validation_batch_size=max(batch_size, 256),
                        callbacks=[*callbacks, *early],
                        class_weight=class_weight,
                        sample_weight=sample_weight,
                        shuffle=shuffle,
                        seed=seed,
                        observer=listener.observer,
                        every=every,
                        listener=listener,
                        should_stop=should_stop,
                        checkpoint=folder / CHECKPOINT,
                        resume=resume,
                    )
                finally:
                    listener.close()
            keep_last_good(model, outcome, folder)
            with whole_file(folder / MODEL) as temporary_file:
                model.save(temporary_file)
            facts = facts_of_run(
                model=model,
                data=data,
                data_facts=data_facts,
                settings=settings,
                blueprint=blueprint,
                outcome=outcome,
                recording=Recording.open(folder),
                watched=watch,
                early=early,
                network=network or type(model).__name__,
                choices=tuple(choices),
                command=command or "tw.train(...)",
                began=began,
                contract=contract,
                memory=memory_of(model, x) if watch else None,
                rare_class=rare_class_of(model, validation, contract),
            )
            if data is not None and data.format is not None:
                write_whole(folder / INPUT, write_json(format_to_json(data.format)))
            run = Run(folder, facts, model)
            if data is not None and data.task == "language_model":
                run = Run(folder, replace(facts, written=sample(run)), model)
            learned = explanation(model, data) if data is not None else ()
            if learned:
                with whole_file(folder / LEARNED) as temporary_file:
                    save_learned(learned, temporary_file)
            if temporary:
                weakref.finalize(run, shutil.rmtree, folder, ignore_errors=True)
            if report:
                write_run(run, language or preferred_language(), learned)
            if outcome.stopped != "interrupted":
                (folder / CHECKPOINT).unlink(missing_ok=True)
            return run
    except BaseException:
        if not resume and not (folder / CHECKPOINT).exists() and not (folder / MODEL).exists():
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _early_stopping(patience: int | None, monitor: str) -> list[Any]:
    from trainwell.backend import load_keras

    if not patience:
        return []
    keras = load_keras()
    mode = "max" if monitor == "val_accuracy" else "min"
    return [keras.callbacks.EarlyStopping(monitor=monitor, mode=mode, patience=patience, restore_best_weights=True)]


def _blueprint(model: Any, settings: FitSettings, data: DataFacts) -> Blueprint | None:
    """The training as data; None for a model that Keras cannot serialise, which can still be trained and watched."""
    known = {
        "name": data.name,
        "kind": data.kind,
        "task": data.task,
        "input_shape": list(data.input_shape),
        "class_names": list(data.class_names),
        "fingerprint": data.fingerprint,
    }
    try:
        return Blueprint.of(model, settings, known)
    except ModelError:
        return None


def _check_same(folder: Path, blueprint: Blueprint | None) -> None:
    """Only the same training can be resumed."""
    before = Blueprint.load(folder / BLUEPRINT) if (folder / BLUEPRINT).exists() else None
    if (before and before.hash) != (blueprint and blueprint.hash):
        from trainwell.blueprint import diff

        changes = [change.text.en for change in diff(before, blueprint)] if before and blueprint else []
        shown = "; ".join(changes[:3]) or "blueprint"
        raise SettingError(
            Text(
                en=f"the unfinished run in {str(folder)!r} had other settings ({shown}); resume it with those",
                zh=f"{str(folder)!r} 中未完成的运行使用了不同的设置（{shown}）；请用原设置继续",
            )
        )


def _check_shapes(model: Any, data: Dataset) -> None:
    """A network for other data is noticed before it trains."""
    shape = getattr(model, "input_shape", None)
    given = data.input_shape
    if isinstance(shape, tuple) and None not in shape[1:] and tuple(shape[1:]) != given:
        raise ModelError(
            Text(
                en=f"the model takes inputs of shape {tuple(shape[1:])}, the data {data.name!r} have {given}; "
                "build the model for these data",
                zh=f"模型的输入形状为 {tuple(shape[1:])}，而数据 {data.name!r} 的形状为 {given}；请按这些数据构建模型",
            )
        )
