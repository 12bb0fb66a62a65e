"""AutoTrainer's five problems (ICSE 2021), with the defaults of `reproduce.py` and `monitor.py`.

Gradients are judged only where the accuracy never became good, and then one problem is named, as `monitor.py` does it.
Judged at the end of the training; AutoTrainer begins at 30% of the epochs. Approximated: a ReLU unit that is zero in
the whole batch has a zero gradient. It knows classification only: where there is no accuracy, its rules about accuracy
are silent.
"""

from __future__ import annotations

import numpy as np

from gallery.alarm import Alarm
from gallery.peers.seen import Rule, anything_not_finite, apply, of_epochs, of_layers, of_steps
from gallery.recorded import Recorded

NAME = "AutoTrainer"
VANISHED, FIRST_NORM, EXPLODED = 1e-3, 1e-4, 70.0  # ratio of the first to the last layer's gradient, norm, ratio
ZERO_GRADIENTS = 0.7
SWING, SWINGING_EPOCHS = 0.03, 0.2
STILL, GOOD_ACCURACY = 0.01, 0.6
LARGE_LOSS = 1e3


def _first_and_last(case: Recorded) -> tuple[np.ndarray, np.ndarray] | None:
    norms = list(of_layers(case, "gradient_norm").values())
    return (norms[0], norms[-1]) if len(norms) > 1 else None


def vanish(case: Recorded) -> bool:
    ends = _first_and_last(case)
    if ends is None:
        return False
    first, last = ends
    return bool(((first < VANISHED * last) & (first < FIRST_NORM)).any())


def numerical(case: Recorded) -> bool:
    return anything_not_finite(case) or bool((of_steps(case, "loss") >= LARGE_LOSS).any())


def explode(case: Recorded) -> bool:
    ends = _first_and_last(case)
    return ends is not None and bool((ends[0] > EXPLODED * ends[1]).any())


def dying_relu(case: Recorded) -> bool:
    return any((values >= ZERO_GRADIENTS).any() for values in of_layers(case, "dead_share").values())


def oscillating(case: Recorded) -> bool:
    """Peaks and valleys of the accuracy, taken in pairs, that lie far apart, in many of the epochs."""
    accuracy = of_epochs(case, "accuracy")
    if len(accuracy) < 3:
        return False
    before, here, after = accuracy[:-2], accuracy[1:-1], accuracy[2:]
    peaks = here[(here >= before) & (here >= after)]
    valleys = here[(here <= before) & (here <= after)]
    pairs = min(len(peaks), len(valleys))
    return int((peaks[:pairs] - valleys[:pairs] >= SWING).sum()) >= SWINGING_EPOCHS * len(accuracy)


def slow(case: Recorded) -> bool:
    """No epoch brought a rise of the accuracy worth the name."""
    columns = [of_epochs(case, name) for name in ("accuracy", "val_accuracy")]
    return all(len(column) > 1 and bool((np.diff(column) < STILL).all()) for column in columns)


def poor(case: Recorded) -> bool:
    """The accuracy never became good, in training or in validation; only then are gradients looked at."""
    columns = [of_epochs(case, name) for name in ("accuracy", "val_accuracy")]
    return any(len(column) > 0 and float(column.max()) < GOOD_ACCURACY for column in columns)


EXPLODING = (
    *("exploding_gradient", "loss_not_finite", "learning_rate_too_high", "unscaled_input", "unscaled_target"),
    *("nan_in_data", "poor_initialization", "wrong_output_activation", "loss_output_mismatch"),
)
RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "numerical": (numerical, EXPLODING),
    "vanish": (vanish, ("vanishing_gradient", "wrong_activation", "saturated_activation", "poor_initialization")),
    "explode": (explode, EXPLODING),
    "dying_relu": (dying_relu, ("dying_relu", "poor_initialization", "learning_rate_too_high")),
    "oscillating_loss": (
        oscillating,
        ("oscillating_loss", "learning_rate_too_high", "batch_too_small", "missing_warmup"),
    ),
    "slow_convergence": (
        slow,
        (
            *("slow_convergence", "learning_rate_too_low", "invalid_learning_rate", "underfitting", "batch_too_large"),
            *("poor_initialization", "wrong_loss", "wrong_output_activation", "label_problem"),
            *("excessive_regularization", "insufficient_epochs"),
        ),
    ),
}


def alarms(case: Recorded) -> tuple[Alarm, ...]:
    """Numbers that are not finite; then, of a training that became no good, one thing; else swings."""
    fired = {alarm.rule: alarm for alarm in apply(RULES, case)}
    kept = ["numerical"]
    if poor(case) or "slow_convergence" in fired:
        order = ("dying_relu", "explode", "vanish", "slow_convergence")
        kept += [rule for rule in order if rule in fired][:1]
    else:
        kept.append("oscillating_loss")
    return tuple(fired[rule] for rule in kept if rule in fired)
