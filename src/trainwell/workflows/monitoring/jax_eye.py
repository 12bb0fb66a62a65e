"""Looks into the steps of Keras's own training on JAX: from the same state and batch, beside the step."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from trainwell.blueprint import LayerInfo
from trainwell.engine.layers import WatchedLayers, watched_layers
from trainwell.engine.state import State, variables
from trainwell.engine.step import Batch, make_glance
from trainwell.engine.taps import noted_calls
from trainwell.signals import Observer
from trainwell.workflows.monitoring.pending import Glance

SHOWN = ("loss", "learning_rate", "gradient_norm", "clipped_gradient_norm")


class JaxEye:
    """See `Eye`.

    While an epoch runs, Keras takes the values out of the model's variables, so all is read from the state.
    """

    def __init__(self, model: Any, observer: Observer):
        self._model, self._observer = model, observer
        self._glance: Callable[[State, Batch], Any]  # from `prepare` on
        self._start: list[tuple[Any, Any]] = []

    def prepare(self, state: Any, batch: Batch) -> Sequence[LayerInfo]:
        """Name the layers; nothing is computed."""
        import jax

        before = State(*state)
        layers = self._layers(before, batch)
        glance = make_glance(self._model, layers, self._observer)
        eager = self._model.run_eagerly or not self._model.jit_compile
        self._glance = glance if eager else jax.jit(glance)
        return layers.infos

    def keep_start(self, state: Any) -> None:
        """Copy the initial weights: the training donates them."""
        import jax
        import jax.numpy as jnp

        groups, values = variables(self._model), State(*state)
        pairs = [*zip(groups.trainable, values.trainable, strict=True)]
        pairs += zip(groups.non_trainable, values.non_trainable, strict=True)
        # momenta are as large as the weights, and nobody asks for them
        pairs += [pair for pair in zip(groups.optimizer, values.optimizer, strict=True) if not pair[1].shape]
        copies = jax.jit(lambda given: [jnp.copy(value) for value in given])([value for _, value in pairs])
        self._start = [(variable, copy) for (variable, _), copy in zip(pairs, copies, strict=True)]

    @contextmanager
    def at_start(self) -> Generator[None]:
        """See `Eye`."""
        import keras

        with keras.StatelessScope(state_mapping=self._start):
            yield

    def forget_start(self) -> None:
        """Give the memory of the initial weights back."""
        self._start = []

    def wait(self, values: Any) -> None:
        """Until these are computed."""
        import jax

        jax.block_until_ready(values)

    def before(self, state: Any, batch: Batch) -> Glance:
        """Repeat the step's computation, from the same numbers, and tell what it shows."""
        import jax

        shown = jax.device_get(self._glance(State(*state), batch))
        numbers = {name: float(getattr(shown, name)) for name in SHOWN}
        return Glance(numbers, np.asarray(shown.columns, np.float32))

    def after(self, seen: Glance) -> Glance:
        """All was seen before the step."""
        return seen

    def fetch(self, values: Sequence[Any]) -> list[float | None]:
        """From the device, in one go."""
        import jax

        return [None if value is None else float(value) for value in jax.device_get(list(values))]

    def _layers(self, state: State, batch: Batch) -> WatchedLayers:
        """One abstract forward pass; the variables have no values of their own now."""
        import jax
        import keras

        found: list[WatchedLayers] = []
        groups = variables(self._model)

        def forward(values: State, x: Any) -> Any:
            pairs = [p for group, given in zip(groups, values, strict=True) for p in zip(group, given, strict=True)]
            with keras.StatelessScope(state_mapping=pairs), noted_calls() as calls:
                predictions = self._model(x, training=True)
            found.append(watched_layers(self._model, calls, jax.tree.leaves(predictions)))
            return predictions

        jax.eval_shape(forward, state, batch.x)
        return found[0]
