"""Which kernels XLA's compiler may choose on a CPU for a program with convolutions that none of ours computes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from trainwell.engine import keras_names
from trainwell.engine.cpu.convolutions import ours
from trainwell.engine.cpu.lowerings import is_known, use_faster_programs, wanted

# matrix products and sums by XLA's kernel library (YNN), but not convolutions: its kernels for those are two to three
# times slower than the ones that XLA takes without it
_WITHOUT_LIBRARY_CONVOLUTIONS = {
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_DOT,LIBRARY_FUSION_TYPE_REDUCE"
}


def compiler_options(*, convolution: bool, environment: Mapping[str, str] = os.environ) -> dict[str, str] | None:
    """What `jax.jit` is to be told of a program; None for XLA's own choice.

    Args:
        convolution: whether the program has one that is left to XLA.
        environment: an empty TRAINWELL_CPU leaves the choice to XLA.
    """
    import jax

    fits = jax.default_backend() == "cpu" and wanted(environment) and is_known(jax.__version__)
    return dict(_WITHOUT_LIBRARY_CONVOLUTIONS) if fits and convolution else None


def convolutions_in(equations: Iterable[Any]) -> Iterator[Any]:
    """The convolutions among these equations of a traced function, and in the functions within them."""
    for equation in equations:
        if equation.primitive.name == "conv_general_dilated":
            yield equation
        for inner in keras_names.inner_jaxprs(equation):
            yield from convolutions_in(inner.eqns)


def left_to_xla(equation: Any) -> bool:
    """Whether none of our kernels computes this convolution."""
    arrays = [variable.aval for variable in (*equation.invars, *equation.outvars)]
    return not (use_faster_programs() and ours(arrays, equation.params))
