"""How a training ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from trainwell.blueprint.nan_origin import NanOrigin
from trainwell.engine.state import State
from trainwell.locales import Text

Stopped = Literal["callback", "interrupted", "not_finite"]


@dataclass
class Outcome:
    """How a training ended; the weights are in the model.

    Attributes:
        history: one row per finished epoch, see `Listener.epoch`.
        steps: steps done.
        traces: how often the step was traced.
        stopped: None if it ran to its end, or to the end of a generator (see `notes`); "not_finite" after the chunk of
            steps in which the loss or a weight became NaN or infinite, where Keras's `fit` would go on.
        every: the layers were looked at every so many steps.
        look_cost: measured cost of one look, as a share of an unwatched step; None if not measured.
        seconds: wall time of training, with compilation and validation.
        waited: seconds of them in which the device had nothing to do because its data were not there yet.
        notes: what a person must be told: data that ended too early, or that could not be resumed exactly.
        nan_origin: where the first NaN or infinite value came from; None if there was none, or if it is not known.
        last_good: the state before the step in which it arose, on the host; None likewise.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    steps: int = 0
    traces: int = 0
    stopped: Stopped | None = None
    every: int = 1
    look_cost: float | None = None
    seconds: float = 0.0
    waited: float = 0.0
    notes: list[Text] = field(default_factory=list[Text])
    nan_origin: NanOrigin | None = None
    last_good: State | None = field(default=None, repr=False)
