"""Where the first NaN or infinite value of a training came from, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Direction = Literal["forward", "backward", "update"]
Tensor = Literal[
    "input", "target", "sample_weight", "weight", "constant", "output", "loss", "gradient", "optimizer", "unknown"
]
NanCause = Literal[
    "bad_data",
    "bad_weights",
    "too_large_steps",
    "overflow",
    "log_of_zero",
    "division",
    "root_of_zero",
    "out_of_domain",
    "infinite_constant",
    "unknown",
]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
TENSORS: tuple[Tensor, ...] = get_args(Tensor)
NAN_CAUSES: tuple[NanCause, ...] = get_args(NanCause)


@dataclass(frozen=True)
class NanOrigin:
    """The origin of the first value that was NaN or infinite and reached the loss or the weights.

    Attributes:
        step: in which it arose, counted from 1.
        epoch: of this step, counted from 1.
        direction: "forward" (network or loss), "backward" (gradients), or "update" (the optimizer's new weights).
        tensor: what held it first: a given array ("input", "target", "sample_weight", "weight", "constant",
            "optimizer"), or a computed one ("output" of a layer, "loss", "gradient", "weight" of an update).
        layer: path of the layer that computed it, or that first read it; None for the loss.
        operation: what computed it, as JAX calls it, e.g. "exp"; "" for a given array.
        cause: what kind of accident it was; "unknown" if it could not be followed to one operation.
        value: "nan", or "inf" for an infinite value of either sign.
        rows: places within the batch of the samples that held it, counted from 0, at most `MOST_ROWS`; () where it
            belongs to no single sample.
        samples: numbers of the same samples in the training data, counted from 0; () where they have none.
        affected: how many samples of the batch held it; 0 where it belongs to no single sample.
        batch_size: samples of this step.
        dtype: number format of the tensor, e.g. "float16".
        largest: largest finite magnitude that the operation was given; None for a given array.
        limit: largest finite number of the format; None if it is none of floating point.
        largest_weight: largest magnitude of a weight before the step.
        weight_growth: L2 norm of all weights before the step, as a multiple of that at the start; None if that was 0.
        time_step: of a sequence, counted from 0 in the order in which a recurrent layer goes; None elsewhere.
        last_good: file of the weights before this step, relative to the run's folder; None if none was written.
    """

    step: int
    epoch: int
    direction: Direction
    tensor: Tensor
    layer: str | None = None
    operation: str = ""
    cause: NanCause = "unknown"
    value: Literal["nan", "inf"] = "nan"
    rows: tuple[int, ...] = ()
    samples: tuple[int, ...] = ()
    affected: int = 0
    batch_size: int = 0
    dtype: str = ""
    largest: float | None = None
    limit: float | None = None
    largest_weight: float | None = None
    weight_growth: float | None = None
    time_step: int | None = None
    last_good: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON; every number is finite."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> NanOrigin:
        """Back from `to_dict`, to an equal origin.

        Raises:
            ValueError: direction, tensor or cause is none that is known.
            TypeError: a name is missing, or one too many.
        """
        for name, known in (("direction", DIRECTIONS), ("tensor", TENSORS), ("cause", NAN_CAUSES)):
            if raw.get(name, known[-1]) not in known:
                raise ValueError(f"{name} {raw[name]!r}")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()
        }
        return cls(**values)


MOST_ROWS = 16  # samples that are named; more of them are counted
