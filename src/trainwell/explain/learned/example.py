"""One real input, with the words to show it, and several of them as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trainwell.explain.learned.calls import layers_inside

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Example:
    """One real input as the network takes it.

    Attributes:
        x: (1, *input shape), without padding behind its end.
        label: what it is ("seven"), or "".
        answer: what the network says ("seven (98%)"), or "".
        steps: names of the steps, as many as `x` has (the tokens of a text), or ().
        channels: names of the columns of a table or of the channels of a sequence, or ().
        kind: what is shown.
        seconds_per_step: time from one step of `x` to the next, in seconds; None where steps are no times.
        filling: number that the network takes for a step behind the end; None to look for its Masking layer.
    """

    x: Array
    label: str
    answer: str
    steps: tuple[str, ...]
    channels: tuple[str, ...]
    kind: Literal["image", "text", "sequence", "audio", "table"]
    seconds_per_step: float | None = None
    filling: float | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """Examples that run through the network together.

    Attributes:
        examples: those that fit together.
        x: (examples, *input shape), padded behind the end where they differ in length.
        lengths: steps of each without its padding, (examples,).
    """

    examples: tuple[Example, ...]
    x: Array
    lengths: npt.NDArray[np.int64]

    def real_steps(self, place: int, steps: int, mask: Array | None) -> npt.NDArray[np.int64]:
        """Which of a layer's `steps` belong to the example at `place`, in their order.

        Args:
            place: of the example in the batch.
            steps: that the layer sees; fewer than the input has behind a layer that takes several steps together.
            mask: (examples, steps), what the network itself says; None where it masks nothing.
        """
        if mask is not None:
            return np.flatnonzero(mask[place])
        return np.arange(int(np.ceil(steps * self.lengths[place] / self.x.shape[1])))


def batched(model: Any, examples: Sequence[Example]) -> Batch:
    """As many of the examples as can be one batch.

    Shorter ones are filled up with what the network masks: 0 for tokens and sound, their `filling` or the `mask_value`
    of a Masking layer for measurements. If there is none, only examples as long as the first are taken.
    """
    wanted = _fixed_length(model)
    filling = examples[0].filling if examples[0].filling is not None else _filling(model, examples[0].x)
    if filling is None or examples[0].kind in ("image", "table"):
        chosen = tuple(e for e in examples if e.x.shape == examples[0].x.shape)
        lengths = [e.x.shape[1] if e.x.ndim > 1 else 1 for e in chosen]
        return Batch(chosen, np.concatenate([e.x for e in chosen]), np.array(lengths, np.int64))
    lengths = [e.x.shape[1] for e in examples]
    full = wanted or max(lengths)
    rows = [_filled(e.x[:, :full], full, filling) for e in examples]
    return Batch(tuple(examples), np.concatenate(rows), np.minimum(np.array(lengths, np.int64), full))


def _filled(x: Array, steps: int, value: float) -> Array:
    return np.pad(x, [(0, 0), (0, steps - x.shape[1]), *[(0, 0)] * (x.ndim - 2)], constant_values=value)


def _fixed_length(model: Any) -> int | None:
    """Steps of the model's input if it takes no other number."""
    shape = getattr(model, "input_shape", None)
    return shape[1] if isinstance(shape, tuple) and len(shape) > 1 and isinstance(shape[1], int) else None


def _filling(model: Any, x: Array) -> float | None:
    masking = [float(layer.mask_value) for layer in layers_inside(model) if type(layer).__name__ == "Masking"]
    if masking:
        return masking[0]
    return 0 if np.issubdtype(x.dtype, np.integer) and x.ndim == 2 else None
