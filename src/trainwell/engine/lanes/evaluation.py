"""Loss and metrics on held-out data as pure functions of the state: what Keras's `evaluate` does, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trainwell.engine.cpu import faster_layers
from trainwell.engine.state import State, variables
from trainwell.engine.step import Batch, current


def make_evaluation(model: Any) -> Callable[[State, Batch], tuple[Mapping[str, Any], State]]:
    """(state, batch) -> (loss and metrics so far, state with new running sums and random states).

    The state's random generators move on where Keras's `evaluate` lets them: in a recurrent layer with dropout.
    """
    import jax
    import keras

    groups = variables(model)

    def evaluate(state: State, batch: Batch) -> tuple[Mapping[str, Any], State]:
        pairs = [pair for group, values in zip(groups, state, strict=True) for pair in zip(group, values, strict=True)]
        with keras.StatelessScope(state_mapping=pairs, collect_losses=True) as scope:
            with faster_layers():
                predictions = model(batch.x, training=False)
            loss = model.compute_loss(batch.x, batch.y, predictions, batch.sample_weight, training=False)
            # the first metric of a compiled model is its loss, averaged over samples
            model.metrics[0].update_state(loss, sample_weight=jax.tree.leaves(batch.x)[0].shape[0])
            logs = model.compute_metrics(batch.x, batch.y, predictions, batch.sample_weight)
        return logs, state._replace(
            non_trainable=[current(scope, variable) for variable in groups.non_trainable],
            metrics=[current(scope, variable) for variable in groups.metrics],
        )

    return evaluate
