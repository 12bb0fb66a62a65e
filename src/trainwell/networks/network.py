"""What a builder of networks is, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trainwell.data import Kind
from trainwell.locales import Text
from trainwell.networks.choice import Choice
from trainwell.networks.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Built:
    """A network that was built.

    Attributes:
        model: the compiled `keras.Model`, a plain Sequential one.
        recipe: the techniques in it.
        choices: every decision to say aloud, those about the network first.
    """

    model: Any
    recipe: Recipe
    choices: tuple[Choice, ...]


@dataclass(frozen=True, eq=False)
class Network:
    """One entry of this room: a module has one under the name `NETWORK`.

    Attributes:
        name: as it is written on the command line and in code.
        title: as a person says it.
        summary: one or two sentences for a newcomer.
        kinds: of data from which it can learn.
        default_for: kinds of data for which it is taken if nobody asks for another one.
        plan: builds it: plan(data, steps=..., seed=..., **settings) -> Built.
        build: the same, but gives the model alone.
    """

    name: str
    title: Text
    summary: Text
    kinds: tuple[Kind, ...]
    default_for: tuple[Kind, ...]
    plan: Callable[..., Built]
    build: Callable[..., Any]
