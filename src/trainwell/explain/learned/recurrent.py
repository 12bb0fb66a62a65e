"""The recurrent layers of a network, and the gates of LSTM and GRU, computed again from the layer's own weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.explain.learned.calls import Call, input_watch, layers_inside, observed

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Direction:
    """One way through the steps of a recurrent layer.

    Attributes:
        name: of the layer.
        layer: the recurrent layer.
        backwards: whether it reads from the last step to the first.
        inputs: (examples, steps, channels), in the order of the data.
        mask: (examples, steps), or None.
        bidirectional: whether it is one half of a Bidirectional layer.
    """

    name: str
    layer: Any
    backwards: bool
    inputs: Array
    mask: Array | None
    bidirectional: bool


@dataclass(frozen=True, eq=False)
class Gates:
    """The gates of one layer for one example.

    Attributes:
        names: of the gates.
        values: (gates, steps, units), 0 (closed) to 1 (open).
        outputs: (steps, units), what the layer gives at each step; checked in the tests against the layer itself.
    """

    names: tuple[str, ...]
    values: Array
    outputs: Array


def recurrent_layers(model: Any) -> list[Any]:
    """Recurrent layers of any kind, a Bidirectional one as a whole; in no order that says anything."""
    from trainwell.backend import load_keras

    layers = load_keras().layers
    inside = layers_inside(model)
    both = [layer for layer in inside if isinstance(layer, layers.Bidirectional)]
    halves = {id(half) for layer in both for half in (layer.forward_layer, layer.backward_layer)}
    return [
        layer
        for layer in inside
        if isinstance(layer, (layers.RNN, layers.Bidirectional)) and id(layer) not in halves and layer.built
    ]


def recurrent_calls(model: Any, x: Array) -> list[Call]:
    """The first call of each recurrent layer, in the order in which the data pass through."""
    first: dict[int, Call] = {}
    for call in observed(model, x, recurrent_layers(model), input_watch):
        first.setdefault(id(call.layer), call)
    return list(first.values())


def directions(call: Call) -> Iterator[Direction]:
    """The ways through the steps: one, or two of a Bidirectional layer."""
    layer, inputs, mask = call.layer, call.arrays["input"], call.arrays.get("mask")
    if hasattr(layer, "forward_layer"):
        for half in (layer.forward_layer, layer.backward_layer):
            yield Direction(layer.name, half, bool(half.go_backwards), inputs, mask, bidirectional=True)
    else:
        yield Direction(layer.name, layer, bool(layer.go_backwards), inputs, mask, bidirectional=False)


def has_gates(layer: Any) -> bool:
    """Whether it is one LSTM or one GRU."""
    return type(getattr(layer, "cell", None)).__name__ in ("LSTMCell", "GRUCell")


def gates(layer: Any, inputs: Array) -> Gates:
    """The gates at each step of one example, from a state of zeros.

    LSTM: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; Keras keeps the weights in the order
    input, forget, candidate, output. GRU: Cho et al. 2014; Keras's order is update, reset, candidate, and an open
    update gate keeps the old state.

    Args:
        layer: a built LSTM or GRU.
        inputs: (steps, channels), real steps only, in the order in which the layer reads them.
    """
    import jax

    lstm = type(layer.cell).__name__ == "LSTMCell"
    step = _lstm_step(layer.cell) if lstm else _gru_step(layer.cell)
    zeros = np.zeros(layer.cell.units, np.float32)
    _, (values, outputs) = jax.lax.scan(step, (zeros, zeros), inputs.astype(np.float32))
    names = ("input", "forget", "output") if lstm else ("update", "reset")
    return Gates(names, np.moveaxis(np.asarray(values), 1, 0), np.asarray(outputs))


def _weights(cell: Any, rows: int) -> tuple[Array, Array, Array]:
    kernel, recurrent = (np.asarray(w.value, np.float32) for w in (cell.kernel, cell.recurrent_kernel))
    bias = np.zeros((rows, kernel.shape[1]), np.float32)
    if cell.use_bias:
        bias[: 2 if np.ndim(cell.bias.value) == 2 else 1] = np.asarray(cell.bias.value, np.float32)
    return kernel, recurrent, bias


def _lstm_step(cell: Any) -> Any:
    import jax.numpy as jnp

    kernel, recurrent, (bias,) = _weights(cell, 1)

    def step(state: Any, x: Any) -> Any:
        hidden, carry = state
        i, f, c, o = jnp.split(x @ kernel + hidden @ recurrent + bias, 4)
        i, f, o = (cell.recurrent_activation(z) for z in (i, f, o))
        carry = f * carry + i * cell.activation(c)
        hidden = o * cell.activation(carry)
        return (hidden, carry), (jnp.stack([i, f, o]), hidden)

    return step


def _gru_step(cell: Any) -> Any:
    import jax.numpy as jnp

    kernel, recurrent, (bias, recurrent_bias) = _weights(cell, 2)
    units = cell.units

    def step(state: Any, x: Any) -> Any:
        hidden, unused = state
        x_z, x_r, x_h = jnp.split(x @ kernel + bias, 3)
        h_z, h_r = jnp.split(hidden @ recurrent[:, : 2 * units] + recurrent_bias[: 2 * units], 2)
        z, r = cell.recurrent_activation(x_z + h_z), cell.recurrent_activation(x_r + h_r)
        if cell.reset_after:  # Keras's default, as cuDNN does it: reset after the product
            h_h = r * (hidden @ recurrent[:, 2 * units :] + recurrent_bias[2 * units :])
        else:
            h_h = (r * hidden) @ recurrent[:, 2 * units :]
        hidden = z * hidden + (1 - z) * cell.activation(x_h + h_h)
        return (hidden, unused), (jnp.stack([z, r]), hidden)

    return step
