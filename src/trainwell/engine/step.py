"""One step of training as a pure function, and a look into one.

The step does what Keras's own `train_step` on JAX does, in the same order (loss scaling, clipping, constraints,
metrics). The look runs the same computation once more beside it, with taps, and changes nothing: the compiled step is
the same program whether it is watched or not, so watching cannot change a bit of a weight. (Letting the step itself
return what the taps show is cheaper per look, but XLA then fuses it differently: a Transformer's weights differed by
3e-5 after 140 steps.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from trainwell.engine import keras_names
from trainwell.engine.cpu import faster_layers
from trainwell.engine.layers import WatchedLayers, first_float_array
from trainwell.engine.state import State, variables
from trainwell.engine.taps import OutputTap, WeightsTap, noted_calls


class Batch(NamedTuple):
    """Inputs (batch, ...), targets (batch, ...), and weights of the samples (batch,) or None; each may be a tree."""

    x: Any
    y: Any
    sample_weight: Any


class Seen(NamedTuple):
    """What every step shows.

    Attributes:
        loss: float32 scalar, with regularisation.
        learning_rate: float32 scalar, as this step used it.
        gradient_norm: float32 scalar, L2 norm of all gradients together, before clipping, without loss scaling.
        clipped_gradient_norm: the same after clipping.
        logs: running loss and metrics of the epoch, as Keras callbacks get them.
    """

    loss: Any
    learning_rate: Any
    gradient_norm: Any
    clipped_gradient_norm: Any
    logs: Mapping[str, Any]


class Observer(Protocol):
    """What the engine is given to look at a step with. The engine knows no measure by name."""

    def layout(self, layers: Any) -> Any:
        """What will be computed for these layers (`blueprint.LayerInfo`s)."""
        ...

    def columns(self, layout: Any, weights: Mapping[str, WeightsTap], outputs: Mapping[str, OutputTap]) -> Any:
        """(columns,) float32, traced inside the look."""
        ...


class Glance(NamedTuple):
    """What a look shows of the whole step, each a float32 scalar as in `Seen`, and (columns,) of its layers."""

    loss: Any
    learning_rate: Any
    gradient_norm: Any
    clipped_gradient_norm: Any
    columns: Any


Step = Callable[[State, Batch], tuple[State, Seen]]
Look = Callable[[State, Batch], Any]


def make_step(model: Any) -> Step:
    """The step of this compiled and built model: (state, batch) -> (new state, what was seen)."""
    import jax.numpy as jnp

    groups = variables(model)

    def step(state: State, batch: Batch) -> tuple[State, Seen]:
        new, forward, gradients = _update(model, groups, state, batch, noted=False)
        logs, metrics = _metrics(model, groups, forward, batch)
        norm = _global_norm(gradients)
        clipped = keras_names.clip(_inner(model.optimizer), gradients)
        same = all(a is b for a, b in zip(gradients, clipped, strict=True))
        return new._replace(metrics=metrics), Seen(
            jnp.float32(forward.loss),
            jnp.float32(forward.learning_rate),
            norm,
            norm if same else _global_norm(clipped),
            logs,
        )

    return step


def make_look(model: Any, layers: WatchedLayers, observer: Observer) -> Look:
    """The look into a step of this model: (state before the step, batch) -> (columns,) float32."""
    groups = variables(model)
    columns = _columns(layers, observer)

    def look(state: State, batch: Batch) -> Any:
        return columns(state, *_update(model, groups, state, batch, noted=True))

    return look


def make_glance(model: Any, layers: WatchedLayers, observer: Observer) -> Callable[[State, Batch], Glance]:
    """A look for a step that is not ours: it shows the numbers of the whole step too."""
    import jax.numpy as jnp

    groups = variables(model)
    columns = _columns(layers, observer)

    def glance(state: State, batch: Batch) -> Glance:
        new, forward, gradients = _update(model, groups, state, batch, noted=True)
        return Glance(
            jnp.float32(forward.loss),
            jnp.float32(forward.learning_rate),
            _global_norm(gradients),
            _global_norm(keras_names.clip(_inner(model.optimizer), gradients)),
            columns(state, new, forward, gradients),
        )

    return glance


class Results(NamedTuple):
    """What a step computes, unreduced: its loss, the gradients as differentiated, and the new trainable weights."""

    loss: Any
    gradients: list[Any]
    trainable: list[Any]


def make_results(model: Any) -> Callable[[State, Batch], Results]:
    """The computation of a step, to be looked into in every detail: (state before the step, batch) -> `Results`."""
    groups = variables(model)

    def results(state: State, batch: Batch) -> Results:
        # every operation by itself: what our kernels compute at once could not be looked into
        new, forward, gradients = _update(model, groups, state, batch, noted=False, faster=False)
        return Results(forward.loss, gradients, new.trainable)

    return results


def _columns(layers: WatchedLayers, observer: Observer) -> Callable[[State, State, _Forward, list[Any]], Any]:
    """Hands what one step shows to the observer."""
    import jax.numpy as jnp

    layout = observer.layout(layers.infos)
    activations = {info.name: info.activation for info in layers.infos}

    def columns(state: State, new: State, forward: _Forward, gradients: list[Any]) -> Any:
        weights = {
            name: WeightsTap(
                [state.trainable[i] for i in positions],
                [gradients[i] for i in positions],
                [new.trainable[i].astype(jnp.float32) - state.trainable[i].astype(jnp.float32) for i in positions],
            )
            for name, positions in layers.weights.items()
        }
        outputs = {
            name: OutputTap(output, activations[name])
            for name, output in zip(layers.outputs, forward.outputs, strict=True)
            if name is not None
        }
        return observer.columns(layout, weights, outputs)

    return columns


def _update(
    model: Any, groups: State, state: State, batch: Batch, *, noted: bool, faster: bool = True
) -> tuple[State, _Forward, list[Any]]:
    """State after one step (metrics as they were), what the forward pass gave, and the float32 gradients."""
    import jax
    import jax.numpy as jnp

    def loss_function(trainable: list[Any]) -> tuple[Any, _Forward]:
        return _forward(model, groups, state._replace(trainable=trainable), batch, noted=noted, faster=faster)

    (_, forward), gradients = jax.value_and_grad(loss_function, has_aux=True)(state.trainable)
    trainable, optimizer = model.optimizer.stateless_apply(state.optimizer, gradients, state.trainable)
    unscaled = [gradient.astype(jnp.float32) / forward.scale for gradient in gradients]
    return State(list(trainable), forward.non_trainable, list(optimizer), state.metrics), forward, unscaled


class _Forward(NamedTuple):
    """What the forward pass of one batch gives besides the loss to differentiate."""

    loss: Any
    scale: Any
    learning_rate: Any
    predictions: Any
    non_trainable: list[Any]
    metrics: list[Any]
    outputs: tuple[Any, ...]


def _forward(
    model: Any, groups: State, state: State, batch: Batch, *, noted: bool, faster: bool
) -> tuple[Any, _Forward]:
    """The loss to differentiate (scaled, if the optimizer scales it) and everything else of the forward pass."""
    import contextlib

    import jax.numpy as jnp
    import keras

    pairs = [pair for group, values in zip(groups, state, strict=True) for pair in zip(group, values, strict=True)]
    with keras.StatelessScope(state_mapping=pairs, collect_losses=True) as scope:
        with (
            noted_calls() if noted else contextlib.nullcontext() as calls,
            faster_layers() if faster else contextlib.nullcontext(),
        ):
            predictions = model(batch.x, training=True)
        loss = model.compute_loss(batch.x, batch.y, predictions, batch.sample_weight, training=True)
        scaled = model.optimizer.scale_loss(loss)
        scale = model.optimizer.scale_loss(jnp.float32(1.0))
        learning_rate = keras.ops.convert_to_tensor(model.optimizer.learning_rate)
    return scaled, _Forward(
        loss,
        scale,
        learning_rate,
        predictions,
        [current(scope, variable) for variable in groups.non_trainable],
        [current(scope, variable) for variable in groups.metrics],
        tuple(first_float_array(result) for _, result in calls.leaves) if calls is not None else (),
    )


def _metrics(model: Any, groups: State, forward: _Forward, batch: Batch) -> tuple[Mapping[str, Any], list[Any]]:
    """Running loss and metrics after this batch, and their new variables."""
    import jax
    import keras

    pairs = list(zip(groups.metrics, forward.metrics, strict=True))
    with keras.StatelessScope(state_mapping=pairs) as scope:
        # the first metric of a compiled model is its loss, averaged over samples
        model.metrics[0].update_state(forward.loss, sample_weight=jax.tree.leaves(batch.x)[0].shape[0])
        logs = model.compute_metrics(batch.x, batch.y, forward.predictions, batch.sample_weight)
    return logs, [current(scope, variable) for variable in groups.metrics]


def _global_norm(arrays: Sequence[Any]) -> Any:
    """L2 norm of all elements of all arrays together."""
    import jax.numpy as jnp

    return jnp.linalg.norm(jnp.stack([jnp.linalg.norm(array.reshape(-1)) for array in arrays]))


def current(scope: Any, variable: Any) -> Any:
    """Value of a variable at the end of a stateless scope."""
    value = scope.get_current_value(variable)
    return variable.value if value is None else value


def _inner(optimizer: Any) -> Any:
    """The optimizer itself, also where it is wrapped for loss scaling."""
    return getattr(optimizer, "inner_optimizer", optimizer)
