"""Writes a recording to disk while the training runs."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from trainwell.signals.recording import FOLDER, HISTORY, LAYER_ROWS, LAYOUT, RUN_ROWS, Layout, Recording
from trainwell.signals.run_measures import RUN_MEASURES
from trainwell.signals.thinning import Rows, rows_of, thin
from trainwell.whole_file import write_whole

CAPACITY = 4096  # rows of one file at most
FILE_BYTES = 16 * 2**20  # ... and bytes, for models of many layers
LEAST_ROWS = 256  # but never so few that a curve cannot be drawn


class Recorder:
    """Appends rows to RUN/recording and epochs to RUN/history.csv; every call leaves the files readable.

    Args:
        run: the run's folder; it must exist.
        layout: what will be recorded.
        resume_at: keep what was recorded up to this step and go on from there; 0 starts anew.
    """

    def __init__(self, run: Path, layout: Layout, *, resume_at: int = 0, resume_epochs: int = 0):
        self._run = run
        folder = run / FOLDER
        folder.mkdir(exist_ok=True)
        kept = Recording.open(run) if resume_at else None
        write_whole(folder / LAYOUT, layout.to_json().encode())
        self._steps = _RowFile(
            folder / RUN_ROWS,
            len(RUN_MEASURES),
            kept and kept.run_rows,
            resume_at,
        )
        self._layers = _RowFile(
            folder / LAYER_ROWS,
            len(layout.columns),
            kept and kept.layer_rows,
            resume_at,
        )
        self._epochs: list[Mapping[str, float]] = list(kept.epochs[:resume_epochs]) if kept else []

    def steps(
        self,
        steps: npt.NDArray[np.int64],
        values: npt.NDArray[np.float32],
        measured: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Append numbers of the whole step: values (steps, run measures), and which of them were measured (all)."""
        self._steps.append(rows_of(steps, values, measured))

    def layers(self, steps: npt.NDArray[np.int64], values: npt.NDArray[np.float32]) -> None:
        """Append numbers of the layers: values (steps, columns of the layout)."""
        self._layers.append(rows_of(steps, values))

    def epoch(self, row: Mapping[str, float]) -> None:
        """Append one epoch to history.csv."""
        self._epochs.append(row)
        columns: list[str] = list(dict.fromkeys(key for epoch in self._epochs for key in epoch))
        lines = _Lines()
        writer = csv.DictWriter(lines, columns)
        writer.writeheader()
        writer.writerows(self._epochs)
        write_whole(self._run / HISTORY, "".join(lines).encode())

    def close(self) -> None:
        """Close the files."""
        self._steps.close()
        self._layers.close()


class _Lines(list[str]):
    def write(self, line: str) -> None:
        self.append(line)


class _RowFile:
    """One file of rows, thinned in place by writing it anew under another name."""

    def __init__(self, path: Path, columns: int, kept: Rows | None, resume_at: int):
        self._path = path
        empty = rows_of(np.zeros(0, np.int64), np.zeros((0, columns), np.float32))
        self._rows = empty if kept is None else kept[kept["last_step"] <= resume_at]
        self._capacity = min(CAPACITY, max(LEAST_ROWS, FILE_BYTES // empty.dtype.itemsize))
        self._file = self._rewrite()

    def _rewrite(self) -> IO[bytes]:
        write_whole(self._path, self._rows.tobytes())
        return self._path.open("ab", buffering=0)

    def append(self, rows: Rows) -> None:
        if not len(rows):
            return
        self._rows = np.concatenate([self._rows, rows])
        if len(self._rows) > self._capacity:
            self._rows = thin(self._rows, self._capacity)
            self._file.close()
            self._file = self._rewrite()
        else:
            self._file.write(rows.tobytes())

    def close(self) -> None:
        self._file.close()
