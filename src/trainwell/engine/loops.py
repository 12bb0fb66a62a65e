"""Two ways to run many steps: a loop on the device, or one call per step.

Both run the same step, traced once per batch shape, and beside it, in the steps that are sampled, the look.

The device loop is one compiled call for many steps. On a CPU, XLA runs convolutions inside a loop on a slow path
(measured: ten times slower), so networks with convolutions that are left to XLA get one call per step there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from trainwell.engine.batches import take
from trainwell.engine.cpu import compiler_options, convolutions_in, left_to_xla
from trainwell.engine.feeds import Batches, Chunk, Rows, shapes
from trainwell.engine.state import State
from trainwell.engine.step import Batch, Look, Seen
from trainwell.engine.traced_step import TracedStep

DEVICE_LOOP_STEPS = 256  # most steps of one compiled call
LOOKED_SHAPES = 4  # batch shapes that a look is compiled for, where a generator gives several


class Shown(NamedTuple):
    """What a run of steps showed, on the host.

    Attributes:
        seen: every leaf (steps, ...) NumPy.
        columns: (sampled steps, columns) float32, or None if no step was looked into.
    """

    seen: Seen
    columns: npt.NDArray[np.float32] | None


class Loop(Protocol):
    """Runs the steps of a chunk, of the kind that its feed gives."""

    most_steps: int

    def looks_into(self, chunk: Any) -> bool:
        """Whether the steps of this chunk can be looked into."""
        ...

    def __call__(self, state: State, chunk: Any, sampled: npt.NDArray[np.bool_]) -> tuple[State, Shown]:
        """Run the steps; waits for the device.

        Args:
            state: donated.
            chunk: the steps.
            sampled: (steps,) bool, which of them are looked into.
        """
        ...


class HostLoop:
    """One compiled call per step; calls are queued, so the device does not wait for Python.

    Args:
        step: the traced step.
        look: the look into a step, or None.
        batch_size: samples of a full step; others are not looked into.
    """

    most_steps = 1 << 30

    def __init__(self, step: TracedStep, look: Look | None, batch_size: int):
        import jax

        def compiled(function: Callable[[State, Batch], Any], **settings: Any) -> Callable[..., Any]:
            return jax.jit(
                lambda state, data, row: function(state, taken(data, row)), compiler_options=options, **settings
            )

        options = compiler_options(convolution=any(map(left_to_xla, convolutions_in(step.jaxpr.eqns))))
        self._step = compiled(step, donate_argnums=(0,))
        self._look = compiled(look) if look else None
        self._batch_size = batch_size
        self._looked_into: set[Any] = set()

    def looks_into(self, chunk: Chunk) -> bool:
        """Whether the steps of this chunk can be looked into: a look is compiled for a few batch shapes only."""
        if self._look is None or chunk.size != self._batch_size:
            return False
        kind = shapes(chunk.batches[0]) if isinstance(chunk, Batches) else None
        if len(self._looked_into) < LOOKED_SHAPES:
            self._looked_into.add(kind)
        return kind in self._looked_into

    def __call__(self, state: State, chunk: Chunk, sampled: npt.NDArray[np.bool_]) -> tuple[State, Shown]:
        """See `Loop`."""
        import jax

        seen: list[Seen] = []
        columns: list[Any] = []
        data = (
            ((batch, None) for batch in chunk.batches)
            if isinstance(chunk, Batches)
            else ((chunk.data, row) for row in chunk.indices)
        )
        for (arrays, row), flag in zip(data, sampled, strict=True):
            if flag and self._look:
                columns.append(self._look(state, arrays, row))
            state, shown = self._step(state, arrays, row)
            seen.append(shown)
        seen, columns = jax.device_get((seen, columns))
        stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *seen)
        return state, Shown(stacked, np.stack(columns) if columns else None)


def taken(data: Batch, row: Any) -> Batch:
    """The samples of one step: those with the numbers `row`, or all."""
    return data if row is None else take(data, row)


class DeviceLoop:
    """Many steps in one compiled call, their number decided at run time; takes `Rows` only.

    Args:
        step: the traced step.
        look: the look into a step, or None.
        batch_size: samples of a full step; others are not looked into.
    """

    most_steps = DEVICE_LOOP_STEPS

    def __init__(self, step: TracedStep, look: Look | None, batch_size: int):
        import jax
        import jax.numpy as jnp

        def many(state: State, data: Batch, indices: Any, sampled: Any, steps: Any) -> tuple[State, Any]:
            looks = look is not None and indices.shape[1] == batch_size

            def columns(state: State, row: Any) -> Any:
                return look(state, take(data, row)) if look and looks else jnp.zeros(0, jnp.float32)

            def nothing(*_: Any) -> Any:
                return jnp.zeros(width, jnp.float32)

            width = jax.eval_shape(columns, state, indices[0]).shape
            shown = step.trace(state, take(data, indices[0]))[1][1]
            room = jax.tree.map(lambda leaf: jnp.zeros((indices.shape[0], *leaf.shape), leaf.dtype), shown)
            columns_room = jnp.zeros((indices.shape[0], *width), jnp.float32)

            def body(i: Any, carry: tuple[State, Any, Any]) -> tuple[State, Any, Any]:
                state, kept, kept_columns = carry
                if looks:
                    row = jax.lax.cond(sampled[i], columns, nothing, state, indices[i])
                    kept_columns = kept_columns.at[i].set(row)
                state, seen = step(state, take(data, indices[i]))
                return state, jax.tree.map(lambda all_, one: all_.at[i].set(one), kept, seen), kept_columns

            return jax.lax.fori_loop(0, steps, body, (state, room, columns_room))

        self._call = jax.jit(many, donate_argnums=(0,))
        self._looks, self._batch_size = look is not None, batch_size

    def looks_into(self, chunk: Rows) -> bool:
        """See `Loop`."""
        return self._looks and chunk.size == self._batch_size

    def __call__(self, state: State, chunk: Rows, sampled: npt.NDArray[np.bool_]) -> tuple[State, Shown]:
        """See `Loop`."""
        import jax

        steps = chunk.steps
        room = DEVICE_LOOP_STEPS - steps
        padded, flags = np.pad(chunk.indices, ((0, room), (0, 0))), np.pad(sampled, (0, room))
        state, seen, columns = self._call(state, chunk.data, padded, flags, np.int32(steps))
        seen = jax.tree.map(lambda leaf: leaf[:steps], jax.device_get(seen))
        return state, Shown(seen, np.asarray(columns)[:steps][sampled] if sampled.any() else None)
