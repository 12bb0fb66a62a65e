"""Diagnose a compiled Keras model on data, before the first step and while it trains; or a finished run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainwell import engine
from trainwell.blueprint import Blueprint
from trainwell.data import Dataset, load
from trainwell.diagnosis import Contract, Diagnosis, Facts, NotChecked, all_problems, joined, preflight
from trainwell.diagnosis import diagnose as examine
from trainwell.errors import SettingError, TrainwellError
from trainwell.locales import Text
from trainwell.networks import targets
from trainwell.report.progress import TrainingProgress
from trainwell.workflows.facts import diagnosis_of
from trainwell.workflows.preflight import contract_of, one_batch_of
from trainwell.workflows.run import load_model, open_run
from trainwell.workflows.run_folder import BLUEPRINT
from trainwell.workflows.train import train


def diagnose(
    model: Any,
    x: Any = None,
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
    every: int | None = None,
    one_batch: bool = False,
    progress: TrainingProgress | None = None,
) -> Diagnosis:
    """Train a compiled Keras model, watched, and name what is wrong with its training.

    Data, last layer, loss and optimizer are looked at before the first step; `epochs=0` stops there. Weights and
    optimizer end as a training without the doctor would leave them, bit for bit.

    Args:
        model: compiled Keras model with one input and one output; it is trained in place. Or the folder of a run, which
            is diagnosed again from what was recorded, in milliseconds; then nothing else is to be given.
        x: a `Dataset`, or inputs (samples, ...).
        y: targets (samples, ...) if x is not a `Dataset`.
        epochs: as `train`; 0 looks only at what is known before the first step.
        batch_size: as `train`.
        validation_data: as `train`.
        callbacks: as `train`.
        class_weight: as `train`.
        sample_weight: as `train`.
        shuffle: as `train`.
        seed: as `train`.
        steps_per_epoch: as `train`.
        validation_steps: as `train`.
        every: as `train`.
        one_batch: with epochs=0, also try whether a copy of the model can learn one batch by heart, and look into its
            layers while it does: some seconds for what hours would show.
        progress: as `train`.

    Returns:
        Findings, what to mend first standing first; what was not checked, and why; and what watching cost. Where the
        contract is broken so that no step is possible, the findings are those from before the first step.

    Raises:
        InputError: the model is not compiled or brings its own training step, or data or settings cannot be used.
        FolderError: the folder is not that of a finished run.
    """
    if isinstance(model, str | Path):
        return diagnose_again(Path(model))
    engine.check_model(model)
    inputs, labels, held_out = x, y, validation_data
    if isinstance(x, Dataset):
        inputs, labels = x.train.x, targets(model, x.train.y)
        held_out = (x.validation.x, targets(model, x.validation.y)) if len(x.validation) else None
    if batch_size is not None and hasattr(labels, "__len__"):  # as Keras: what there is, is a batch
        batch_size = max(1, min(batch_size, len(labels)))
    contract = None
    if labels is not None:
        contract = contract_of(
            model, inputs, labels, validation=held_out, class_weight=class_weight, sample_weight=sample_weight
        )
    if one_batch and epochs != 0:
        raise SettingError(
            Text(
                en="one_batch is tried instead of a training; set epochs=0",
                zh="one_batch 用来代替训练；请设置 epochs=0",
            )
        )
    before = preflight(contract) if contract is not None else Diagnosis((), (), ())
    if one_batch and contract is not None and not any(found.severity == "error" for found in before.findings):
        before = _by_heart(model, inputs, labels, contract)
    if epochs == 0:
        return _told(before, Text(en="nothing was trained (epochs=0)", zh="没有进行训练（epochs=0）"))
    try:
        run = train(
            model,
            x,
            y,
            epochs=epochs,
            batch_size=batch_size,
            validation_data=validation_data,
            callbacks=callbacks,
            class_weight=class_weight,
            sample_weight=sample_weight,
            shuffle=shuffle,
            seed=seed,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            every=every,
            report=False,
            progress=progress,
        )
    except (ValueError, TypeError, TrainwellError) as error:
        if not any(finding.severity == "error" for finding in before.findings):
            raise
        said = str(error).strip().splitlines()[0][:200]
        return _told(before, Text(en=f"no step was possible: {said}", zh=f"无法进行任何训练步：{said}"))
    return run.facts.diagnosis


IN_ONE_BATCH = ("dying_relu", "exploding_gradient", "loss_not_finite", "saturated_activation", "vanishing_gradient")


def _by_heart(model: Any, x: Any, y: Any, contract: Contract) -> Diagnosis:
    """What is seen before the training, and while a copy learns one batch by heart."""
    tried = one_batch_of(model, x, y, contract)
    if tried is None:
        return preflight(contract)
    result, recording, blueprint, told = tried
    facts = Facts.of(recording, blueprint.to_dict(), told)
    seen = examine(facts, [problem for problem in all_problems() if problem.identifier in IN_ONE_BATCH])
    return joined(preflight(replace(contract, one_batch=result)), seen)


def diagnose_again(folder: Path) -> Diagnosis:
    """What today's rules say about a finished run; its files stay as they are.

    Raises:
        FolderError: the folder is not that of a finished run.
    """
    run = open_run(folder)
    blueprint = Blueprint.load(folder / BLUEPRINT) if (folder / BLUEPRINT).exists() else None
    return diagnosis_of(run.recording, blueprint, run.facts.told)


def diagnose_model(
    path: Path,
    data: str,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    one_batch: bool = False,
    progress: TrainingProgress | None = None,
) -> Diagnosis:
    """Diagnose a compiled model from a file on data from a file, folder or built-in set; the files stay as they are.

    Args:
        path: a .keras file; code inside it is never run.
        data: as `trainwell.load` takes it.
        epochs: as `diagnose`.
        batch_size: as `diagnose`.
        seed: as `diagnose`.
        one_batch: as `diagnose`.
        progress: as `diagnose`.

    Raises:
        InputError: model, data or settings cannot be used.
    """
    return diagnose(
        load_model(path),
        load(data),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        one_batch=one_batch,
        progress=progress,
    )


def _told(before: Diagnosis, reason: Text) -> Diagnosis:
    """The findings from before the first step; all else was not checked, for this reason."""
    known = {*before.checked, *(entry.problem for entry in before.not_checked)}
    later = [NotChecked(one.identifier, one.title, reason) for one in all_problems() if one.identifier not in known]
    return replace(before, not_checked=(*before.not_checked, *later))
