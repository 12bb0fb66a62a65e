"""Lets Keras's layers use our kernels while our programs are traced; its private names for that are all here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any

from trainwell.engine.cpu import attention, normalization, recurrent
from trainwell.engine.cpu.lowerings import use_faster_programs

KNOWN = ((3, 12), (3, 13), (3, 14), (3, 15))  # versions of Keras whose private names these are
_here: ContextVar[bool] = ContextVar("faster_layers", default=False)


@contextmanager
def faster_layers() -> Generator[None]:
    """Within, attention, recurrent and normalising layers of Keras that are traced for the CPU are computed by us.

    Only there: our functions can be differentiated once and backwards, which is all that a training needs, while a
    person's own code may ask for more of the same layers. What does not fit the kernels stays as it is: masked
    sequences, other activations, recurrent dropout, attention with dropout, normalisation over other axes than the last
    one, other types than float32.
    """
    import jax

    if jax.default_backend() != "cpu" or not use_faster_programs() or not _install():
        yield
        return
    token = _here.set(True)
    try:
        yield
    finally:
        _here.reset(token)


@cache
def _install() -> bool:
    import keras
    from keras import layers

    if tuple(int(part) for part in keras.__version__.split(".")[:2]) not in KNOWN or keras.backend.backend() != "jax":
        return False
    try:
        from keras.src import backend
        from keras.src.ops import nn

        places = [
            (backend.nn, "dot_product_attention", _attention),
            (backend, "lstm", _lstm),
            (backend, "gru", _gru),
            (layers.SimpleRNN, "inner_loop", _simple),
            (layers.BatchNormalization, "call", _batch_normalization),
            (nn, "_layer_normalization", _layer_normalization),
        ]
        stock = [getattr(module, name) for module, name, _ in places]
        gated = [(kind, kind.inner_loop) for kind in (layers.LSTM, layers.GRU)]
    except (ImportError, AttributeError):
        return False
    for (module, name, ours), old in zip(places, stock, strict=True):
        setattr(module, name, _either(ours, old))
    for kind, loop in gated:
        kind.inner_loop = _with_its_random_state(loop)
    return True


def _either(ours: Callable[..., Any], stock: Callable[..., Any]) -> Callable[..., Any]:
    """Ours where it has an answer, within `faster_layers`; Keras's own everywhere else."""

    @wraps(stock)
    def call(*given: Any, **named: Any) -> Any:
        found = ours(*given, **named) if _here.get() else None
        return stock(*given, **named) if found is None else found

    return call


def _with_its_random_state(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Keras draws a mask even where nothing is dropped, outside of training: only its own loop moves on as it does."""

    @wraps(stock)
    def call(layer: Any, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        token = _here.set(_here.get() and (bool(training) or not layer.dropout))
        try:
            return stock(layer, sequences, initial_state, mask, training)
        finally:
            _here.reset(token)

    return call


def _attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    import jax.numpy as jnp
    import keras

    if bias is not None or flash_attention or attn_logits_soft_cap is not None:
        return None
    given: list[Any] = [keras.ops.convert_to_tensor(array) for array in (query, key, value)]
    query, key, value = given
    if is_causal and mask is not None:
        return None
    if is_causal:
        mask = jnp.tril(jnp.ones((1, 1, query.shape[1], key.shape[1]), bool))
    return attention.attention(query, key, value, mask, scale) if attention.fits(query, key, value, mask) else None


def _all_known(activation: Any, recurrent_activation: Any) -> bool:
    import keras

    return activation is keras.activations.tanh and recurrent_activation is keras.activations.sigmoid


def _answer(states: Any, last: list[Any], return_sequences: bool) -> Any:
    """Last output, outputs, states: as Keras's loop over the steps gives them."""
    return states[:, -1], states if return_sequences else states[:, -1:], [states[:, -1], *last]


def _lstm(
    inputs: Any,
    initial_state_h: Any,
    initial_state_c: Any,
    mask: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    activation: Any,
    recurrent_activation: Any,
    return_sequences: bool = False,
    go_backwards: bool = False,
    unroll: bool = False,
) -> Any:
    arrays = _values(inputs, initial_state_h, initial_state_c, kernel, recurrent_kernel, bias)
    if mask is not None or unroll or arrays is None or not _all_known(activation, recurrent_activation):
        return None
    states, cells = recurrent.lstm(*_turned(arrays, go_backwards))
    return _answer(states, [cells], return_sequences)


def _gru(
    inputs: Any,
    initial_state: Any,
    mask: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    activation: Any,
    recurrent_activation: Any,
    return_sequences: bool = False,
    go_backwards: bool = False,
    unroll: bool = False,
    reset_after: bool = True,
) -> Any:
    arrays = _values(inputs, initial_state, kernel, recurrent_kernel, bias)
    known = reset_after and _all_known(activation, recurrent_activation)
    if mask is not None or unroll or arrays is None or not known:
        return None
    states = recurrent.gru(*_turned(arrays, go_backwards))
    return _answer(states, [], return_sequences)


def _simple(layer: Any, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:  # noqa: ARG001
    import keras

    cell = layer.cell
    initial = initial_state[0] if isinstance(initial_state, list | tuple) else initial_state
    masked = mask[0] if isinstance(mask, list | tuple) else mask
    dropped = cell.dropout or cell.recurrent_dropout  # outside of training too, see `_with_its_random_state`
    if masked is not None or layer.unroll or dropped or cell.activation is not keras.activations.tanh:
        return None
    arrays = _values(sequences, initial, cell.kernel, cell.recurrent_kernel, cell.bias)
    if arrays is None:
        return None
    states = recurrent.simple(*_turned(arrays, layer.go_backwards))
    return _answer(states, [], layer.return_sequences)


def _turned(arrays: Sequence[Any], go_backwards: bool) -> Any:
    """The same arrays, the sequences among them (the first) read from their end if that is asked."""
    inputs, *others = arrays
    return inputs[:, ::-1] if go_backwards else inputs, *others


def _values(*given: Any) -> list[Any] | None:
    """The arrays, if the kernels take them; a layer without bias is left to Keras."""
    import keras

    if any(array is None for array in given):
        return None
    arrays: list[Any] = [keras.ops.convert_to_tensor(array) for array in given]
    return arrays if recurrent.fits(*arrays) else None


def _layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None, rms_scaling: bool = False
) -> Any:
    import keras

    x = keras.ops.convert_to_tensor(x)
    axes = [axis] if isinstance(axis, int) else list(axis)
    last = [one % len(x.shape) for one in axes] == [len(x.shape) - 1]
    if rms_scaling or not last or not normalization.fits(x):
        return None
    ours = normalization.layer_normalization
    return ours(x, *_scale(gamma, beta, x), keras.config.epsilon() if epsilon is None else epsilon)


def _batch_normalization(layer: Any, inputs: Any, training: Any = None, mask: Any = None) -> Any:
    import keras

    x: Any = keras.ops.convert_to_tensor(inputs)
    special = mask is not None or layer.renorm or layer.synchronized
    last = layer.axis % len(x.shape) == len(x.shape) - 1
    whole = layer.compute_dtype == "float32" and normalization.fits(x)
    if not training or not layer.trainable or special or not last or not whole:
        return None
    found, mean, variance = normalization.batch_normalization(x, *_scale(layer.gamma, layer.beta, x), layer.epsilon)
    for kept, new in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        kept.assign(kept * layer.momentum + new * (1.0 - layer.momentum))
    return found


def _scale(gamma: Any, beta: Any, x: Any) -> tuple[Any, Any]:
    """Factor and summand of each channel, (channels,); 1 and 0 where a layer has none."""
    import jax.numpy as jnp
    import keras

    factor = jnp.ones(x.shape[-1], "float32") if gamma is None else keras.ops.convert_to_tensor(gamma, "float32")
    summand = jnp.zeros(x.shape[-1], "float32") if beta is None else keras.ops.convert_to_tensor(beta, "float32")
    return factor, summand
