"""What the doctor is told about a training: its recording, and plain facts that may be unknown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from trainwell.blueprint.nan_origin import NanOrigin
from trainwell.diagnosis.contract import Contract
from trainwell.signals import Recording

CLIPPING = ("clipvalue", "clipnorm", "global_clipnorm")
REGULARISING_LAYERS = (
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "GaussianDropout",
    "AlphaDropout",
    "GaussianNoise",
    "ActivityRegularization",
)


@dataclass(frozen=True)
class Memory:
    """How far back the first recurrent layer of a trained network remembers.

    Attributes:
        layer: its name.
        steps: length of the sequences that it reads.
        reach: steps back from the last one of the furthest step that still moves the answer by 1% of what the
            strongest one does (gradient of the answer by the layer's input; Pascanu et al. 2013, section 2.1).
    """

    layer: str
    steps: int
    reach: int


@dataclass(frozen=True)
class RareClass:
    """How well a trained network finds the class with the fewest training samples.

    Attributes:
        number: of the class.
        samples: of it, held out from the training.
        recall: share of these that the network calls by their name.
        common: the same share for the commonest class.
    """

    number: int
    samples: int
    recall: float
    common: float


@dataclass(frozen=True)
class Told:
    """What the doctor is told of a training besides its recording and blueprint; kept with the facts of the run.

    Attributes:
        data: any of "task", "training_samples", "validation_samples", "class_shares" (of the training targets, one
            per class, summing to 1), "target_variance" (mean over the targets, in the unit the loss sees),
            "target_distance" (mean distance from the median, likewise), "trivial_loss".
        stopped: see `Facts`.
        kept_epoch: see `Facts`.
        contract: see `Facts`.
        memory: see `Facts`.
        rare_class: see `Facts`.
        nan_origin: see `Facts`.
        overhead: time that watching took, as a share of the unwatched training's; None if not measured.
    """

    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    stopped: str | None = None
    kept_epoch: int | None = None
    contract: Contract | None = None
    memory: Memory | None = None
    rare_class: RareClass | None = None
    nan_origin: NanOrigin | None = None
    overhead: float | None = None


@dataclass(frozen=True)
class Facts:
    """All that is known about a training; None means not known.

    Attributes:
        recording: what was measured.
        task: "binary", "multiclass", "regression", ...
        loss: name of the loss, as Keras serialises it.
        classes: number of classes.
        batch_size: samples of one step.
        epochs: epochs asked for.
        steps_per_epoch: steps of one epoch.
        optimizer: Keras class name, e.g. "Adam".
        learning_rate: as compiled; of a schedule, None (the recording has the rate of every step).
        clipping: what clips the gradients, e.g. {"clipnorm": 1.0}; empty for none.
        regularised: whether weights are penalised, decayed or dropped, or labels smoothed.
        penalised: whether the loss contains a penalty on weights or activations (L1, L2), so that it cannot be
            compared with the loss of a trivial predictor.
        training_samples: number of samples learned from.
        validation_samples: number of samples held out; 0 for none.
        trivial_loss: loss of the best constant prediction (see `trivial_loss`), in the unit of the recorded loss.
        trivial_accuracy: accuracy of always saying the commonest class, 0..1.
        stopped: why the training ended before its last epoch: "callback", "interrupted", "not_finite"; "" if it did
            not.
        kept_epoch: the epoch (from 1) whose weights were kept; None if the last, or not known.
        contract: of data, last layer and loss.
        memory: of the trained network; None for one that is not recurrent.
        rare_class: of the trained network; None if no class is rare.
        nan_origin: where the first NaN or infinite value came from; None also if there was none.
    """

    recording: Recording
    task: str | None = None
    loss: str | None = None
    classes: int | None = None
    batch_size: int | None = None
    epochs: int | None = None
    steps_per_epoch: int | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    clipping: Mapping[str, float] | None = None
    regularised: bool | None = None
    penalised: bool | None = None
    training_samples: int | None = None
    validation_samples: int | None = None
    trivial_loss: float | None = None
    trivial_accuracy: float | None = None
    stopped: str | None = None
    kept_epoch: int | None = None
    contract: Contract | None = None
    memory: Memory | None = None
    rare_class: RareClass | None = None
    nan_origin: NanOrigin | None = None

    @classmethod
    def of(cls, recording: Recording, blueprint: Mapping[str, Any] | None = None, told: Told | None = None) -> Facts:
        """The facts of a run, from plain values; what is missing stays unknown.

        Args:
            recording: what was measured.
            blueprint: `Blueprint.to_dict()`, or what was read from a blueprint.json.
            told: what else is known.
        """
        blueprint, told = blueprint or {}, told or Told()
        data = told.data
        compiled: Mapping[str, Any] = blueprint.get("compile") or {}
        fit: Mapping[str, Any] = blueprint.get("fit") or {}
        optimizer = _optimizer(compiled.get("optimizer"))
        settings: Mapping[str, Any] = optimizer.get("config") or {}
        loss = _name(compiled.get("loss"))
        shares: Sequence[float] | None = data.get("class_shares")
        samples, batch = data.get("training_samples"), fit.get("batch_size")
        penalised, regularised = _regularised(blueprint, settings) if blueprint.get("model") else (None, None)
        trivial = data.get("trivial_loss")
        return cls(
            recording=recording,
            task=data.get("task"),
            loss=loss,
            classes=len(shares) if shares else None,
            batch_size=batch,
            epochs=fit.get("epochs"),
            steps_per_epoch=math.ceil(samples / batch) if samples and batch else None,
            optimizer=optimizer.get("class_name"),
            learning_rate=_rate(settings.get("learning_rate")),
            clipping={name: float(settings[name]) for name in CLIPPING if settings.get(name)} if settings else None,
            regularised=regularised,
            penalised=penalised,
            training_samples=samples,
            validation_samples=data.get("validation_samples"),
            trivial_loss=trivial_loss(
                loss, shares, data.get("target_variance"), fit.get("class_weight"), data.get("target_distance")
            )
            if trivial is None
            else trivial,
            trivial_accuracy=max(shares) if shares else None,
            stopped=told.stopped,
            kept_epoch=told.kept_epoch,
            contract=told.contract,
            memory=told.memory,
            rare_class=told.rare_class,
            nan_origin=told.nan_origin,
        )


def trivial_loss(
    loss: str | None,
    class_shares: Sequence[float] | None = None,
    target_variance: float | None = None,
    class_weight: Mapping[Any, float] | None = None,
    target_distance: float | None = None,
) -> float | None:
    """Loss of the best constant prediction: what a network must beat to have learned anything.

    A cross-entropy is least for predicting the shares of the classes, and is then their entropy -Σ p ln p (in nats); a
    mean squared error is least for predicting the mean target, and is then the variance. With weights w of the classes
    (Keras sums w times the loss and divides by the number of samples) the best prediction is q = p w / Σ p w.

    Args:
        loss: name of the loss, as Keras serialises it.
        class_shares: share of each class in the training targets.
        target_variance: variance of the training targets, mean over the targets.
        class_weight: weights of the classes in the loss, by class number (as a number or as a string); 1 if not named.
        target_distance: mean distance of the training targets from their median.

    >>> round(trivial_loss("sparse_categorical_crossentropy", [0.1] * 10), 4)
    2.3026
    >>> trivial_loss("mse", target_variance=4.0)
    4.0
    """
    name = (loss or "").lower().replace("_", "")
    if "crossentropy" in name and "focal" not in name and class_shares:
        weights = {int(number): weight for number, weight in (class_weight or {}).items()}
        weighted = [share * weights.get(number, 1.0) for number, share in enumerate(class_shares)]
        total = sum(weighted)
        return -sum(part * math.log(part / total) for part in weighted if part > 0)
    if name in ("mse", "meansquarederror"):
        return target_variance
    if name in ("mae", "meanabsoluteerror"):
        return target_distance
    return None


def _name(value: Any) -> str | None:
    """Name of a serialised loss: a string, an object with a class name, or unknown where there are several."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        name = found.get("config") if found.get("class_name") == "function" else found.get("class_name")
        return name if isinstance(name, str) else None
    return None


def _optimizer(value: Any) -> Mapping[str, Any]:
    """The serialised optimizer; the inner one where it is wrapped for loss scaling."""
    if not isinstance(value, dict):
        return {"class_name": value} if isinstance(value, str) else {}
    found = cast("dict[str, Any]", value)
    inner = (found.get("config") or {}).get("inner_optimizer")
    return _optimizer(inner) if inner else found


def _rate(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _regularised(blueprint: Mapping[str, Any], optimizer: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether the loss contains a penalty; whether anything regularises at all."""
    penalised = dropped = False
    for key, value in _entries(blueprint.get("model")):
        penalised = penalised or (key.endswith("_regularizer") and bool(value)) or value == "ActivityRegularization"
        dropped = dropped or (key == "class_name" and value in REGULARISING_LAYERS)
        dropped = dropped or (key in ("dropout", "recurrent_dropout") and isinstance(value, float) and value > 0)
    smoothed = any(key == "label_smoothing" and bool(value) for key, value in _entries(blueprint.get("compile")))
    return penalised, penalised or dropped or smoothed or bool(optimizer.get("weight_decay"))


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value inside nested JSON."""
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield key, item
            yield from _entries(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _entries(item)
