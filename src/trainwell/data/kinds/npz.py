"""A NumPy .npz file: x_train, y_train, x_test, y_test (and x_val, y_val), or x and y under their usual names.

Beside padded sequences may stand their lengths: lengths_train or len_train and so on, or lengths beside x and y.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from trainwell.data.dataset import Note
from trainwell.data.files.npz_file import lengths_name, read_arrays
from trainwell.data.raw import Options, Part, Raw
from trainwell.data.sequences.fit import sequence_raw
from trainwell.errors import DataError
from trainwell.locales import Text

PRIORITY = 30
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(en="a .npz file", zh=".npz 文件")
_WHOLE = (("x", "y"), ("data", "target"), ("images", "labels"))
_VALIDATION = (("x_val", "y_val"), ("x_valid", "y_valid"), ("x_validation", "y_validation"))
_CLASSES = ("classes", "class_names")
_COLUMNS = ("columns", "column_names", "feature_names")


def recognises(source: Any) -> bool:
    """Whether `source` is a file whose name ends in .npz."""
    return isinstance(source, str | os.PathLike) and Path(source).suffix == ".npz" and Path(source).is_file()


def read(source: Any, options: Options) -> Raw:
    """Read the arrays; upper and lower case of their names are the same, Python objects are never unpickled.

    Raises:
        DataError: no .npz file, damaged, Python objects inside, none of the expected names, or sequences that cannot be
            read as such.
    """
    path = Path(source)
    arrays = read_arrays(path)
    used: set[str] = set()

    def pair(*choices: tuple[str, str]) -> tuple[Part | None, str | None]:
        """Inputs and targets, and the name of the inputs' lengths."""
        for names in choices:
            if arrays.keys() >= set(names):
                used.update(names)
                return Part(arrays[names[0]], arrays[names[1]]), lengths_name(arrays, names[0].partition("_")[2])
        return None, None

    def words(*choices: str) -> tuple[str, ...]:
        name = next((c for c in choices if c in arrays), None)
        used.update({name} if name else ())
        return tuple(str(w) for w in np.atleast_1d(arrays[name]).tolist()) if name else ()

    train, train_lengths = pair(("x_train", "y_train"))
    validation, validation_lengths = pair(*_VALIDATION) if train else (None, None)
    test, test_lengths = pair(("x_test", "y_test")) if train else (None, None)
    if train is None:
        train, train_lengths = pair(*_WHOLE)
    if train is None:
        found = ", ".join(sorted(arrays)) or "-"
        raise DataError(
            Text(
                en=f"{str(path)!r} has the arrays {found}; expected are x_train and y_train (with x_test and y_test), "
                "or x and y",
                zh=f"{str(path)!r} 中的数组是 {found}；需要 x_train 和 y_train（以及 x_test 和 y_test），或者 x 和 y",
            )
        )
    class_names, column_names = words(*_CLASSES), words(*_COLUMNS)
    raw = Raw(path.stem, str(path), train, validation, test, class_names=class_names, column_names=column_names)
    named = (train_lengths, validation_lengths, test_lengths)
    lengths = [arrays[name] if name else None for name in named]
    raw = sequence_raw(raw, options, lengths=lengths, channels=column_names)
    used.update(name for name in named if name and raw.fit)
    rest = sorted(arrays.keys() - used)
    return replace(raw, notes=(*raw.notes, _unused(rest))) if rest else raw


def _unused(names: list[str]) -> Note:
    return Note(
        "info",
        Text(
            en=f"Arrays of the file that are not used: {', '.join(names)}.",
            zh=f"文件中未使用的数组：{'、'.join(names)}。",
        ),
    )
