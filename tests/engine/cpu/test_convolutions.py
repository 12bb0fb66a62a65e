"""Our convolutions give what XLA's give, and what their definition says."""

from __future__ import annotations

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from jax import lax

from trainwell.backend import load_keras
from trainwell.engine.cpu import convolutions, use_faster_programs
from trainwell.engine.cpu.kernels.registers import Registers, even_parts, registers

keras = load_keras()
pytestmark = pytest.mark.skipif(registers() is None, reason="the kernels are for Linux on x86-64")
PROCESSORS = [Registers(16, 32), Registers(8, 16)]  # AVX-512 and AVX2


@pytest.fixture(autouse=True)
def _installed():
    assert use_faster_programs()


def available(processors):
    return [one for one in processors if one.lanes <= registers().lanes]


def by_hand(x, kernel, strides, dilation, padding):
    """The definition, in float64: each output is the sum of the products under its window."""
    x = np.pad(x.astype(np.float64), ((0, 0), *padding, (0, 0)))
    rows, columns = kernel.shape[:2]
    spans = [(size - 1) * step + 1 for size, step in zip((rows, columns), dilation, strict=True)]
    sizes = [(length - span) // step + 1 for length, span, step in zip(x.shape[1:3], spans, strides, strict=True)]
    result = np.zeros((x.shape[0], *sizes, kernel.shape[3]))
    for i, j in np.ndindex(*sizes):
        top, left = i * strides[0], j * strides[1]
        window = x[:, top : top + spans[0] : dilation[0], left : left + spans[1] : dilation[1]]
        result[:, i, j] = np.einsum("nrcx,rcxf->nf", window, kernel.astype(np.float64))
    return result


def layer(strides, dilation, padding, rank=2):
    axes = ("NHWC", "HWIO", "NHWC") if rank == 2 else ("NWC", "WIO", "NWC")

    def call(x, kernel):
        return lax.conv_general_dilated(x, kernel, strides, padding, rhs_dilation=dilation, dimension_numbers=axes)

    return call


@some.composite
def cases(draw):
    pair = some.tuples
    kernel = draw(pair(some.integers(1, 4), some.integers(1, 4)))
    strides, dilation = draw(pair(some.integers(1, 3), some.integers(1, 3))), (1, 1)
    if strides == (1, 1):
        dilation = draw(pair(some.integers(1, 3), some.integers(1, 3)))
    padding = tuple((draw(some.integers(0, 4)), draw(some.integers(0, 4))) for _ in range(2))
    spans = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    lengths = [
        draw(some.integers(max(1, span - before - after), 14))
        for span, (before, after) in zip(spans, padding, strict=True)
    ]
    channels, filters = draw(some.integers(1, 20)), draw(some.sampled_from([1, 3, 7, 8, 16, 17, 40, 64, 70]))
    shape = (draw(some.integers(1, 5)), *lengths, channels)
    return shape, (*kernel, channels, filters), strides, dilation, padding, draw(some.integers(0, 2**31))


@settings(max_examples=20, deadline=None)
@given(case=cases(), processor=some.sampled_from(PROCESSORS))
def test_result_and_gradients_are_those_of_the_definition(case, processor):
    """The gradients by the adjoint: for every direction d, <g, conv(d, k)> = <input gradient, d>."""
    if processor not in available(PROCESSORS):
        return
    shape, kernel_shape, strides, dilation, padding, seed = case
    random = np.random.default_rng(seed)
    x, kernel = (random.normal(size=given).astype("float32") for given in (shape, kernel_shape))
    expected = by_hand(x, kernel, strides, dilation, padding)
    gradient = random.normal(size=expected.shape).astype("float32")

    def both(x, kernel, gradient):
        result, back = jax.vjp(layer(strides, dilation, padding), x, kernel)
        return result, back(gradient)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolutions, "registers", lambda: processor)
        program = jax.jit(both).lower(x, kernel, gradient)
        assert "stablehlo.convolution" not in program.as_text()
        result, (to_x, to_kernel) = program.compile()(x, kernel, gradient)
    close = {"rtol": 1e-4, "atol": 1e-4 * np.sqrt(np.prod(kernel_shape[:3]))}
    np.testing.assert_allclose(result, expected, **close)
    size = np.sqrt(expected.size)
    for _ in range(3):
        along = random.normal(size=x.shape)
        moved = (gradient * by_hand(along, kernel, strides, dilation, padding)).sum()
        np.testing.assert_allclose((np.asarray(to_x, np.float64) * along).sum(), moved, rtol=1e-3, atol=1e-3 * size)
        along = random.normal(size=kernel.shape)
        moved = (gradient * by_hand(x, along, strides, dilation, padding)).sum()
        np.testing.assert_allclose(
            (np.asarray(to_kernel, np.float64) * along).sum(), moved, rtol=1e-3, atol=1e-3 * size
        )


LAYERS = {
    "same": "L.Conv2D(12, 3, padding='same', activation='relu')",
    "strides": "L.Conv2D(20, (3, 4), strides=2, padding='same')",
    "point": "L.Conv2D(33, 1, strides=(2, 1))",
    "dilated": "L.Conv2D(7, (2, 3), dilation_rate=(2, 1))",
    "transposed": "L.Conv2DTranspose(6, 3, strides=2, padding='same')",
    "depthwise": "L.DepthwiseConv2D(3)",
    "separable": "L.SeparableConv2D(8, 3)",
    "grouped": "L.Conv2D(8, 3, groups=2)",
    "causal": "L.Conv1D(9, 5, padding='causal')",
    "series": "L.Conv1D(16, 4, strides=3)",
    "volume": "L.Conv3D(5, 2)",
}
GRADIENTS = f"""
import numpy as np
import trainwell
import jax, jax.numpy as jnp, keras
from keras import layers as L
from trainwell.engine.cpu import use_faster_programs
LAYERS = {LAYERS!r}

def gradients(name):
    keras.utils.set_random_seed(0)
    shape = {{"causal": (23, 4), "series": (23, 4), "volume": (5, 6, 7, 3)}}.get(name, (12, 11, 4))
    inputs = keras.Input(shape)
    model = keras.Model(inputs, eval(LAYERS[name])(inputs))
    weights = [variable.value for variable in model.trainable_variables]
    x = jnp.asarray(np.random.default_rng(0).normal(size=(5, *shape)), "float32")
    loss = lambda weights, x: (model.stateless_call(weights, [], x)[0] ** 2).mean()
    function = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
    return function.lower(weights, x).as_text(), [np.asarray(leaf) for leaf in jax.tree.leaves(function(weights, x))]
"""


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """What XLA's own programs give, in a process where ours are switched off."""
    file = tmp_path_factory.mktemp("stock") / "gradients.npz"
    script = GRADIENTS + (
        "kept = {}\n"
        "for name in LAYERS:\n"
        "    text, found = gradients(name)\n"
        "    assert 'trainwell_' not in text\n"
        "    kept |= {f'{name} {place}': values for place, values in enumerate(found)}\n"
        f"np.savez({str(file)!r}, **kept)\n"
    )
    subprocess.run([sys.executable, "-c", script], env=os.environ | {"TRAINWELL_CPU": ""}, check=True)
    with np.load(file) as kept:
        return dict(kept)


@pytest.mark.parametrize("name", LAYERS)
def test_keras_layers_get_what_xla_gives(name, stock):
    names: dict[str, object] = {}
    exec(GRADIENTS, names)  # noqa: S102 (the same lines as in the other process)
    text, found = names["gradients"](name)
    ours = "stablehlo.convolution" not in text
    assert ours or name in ("transposed", "depthwise", "separable", "grouped", "volume")
    for place, values in enumerate(found):
        expected = stock[f"{name} {place}"]
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6 + 1e-5 * np.abs(expected).max())


def test_numbers_that_are_not_finite_go_where_xla_lets_them_go():
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("float32")
    x[0, 2, 3, 1], x[1, 0, 0, 0] = np.nan, np.inf
    kernel = np.random.default_rng(1).normal(size=(3, 3, 3, 5)).astype("float32")
    found = np.asarray(jax.jit(layer((1, 1), (1, 1), ((1, 1), (1, 1))))(x, kernel))
    expected = by_hand(x, kernel, (1, 1), (1, 1), ((1, 1), (1, 1)))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))


def test_the_same_bits_each_time_and_for_any_number_of_threads():
    """A batch's kernel gradient is summed in the same order, whichever thread takes which share."""
    script = (
        "import os, sys\n"
        "os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])\n"
        "import trainwell, jax, numpy as np, hashlib\n"
        "from jax import lax\n"
        "from trainwell.engine.cpu import use_faster_programs\n"
        "assert use_faster_programs()\n"
        "r = np.random.default_rng(0)\n"
        "x, k = r.normal(size=(13, 20, 20, 6)).astype('f4'), r.normal(size=(3, 3, 6, 20)).astype('f4')\n"
        "axes = ('NHWC', 'HWIO', 'NHWC')\n"
        "conv = lambda x, k: lax.conv_general_dilated(x, k, (1, 1), 'SAME', dimension_numbers=axes)\n"
        "f = jax.jit(jax.grad(lambda x, k: (conv(x, k) ** 2).sum(), argnums=(0, 1)))\n"
        "print({hashlib.sha256(b''.join(np.asarray(g).tobytes() for g in f(x, k))).hexdigest() for _ in range(5)})\n"
    )
    told = [
        subprocess.run([sys.executable, "-c", script, count], capture_output=True, text=True, check=True).stdout
        for count in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].count("'") == 2, "five runs, one result"


def test_a_convolution_inside_a_loop_is_ours_too():
    x, kernel = jnp.ones((2, 6, 6, 3)), jnp.ones((3, 3, 3, 4))
    call = layer((1, 1), (1, 1), "VALID")
    looped = jax.jit(lambda x, kernel: lax.map(lambda one: call(x * one, kernel), jnp.arange(3.0)))
    assert "stablehlo.convolution" not in looped.lower(x, kernel).as_text()
    np.testing.assert_array_equal(looped(x, kernel)[2], np.full((2, 4, 4, 4), 54.0))


def test_without_llvm_all_is_left_to_xla():
    script = (
        "import sys\n"
        "sys.modules['llvmlite'] = None\n"
        "import trainwell, jax, jax.numpy as jnp, keras\n"
        "from trainwell.engine.cpu import use_faster_programs\n"
        "print(use_faster_programs())\n"
        "layer = keras.layers.Conv2D(4, 3)\n"
        "text = jax.jit(lambda x: layer(x)).lower(jnp.ones((1, 8, 8, 2))).as_text()\n"
        "print('stablehlo.convolution' in text, 'trainwell_' in text)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "True", "False"]


def test_machine_code_is_kept_and_a_broken_file_is_made_anew(tmp_path):
    script = (
        "import trainwell, jax, numpy as np\n"
        "from jax import lax\n"
        f"jax.config.update('jax_compilation_cache_dir', {str(tmp_path)!r})\n"
        "from trainwell.engine.cpu import use_faster_programs\n"
        "assert use_faster_programs()\n"
        "axes = ('NHWC', 'HWIO', 'NHWC')\n"
        "conv = lambda x, k: lax.conv_general_dilated(x, k, (1, 1), 'VALID', dimension_numbers=axes)\n"
        "print(float(jax.jit(conv)(np.ones((1, 5, 5, 2), 'f4'), np.ones((3, 3, 2, 4), 'f4')).sum()))\n"
    )

    def run():
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        (file,) = (tmp_path / "trainwell-kernels").glob("*.o")
        return float(told.stdout), file

    result, file = run()
    assert result == 9 * 4 * 18
    code = file.read_bytes()
    for content in (code, code[: len(code) // 2], b"", code[:-1] + b"?"):
        file.write_bytes(content)
        assert run() == (result, file)
        assert file.read_bytes() == code


@settings(max_examples=50, deadline=None)
@given(total=some.integers(1, 200), most=some.integers(1, 30))
def test_parts_cover_a_length_evenly(total, most):
    parts = even_parts(total, most)
    covered = [first + i * size + j for first, size, count in parts for i in range(count) for j in range(size)]
    assert covered == list(range(total))
    sizes = [size for _, size, _ in parts]
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
