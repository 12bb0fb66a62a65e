"""Which of our kernels computes a convolution of JAX's: the layer's own, or a gradient of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from trainwell.engine.cpu.kernels.compiled import callable_by_xla
from trainwell.engine.cpu.kernels.registers import registers

Kind = Literal["result", "input gradient", "kernel gradient"]


def kind(dimension_numbers: Any) -> Kind | None:
    """What a convolution with these axes computes for a layer with the channels last; None for another order of axes.

    Args:
        dimension_numbers: JAX's, of one or two axes besides batch and channels.
    """
    left, right, result = (tuple(axes) for axes in dimension_numbers)
    last = len(left) - 1
    inner, whole = tuple(range(1, last)), tuple(range(last - 1))
    if last not in (2, 3):
        return None
    found: dict[Any, Kind] = {
        ((0, last, *inner), (last, last - 1, *whole), (0, last, *inner)): "result",
        ((0, last, *inner), (last - 1, last, *whole), (0, last, *inner)): "input gradient",
        ((last, 0, *inner), (last, 0, *inner), (last - 1, last, *whole)): "kernel gradient",
    }
    return found.get((left, right, result))


def ours(arrays: Sequence[Any], settings: Mapping[str, Any]) -> bool:
    """Whether one of our kernels computes this convolution; otherwise it is left to XLA.

    Args:
        arrays: shape and dtype of the first array, the second, and the result.
        settings: as `jax.lax.conv_general_dilated_p` takes them.
    """
    found = kind(settings["dimension_numbers"])
    groups = settings["feature_group_count"], settings["batch_group_count"]
    plain = groups == (1, 1) and all(array.dtype == "float32" and 0 not in array.shape for array in arrays)
    if found is None or not plain or registers() is None:
        return False
    strides, spreads, dilations = (settings[name] for name in ("window_strides", "lhs_dilation", "rhs_dilation"))
    if found == "kernel gradient":
        return all(spread == 1 for spread in spreads)
    # zeros between the inputs: only as in the gradient of a convolution with strides
    return all(step[1] == 1 or step[::2] == (1, 1) for step in zip(strides, spreads, dilations, strict=True))


def kernel_for(arrays: Sequence[Any], settings: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
    """A function of both arrays that gives the convolution's result, where it is one of `ours`."""
    left, right, result = arrays
    found = kind(settings["dimension_numbers"])
    if found == "kernel gradient":
        return _kernel_gradient(left, right, result, settings)
    return _forward(left, right, result, settings, turned=found == "input gradient")


def _forward(
    left: Any, right: Any, result: Any, settings: Mapping[str, Any], turned: bool
) -> Callable[[Any, Any], Any]:
    import jax
    from jax import lax

    from trainwell.engine.cpu.kernels.convolution import Axis, Convolution, forward

    rank = len(left.shape)
    kernel = right.shape[:-2]
    axes = [
        Axis(left.shape[1 + i], kernel[i], result.shape[1 + i], stride, dilation, spread, low)
        for i, (stride, dilation, spread, (low, _)) in enumerate(
            zip(
                settings["window_strides"],
                settings["rhs_dilation"],
                settings["lhs_dilation"],
                settings["padding"],
                strict=True,
            )
        )
    ]
    shape = Convolution(*_two(axes, Axis(1, 1, 1)), channels=left.shape[-1], filters=result.shape[-1])
    name = callable_by_xla(forward(shape, _registers()))
    call = jax.ffi.ffi_call(name, jax.ShapeDtypeStruct(result.shape, result.dtype))

    def convolved(left: Any, right: Any) -> Any:
        if turned:
            right = lax.transpose(right, (*range(rank - 2), rank - 1, rank - 2))
        return call(left, right)

    return convolved


def _kernel_gradient(left: Any, right: Any, result: Any, settings: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
    import jax

    from trainwell.engine.cpu.kernels.convolution import Axis, Convolution, kernel_gradient, partial_sums

    # the gradient takes the place of the window, and the window's places that of the result
    axes = [
        Axis(left.shape[1 + i], result.shape[i], right.shape[1 + i], stride, dilation, 1, low)
        for i, (dilation, stride, (low, _)) in enumerate(
            zip(settings["window_strides"], settings["rhs_dilation"], settings["padding"], strict=True)
        )
    ]
    shape = Convolution(*_two(axes, Axis(1, 1, 1)), channels=left.shape[-1], filters=right.shape[-1])
    name = callable_by_xla(kernel_gradient(shape, _registers()))
    two = (1,) * (4 - len(result.shape)) + tuple(result.shape)
    parts = (partial_sums(shape, left.shape[0]), *two)
    call = jax.ffi.ffi_call(name, [jax.ShapeDtypeStruct(given, result.dtype) for given in (two, parts)])
    return lambda left, right: call(left, right)[0].reshape(result.shape)


def _two(axes: Sequence[Any], one: Any) -> Sequence[Any]:
    """Rows and columns: where there is one axis only, a single row."""
    return [one, *axes][-2:]


def _registers() -> Any:
    found = registers()
    if found is None:
        raise ValueError("convolution kernels: got a machine without them, expected `registers()` to be asked first")
    return found
