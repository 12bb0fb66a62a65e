"""The arrays of a NumPy .npz file, and which of them are the lengths of padded sequences."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.files.array_file import read_array_file
from trainwell.errors import DataError
from trainwell.locales import Text

Array = npt.NDArray[Any]
_INPUTS = ("x", "data", "x_test", "test_x")
_LENGTHS = ("lengths", "length", "len", "lens", "seq_len", "seq_lengths", "sequence_lengths")


def read_arrays(path: Path) -> dict[str, Array]:
    """All arrays by their names in lower case; Python objects are never unpickled.

    Raises:
        DataError: no .npz file, damaged, or Python objects inside.
    """
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


def lengths_name(names: Collection[str], part: str = "") -> str | None:
    """The name of the array that holds the lengths of a part's sequences, or None.

    >>> lengths_name(["x_train", "len_train"], "train"), lengths_name(["x", "y", "lengths"])
    ('len_train', 'lengths')
    """
    for word in _LENGTHS:
        for name in (f"{word}_{part}", f"{part}_{word}") if part else (word,):
            if name in names:
                return name
    return None


def read_sequence_file(path: Path, what: Text) -> tuple[Array, Text, Array | None]:
    """Inputs of an .npy or .npz file for prediction, how to call them, and their lengths where the file has them.

    Raises:
        FolderError: the file cannot be opened.
        DataError: it is no such file, or has no array under a name that is known.
    """
    if path.suffix != ".npz" or not path.is_file():
        return read_array_file(path), what, None
    arrays = read_arrays(path)
    name = next((name for name in _INPUTS if name in arrays), None)
    if name is None:
        found = ", ".join(sorted(arrays)) or "-"
        raise DataError(
            Text(
                en=f"{str(path)!r} has the arrays {found}; expected is one of {', '.join(_INPUTS)}",
                zh=f"{str(path)!r} 中的数组是 {found}；应有 {'、'.join(_INPUTS)} 之一",
            )
        )
    lengths = lengths_name(arrays, "test" if "test" in name else "")
    return arrays[name], Text(en=name, zh=name), arrays[lengths] if lengths else None
