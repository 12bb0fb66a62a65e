"""What the rules of other tools ask for, taken from a recording or from the training as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gallery.alarm import Alarm
from gallery.arrays import Array
from gallery.recorded import Recorded
from trainwell.blueprint import LayerInfo

Rule = Callable[[Recorded], bool]
CROSSENTROPY = "crossentropy"


def apply(rules: dict[str, tuple[Rule, tuple[str, ...]]], case: Recorded) -> tuple[Alarm, ...]:
    """The rules that fire, each with all that it could mean."""
    return tuple(Alarm(frozenset(means), name) for name, (rule, means) in rules.items() if rule(case))


def of_layers(case: Recorded, measure: str, *activations: str) -> dict[str, Array]:
    """Layer -> values (looks,) of this measure, of layers that end in one of these activations, or of all."""
    recording = case.recording
    if recording is None:
        return {}
    return {
        layer.name: recording.layer(measure, layer.name).mean
        for layer in recording.layers
        if recording.has(measure, layer.name) and (not activations or layer.activation in activations)
    }


def of_steps(case: Recorded, measure: str) -> Array:
    """Values (steps,) of a measure of the whole step."""
    return case.recording.run(measure).mean if case.recording is not None else np.empty(0)


def of_epochs(case: Recorded, column: str) -> Array:
    """Values (epochs,) of a column of the history; empty if there is none."""
    epochs = case.recording.epochs if case.recording is not None else ()
    return np.array([epoch[column] for epoch in epochs if column in epoch])


def weighted(case: Recorded) -> list[LayerInfo]:
    """The layers with weights, in the order of the data's way."""
    return [layer for layer in case.recording.layers if layer.parameters] if case.recording is not None else []


def anything_not_finite(case: Recorded) -> bool:
    """NaN or infinity in the loss, the gradients or a layer's output."""
    if case.recording is None:
        return False
    steps = any(case.recording.run(name).nonfinite.any() for name in ("loss", "gradient_norm"))
    return steps or any((values > 0).any() for values in of_layers(case, "nonfinite_share").values())


def layers(case: Recorded) -> list[dict[str, Any]]:
    """Keras's configuration of each layer, with its class as "class_name"; [] if it is not known."""
    model = case.blueprint.get("model") or {}
    return [
        {**layer["config"], "class_name": layer["class_name"]} for layer in model.get("config", {}).get("layers", [])
    ]


def loss_name(case: Recorded) -> str:
    """In lower case without separators, as Keras names it."""
    loss = _loss(case)
    return str(loss.get("class_name", "") if isinstance(loss, dict) else loss).lower().replace("_", "")


def from_logits(case: Recorded) -> bool:
    """Whether the loss expects numbers that went through no softmax."""
    loss = _loss(case)
    return isinstance(loss, dict) and bool(loss["config"].get("from_logits"))


def _loss(case: Recorded) -> str | dict[str, Any]:
    """The name, Keras's configuration of a loss object, or "" for a function of somebody's own."""
    loss = (case.blueprint.get("compile") or {}).get("loss") or ""
    return "" if isinstance(loss, dict) and not isinstance(loss.get("config"), dict) else loss


def learning_rate(case: Recorded) -> float | None:
    """As compiled; None for a schedule."""
    optimizer = (case.blueprint.get("compile") or {}).get("optimizer") or {}
    rate = optimizer.get("config", {}).get("learning_rate")
    return float(rate) if isinstance(rate, int | float) else None


def weight_variances(case: Recorded) -> dict[str, Array]:
    """Layer -> mean square of its weights (looks,), which is their variance where they are centred at zero."""
    sizes = {layer.name: layer.parameters for layer in weighted(case)}
    norms = of_layers(case, "weight_norm")
    return {name: values**2 / max(1, sizes.get(name, 1)) for name, values in norms.items()}
