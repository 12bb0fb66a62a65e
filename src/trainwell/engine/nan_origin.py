"""Where the first bad value of a step came from: the step's own computation, gone through on its own numbers.

Nothing is trained again: state and batch are those of the step that broke, from the flight recorder. The step is traced
once more with every layer's equations marked, and evaluated one equation after the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.blueprint.nan_origin import MOST_ROWS, Direction, NanOrigin, Tensor
from trainwell.engine.batch_axes import BatchAxes
from trainwell.engine.feeds import batch_size_of
from trainwell.engine.flight_recorder import BrokenStep, on_device
from trainwell.engine.nan_dataflow import Birth, Dataflow
from trainwell.engine.origin_scopes import Scopes, is_backward, is_differentiated, marked_calls
from trainwell.engine.state import State
from trainwell.engine.step import Batch, Results, make_results

GREW = 10.0  # times the norm at the start: then an overflow is laid to the steps that led there
_GIVEN: Mapping[str, Tensor] = {
    "x": "input",
    "y": "target",
    "sample_weight": "sample_weight",
    "trainable": "weight",
    "non_trainable": "weight",
    "optimizer": "optimizer",
    "constant": "constant",
}


def weights_norm(trainable: Sequence[Any]) -> float:
    """L2 norm of all weights together."""
    return math.sqrt(sum(float(np.square(np.asarray(weight, np.float64)).sum()) for weight in trainable))


def origin_of(
    model: Any,
    broken: BrokenStep,
    *,
    step: int,
    epoch: int,
    samples: npt.NDArray[np.int32] | None,
    norm_at_start: float,
) -> NanOrigin:
    """Where the bad values of a step came from.

    Args:
        model: that was trained; it is not changed.
        broken: the step that broke.
        step: its number, from 1.
        epoch: its epoch, from 1.
        samples: (batch,) numbers of its samples in the training data; None where they have none.
        norm_at_start: `weights_norm` of the weights before the first step.
    """
    trainable = broken.state.trainable
    largest = [float(np.abs(np.asarray(weight, np.float32)).max()) for weight in trainable if weight.size]
    known = NanOrigin(
        step,
        epoch,
        "forward" if broken.loss_broke else "backward" if broken.gradient_broke else "update",
        "loss" if broken.loss_broke else "gradient" if broken.gradient_broke else "weight",
        batch_size=batch_size_of(broken.batch),
        largest_weight=_finite(max(largest, default=0.0)),
        weight_growth=_finite(weights_norm(trainable) / norm_at_start) if norm_at_start > 0 else None,
    )
    try:
        found = _Search(model, broken).birth()
    except Exception:  # noqa: BLE001 (whatever a model does to a trace: the step and its weights are known all the same)
        return known
    return known if found is None else _told(known, *found, samples)


class _Search:
    """Traces the step of one model and follows its numbers.

    Args:
        model: that was trained.
        broken: the step that broke.
    """

    def __init__(self, model: Any, broken: BrokenStep):
        import jax

        self._broken = broken
        self._state, self._batch = on_device(broken.state), broken.batch
        results = make_results(model)
        with marked_calls(model) as self.scopes:
            closed, shapes = jax.make_jaxpr(results, return_shape=True)(self._state, self._batch)
        axes = BatchAxes(
            closed.jaxpr, _trace_of_one_more(results, self._state, self._batch), batch_size_of(self._batch)
        )
        self._shapes: Results = shapes
        self._flow = Dataflow(closed, axes, _argument_names(self._state, self._batch), self._is_layer)

    def _is_layer(self, stack: str) -> bool:
        """Whether an equation belongs to a layer that is not a model."""
        from trainwell.backend import load_keras

        call = self.scopes.call_of(stack)
        return call is not None and not isinstance(self.scopes.layers[call], load_keras().Model)

    def birth(self) -> tuple[Birth, Direction, Scopes] | None:
        """The birth that mattered and the direction in which it broke the step; None if all results are finite."""
        import jax

        places = jax.tree.unflatten(
            jax.tree.structure(self._shapes), range(len(jax.tree.leaves(self._shapes)))
        )  # of each result
        broken = self._broken
        directions: tuple[tuple[Direction, list[int], bool], ...] = (
            ("forward", [places.loss], broken.loss_broke),
            ("backward", places.gradients, broken.gradient_broke),
            ("update", places.trainable, True),
        )
        arguments = jax.tree.leaves((self._state, self._batch))
        for direction, wanted, broke in directions:
            births = self._flow.births(arguments, wanted) if broke else []
            found = [birth for birth in births if birth is not None]
            if found:
                return min(found, key=lambda birth: birth.order), direction, self.scopes
        return None


def _trace_of_one_more(results: Any, state: State, batch: Batch) -> Any | None:
    """The same function for a batch of one more sample; None if the model takes no other number."""
    import jax

    larger = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((leaf.shape[0] + 1, *leaf.shape[1:]), leaf.dtype), batch)
    try:
        return jax.make_jaxpr(results)(state, larger).jaxpr
    except Exception:  # noqa: BLE001 (a model may refuse another size with any error)
        return None


def _argument_names(state: State, batch: Batch) -> list[str]:
    """The group of each array that the step is given, in order: a field of `State` or `Batch`."""
    import jax

    return [
        jax.tree_util.keystr(path[:1]).removeprefix(".")
        for tree in (state, batch)
        for path, _ in jax.tree_util.tree_leaves_with_path(tree)
    ]


def _told(
    known: NanOrigin, birth: Birth, direction: Direction, scopes: Scopes, samples: npt.NDArray[np.int32] | None
) -> NanOrigin:
    """The birth in words that a person knows."""
    of_loss = birth.kind == "given" and birth.name in ("y", "sample_weight")
    call = None if of_loss else scopes.call_of(birth.reader or birth.stack)
    layer = None if call is None else scopes.names[call]
    tensor = _GIVEN.get(birth.name, "unknown") if birth.kind == "given" else _computed(birth, direction, layer)
    rows = birth.rows[:MOST_ROWS]
    found = replace(
        known,
        direction=direction,
        tensor=tensor,
        layer=layer,
        operation=birth.operation,
        cause=birth.cause,
        value="nan" if birth.nan else "inf",
        rows=rows,
        samples=() if samples is None else tuple(int(samples[row]) for row in rows),
        affected=len(birth.rows),
        dtype=birth.dtype,
        largest=birth.largest,
        limit=_limit(birth.dtype),
        time_step=birth.time_step,
    )
    return replace(found, cause=_cause(found, birth))


def _computed(birth: Birth, direction: Direction, layer: str | None) -> Tensor:
    if not is_differentiated(birth.stack):
        return "weight"
    if direction == "backward" or is_backward(birth.stack):
        return "gradient"
    return "loss" if layer is None else "output"


def _cause(found: NanOrigin, birth: Birth) -> Any:
    """The kind of accident, seen together with what stood before it."""
    if birth.kind == "given":
        if found.tensor in ("input", "target", "sample_weight", "constant"):
            return "bad_data"
        return "bad_weights" if found.tensor == "weight" else "too_large_steps"
    if found.direction == "forward" and birth.operation == "div" and birth.cause != "overflow":
        return "division"  # what made the divisor matters in a derivative only
    grown = found.weight_growth is not None and found.weight_growth > GREW
    if birth.cause == "overflow" and (grown or found.direction == "update"):
        return "too_large_steps"
    return birth.cause


def _limit(dtype: str) -> float | None:
    """Largest finite number of a format."""
    import jax.numpy as jnp

    return float(jnp.finfo(dtype).max) if dtype and jnp.issubdtype(jnp.dtype(dtype), jnp.floating) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
