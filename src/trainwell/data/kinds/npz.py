"""A NumPy .npz file: x_train, y_train, x_test, y_test (and x_val, y_val), or x and y under their usual names."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.raw import Options, Part, Raw
from trainwell.errors import DataError
from trainwell.locales import Text

PRIORITY = 30
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(en="a .npz file", zh=".npz 文件")
Array = npt.NDArray[Any]
_WHOLE = (("x", "y"), ("data", "target"), ("images", "labels"))
_VALIDATION = (("x_val", "y_val"), ("x_valid", "y_valid"), ("x_validation", "y_validation"))
_CLASSES = ("classes", "class_names")
_COLUMNS = ("columns", "column_names", "feature_names")


def recognises(source: Any) -> bool:
    """Whether `source` is a file whose name ends in .npz."""
    return isinstance(source, str | os.PathLike) and Path(source).suffix == ".npz" and Path(source).is_file()


def read(source: Any, _options: Options) -> Raw:
    """Read the arrays; upper and lower case of their names are the same, Python objects are never unpickled.

    Raises:
        DataError: no .npz file, damaged, Python objects inside, or none of the expected names.
    """
    path = Path(source)
    arrays = _arrays(path)
    used: set[str] = set()

    def pair(*choices: tuple[str, str]) -> Part | None:
        for names in choices:
            if arrays.keys() >= set(names):
                used.update(names)
                return Part(arrays[names[0]], arrays[names[1]])
        return None

    def words(*choices: str) -> tuple[str, ...]:
        name = next((c for c in choices if c in arrays), None)
        used.update({name} if name else ())
        return tuple(str(w) for w in np.atleast_1d(arrays[name]).tolist()) if name else ()

    train = pair(("x_train", "y_train"))
    test, validation = (pair(("x_test", "y_test")), pair(*_VALIDATION)) if train else (None, None)
    train = train or pair(*_WHOLE)
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
    rest = sorted(arrays.keys() - used)
    return Raw(
        path.stem,
        str(path),
        train,
        validation,
        test,
        class_names=class_names,
        column_names=column_names,
        notes=(_unused(rest),) if rest else (),
    )


def _arrays(path: Path) -> dict[str, Array]:
    problem = Text(en="it is not a .npz file or is damaged", zh="它不是 .npz 文件，或已损坏")
    cause: Exception | None = None
    try:
        if zipfile.is_zipfile(path):
            # Opened here: NumPy leaves its own handle open when the file turns out to be damaged.
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                return {name.lower(): file[name] for name in file.files}
    except ValueError as error:
        cause = error
        if "allow_pickle" in str(error):
            problem = Text(
                en="it holds Python objects, which are not read for safety; store plain arrays of numbers or text",
                zh="其中含有 Python 对象，出于安全考虑不予读取；请存储普通的数值或文字数组",
            )
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        cause = error
    raise DataError(
        Text(en=f"cannot read {str(path)!r}: {problem.en}", zh=f"无法读取 {str(path)!r}：{problem.zh}")
    ) from cause


def _unused(names: list[str]) -> Note:
    return Note(
        "info",
        Text(
            en=f"Arrays of the file that are not used: {', '.join(names)}.",
            zh=f"文件中未使用的数组：{'、'.join(names)}。",
        ),
    )
