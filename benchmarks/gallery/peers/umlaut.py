"""UMLAUT's heuristics (CHI 2021), `umlaut/heuristics.py`: data, layers and rate before the training, then the curves.

Approximated: its curves are compared over whole epochs, and a rate that a schedule sets is not looked at.
"""

from __future__ import annotations

from gallery.alarm import Alarm
from gallery.peers.seen import CROSSENTROPY, Rule, apply, from_logits, layers, learning_rate, loss_name, of_epochs
from gallery.recorded import Recorded

NAME = "UMLAUT"


def outside_of_one(case: Recorded) -> bool:
    if case.inputs["dtype"].startswith("int"):
        return False  # tokens are no measurements
    return case.inputs["minimum"] < -1 or case.inputs["maximum"] > 1


def not_a_number(case: Recorded) -> bool:
    return case.inputs["not_a_number"] > 0


def shape(case: Recorded) -> bool:
    """The model takes another shape than the data have."""
    wanted = next((layer["batch_shape"][1:] for layer in layers(case) if layer["class_name"] == "InputLayer"), None)
    given = case.inputs["shape"]
    if wanted is None:
        return False
    return len(wanted) != len(given) or any(w not in (None, g) for w, g in zip(wanted, given, strict=True))


def no_softmax(case: Recorded) -> bool:
    """A loss over several classes on a last layer without softmax, where the loss does not take logits."""
    found = [] if from_logits(case) else layers(case)
    several = CROSSENTROPY in loss_name(case) and not loss_name(case).startswith("binary")
    return bool(found) and several and found[-1].get("activation") != "softmax"


def no_activation_at_the_end(case: Recorded) -> bool:
    found = [] if from_logits(case) else layers(case)
    return bool(found) and loss_name(case).startswith("binary") and found[-1].get("activation") == "linear"


def linear_inside(case: Recorded) -> bool:
    inner = [layer for layer in layers(case)[:-1] if layer["class_name"].startswith(("Dense", "Conv"))]
    return any(layer.get("activation") == "linear" for layer in inner)


def rate_high(case: Recorded) -> bool:
    rate = learning_rate(case)
    return rate is not None and rate > 0.01


def rate_low(case: Recorded) -> bool:
    rate = learning_rate(case)
    return rate is not None and rate < 1e-7


def overfitting(case: Recorded) -> bool:
    """Validation loss up and training loss down, from one epoch to the next."""
    training, validation = of_epochs(case, "loss"), of_epochs(case, "val_loss")
    if len(training) < 2 or len(training) != len(validation):
        return False
    return bool(((validation[1:] > validation[:-1]) & (training[1:] < training[:-1])).any())


def validation_too_good(case: Recorded) -> bool:
    training, validation = of_epochs(case, "accuracy"), of_epochs(case, "val_accuracy")
    if not len(validation) or len(training) != len(validation):
        return False
    return bool((validation > 0.95).any() or (validation > training + 0.05).any())


def dropout_high(case: Recorded) -> bool:
    return any("Dropout" in layer["class_name"] and layer.get("rate", 0) > 0.5 for layer in layers(case))


RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "input exceeds limits": (outside_of_one, ("unscaled_input", "nan_in_data")),
    "NaN in input": (not_a_number, ("nan_in_data",)),
    "input wrong shape": (shape, ("wrong_input_shape",)),
    "missing softmax": (no_softmax, ("wrong_output_activation", "loss_output_mismatch", "wrong_loss")),
    "missing activation on the last layer": (
        no_activation_at_the_end,
        ("wrong_output_activation", "loss_output_mismatch"),
    ),
    "missing activations": (linear_inside, ("missing_nonlinearity", "wrong_activation")),
    "learning rate high": (rate_high, ("learning_rate_too_high", "oscillating_loss", "missing_warmup")),
    "learning rate low": (rate_low, ("learning_rate_too_low", "invalid_learning_rate")),
    "overfitting": (overfitting, ("overfitting",)),
    "validation accuracy high": (validation_too_good, ("data_leakage",)),
    "dropout high": (dropout_high, ("excessive_regularization",)),
}


def alarms(case: Recorded) -> tuple[Alarm, ...]:
    """The rules that fire."""
    return apply(RULES, case)
