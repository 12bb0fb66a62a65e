"""Our gradient of max pooling is XLA's, value for value."""

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

from trainwell.backend import load_keras
from trainwell.engine.cpu import max_pooling, use_faster_programs

keras = load_keras()
SPECIAL = [0.0, -0.0, 1.0, -1.0, 1.0, np.inf, -np.inf, np.nan]


def by_hand(source, operand, window, padding, largest):
    """Window by window, as XLA's documentation describes select_and_scatter."""
    result = np.zeros(operand.shape, np.float32)
    for place in np.ndindex(*source.shape):
        chosen = None
        for step in np.ndindex(*window):
            at = tuple(p * w + s - before for p, w, s, (before, _) in zip(place, window, step, padding, strict=True))
            if any(not 0 <= a < length for a, length in zip(at, operand.shape, strict=True)):
                continue
            if chosen is None or not (operand[chosen] >= operand[at] if largest else operand[chosen] <= operand[at]):
                chosen = at
        if chosen is not None:
            result[chosen] += source[place]
    return result


@settings(max_examples=60, deadline=None)
@given(data=some.data())
def test_each_window_gives_its_number_to_the_value_that_xla_chooses(data):
    rank = data.draw(some.integers(1, 3))
    axes = some.tuples(some.integers(1, 3), some.integers(1, 7))
    window, shape = zip(*data.draw(some.lists(axes, min_size=rank, max_size=rank)), strict=True)
    padding = tuple((data.draw(some.integers(0, w - 1)), data.draw(some.integers(0, w - 1))) for w in window)
    counts = [(n + before + after - w) // w + 1 for n, w, (before, after) in zip(shape, window, padding, strict=True)]
    if min(counts) < 1:
        return
    rng = np.random.default_rng(data.draw(some.integers(0, 2**32 - 1)))
    operand = np.where(rng.random(shape) < 0.6, rng.choice(SPECIAL, shape), rng.normal(size=shape)).astype("float32")
    source = rng.normal(size=counts).astype("float32")
    largest = data.draw(some.booleans())
    found = max_pooling.scattered(
        jnp.asarray(source), jnp.asarray(operand), window=window, padding=padding, largest=largest
    )
    np.testing.assert_array_equal(np.asarray(found), by_hand(source, operand, window, padding, largest))


CASES = [
    *(
        (rank, size, padding, "float32")
        for rank in (1, 2, 3)
        for size in ((2, 2), (3, 1))
        for padding in ("valid", "same")
    ),
    *((2, (2, 2), "same", dtype) for dtype in ("float16", "bfloat16")),
]
GRADIENTS = """
import sys
import numpy as np
import trainwell
import jax, jax.numpy as jnp, keras
from trainwell.engine.cpu import use_faster_programs

def gradient(rank, size, padding, dtype):
    pool = {1: keras.layers.MaxPooling1D, 2: keras.layers.MaxPooling2D, 3: keras.layers.MaxPooling3D}[rank]
    layer = pool((*size, 2)[:rank], padding=padding, dtype=dtype)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, *(7, 6, 5)[:rank], 3)), dtype).round(1)
    function = jax.jit(jax.grad(lambda x: (layer(x).astype("float32") ** 2).sum()))
    return "select_and_scatter" in function.lower(x).as_text(), np.asarray(function(x), "float32")
"""


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """What XLA's own program gives, in a process where ours is switched off."""
    file = tmp_path_factory.mktemp("stock") / "gradients.npz"
    script = GRADIENTS + (
        "use_faster_programs()\n"
        f"found = [gradient(*case) for case in {CASES!r}]\n"
        "assert all(theirs for theirs, _ in found)\n"
        f"np.savez({str(file)!r}, *[values for _, values in found])\n"
    )
    subprocess.run([sys.executable, "-c", script], env=os.environ | {"TRAINWELL_CPU": ""}, check=True)
    with np.load(file) as kept:
        return dict(zip(CASES, [kept[f"arr_{n}"] for n in range(len(CASES))], strict=True))


def test_keras_layers_get_the_gradient_that_xla_gives(stock):
    """All ranks, sizes, paddings and types; rounded inputs have ties."""
    names: dict[str, object] = {}
    exec(GRADIENTS, names)  # noqa: S102 (the same lines as in the other process)
    assert use_faster_programs()
    for case, expected in stock.items():
        theirs, values = names["gradient"](*case)
        assert not theirs, case
        np.testing.assert_array_equal(values, expected, err_msg=str(case))


def test_windows_that_overlap_keep_the_program_of_xla():
    assert use_faster_programs()
    layer = keras.layers.MaxPooling2D(3, 2, padding="same")
    x = jnp.ones((1, 8, 8, 2))
    text = jax.jit(jax.grad(lambda x: layer(x).sum())).lower(x).as_text()
    assert "select_and_scatter" in text


def test_it_can_be_switched_off():
    script = (
        "import trainwell, keras, jax, jax.numpy as jnp\n"
        "from trainwell.engine.cpu import use_faster_programs\n"
        "print(use_faster_programs())\n"
        "pool = keras.layers.MaxPooling2D(2)\n"
        "text = jax.jit(jax.grad(lambda x: pool(x).sum())).lower(jnp.ones((1, 4, 4, 1))).as_text()\n"
        "print('select_and_scatter' in text)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"TRAINWELL_CPU": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["False", "True"]
