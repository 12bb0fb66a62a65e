"""Looks into the steps of Keras's own training on a backend that computes at once: TensorFlow and torch.

Forward and backward pass of the step's own batch are repeated in a `StatelessScope`, which keeps every new state of
random generators, running means and metrics from the model; what the step did to the weights is read off them after it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainwell.blueprint import LayerInfo
from trainwell.engine import keras_names
from trainwell.engine.layers import WatchedLayers, watched_layers
from trainwell.engine.step import Batch
from trainwell.engine.taps import Calls, OutputTap, WeightsTap
from trainwell.signals import Observer
from trainwell.workflows.monitoring.pending import Glance
from trainwell.workflows.monitoring.samples import as_numpy

Arrays = list[npt.NDArray[Any]]
_PATCHING = threading.Lock()  # the wrapped method is shared by all threads of the process


class Passed(NamedTuple):
    """What one forward and backward pass showed, and the weights before the step."""

    numbers: Mapping[str, float]
    weights: Arrays
    gradients: Arrays
    outputs: Arrays


class EagerEye:
    """See `Eye`; a backend adds how gradients are taken.

    Args:
        model: compiled and built.
        observer: chooses and computes the columns.
    """

    def __init__(self, model: Any, observer: Observer):
        self._model, self._observer = model, observer
        self._layers = WatchedLayers((), (), {})
        self._columns: Callable[[Arrays, Arrays, Arrays, Arrays], Any]  # from `prepare` on
        self._start: list[tuple[Any, Any]] = []

    def gradients(self, loss: Callable[[], Any], weights: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        """The loss, and its gradient by each weight (None where it does not depend on one)."""
        raise NotImplementedError

    def undisturbed(self) -> AbstractContextManager[Any]:
        """Within the block, what is drawn from the backend's own random state is put back after it."""
        return nullcontext()

    def prepare(self, state: Any, batch: Batch) -> Sequence[LayerInfo]:
        """Name the layers by one forward pass."""
        import jax
        import keras

        del state
        with self.undisturbed(), keras.StatelessScope(), eager_calls() as calls:
            predictions = self._model(batch.x, training=True)
            seen: dict[int, Any] = {}
            leaves = [(layer, _numpy_tree(result, seen)) for layer, result in calls.leaves]
            answers = jax.tree.leaves(_numpy_tree(predictions, seen))
        self._layers = watched_layers(self._model, Calls(leaves), answers)
        self._columns = jax.jit(self._compute)
        return self._layers.infos

    def keep_start(self, state: Any) -> None:
        """Copy the initial weights: the steps change them in place."""
        import keras

        del state
        small = [variable for variable in self._model.optimizer.variables if not variable.shape]
        kept = [*self._model.trainable_variables, *self._model.non_trainable_variables, *small]
        self._start = [
            (variable, keras.ops.convert_to_tensor(np.array(as_numpy(variable.value)), dtype=variable.dtype))
            for variable in kept
        ]

    @contextmanager
    def at_start(self) -> Generator[None]:
        """See `Eye`."""
        import keras

        with self.undisturbed(), keras.StatelessScope(state_mapping=self._start):
            yield

    def forget_start(self) -> None:
        """Give the memory of the initial weights back."""
        self._start = []

    def wait(self, values: Any) -> None:
        """All is computed at once."""

    def before(self, state: Any, batch: Batch) -> Passed:
        """Repeat the step's forward and backward pass."""
        import keras

        del state
        model = self._model
        variables = model.trainable_variables
        weights = [np.array(as_numpy(variable.value)) for variable in variables]
        rate = float(as_numpy(keras.ops.convert_to_tensor(model.optimizer.learning_rate)))
        noted: list[Calls] = []

        def loss() -> Any:
            with eager_calls() as calls:
                predictions = model(batch.x, training=True)
            noted.append(calls)
            return model.compute_loss(batch.x, batch.y, predictions, batch.sample_weight, training=True)

        values = [variable.value for variable in variables]
        known_values = list(zip(variables, values, strict=True))  # regularizers ask the scope for the weights
        with self.undisturbed(), keras.StatelessScope(state_mapping=known_values, collect_losses=True):
            value, found = self.gradients(loss, values)
            known = [keras.ops.zeros_like(w) if g is None else g for g, w in zip(found, weights, strict=True)]
            inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
            clipped = [as_numpy(one) for one in keras_names.clip(inner, known)]
            gradients = [np.array(as_numpy(one)) for one in known]
            outputs = [_first_float(_numpy_tree(result, {})) for _, result in noted[0].leaves]
            numbers = {
                "loss": float(as_numpy(value)),
                "learning_rate": rate,
                "gradient_norm": _norm(gradients),
                "clipped_gradient_norm": _norm(clipped),
            }
        kept = [output for name, output in zip(self._layers.outputs, outputs, strict=True) if name is not None]
        return Passed(numbers, weights, gradients, kept)

    def after(self, seen: Passed) -> Glance:
        """What the step did to the weights."""
        now = [as_numpy(variable.value) for variable in self._model.trainable_variables]
        updates = [new.astype(np.float32) - old.astype(np.float32) for new, old in zip(now, seen.weights, strict=True)]
        columns = self._columns(seen.weights, seen.gradients, updates, seen.outputs)
        return Glance(dict(seen.numbers), np.asarray(columns, np.float32))

    def fetch(self, values: Sequence[Any]) -> list[float | None]:
        """As numbers."""
        return [None if value is None else float(as_numpy(value)) for value in values]

    def _compute(self, weights: Arrays, gradients: Arrays, updates: Arrays, outputs: Arrays) -> Any:
        layers = self._layers
        activations = {info.name: info.activation for info in layers.infos}
        names = [name for name in layers.outputs if name is not None]
        return self._observer.columns(
            self._observer.layout(layers.infos),
            {
                name: WeightsTap(
                    [weights[i] for i in places], [gradients[i] for i in places], [updates[i] for i in places]
                )
                for name, places in layers.weights.items()
            },
            {name: OutputTap(output, activations[name]) for name, output in zip(names, outputs, strict=True)},
        )


@contextmanager
def eager_calls() -> Generator[Calls]:
    """Note the output of every layer that is called within the block, as `noted_calls` does while JAX traces.

    What happens inside a recurrent layer belongs to it: its cell is called once for each step of the sequence.
    """
    import keras

    kind: Any = keras.Layer
    calls, owner, inside = Calls(), threading.get_ident(), [0]
    plain = kind.__call__

    def noting(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != owner or inside[0]:
            return plain(layer, *args, **kwargs)
        before, recurrent = len(calls.leaves), isinstance(layer, keras.layers.RNN)
        inside[0] += recurrent
        try:
            result = plain(layer, *args, **kwargs)
        finally:
            inside[0] -= recurrent
        called = [inner for inner, _ in calls.leaves[before:]]
        if all(inner is getattr(layer, "activation", None) for inner in called):
            del calls.leaves[before:]
            calls.leaves.append((layer, result))
        return result

    with _PATCHING:
        kind.__call__ = noting
        try:
            yield calls
        finally:
            kind.__call__ = plain


def _numpy_tree(tree: Any, seen: dict[int, Any]) -> Any:
    """The same tree of NumPy arrays, one array for one tensor."""
    import keras

    def converted(leaf: Any) -> Any:
        if not hasattr(leaf, "shape"):
            return leaf
        if id(leaf) not in seen:
            seen[id(leaf)] = as_numpy(leaf)
        return seen[id(leaf)]

    return keras.tree.map_structure(converted, tree)


def _first_float(tree: Any) -> Any:
    import jax
    import jax.numpy as jnp

    found = [
        leaf for leaf in jax.tree.leaves(tree) if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, np.floating)
    ]
    return found[0] if found else None


def _norm(arrays: Sequence[npt.NDArray[Any]]) -> float:
    """L2 norm of all elements of all arrays together."""
    return float(np.sqrt(sum(float(np.square(array.astype(np.float64)).sum()) for array in arrays)))
