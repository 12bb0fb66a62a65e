"""The ear of a network: from raw sound to a picture of frequencies over time, computed inside the model.

Sound is cut into frames of 25 ms, one every 10 ms; each frame becomes the energy in bands that are spaced as people
hear (mel scale, Stevens, Volkmann & Newman 1937), and of that the logarithm. The model takes the raw recording, so it
needs nothing beside it.

Digital silence behind the end changes nothing: frames that begin behind the last sample other than 0 are known to be
padding, and zeros are put behind every recording before the frames are cut, so that a frame at the end never depends
on how the end is mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.data.scaling import Scaling
from trainwell.locales import Text
from trainwell.networks.choice import Choice

FRAME_SECONDS, HOP_SECONDS = 0.025, 0.010
FULL_SCALE = 32768.0  # of int16
FLOOR = 1e-6  # added to the energy before the logarithm: about what the rounding to 16 bits puts into a frame
_USUAL_RATE = 16000  # Hz; for sound whose data do not say
_LOWEST_HERTZ = 20.0
_MEASURED, _CHUNK_VALUES = 2000, 1 << 22  # recordings, and samples of sound at once


@dataclass(frozen=True)
class Ear:
    """How sound is cut into frames and bands.

    Attributes:
        rate: samples per second.
        frame: samples of one frame.
        hop: samples from one frame to the next.
        fft: length of the Fourier transform, a power of 2.
        bands: number of mel bands, up to half of the rate.
    """

    rate: int
    frame: int
    hop: int
    fft: int
    bands: int

    @classmethod
    def of(cls, data: Dataset) -> Ear:
        """The ear for sound of this sample rate.

        >>> from types import SimpleNamespace
        >>> Ear.of(SimpleNamespace(format=SimpleNamespace(sample_rate=8000)))
        Ear(rate=8000, frame=200, hop=80, fft=256, bands=40)
        """
        rate = int(getattr(data.format, "sample_rate", 0) or _USUAL_RATE)
        frame, hop = max(2, round(FRAME_SECONDS * rate)), max(1, round(HOP_SECONDS * rate))
        fft = 1 << (frame - 1).bit_length()
        return cls(rate, frame, hop, fft, min(64, max(1, fft // 6 // 8 * 8)))

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What was decided, to be said aloud."""
        reason = Text(
            en=f"frames of {1000 * self.frame / self.rate:.0f} ms every {1000 * self.hop / self.rate:.0f} ms, "
            f"{self.bands} mel bands up to {self.rate // 2:,} Hz, computed inside the model from raw sound",
            zh=f"每 {1000 * self.hop / self.rate:.0f} 毫秒取一帧，帧长 {1000 * self.frame / self.rate:.0f} 毫秒，"
            f"{self.bands} 个梅尔频带，最高 {self.rate // 2:,} Hz；由模型从原始声音直接计算",
        )
        return (Choice("input", "log_mel", False, reason),)

    def log_mel(self, sound: Any) -> tuple[Any, Any]:
        """The frames of recordings.

        Args:
            sound: Keras tensor (batch, time), raw samples as float32, -32768..32767, 0 behind the end.

        Returns:
            Log energies (batch, frames, bands) float32, and which frames are real, (batch, frames) bool; the first
            one always is.
        """
        keras = load_keras()
        ops, layers = keras.ops, keras.layers
        longer = ops.pad(sound, [[0, 0], [0, self.fft // 2]])
        scaled = layers.Rescaling(1.0 / FULL_SCALE, name="scaling", dtype="float32")(longer)
        spectrogram = layers.MelSpectrogram(
            fft_length=self.fft,
            sequence_stride=self.hop,
            sequence_length=self.frame,
            sampling_rate=self.rate,
            num_mel_bins=self.bands,
            min_freq=min(_LOWEST_HERTZ, self.rate / 8),
            max_freq=self.rate / 2,
            power_to_db=False,
            name="mel",
            dtype="float32",
        )(scaled)
        frames = layers.Permute((2, 1), name="frames", dtype="float32")(spectrogram)
        energies = ops.log(frames + FLOOR)
        # A frame is real if the middle of it, place x hop, lies before the last sample that is not 0.
        place = ops.cumsum(ops.ones_like(frames[0, :, 0], dtype="int32"), axis=0) - 1
        number = ops.cumsum(ops.ones_like(longer[0], dtype="int32"), axis=0)
        end = ops.max(ops.where(ops.not_equal(longer, 0.0), number, 1), axis=1, keepdims=True)
        return energies, ops.less(place * self.hop, end)

    def scaling(self, data: Dataset) -> Scaling:
        """Mean and standard deviation of each band over the real frames of the training part.

        At most 2,000 recordings are listened to, evenly spread.
        """
        keras = load_keras()
        sound = keras.Input((None,), name="input")
        listen = keras.Model(sound, list(self.log_mel(sound)))
        x = data.train.x
        places = np.unique(np.linspace(0, len(x) - 1, min(len(x), _MEASURED)).astype(np.int64))
        size = max(1, min(len(places), _CHUNK_VALUES // max(1, x.shape[1])))
        count, total, squares = 0, np.zeros(self.bands), np.zeros(self.bands)
        for start in range(0, len(places), size):
            chunk = np.asarray(x[places[start : start + size]], np.float32)
            energies, known = (np.asarray(part) for part in listen.predict_on_batch(_filled(chunk, size)))
            real: npt.NDArray[np.float64] = energies[: len(chunk)][known[: len(chunk)]].astype(np.float64)
            count, total, squares = count + len(real), total + real.sum(axis=0), squares + np.square(real).sum(axis=0)
        mean = total / max(1, count)
        std = np.sqrt(np.maximum(squares / max(1, count) - np.square(mean), 0.0))
        return Scaling(tuple(mean.tolist()), tuple(np.where(std > 1e-3, std, 1.0).tolist()))


def _filled(chunk: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    """The chunk with silence behind its last recording, so that every chunk has one shape and compiles once."""
    return np.pad(chunk, ((0, size - len(chunk)), (0, 0)))
