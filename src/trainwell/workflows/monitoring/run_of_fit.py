"""From a watched `model.fit` to a run: what was promised, what was learned from, how it ended."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trainwell import engine
from trainwell.blueprint import Blueprint, FitSettings
from trainwell.diagnosis import Contract, Diagnosis, Facts, NotChecked, all_problems, diagnose
from trainwell.engine.outcome import Stopped
from trainwell.errors import InputError
from trainwell.report.facts import DataFacts, RunFacts
from trainwell.signals import Recording
from trainwell.workflows.arrays import facts_of_arrays
from trainwell.workflows.facts import facts_of_run
from trainwell.workflows.memory import memory_of
from trainwell.workflows.monitoring.fit_watch import FitWatch
from trainwell.workflows.monitoring.samples import Samples, class_weight, single
from trainwell.workflows.preflight import contract_of
from trainwell.workflows.watching.fit_data import FitData

COMMAND = "model.fit(..., callbacks=[tw.Monitor()])"
NAME = "fit"


@dataclass(frozen=True)
class Compiled:
    """How a model was compiled, read before its first step, which may change the learning rate.

    Attributes:
        blueprint: None if Keras cannot serialise the model, or on another backend than JAX.
        settings: model and compile settings as JSON values; empty if Keras cannot serialise them.
    """

    blueprint: Blueprint | None
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, model: Any) -> Compiled:
        """Read it; nothing of the model changes."""
        import keras

        try:
            found = Blueprint.of(model, FitSettings(epochs=1, batch_size=1))
        except InputError:
            try:
                model_settings = keras.saving.serialize_keras_object(model)
                return cls(None, {"model": model_settings, "compile": model.get_compile_config() or {}})
            except Exception:  # noqa: BLE001 (Keras raises almost anything for a class without a configuration)
                return cls(None, {})
        return cls(found, found.to_dict())


def promised(fit: FitWatch) -> Contract | None:
    """The contract of the model, as it was before its first step, with the samples that went by; None if unknown."""
    x, y, weights = single(fit.train.inputs), single(fit.train.targets), fit.train.weights
    if x is None or y is None:
        return None
    held_out = single(fit.validation.inputs)
    try:
        with fit.eye.at_start():
            return contract_of(
                fit.model,
                x,
                y[: len(x)],
                validation=None if held_out is None else (held_out, None),
                sample_weight=weights,
                steps=_steps_planned(fit),
            )
    except Exception:  # noqa: BLE001 (a check of somebody's model must not cost them their training)
        return None


def _settings(fit: FitWatch) -> FitSettings:
    return FitSettings(
        epochs=max(1, fit.epochs - fit.first_epoch),
        batch_size=max(1, fit.batch_size),
        class_weight=class_weight(fit.train.targets, fit.train.weights),
    )


def blueprint_of(fit: FitWatch, compiled: Compiled) -> Blueprint | None:
    """The training as data, as it was fitted; None for a model that cannot be written down."""
    return replace(compiled.blueprint, fit=_settings(fit)) if compiled.blueprint else None


def facts_of_fit(fit: FitWatch, compiled: Compiled, contract: Contract | None, *, finished: bool) -> RunFacts:
    """Everything a report says about a watched fit, as far as it went.

    Args:
        fit: what was recorded; flushed.
        compiled: how the model was compiled.
        contract: see `promised`.
        finished: whether Keras's fit came to its end.
    """
    import keras

    settings, blueprint = _settings(fit), blueprint_of(fit, compiled)
    recording = Recording.open(fit.folder)
    inputs = single(fit.train.inputs)
    memory = memory_of(fit.model, inputs) if keras.backend.backend() == "jax" and inputs is not None else None
    overhead = fit.clock.overhead
    facts = facts_of_run(
        model=fit.model,
        data=None,
        data_facts=data_facts(fit),
        settings=settings,
        blueprint=blueprint,
        outcome=engine.Outcome(
            history=fit.history,
            steps=fit.steps,
            stopped=_stopped(fit, finished=finished),
            every=fit.every,
            look_cost=None if overhead is None else overhead * fit.every,
            seconds=time.perf_counter() - fit.began,
        ),
        recording=recording,
        watched=fit.looks > 0,
        early=[],
        network=type(fit.model).__name__,
        choices=(),
        command=COMMAND,
        began=fit.began,
        contract=contract,
        memory=memory,
    )
    times = recording.run("step_time").mean
    times = times[np.isfinite(times)]  # steps that were being compiled have none
    training = replace(facts.training, step_milliseconds=float(np.median(times)) if len(times) else None)
    told = replace(facts.told, overhead=overhead)
    known = {**compiled.settings, "fit": settings.to_dict()}
    found = replace(diagnose(Facts.of(recording, known, told)), overhead=overhead)
    return replace(facts, training=training, told=told, diagnosis=_with_reason(found, fit))


def data_facts(fit: FitWatch) -> DataFacts:
    """What was learned from, as far as it was kept; the numbers of samples are those of the whole first epoch."""
    x, y = single(fit.train.inputs), single(fit.train.targets)
    counts = {"train": fit.train.count, "validation": fit.validation.count, "test": 0}
    if x is None or y is None or y.dtype.kind not in "biuf":
        unknown = FitData(None, None, None, None, None)
        return unknown.facts(
            fit.model, NAME, "model.fit", {"train": counts["train"], "validation": counts["validation"]}
        )
    held = fit.validation
    validation = (held.inputs, held.targets) if single(held.inputs) is not None and _has_targets(held) else None
    return replace(facts_of_arrays(fit.model, x, y, validation), name=NAME, source="model.fit", samples=counts)


def _has_targets(samples: Samples) -> bool:
    return single(samples.targets) is not None


def _steps_planned(fit: FitWatch) -> int:
    return max(1, fit.epochs - fit.first_epoch) * max(1, fit.steps_per_epoch or fit.train.batches)


def _stopped(fit: FitWatch, *, finished: bool) -> Stopped | None:
    if fit.last_loss is not None and not math.isfinite(fit.last_loss):
        return "not_finite"
    if not finished:
        return "interrupted"
    return "callback" if len(fit.history) < fit.epochs - fit.first_epoch else None


def _with_reason(found: Diagnosis, fit: FitWatch) -> Diagnosis:
    """Where the layers could not be looked into, their problems were not checked, and that is why."""
    if fit.blind is None or fit.looks:
        return found
    reason = fit.blind
    unseen = {problem.identifier: problem for problem in all_problems() if problem.needs.measures}
    known = [one for one in found.not_checked if one.problem not in unseen]
    blind = [NotChecked(problem.identifier, problem.title, reason) for problem in unseen.values()]
    return replace(
        found,
        findings=tuple(one for one in found.findings if one.problem not in unseen),
        not_checked=(*known, *blind),
        checked=tuple(problem for problem in found.checked if problem not in unseen),
    )
