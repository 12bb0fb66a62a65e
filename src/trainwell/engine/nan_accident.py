"""What kind of accident an operation had that was given finite numbers and gave NaN or infinite ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.blueprint.nan_origin import NanCause

OUT_OF_DOMAIN = ("acos", "asin", "acosh", "atanh", "erf_inv", "lgamma", "digamma", "atan2", "rem")


def accident(
    operation: str, operands: Sequence[npt.NDArray[Any]], output: npt.NDArray[Any], divisor_made_by: str = ""
) -> NanCause:
    """The kind of accident.

    Args:
        operation: as JAX calls it, e.g. "exp".
        operands: what it was given.
        output: what it gave; holds values that are not finite.
        divisor_made_by: operation that made the second operand, or "log" where a logarithm was taken of it too.

    >>> accident("log", [np.zeros(2)], np.full(2, -np.inf))
    'log_of_zero'
    >>> accident("div", [np.zeros(2), np.array([0.0, 1.0])], np.array([np.nan, 0.0]))
    'division'
    >>> accident("exp", [np.array([100.0], np.float32)], np.array([np.inf], np.float32))
    'overflow'
    """
    if any(not np.isfinite(_float(operand)).all() for operand in operands):
        return "infinite_constant"
    bad = ~np.isfinite(_float(output))
    first = _at(operands[0], bad) if operands else np.zeros(0)
    if operation in ("log", "log1p"):
        return "log_of_zero"
    if operation in ("sqrt", "cbrt"):
        return "root_of_zero"
    if operation == "rsqrt":
        return "division" if (first == 0).any() else "root_of_zero"
    if operation == "div" and (_at(operands[1], bad) == 0).any():
        return {"sqrt": "root_of_zero", "log": "log_of_zero"}.get(divisor_made_by, "division")  # type: ignore[return-value]
    if operation in ("pow", "integer_pow"):
        return "division" if (first == 0).any() else "out_of_domain" if (first < 0).any() else "overflow"
    return "out_of_domain" if operation in OUT_OF_DOMAIN else "overflow"


def _at(operand: npt.NDArray[Any], where: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """The entries of an operand that led to these of the output; all where the shapes do not fit."""
    if operand.shape == where.shape:
        return operand[where]
    return np.broadcast_to(operand, where.shape)[where] if operand.ndim == 0 else operand.reshape(-1)


def _float(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array whose values can be asked whether they are finite."""
    return array if array.dtype.kind in "fc" else array.astype(np.float32)


def largest_finite(operands: Sequence[npt.NDArray[Any]]) -> float | None:
    """Largest finite magnitude among the operands; None if there is none."""
    found = [np.abs(_float(operand)[np.isfinite(_float(operand))]) for operand in operands]
    return max((float(values.max()) for values in found if values.size), default=None)
