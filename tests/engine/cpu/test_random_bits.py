"""The random bits of dropout on a CPU: those of JAX's own program, by another one."""

import os
import subprocess
import sys

import numpy as np

import trainwell  # noqa: F401  (chooses the backend before anything imports Keras)
from trainwell.engine.cpu import use_faster_programs

BITS = """
import sys
import numpy as np
import trainwell
import jax
from trainwell.engine.cpu import use_faster_programs

def bits():
    draw = jax.jit(lambda key: (jax.random.bits(key, (3, 1001)), jax.random.normal(key, (17,))))
    text = draw.lower(jax.random.key(7)).as_text()
    return "stablehlo.while" in text, [np.asarray(part) for part in draw(jax.random.key(7))]
"""


def test_the_numbers_are_those_of_jax(tmp_path):
    file = tmp_path / "bits.npz"
    script = BITS + f"use_faster_programs()\nloops, found = bits()\nassert loops\nnp.savez({str(file)!r}, *found)\n"
    subprocess.run([sys.executable, "-c", script], env=os.environ | {"TRAINWELL_CPU": ""}, check=True)
    assert use_faster_programs()
    names: dict[str, object] = {}
    exec(BITS, names)  # noqa: S102 (the same lines as in the other process)
    loops, found = names["bits"]()
    assert not loops
    with np.load(file) as stock:
        for number, part in enumerate(found):
            np.testing.assert_array_equal(part, stock[f"arr_{number}"])
