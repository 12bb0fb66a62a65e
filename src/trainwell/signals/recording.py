"""A recording: everything that was measured during a training, on disk, readable while it is being written.

    RUN/recording/layout.json   what the columns are
    RUN/recording/run.rows      numbers of the whole step, every step
    RUN/recording/layers.rows   numbers of every layer, every k-th step
    RUN/history.csv             loss and metrics of every epoch

Rows are of fixed size (see `thinning`), so a reader takes the whole rows that are there and ignores a half-written end.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.blueprint.layer_info import LayerInfo
from trainwell.errors import FolderError, UnknownNameError
from trainwell.locales import Text
from trainwell.signals.run_measures import RUN_MEASURES
from trainwell.signals.thinning import Rows, row_type

FORMAT = 1
FOLDER, LAYOUT, RUN_ROWS, LAYER_ROWS, HISTORY = (
    "recording",
    "layout.json",
    "run.rows",
    "layers.rows",
    "history.csv",
)


@dataclass(frozen=True, eq=False)
class Series:
    """One measure over time. All arrays have shape (rows,); a row covers steps first_step..last_step.

    Attributes:
        first_step: int64, first step of each row (steps count from 1).
        last_step: int64.
        mean: float32, over the finite values; NaN if there was none.
        minimum: float32, like mean.
        maximum: float32, like mean.
        nonfinite: how many NaN or infinite values there were.
    """

    first_step: npt.NDArray[np.int64]
    last_step: npt.NDArray[np.int64]
    mean: npt.NDArray[np.float32]
    minimum: npt.NDArray[np.float32]
    maximum: npt.NDArray[np.float32]
    nonfinite: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.mean)


@dataclass(frozen=True)
class Layout:
    """What the columns of a recording are.

    Attributes:
        layers: the watched layers, in the order of the data's way through the model.
        columns: (measure name, layer name) of each column of layers.rows.
    """

    layers: tuple[LayerInfo, ...]
    columns: tuple[tuple[str, str], ...]

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(
            {
                "format": FORMAT,
                "layers": [dataclasses.asdict(layer) for layer in self.layers],
                "columns": self.columns,
                "run_columns": [measure.name for measure in RUN_MEASURES],
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> Layout:
        """Back from JSON text."""
        raw = json.loads(text)
        layers = tuple(LayerInfo.from_json(layer) for layer in raw["layers"])
        return cls(layers, tuple((measure, layer) for measure, layer in raw["columns"]))


class Recording:
    """A recording, read from a run's folder as it stands at this moment."""

    def __init__(self, layout: Layout, run_rows: Rows, layer_rows: Rows, epochs: tuple[dict[str, float], ...]):
        self.layout = layout
        self.epochs = epochs
        """One mapping per finished epoch: epoch (from 1), loss, metrics, val_..., learning_rate, seconds."""
        self.run_rows = run_rows
        self.layer_rows = layer_rows

    @classmethod
    def open(cls, run: Path) -> Recording:
        """Read the recording in the folder `run`.

        Raises:
            FolderError: the folder holds no recording.
        """
        folder = run / FOLDER
        try:
            layout = Layout.from_json((folder / LAYOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FolderError(
                Text(
                    en=f"no recording in {str(run)!r}: expected {FOLDER}/{LAYOUT}; give the folder of a trainwell run",
                    zh=f"{str(run)!r} 中没有训练记录：缺少 {FOLDER}/{LAYOUT}；请给出 trainwell 的运行文件夹",
                )
            ) from error
        return cls(
            layout,
            _read_rows(folder / RUN_ROWS, len(RUN_MEASURES)),
            _read_rows(folder / LAYER_ROWS, len(layout.columns)),
            _read_history(run / HISTORY),
        )

    @classmethod
    def empty(cls) -> Recording:
        """A recording of no step and no layer: what is there before a training."""
        rows: Rows = np.empty(0, row_type(len(RUN_MEASURES)))
        return cls(Layout((), ()), rows, np.empty(0, row_type(0)), ())

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The watched layers, in the order of the data's way through the model."""
        return self.layout.layers

    @property
    def last_step(self) -> int:
        """The last recorded step, 0 if there is none."""
        return int(self.run_rows["last_step"][-1]) if len(self.run_rows) else 0

    def has(self, measure: str, layer: str) -> bool:
        """Whether this measure was recorded for this layer."""
        return (measure, layer) in self.layout.columns

    def run(self, measure: str) -> Series:
        """A measure of the whole step (see `RUN_MEASURES`), one row per step or span of steps.

        Raises:
            UnknownNameError: there is no such measure.
        """
        names = [m.name for m in RUN_MEASURES]
        if measure not in names:
            raise UnknownNameError(Text(en="measure", zh="度量"), measure, names)
        return _series(self.run_rows, names.index(measure))

    def layer(self, measure: str, layer: str) -> Series:
        """A measure of one layer, one row per recorded step or span of steps.

        Raises:
            UnknownNameError: this measure was not recorded for this layer.
        """
        if not self.has(measure, layer):
            raise UnknownNameError(
                Text(en="recorded measure and layer", zh="已记录的度量与层"),
                f"{measure} of {layer}",
                [f"{m} of {name}" for m, name in self.layout.columns],
            )
        return _series(self.layer_rows, self.layout.columns.index((measure, layer)))


def _series(rows: Rows, column: int) -> Series:
    return Series(
        rows["first_step"],
        rows["last_step"],
        *(rows[part][:, column] for part in ("mean", "minimum", "maximum", "nonfinite")),
    )


def _read_rows(path: Path, columns: int) -> Rows:
    layout = row_type(columns)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    return np.frombuffer(content, layout, count=len(content) // layout.itemsize)


def _read_history(path: Path) -> tuple[dict[str, float], ...]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return tuple({key: _number(value) for key, value in row.items()} for row in csv.DictReader(file))
    except FileNotFoundError:
        return ()


def _number(value: Any) -> float:
    return float(value) if value not in ("", None) else math.nan
