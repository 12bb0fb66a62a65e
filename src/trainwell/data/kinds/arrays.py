"""Arrays in memory: load(x, y), or load((x_train, y_train), (x_test, y_test)) as keras.datasets gives them."""

from __future__ import annotations

import os
from typing import Any, TypeGuard

from trainwell.data.raw import Options, Part, Raw
from trainwell.data.sequences.fit import sequence_raw
from trainwell.data.series.array import series_frame
from trainwell.errors import DataError
from trainwell.locales import Text

PRIORITY = 20
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(
    en="arrays (x, y or two pairs: (x_train, y_train), (x_test, y_test); one series to forecast)",
    zh="数组（x, y，或两个元组：(x_train, y_train), (x_test, y_test)；或一个要预测的时间序列）",
)


def recognises(source: Any) -> bool:
    """Whatever is neither a name nor a path."""
    return not isinstance(source, str | os.PathLike)


def read(source: Any, options: Options) -> Raw:
    """Take the arrays as they are; only tuples are pairs, lists are data. Sequences may have different lengths.

    With `task="forecasting"` and no targets, the array is one series, (steps,) or (steps, channels).

    Raises:
        DataError: the targets are missing, or sequences cannot be read as such.
    """
    y = options.y
    if y is None and options.task == "forecasting" and not _is_pair(source):
        from trainwell.data.frames.forecasting import read as read_series

        return read_series(series_frame(source), options)
    if y is None and _is_pair(source):
        source, y = source  # load(keras.datasets.mnist.load_data()), or load((x, y))
    if _is_pair(source) and _is_pair(y):
        return sequence_raw(Raw("arrays", "arrays", Part(*source), test=Part(*y)), options)
    if y is None:
        raise DataError(
            Text(
                en="there are inputs but no targets; give both: load(x, y)",
                zh="只有输入，没有目标；请同时提供两者：load(x, y)",
            )
        )
    return sequence_raw(Raw("arrays", "arrays", Part(source, y)), options)


def _is_pair(value: Any) -> TypeGuard[tuple[Any, Any]]:
    return isinstance(value, tuple) and len(value) == 2
