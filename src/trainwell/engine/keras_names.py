"""The private names of Keras and JAX that the engine needs, all in one place.

Checked against keras 3.12 to 3.15 and jax 0.7 to 0.10 (the ranges in pyproject.toml); a test calls each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def build(model: Any, x: Any, y: Any, sample_weight: Any) -> None:
    """Create every variable of model, metrics and optimizer for batches like this one, computing nothing."""
    model._symbolic_build(data_batch=(x, y, sample_weight))


def sublayers(layer: Any) -> Sequence[Any]:
    """The layers directly inside a layer, in the order of their creation."""
    return layer._layers


def clip(optimizer: Any, gradients: Sequence[Any]) -> Sequence[Any]:
    """The gradients as the optimizer clips them before it uses them."""
    return optimizer._clip_gradients(gradients)


def producer(tensor: Any) -> Any | None:
    """The layer or operation that made a symbolic tensor; None if Keras does not know."""
    history = getattr(tensor, "_keras_history", None)
    return None if history is None else history.operation


def taken(operation: Any) -> list[Any]:
    """The symbolic tensors that a layer or operation was called with."""
    return [tensor for node in getattr(operation, "_inbound_nodes", ()) for tensor in node.input_tensors]


def schedule(optimizer: Any) -> Any | None:
    """The learning-rate schedule of an optimizer; None if its rate is a number."""
    import keras

    found = getattr(optimizer, "_learning_rate", None)
    return found if isinstance(found, keras.optimizers.schedules.LearningRateSchedule) else None


def trace_state() -> Any:
    """A value that is equal for two places if and only if they are inside the same JAX transformation."""
    from jax.extend import core

    return core.get_opaque_trace_state(convention="flax")


def has_own_train_step(model: Any) -> bool:
    """Whether the model's class brings a `train_step` of its own, which a step of ours would bypass."""
    import keras

    steps = (keras.Model.train_step, keras.Sequential.train_step)
    return type(model).train_step not in steps


def is_dataset(x: Any) -> bool:
    """Whether Keras takes this as a dataset that gives batches: its own, TensorFlow's, PyTorch's or Grain's."""
    import keras
    from keras.src.trainers import data_adapters
    from keras.src.trainers.data_adapters.data_adapter import DataAdapter

    kinds = (data_adapters.is_tf_dataset, data_adapters.is_torch_dataloader, data_adapters.is_grain_dataset)
    return isinstance(x, keras.utils.PyDataset | DataAdapter) or any(is_kind(x) for is_kind in kinds)


def data_adapter(dataset: Any) -> Any:
    """Keras's view of such a dataset: `num_batches`, `get_jax_iterator()`, `on_epoch_begin()`, `on_epoch_end()`."""
    from keras.src.trainers.data_adapters import get_data_adapter

    return get_data_adapter(dataset)


def name_stack(equation: Any) -> str:
    """The named scopes within which an equation of a traced function arose, and how it was transformed since."""
    return str(equation.source_info.name_stack)


def inner_jaxprs(equation: Any) -> list[Any]:
    """The functions within an equation (of a loop, a condition, a call), without their constants."""
    from jax.extend import core

    found: list[Any] = []
    for parameter in equation.params.values():
        entries: Sequence[Any] = parameter if isinstance(parameter, tuple | list) else (parameter,)
        closed = (entry.jaxpr if isinstance(entry, core.ClosedJaxpr) else entry for entry in entries)
        found += [entry for entry in closed if isinstance(entry, core.Jaxpr)]
    return found


def called_function(equation: Any) -> tuple[Any, Sequence[Any]] | None:
    """The function that an equation merely calls, and its constants; None if the equation does more than that."""
    if equation.primitive.name not in _CALLS:
        return None
    found = next((equation.params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in equation.params), None)
    if found is None:
        return None
    return (found.jaxpr, found.consts) if hasattr(found, "consts") else (found, ())


_CALLS = (
    *("jit", "pjit", "closed_call", "core_call", "checkpoint", "remat", "remat2"),
    *("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"),
)
