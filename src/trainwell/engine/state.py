"""The state of a training as plain arrays, taken from a Keras model and given back to it."""

from __future__ import annotations

from typing import Any, NamedTuple


class State(NamedTuple):
    """Everything that a step changes; four lists of arrays, in the order of the model's own lists of variables.

    Attributes:
        trainable: weights.
        non_trainable: running means, states of random generators.
        optimizer: iterations, momenta, loss scale.
        metrics: running sums of loss and metrics.
    """

    trainable: list[Any]
    non_trainable: list[Any]
    optimizer: list[Any]
    metrics: list[Any]


def variables(model: Any) -> State:
    """The Keras variables whose values the state holds."""
    return State(
        list(model.trainable_variables),
        list(model.non_trainable_variables),
        list(model.optimizer.variables),
        list(model.metrics_variables),
    )


def read(model: Any) -> State:
    """The values as they stand in the model. Steps donate them: until `assign`, the model must not be used."""
    return State(*([variable.value for variable in group] for group in variables(model)))


def copied(model: Any) -> State:
    """The values as they stand in the model, copied to the host."""
    import numpy as np

    return State(*([np.array(value) for value in group] for group in read(model)))


def assign(model: Any, state: State) -> None:
    """Give the values back to the model."""
    for group, values in zip(variables(model), state, strict=True):
        for variable, value in zip(group, values, strict=True):
            variable.assign(value)
