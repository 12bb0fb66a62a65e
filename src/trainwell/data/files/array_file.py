"""One array of a NumPy file."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.files.media_files import unreadable
from trainwell.errors import DataError
from trainwell.locales import Text

SUFFIXES = (".npy", ".npz")
ARRAYS = ("x", "X", "x_test", "data", "images")


def read_array_file(path: Path) -> npt.NDArray[Any]:
    """The array of an .npy file, or of an .npz file the first that is called x, X, x_test, data or images.

    Raises:
        FolderError: the file cannot be opened.
        DataError: it is no such file, is damaged, holds Python objects (never unpickled), or no such name.
    """
    try:
        # Opened here: NumPy leaves its own handle open when the file turns out to be damaged.
        with path.open("rb") as file:
            loaded: Any = np.load(file, allow_pickle=False)
            if not isinstance(loaded, np.lib.npyio.NpzFile):
                return loaded
            name = next((name for name in ARRAYS if name in loaded.files), None)
            if name:
                return loaded[name]
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise DataError(
            Text(
                en=f"{str(path)!r} is not a NumPy file of plain numbers; save it with numpy.save or numpy.savez",
                zh=f"{str(path)!r} 不是存放数值的 NumPy 文件；请用 numpy.save 或 numpy.savez 保存",
            )
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    names = ", ".join(ARRAYS)
    raise DataError(
        Text(
            en=f"{str(path)!r} has no array named one of {names}; save the samples under one of these names",
            zh=f"{str(path)!r} 中没有名为 {names} 之一的数组；请用其中一个名称保存样本",
        )
    )
