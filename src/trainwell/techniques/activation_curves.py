"""The activation functions and their slopes in NumPy, float64: arrays of any shape in, the same shape out."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Klambauer et al. 2017, eq. 14: the two constants that make mean 0 and variance 1 a fixed point.
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717

_erf = np.vectorize(math.erf, otypes=[np.float64])


def linear(x: Array) -> Array:
    """The input itself."""
    return np.asarray(x, dtype=np.float64)


def linear_gradient(x: Array) -> Array:
    """Slope of `linear`."""
    return np.ones_like(x, dtype=np.float64)


def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ)."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))  # the same function, without overflow of exp


def sigmoid_gradient(x: Array) -> Array:
    """Slope of `sigmoid`."""
    return sigmoid(x) * sigmoid(-x)


def tanh(x: Array) -> Array:
    """Hyperbolic tangent."""
    return np.tanh(x)


def tanh_gradient(x: Array) -> Array:
    """Slope of `tanh`."""
    return 4.0 * sigmoid_gradient(2.0 * x)  # 1 - tanh², without its cancellation for large x


def relu(x: Array) -> Array:
    """The larger of 0 and x."""
    return np.maximum(x, 0.0)


def relu_gradient(x: Array) -> Array:
    """Slope of `relu`."""
    return np.where(x > 0, 1.0, 0.0)


def leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    """The input, times `negative_slope` where it is negative."""
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_gradient(x: Array, negative_slope: float = 0.01) -> Array:
    """Slope of `leaky_relu`."""
    return np.where(x > 0, 1.0, negative_slope)


def elu(x: Array, alpha: float = 1.0) -> Array:
    """The input, or alpha·(eˣ - 1) where it is negative."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def elu_gradient(x: Array, alpha: float = 1.0) -> Array:
    """Slope of `elu`."""
    return np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0.0)))


def selu(x: Array) -> Array:
    """ELU with the two constants of Klambauer et al."""
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def selu_gradient(x: Array) -> Array:
    """Slope of `selu`."""
    return _SELU_SCALE * elu_gradient(x, _SELU_ALPHA)


def _normal_share_below(x: Array) -> Array:
    return 0.5 * (1.0 + _erf(np.asarray(x) / math.sqrt(2.0)))


def gelu(x: Array) -> Array:
    """The input times the share of a standard normal distribution below x."""
    return x * _normal_share_below(x)


def gelu_gradient(x: Array) -> Array:
    """Slope of `gelu`."""
    return _normal_share_below(x) + x * np.exp(-0.5 * np.square(x)) / math.sqrt(2.0 * math.pi)


def silu(x: Array) -> Array:
    """The input times its sigmoid."""
    return x * sigmoid(x)


def silu_gradient(x: Array) -> Array:
    """Slope of `silu`."""
    return sigmoid(x) + x * sigmoid_gradient(x)


def softmax(x: Array) -> Array:
    """Shares along the last axis that add up to 1."""
    raised = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return raised / np.sum(raised, axis=-1, keepdims=True)


def softmax_gradient(x: Array) -> Array:
    """Jacobian of `softmax`, (..., outputs, inputs)."""
    share = softmax(x)
    return share[..., :, None] * (np.eye(share.shape[-1]) - share[..., None, :])
