"""What was found out about a network, in one file: it can be drawn again in either language without the network."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.errors import FolderError
from trainwell.explain.learned.explanation import Learned
from trainwell.locales import Text
from trainwell.whole_file import whole_file

_LEFT_OUT = "left_out"  # holds the sentence in both languages, English first


def save(learned: Sequence[Learned], path: str | Path) -> Path:
    """Write everything to one compressed .npz without pickled objects, and return its path.

    Raises:
        FolderError: the file cannot be written.
    """
    path = Path(path)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for one in learned:
        for name, values in one.arrays.items():
            values = np.asarray(values)
            arrays[f"{one.name}/{name}"] = values.astype(np.float32) if values.dtype == np.float64 else values
        if one.left_out is not None:
            arrays[f"{one.name}/{_LEFT_OUT}"] = np.array([one.left_out.en, one.left_out.zh])
    try:
        with whole_file(path) as temporary:
            np.savez_compressed(temporary, allow_pickle=False, **arrays)  # type: ignore[arg-type] # names are ours
    except OSError as error:
        reason = error.strerror or str(error)
        raise FolderError(
            Text(
                en=f"what was learned cannot be written to {path}: {reason}; give a folder that can be written to",
                zh=f"无法把所学内容写入 {path}：{reason}；请给出一个可写的文件夹",
            )
        ) from error
    return path


def load(path: str | Path) -> tuple[Learned, ...]:
    """Read what `save` wrote.

    Raises:
        FolderError: there is no such file, or it is not one of these.
    """
    try:
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FolderError(
            Text(
                en=f"{path} does not hold what a network has learned ({error!s:.80}); give the learned.npz of a run",
                zh=f"{path} 中没有网络所学的内容（{error!s:.80}）；请给出某次运行的 learned.npz",
            )
        ) from error
    found: dict[str, dict[str, npt.NDArray[Any]]] = {}
    for full_name, values in arrays.items():
        explanation, _, name = full_name.partition("/")
        found.setdefault(explanation, {})[name] = values
    return tuple(_one(name, values) for name, values in found.items())


def _one(name: str, arrays: dict[str, npt.NDArray[Any]]) -> Learned:
    sentence = arrays.pop(_LEFT_OUT, None)
    left_out = None if sentence is None else Text(en=str(sentence[0]), zh=str(sentence[1]))
    return Learned(name, arrays, left_out)
