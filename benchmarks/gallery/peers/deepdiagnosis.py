"""DeepDiagnosis's symptoms (ICSE 2022), with the thresholds of `callback/callbacks.py`.

Approximated: the mean square of a layer's weights stands for their variance; the root mean square of its gradient for
the mean of the absolute values; saturation begins at 5% of the largest slope instead of at |x| = 5; that outputs lie
outside of what the loss takes is read off the last layer's activation. Loss and accuracy are compared between the first
and the last epoch.
"""

from __future__ import annotations

from gallery.alarm import Alarm
from gallery.peers.seen import (
    CROSSENTROPY,
    Rule,
    anything_not_finite,
    apply,
    from_logits,
    layers,
    loss_name,
    of_epochs,
    of_layers,
    weight_variances,
)
from gallery.recorded import Recorded

NAME = "DeepDiagnosis"


def dead_node(case: Recorded) -> bool:
    return any((values >= 0.7).any() for values in of_layers(case, "zero_share", "relu").values())


def saturated(case: Recorded) -> bool:
    return any((values > 0.5).any() for values in of_layers(case, "saturated_share", "sigmoid", "tanh").values())


def vanishing(case: Recorded) -> bool:
    return any((values < 1e-7).any() for values in of_layers(case, "gradient_rms").values())


def weights_unusual(case: Recorded) -> bool:
    return any(((values < 1e-5) | (values > 10)).any() for values in weight_variances(case).values())


def unchanged_weights(case: Recorded) -> bool:
    return any((values == 0).any() for values in of_layers(case, "update_ratio").values())


def out_of_range(case: Recorded) -> bool:
    found = layers(case)
    if not found or CROSSENTROPY not in loss_name(case) or from_logits(case):
        return False
    return found[-1].get("activation") not in ("softmax", "sigmoid")


def loss_not_decreasing(case: Recorded) -> bool:
    loss = of_epochs(case, "loss")
    return len(loss) > 1 and not loss[-1] < loss[0]


def accuracy_not_increasing(case: Recorded) -> bool:
    accuracy = of_epochs(case, "accuracy")
    return len(accuracy) > 1 and not accuracy[-1] > accuracy[0]


STUCK = (
    *("learning_rate_too_high", "learning_rate_too_low", "invalid_learning_rate", "wrong_loss", "slow_convergence"),
    *("loss_output_mismatch", "wrong_output_activation", "label_problem", "underfitting", "poor_initialization"),
    *("oscillating_loss", "excessive_regularization", "unscaled_input"),
)
RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "dead node": (dead_node, ("dying_relu", "poor_initialization", "learning_rate_too_high")),
    "saturated activation": (
        saturated,
        ("saturated_activation", "poor_initialization", "unscaled_input", "wrong_activation"),
    ),
    "vanishing gradient": (
        vanishing,
        ("vanishing_gradient", "wrong_activation", "saturated_activation", "poor_initialization", "dying_relu"),
    ),
    "improper weights": (weights_unusual, ("poor_initialization", "exploding_gradient", "learning_rate_too_high")),
    "unchanged weight": (
        unchanged_weights,
        ("invalid_learning_rate", "learning_rate_too_low", "dying_relu", "vanishing_gradient", "poor_initialization"),
    ),
    "numerical error": (
        anything_not_finite,
        (
            *("loss_not_finite", "exploding_gradient", "nan_in_data", "learning_rate_too_high", "unscaled_input"),
            *("unscaled_target", "wrong_output_activation", "wrong_loss", "poor_initialization"),
        ),
    ),
    "output out of range": (
        out_of_range,
        ("wrong_output_activation", "wrong_loss", "loss_output_mismatch"),
    ),
    "loss not decreasing": (loss_not_decreasing, STUCK),
    "accuracy not increasing": (accuracy_not_increasing, (*STUCK, "class_imbalance")),
}


def alarms(case: Recorded) -> tuple[Alarm, ...]:
    """The rules that fire."""
    return apply(RULES, case)
