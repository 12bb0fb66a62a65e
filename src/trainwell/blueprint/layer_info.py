"""One layer of a watched model, as facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LayerInfo:
    """One layer of the watched model, in the order in which the data pass through.

    Attributes:
        name: path inside the model, e.g. "conv_1" or "encoder/attention/query".
        kind: Keras class name, e.g. "Conv2D".
        activation: name of the activation that ends the layer, or None.
        parameters: number of trainable weights (single numbers).
        output_shape: without the batch axis; () if the layer's output is not recorded.
        is_output: whether the layer's output is (one of) the model's output(s).
    """

    name: str
    kind: str
    activation: str | None
    parameters: int
    output_shape: tuple[int, ...]
    is_output: bool = False

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> LayerInfo:
        """Back from what `dataclasses.asdict` and JSON made of it."""
        values: dict[str, Any] = {**raw, "output_shape": tuple(raw["output_shape"])}
        return cls(**values)
