"""Looking into a network while it runs: the calls of chosen layers are noted or changed, the model stays as it is.

The method `call` of the chosen layers is covered on these objects alone, for the time of one trace, and everything runs
through Keras's stateless calls: no variable changes, no random state moves on, other models never notice.
Private names of Keras and JAX stand in this file only; a test calls each.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# (layer, its own call, arguments, keyword arguments) -> what the layer returns
Hook = Callable[[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
# ... -> what the layer returns, and arrays to note by name (None is left out)
Watch = Callable[[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]], tuple[Any, Mapping[str, Any]]]


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer.

    Attributes:
        layer: the Keras layer.
        arrays: what was noted.
    """

    layer: Any
    arrays: Mapping[str, Array]


def layers_inside(model: Any) -> list[Any]:
    """Every layer inside a model or layer, at any depth, each once, the outer before the inner ones."""
    found: dict[int, Any] = {}

    def walk(layer: Any) -> None:
        for inner in layer._layers:
            if id(inner) not in found:
                found[id(inner)] = inner
                walk(inner)

    walk(model)
    return list(found.values())


@contextmanager
def hooked(hooks: Sequence[tuple[Any, Hook]]) -> Generator[None]:
    """Within the block, these layers run through their hooks."""
    covered: list[tuple[Any, Any]] = []
    try:
        for layer, hook in hooks:
            covered.append((layer, layer.__dict__.get("call")))
            object.__setattr__(layer, "call", _covering(layer, hook))
        yield
    finally:
        for layer, before in reversed(covered):
            if before is None:
                object.__delattr__(layer, "call")
            else:
                object.__setattr__(layer, "call", before)


def outputs_of(model: Any, x: Any, hooks: Sequence[tuple[Any, Hook]] = ()) -> Any:
    """What the model answers in inference, with hooks on some layers; for use inside a JAX transformation."""
    trainable = [variable.value for variable in model.trainable_variables]
    other = [variable.value for variable in model.non_trainable_variables]
    with hooked(hooks):
        return model.stateless_call(trainable, other, x, training=False)[0]


def observed(model: Any, x: Array, layers: Sequence[Any], watch: Watch | None = None) -> list[Call]:
    """The calls of some layers, in the order in which they end; no more of the model is computed than they need.

    Args:
        model: a built Keras model with one input and one output.
        x: (batch, *input shape).
        layers: whose calls are noted; calls inside a loop over steps or samples are not.
        watch: makes the call and says what to note; by default "input", "mask" and "output".
    """
    import jax

    forward, called = _noting(model, layers, watch or plain_watch)
    noted = jax.jit(forward)(x)
    return [Call(layer, numbers(arrays)) for layer, arrays in zip(called, noted, strict=True)]


def call_order(model: Any, x: Array, layers: Sequence[Any]) -> list[Any]:
    """These layers in the order in which their calls end, without computing anything; each at its first call."""
    import jax

    forward, called = _noting(model, layers, plain_watch)
    jax.eval_shape(forward, x)
    return list({id(layer): layer for layer in called}.values())


def _noting(model: Any, layers: Sequence[Any], watch: Watch) -> tuple[Callable[[Any], Any], list[Any]]:
    """A forward pass that returns the noted arrays, and the list of the layers it called."""
    called: list[Any] = []

    def forward(x: Any) -> list[dict[str, Any]]:
        home = _trace_state()
        noted: list[dict[str, Any]] = []
        called.clear()

        def hook(layer: Any, own: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            result, arrays = watch(layer, own, args, kwargs)
            if _trace_state() == home:
                called.append(layer)
                noted.append({name: array for name, array in arrays.items() if array is not None})
            return result

        outputs_of(model, x, [(layer, hook) for layer in layers])
        return noted

    return forward, called


def plain_watch(
    layer: Any, own: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Mapping[str, Any]]:
    """Note the first input, its mask, and the first output."""
    result, arrays = input_watch(layer, own, args, kwargs)
    output = result[0] if isinstance(result, (list, tuple)) else result
    return result, {**arrays, "output": output} if hasattr(output, "shape") else arrays


def input_watch(
    layer: Any, own: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Mapping[str, Any]]:
    """Note the first input, its mask, and ("begun") whether a recurrent layer is given its first state."""
    del layer
    first = args[0] if args else next(iter(kwargs.values()), None)
    begun = None if kwargs.get("initial_state") is None else np.bool_(True)
    arrays = {"input": first, "mask": kwargs.get("mask"), "begun": begun}
    return own(*args, **kwargs), {name: value for name, value in arrays.items() if hasattr(value, "shape")}


def attention_watch(
    layer: Any, own: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Mapping[str, Any]]:
    """Note the attention weights that Keras itself computes, and the masks of queries and keys.

    The fused kernel never has the weights in memory; for this one call the layer takes the plain way, which is the
    same mathematics (softmax(QKᵀ/√d)V).
    """
    fused = [name for name in ("_flash_attention", "flash_attention") if getattr(layer, name, None)]
    kept = {name: getattr(layer, name) for name in fused}
    for name in fused:
        object.__setattr__(layer, name, False)
    try:
        output, scores = own(*args, **{**kwargs, "return_attention_scores": True})
    finally:
        for name, value in kept.items():
            object.__setattr__(layer, name, value)
    query, value = _query_and_value(args, kwargs)
    noted = {
        "scores": scores,
        "query_mask": kwargs.get("query_mask"),
        "value_mask": kwargs.get("value_mask"),
        "attention_mask": kwargs.get("attention_mask"),
        "to_itself": np.bool_(query is value),
    }
    return (output, scores) if kwargs.get("return_attention_scores") else output, noted


def _query_and_value(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    if args and isinstance(args[0], (list, tuple)):  # keras.layers.Attention takes [query, value, key]
        return args[0][0], args[0][1]
    query = args[0] if args else kwargs.get("query")
    return query, args[1] if len(args) > 1 else kwargs.get("value")


def _covering(layer: Any, hook: Hook) -> Callable[..., Any]:
    own = layer.call

    @functools.wraps(own)
    def covered(*args: Any, **kwargs: Any) -> Any:
        return hook(layer, own, args, kwargs)

    return covered


def _trace_state() -> Any:
    """Equal in two places if and only if they are in the same JAX transformation."""
    from jax.extend import core

    return core.get_opaque_trace_state(convention="flax")


def numbers(arrays: Mapping[str, Any]) -> dict[str, Array]:
    """As NumPy arrays; half precision, which NumPy partly cannot hold, as float32."""
    return {name: np.asarray(a.astype("float32") if _is_float(a) else a) for name, a in arrays.items()}


def _is_float(array: Any) -> bool:
    import jax.numpy as jnp

    return jnp.issubdtype(array.dtype, jnp.floating)
