"""Layer normalisation in one pass over the rows, and the sums over a batch that batch normalisation needs.

Arrays are (rows, channels) float32, all other axes in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainwell.engine.cpu.kernels.calling import Phase, calling
from trainwell.engine.cpu.kernels.emitter import F32, I64, Emitter, Index, new_module, new_task
from trainwell.engine.cpu.kernels.functions import constant
from trainwell.engine.cpu.kernels.registers import Registers

CHUNK_FLOATS = 1 << 14  # that a task goes through twice: a first-level cache and a half


@dataclass(frozen=True)
class Rows:
    """The sizes.

    Attributes:
        rows: of the array.
        channels: of a row.
        epsilon: added to the variance.
    """

    rows: int
    channels: int
    epsilon: float = 0.0

    @property
    def chunk(self) -> int:
        """Rows of a task."""
        return max(1, min(self.rows, CHUNK_FLOATS // self.channels))

    @property
    def tasks(self) -> int:
        """How many chunks there are."""
        return -(-self.rows // self.chunk)


class _Chunk:
    """The rows of one task."""

    def __init__(self, shape: Rows, emit: Emitter):
        self.shape, self.emit = shape, emit
        self.first = emit.times(emit.arguments[0], shape.chunk)
        self.count: Index = emit.least(emit.build.sub(I64(shape.rows), self.first), shape.chunk)

    def of(self, buffer: int) -> Any:
        """Address of the first of these rows."""
        return self.emit.at(self.emit.buffer(buffer), self.emit.times(self.first, self.shape.channels))

    def own(self, buffer: int) -> Any:
        """Address of this task's row in an array (tasks, channels)."""
        return self.emit.at(self.emit.buffer(buffer), self.emit.times(self.emit.arguments[0], self.shape.channels))

    def add(self, value: Any, variable: Any) -> None:
        """To a variable."""
        build = self.emit.build
        build.store(build.fadd(build.load(variable, typ=self.emit.vector), value), variable)

    def mean(self, variable: Any) -> Any:
        """Of the row whose vectors were added to the variable, in every lane."""
        emit = self.emit
        total = emit.sum_of(emit.build.load(variable, typ=emit.vector))
        return emit.spread_value(emit.build.fmul(total, F32(1 / self.shape.channels)))


def _ended(module: Any, emit: Emitter, inputs: int, results: int, tasks_in: int) -> str:
    """Close the task; an array has a row for each."""
    emit.build.ret_void()
    return str(module) + calling(inputs, results, [Phase(buffer=tasks_in)])


def layer_forward(shape: Rows, registers: Registers) -> str:
    """(x, gamma, beta) -> (result, mean and one over the deviation of each row (chunks, 2, rows of a chunk))."""
    module = new_module()
    emit = new_task(module, registers)
    chunk, build = _Chunk(shape, emit), emit.build
    source, gamma, beta, result = chunk.of(0), emit.buffer(1), emit.buffer(2), chunk.of(3)
    facts = emit.at(emit.buffer(4), emit.times(emit.arguments[0], 2 * shape.chunk))
    total = emit.variable(emit.vector)
    root = emit.declared("llvm.sqrt.f32", F32, [F32])
    with emit.loop(chunk.count) as row:
        given = emit.at(source, emit.times(row, shape.channels))
        made = emit.at(result, emit.times(row, shape.channels))
        build.store(constant(emit, 0.0), total)
        emit.vectors(
            shape.channels, lambda at, floats, given=given: chunk.add(emit.load(emit.at(given, at), floats), total)
        )
        mean = chunk.mean(total)
        build.store(constant(emit, 0.0), total)

        def spread(at: Index, floats: int, given: Any = given, mean: Any = mean) -> None:
            away = emit.only(build.fsub(emit.load(emit.at(given, at), floats), mean), floats)
            chunk.add(build.fmul(away, away), total)

        emit.vectors(shape.channels, spread)
        variance = build.extract_element(chunk.mean(total), I64(0))
        inverse = build.fdiv(F32(1.0), emit.call(root, build.fadd(variance, F32(shape.epsilon))))
        build.store(build.extract_element(mean, I64(0)), emit.at(facts, row))
        build.store(inverse, emit.at(facts, row, shape.chunk))
        factor = emit.spread_value(inverse)

        def scaled(
            at: Index, floats: int, given: Any = given, made: Any = made, mean: Any = mean, factor: Any = factor
        ) -> None:
            unit = build.fmul(build.fsub(emit.load(emit.at(given, at), floats), mean), factor)
            moved = emit.fused(unit, emit.load(emit.at(gamma, at), floats), emit.load(emit.at(beta, at), floats))
            emit.store(moved, emit.at(made, at), floats)

        emit.vectors(shape.channels, scaled)
    return _ended(module, emit, 3, 2, 4)


def layer_back(shape: Rows, registers: Registers) -> str:
    """(x, gamma, facts of the rows, gradient) -> gradient of x, those of gamma and beta in parts (chunks, channels)."""
    module = new_module()
    emit = new_task(module, registers)
    chunk, build = _Chunk(shape, emit), emit.build
    source, gamma, given = chunk.of(0), emit.buffer(1), chunk.of(3)
    facts = emit.at(emit.buffer(2), emit.times(emit.arguments[0], 2 * shape.chunk))
    result, to_gamma, to_beta = chunk.of(4), chunk.own(5), chunk.own(6)
    emit.zeros(to_gamma, shape.channels)
    emit.zeros(to_beta, shape.channels)
    plain, along = emit.variable(emit.vector), emit.variable(emit.vector)
    with emit.loop(chunk.count) as row:
        offset = emit.times(row, shape.channels)
        x, gradient, made = emit.at(source, offset), emit.at(given, offset), emit.at(result, offset)
        mean, inverse = emit.spread(emit.at(facts, row)), emit.spread(emit.at(facts, row, shape.chunk))
        for variable in (plain, along):
            build.store(constant(emit, 0.0), variable)

        def read(
            at: Index, floats: int, x: Any = x, gradient: Any = gradient, mean: Any = mean, inverse: Any = inverse
        ):
            unit = emit.only(build.fmul(build.fsub(emit.load(emit.at(x, at), floats), mean), inverse), floats)
            return unit, emit.load(emit.at(gradient, at), floats)

        def gather(at: Index, floats: int, read: Any = read) -> None:
            unit, slope = read(at, floats)
            for address, more in ((to_gamma, build.fmul(slope, unit)), (to_beta, slope)):
                place = emit.at(address, at)
                emit.store(build.fadd(emit.load(place, floats), more), place, floats)
            weighted = build.fmul(slope, emit.load(emit.at(gamma, at), floats))
            chunk.add(weighted, plain)
            chunk.add(build.fmul(weighted, unit), along)

        emit.vectors(shape.channels, gather)
        level, tilt = chunk.mean(plain), chunk.mean(along)

        def back(
            at: Index, floats: int, read: Any = read, made: Any = made, parts: Any = (level, tilt, inverse)
        ) -> None:
            level, tilt, inverse = parts
            unit, slope = read(at, floats)
            weighted = build.fmul(slope, emit.load(emit.at(gamma, at), floats))
            rest = build.fsub(build.fsub(weighted, level), build.fmul(unit, tilt))
            emit.store(build.fmul(rest, inverse), emit.at(made, at), floats)

        emit.vectors(shape.channels, back)
    return _ended(module, emit, 4, 3, 5)


def moments(shape: Rows, registers: Registers) -> str:
    """(x) -> for each chunk of rows, its mean and its sum of squared differences from that, each (chunks, channels)."""
    module = new_module()
    emit = new_task(module, registers)
    chunk, build = _Chunk(shape, emit), emit.build
    source, means, squares = chunk.of(0), chunk.own(1), chunk.own(2)
    total = emit.variable(emit.vector)
    one_over = build.fdiv(F32(1.0), build.sitofp(chunk.count, F32))

    def column(at: Index, floats: int) -> None:
        def gather(act: Any) -> Any:
            build.store(constant(emit, 0.0), total)
            with emit.loop(chunk.count) as row:
                act(emit.load(emit.at(source, emit.times(row, shape.channels), at), floats))
            return build.load(total, typ=emit.vector)

        mean = build.fmul(gather(lambda value: chunk.add(value, total)), emit.spread_value(one_over))

        def square(value: Any) -> None:
            away = build.fsub(value, mean)
            chunk.add(build.fmul(away, away), total)

        emit.store(mean, emit.at(means, at), floats)
        emit.store(gather(square), emit.at(squares, at), floats)

    emit.vectors(shape.channels, column)
    return _ended(module, emit, 1, 2, 1)


def channel_sums(shape: Rows, registers: Registers) -> str:
    """(x, mean (channels), gradient) -> sums over chunks of gradient, and of gradient times (x - mean)."""
    module = new_module()
    emit = new_task(module, registers)
    chunk, build = _Chunk(shape, emit), emit.build
    source, mean, given, plain, along = chunk.of(0), emit.buffer(1), chunk.of(2), chunk.own(3), chunk.own(4)
    totals = emit.variable(emit.vector), emit.variable(emit.vector)

    def column(at: Index, floats: int) -> None:
        middle = emit.load(emit.at(mean, at), floats)
        for variable in totals:
            build.store(constant(emit, 0.0), variable)
        with emit.loop(chunk.count) as row:
            offset = emit.times(row, shape.channels)
            slope = emit.load(emit.at(given, offset, at), floats)
            away = build.fsub(emit.load(emit.at(source, offset, at), floats), middle)
            chunk.add(slope, totals[0])
            chunk.add(build.fmul(slope, away), totals[1])
        for variable, address in zip(totals, (plain, along), strict=True):
            emit.store(build.load(variable, typ=emit.vector), emit.at(address, at), floats)

    emit.vectors(shape.channels, column)
    return _ended(module, emit, 3, 2, 3)
