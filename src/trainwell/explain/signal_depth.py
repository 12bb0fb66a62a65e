"""What becomes of a signal, and of its gradient, on the way through many layers: a small simulation in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
# So few numbers that OpenBLAS stays on one thread (below 2^18 products): on a busy machine, waiting for the second
# thread costs a hundred times more than the work.
DEPTH, WIDTH, SAMPLES = 30, 100, 25


@dataclass(frozen=True, eq=False)
class Depth:
    """Root mean squares by layer.

    Attributes:
        signal: (depth + 1,), the input first.
        gradient: (depth + 1,), of the loss with respect to the same signals.
    """

    signal: Array
    gradient: Array


def through_layers(
    function: Callable[[Array], Array],
    slope: Callable[[Array], Array],
    draw: Callable[[np.random.Generator, int, int], Array],
    *,
    strength: float = 1.0,
    normalise: Callable[[Array], Array] | None = None,
    seed: int = 0,
) -> Depth:
    """Send standard normal samples through 30 dense layers of 100 units, and a standard normal gradient back.

    Args:
        function: the activation, elementwise.
        slope: its derivative.
        draw: gives the weights of a layer, (inputs, units); biases are 0.
        strength: factor on all weights.
        normalise: applied to the sums of each layer before the activation; the gradient is then not followed (NaN).
        seed: of samples, weights and gradient.
    """
    generator = np.random.default_rng(seed)
    signal = generator.normal(size=(SAMPLES, WIDTH))
    signals, sums, weights = [_root_mean_square(signal)], [], []
    for _ in range(DEPTH):
        weights.append(strength * draw(generator, WIDTH, WIDTH))
        total = signal @ weights[-1]
        sums.append(normalise(total) if normalise else total)
        signal = function(sums[-1])
        signals.append(_root_mean_square(signal))
    gradient = generator.normal(size=signal.shape)
    gradients = [_root_mean_square(gradient)]
    for weight, total in zip(reversed(weights), reversed(sums), strict=True):
        gradient = (gradient * slope(total)) @ weight.T
        gradients.append(np.nan if normalise else _root_mean_square(gradient))
    return Depth(np.array(signals), np.array(gradients[::-1]))


def _root_mean_square(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
