"""A step as JAX traces it: once per batch shape, and never again without saying why."""

from __future__ import annotations

from typing import Any

from trainwell.engine.state import State
from trainwell.engine.step import Batch, Seen, Step
from trainwell.errors import DataError, EngineError
from trainwell.locales import Text


class TracedStep:
    """A step, traced once per batch shape; being asked for another trace is an error that names what changed.

    Args:
        step: the pure step.
        most_shapes: batch shapes that may come.
    """

    def __init__(self, step: Step, most_shapes: int):
        self._step = step
        self._most = most_shapes
        self._traces: dict[tuple[tuple[str, str], ...], tuple[dict[str, str], Any, Any]] = {}

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
            EngineError: the state changed its shapes or types, so that another trace would be needed.
            DataError: more batch shapes came than may come.
        """
        import jax

        weights, data = _described(state), _described(batch)
        key = tuple(data.items())
        if self._traces:
            before = next(iter(self._traces.values()))[0]
            if before != weights:
                raise _retrace_error(before, weights)
        if key not in self._traces:
            if len(self._traces) == self._most:
                raise _shapes_error(dict(next(reversed(self._traces))), data, self._most)
            traced, shapes = jax.make_jaxpr(self._step, return_shape=True)(state, batch)
            self._traces[key] = (weights, traced, shapes)
        return self._traces[key][1:]

    def __call__(self, state: State, batch: Batch) -> tuple[State, Seen]:
        """Run the traced step."""
        import jax
        from jax.extend.core import jaxpr_as_fun

        traced, shapes = self.trace(state, batch)
        flat = jaxpr_as_fun(traced)(*jax.tree.leaves((state, batch)))
        return jax.tree.unflatten(jax.tree.structure(shapes), flat)


def _described(tree: State | Batch) -> dict[str, str]:
    """Name of each array -> its type and shape."""
    import jax

    return {
        jax.tree_util.keystr(path).removeprefix("."): str(jax.typeof(leaf))
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def _changed(before: dict[str, str], now: dict[str, str]) -> str:
    names = dict.fromkeys([*before, *now])
    changed = [f"{name}: {before.get(name)} -> {now.get(name)}" for name in names if before.get(name) != now.get(name)]
    return "; ".join(changed[:3])


def _retrace_error(before: dict[str, str], now: dict[str, str]) -> EngineError:
    what = _changed(before, now)
    return EngineError(
        Text(
            en=f"the training step would have to be compiled again, because this changed: {what}; "
            "keep shapes and types of weights and data as they are while training",
            zh=f"训练步将不得不重新编译，因为以下内容发生了变化：{what}；训练期间请保持权重与数据的形状和类型不变",
        )
    )


def _shapes_error(before: dict[str, str], now: dict[str, str], most: int) -> DataError:
    what = _changed(before, now)
    return DataError(
        Text(
            en=f"the batches come in more than {most} different shapes or types, and each has to be compiled; the last "
            f"change: {what}; pad the samples to a few lengths (for example the next power of two)",
            zh=f"批次的形状或类型超过 {most} 种，而每种都需要编译；最近一次变化：{what}；"
            "请把样本补齐到少数几种长度（例如下一个 2 的幂）",
        )
    )
