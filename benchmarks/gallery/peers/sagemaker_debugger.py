"""SageMaker Debugger's built-in rules with their documented defaults (developer guide, `debugger-built-in-rules.md`).

Approximated: the root mean square of a layer's gradient stands for the mean of its absolute values; a unit that is zero
in the whole batch for one that is active in less than 1%; the output of a ReLU layer for its input; and saturation
begins at 5% of the largest slope instead of at |x| = 9.5 (tanh) or -23 and 17 (sigmoid), so that it fires more often
here than it would there. The percentiles of gradients are those of a normal distribution of the same mean square. Rules
that must be given tensors or bounds of one's own (TensorVariance, Confusion) and those about the machine are left out.
"""

from __future__ import annotations

import math

import numpy as np

from gallery.alarm import Alarm
from gallery.peers.seen import Rule, anything_not_finite, apply, of_epochs, of_layers, of_steps
from gallery.recorded import Recorded

NAME = "SageMaker Debugger"


def vanishing_gradient(case: Recorded) -> bool:
    return any((values < 1e-7).any() for values in of_layers(case, "gradient_rms").values())


def dead_relu(case: Recorded) -> bool:
    return any((values > 0.5).any() for values in of_layers(case, "dead_share").values())


def saturated_activation(case: Recorded) -> bool:
    return any((values > 0.5).any() for values in of_layers(case, "saturated_share", "tanh", "sigmoid").values())


def poor_weight_initialization(case: Recorded) -> bool:
    """Within the first ten steps: variances of ReLU layers apart by more than 10, or gradients within 0.001."""
    if case.recording is None:
        return False
    rows = case.recording.layer_rows["first_step"] <= 10
    if not rows.any():
        return False
    variances = [values[rows] ** 2 for values in of_layers(case, "activation_std", "relu").values()]
    apart = len(variances) > 1 and bool((np.max(variances, axis=0) > 10 * np.min(variances, axis=0)).any())
    gaps = [2 * 1.645 * values[rows] for values in of_layers(case, "gradient_rms").values()]
    return apart or bool(gaps and (np.min(gaps, axis=0) < 1e-3).any())


def weight_update_ratio(case: Recorded) -> bool:
    ratios = of_layers(case, "update_ratio").values()
    return any(((values > 10) | (values < 1e-8)).any() for values in ratios)


def all_zero(case: Recorded) -> bool:
    return any((values == 1).any() for values in of_layers(case, "zero_share").values())


def unchanged_tensor(case: Recorded) -> bool:
    """A layer's weights move by less than 1e-5 of their size at three looks in a row."""
    for values in of_layers(case, "update_ratio").values():
        still = values < 1e-5
        if len(still) >= 3 and (still[:-2] & still[1:-1] & still[2:]).any():
            return True
    return False


def loss_not_decreasing(case: Recorded) -> bool:
    """Not below what it was at least ten steps before; of the validation where there is one, after each epoch."""
    validation, steps = of_epochs(case, "val_loss"), case.facts["steps_per_epoch"]
    loss = validation[:: math.ceil(10 / steps)] if len(validation) else of_steps(case, "loss")[::10]
    return len(loss) > 1 and bool((np.diff(loss) >= 0).any())


def overfit(case: Recorded) -> bool:
    """Validation loss more than 10% above training loss, more than once."""
    training, validation = of_epochs(case, "loss"), of_epochs(case, "val_loss")
    if len(training) != len(validation):
        return False
    with np.errstate(divide="ignore", invalid="ignore"):
        return int(((validation - training) / np.abs(training) > 0.1).sum()) > 1


def overtraining(case: Recorded) -> bool:
    """Training loss for five epochs, or validation loss for ten, without getting better by 0.1."""
    return _stale(of_epochs(case, "loss"), 5) or _stale(of_epochs(case, "val_loss"), 10)


def _stale(values: np.ndarray, patience: int) -> bool:
    best, since = np.inf, 0
    for value in values:
        if value < best - 0.1:
            best, since = value, 0
        else:
            since += 1
        if since >= patience:
            return True
    return False


def class_imbalance(case: Recorded) -> bool:
    """The share of wrong answers in a class, which it looks at too, is not in the recordings."""
    counts = [count for count in case.inputs["class_counts"] if count]
    return len(counts) > 1 and max(counts) / min(counts) > 10


def check_input_images(case: Recorded) -> bool:
    return len(case.inputs["shape"]) == 3 and abs(case.inputs["mean"]) > 0.2


def nlp_sequence_ratio(case: Recorded) -> bool:
    return case.inputs["dtype"].startswith("int") and case.inputs["zero_share"] > 0.5


STILL = ("invalid_learning_rate", "learning_rate_too_low", "slow_convergence")
RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "VanishingGradient": (
        vanishing_gradient,
        ("vanishing_gradient", "dying_relu", "saturated_activation", "poor_initialization", "wrong_activation"),
    ),
    "ExplodingTensor": (
        anything_not_finite,
        (
            *("exploding_gradient", "loss_not_finite", "nan_in_data", "learning_rate_too_high", "unscaled_input"),
            *("unscaled_target", "poor_initialization"),
        ),
    ),
    "DeadRelu": (dead_relu, ("dying_relu", "poor_initialization", "learning_rate_too_high")),
    "SaturatedActivation": (saturated_activation, ("saturated_activation", "poor_initialization", "unscaled_input")),
    "PoorWeightInitialization": (poor_weight_initialization, ("poor_initialization",)),
    "WeightUpdateRatio": (
        weight_update_ratio,
        (*STILL, "learning_rate_too_high", "vanishing_gradient", "exploding_gradient", "dying_relu"),
    ),
    "AllZero": (all_zero, ("dying_relu", "poor_initialization")),
    "UnchangedTensor": (unchanged_tensor, (*STILL, "vanishing_gradient", "dying_relu")),
    "LossNotDecreasing": (
        loss_not_decreasing,
        (
            *(*STILL, "learning_rate_too_high", "oscillating_loss", "underfitting", "batch_too_small"),
            *("label_problem", "missing_warmup", "wrong_loss", "excessive_regularization"),
        ),
    ),
    "Overfit": (overfit, ("overfitting",)),
    "Overtraining": (overtraining, ("overfitting",)),
    "ClassImbalance": (class_imbalance, ("class_imbalance",)),
    "CheckInputImages": (check_input_images, ("unscaled_input",)),
    "NLPSequenceRatio": (nlp_sequence_ratio, ("missing_mask",)),
}


def alarms(case: Recorded) -> tuple[Alarm, ...]:
    """The rules that fire."""
    return apply(RULES, case)
