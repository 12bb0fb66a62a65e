"""Learning curves: loss, and the metric that people look at, of every epoch, for training and validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from trainwell.locales import Language, Text
from trainwell.locales.report_labels import METRICS
from trainwell.report.facts import RunFacts
from trainwell.report.figures.canvas import (
    ACCENT,
    EPOCH,
    NONFINITE,
    QUIET,
    SECOND,
    canvas,
    legend,
    logarithmic,
    mark_nonfinite,
    named,
    positive,
    whole_numbers,
)
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = Text(en="{metric} by epoch", zh="各轮次的{metric}")
TRAINING = Text(en="training", zh="训练")
VALIDATION = Text(en="validation", zh="验证")
BASELINE = Text(en="trivial answer", zh="最简单的回答")
KEPT = Text(en="weights kept", zh="保留的权重")
NOT_METRICS = {"epoch", "learning_rate", "seconds"}
_LOG_RANGE = 30.0  # a loss that falls this far is shown on a logarithmic axis


def picture(facts: RunFacts, recording: Recording, language: Language) -> Figure | None:
    """Loss above, first metric below; None before the first epoch is done."""
    metrics = shown_metrics(recording)
    if not metrics:
        return None
    figure = canvas(2.4 * len(metrics), rows=len(metrics))
    for axes, metric in zip(figure.axes, metrics, strict=True):
        _draw(axes, facts, recording, metric, language)
    return figure


def shown_metrics(recording: Recording) -> list[str]:
    """Loss, and accuracy or else the first metric of the history."""
    names = [name for row in recording.epochs for name in row if name not in NOT_METRICS and name[:4] != "val_"]
    names = list(dict.fromkeys(names))
    others = [name for name in names if name != "loss"]
    best = next((name for name in others if name.endswith("accuracy")), others[0] if others else None)
    return [name for name in ("loss", best) if name in names]


def _draw(axes: Any, facts: RunFacts, recording: Recording, metric: str, language: Language) -> None:
    epochs = np.array([row.get("epoch", place + 1) for place, row in enumerate(recording.epochs)])
    curves = [
        (_values(recording.epochs, metric), TRAINING, ACCENT, "o"),
        (_values(recording.epochs, f"val_{metric}"), VALIDATION, SECOND, "s"),
    ]
    curves = [curve for curve in curves if curve[0] is not None]
    bad: set[float] = set()
    for values, name, colour, marker in curves:
        size = 4 if len(epochs) <= 30 else 0
        axes.plot(epochs, np.where(np.isfinite(values), values, np.nan), color=colour, label=name[language],
                  marker=marker, markersize=size or (5 if len(epochs) == 1 else 0), linewidth=1.8)  # fmt: skip
        bad |= {float(e) for e, v in zip(epochs, values, strict=True) if not np.isfinite(v)}
    trivial = facts.scores.baseline.get(metric)
    if trivial is not None and np.isfinite(trivial):
        axes.axhline(trivial, color=QUIET, linewidth=1, linestyle=(0, (2, 2)), label=BASELINE[language])
    if facts.training.kept_epoch is not None:
        axes.axvline(facts.training.kept_epoch, color=QUIET, linewidth=1, label=KEPT[language])
    mark_nonfinite(axes, sorted(bad), NONFINITE[language])
    title = METRICS.get(metric, Text(metric, metric))
    named(axes, TITLE.format(metric=title)[language], EPOCH[language], title[language])
    whole_numbers(axes.xaxis)
    axes.set_xlim(float(epochs.min()) - 0.5, float(epochs.max()) + 0.5)
    values = [curve[0] for curve in curves]
    if metric.endswith("accuracy"):
        _percent_axis(axes)
    else:
        range_ = positive(values)
        if len(range_) and range_.max() / range_.min() > _LOG_RANGE:
            logarithmic(axes.yaxis, values)
    legend(axes)


def _values(epochs: Sequence[dict[str, float]], name: str) -> Any:
    if not any(name in row for row in epochs):
        return None
    return np.array([row.get(name, np.nan) for row in epochs], np.float64)


def _percent_axis(axes: Any) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -0.03), min(high, 1.03))
