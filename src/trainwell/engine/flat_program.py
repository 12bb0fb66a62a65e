"""A traced function as a plain list of equations, run piece by piece so that every value in between can be seen.

A piece is one compiled call that gives back the results of all its equations. That is far quicker than one call per
equation, each of which would have to be compiled, and takes less memory than one call for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainwell.engine import keras_names

PIECE_BYTES = 256 * 2**20  # of the results of one piece
PIECE_EQUATIONS = 256
# a piece runs once: compiling it takes longer than running it (measured: half as long with these)
_QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


@dataclass(frozen=True, eq=False)
class Fixed:
    """An operand that is part of the function: a literal or a constant."""

    value: Any


Operand = int | Fixed


@dataclass(frozen=True, eq=False)
class Node:
    """One equation.

    Attributes:
        equation: as JAX holds it.
        stack: name stacks of this equation and of the calls around it, from the outermost on.
        operands: number of the value, or the value itself where it is fixed.
        results: numbers of the values that it gives.
    """

    equation: Any
    stack: str
    operands: tuple[Operand, ...]
    results: tuple[int, ...]


@dataclass(eq=False)
class FlatProgram:
    """A function without calls of other functions; loops and conditions stay single equations.

    Attributes:
        arguments: numbers of the values that it is given.
        nodes: its equations, in order.
        results: what it returns.
    """

    arguments: tuple[int, ...]
    nodes: tuple[Node, ...]
    results: tuple[Operand, ...]
    _pieces: list[_Piece] = field(default_factory=list["_Piece"])

    @classmethod
    def of(
        cls, jaxpr: Any, constants: Sequence[Any], stack: str = "", wanted: Sequence[int] | None = None
    ) -> FlatProgram:
        """From a traced function.

        Args:
            jaxpr: the function.
            constants: its constants.
            stack: name stack of what calls it.
            wanted: places of the results that are asked for; all if not given. What they do not need is left out.
        """
        flattening = _Flattening()
        arguments = tuple(flattening.number() for _ in jaxpr.invars)
        results = flattening.add(jaxpr, [Fixed(value) for value in constants], arguments, stack)
        if wanted is not None:
            results = [results[place] for place in wanted]
        program = cls(arguments, tuple(_needed(flattening.nodes, results)), tuple(results))
        program._pieces = _pieces(program)
        return program

    def run(self, arguments: Sequence[Any]) -> Iterator[tuple[Node, Sequence[Any], Sequence[Any]]]:
        """Evaluate the function: each equation in order, with the values of its operands and of its results.

        Values are let go as soon as no later equation needs them.
        """
        values: dict[int, Any] = dict(zip(self.arguments, arguments, strict=True))
        for piece in self._pieces:
            found = piece.call({number: values[number] for number in piece.needs})
            values |= found
            for node in piece.nodes:
                operands = [one.value if isinstance(one, Fixed) else values[one] for one in node.operands]
                yield node, operands, [values[number] for number in node.results]
            for number in piece.last_needs:
                values.pop(number, None)


@dataclass(frozen=True, eq=False)
class _Piece:
    """Some consecutive equations, as one compiled call: number of a value -> value, likewise for the results."""

    nodes: tuple[Node, ...]
    needs: tuple[int, ...]
    last_needs: tuple[int, ...]
    call: Callable[[Mapping[int, Any]], dict[int, Any]]


class _Flattening:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._count = 0

    def number(self) -> int:
        self._count += 1
        return self._count

    def add(self, jaxpr: Any, constants: Sequence[Operand], arguments: Sequence[Operand], stack: str) -> list[Operand]:
        """Add the equations of a function; what it returns."""
        from jax.extend import core

        known: dict[Any, Operand] = dict(zip(jaxpr.constvars, constants, strict=True))
        known |= dict(zip(jaxpr.invars, arguments, strict=True))

        def operand(atom: Any) -> Operand:
            return Fixed(atom.val) if isinstance(atom, core.Literal) else known[atom]

        for equation in jaxpr.eqns:
            inner = f"{stack}/{keras_names.name_stack(equation)}"
            operands = [operand(atom) for atom in equation.invars]
            called = keras_names.called_function(equation)
            if called is None:
                results: list[Operand] = [self.number() for _ in equation.outvars]
                numbers = tuple(number for number in results if isinstance(number, int))
                self.nodes.append(Node(equation, inner, tuple(operands), numbers))
            else:
                function, values = called
                results = self.add(function, [Fixed(value) for value in values], operands, inner)
            known.update(zip(equation.outvars, results, strict=True))
        return [operand(atom) for atom in jaxpr.outvars]


def _needed(nodes: Sequence[Node], results: Sequence[Operand]) -> list[Node]:
    """The equations without which these results cannot be had, in order."""
    needed, found = set(_numbers(results)), list[Node]()
    for node in reversed(nodes):
        if needed & set(node.results):
            needed |= set(_numbers(node.operands))
            found.append(node)
    return found[::-1]


def _pieces(program: FlatProgram) -> list[_Piece]:
    last = {one: node for node in program.nodes for one in (*_numbers(node.operands), *node.results)}
    kept = set(_numbers(program.results))
    pieces: list[_Piece] = []
    for nodes in _cut(program.nodes):
        within, made = set(nodes), {number for node in nodes for number in node.results}
        needs = dict.fromkeys(one for node in nodes for one in _numbers(node.operands) if one not in made)
        over = tuple(one for one in (*needs, *made) if last[one] in within and one not in kept)
        pieces.append(_Piece(tuple(nodes), tuple(needs), over, _compiled(nodes)))
    return pieces


def _numbers(operands: Sequence[Operand]) -> list[int]:
    return [one for one in operands if isinstance(one, int)]


def _cut(nodes: Sequence[Node]) -> Iterator[list[Node]]:
    piece, size = list[Node](), 0
    for node in nodes:
        piece.append(node)
        size += sum(_bytes(variable.aval) for variable in node.equation.outvars)
        if size > PIECE_BYTES or len(piece) == PIECE_EQUATIONS:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _bytes(shape: Any) -> int:
    return int(shape.size) * int(getattr(shape.dtype, "itemsize", 8))


def _compiled(nodes: Sequence[Node]) -> Callable[[Mapping[int, Any]], dict[int, Any]]:
    import jax

    def call(needs: Mapping[int, Any]) -> dict[int, Any]:
        values = dict(needs)
        for node in nodes:
            operands = [one.value if isinstance(one, Fixed) else values[one] for one in node.operands]
            found = node.equation.primitive.bind(*operands, **node.equation.params)
            results = found if node.equation.primitive.multiple_results else [found]
            values |= dict(zip(node.results, results, strict=True))
        return {number: values[number] for node in nodes for number in node.results}

    return jax.jit(call, compiler_options=_QUICKLY if jax.default_backend() == "cpu" else None)
