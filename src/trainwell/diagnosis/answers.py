"""What the targets ask for and what the last layer gives, put side by side as Keras compares them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainwell.diagnosis.contract import Contract, Form, Targets

CATEGORICAL = frozenset({"categorical_crossentropy", "categorical_focal_crossentropy"})
BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
HINGE = frozenset({"hinge", "squared_hinge"})
PROBABILITIES = frozenset({"softmax", "sigmoid", "hard_sigmoid", "sparse_sigmoid", "sparsemax"})
SIGMOIDS = frozenset({"sigmoid", "hard_sigmoid", "sparse_sigmoid"})
_NEARLY_ONE = 1e-3


@dataclass(frozen=True)
class Answers:
    """Targets as the loss compares them with the outputs.

    Attributes:
        form: as in `Targets`, but 0 and 1 in each place of a sequence are class numbers, and whole numbers in several
            columns are numbers.
        columns: how many stand against the units of one place; None if the shapes cannot be laid side by side.
        classes: how many different classes there are; 0 for numbers.
        smallest: class number or number, without the ignored class; NaN if there is none.
        largest: likewise.
    """

    form: Form
    columns: int | None
    classes: int
    smallest: float
    largest: float


def answers(contract: Contract) -> Answers:
    """What the targets of a contract ask for."""
    targets, columns = contract.targets, _columns(contract)
    smallest, largest = targets.values.minimum, targets.values.maximum
    if targets.form == "numbers" or (targets.form == "class_numbers" and columns != 1):
        return Answers("numbers", columns, 0, smallest, largest)
    if targets.form == "class_numbers":
        return Answers("class_numbers", columns, *_without_ignored(targets, contract.ignored_class))
    if columns == 1:
        return Answers("class_numbers", 1, 2, 0.0, 1.0)
    return Answers(targets.form, columns, len(targets.counts), smallest, largest)


def places(contract: Contract) -> tuple[int, int] | None:
    """The first axis before the last one where targets and outputs differ in length (of targets, of outputs)."""
    wanted, given = contract.targets.values.shape, contract.output.shape
    if len(wanted) == len(given):
        wanted = wanted[:-1]
    elif len(wanted) != len(given) - 1:
        return None
    pairs = zip(wanted, given[:-1], strict=True)
    return next(((asked, made) for asked, made in pairs if made is not None and asked != made), None)


def softmax_on_one_unit(contract: Contract) -> bool:
    """Whether each output is a share of itself, which is always 1."""
    output = contract.output
    along_last_axis = len(output.shape) <= 1 or output.minimum > 1 - _NEARLY_ONE
    return output.activation in ("softmax", "sparsemax") and output.units == 1 and along_last_axis


def judged_by_accuracy(contract: Contract) -> bool:
    """Whether somebody asked how many answers are right: the targets are meant as classes."""
    return any("accuracy" in metric or metric == "acc" for metric in contract.metrics)


def gives_probabilities(contract: Contract) -> bool:
    """Whether the outputs went through a sigmoid or softmax and, as far as is known, through nothing after it."""
    output = contract.output
    return output.activation in PROBABILITIES and not (output.minimum < 0 or output.maximum > 1 + _NEARLY_ONE)


def whole(value: float) -> str:
    """A number with all its digits where it is a whole one, else with three.

    >>> whole(7999.0), whole(0.12345), whole(float("inf"))
    ('7999', '0.123', 'inf')
    """
    return f"{value:.0f}" if math.isfinite(value) and value == round(value) else f"{value:.3g}"


def _columns(contract: Contract) -> int | None:
    wanted, given = contract.targets.values.shape, len(contract.output.shape)
    if len(wanted) == given + 1 and wanted[-1] == 1:
        wanted = wanted[:-1]
    if len(wanted) == given:
        return wanted[-1] if wanted else 1
    return 1 if len(wanted) == given - 1 else None


def _without_ignored(targets: Targets, ignored: int | None) -> tuple[int, float, float]:
    """How many class numbers there are besides the ignored one, the smallest and the largest."""
    smallest, largest, counts = targets.values.minimum, targets.values.maximum, targets.counts
    if ignored is None:
        return targets.different, smallest, largest
    others = [number for number, count in enumerate(counts) if count and number != ignored]
    present = ignored == smallest or (0 <= ignored < len(counts) and counts[ignored] > 0)
    if ignored == smallest:
        smallest = _or_nan(others[:1])
    if ignored == largest:
        largest = _or_nan(others[-1:])
    return targets.different - present, smallest, largest


def _or_nan(found: Sequence[int]) -> float:
    return float(found[0]) if found else math.nan
