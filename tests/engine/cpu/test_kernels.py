"""Our attention, recurrent layers and normalisations: their definition in float64, and slopes by small differences."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from trainwell.engine.cpu import attention, normalization, recurrent
from trainwell.engine.cpu.kernels.registers import Registers, registers

pytestmark = pytest.mark.skipif(registers() is None, reason="the kernels are for Linux on x86-64")
PROCESSORS = [Registers(16, 32), Registers(8, 16)]  # AVX-512 and AVX2
FEW = settings(max_examples=6, deadline=None)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax_attention(query, key, value, mask):
    scores = np.einsum("btnh,bsnh->bnts", query, key) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -0.7 * np.finfo("float32").max)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return (np.einsum("bnts,bsnh->btnh", weights / weights.sum(-1, keepdims=True), value),)


def simple_chain(mask, inputs, state, kernel, over_time, bias):
    states = []
    for step in range(inputs.shape[1]):
        new = np.tanh(inputs[:, step] @ kernel + bias + state @ over_time)
        state = np.where(mask[:, step, None], new, state)
        states.append(state)
    return (np.stack(states, 1),)


def lstm_chain(mask, inputs, state, cells, kernel, over_time, bias):
    states = []
    for step in range(inputs.shape[1]):
        enter, forget, candidate, show = np.split(inputs[:, step] @ kernel + bias + state @ over_time, 4, -1)
        new = sigmoid(forget) * cells + sigmoid(enter) * np.tanh(candidate)
        cells = np.where(mask[:, step, None], new, cells)
        state = np.where(mask[:, step, None], sigmoid(show) * np.tanh(new), state)
        states.append(state)
    return np.stack(states, 1), cells


def gru_chain(mask, inputs, state, kernel, over_time, bias):
    states = []
    for step in range(inputs.shape[1]):
        given = np.split(inputs[:, step] @ kernel + bias[0], 3, -1)
        kept = np.split(state @ over_time + bias[1], 3, -1)
        update, reset = sigmoid(given[0] + kept[0]), sigmoid(given[1] + kept[1])
        new = update * state + (1 - update) * np.tanh(given[2] + reset * kept[2])
        state = np.where(mask[:, step, None], new, state)
        states.append(state)
    return (np.stack(states, 1),)


def normalised(x, gamma, beta, axes):
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return ((x - mean) / np.sqrt(variance + 1e-3) * gamma + beta,)


def agrees(ours, by_definition, arrays, processor, seed):
    """Results, and for each array the slope along a random direction."""
    if processor.lanes > registers().lanes:
        return
    random = np.random.default_rng(seed)
    arrays = [array.astype(np.float32) for array in arrays]
    exact = [array.astype(np.float64) for array in arrays]
    expected = by_definition(*exact)
    weights = [random.normal(size=part.shape) for part in expected]

    def both(*given):
        found, back = jax.vjp(lambda *given: jax.tree.leaves(ours(*given)), *given)
        return found, back([jnp.asarray(weight, jnp.float32) for weight in weights])

    with pytest.MonkeyPatch.context() as patch:
        for module in (attention, normalization, recurrent):
            patch.setattr(module, "registers", lambda: processor)
        found, gradients = jax.jit(both)(*arrays)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5)
    for place, (array, gradient) in enumerate(zip(exact, gradients, strict=True)):
        along, small = random.normal(size=array.shape), 1e-5

        def moved(by, place=place, along=along):
            given = [one + by * along if number == place else one for number, one in enumerate(exact)]
            return sum((weight * part).sum() for weight, part in zip(weights, by_definition(*given), strict=True))

        slope = (moved(small) - moved(-small)) / (2 * small)
        size = np.linalg.norm(np.asarray(gradient, np.float64)) * np.linalg.norm(along)
        np.testing.assert_allclose((np.asarray(gradient, np.float64) * along).sum(), slope, atol=1e-4 * size + 1e-5)


def arrays_of(seed, *shapes, size=0.7):
    random = np.random.default_rng(seed)
    return [random.normal(size=shape) * size for shape in shapes]


processors, seeds = some.sampled_from(PROCESSORS), some.integers(0, 2**31)


@FEW
@given(
    sizes=some.tuples(*[some.integers(1, most) for most in (3, 80, 40, 3, 20, 36)]),
    masked=some.sampled_from([None, (0, 0, 0), (1, 0, 1), (1, 1, 1), (0, 1, 0)]),
    processor=processors,
    seed=seeds,
)
def test_attention(sizes, masked, processor, seed):
    batch, queries, keys, heads, depth, value_depth = sizes
    shapes = (batch, queries, heads, depth), (batch, keys, heads, depth), (batch, keys, heads, value_depth)
    mask = None
    if masked is not None:
        full = [size if many else 1 for size, many in zip((batch, heads, queries), masked, strict=True)]
        mask = np.random.default_rng(seed + 1).random((*full, keys)) < 0.7

    def ours(*given):
        assert attention.fits(*given, mask)
        return attention.attention(*given, mask)

    agrees(ours, lambda *given: softmax_attention(*given, mask), arrays_of(seed, *shapes), processor, seed)


@pytest.mark.parametrize("kind", ["simple", "lstm", "gru"])
@FEW
@given(
    sizes=some.tuples(*[some.integers(1, most) for most in (20, 9, 12, 40)]),
    masked=some.booleans(),
    processor=processors,
    seed=seeds,
)
def test_recurrent_layers(kind, sizes, masked, processor, seed):
    batch, steps, channels, units = sizes
    gates, chain = {"simple": (1, simple_chain), "lstm": (4, lstm_chain), "gru": (3, gru_chain)}[kind]
    states = [(batch, units)] * (2 if kind == "lstm" else 1)
    bias = (2, 3 * units) if kind == "gru" else (gates * units,)
    shapes = [(batch, steps, channels), *states, (channels, gates * units), (units, gates * units), bias]
    mask = np.random.default_rng(seed + 1).random((batch, steps)) < (0.6 if masked else 2)

    def ours(*given):
        return getattr(recurrent, kind)(*given, mask if masked else None)

    def exactly(*given):
        return chain(mask, *given)

    agrees(ours, exactly, arrays_of(seed, *shapes, size=0.5), processor, seed)


@FEW
@given(
    shape=some.lists(some.integers(1, 12), min_size=1, max_size=3),
    channels=some.integers(2, 70),
    processor=processors,
    seed=seeds,
)
def test_layer_normalization(shape, channels, processor, seed):
    def ours(x, gamma, beta):
        return normalization.layer_normalization(x, gamma, beta, 1e-3)

    arrays = arrays_of(seed, (*shape, channels), (channels,), (channels,))
    agrees(ours, lambda x, gamma, beta: normalised(x, gamma, beta, -1), arrays, processor, seed)


@FEW
@given(
    shape=some.lists(some.integers(2, 40), min_size=1, max_size=3),
    channels=some.integers(1, 40),
    processor=processors,
    seed=seeds,
)
def test_batch_normalization(shape, channels, processor, seed):
    def ours(x, gamma, beta):
        return normalization.batch_normalization(x, gamma, beta, 1e-3)[0]

    axes = tuple(range(len(shape)))
    arrays = arrays_of(seed, (*shape, channels), (channels,), (channels,))
    agrees(ours, lambda x, gamma, beta: normalised(x, gamma, beta, axes), arrays, processor, seed)


def test_moments_far_from_zero_keep_their_digits():
    """The sum of squares minus the square of the sum would lose them all."""
    x = (np.random.default_rng(0).normal(size=(50_000, 3)) + 1000).astype("float32")
    ones, zeros = jnp.ones(3), jnp.zeros(3)
    _, mean, variance = jax.jit(lambda x: normalization.batch_normalization(x, ones, zeros, 1e-3))(x)
    np.testing.assert_allclose(mean, x.astype("float64").mean(0), rtol=1e-6)
    np.testing.assert_allclose(variance, x.astype("float64").var(0), rtol=1e-3)


@pytest.mark.parametrize("kind", ["attention", "layer", "batch", "lstm"])
def test_a_value_that_is_not_a_number_is_not_hidden(kind):
    x = np.ones((2, 5, 2, 4), "float32")
    x[1, 3, 0, 2] = np.nan
    flat = x.reshape(10, 8)
    ones, zeros = jnp.ones(8), jnp.zeros(8)
    found = {
        "attention": lambda: attention.attention(x, x, x)[1],
        "layer": lambda: normalization.layer_normalization(flat, ones, zeros, 1e-3)[8],
        "batch": lambda: normalization.batch_normalization(flat, ones, zeros, 1e-3)[0][:, 2],
        "lstm": lambda: recurrent.lstm(
            x.reshape(2, 5, 8), *[jnp.zeros((2, 3))] * 2, jnp.ones((8, 12)), jnp.ones((3, 12)), jnp.zeros(12)
        )[0][1, 3:],
    }[kind]()
    found = found[:, 0] if kind == "attention" else found
    assert np.isnan(np.asarray(found)).all()


def test_very_large_and_very_small_numbers():
    """Where exp would overflow or vanish, the gates are exactly open or shut."""
    inputs = jnp.asarray([[[1e4], [-1e4]]], jnp.float32)
    kernel, zeros = jnp.ones((1, 8)), jnp.zeros((2, 8))
    states, cells = recurrent.lstm(inputs, *[jnp.zeros((1, 2))] * 2, kernel, zeros, jnp.zeros(8))
    np.testing.assert_allclose(states[0, 0], np.tanh(1), rtol=1e-6)
    np.testing.assert_array_equal(states[0, 1], 0)
    np.testing.assert_array_equal(cells, 0)


def test_arrays_that_do_not_fit_are_refused():
    good = jnp.ones((2, 3, 4, 5))
    assert attention.fits(good, good, good, None)
    assert not attention.fits(good[0], good, good, None)
    assert not attention.fits(good.astype("bfloat16"), good, good, None)
    assert not attention.fits(good, good[:, :, :2], good[:, :, :2], None)
    assert not attention.fits(good, good, good, jnp.ones((2, 1, 3, 1), bool))
    assert not attention.fits(good, good, good, jnp.ones((2, 1, 3, 3)))
    assert not recurrent.fits(jnp.ones((0, 2)))
    assert not normalization.fits(jnp.ones(3))
