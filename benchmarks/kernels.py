"""Our kernels for the CPU beside XLA's programs for the same: result and all gradients, in turns in one process.

    python benchmarks/kernels.py [--rounds 5]

Milliseconds, medians over the rounds; XLA as JAX compiles by itself, and for convolutions without its library kernels
too (the faster of both is shown). "GFLOP/s" counts the multiply-adds of a convolution or product, twice each.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import trainwell  # noqa: F401  (chooses JAX for Keras)

# isort: split
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from trainwell.engine.cpu import attention, compiler_options, normalization, recurrent, use_faster_programs

SECONDS = 0.15  # of a turn
Function = Callable[..., Any]


def arrays(*shapes: tuple[int, ...]) -> list[Any]:
    random = np.random.default_rng(0)
    return [jnp.asarray(random.normal(size=shape) * 0.5, "float32") for shape in shapes]


def with_gradients(function: Function, given: list[Any]) -> Function:
    """The function and the gradients of all its arrays, as one program."""
    shapes = jax.tree.leaves(jax.eval_shape(function, *given))
    slopes = arrays(*[shape.shape for shape in shapes])

    def both(*given: Any) -> Any:
        found, back = jax.vjp(lambda *given: jax.tree.leaves(function(*given)), *given)
        return found, back(slopes)

    return both


def convolution(strides: int, groups: int = 1) -> Function:
    axes = ("NHWC", "HWIO", "NHWC")

    def convolved(x: Any, kernel: Any) -> Any:
        return lax.conv_general_dilated(
            x, kernel, (strides, strides), "SAME", dimension_numbers=axes, feature_group_count=groups
        )

    return convolved


def chain(kind: str) -> Function:
    """The definition, step by step."""

    def lstm(inputs: Any, state: Any, cells: Any, kernel: Any, over_time: Any, bias: Any) -> Any:
        def step(carry: Any, x: Any) -> Any:
            state, cells = carry
            enter, forget, new, show = jnp.split(x @ kernel + bias + state @ over_time, 4, -1)
            cells = jax.nn.sigmoid(forget) * cells + jax.nn.sigmoid(enter) * jnp.tanh(new)
            state = jax.nn.sigmoid(show) * jnp.tanh(cells)
            return (state, cells), state

        (_, cells), states = lax.scan(step, (state, cells), inputs.swapaxes(0, 1))
        return states.swapaxes(0, 1), cells

    def gru(inputs: Any, state: Any, kernel: Any, over_time: Any, bias: Any) -> Any:
        def step(state: Any, x: Any) -> Any:
            given, kept = jnp.split(x @ kernel + bias[0], 3, -1), jnp.split(state @ over_time + bias[1], 3, -1)
            update, reset = (jax.nn.sigmoid(given[n] + kept[n]) for n in (0, 1))
            state = update * state + (1 - update) * jnp.tanh(given[2] + reset * kept[2])
            return state, state

        return lax.scan(step, state, inputs.swapaxes(0, 1))[1].swapaxes(0, 1)

    def simple(inputs: Any, state: Any, kernel: Any, over_time: Any, bias: Any) -> Any:
        def step(state: Any, x: Any) -> Any:
            state = jnp.tanh(x @ kernel + bias + state @ over_time)
            return state, state

        return lax.scan(step, state, inputs.swapaxes(0, 1))[1].swapaxes(0, 1)

    return {"lstm": lstm, "gru": gru, "simple": simple}[kind]


def normalised(axes: tuple[int, ...]) -> Function:
    def function(x: Any, gamma: Any, beta: Any) -> Any:
        mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
        return (x - mean) * lax.rsqrt(variance + 1e-3) * gamma + beta

    return function


def recurrent_arrays(kind: str, batch: int, steps: int, channels: int, units: int) -> list[Any]:
    gates = {"simple": 1, "gru": 3, "lstm": 4}[kind]
    states = [(batch, units)] * (2 if kind == "lstm" else 1)
    bias = (2, 3 * units) if kind == "gru" else (gates * units,)
    return arrays((batch, steps, channels), *states, (channels, gates * units), (units, gates * units), bias)


def compared() -> list[tuple[str, Function, Function | None, list[Any], float]]:
    """Name, XLA's, ours (None: the same function, computed by ours), arrays, multiply-adds."""
    found: list[tuple[str, Function, Function | None, list[Any], float]] = []
    for side, channels, filters, window, stride in (
        (64, 3, 32, 3, 1),
        (32, 16, 16, 3, 1),
        (16, 32, 32, 3, 1),
        (8, 64, 64, 3, 1),
        (32, 16, 32, 3, 2),
        (32, 64, 128, 1, 1),
        (28, 1, 6, 5, 1),
    ):
        given = arrays((32, side, side, channels), (window, window, channels, filters))
        products = 3 * 32 * (side // stride) ** 2 * window**2 * channels * filters
        name = f"convolution {window}x{window}/{stride}, {channels} to {filters} channels, {side}x{side}"
        found.append((name, convolution(stride), None, given, products))
    for rows, channels, units in ((4096, 128, 512), (4096, 512, 128), (2048, 64, 64)):
        given = arrays((rows, channels), (channels, units))
        found.append((f"product {rows}x{channels} by {units}", jnp.matmul, None, given, 3 * rows * channels * units))
    for length, heads, depth in ((64, 4, 16), (128, 4, 32), (512, 4, 32)):
        mask = jnp.tril(jnp.ones((1, 1, length, length), bool))
        given = arrays(*[(32 if length < 512 else 4, length, heads, depth)] * 3)
        found.append(
            (
                f"attention, {length} tokens, {heads} heads of {depth}",
                lambda q, k, v, mask=mask: jax.nn.dot_product_attention(q, k, v, mask=mask),
                lambda q, k, v, mask=mask: attention.attention(q, k, v, mask),
                given,
                0,
            )
        )
    for kind in ("simple", "lstm", "gru"):
        given = recurrent_arrays(kind, 32, 100, 10, 64)
        found.append((f"{kind}, 100 steps, 64 units", chain(kind), getattr(recurrent, kind), given, 0))
    found.append(
        (
            "layer normalisation, 4096x128",
            normalised((-1,)),
            lambda x, gamma, beta: normalization.layer_normalization(x, gamma, beta, 1e-3),
            arrays((4096, 128), (128,), (128,)),
            0,
        )
    )
    found.append(
        (
            "batch normalisation, 32x32x32x16",
            normalised((0, 1, 2)),
            lambda x, gamma, beta: normalization.batch_normalization(x, gamma, beta, 1e-3)[0],
            arrays((32, 32, 32, 16), (16,), (16,)),
            0,
        )
    )
    return found


def timed(program: Function, given: list[Any]) -> float:
    """Median milliseconds of a turn."""
    took: list[float] = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(took) < 5:
        began = time.perf_counter()
        jax.block_until_ready(program(*given))
        took.append(1e3 * (time.perf_counter() - began))
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    cases = compared()
    stock: list[list[Function]] = []
    for _, theirs, _, given, _ in cases:  # compiled before ours are put in their place
        both = with_gradients(theirs, given)
        options = (None, compiler_options(convolution=True)) if "convolution" in _name(theirs) else (None,)
        programs = [jax.jit(both, compiler_options=option) for option in options]
        for program in programs:
            jax.block_until_ready(program(*given))
        stock.append(programs)
    if not use_faster_programs():
        raise SystemExit("no kernels of ours for this machine, or TRAINWELL_CPU is empty")
    print("| | XLA, ms | ours, ms | times faster | ours, GFLOP/s |\n|---|---|---|---|---|")
    for (name, theirs, ours, given, products), programs in zip(cases, stock, strict=True):
        mine = jax.jit(with_gradients(ours or theirs, given))
        jax.block_until_ready(mine(*given))
        turns = [[timed(program, given) for program in (*programs, mine)] for _ in range(rounds)]
        *xla, taken = (statistics.median(turn) for turn in zip(*turns, strict=True))
        rate = f"{2e-6 * products / taken:.0f}" if products else "-"
        print(f"| {name} | {min(xla):.2f} | {taken:.2f} | {min(xla) / taken:.1f} | {rate} |", flush=True)


def _name(function: Function) -> str:
    return getattr(function, "__qualname__", "")


if __name__ == "__main__":
    main()
