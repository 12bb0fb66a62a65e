"""Lets Keras's layers use our kernels while our programs are traced; its private names for that are all here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any, NamedTuple

from trainwell.engine.cpu import attention, dense, normalization, recurrent
from trainwell.engine.cpu.lowerings import use_faster_programs

KNOWN = ((3, 12), (3, 13), (3, 14), (3, 15))  # versions of Keras whose private names these are
_here: ContextVar[bool] = ContextVar("faster_layers", default=False)


@contextmanager
def faster_layers() -> Generator[None]:
    """Within, attention, recurrent and normalising layers of Keras that are traced for the CPU are computed by us.

    Only there: our functions can be differentiated once and backwards, which is all that a training needs, while a
    person's own code may ask for more of the same layers. What does not fit the kernels stays as it is: other
    activations, recurrent dropout, attention with dropout, normalisation over other axes than the last
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
            (layers.SimpleRNN, "inner_loop", _simple),
            (layers.LSTM, "inner_loop", _lstm),
            (layers.GRU, "inner_loop", _gru),
            (layers.BatchNormalization, "call", _batch_normalization),
            (nn, "_layer_normalization", _layer_normalization),
            (layers.Dense, "call", _dense),
        ]
        stock = [getattr(module, name) for module, name, _ in places]
    except (ImportError, AttributeError):
        return False
    for (module, name, ours), old in zip(places, stock, strict=True):
        setattr(module, name, _either(ours, old))
    return True


def _either(ours: Callable[..., Any], stock: Callable[..., Any]) -> Callable[..., Any]:
    """Ours where it has an answer, within `faster_layers`; Keras's own everywhere else."""

    @wraps(stock)
    def call(*given: Any, **named: Any) -> Any:
        found = ours(*given, **named) if _here.get() else None
        return stock(*given, **named) if found is None else found

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


class _Given(NamedTuple):
    """What a recurrent layer is computed from, in the order of its loop over the steps.

    Attributes:
        arrays: inputs (batch, steps, channels), states (batch, units), kernel, recurrent kernel and bias.
        mask: (batch, steps) bool or None.
    """

    arrays: Sequence[Any]
    mask: Any

    @classmethod
    def of(cls, layer: Any, sequences: Any, initial_state: Any, mask: Any, training: Any) -> _Given | None:
        """None if the kernels do not take it."""
        import keras

        cell, masked = layer.cell, mask[0] if isinstance(mask, list | tuple) else mask
        if type(cell) not in (keras.layers.SimpleRNNCell, keras.layers.LSTMCell, keras.layers.GRUCell):
            return None  # somebody's own, which may compute something else
        if layer.unroll or cell.recurrent_dropout or cell.bias is None or cell.activation is not keras.activations.tanh:
            return None
        if getattr(layer, "use_cudnn", None) is True:  # an error on a CPU, for Keras to tell
            return None
        if masked is not None and (layer.zero_output_for_mask or len(masked.shape) != 2):
            return None
        states = list(initial_state) if isinstance(initial_state, list | tuple) else [initial_state]
        arrays: list[Any] = [
            keras.ops.convert_to_tensor(array)
            for array in (sequences, *states, cell.kernel, cell.recurrent_kernel, cell.bias)
        ]
        if not recurrent.fits(*arrays):
            return None
        inputs, *others = arrays
        if training and cell.dropout:
            dropped = cell.get_dropout_mask(inputs[:, 0, :])  # drawn already, in the layer's call
            if isinstance(dropped, list):  # one for each gate
                return None
            inputs = inputs * dropped[:, None, :]
        masked = None if masked is None else keras.ops.cast(masked, "bool")
        if layer.go_backwards:
            inputs, masked = inputs[:, ::-1], None if masked is None else masked[:, ::-1]
        return cls([inputs, *others], masked)

    def answer(self, layer: Any, states: Any, last: Sequence[Any] = ()) -> Any:
        """Last output, outputs, states: as Keras's loop over the steps gives them."""
        import jax.numpy as jnp

        outputs = states
        if self.mask is not None:  # before the first step that counts, Keras gives zeros
            outputs = jnp.where((jnp.cumsum(self.mask, 1) > 0)[:, :, None], states, 0)
        shown = outputs if layer.return_sequences else outputs[:, -1:]
        return outputs[:, -1], shown, [states[:, -1], *last]


def _simple(layer: Any, sequences: Any, initial_state: Any, mask: Any, training: Any = False) -> Any:
    given = _Given.of(layer, sequences, initial_state, mask, training)
    if given is None:
        return None
    return given.answer(layer, recurrent.simple(*given.arrays, mask=given.mask))


def _lstm(layer: Any, sequences: Any, initial_state: Any, mask: Any, training: Any = False) -> Any:
    given = _Given.of(layer, sequences, initial_state, mask, training) if _with_sigmoid(layer) else None
    if given is None:
        return None
    states, cells = recurrent.lstm(*given.arrays, mask=given.mask)
    return given.answer(layer, states, [cells])


def _gru(layer: Any, sequences: Any, initial_state: Any, mask: Any, training: Any = False) -> Any:
    known = _with_sigmoid(layer) and layer.cell.reset_after
    given = _Given.of(layer, sequences, initial_state, mask, training) if known else None
    if given is None:
        return None
    return given.answer(layer, recurrent.gru(*given.arrays, mask=given.mask))


def _with_sigmoid(layer: Any) -> bool:
    import keras

    return layer.cell.recurrent_activation is keras.activations.sigmoid


def _dense(layer: Any, inputs: Any, training: Any = None) -> Any:  # noqa: ARG001
    import keras

    known = {keras.activations.linear: False, keras.activations.relu: True}
    special = layer.quantization_mode or layer.lora_enabled or layer.bias is None or layer.activation not in known
    if special or layer.compute_dtype != "float32":
        return None
    arrays: list[Any] = [keras.ops.convert_to_tensor(array) for array in (inputs, layer.kernel, layer.bias)]
    found = dense.planned(*arrays[:2])
    return None if found is None else dense.dense(found, *arrays, relu=known[layer.activation])


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
    kind: Any = type(layer)  # somebody's own may compute something else
    special = kind is not keras.layers.BatchNormalization or mask is not None or layer.renorm or layer.synchronized
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
