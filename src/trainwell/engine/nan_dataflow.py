"""Follows a computation equation by equation on real numbers, to where its first bad value was born.

A value is bad if it is NaN or infinite. Every bad value carries its birth: the equation that made a bad value of good
ones, or the given array that held it. What is computed from a bad value inherits its birth, so that the birth of the
result is the origin that mattered, and not some harmless infinity that was left out by a mask on the way.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trainwell.blueprint.nan_origin import NanCause
from trainwell.engine.batch_axes import BatchAxes
from trainwell.engine.flat_program import Fixed, FlatProgram, Node, Operand
from trainwell.engine.nan_accident import accident, largest_finite

MUCH_LARGER = 10.0  # times the median sample: then one sample is held responsible for a sum over all
_PASSED_ON = ("broadcast_in_dim", "reshape", "convert_element_type", "squeeze", "copy", "expand_dims", "transpose")


@dataclass(eq=False)
class Birth:
    """Where a bad value arose.

    Attributes:
        order: of two births the earlier one has the smaller number.
        kind: "computed"; "given" (an argument, or a constant with NaN); or "constant" (an infinity that the function
            itself contains, as a mask does on purpose).
        nan: whether the value is NaN, not only infinite.
        name: of the given array.
        stack: name stack of the equation.
        operation: of the equation.
        cause: kind of accident.
        rows: samples that hold it; () where it belongs to no single sample.
        dtype: of the value.
        largest: largest finite magnitude of the operands.
        time_step: of a scan, or None.
        reader: name stack of the first equation that counts as a reader of a given array (see `Dataflow`).
    """

    order: int
    kind: Literal["computed", "given", "constant"]
    nan: bool
    name: str = ""
    stack: str = ""
    operation: str = ""
    cause: NanCause = "unknown"
    rows: tuple[int, ...] = ()
    dtype: str = ""
    largest: float | None = None
    time_step: int | None = None
    reader: str | None = None


class Dataflow:
    """Evaluates a traced function and finds the births of its bad results.

    Args:
        closed: the traced function.
        axes: which axes count the samples.
        names: of its arguments, in order.
        reads: whether an equation with this name stack counts as a reader of a given array.
    """

    def __init__(self, closed: Any, axes: BatchAxes, names: Sequence[str], reads: Callable[[str], bool]):
        self._closed, self._axes, self._names, self._reads = closed, axes, names, reads
        self._orders = itertools.count()

    def births(self, arguments: Sequence[Any], wanted: Sequence[int]) -> list[Birth | None]:
        """The births of some results; None for a result that is finite.

        Args:
            arguments: arrays, as the function was traced for.
            wanted: places of these results.
        """
        jaxpr = self._closed.jaxpr
        given = [
            self._given(variable, value, name)
            for variable, value, name in zip(jaxpr.invars, arguments, self._names, strict=True)
        ]
        walk = _Walk(self, FlatProgram.of(jaxpr, self._closed.consts, wanted=wanted))
        walk.go(arguments, given)
        return walk.results()

    def _given(self, variable: Any, value: Any, name: str) -> Birth | None:
        bad = _bad(value)
        if bad is None:
            return None
        rows = self._axes.rows(variable, bad)
        return Birth(next(self._orders), "given", _has_nan(value), name, rows=rows, dtype=str(value.dtype))

    def constant(self, value: Any) -> Birth | None:
        """The birth of a constant of the function."""
        if _bad(value) is None:
            return None
        nan = _has_nan(value)
        dtype = str(np.asarray(value).dtype)
        return Birth(next(self._orders), "given" if nan else "constant", nan, "constant", dtype=dtype)

    def read(self, births: Sequence[Birth | None], stack: str) -> None:
        """An equation with this name stack is given values with these births."""
        for birth in births:
            if birth is not None and birth.kind == "given" and birth.reader is None and self._reads(stack):
                birth.reader = stack

    def new(
        self, node: Node, variable: Any, operands: Sequence[Any], output: Any, divisor: str, blamed: tuple[int, ...]
    ) -> Birth:
        """The birth of a bad value from good ones.

        Args:
            node: the equation.
            variable: of the result.
            operands: of the equation.
            output: the result.
            divisor: see `nan_accident.accident`.
            blamed: samples that outweigh the others in a result that belongs to no single one.
        """
        arrays = [np.asarray(operand) for operand in operands if _is_number(operand)]
        name, host = node.equation.primitive.name, np.asarray(output)
        meant = any(_bad(operand) is not None for operand in operands)  # infinities that were there on purpose
        rows = self._axes.rows(variable, np.isnan(host) if meant else ~np.isfinite(host))
        cause = accident(name, arrays, host, divisor)
        return Birth(
            next(self._orders),
            "computed",
            _has_nan(output),
            stack=node.stack,
            operation=name,
            cause=cause,
            rows=rows or (blamed if cause == "overflow" else ()),
            dtype=str(host.dtype),
            largest=largest_finite(arrays),
        )

    def outstanding(self, equation: Any, operands: Sequence[Any]) -> tuple[int, ...]:
        """The samples whose values are much larger than the others', where an equation brings all samples together."""
        from jax.extend import core

        found: set[int] = set()
        if any(self._axes.of(variable) is not None for variable in equation.outvars):
            return ()
        for atom, operand in zip(equation.invars, operands, strict=True):
            axis = None if isinstance(atom, core.Literal) else self._axes.of(atom)
            if axis is None or not _is_float(operand) or not operand.size:
                continue
            values = np.abs(np.moveaxis(np.asarray(operand), axis.axis, 0).astype(np.float64))
            values[~np.isfinite(values)] = 0
            samples = values.reshape(values.shape[0] // axis.entries, -1).max(axis=1)
            found |= set(np.flatnonzero(samples > MUCH_LARGER * np.median(samples)).tolist())
        return tuple(sorted(found))


class _Walk:
    """One evaluation of a function; knows of every value its birth and what made it.

    Args:
        flow: makes births.
        program: the function.
    """

    def __init__(self, flow: Dataflow, program: FlatProgram):
        self._flow, self._program = flow, program
        self._births: dict[int, Birth | None] = {}
        self._made_by: dict[int, str] = {}
        self._logged: set[int] = set()  # values of which a logarithm was taken
        self._blamed: dict[int, tuple[int, ...]] = {}  # samples that outweigh the others in a value of all samples
        self.values: dict[int, Any] = {}
        """Of the results, by number."""

    def go(self, arguments: Sequence[Any], given: Sequence[Birth | None]) -> None:
        """Evaluate.

        Args:
            arguments: of the function.
            given: their births.
        """
        self._births = dict(zip(self._program.arguments, given, strict=True))
        wanted = {one for one in self._program.results if isinstance(one, int)}
        self.values = dict(zip(self._program.arguments, arguments, strict=True))
        for node, operands, results in self._program.run(arguments):
            self._visit(node, operands, results)
            self.values |= {number: one for number, one in zip(node.results, results, strict=True) if number in wanted}

    def results(self) -> list[Birth | None]:
        """The births of what the function returned."""
        return [self._birth(one) for one in self._program.results]

    def result_values(self) -> list[Any]:
        """What the function returned."""
        return [one.value if isinstance(one, Fixed) else self.values[one] for one in self._program.results]

    def _birth(self, operand: Operand) -> Birth | None:
        return self._flow.constant(operand.value) if isinstance(operand, Fixed) else self._births[operand]

    def _visit(self, node: Node, operands: Sequence[Any], results: Sequence[Any]) -> None:
        births = [self._birth(operand) for operand in node.operands]
        self._flow.read(births, node.stack)
        name, first = node.equation.primitive.name, node.operands[0] if node.operands else None
        if name == "log" and isinstance(first, int):
            self._logged.add(first)
        passed = self._made_by.get(first, "") if name in _PASSED_ON and isinstance(first, int) else name
        blamed = self._flow.outstanding(node.equation, operands) or self._inherited_blame(node)
        within: Birth | None = None
        for number, variable, result in zip(node.results, node.equation.outvars, results, strict=True):
            self._made_by[number] = passed
            self._births[number] = None
            if blamed:
                self._blamed[number] = blamed
            if _bad(result) is None:
                continue
            birth = _inherited(births, operands, nan=_has_nan(result))
            if birth is None:
                within = birth = within or self._inside(node, operands, births)
            self._births[number] = birth or self._flow.new(
                node, variable, operands, result, self._divisor(node), blamed
            )

    def _inherited_blame(self, node: Node) -> tuple[int, ...]:
        numbers = (operand for operand in node.operands if isinstance(operand, int))
        return tuple(sorted({row for number in numbers for row in self._blamed.get(number, ())}))

    def _divisor(self, node: Node) -> str:
        """What made the divisor of a division, or "log" where a logarithm was taken of it too."""
        divisor = node.operands[1] if node.equation.primitive.name == "div" else None
        if not isinstance(divisor, int):
            return ""
        return "log" if divisor in self._logged else self._made_by.get(divisor, "")

    def _inside(self, node: Node, operands: Sequence[Any], births: Sequence[Birth | None]) -> Birth | None:
        """The birth within a loop or condition; None for any other equation, or if nothing is found in there."""
        name, parameters = node.equation.primitive.name, node.equation.params
        if name == "cond":
            branch = parameters["branches"][int(operands[0])]
            walk = _Walk(self._flow, FlatProgram.of(branch.jaxpr, branch.consts, node.stack))
            walk.go(operands[1:], births[1:])
            return _first_computed(walk.results())
        if name == "scan":
            return self._inside_scan(node, operands, births)
        return None

    def _inside_scan(self, node: Node, operands: Sequence[Any], births: Sequence[Birth | None]) -> Birth | None:
        parameters = node.equation.params
        body, length, carried = parameters["jaxpr"], parameters["length"], parameters["num_carry"]
        place_of_carry = parameters["num_consts"]
        place_of_rest = place_of_carry + carried
        program = FlatProgram.of(body.jaxpr, body.consts, node.stack)
        carry, carry_births = list(operands[place_of_carry:place_of_rest]), list(births[place_of_carry:place_of_rest])
        for done in range(length):
            at = length - 1 - done if parameters["reverse"] else done
            slices = [sequence[at] for sequence in operands[place_of_rest:]]
            of_slices = [
                birth if birth is not None and _bad(one) is not None else None
                for one, birth in zip(slices, births[place_of_rest:], strict=True)
            ]
            walk = _Walk(self._flow, program)
            walk.go(
                [*operands[:place_of_carry], *carry, *slices], [*births[:place_of_carry], *carry_births, *of_slices]
            )
            found = _first_computed(walk.results())
            if found is not None:
                found.time_step = at
                return found
            carry, carry_births = walk.result_values()[:carried], walk.results()[:carried]
        return None


def _first_computed(births: Sequence[Birth | None]) -> Birth | None:
    computed = [birth for birth in births if birth is not None and birth.kind == "computed"]
    return min(computed, key=lambda birth: birth.order, default=None)


def _inherited(births: Sequence[Birth | None], operands: Sequence[Any], *, nan: bool) -> Birth | None:
    """The birth that a bad result has from its operands; None if it is new.

    Args:
        births: of the operands.
        operands: of the equation.
        nan: whether the result holds NaN.
    """
    known = [(birth, operand) for birth, operand in zip(births, operands, strict=True) if birth is not None]
    real = [(birth, operand) for birth, operand in known if birth.kind != "constant"]
    if real:
        with_nan = [pair for pair in real if nan and _has_nan(pair[1])]
        return min((birth for birth, _ in with_nan or real), key=lambda birth: birth.order)
    return known[0][0] if known and not nan else None


def _dtype(value: Any) -> Any:
    return value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype


def _is_float(value: Any) -> bool:
    import jax.numpy as jnp

    return bool(jnp.issubdtype(_dtype(value), jnp.inexact))


def _is_number(value: Any) -> bool:
    """Whether NumPy can hold it: random keys it cannot."""
    import jax.numpy as jnp

    return bool(jnp.issubdtype(_dtype(value), jnp.number) or jnp.issubdtype(_dtype(value), jnp.bool_))


def _has_nan(value: Any) -> bool:
    return _is_float(value) and bool(np.isnan(np.asarray(value)).any())


def _bad(value: Any) -> npt.NDArray[np.bool_] | None:
    """Which entries are NaN or infinite; None if none is."""
    if not _is_float(value):
        return None
    bad = ~np.isfinite(np.asarray(value))
    return bad if bad.any() else None
