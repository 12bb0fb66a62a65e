"""Sound of one rate and length."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Kind, Note
from trainwell.data.files.archives import extracted, is_archive
from trainwell.data.files.array_file import SUFFIXES as ARRAY_SUFFIXES
from trainwell.data.files.array_file import read_array_file
from trainwell.data.files.media_files import DamagedFileError, damage_notes
from trainwell.data.formats import Samples
from trainwell.data.padding import padded
from trainwell.data.sound.file import SOUNDS, Wave, sound_paths, to_int16
from trainwell.data.sound.recordings import Recordings, decode_each, silence_notes
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text

_OVERSHOOT = 2.0  # floats may exceed full scale a little after resampling; beyond this they are of another scale
_CHANNELS = 8  # an array with so few values per recording is many channels of one


@dataclass(frozen=True)
class AudioFormat:
    """Sound (samples, time), int16, with zeros behind the end of shorter recordings; longer ones lose their end.

    Attributes:
        sample_rate: in Hz.
        length: in samples.

    >>> form = AudioFormat(8000, 4000)
    >>> form.read([np.linspace(-1, 1, 800)]).x[0, [0, 799, 800]].tolist()
    [-32768, 32767, 0]
    """

    KIND: ClassVar[Kind] = "audio"
    sample_rate: int
    length: int

    def encode(self, raw: Any) -> npt.NDArray[Any]:
        """`Recordings`, or int16 waves (time,) at the format's rate, as int16 (samples, time)."""
        waves: Sequence[Wave] = raw.waves if isinstance(raw, Recordings) else list(raw)
        return padded(waves, 0, np.int16, self.length)

    def read(self, source: Any, *, strict: bool = False) -> Samples:
        """New recordings.

        Args:
            source: a sound file of any rate; a folder or archive of such; or, at the format's rate, int16 or floats of
                -1..1: one recording (time,), several (samples, time), a list of recordings, or an .npy or .npz file.
            strict: refuse a damaged recording instead of leaving it out.

        Raises:
            FolderError: there is no such path, or a file cannot be opened.
            DataError: a file that is no sound, or damaged and the only one; values on another scale; only silence.
        """
        if not isinstance(source, str | os.PathLike):
            return self._arrays(source)
        path = Path(source)
        if not path.exists():
            raise FolderError(
                Text(
                    en=f"nothing to predict at {str(path)!r}; give a sound file, or a folder or zip of such",
                    zh=f"{str(path)!r} 处没有可预测的内容；请给出声音文件，或声音文件的文件夹或 zip",
                )
            )
        if path.suffix in ARRAY_SUFFIXES:
            return self._arrays(read_array_file(path))
        if is_archive(path):
            with extracted(path) as folder:
                return self._files(folder, path, strict=strict)
        return self._files(path, path, strict=strict)

    def _files(self, place: Path, called: Path, *, strict: bool) -> Samples:
        """Recordings at `place`, which is `called` something else if it was unpacked."""
        found = sound_paths(place)
        names: list[str] = []
        waves: list[Wave] = []
        seconds: list[float] = []
        damaged: list[str] = []
        decoded = decode_each(found, self.sample_rate, self.length / self.sample_rate, strict=strict or len(found) == 1)
        for path, result in zip(found, decoded, strict=True):
            name = str(called / path.relative_to(place))
            if isinstance(result, DamagedFileError):
                damaged.append(name)
                continue
            names.append(name)
            waves.append(result[0])
            seconds.append(result[1])
        if not names:
            raise DataError(
                Text(
                    en=f"no sound file could be read in {str(called)!r}; give {SOUNDS.formats} files",
                    zh=f"{str(called)!r} 中没有可读取的声音文件；请提供 {SOUNDS.formats} 文件",
                )
            )
        return self._samples(names, waves, seconds, damage_notes(SOUNDS, damaged))

    def _arrays(self, source: Any) -> Samples:
        rows = list(source) if isinstance(source, list | tuple) else np.asarray(source)
        if isinstance(rows, list) and rows and all(np.ndim(row) == 0 for row in rows):
            rows = np.asarray(rows)  # one recording as a list of numbers
        if isinstance(rows, np.ndarray):
            rows = rows[np.newaxis] if rows.ndim == 1 else rows
            if rows.ndim == 2 and rows.shape[1] <= _CHANNELS < rows.shape[0]:
                raise DataError(
                    Text(
                        en=f"the array {rows.shape} has {rows.shape[1]} values per recording, which look like "
                        "channels; give their mean, (time,), or recordings as (samples, time)",
                        zh=f"数组形状为 {rows.shape}，每个录音只有 {rows.shape[1]} 个值，看起来像声道；"
                        "请给出声道的平均值（时间，），或形状为（样本数，时间）的录音",
                    )
                )
        waves = [self._wave(np.asarray(row), number) for number, row in enumerate(rows)]
        if not waves:
            raise DataError(Text(en="there is no recording; give at least one", zh="没有录音；请至少给出一个"))
        seconds = [len(wave) / self.sample_rate for wave in waves]
        return self._samples([f"#{i}" for i in range(len(waves))], waves, seconds, [])

    def _wave(self, row: npt.NDArray[Any], number: int) -> Wave:
        """One recording given as numbers, as int16."""
        if row.ndim != 1 or not len(row) or (row.dtype != np.int16 and row.dtype.kind != "f"):
            raise DataError(
                Text(
                    en=f"recording #{number} is an array {row.shape} of {row.dtype}; give int16, or floats of -1..1, "
                    "as (time,)",
                    zh=f"录音 #{number} 是形状 {row.shape}、类型 {row.dtype} 的数组；"
                    "请给出形状为（时间，）的 int16，或 -1 到 1 之间的浮点数",
                )
            )
        if row.dtype == np.int16:
            return row
        largest = float(np.abs(row).max())
        if not largest <= _OVERSHOOT:  # NaN too
            raise DataError(
                Text(
                    en=f"recording #{number} has values up to {largest:,.6g}, floats must be of -1..1; divide them by "
                    "full scale, 32768 for 16 bits",
                    zh=f"录音 #{number} 的数值达到 {largest:,.6g}，而浮点数应在 -1 到 1 之间；"
                    "请除以满幅值，16 位为 32768",
                )
            )
        return to_int16(row)

    def _samples(self, names: list[str], waves: list[Wave], seconds: list[float], notes: list[Note]) -> Samples:
        limit = self.length / self.sample_rate
        longer = sum(one > limit + 0.5 / self.sample_rate for one in seconds)
        if longer:
            notes = [*notes, _cut_note(longer, len(names), limit)]
        notes = [*notes, *silence_notes(waves, names)]
        return Samples(tuple(names), self.encode(waves), tuple(f"{one:.2f} s" for one in seconds), tuple(notes))

    def show(self, sample: npt.NDArray[Any]) -> str:
        """How long it is, without the zeros behind its end.

        >>> AudioFormat(8000, 8000).show(np.pad(np.ones(4960, np.int16), (0, 3040)))
        '0.62 s'
        """
        heard = np.flatnonzero(sample)
        return f"{(int(heard[-1]) + 1 if len(heard) else 0) / self.sample_rate:.2f} s"

    def to_json(self) -> dict[str, Any]:
        """The two numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Back from `to_json`.

        Raises:
            ValueError: a number is missing, or below 1.
        """
        rate, length = int(values.get("sample_rate", 0)), int(values.get("length", 0))
        if min(rate, length) < 1:
            raise ValueError(f"sample_rate is {rate}, length is {length}")
        return cls(rate, length)


def _cut_note(longer: int, count: int, limit: float) -> Note:
    return Note(
        "info",
        Text(
            en=f"{longer:,} of {count:,} recordings {'is' if longer == 1 else 'are'} longer than {limit:g} s, on which "
            "the network was trained; only the beginning is looked at.",
            zh=f"{count:,} 个录音中有 {longer:,} 个长于训练所用的 {limit:g} 秒；只看其开头部分。",
        ),
    )


FORMAT = AudioFormat
