"""One program for several functions that differ only in their constants: what differs becomes an argument.

Networks that differ in a dropout rate, a strength of L2, a slope or a clipping norm trace to the same equations with
other numbers in them. Such functions are compared equation by equation; where all have the same constant it stays one,
where not, it becomes an argument that each lane gets its own value of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainwell.engine.flat_program import Fixed, FlatProgram, Operand

_ADDRESS = re.compile(r"0x[0-9a-f]+")


@dataclass(frozen=True, eq=False)
class TracedFunction:
    """A function of trees of arrays as a flat program.

    Attributes:
        program: its equations.
        signature: equal for functions that can share a program: equations and shapes, but no values of constants.
        fixed: the constants, in the order in which the equations use them.
        results: tree of what it returns.
    """

    program: FlatProgram
    signature: tuple[Any, ...]
    fixed: tuple[Any, ...]
    results: Any

    @classmethod
    def of(cls, function: Callable[..., Any], *arguments: Any) -> TracedFunction:
        """Trace the function with arguments of these shapes; nothing is computed."""
        import jax

        traced, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
        program = FlatProgram.of(traced.jaxpr, traced.consts)
        fixed: list[Any] = []

        def described(operand: Operand) -> Any:
            if not isinstance(operand, Fixed):
                return operand
            fixed.append(operand.value)
            return ("constant", str(jax.typeof(operand.value)))

        equations = [
            (
                node.equation.primitive.name,
                _settings(node.equation.params),
                tuple(map(described, node.operands)),
                node.results,
                tuple(str(variable.aval) for variable in node.equation.outvars),
            )
            for node in program.nodes
        ]
        results = tuple(map(described, program.results))
        given = tuple(str(jax.typeof(leaf)) for leaf in jax.tree.leaves(arguments))
        signature = (given, tuple(equations), results, jax.tree.structure(shapes))
        return cls(program, signature, tuple(fixed), jax.tree.structure(shapes))


@dataclass(frozen=True, eq=False)
class SharedProgram:
    """The one program of functions with the same signature.

    Attributes:
        traced: any of them.
        varying: places of the constants, among all, that are not the same in each.
    """

    traced: TracedFunction
    varying: tuple[int, ...]

    @classmethod
    def of(cls, functions: Sequence[TracedFunction]) -> SharedProgram:
        """The program of these functions; all have the same signature."""
        first, *others = functions
        varying = tuple(
            place
            for place, value in enumerate(first.fixed)
            if any(not _same(value, other.fixed[place]) for other in others)
        )
        return cls(first, varying)

    def own(self, function: TracedFunction) -> list[Any]:
        """The constants of one of the functions that others have other values of."""
        import jax.numpy as jnp

        return [jnp.asarray(function.fixed[place]) for place in self.varying]

    def __call__(self, own: Sequence[Any], *arguments: Any) -> Any:
        """The function whose constants are `own`, of these arguments; to be traced."""
        import jax

        replaced = dict(zip(self.varying, own, strict=True))
        values: dict[int, Any] = dict(zip(self.traced.program.arguments, jax.tree.leaves(arguments), strict=True))
        place = 0

        def value_of(operand: Operand) -> Any:
            nonlocal place
            if not isinstance(operand, Fixed):
                return values[operand]
            value = replaced.get(place, operand.value)
            place += 1
            return value

        for node in self.traced.program.nodes:
            operands = [value_of(operand) for operand in node.operands]
            found = node.equation.primitive.bind(*operands, **node.equation.params)
            values.update(
                zip(node.results, found if node.equation.primitive.multiple_results else [found], strict=True)
            )
        return jax.tree.unflatten(self.traced.results, [value_of(operand) for operand in self.traced.program.results])


def _settings(params: Any) -> Any:
    """The settings of an equation, to be compared; of what cannot be read, the object itself stands for it."""
    return tuple((name, _setting(value)) for name, value in sorted(params.items()))


def _setting(value: Any) -> Any:
    text = str(value)
    return id(value) if _ADDRESS.search(text) else text


def _same(one: Any, other: Any) -> bool:
    return one is other or bool(
        np.array_equal(np.asarray(one), np.asarray(other), equal_nan=np.asarray(one).dtype.kind == "f")
    )
