"""How far a training has come: its loss at the start and now, against the loss of knowing nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Evidence
from trainwell.locales import Text
from trainwell.signals import Series

START_STEPS = 5  # the first steps, whose median is "the start"
END_SHARE = 0.1  # the last tenth of the steps, whose median is "now"
NOT_LEARNED = 0.9  # of the trivial loss: above this, nothing of worth has been learned
LEARNED = 0.5  # of the trivial loss: below this, the training works

NOT_LEARNED_SOURCE = Text(
    en="a loss within 10% of the best constant prediction's: the network has not used its inputs yet",
    zh="损失与最佳常数预测的差距不到 10%：网络尚未真正利用输入",
)


@dataclass(frozen=True)
class Progress:
    """The loss of a training, as far as it is finite.

    Attributes:
        start: median of the first steps.
        now: median of the last tenth of the steps.
        reference: loss of the best constant prediction; where that is not known or not comparable (a penalty on the
            weights is part of the loss), the loss at the start.
        accuracy_gained: share of the way from the trivial accuracy to 1 that the last epoch's training accuracy has
            gone; None if not known.
        reference_is_start: whether the reference is the loss at the start.
    """

    start: float
    now: float
    reference: float
    accuracy_gained: float | None
    reference_is_start: bool

    @property
    def level(self) -> float:
        """`now` as a share of the reference: 1 for nothing learned, 0 for a perfect fit."""
        level = self.now / self.reference if self.reference > 0 else math.inf
        if self.accuracy_gained is None:
            return level
        return min(level, 1 - self.accuracy_gained)

    @property
    def learned(self) -> bool:
        """Whether the training works."""
        return self.level < LEARNED

    @property
    def learned_nothing(self) -> bool:
        """Whether nothing of worth has been learned."""
        return self.level > NOT_LEARNED

    def evidence(self, step: int) -> Evidence:
        """The loss now, against what would be something learned."""
        what = (
            Text(en="Training loss now, against the start", zh="当前训练损失（对照起始值）")
            if self.reference_is_start
            else Text(en="Training loss now, against a constant prediction", zh="当前训练损失（对照常数预测）")
        )
        return Evidence(what, self.now, ">", NOT_LEARNED * self.reference, "", NOT_LEARNED_SOURCE, step=step)


def progress(facts: Facts) -> Progress | None:
    """How far the training has come; None if no step has a finite loss."""
    series = facts.recording.run("loss")
    loss, last = finite_part(series)
    if not len(loss):
        return None
    since = last[-1] - END_SHARE * (last[-1] - last[0])
    start = float(np.median(loss[:START_STEPS]))
    comparable = facts.trivial_loss is not None and not facts.penalised
    reference = facts.trivial_loss if comparable and facts.trivial_loss is not None else start
    return Progress(start, float(np.median(loss[last >= since])), reference, _accuracy_gained(facts), not comparable)


def finite_part(series: Series) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Means and last steps of the rows that have a finite value."""
    finite = np.isfinite(series.mean)
    return series.mean[finite], series.last_step[finite]


def _accuracy_gained(facts: Facts) -> float | None:
    accuracies = [epoch[name] for epoch in facts.recording.epochs for name in ("accuracy", "acc") if name in epoch]
    if not accuracies or facts.trivial_accuracy is None or not facts.trivial_accuracy < 1:
        return None
    gained = (accuracies[-1] - facts.trivial_accuracy) / (1 - facts.trivial_accuracy)
    return gained if math.isfinite(gained) else None
