"""Keeps the state from before the last steps, so that a step in which the numbers broke can be made again.

Before a chunk of steps the state is copied. If the chunk ends with a loss or weights that are not finite, its steps are
made again from the copy, one by one, with the same compiled step, up to the first one that broke. Copying may take
`BUDGET` of the time at most: of a large state, one copy serves several chunks, which are then kept with it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from trainwell.data.files.pixel_store import memory_limit
from trainwell.engine.batches import device_bytes, take
from trainwell.engine.feeds import Batches, Chunk, Rows
from trainwell.engine.loops import Loop
from trainwell.engine.state import State
from trainwell.engine.step import Batch

BUDGET = 0.01  # share of the training time that copies may take
HELD_BYTES = 256 * 2**20  # of data that chunks may hold while they are kept
MEMORY_SHARE = 0.25  # of the memory that a copy may take


@dataclass(frozen=True)
class BrokenStep:
    """The first step that broke.

    Attributes:
        place: how many steps before the last chunk's end it was made; 0 is the last one.
        state: from before this step, on the host.
        batch: that it took, on the device.
        loss_broke: whether its loss is not finite.
        gradient_broke: whether its gradient is not finite.
    """

    place: int
    state: State
    batch: Batch
    loss_broke: bool
    gradient_broke: bool


class FlightRecorder:
    """Copies the state before chunks of steps, and makes the steps again from there.

    Args:
        loop: runs the steps.
    """

    def __init__(self, loop: Loop):
        self._loop = loop
        self._kept: State | None = None
        self._chunks: list[Chunk] = []
        self._copy_seconds = self._check_seconds = self._since = 0.0
        self._fits: bool | None = None

    @property
    def holds(self) -> bool:
        """Whether a copy is in memory."""
        return self._kept is not None

    def before(self, state: State, chunk: Chunk) -> None:
        """These steps will be made next, from this state; it is copied, unless an earlier copy serves."""
        if self._fits is None:
            self._fits = _fits(state)
        if not self._fits:
            return
        if self._kept is None:
            began = time.perf_counter()
            self._kept = copied(state)
            self._copy_seconds, self._since = time.perf_counter() - began, 0.0
        self._chunks.append(chunk)

    def after(self, seconds: float, state: State) -> None:
        """The steps were made, took so long, led to this state, and no loss among them is broken."""
        self._since += seconds
        if self._kept is None:
            return
        if self._copy_seconds + self._check_seconds <= BUDGET * self._since or _held_bytes(self._chunks) > HELD_BYTES:
            began = time.perf_counter()
            sound = all_finite(state.trainable)  # else the next chunk's loss will show it, and this copy is needed
            self._check_seconds = time.perf_counter() - began
            if sound:
                self.forget()

    def forget(self) -> None:
        """Drop the copy: somebody else may change the state now, or it is not needed any more."""
        self._kept, self._chunks = None, []

    def replay(self) -> BrokenStep | None:
        """The first step since the copy that broke, made again; None if no step breaks, or there is no copy."""
        if self._kept is None:
            return None
        state, before = on_device(self._kept), self._kept
        left = sum(chunk.steps for chunk in self._chunks)
        for chunk in self._chunks:
            for step in range(chunk.steps):
                left -= 1
                state, shown = self._loop(state, _single(chunk, step), np.zeros(1, np.bool_))
                loss_broke = not np.isfinite(shown.seen.loss).all()
                if loss_broke or not all_finite(state.trainable):
                    gradient_broke = not np.isfinite(shown.seen.gradient_norm).all()
                    return BrokenStep(left, _on_host(before), _batch(chunk, step), loss_broke, gradient_broke)
                before = copied(state)
        return None


def copied(state: State) -> State:
    """A copy on the host where host and device are one, else on the device."""
    import jax

    if jax.default_backend() == "cpu":  # memory is one: plain copies need no compiling, and are the fastest
        return State(*([np.array(np.asarray(leaf)) for leaf in group] for group in state))
    copy = State(*([leaf.copy() for leaf in group] for group in state))
    return jax.block_until_ready(copy)


def _on_host(state: State) -> State:
    import jax

    return jax.device_get(state)


def on_device(state: State) -> State:
    """A copy of this state on the device, which a step may use up."""
    import jax.numpy as jnp

    return State(*([jnp.array(leaf, copy=True) for leaf in group] for group in state))


def all_finite(arrays: Sequence[Any]) -> bool:
    """Whether all values of all arrays are finite."""
    import jax
    import jax.numpy as jnp

    floats = [array for array in arrays if jnp.issubdtype(array.dtype, jnp.inexact)]
    if jax.default_backend() == "cpu":
        return all(bool(np.isfinite(np.asarray(array)).all()) for array in floats)
    return bool(_all_finite_on_device()(floats))


@cache
def _all_finite_on_device() -> Any:
    import jax
    import jax.numpy as jnp

    return jax.jit(lambda arrays: jnp.stack([jnp.isfinite(array).all() for array in arrays]).all())


def _fits(state: State) -> bool:
    import jax

    needed = sum(leaf.nbytes for group in state for leaf in group)
    device = jax.devices()[0]
    known = (device.memory_stats() or {}) if device.platform != "cpu" else {}
    room = known["bytes_limit"] - known.get("bytes_in_use", 0) if "bytes_limit" in known else memory_limit()
    return needed <= MEMORY_SHARE * room


def _held_bytes(chunks: Sequence[Chunk]) -> int:
    """Bytes of data on the device that only these chunks keep from going: those of the last one are in use."""
    import jax

    parts = [part for chunk in chunks for part in (chunk.batches if isinstance(chunk, Batches) else (chunk.data,))]
    distinct = {id(jax.tree.leaves(tuple(part))[0]): part for part in parts}
    return sum(device_bytes(part) for part in list(distinct.values())[:-1])


def _single(chunk: Chunk, step: int) -> Chunk:
    if isinstance(chunk, Rows):
        return Rows(chunk.data, chunk.indices[step : step + 1])
    return Batches(chunk.batches[step : step + 1])


def _batch(chunk: Chunk, step: int) -> Batch:
    return take(chunk.data, chunk.indices[step]) if isinstance(chunk, Rows) else chunk.batches[step]
