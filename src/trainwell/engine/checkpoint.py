"""A checkpoint: everything that is needed to go on with a training as if it had never stopped, bit for bit.

One .npz file, no pickle: arrays, and a JSON text that says what they are. It is written under another name and renamed,
so a kill at any moment leaves the previous one.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainwell.engine.state import State
from trainwell.errors import FolderError
from trainwell.locales import Text
from trainwell.whole_file import whole_file

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """A moment of a training.

    Attributes:
        state: arrays of weights, optimizer, random generators and metrics.
        epoch: the epoch that is under way, from 0.
        step_of_epoch: steps of it that are done.
        step: steps done since the start.
        callbacks: state of each callback (see `callbacks.save_state`).
        history: rows of the finished epochs.
    """

    state: State
    epoch: int
    step_of_epoch: int
    step: int
    callbacks: list[dict[str, Any]]
    history: list[dict[str, float]]

    def save(self, path: Path) -> None:
        """Write the checkpoint; `path` is replaced at once or not at all."""
        arrays: dict[str, Any] = {}
        description = {
            "format": FORMAT,
            "epoch": self.epoch,
            "step_of_epoch": self.step_of_epoch,
            "step": self.step,
            "state": [_pack(list(group), arrays) for group in self.state],
            "callbacks": _pack(self.callbacks, arrays),
            "history": _pack(self.history, arrays),
        }
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, description=json.dumps(description), **arrays)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a checkpoint.

        Raises:
            FolderError: there is none, or it is not one.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                raw = json.loads(str(arrays["description"]))
                if raw["format"] != FORMAT:
                    raise ValueError("format")
                return cls(
                    State(*(_unpack(group, arrays) for group in raw["state"])),
                    int(raw["epoch"]),
                    int(raw["step_of_epoch"]),
                    int(raw["step"]),
                    _unpack(raw["callbacks"], arrays),
                    _unpack(raw["history"], arrays),
                )
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise FolderError(
                Text(
                    en=f"no checkpoint to go on from at {str(path)!r}; start the training anew in another folder",
                    zh=f"{str(path)!r} 处没有可用于继续训练的检查点；请在另一个文件夹中重新开始训练",
                )
            ) from error


def _pack(value: Any, arrays: dict[str, Any]) -> Any:
    """JSON for `value`, whose arrays (and numbers that JSON would change) go into `arrays`."""
    if isinstance(value, Mapping):
        return {"map": {key: _pack(item, arrays) for key, item in value.items()}}
    if isinstance(value, list | tuple):
        return {"list": [_pack(item, arrays) for item in value]}
    if value is None or isinstance(value, bool | int | str):
        return {"value": value}
    if isinstance(value, float):
        return {"float": value.hex()}
    array = np.asarray(value)
    name = f"array_{len(arrays)}"
    if array.dtype.kind == "V" or array.dtype.name == "bfloat16":  # NumPy's file format knows no bfloat16
        arrays[name] = array.view(np.uint16)
        return {"array": name, "dtype": array.dtype.name}
    arrays[name] = array
    return {"array": name}


def _unpack(packed: Any, arrays: Any) -> Any:
    if "map" in packed:
        return {key: _unpack(item, arrays) for key, item in packed["map"].items()}
    if "list" in packed:
        return [_unpack(item, arrays) for item in packed["list"]]
    if "float" in packed:
        return float.fromhex(packed["float"])
    if "array" in packed:
        array = arrays[packed["array"]]
        if "dtype" in packed:
            import ml_dtypes

            array = array.view(getattr(ml_dtypes, packed["dtype"]))
        return array
    return packed["value"]
