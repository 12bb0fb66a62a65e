"""Everything a report says about a training that has just ended."""

from __future__ import annotations

import datetime
import time
from dataclasses import replace
from typing import Any

import numpy as np

from trainwell import engine
from trainwell.blueprint import Blueprint, FitSettings, code
from trainwell.data import NUMERIC, Dataset
from trainwell.diagnosis import Contract, Diagnosis, Facts, Memory, RareClass, Told, diagnose
from trainwell.errors import UnknownNameError
from trainwell.report.facts import (
    Choice,
    DataFacts,
    LayerRow,
    NetworkFacts,
    Origin,
    RunFacts,
    Scores,
    TrainingFacts,
)
from trainwell.signals import Recording
from trainwell.techniques import find
from trainwell.workflows import origin
from trainwell.workflows.scoring import scores as measure_scores


def facts_of_run(
    *,
    model: Any,
    data: Dataset | None,
    data_facts: DataFacts,
    settings: FitSettings,
    blueprint: Blueprint | None,
    outcome: engine.Outcome,
    recording: Recording,
    watched: bool,
    early: list[Any],
    network: str,
    choices: tuple[Choice, ...],
    command: str,
    began: float,
    contract: Contract | None = None,
    memory: Memory | None = None,
    rare_class: RareClass | None = None,
) -> RunFacts:
    """Measure the network, ask the doctor, and put together what the report says.

    Args:
        model: trained.
        data: what it learned from; None for plain arrays.
        data_facts: of the data.
        settings: of the training.
        blueprint: of the training; None if the model cannot be serialised.
        outcome: how the training ended.
        recording: what was measured.
        watched: whether the layers were looked into.
        early: the early-stopping callback, or none.
        network: name for the report.
        choices: settings with reasons.
        command: how to get the run again.
        began: `time.perf_counter()` at the start of the whole.
        contract: of data, last layer and loss, as they were before the first step.
        memory: of a recurrent network, as it is now.
        rare_class: how well the rarest class is found now.
    """
    stopped_early = bool(early) and early[0].stopped_epoch > 0
    best = early[0].best_epoch + 1 if early and early[0].best_weights is not None else None
    kept_epoch = best if best != len(outcome.history) else None
    found = measure_scores(model, data) if data is not None else _scores_of_history(outcome, kept_epoch)
    told = Told(
        _data_facts_for_diagnosis(data, data_facts, model, contract),
        stopped=outcome.stopped or "",
        kept_epoch=kept_epoch,
        contract=contract,
        memory=memory,
        rare_class=rare_class,
        nan_origin=outcome.nan_origin,
        overhead=outcome.look_cost / outcome.every if watched and outcome.look_cost is not None else None,
    )
    diagnosis = diagnosis_of(recording, blueprint, told)
    step_times = recording.run("step_time").mean
    return RunFacts(
        data=data_facts,
        network=NetworkFacts(network, _layer_rows(model, recording), int(model.count_params())),
        training=TrainingFacts(
            epochs_planned=settings.epochs,
            epochs_done=len(outcome.history),
            steps=outcome.steps,
            batch_size=settings.batch_size,
            seed=settings.seed,
            seconds=outcome.seconds,
            total_seconds=time.perf_counter() - began,
            stopped="early_stopping" if stopped_early else outcome.stopped,
            kept_epoch=kept_epoch,
            step_milliseconds=float(np.median(step_times)) if len(step_times) else None,
            peak_memory_mb=origin.peak_memory_mb(),
            watched_every=outcome.every if watched else None,
            watching_cost=outcome.look_cost,
        ),
        scores=found,
        diagnosis=diagnosis,
        origin=Origin(
            command=command,
            date=datetime.datetime.now(datetime.UTC).astimezone().isoformat(timespec="seconds"),
            versions=origin.versions(),
            hardware=origin.hardware(),
            blueprint_hash=blueprint.hash if blueprint else "",
            keras_code=code(blueprint) if blueprint else "",
        ),
        choices=choices,
        told=told,
    )


def diagnosis_of(recording: Recording, blueprint: Blueprint | None, told: Told) -> Diagnosis:
    """What the doctor says about a recorded training."""
    facts = Facts.of(recording, blueprint.to_dict() if blueprint else None, told)
    return replace(diagnose(facts), overhead=told.overhead)


def _scores_of_history(outcome: engine.Outcome, kept_epoch: int | None) -> Scores:
    """Scores of arrays that came without a test part: those of the kept epoch."""
    row = outcome.history[(kept_epoch or len(outcome.history)) - 1] if outcome.history else {}
    other = ("epoch", "learning_rate", "seconds")
    return Scores(
        train={name: v for name, v in row.items() if name not in other and not name.startswith("val_")},
        validation={name.removeprefix("val_"): v for name, v in row.items() if name.startswith("val_")},
    )


def _data_facts_for_diagnosis(
    data: Dataset | None, facts: DataFacts, model: Any, contract: Contract | None
) -> dict[str, Any]:
    known: dict[str, Any] = {
        "task": facts.task,
        "training_samples": facts.samples["train"],
        "validation_samples": facts.samples.get("validation", 0),
    }
    if facts.class_counts.get("train"):
        counts = facts.class_counts["train"]
        known["class_shares"] = [count / sum(counts) for count in counts]
    elif data is not None and data.task in NUMERIC:
        weights = model.get_compile_config().get("loss_weights") if model.compiled else None
        weight = weights[0] if isinstance(weights, list) and weights else weights if isinstance(weights, float) else 1.0
        known["target_variance"] = float(np.var(data.train.y, axis=0).mean()) * weight
    elif contract is not None and contract.regression and contract.targets.values.features == 1:
        known["target_variance"] = contract.targets.values.deviation**2
        known["target_distance"] = contract.targets.distance
    return known


def _layer_rows(model: Any, recording: Recording) -> tuple[LayerRow, ...]:
    """One row per layer of the model itself; of a model without a fixed graph, the layers that were watched."""
    watched = {layer.name: layer for layer in recording.layers}
    rows: list[LayerRow] = []
    for layer in model.layers:
        try:
            shape = tuple(int(n or 0) for n in layer.output.shape[1:])
        except (AttributeError, ValueError, TypeError):
            return tuple(
                LayerRow(info.name, info.kind, info.output_shape, info.parameters, info.activation)
                for info in recording.layers
            )
        activation = watched[layer.name].activation if layer.name in watched else None
        initializer = getattr(layer, "kernel_initializer", None)
        rows.append(
            LayerRow(
                layer.name,
                type(layer).__name__,
                shape,
                int(layer.count_params()),
                activation,
                None if initializer is None else _initializer_name(initializer),
            )
        )
    return tuple(rows)


def _initializer_name(initializer: Any) -> str:
    """As the techniques call it, or its class if it is none of them."""
    kind = type(initializer).__name__
    try:
        return find(kind, "initializer").name
    except UnknownNameError:
        return kind
