"""A small diagram as data: what the figure and the terminal both draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from trainwell.locales import Text

Array = npt.NDArray[np.float64]
Style = Literal["solid", "dashed", "points", "bars", "arrow"]


@dataclass(frozen=True, eq=False)
class Line:
    """One series of a panel.

    Attributes:
        label: what the legend says.
        x: (points,).
        y: (points,); what is not finite is left out.
        style: "arrow" goes from the first point to the last.
    """

    label: Text
    x: Array
    y: Array
    style: Style = "solid"


@dataclass(frozen=True, eq=False)
class Heights:
    """A landscape behind the lines: z, (rows y, columns x)."""

    x: Array
    y: Array
    z: Array


@dataclass(frozen=True, eq=False)
class Panel:
    """One diagram; both axis labels name the unit.

    Attributes:
        title: what is seen.
        x_label: what runs from left to right.
        y_label: what runs from bottom to top.
        lines: the series.
        log_y: whether the vertical axis is logarithmic.
        shown: values that the vertical axis covers at least, so that small changes look small.
        heights: a landscape to draw the lines on, or None.
    """

    title: Text
    x_label: Text
    y_label: Text
    lines: tuple[Line, ...]
    log_y: bool = False
    shown: tuple[float, float] | None = None
    heights: Heights | None = None
