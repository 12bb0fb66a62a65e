"""A series in memory, as the rows and columns that forecasting reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from trainwell.data.frames.frame import Frame
from trainwell.data.inputs import as_array
from trainwell.errors import DataError
from trainwell.locales import Text

_NAME = "series"


def series_frame(values: Any) -> Frame:
    """A frame with a column "step" that counts, and one column for each channel.

    Args:
        values: numbers, (steps,) or (steps, channels); NaN where one is missing.

    Raises:
        DataError: no numbers, or another shape.

    >>> series_frame([3.0, 1.0, 4.0]).columns, series_frame(np.zeros((5, 2))).columns
    (('step', 'value'), ('step', 'channel 0', 'channel 1'))
    """
    import polars as pl

    array = as_array(values, Text(en=_NAME, zh=_NAME))
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2):
        raise DataError(
            Text(
                en=f"the series is an array {array.shape} of {array.dtype}; a forecast needs numbers, (steps,) or "
                "(steps, channels)",
                zh=f"序列是形状 {array.shape}、类型 {array.dtype} 的数组；"
                "预测需要数值，形状为（步数，）或（步数，通道数）",
            )
        )
    columns = array.reshape(len(array), -1)
    names = ["value"] if columns.shape[1] == 1 else [f"channel {number}" for number in range(columns.shape[1])]
    channels = [pl.Series(name, column) for name, column in zip(names, columns.T.copy(), strict=True)]
    data = pl.DataFrame([pl.Series("step", np.arange(len(columns))), *channels])
    return Frame(_NAME, _NAME, Path(_NAME), data, np.arange(1, len(columns) + 1))
