"""Variants that share one program, trained in step with one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainwell.engine.batches import Order, take
from trainwell.engine.lanes.shared_program import SharedProgram, TracedFunction
from trainwell.engine.loops import DEVICE_LOOP_STEPS
from trainwell.engine.state import State
from trainwell.engine.step import Batch

Own = list[Any]


class Programs(NamedTuple):
    """What a variant computes, by batch size.

    Attributes:
        steps: samples of the batch -> its step.
        evaluations: samples of the batch -> its evaluation.
    """

    steps: Mapping[int, TracedFunction]
    evaluations: Mapping[int, TracedFunction]

    @property
    def signature(self) -> Any:
        """Equal for variants that can share their programs."""
        return tuple(
            (kind, size, one.signature)
            for kind, found in (("step", self.steps), ("evaluation", self.evaluations))
            for size, one in sorted(found.items())
        )


class Done(NamedTuple):
    """What a run of steps showed, each (lanes, steps) float32; and the last logs, each (lanes,)."""

    loss: npt.NDArray[np.float32]
    gradient_norm: npt.NDArray[np.float32]
    learning_rate: npt.NDArray[np.float32]
    logs: Mapping[str, npt.NDArray[np.float32]]


class Group:
    """Lanes whose programs have the same equations.

    Args:
        members: what each lane computes.
        states: of each lane, before the first step.
        data: what all learn from, (samples, ...) on the device.
        vectorised: one program for all lanes at once; else one after another, in turns.
        looped: many steps in one compiled call; else a call for each.
        compiler_options: of the programs, as `jax.jit` takes them.
    """

    def __init__(
        self,
        members: Sequence[Programs],
        states: Sequence[State],
        data: Batch,
        *,
        vectorised: bool,
        looped: bool,
        compiler_options: dict[str, str] | None = None,
    ):
        self._options = compiler_options
        self._lanes, self._data = len(members), data
        self._vectorised, self._looped = vectorised and len(members) > 1, looped
        self._steps = {size: self._shared([one.steps[size] for one in members]) for size in members[0].steps}
        self._evaluations = {
            size: self._shared([one.evaluations[size] for one in members]) for size in members[0].evaluations
        }
        self._states: Any = self._arranged(list(states))
        self._calls: dict[Any, Callable[..., Any]] = {}

    @property
    def states(self) -> list[State]:
        """Of each lane, as they are now."""
        import jax

        if not self._vectorised:
            return list(self._states)
        found = jax.device_get(self._states)
        return [jax.tree.map(lambda leaf, lane=lane: leaf[lane], found) for lane in range(self._lanes)]

    def reset_metrics(self, fresh: Sequence[Any]) -> None:
        """Begin the running sums of loss and metrics anew."""
        metrics = self._arranged([list(fresh)] * self._lanes)
        if self._vectorised:
            self._states = self._states._replace(metrics=metrics)
        else:
            self._states = [state._replace(metrics=one) for state, one in zip(self._states, metrics, strict=True)]

    def run(self, indices: Sequence[Order]) -> Done:
        """Do some steps in every lane.

        Args:
            indices: of each lane, (steps, batch) int32: numbers of the samples.
        """
        import jax

        size = int(indices[0].shape[1])
        own = self._steps[size][1]
        count = len(indices[0])
        if self._vectorised:
            alike = all(one is indices[0] or np.array_equal(one, indices[0]) for one in indices[1:])
            call = self._call(("step", size, alike), self._steps[size][0], alike=alike)
            order = indices[0] if alike else np.stack(indices)
            self._states, shown = self._advanced(call, own, self._states, order, count)
            loss, norm, rate, logs = jax.device_get(shown)
            return Done(loss.T, norm.T, rate.T, logs)
        call = self._call(("step", size), self._steps[size][0], alike=False)
        shown = list[Any]()
        for lane in range(self._lanes):
            self._states[lane], one = self._advanced(call, own[lane], self._states[lane], indices[lane], count)
            shown.append(one)
        found = jax.device_get(shown)
        loss, norm, rate = (np.stack([one[part] for one in found]) for part in range(3))
        return Done(loss, norm, rate, {name: np.stack([one[3][name] for one in found]) for name in found[0][3]})

    def evaluate(self, batches: Sequence[Batch]) -> Mapping[str, npt.NDArray[np.float32]]:
        """Loss and metrics of every lane on held-out data, each (lanes,); their running sums are to be reset before."""
        import jax

        logs: Any = {}
        for batch in batches:
            size = len(jax.tree.leaves(batch)[0])
            shared, own = self._evaluations[size]
            if self._vectorised:
                logs, self._states = self._evaluation(size, shared)(own, self._states, batch)
            else:
                call = self._evaluation(size, shared)
                found = [call(own[lane], self._states[lane], batch) for lane in range(self._lanes)]
                self._states = [state for _, state in found]
                logs = {name: np.stack([np.asarray(one[name]) for one, _ in found]) for name in found[0][0]}
        return {name: np.asarray(values) for name, values in jax.device_get(logs).items()}

    def _shared(self, functions: Sequence[TracedFunction]) -> tuple[SharedProgram, Any]:
        shared = SharedProgram.of(functions)
        return shared, self._arranged([shared.own(function) for function in functions])

    def _arranged(self, lanes: list[Any]) -> Any:
        """Trees of the lanes as the programs take them: stacked along a first axis, or one by one."""
        import jax
        import jax.numpy as jnp

        if not self._vectorised:
            return [jax.tree.map(jnp.array, lane) for lane in lanes]  # copies: steps donate them
        # on the host: JAX would compile a program for every shape
        return jax.tree.map(lambda *leaves: jnp.asarray(np.stack([np.asarray(leaf) for leaf in leaves])), *lanes)

    def _advanced(self, call: Callable[..., Any], own: Any, state: Any, order: Order, count: int) -> tuple[Any, Any]:
        """The state after these steps, and what they showed, (steps, ...) and the last logs."""
        import jax
        import jax.numpy as jnp

        steps_axis = order.ndim - 2
        if self._looped:
            room = [(0, DEVICE_LOOP_STEPS - count) if axis == steps_axis else (0, 0) for axis in range(order.ndim)]
            state, (shown, logs) = call(own, state, self._data, np.pad(order, room), np.int32(count))
            return state, (*(part[:count] for part in shown), logs)
        seen = list[Any]()
        logs: Any = {}
        for step in range(count):
            state, (shown, logs) = call(own, state, self._data, np.take(order, step, axis=steps_axis))
            seen.append(shown)
        return state, (*(jnp.stack(part) for part in zip(*jax.device_get(seen), strict=True)), logs)

    def _call(self, key: Any, shared: SharedProgram, *, alike: bool) -> Callable[..., Any]:
        """The compiled call of one or many steps."""
        if key not in self._calls:
            self._calls[key] = self._compiled(shared, alike=alike)
        return self._calls[key]

    def _compiled(self, shared: SharedProgram, *, alike: bool) -> Callable[..., Any]:
        import jax
        import jax.numpy as jnp

        def one(own: Own, state: State, data: Batch, row: Any) -> tuple[State, Any]:
            state, seen = shared(own, state, take(data, row))
            return state, ((seen.loss, seen.gradient_norm, seen.learning_rate), seen.logs)

        def at_once(own: Any, state: Any, data: Batch, row: Any) -> tuple[Any, Any]:
            if not self._vectorised:
                return one(own, state, data, row)
            if alike:
                batch = take(data, row)  # once for all lanes

                def each(own: Own, state: State) -> tuple[State, Any]:
                    state, seen = shared(own, state, batch)
                    return state, ((seen.loss, seen.gradient_norm, seen.learning_rate), seen.logs)

                return jax.vmap(each)(own, state)
            return jax.vmap(one, in_axes=(0, 0, None, 0))(own, state, data, row)

        def many(own: Any, state: Any, data: Batch, order: Any, count: Any) -> tuple[Any, Any]:
            steps_axis = order.ndim - 2
            rows = jnp.moveaxis(order, steps_axis, 0)
            _, (shown, logs) = jax.eval_shape(lambda s, row: at_once(own, s, data, row), state, rows[0])
            room = jax.tree.map(lambda leaf: jnp.zeros((rows.shape[0], *leaf.shape), leaf.dtype), shown)
            last = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), logs)

            def body(i: Any, carry: Any) -> Any:
                state, kept, _ = carry
                state, (shown, logs) = at_once(own, state, data, rows[i])
                return state, jax.tree.map(lambda all_, now: all_.at[i].set(now), kept, shown), logs

            state, kept, logs = jax.lax.fori_loop(0, count, body, (state, room, last))
            return state, (kept, logs)

        function = many if self._looped else at_once
        return jax.jit(function, donate_argnums=(1,), compiler_options=self._options)

    def _evaluation(self, size: int, shared: SharedProgram) -> Callable[..., Any]:
        import jax

        if ("evaluation", size) not in self._calls:
            call = jax.vmap(shared, in_axes=(0, 0, None)) if self._vectorised else shared
            self._calls["evaluation", size] = jax.jit(call, donate_argnums=(1,), compiler_options=self._options)
        return self._calls["evaluation", size]
