"""Two ways to run many steps: a loop on the device, or one call per step.

Both run the same step, traced once per batch shape, and beside it, in the steps that are sampled, the look.

The device loop is one compiled call for many steps. On a CPU, XLA runs convolutions inside a loop on a slow path
(measured: ten times slower), so networks with convolutions get one call per step there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainwell.engine.batches import take
from trainwell.engine.state import State
from trainwell.engine.step import Batch, Look, Seen, Step
from trainwell.errors import EngineError
from trainwell.locales import Text

DEVICE_LOOP_STEPS = 256  # most steps of one compiled call


class Shown(NamedTuple):
    """What a run of steps showed, on the host.

    Attributes:
        seen: every leaf (steps, ...) NumPy.
        columns: (sampled steps, columns) float32, or None if no step was looked into.
    """

    seen: Seen
    columns: npt.NDArray[np.float32] | None


class TracedStep:
    """A step, traced once per batch shape; being asked for another trace is an error that names what changed.

    Args:
        step: the pure step.
        batch_sizes: the batch sizes that will come: the full one, and the rest at the end of an epoch.
    """

    def __init__(self, step: Step, batch_sizes: Sequence[int]):
        self._step = step
        self._expected = set(batch_sizes)
        self._traces: dict[int, tuple[dict[str, str], Any, Any]] = {}

    @property
    def traces(self) -> int:
        """How often the step was traced so far."""
        return len(self._traces)

    @property
    def jaxpr(self) -> Any:
        """The step as JAX sees it (of the first batch shape)."""
        return next(iter(self._traces.values()))[1].jaxpr

    def trace(self, state: State, batch: Batch) -> tuple[Any, Any]:
        """The traced step, and the shapes of what it returns.

        Raises:
            EngineError: another trace than the expected ones would be needed.
        """
        import jax

        leaves = jax.tree_util.tree_leaves_with_path((state, batch))
        signature = {jax.tree_util.keystr(path): str(jax.typeof(leaf)) for path, leaf in leaves}
        size = int(jax.tree.leaves(batch.x)[0].shape[0])
        if size in self._traces:
            before, traced, shapes = self._traces[size]
            if before == signature:
                return traced, shapes
            raise _retrace_error(before, signature)
        if size not in self._expected:
            raise _retrace_error(next(iter(self._traces.values()), ({},))[0], signature)
        traced, shapes = jax.make_jaxpr(self._step, return_shape=True)(state, batch)
        self._traces[size] = (signature, traced, shapes)
        return traced, shapes

    def __call__(self, state: State, batch: Batch) -> tuple[State, Seen]:
        """Run the traced step."""
        import jax
        from jax.extend.core import jaxpr_as_fun

        traced, shapes = self.trace(state, batch)
        flat = jaxpr_as_fun(traced)(*jax.tree.leaves((state, batch)))
        return jax.tree.unflatten(jax.tree.structure(shapes), flat)


def _retrace_error(before: dict[str, str], now: dict[str, str]) -> EngineError:
    changed = [f"{name}: {before.get(name)} -> {kind}" for name, kind in now.items() if before.get(name) != kind]
    what = "; ".join(changed[:3])
    return EngineError(
        Text(
            en=f"the training step would have to be compiled again, because this changed: {what}; "
            "keep shapes and types of weights and data as they are while training",
            zh=f"训练步将不得不重新编译，因为以下内容发生了变化：{what}；训练期间请保持权重与数据的形状和类型不变",
        )
    )


class HostLoop:
    """One compiled call per step; calls are queued, so the device does not wait for Python."""

    most_steps = 1 << 30

    def __init__(self, step: TracedStep, look: Look | None, data: Batch, batch_size: int):  # noqa: ARG002
        import jax

        self._step = jax.jit(lambda state, data, row: step(state, take(data, row)), donate_argnums=(0,))
        self._look = jax.jit(lambda state, data, row: look(state, take(data, row))) if look else None
        self._data = data

    def __call__(
        self, state: State, indices: npt.NDArray[np.int32], sampled: npt.NDArray[np.bool_]
    ) -> tuple[State, Shown]:
        """Run one step per row of `indices`; waits for the device.

        Args:
            state: donated.
            indices: (steps, batch) int32, numbers of the samples.
            sampled: (steps,) bool, which steps are looked into.
        """
        import jax

        seen: list[Seen] = []
        columns: list[Any] = []
        for row, flag in zip(indices, sampled, strict=True):
            if flag and self._look:
                columns.append(self._look(state, self._data, row))
            state, shown = self._step(state, self._data, row)
            seen.append(shown)
        seen, columns = jax.device_get((seen, columns))
        stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *seen)
        return state, Shown(stacked, np.stack(columns) if columns else None)


class DeviceLoop:
    """Many steps in one compiled call, their number decided at run time."""

    most_steps = DEVICE_LOOP_STEPS

    def __init__(self, step: TracedStep, look: Look | None, data: Batch, batch_size: int):
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
        self._data = data

    def __call__(
        self, state: State, indices: npt.NDArray[np.int32], sampled: npt.NDArray[np.bool_]
    ) -> tuple[State, Shown]:
        """Like `HostLoop`, for at most `most_steps` rows."""
        import jax

        steps = len(indices)
        room = DEVICE_LOOP_STEPS - steps
        padded, flags = np.pad(indices, ((0, room), (0, 0))), np.pad(sampled, (0, room))
        state, seen, columns = self._call(state, self._data, padded, flags, np.int32(steps))
        seen = jax.tree.map(lambda leaf: leaf[:steps], jax.device_get(seen))
        return state, Shown(seen, np.asarray(columns)[:steps][sampled] if sampled.any() else None)


def has_convolution(jaxpr: Any) -> bool:
    """Whether a convolution stands anywhere in a traced function."""
    from jax.extend import core

    def inside(parameter: Any) -> bool:
        if isinstance(parameter, core.ClosedJaxpr):
            return has_convolution(parameter.jaxpr)
        if isinstance(parameter, core.Jaxpr):
            return has_convolution(parameter)
        if isinstance(parameter, tuple | list):
            return any(inside(item) for item in parameter)
        return False

    return any(
        equation.primitive.name == "conv_general_dilated" or any(map(inside, equation.params.values()))
        for equation in jaxpr.eqns
    )
