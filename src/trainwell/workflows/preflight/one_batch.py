"""Can the network learn one batch by heart? A copy of it tries; and its layers are looked into while it does."""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell import engine
from trainwell.blueprint import Blueprint, FitSettings
from trainwell.diagnosis import Contract, Told
from trainwell.diagnosis.contract import OneBatch
from trainwell.diagnosis.facts import trivial_loss
from trainwell.errors import ModelError
from trainwell.signals import Observer, Recording
from trainwell.workflows.listener import Listener

SAMPLES = 32
STEPS = 200
SECONDS = 20.0  # an optimizer that is not done by then is judged by where it is, if it did enough steps
LEAST_STEPS = 50
ENOUGH = 0.5  # of a constant prediction's loss: the other optimizer need not be tried
_EVERY = 10  # steps between two looks into the layers
_AT_ONCE = 1 << 24  # numbers in the repeated batch
Array = npt.NDArray[Any]


def one_batch_of(model: Any, x: Any, y: Any, contract: Contract) -> tuple[OneBatch, Recording, Blueprint, Told] | None:
    """Train copies of the model on the same few samples; the model itself stays as it is.

    Args:
        model: compiled and built.
        x: inputs (samples, ...).
        y: targets (samples, ...).
        contract: of the two.

    Returns:
        What came of it; and what was recorded of the copy with the model's own optimizer. None where the model cannot
        be copied, what a constant prediction would lose is not known or nothing, or the steps take too long.
    """
    chosen = np.sort(np.random.default_rng(0).permutation(len(x))[:SAMPLES])
    inputs, labels = np.asarray(np.asanyarray(x)[chosen]), np.asarray(np.asanyarray(y)[chosen])
    constant = _constant(contract, labels)
    if constant is None or not constant > 1e-6:
        return None
    try:
        blueprint = Blueprint.of(model, FitSettings(1, len(inputs), 0), {})
        copies = [blueprint.build() for _ in range(2)]
    except ModelError:
        return None
    for copy in copies:
        copy.set_weights(model.get_weights())
    _with_adam(copies[1])
    with tempfile.TemporaryDirectory(prefix="trainwell-") as folder:
        outcome = _train(copies[0], inputs, labels, Path(folder))
        recording = Recording.open(Path(folder))
    own = _left(copies[0], contract, inputs, labels, outcome) / constant
    steps = outcome.steps
    if steps < LEAST_STEPS and outcome.stopped != "not_finite":
        return None
    adam = None
    if not own <= ENOUGH:
        second = _train(copies[1], inputs, labels, None)
        adam = _left(copies[1], contract, inputs, labels, second) / constant
        steps = max(steps, second.steps)
    told = Told(
        {"training_samples": len(inputs), "validation_samples": 0, "trivial_loss": constant},
        stopped=outcome.stopped or "",
        contract=contract,
        nan_origin=outcome.nan_origin,
    )
    return OneBatch(len(inputs), steps, constant, own, adam), recording, blueprint, told


def _train(model: Any, x: Array, y: Array, folder: Path | None) -> engine.Outcome:
    """Steps on the same batch; watched if there is a folder for what is seen."""
    times = max(1, min(STEPS, _AT_ONCE // max(1, x.size)))
    until = time.perf_counter() + SECONDS
    listener = Listener(folder, Observer(), None) if folder else None
    try:
        return engine.train(
            model,
            np.tile(x, (times, *[1] * (x.ndim - 1))),
            np.tile(y, (times, *[1] * (y.ndim - 1))),
            epochs=math.ceil(STEPS / times),
            batch_size=len(x),
            shuffle=False,
            observer=listener.observer if listener else None,
            every=_EVERY if listener else None,
            listener=listener,
            should_stop=lambda: time.perf_counter() > until,
        )
    finally:
        if listener:
            listener.close()


def _with_adam(model: Any) -> None:
    """The same model and loss with an optimizer that gets along with most networks."""
    import keras

    model.compile(keras.optimizers.Adam(0.002, clipnorm=1.0), model.loss)


def _left(model: Any, contract: Contract, x: Array, y: Array, outcome: engine.Outcome) -> float:
    """Loss on the batch, without penalties: as it is trained or as it answers, whichever is lower.

    Dropout makes the first one larger; averages that a batch normalisation has not finished, the second one.
    """
    if outcome.stopped == "not_finite":
        return math.inf
    import keras

    penalised = bool(contract.first_penalty)
    trained = float(outcome.history[-1]["loss"]) if outcome.history and not penalised else math.inf
    loss: Any = keras.losses.get(model.loss) if isinstance(model.loss, str) else model.loss
    with keras.StatelessScope():
        answers = model(x, training=False)
    answered = float(np.mean(np.asarray(loss(y, answers))))
    found = min(trained, answered if math.isfinite(answered) else math.inf)
    return found if math.isfinite(found) else math.inf


def _constant(contract: Contract, y: Array) -> float | None:
    """Loss of the best constant prediction on these targets; None if it is not known."""
    if contract.crossentropy:
        if contract.targets.form == "class_numbers":
            numbers = y.reshape(-1).astype(np.int64)
            shares = np.unique_counts(numbers).counts / max(1, numbers.size)
            return trivial_loss(contract.loss, [float(share) for share in shares])
        if contract.targets.form == "one_hot" and y.ndim == 2:
            return trivial_loss(contract.loss, [float(share) for share in y.mean(axis=0)])
        return None
    if contract.regression:
        flat = y.reshape(len(y), -1).astype(np.float64)
        distance = np.abs(flat - np.median(flat, axis=0)).mean()
        return trivial_loss(
            contract.loss, target_variance=float(flat.var(axis=0).mean()), target_distance=float(distance)
        )
    return None
