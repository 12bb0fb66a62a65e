"""One sound file: its header, and its samples at a wanted rate. Used for folders of sound and for prediction."""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data.files.media_files import DamagedFileError, FileKind, paths_meant, unreadable
from trainwell.errors import DataError
from trainwell.locales import Text

Wave = npt.NDArray[np.int16]
SOUND_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".aiff", ".aif", ".mp3"})
FORMATS = "WAV, FLAC, OGG, AIFF, MP3"
SOUNDS = FileKind(SOUND_SUFFIXES, Text(en="sound file", zh="声音文件"), Text(en="sound files", zh="声音文件"), FORMATS)
FULL_SCALE = 32768  # of int16: what a float of 1.0 becomes
# 80 dB below full scale, 20 log10(3.3 / 32768): the noise of a microphone in a quiet room lies above, the rounding of
# an empty 16-bit track (+-1) below. Measured from the middle, so that a constant offset is silence too.
SILENCE = 3.3
_SHORT = 0.98  # a decoder that gives a smaller share of what the header promised met the end too early
_BLOCK = 1 << 18  # frames decoded at once
_STREAMED = 0x7FFF_0000  # chunk sizes from here on were unknown when a program wrote the header before the sound
_OGG_PAGE = 65_307  # bytes of the largest page (RFC 3533, 6)


class DamagedSoundError(DamagedFileError):
    """A file that begins like sound and cannot be read to the end."""


@dataclass(frozen=True)
class SoundHeader:
    """What the header of a sound file says.

    Attributes:
        rate: samples per second and channel, Hz.
        frames: samples of one channel.
        channels: 1 for mono, 2 for stereo.
    """

    rate: int
    frames: int
    channels: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.rate


def sound_paths(folder_or_file: str | os.PathLike[str]) -> list[Path]:
    """The sound files that are meant by a path: the file itself, or all below the folder, in natural order.

    Raises:
        FolderError: there is no such path, it cannot be read, or the folder has no sound file.
    """
    return paths_meant(folder_or_file, SOUNDS)


def read_header(path: Path) -> SoundHeader:
    """Rate, length and channels of a sound file, without decoding it.

    Raises:
        FolderError: the file cannot be opened.
        DataError: it is not sound.
        DamagedSoundError: its header is broken, promises more than is there (WAV, AIFF, OGG), or nothing at all.
    """
    import soundfile

    _check_whole(path)
    try:
        info: Any = soundfile.info(_exact(path))
    except soundfile.SoundFileError as error:
        raise _damaged(path) from error
    header = SoundHeader(int(info.samplerate), int(info.frames), int(info.channels))
    if header.frames < 1 or header.rate < 1:
        raise _empty(path)
    return header


def decode(path: str | os.PathLike[str], rate: int, seconds: float = math.inf) -> Wave:
    """Samples of a sound file at a wanted rate, as one channel.

    Channels are averaged; another rate is reached by `scipy.signal.resample_poly` (a Kaiser-windowed low-pass, so that
    nothing folds back); what exceeds full scale is clipped.

    Args:
        path: a WAV, FLAC, OGG, AIFF or MP3 file of any rate, depth and number of channels.
        rate: of the result, Hz.
        seconds: what is behind is not decoded.

    Returns:
        (time,), int16, -32768..32767.

    Raises:
        FolderError: the file cannot be opened.
        DataError: it is not sound.
        DamagedSoundError: it is broken, cut off, empty, or holds values that are not numbers.
    """
    path = Path(path)
    header = read_header(path)
    mono = _mono(path, header, seconds)
    if header.rate != rate:
        from scipy.signal import resample_poly

        common = math.gcd(header.rate, rate)
        mono = resample_poly(mono, rate // common, header.rate // common)
    if seconds < math.inf:
        mono = mono[: round(seconds * rate)]
    return to_int16(mono)


def to_int16(wave: npt.NDArray[np.floating[Any]]) -> Wave:
    """Floats of -1..1 as int16, rounded; what exceeds full scale is clipped.

    >>> to_int16(np.array([0.5, -1.0, 1.5])).tolist()
    [16384, -32768, 32767]
    """
    return np.clip(np.rint(wave * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def is_silent(wave: Wave) -> bool:
    """Whether nothing is to be heard: every sample within 80 dB below full scale around the middle."""
    return not len(wave) or int(wave.max()) - int(wave.min()) <= 2 * SILENCE


def _mono(path: Path, header: SoundHeader, seconds: float) -> npt.NDArray[np.float32]:
    """The mean of the channels, (time,), -1..1, at the file's own rate; block by block."""
    import soundfile

    wanted = header.frames
    if seconds < math.inf:  # a little more, which the resampling filter looks at
        wanted = min(wanted, math.ceil((seconds + 0.05) * header.rate))
    blocks: list[npt.NDArray[np.float32]] = []
    left = wanted
    try:
        with soundfile.SoundFile(_exact(path)) as file:
            while left:
                block: Any = file.read(min(_BLOCK, left), dtype="float32", always_2d=True)
                if not len(block):
                    break
                left -= len(block)
                blocks.append(block.mean(axis=1) if block.shape[1] > 1 else block[:, 0])
    except soundfile.SoundFileError as error:
        raise _cut_off(path) from error
    if wanted - left < _SHORT * wanted:
        raise _cut_off(path)
    mono = np.concatenate(blocks)
    if not np.isfinite(mono).all():
        raise _damaged(path)
    return mono


def _exact(path: Path) -> Any:
    """The name as the system has it: soundfile refuses a str that is not UTF-8, and on Windows it needs a str."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def _check_whole(path: Path) -> None:
    """Refuse what is not sound by its first bytes, and what ends before its header says (decoders do not mind)."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(12)
            if start[:4] in (b"RIFF", b"RF64", b"RIFX") and start[8:12] == b"WAVE":
                whole = start[:4] != b"RIFF" or _chunks_fit(file, b"data", "<", size)
            elif start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
                whole = _chunks_fit(file, b"SSND", ">", size)
            elif start[:4] == b"OggS":
                whole = _ends_an_ogg(file, size)
            elif start[:4] == b"fLaC" or start[:3] == b"ID3" or (start[:1] == b"\xff" and start[1:2] >= b"\xe0"):
                whole = True  # the decoder notices
            elif not start:
                raise _empty(path)
            elif len(start) < 12 and start[:4] in (b"RIFF", b"RF64", b"RIFX", b"FORM"):
                whole = False
            else:
                raise DataError(
                    Text(
                        en=f"{str(path)!r} is not sound, whatever its name says; expected are {FORMATS} files",
                        zh=f"{str(path)!r} 虽然名字像声音文件，但内容不是声音；需要 {FORMATS} 文件",
                    )
                )
    except OSError as error:
        raise unreadable(path, error) from error
    if not whole:
        raise _cut_off(path)


def _chunks_fit(file: Any, wanted: bytes, order: str, size: int) -> bool:
    """Whether the chunk with the sound ends within the file; chunks are a name, a length, and so many bytes."""
    while len(head := file.read(8)) == 8:
        name, length = struct.unpack(f"{order}4sI", head)
        if name == wanted:
            return length >= _STREAMED or file.tell() + length <= size
        file.seek(length + length % 2, os.SEEK_CUR)
    return True  # there is none: the decoder will say so


def _ends_an_ogg(file: Any, size: int) -> bool:
    """Whether the last page is whole (RFC 3533, 6); not all programs mark it as the last."""
    file.seek(max(0, size - _OGG_PAGE))
    tail: bytes = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return False
    return len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])


def _damaged(path: Path) -> DamagedSoundError:
    return DamagedSoundError(
        Text(
            en=f"the sound file {str(path)!r} is damaged, or its coding is not known; save it as a plain WAV "
            "or remove it",
            zh=f"声音文件 {str(path)!r} 已损坏，或其编码无法识别；请另存为普通 WAV 或移除它",
        )
    )


def _cut_off(path: Path) -> DamagedSoundError:
    return DamagedSoundError(
        Text(
            en=f"the sound file {str(path)!r} is cut off: it ends before its header says; replace or remove it",
            zh=f"声音文件 {str(path)!r} 不完整：实际长度小于文件头所述；请替换或移除它",
        )
    )


def _empty(path: Path) -> DamagedSoundError:
    return DamagedSoundError(
        Text(
            en=f"the sound file {str(path)!r} is empty: it has no samples; replace or remove it",
            zh=f"声音文件 {str(path)!r} 是空的：其中没有任何采样；请替换或移除它",
        )
    )
