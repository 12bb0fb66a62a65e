"""A measure: one number read off a layer (or the run) at one step, as a pure function of what a tap shows.

A measure gets the array namespace first (`numpy` or `jax.numpy`): inside the compiled step it runs on JAX, in tests and
on recordings on NumPy, and it is the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from trainwell.locales import Text


class WeightsTap(Protocol):
    """What a step shows of the trainable weights of one layer; arrays in the same order in all three."""

    @property
    def weights(self) -> Sequence[Any]:
        """Weights before the update."""
        ...

    @property
    def gradients(self) -> Sequence[Any]:
        """Gradients of the loss, before clipping."""
        ...

    @property
    def updates(self) -> Sequence[Any]:
        """New weights minus old weights."""
        ...


class OutputTap(Protocol):
    """What a step shows of the output of one layer."""

    @property
    def output(self) -> Any:
        """(batch, ..., units or channels)."""
        ...

    @property
    def activation(self) -> str | None:
        """Name of the activation that made the output, or None."""
        ...


@dataclass(frozen=True)
class AttentionTap:
    """What a step shows of an attention layer, before the softmax.

    Attributes:
        query: (batch, queries, heads, key size).
        key: (batch, keys, heads, key size).
    """

    query: Any
    key: Any


@dataclass(frozen=True)
class Measure:
    """One measure of the catalogue.

    Attributes:
        name: identifier, the key in recordings.
        of: what it is read off.
        unit: "1" for a pure number, "%"-free: shares lie in 0..1.
        title: what a person reads.
        compute: (array namespace, tap) -> float32 scalar.
        activations: if given, measured only where the layer's activation is one of these.
        logarithmic: shown on a logarithmic axis, because it spans orders of magnitude.
    """

    name: str
    of: Literal["weights", "output", "attention"]
    unit: str
    title: Text
    compute: Callable[[Any, Any], Any]
    activations: Mapping[str, Any] | frozenset[str] | None = None
    logarithmic: bool = False

    def applies(self, activation: str | None) -> bool:
        """Whether the measure makes sense for a layer with this activation."""
        return self.activations is None or activation in self.activations


@dataclass(frozen=True)
class RunMeasure:
    """A number of the whole step, recorded at every step."""

    name: str
    unit: str
    title: Text
    logarithmic: bool = False


def float32(xp: Any, array: Any) -> Any:
    """`array` as float32, so that a half-precision tensor does not overflow while it is being measured."""
    return xp.asarray(array).astype(xp.float32)


def norm(xp: Any, arrays: Sequence[Any]) -> Any:
    """L2 norm over all elements of all arrays, computed without overflow.

    sqrt(sum x²) overflows float32 at |x| > 1.8e19, long before the norm itself does; dividing by the largest element
    first avoids it. A non-finite element gives a non-finite norm.
    """
    flat = [float32(xp, a).reshape(-1) for a in arrays]
    scale = scale_of(xp, flat)
    return scale * xp.sqrt(sum(xp.sum(xp.square(a / scale)) for a in flat))


def scale_of(xp: Any, arrays: Sequence[Any]) -> Any:
    """The largest absolute element, to divide by; 1 where it is zero or not finite."""
    largest = xp.stack([xp.max(xp.abs(a)) for a in arrays]).max()
    return xp.where((largest > 0) & xp.isfinite(largest), largest, xp.float32(1.0))
