"""The state of each layer at the end of the training, as the last looks showed it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trainwell.diagnosis.finding import SEVERITIES, Diagnosis, Severity
from trainwell.report import numbers
from trainwell.signals import Recording

LOOKS = 10  # the mean of so many looks is shown: one batch alone is noisy


@dataclass(frozen=True)
class LayerHealth:
    """What was measured of a layer at last; None where a measure does not apply.

    Attributes:
        layer: its name.
        gradient: root mean square of the gradient of its weights.
        update: update-to-weight ratio.
        mean: of its output.
        std: standard deviation of its output.
        zeros: share of zeros in its output, 0..1.
        dead: share of units that are zero for the whole batch.
        saturated: share of values on the flat part of the activation.
        findings: numbers of the findings that name it, counted from 1.
        severity: the gravest of them, None without.
    """

    layer: str
    gradient: float | None
    update: float | None
    mean: float | None
    std: float | None
    zeros: float | None
    dead: float | None
    saturated: float | None
    findings: tuple[int, ...]
    severity: Severity | None

    @property
    def output(self) -> str:
        """Mean and standard deviation of the output, written."""
        if self.mean is None or self.std is None:
            return ""
        if math.isnan(self.mean) and math.isnan(self.std):
            return numbers.number(self.mean)
        return f"{numbers.number(self.mean, 2)} ± {numbers.number(self.std, 2)}"


def layer_health(recording: Recording, diagnosis: Diagnosis) -> tuple[LayerHealth, ...]:
    """A row for each watched layer; () if no layer was looked at."""
    if not len(recording.layer_rows):
        return ()
    rows: list[LayerHealth] = []
    for layer in recording.layers:
        named = [(n, f.severity) for n, f in enumerate(diagnosis.findings, 1) if layer.name in f.layers]
        gravest: list[Severity] = [severity for severity in SEVERITIES if severity in {s for _, s in named}]
        rows.append(
            LayerHealth(
                layer=layer.name,
                gradient=_last(recording, "gradient_rms", layer.name),
                update=_last(recording, "update_ratio", layer.name),
                mean=_last(recording, "activation_mean", layer.name),
                std=_last(recording, "activation_std", layer.name),
                zeros=_last(recording, "zero_share", layer.name),
                dead=_last(recording, "dead_share", layer.name),
                saturated=_last(recording, "saturated_share", layer.name),
                findings=tuple(number for number, _ in named),
                severity=gravest[0] if gravest else None,
            )
        )
    return tuple(rows)


def _last(recording: Recording, measure: str, layer: str) -> float | None:
    if not recording.has(measure, layer):
        return None
    series = recording.layer(measure, layer)
    if series.nonfinite[-LOOKS:].any():
        return float("nan")
    return float(np.mean(series.mean[-LOOKS:], dtype=np.float64))
