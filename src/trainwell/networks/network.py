"""What a builder of networks is, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trainwell.data import Dataset, Kind, Task
from trainwell.locales import Text
from trainwell.networks.choice import Choice
from trainwell.networks.recipe import Default, Recipe


@dataclass(frozen=True, eq=False)
class Built:
    """A network that was built.

    Attributes:
        model: the compiled `keras.Model`, a Sequential or a functional one, of Keras's own layers alone.
        recipe: the techniques in it.
        choices: every decision to say aloud, those about the network first.
    """

    model: Any
    recipe: Recipe
    choices: tuple[Choice, ...]


def _no_advice(_: Dataset) -> Mapping[str, Default]:
    return {}


@dataclass(frozen=True, eq=False)
class Network:
    """One entry of this room: a module has one under the name `NETWORK`.

    Attributes:
        name: as it is written on the command line and in code.
        title: as a person says it.
        summary: one or two sentences for a newcomer.
        kinds: of data from which it can learn.
        default_for: kinds of data or tasks for which it is taken if nobody asks for another one; a task goes first.
        plan: builds it: plan(data, steps=..., seed=..., **settings) -> Built.
        build: the same, but gives the model alone.
        writes: whether it can be a language model: no step sees what follows.
        unfit: techniques that make no sense in it, and why.
        training: from data to what a training should use if nobody asks for another value: "epochs", "batch_size".
    """

    name: str
    title: Text
    summary: Text
    kinds: tuple[Kind, ...]
    default_for: tuple[Kind | Task, ...]
    plan: Callable[..., Built]
    build: Callable[..., Any]
    writes: bool = False
    unfit: Mapping[str, Text] = field(default_factory=dict[str, Text])
    training: Callable[[Dataset], Mapping[str, Default]] = _no_advice
