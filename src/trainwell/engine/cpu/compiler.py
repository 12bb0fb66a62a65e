"""Which kernels XLA's compiler may choose for a program with convolutions on a CPU."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from trainwell.engine.cpu.lowerings import is_known, wanted

# matrix products and sums by XLA's kernel library (YNN), but not convolutions: its kernels for those are two to three
# times slower than the ones that XLA takes without it
_WITHOUT_LIBRARY_CONVOLUTIONS = {
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_DOT,LIBRARY_FUSION_TYPE_REDUCE"
}


def compiler_options(*, convolution: bool, environment: Mapping[str, str] = os.environ) -> dict[str, str] | None:
    """What `jax.jit` is to be told of a program; None for XLA's own choice.

    Args:
        convolution: whether the program has one.
        environment: an empty TRAINWELL_CPU leaves the choice to XLA.
    """
    import jax

    fits = jax.default_backend() == "cpu" and wanted(environment) and is_known(jax.__version__)
    return dict(_WITHOUT_LIBRARY_CONVOLUTIONS) if fits and convolution else None


def has_convolution(jaxpr: Any) -> bool:
    """Whether a convolution stands anywhere in a traced function."""
    from jax.extend import core

    def inside(parameter: Any) -> bool:
        if isinstance(parameter, core.ClosedJaxpr):
            return has_convolution(parameter.jaxpr)
        if isinstance(parameter, core.Jaxpr):
            return has_convolution(parameter)
        if isinstance(parameter, tuple | list):
            return any(inside(item) for item in parameter)
        return False

    return any(
        equation.primitive.name == "conv_general_dilated" or any(map(inside, equation.params.values()))
        for equation in jaxpr.eqns
    )
