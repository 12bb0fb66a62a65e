"""Many sound files: decoded by a few threads, with what is to be said about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Note
from trainwell.data.files.media_files import DamagedFileError, named, read_each
from trainwell.data.sound.file import Wave, decode, is_silent, read_header
from trainwell.errors import DataError
from trainwell.locales import Text

LONGEST = 30.0  # seconds of a recording that are kept unless more are asked for


@dataclass(frozen=True, eq=False)
class Recordings:
    """Recordings before the split (`RawSamples`).

    Attributes:
        waves: each (time,), int16, at most as long as what is kept.
        seconds: how long each is in its file, float64 (recordings,).
        rate: of all waves, Hz.
    """

    waves: tuple[Wave, ...]
    seconds: npt.NDArray[np.float64]
    rate: int

    def __len__(self) -> int:
        return len(self.waves)

    def take(self, places: npt.NDArray[np.int64]) -> Recordings:
        """The recordings at these places; no sample is copied."""
        return Recordings(tuple(self.waves[i] for i in places.tolist()), self.seconds[places], self.rate)


def decode_each(
    paths: Sequence[Path], rate: int, longest: float, *, strict: bool
) -> Iterator[tuple[Wave, float] | DamagedFileError]:
    """Wave and seconds in the file of each path, in order; the error in place of them for a damaged one.

    Args:
        paths: sound files.
        rate: of the waves, Hz.
        longest: seconds; what is behind is not decoded.
        strict: raise for a damaged file.
    """

    def wave(path: Path) -> tuple[Wave, float]:
        return decode(path, rate, longest), read_header(path).seconds

    return read_each(wave, paths, strict=strict)


def silence_notes(waves: Sequence[Wave], names: Sequence[str]) -> list[Note]:
    """A warning that names silent recordings, or none.

    Raises:
        DataError: all of them are silent.
    """
    silent = [name for name, wave in zip(names, waves, strict=True) if is_silent(wave)]
    if not silent:
        return []
    count, shown = len(silent), named(silent)
    if count == len(waves):
        raise DataError(
            Text(
                en=f"{'the recording is' if count == 1 else f'all {count:,} recordings are'} silent (80 dB below full "
                f"scale or less): {shown}; look at the files and at how they were recorded",
                zh=f"{'该录音是' if count == 1 else f'全部 {count:,} 个录音都是'}静音（比满幅低 80 dB 或更多）："
                f"{shown}；请检查文件和录制过程",
            )
        )
    return [
        Note(
            "warning",
            Text(
                en=f"{count:,} of {len(waves):,} recordings {'is' if count == 1 else 'are'} silent (80 dB below full "
                f"scale or less): {shown}.",
                zh=f"{len(waves):,} 个录音中有 {count:,} 个是静音（比满幅低 80 dB 或更多）：{shown}。",
            ),
        )
    ]
