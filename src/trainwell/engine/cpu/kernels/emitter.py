"""Loops, addresses and the tile of multiply-adds that every kernel is made of, as LLVM's instructions."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from llvmlite import ir

from trainwell.engine.cpu.kernels.registers import Registers

I1, I8, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 32, 64))
F32, POINTER, VOID = ir.FloatType(), ir.PointerType(), ir.VoidType()
FLOAT_BYTES = 4
Index = Any  # an int that is known now, or an i64 of the program


class Run(NamedTuple):
    """One of the nested loops over which a tile is summed: how often, and how far each round goes on.

    Attributes:
        rounds: how many; an i64 of the program is at least 1.
        left: floats from one round to the next in the left array.
        right: the same in the right array.
    """

    rounds: Index
    left: int
    right: int


class Emitter:
    """Writes one function of a module.

    Args:
        function: without a body yet.
        registers: of the processor.
    """

    def __init__(self, function: ir.Function, registers: Registers):
        self.module: ir.Module = function.module
        self.name: str = function.name
        self.arguments = function.args
        self.registers = registers
        self.vector = ir.VectorType(F32, registers.lanes)
        self.build = ir.IRBuilder(function.append_basic_block("entry"))

    # numbers and addresses

    def integer(self, value: Index) -> Any:
        """An i64."""
        return I64(value) if isinstance(value, int) else value

    def sum(self, *terms: Index) -> Any:
        """Of integers."""
        total = self.integer(terms[0])
        for term in terms[1:]:
            total = self.build.add(total, self.integer(term))
        return total

    def times(self, value: Index, factor: int) -> Any:
        """A product with a number that is known now."""
        return value * factor if isinstance(value, int) else self.build.mul(value, I64(factor))

    def least(self, one: Index, other: Index) -> Any:
        """The smaller of two."""
        one, other = self.integer(one), self.integer(other)
        return self.build.select(self.build.icmp_signed("<", one, other), one, other)

    def at(self, base: Any, *offsets: Index) -> Any:
        """The address so many floats on."""
        for offset in offsets:
            base = self.build.gep(base, [self.integer(offset)], source_etype=F32)
        return base

    def buffer(self, number: int) -> Any:
        """An address out of the task's second argument, see `calling`."""
        return self.build.load(self.build.gep(self.arguments[1], [I64(number)], source_etype=POINTER), typ=POINTER)

    def size(self, number: int, axis: int, buffers: int) -> Any:
        """The size of an array of the call along an axis, where the call has so many arrays."""
        sizes = self.buffer(buffers + number)
        return self.build.load(self.build.gep(sizes, [I64(axis)], source_etype=I64), typ=I64)

    # loops

    @contextmanager
    def loop(self, stop: Index, start: Index = 0) -> Generator[Any]:
        """From `start` to below `stop`, at least one round."""
        build = self.build
        before, body, after = build.block, build.append_basic_block(), build.append_basic_block()
        build.branch(body)
        build.position_at_end(body)
        number = build.phi(I64)
        number.add_incoming(self.integer(start), before)
        yield number
        following = build.add(number, I64(1))
        number.add_incoming(following, build.block)
        build.cbranch(build.icmp_signed("<", following, self.integer(stop)), body, after)
        build.position_at_end(after)

    @contextmanager
    def loop_if_any(self, stop: Index, start: Index = 0) -> Generator[Any]:
        """From `start` to below `stop`, perhaps no round."""
        with (
            self.build.if_then(self.build.icmp_signed("<", self.integer(start), self.integer(stop))),
            self.loop(stop, start) as number,
        ):
            yield number

    def vectors(self, floats: int, act: Callable[[Index, int], None]) -> None:
        """Do something with each vector of a row of so many floats: (first place, floats of it)."""
        whole, rest = divmod(floats, self.registers.lanes)
        with self.loop_if_any(whole) as number:
            act(self.times(number, self.registers.lanes), self.registers.lanes)
        if rest:
            act(whole * self.registers.lanes, rest)

    # memory

    def load(self, address: Any, floats: int | None = None) -> Any:
        """A vector, from any address; where a number is given, only so many floats are read, and the rest is 0."""
        if floats is None or floats >= self.registers.lanes:
            return self.build.load(address, align=FLOAT_BYTES, typ=self.vector)
        nothing, mask = ir.Constant(self.vector, None), self._first(floats)
        name = f"llvm.masked.load.v{self.registers.lanes}f32.p0"
        load = self.declared(name, self.vector, [POINTER, I32, mask.type, self.vector])
        return self.build.call(load, [address, I32(FLOAT_BYTES), mask, nothing])

    def store(self, value: Any, address: Any, floats: int | None = None) -> None:
        """A vector, to any address; only its first floats where a number is given."""
        if floats is None or floats >= self.registers.lanes:
            self.build.store(value, address, align=FLOAT_BYTES)
            return
        mask = self._first(floats)
        name = f"llvm.masked.store.v{self.registers.lanes}f32.p0"
        store = self.declared(name, VOID, [self.vector, POINTER, I32, mask.type])
        self.build.call(store, [value, address, I32(FLOAT_BYTES), mask])

    def _first(self, floats: int) -> Any:
        lanes = self.registers.lanes
        return ir.Constant(ir.VectorType(I1, lanes), [lane < floats for lane in range(lanes)])

    def spread(self, address: Any) -> Any:
        """One float, in every lane."""
        return self.spread_value(self.build.load(address, typ=F32))

    def spread_value(self, value: Any) -> Any:
        """One float, in every lane."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = self.build.insert_element(nothing, value, I32(0))
        return self.build.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(I32, self.registers.lanes), None))

    def only(self, value: Any, floats: int, otherwise: float = 0.0) -> Any:
        """A vector with its first floats, and a number in the other lanes."""
        if floats >= self.registers.lanes:
            return value
        return self.build.select(
            self._first(floats), value, ir.Constant(self.vector, [otherwise] * self.registers.lanes)
        )

    def sum_of(self, value: Any) -> Any:
        """Of the lanes."""
        add = self.declared(f"llvm.vector.reduce.fadd.v{self.registers.lanes}f32", F32, [F32, self.vector])
        return self.build.call(add, [F32(0.0), value], fastmath=("reassoc",))

    def largest_of(self, value: Any) -> Any:
        """Of the lanes."""
        most = f"llvm.vector.reduce.fmax.v{self.registers.lanes}f32"
        return self.call(self.declared(most, F32, [self.vector]), value)

    def zeros(self, address: Any, floats: Index) -> None:
        """Fill with 0."""
        fill = self.declared("llvm.memset.p0.i64", VOID, [POINTER, I8, I64, I1])
        self.build.call(fill, [address, I8(0), self.integer(self.times(floats, FLOAT_BYTES)), I1(0)])

    def copy(self, target: Any, source: Any, floats: Index) -> None:
        """Copy floats that do not overlap."""
        move = self.declared("llvm.memcpy.p0.p0.i64", VOID, [POINTER, POINTER, I64, I1])
        self.build.call(move, [target, source, self.integer(self.times(floats, FLOAT_BYTES)), I1(0)])

    def room(self, floats: int) -> Any:
        """Memory for so many floats; give it back with `give_back`."""
        return self.build.call(self.module.get_global("malloc"), [I64(floats * FLOAT_BYTES)])

    def give_back(self, room: Any) -> None:
        """Free what `room` gave."""
        self.build.call(self.module.get_global("free"), [room])

    def variable(self, kind: Any) -> Any:
        """The address of a variable of this function."""
        with self.build.goto_entry_block():
            return self.build.alloca(kind)

    # functions

    def declared(self, name: str, result: Any, arguments: Sequence[Any]) -> Any:
        """A function of LLVM's own or of the C library."""
        return declared(self.module, name, result, arguments)

    def call(self, function: Any, *arguments: Any) -> Any:
        """Call a function of the module."""
        return self.build.call(function, list(arguments))

    def fused(self, one: Any, other: Any, added: Any) -> Any:
        """The sum one * other + added, rounded once."""
        name = f"llvm.fma.v{self.registers.lanes}f32"
        return self.build.call(self.declared(name, self.vector, [self.vector] * 3), [one, other, added])

    # the tile

    def tile(
        self,
        left: Any,
        right: Any,
        result: Any,
        *,
        rows: int,
        columns: int,
        left_row: int,
        result_row: int,
        runs: Sequence[Run],
        add: bool = False,
        start: Any = None,
        relu: bool = False,
    ) -> None:
        """result[m, n] = sum over the runs of left[m] * right[n], held in registers all the while.

        Args:
            left: address of the number of row 0.
            right: address of column 0.
            result: address of row 0 and column 0.
            rows: m.
            columns: n; see `Registers.widths`.
            left_row: floats from one row to the next in the left array.
            result_row: the same in the result.
            runs: the loops, outermost first.
            add: to what stands in the result already.
            start: address of a row of columns to add to every row, or None.
            relu: put 0 in the place of what is below 0.
        """
        lanes = self.registers.lanes
        vectors = [(v * lanes, min(lanes, columns - v * lanes)) for v in range(-(-columns // lanes))]
        sums = {(m, place): self.variable(self.vector) for m in range(rows) for place, _ in vectors}
        for m in range(rows):
            for place, floats in vectors:
                before = self.at(result, m * result_row + place) if add else self.at(start, place) if start else None
                begin = ir.Constant(self.vector, None) if before is None else self.load(before, floats)
                self.build.store(begin, sums[m, place])

        def nested(left: Any, right: Any, runs: Sequence[Run]) -> None:
            if runs:
                with self.loop(runs[0].rounds) as i:
                    steps = self.times(i, runs[0].left), self.times(i, runs[0].right)
                    nested(self.at(left, steps[0]), self.at(right, steps[1]), runs[1:])
                return
            across = {place: self.load(self.at(right, place), floats) for place, floats in vectors}
            for m in range(rows):
                number = self.spread(self.at(left, m * left_row))
                for place, vector in across.items():
                    before = self.build.load(sums[m, place], typ=self.vector)
                    self.build.store(self.fused(number, vector, before), sums[m, place])

        if not any(isinstance(run.rounds, int) and run.rounds == 0 for run in runs):
            nested(left, right, [run for run in runs if run.rounds != 1])
        for m in range(rows):
            for place, floats in vectors:
                total = self.build.load(sums[m, place], typ=self.vector)
                if relu:
                    nothing = ir.Constant(self.vector, None)
                    total = self.build.select(self.build.fcmp_ordered("<", total, nothing), nothing, total)
                self.store(total, self.at(result, m * result_row + place), floats)


def declared(module: ir.Module, name: str, result: Any, arguments: Sequence[Any]) -> Any:
    """A function whose body stands elsewhere."""
    return module.globals.get(name) or ir.Function(module, ir.FunctionType(result, arguments), name)


def new_module() -> ir.Module:
    """A module that may ask for memory; `calling` declares the same."""
    module = ir.Module("kernel")
    declared(module, "malloc", POINTER, [I64])
    declared(module, "free", VOID, [POINTER])
    return module


def new_task(module: ir.Module, registers: Registers, name: str = "run") -> Emitter:
    """A function that runs one task of a phase, see `calling`."""
    function = ir.Function(module, ir.FunctionType(VOID, [I64, POINTER]), name)
    function.linkage = "internal"
    return Emitter(function, registers)


def new_part(module: ir.Module, registers: Registers, name: str, arguments: Sequence[Any]) -> tuple[Any, Emitter]:
    """A function that tasks call."""
    function = ir.Function(module, ir.FunctionType(VOID, arguments), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    return function, Emitter(function, registers)
