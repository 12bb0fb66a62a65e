"""The convolutions of a network, the picture they read, and small pictures laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.explain.learned.calls import Call, layers_inside, observed
from trainwell.explain.learned.example import Example

Array = npt.NDArray[Any]
# What belongs to the convolution before it, as long as the shape stays the same.
_FINISHING = (
    *("BatchNormalization", "LayerNormalization", "GroupNormalization"),
    *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU"),
)
_MERGING = ("Add", "Concatenate", "Multiply", "Average", "Maximum", "Subtract")
_SPECTRA = ("MelSpectrogram",)


@dataclass(frozen=True, eq=False)
class Maps:
    """What one convolution layer makes of one example.

    Attributes:
        layer: the convolution.
        given: (height, width, channels), what it reads.
        values: (height, width, maps), behind the normalisation and activation that follow it.
    """

    layer: Any
    given: Array
    values: Array


@dataclass(frozen=True, eq=False)
class Sound:
    """The spectrum picture of a sound.

    Attributes:
        decibels: (bands, times), at most 80 dB below the loudest.
        hertz: lowest and highest frequency.
        mel: whether the bands are evenly spaced on the mel scale, else in hertz.
    """

    decibels: Array
    hertz: tuple[float, float]
    mel: bool


def convolutions(model: Any, dimensions: Sequence[int] = (2,)) -> list[Any]:
    """Convolution layers over so many dimensions, transposed ones left out; their order says nothing."""
    from trainwell.backend import load_keras

    layers = load_keras().layers
    kinds = {
        1: (layers.Conv1D, layers.SeparableConv1D, layers.DepthwiseConv1D),
        2: (layers.Conv2D, layers.SeparableConv2D, layers.DepthwiseConv2D),
    }
    return [layer for layer in layers_inside(model) if any(isinstance(layer, kinds[d]) for d in dimensions)]


def feature_maps(model: Any, x: Array) -> tuple[list[Maps], Sound | None]:
    """What each two-dimensional convolution makes of the first example of `x`, in order, and the sound's picture."""
    found = convolutions(model)
    if not found:
        return [], None
    more = [layer for layer in layers_inside(model) if type(layer).__name__ in (*_FINISHING, *_MERGING, *_SPECTRA)]
    calls = observed(model, x, [*found, *more])
    waiting = {id(layer) for layer in found}  # of a layer that is called again, the first call is shown
    made: list[Maps] = []
    open_end = False
    for call in calls:
        output = call.arrays.get("output")
        if id(call.layer) in waiting and output is not None:
            waiting.remove(id(call.layer))
            made.append(Maps(call.layer, call.arrays["input"][0], output[0]))
            open_end = True
        elif type(call.layer).__name__ in _MERGING or output is None:
            open_end = False
        elif open_end and output.shape[1:] == made[-1].values.shape:
            made[-1] = Maps(made[-1].layer, made[-1].given, output[0])
    return made, _sound(calls)


def time_runs_down(maps: Maps, sound: Sound | None) -> bool:
    """Whether the first axis of what a convolution reads is the time of a sound, the second its bands."""
    return sound is not None and maps.given.shape[0] != len(sound.decibels) == maps.given.shape[1]


def upright(values: Array, *, turned: bool) -> Array:
    """(time, bands, ...) as (bands, time, ...) if `turned`."""
    return np.swapaxes(values, 0, 1) if turned else values


def picture_of(example: Example, maps: Maps, sound: Sound | None) -> Array:
    """What the network looks at, to be shown: (height, width) or (height, width, 3).

    Colours are 0 to 1; grey pictures and spectra keep their numbers.
    """
    if sound is not None:
        return sound.decibels
    x = example.x[0] if example.x.ndim == 4 else maps.given
    x = np.asarray(x, np.float32)
    if x.shape[-1] != 3:
        return x[..., 0]
    low, high = float(x.min()), float(x.max())
    if low >= 0 and high <= 255:
        return x / (255 if high > 1 else 1)
    return (x - low) / ((high - low) or 1.0)


def shrunk(values: Array, most: int) -> Array:
    """A picture (height, width, ...) with both sides at most `most`, by means over whole blocks.

    >>> shrunk(np.arange(8.0).reshape(2, 4), 2).tolist()
    [[0.5, 2.5], [4.5, 6.5]]
    """
    for axis in (0, 1):
        block = -(-values.shape[axis] // most)
        starts = np.arange(0, values.shape[axis], block)
        if block > 1:
            sums = np.add.reduceat(values.astype(np.float64), starts, axis=axis)
            counts = np.diff([*starts, values.shape[axis]])
            values = sums / counts.reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    return values


def side_by_side(tiles: Array, columns: int, gap: float = 0.08) -> Array:
    """Small pictures in rows, as one picture with gaps of NaN.

    Args:
        tiles: (pictures, height, width) or (pictures, height, width, 3).
        columns: pictures to a row.
        gap: space between them, as a share of their larger side.

    >>> side_by_side(np.ones((3, 24, 24)), 2, gap=0.5).shape
    (60, 60)
    """
    count, height, width = tiles.shape[:3]
    grow = max(1, round(24 / max(height, width)))  # a gap is a few pixels, and a filter has only three
    tiles = tiles.repeat(grow, axis=1).repeat(grow, axis=2)
    height, width = tiles.shape[1:3]
    space = max(1, round(gap * max(height, width)))
    rows = -(-count // columns)
    shape = (rows * (height + space) - space, columns * (width + space) - space, *tiles.shape[3:])
    together = np.full(shape, np.nan, np.float32)
    for place, tile in enumerate(tiles):
        top, left = (place // columns) * (height + space), (place % columns) * (width + space)
        together[top : top + height, left : left + width] = tile
    return together


def _sound(calls: Sequence[Call]) -> Sound | None:
    for call in calls:
        name = type(call.layer).__name__
        if name not in _SPECTRA or "output" not in call.arrays:
            continue
        layer, output = call.layer, np.abs(call.arrays["output"][0].astype(np.float64))
        if name == "MelSpectrogram":
            power = call.arrays["output"][0] if layer.power_to_db else 10 * np.log10(np.maximum(output, 1e-10))
            low, high = float(layer.min_freq or 0), float(layer.max_freq or layer.sampling_rate / 2)
            return Sound(np.maximum(power, power.max() - 80).astype(np.float32), (low, high), mel=True)
    return None
