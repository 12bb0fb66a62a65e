"""Data sets that come with scikit-learn: real, small, no download."""

from __future__ import annotations

from typing import Any

import numpy as np

from trainwell.data.raw import Options, Part, Raw
from trainwell.locales import Text

PRIORITY = 10
NAMES = ("digits", "iris", "wine", "breast_cancer", "diabetes")
ACCEPTS = Text(en=f"a built-in name ({', '.join(NAMES)})", zh=f"内置数据集名（{'、'.join(NAMES)}）")


def recognises(source: Any) -> bool:
    """Whether `source` is one of the names; a folder of the same name is meant by "./digits"."""
    return isinstance(source, str) and source in NAMES


def read(source: Any, _options: Options) -> Raw:
    """Load from scikit-learn: digits as grey images 8 x 8 of 0..16, the others as tables."""
    from sklearn import datasets

    if source == "digits":
        bunch: Any = datasets.load_digits()
        part = Part(bunch.images.astype(np.uint8)[..., np.newaxis], bunch.target)
        names = tuple(str(n) for n in bunch.target_names)
        return Raw(source, source, part, class_names=names, kind="image")
    if source == "diabetes":
        # As measured: the scaled version of scikit-learn was scaled with the test samples in it.
        bunch = datasets.load_diabetes(scaled=False)
        columns = tuple(str(n) for n in bunch.feature_names)
        return Raw(
            source, source, Part(bunch.data, bunch.target), column_names=columns, kind="table", task="regression"
        )
    bunch = getattr(datasets, f"load_{source}")()
    return Raw(
        source,
        source,
        Part(bunch.data, bunch.target),
        class_names=tuple(str(n) for n in bunch.target_names),
        column_names=tuple(str(n) for n in bunch.feature_names),
        kind="table",
    )
