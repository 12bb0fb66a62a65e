"""Keras's recurrent layers by our kernels, as functions that JAX can differentiate once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from trainwell.engine.cpu.kernels.compiled import callable_by_xla
from trainwell.engine.cpu.kernels.registers import registers


def fits(*arrays: Any) -> bool:
    """Whether our kernels take these arrays: float32, none of them empty."""
    return registers() is not None and all(array.dtype == "float32" and 0 not in array.shape for array in arrays)


def simple(inputs: Any, initial: Any, kernel: Any, recurrent: Any, bias: Any, mask: Any = None) -> Any:
    """A chain of tanh: state = tanh(input kernel + bias + state recurrent).

    Args:
        inputs: (batch, steps, channels) float32.
        initial: (batch, units) float32, the state before the first step.
        kernel: (channels, units) float32.
        recurrent: (units, units) float32.
        bias: (units,) float32.
        mask: (batch, steps) bool: where it is False, the state stays as it is.

    Returns:
        (batch, steps, units) float32, the state after each step.
    """
    return _simple()(inputs, kernel, recurrent, bias, initial, *_masks(mask))


def lstm(
    inputs: Any, initial: Any, cells: Any, kernel: Any, recurrent: Any, bias: Any, mask: Any = None
) -> tuple[Any, Any]:
    """An LSTM (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000) with sigmoid and tanh.

    Args:
        inputs: (batch, steps, channels) float32.
        initial: (batch, units) float32, the state before the first step.
        cells: (batch, units) float32, the cells before the first step.
        kernel: (channels, 4 units) float32: input, forget, candidate, output.
        recurrent: (units, 4 units) float32.
        bias: (4 units,) float32.
        mask: (batch, steps) bool: where it is False, state and cells stay as they are.

    Returns:
        The state after each step (batch, steps, units), and the cells after the last one (batch, units).
    """
    return _lstm()(inputs, kernel, recurrent, bias, initial, cells, *_masks(mask))


def gru(inputs: Any, initial: Any, kernel: Any, recurrent: Any, bias: Any, mask: Any = None) -> Any:
    """A GRU (Cho et al. 2014) whose reset gate acts after the product, with sigmoid and tanh.

    Args:
        inputs: (batch, steps, channels) float32.
        initial: (batch, units) float32, the state before the first step.
        kernel: (channels, 3 units) float32: update, reset, candidate.
        recurrent: (units, 3 units) float32.
        bias: (2, 3 units) float32: of the inputs, and of the states.
        mask: (batch, steps) bool: where it is False, the state stays as it is.

    Returns:
        (batch, steps, units) float32, the state after each step.
    """
    import jax.numpy as jnp

    units = recurrent.shape[0]
    shared = bias[0] + jnp.concatenate([bias[1, : 2 * units], jnp.zeros(units, bias.dtype)])
    return _gru()(inputs, kernel, recurrent, shared, bias[1, 2 * units :], initial, *_masks(mask))


def _masks(mask: Any) -> tuple[Any, ...]:
    """None or one array (batch, steps) bool."""
    return () if mask is None else (mask,)


def _call(kernel: Any, inputs: Any, units: int, results: list[tuple[int, ...]], masks: Sequence[Any]) -> Any:
    """A kernel of a recurrent layer, for inputs (batch, steps, channels) and a mask, if there is one."""
    import jax

    from trainwell.engine.cpu.kernels.recurrent import Sizes

    found = registers()
    if found is None:
        raise ValueError("recurrent kernels: got a machine without them, expected `fits` to be asked first")
    sizes = Sizes(inputs.shape[1], inputs.shape[2], units, bool(masks))
    shapes = [jax.ShapeDtypeStruct(shape, "float32") for shape in results]
    name = callable_by_xla(kernel(sizes, found))
    return jax.ffi.ffi_call(name, shapes, vmap_method="sequential")


def _of_projection(inputs: Any, kernel: Any, changes: Any) -> tuple[Any, Any, Any]:
    """Gradients of inputs, kernel and bias, from that of inputs times kernel plus bias."""
    import jax.numpy as jnp

    to_inputs = changes @ kernel.T
    to_kernel = jnp.einsum("bsc,bsg->cg", inputs, changes)
    return to_inputs, to_kernel, changes.sum((0, 1))


def _nothing(masks: Sequence[Any]) -> list[Any]:
    """The gradient of what has none."""
    import jax
    import numpy as np

    return [np.zeros(mask.shape, jax.dtypes.float0) for mask in masks]


@cache
def _simple() -> Any:
    import jax
    import jax.numpy as jnp

    from trainwell.engine.cpu.kernels import simple_rnn as kernels

    def states(*given: Any) -> Any:
        inputs, _, recurrent, _, _, *masks = given
        batch, steps, units = *inputs.shape[:2], recurrent.shape[0]
        return _call(kernels.forward, inputs, units, [(batch, steps + 1, units)], masks)(*given)[0]

    @jax.custom_vjp
    def run(*given: Any) -> Any:
        return states(*given)[:, 1:]

    def ahead(*given: Any) -> Any:
        found = states(*given)
        return found[:, 1:], (given, found)

    def back(kept: Any, gradient: Any) -> Any:
        (inputs, kernel, recurrent, _, initial, *masks), found = kept
        call = _call(kernels.back, inputs, recurrent.shape[0], [gradient.shape, initial.shape], masks)
        changes, to_initial = call(found, recurrent.T, gradient, *masks)
        to_recurrent = jnp.einsum("bsu,bsg->ug", found[:, :-1], changes)
        to_inputs, to_kernel, to_bias = _of_projection(inputs, kernel, changes)
        return to_inputs, to_kernel, to_recurrent, to_bias, to_initial, *_nothing(masks)

    run.defvjp(ahead, back)
    return run


@cache
def _lstm() -> Any:
    import jax
    import jax.numpy as jnp

    from trainwell.engine.cpu.kernels import lstm as kernels

    def computed(*given: Any) -> Any:
        inputs, _, recurrent, _, _, _, *masks = given
        batch, steps, units = *inputs.shape[:2], recurrent.shape[0]
        results = [(batch, steps + 1, units), (batch, steps + 1, units), (batch, steps, 4 * units)]
        return _call(kernels.forward, inputs, units, results, masks)(*given)

    @jax.custom_vjp
    def run(*given: Any) -> Any:
        states, cells, _ = computed(*given)
        return states[:, 1:], cells[:, -1]

    def ahead(*given: Any) -> Any:
        states, cells, gates = computed(*given)
        return (states[:, 1:], cells[:, -1]), (given, states, cells, gates)

    def back(kept: Any, gradients: Any) -> Any:
        (inputs, kernel, recurrent, _, initial, _, *masks), states, cells, gates = kept
        shapes = [gates.shape, initial.shape, initial.shape]
        call = _call(kernels.back, inputs, recurrent.shape[0], shapes, masks)
        changes, to_initial, to_cells = call(cells, gates, recurrent.T, *gradients, *masks)
        to_recurrent = jnp.einsum("bsu,bsg->ug", states[:, :-1], changes)
        to_inputs, to_kernel, to_bias = _of_projection(inputs, kernel, changes)
        return to_inputs, to_kernel, to_recurrent, to_bias, to_initial, to_cells, *_nothing(masks)

    run.defvjp(ahead, back)
    return run


@cache
def _gru() -> Any:
    import jax
    import jax.numpy as jnp

    from trainwell.engine.cpu.kernels import gru as kernels

    def computed(*given: Any) -> Any:
        inputs, _, recurrent, _, _, _, *masks = given
        batch, steps, units = *inputs.shape[:2], recurrent.shape[0]
        results = [(batch, steps + 1, units), (batch, steps, 3 * units), (batch, steps, units)]
        return _call(kernels.forward, inputs, units, results, masks)(*given)

    @jax.custom_vjp
    def run(*given: Any) -> Any:
        return computed(*given)[0][:, 1:]

    def ahead(*given: Any) -> Any:
        states, gates, inner = computed(*given)
        return states[:, 1:], (given, states, gates, inner)

    def back(kept: Any, gradient: Any) -> Any:
        (inputs, kernel, recurrent, _, _, initial, *masks), states, gates, inner = kept
        units = recurrent.shape[0]
        call = _call(kernels.back, inputs, units, [gates.shape, inner.shape, initial.shape], masks)
        changes, inner_changes, to_initial = call(states, gates, inner, recurrent.T, gradient, *masks)
        moved = jnp.concatenate([changes[..., : 2 * units], inner_changes], -1)
        to_recurrent = jnp.einsum("bsu,bsg->ug", states[:, :-1], moved)
        to_inputs, to_kernel, to_bias = _of_projection(inputs, kernel, changes)
        to_inner_bias = inner_changes.sum((0, 1))
        return to_inputs, to_kernel, to_recurrent, to_bias, to_inner_bias, to_initial, *_nothing(masks)

    run.defvjp(ahead, back)
    return run
