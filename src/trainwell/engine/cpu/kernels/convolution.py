"""Convolutions over two axes, and both of their gradients, as tiles of multiply-adds over the arrays as they stand.

No patches are gathered: with the channels last, the numbers under one row of the window lie side by side, and so do a
filter's. One tile makes some output columns times some filters, and sums over window rows, window columns and channels
while its sums stay in registers (direct convolution; Georganas et al. 2018, "Anatomy of high-performance deep learning
convolutions on SIMD architectures", section II). Padding is done on the way, in a small copy of the rows at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from trainwell.engine.cpu.kernels import calling as calls
from trainwell.engine.cpu.kernels.calling import calling
from trainwell.engine.cpu.kernels.emitter import (
    I64,
    POINTER,
    Emitter,
    Index,
    Run,
    new_module,
    new_part,
    new_task,
)
from trainwell.engine.cpu.kernels.registers import Registers, even_parts

COPIED_FLOATS = 1 << 15  # of the padded rows that a task works on: half of a small second-level cache
PARTIAL_FLOATS = 1 << 18  # of all partial sums of a kernel's gradient
MOST_PARTIAL_SUMS, LEAST_PARTIAL_SUMS = 16, 4


class Phase(NamedTuple):
    """Output places that see the same part of the window: all of them, but where zeros stand between the inputs.

    Attributes:
        first: output place of the first.
        outputs: how many.
        base: input place under the first one's first window place; negative in the padding.
        taps: window places that meet inputs.
        kernel_first: the first of these.
        kernel_step: from one to the next.
        step: from one to the next in the input.
    """

    first: int
    outputs: int
    base: int
    taps: int
    kernel_first: int
    kernel_step: int
    step: int

    @property
    def last(self) -> int:
        """Input place under the first one's last window place."""
        return self.base + max(self.taps - 1, 0) * self.step


@dataclass(frozen=True)
class Axis:
    """One axis of a convolution.

    Attributes:
        length: of the input.
        kernel: of the window.
        output: of the result.
        stride: inputs from one window to the next.
        dilation: inputs from one window place to the next.
        spread: places from one input to the next, zeros between them (a transposed convolution's stride); more than 1
            only where stride and dilation are 1.
        low: padding before the input.
    """

    length: int
    kernel: int
    output: int
    stride: int = 1
    dilation: int = 1
    spread: int = 1
    low: int = 0

    def phases(self) -> list[Phase]:
        """Every output place, in `spread` groups."""
        if self.spread == 1:
            return [Phase(0, self.output, -self.low, self.kernel, 0, 1, self.dilation)]
        found: list[Phase] = []
        for first in range(min(self.spread, self.output)):
            met = [place for place in range(self.kernel) if (first - self.low + place) % self.spread == 0]
            base = (first - self.low + met[0]) // self.spread if met else 0
            count = -(-(self.output - first) // self.spread)
            found.append(Phase(first, count, base, len(met), met[0] if met else 0, self.spread, 1))
        return found

    @property
    def reach(self) -> tuple[int, int]:
        """(first, last) input place under any window of the first output of each phase."""
        phases = self.phases()
        return min(phase.base for phase in phases), max(phase.last for phase in phases)

    @property
    def places(self) -> int:
        """Outputs of the longest phase."""
        return max(phase.outputs for phase in self.phases())

    def inputs(self, places: int) -> int:
        """Input places from the first to the last under so many neighbouring windows."""
        first, last = self.reach
        return (places - 1) * self.stride + last - first + 1

    @property
    def inside(self) -> bool:
        """Whether no window leaves the input."""
        first, _ = self.reach
        return first >= 0 and first + self.inputs(self.places) <= self.length


@dataclass(frozen=True)
class Convolution:
    """Input (batch, rows, columns, channels), kernel (rows, columns, channels, filters), all float32.

    Attributes:
        rows: the first axis.
        columns: the second.
        channels: of the input.
        filters: channels of the result.
        biased: whether a bias (filters) is added to the result.
        relu: whether the result is 0 where it would be below 0.
    """

    rows: Axis
    columns: Axis
    channels: int
    filters: int
    biased: bool = False
    relu: bool = False


class Band:
    """The rows of one image that a task works on, padded.

    Where no window leaves the input, the input itself is read.
    """

    def __init__(self, shape: Convolution):
        self.shape = shape
        rows, columns = shape.rows, shape.columns
        self.copied = not (rows.inside and columns.inside)
        self.width = columns.inputs(columns.places) if self.copied else columns.length
        row = max(1, columns.inputs(columns.places) * shape.channels)
        fitting = (COPIED_FLOATS // row - rows.inputs(1)) // rows.stride + 1
        self.height = min(max(fitting, 1), rows.places)
        self.count = -(-rows.places // self.height)
        self.floats = rows.inputs(self.height) * self.width * shape.channels if self.copied else 0

    @contextmanager
    def read(self, emit: Emitter, image: Any, first: Any, room: Any):
        """The address of the first window place of the first output row of a band, column 0.

        Args:
            emit: of the task.
            image: address of the image.
            first: output row of the phases at which the band begins.
            room: of `floats` floats, if the rows are copied.
        """
        shape, (top, _), (left, _) = self.shape, self.shape.rows.reach, self.shape.columns.reach
        row_floats = shape.columns.length * shape.channels
        start = emit.sum(emit.times(first, shape.rows.stride), top)
        if not self.copied:
            yield emit.at(image, emit.times(start, row_floats), left * shape.channels)
            return
        build, kept = emit.build, self.width * shape.channels
        before, skipped = max(0, -left), max(0, left)
        middle = max(0, min(shape.columns.length, left + self.width) - skipped)
        after = self.width - before - middle
        with emit.loop(shape.rows.inputs(self.height)) as place:
            row = emit.sum(start, place)
            target = emit.at(room, emit.times(place, kept))
            exists = build.icmp_unsigned("<", row, I64(shape.rows.length))
            with build.if_else(exists) as (there, outside):
                with there:
                    if before:
                        emit.zeros(target, before * shape.channels)
                    if middle:
                        source = emit.at(image, emit.times(row, row_floats), skipped * shape.channels)
                        emit.copy(emit.at(target, before * shape.channels), source, middle * shape.channels)
                    if after:
                        emit.zeros(emit.at(target, (before + middle) * shape.channels), after * shape.channels)
                with outside:
                    emit.zeros(target, kept)
        yield room


def forward(shape: Convolution, registers: Registers) -> str:
    """(input, kernel[, bias]) -> result (batch, rows, columns, filters).

    With `spread` inputs it is the gradient of a convolution with strides.
    """
    module = new_module()
    emit = new_task(module, registers)
    rows, columns, channels, filters = shape.rows, shape.columns, shape.channels, shape.filters
    (top, _), (left, _) = rows.reach, columns.reach
    band = Band(shape)
    kernel_column = channels * filters
    parts: dict[Any, Callable[..., Any]] = {}

    def part(row: Phase, column: Phase, size: int, width: int) -> Callable[..., Any]:
        key = (row.taps, column.taps, size, width)
        if key not in parts:
            function, inner = new_part(module, registers, f"tile{len(parts)}", [POINTER] * 4)
            down = Run(row.taps, row.step * band.width * channels, row.kernel_step * columns.kernel * kernel_column)
            if column.step == 1 and column.kernel_step == 1:
                across = [Run(column.taps * channels, 1, filters)]
            else:
                across = [
                    Run(column.taps, column.step * channels, column.kernel_step * kernel_column),
                    Run(channels, 1, filters),
                ]
            inner.tile(
                *function.args[:3],
                rows=size,
                columns=width,
                left_row=columns.stride * channels,
                result_row=columns.spread * filters,
                runs=[down, *across],
                start=function.args[3] if shape.biased else None,
                relu=shape.relu,
            )
            inner.build.ret_void()
            parts[key] = lambda *given: emit.call(function, *given)
        return parts[key]

    image, number = divided(emit, emit.arguments[0], band.count)
    first = emit.times(number, band.height)
    source = emit.at(emit.buffer(0), emit.times(image, rows.length * columns.length * channels))
    target = emit.at(emit.buffer(2 + shape.biased), emit.times(image, rows.output * columns.output * filters))
    bias = emit.buffer(2)  # the result itself where there is none: not read then
    room = emit.room(band.floats) if band.copied else None
    with band.read(emit, source, first, room) as inputs:
        for row in rows.phases():
            last = emit.least(emit.sum(first, band.height), row.outputs)
            for column in columns.phases():
                kernel = emit.at(
                    emit.buffer(1), (row.kernel_first * columns.kernel + column.kernel_first) * kernel_column
                )
                offset = ((row.base - top) * band.width + column.base - left) * channels
                for start, vectors, width in registers.widths(filters):
                    with emit.loop_if_any(last, first) as place:
                        within = emit.build.sub(place, first)
                        under = emit.at(inputs, offset, emit.times(within, rows.stride * band.width * channels))
                        made = emit.sum(emit.times(place, rows.spread), row.first)
                        line = emit.at(target, emit.times(made, columns.output * filters), column.first * filters)
                        for begin, size, count in even_parts(column.outputs, registers.most_rows(vectors)):
                            with emit.loop(count) as i:
                                along = emit.sum(emit.times(i, size), begin)
                                part(row, column, size, width)(
                                    emit.at(under, emit.times(along, columns.stride * channels)),
                                    emit.at(kernel, start),
                                    emit.at(line, emit.times(along, columns.spread * filters), start),
                                    emit.at(bias, start),
                                )
    if room is not None:
        emit.give_back(room)
    emit.build.ret_void()
    return str(module) + calling(2 + shape.biased, 1, [calls.Phase(each=band.count)])


def kernel_gradient(shape: Convolution, registers: Registers) -> str:
    """(input, gradient of the result) -> gradient of the kernel, and partial sums of it (parts, *kernel).

    The parts are the tasks: each sums over a share of the batch's rows, so the sums do not depend on the threads.
    """
    module = new_module()
    emit = new_task(module, registers)
    rows, columns, channels, filters = shape.rows, shape.columns, shape.channels, shape.filters
    band = Band(shape)
    line = columns.kernel * channels * filters  # of the kernel: one row of the window
    merged = columns.dilation == 1  # neighbouring window places are neighbouring inputs
    spans, span = (1, columns.kernel * channels) if merged else (columns.kernel, channels)
    parts: dict[Any, Any] = {}

    def part(size: int, width: int) -> Any:
        if (size, width) not in parts:
            function, inner = new_part(module, registers, f"tile{len(parts)}", [POINTER] * 3 + [I64])
            left, right, result, count = function.args
            inner.tile(
                left,
                right,
                result,
                rows=size,
                columns=width,
                left_row=1,
                result_row=filters,
                runs=[
                    Run(count, rows.stride * band.width * channels, columns.output * filters),
                    Run(columns.output, columns.stride * channels, filters),
                ],
                add=True,
            )
            inner.build.ret_void()
            parts[size, width] = function
        return parts[size, width]

    task = emit.arguments[0]
    shares, units = emit.size(3, 0, 4), emit.times(emit.size(0, 0, 4), band.count)

    def share(number: Index) -> Any:
        return emit.build.sdiv(emit.build.mul(emit.integer(number), units), shares)

    result = emit.at(emit.buffer(3), emit.times(task, rows.kernel * line))
    emit.zeros(result, rows.kernel * line)
    room = emit.room(band.floats) if band.copied else None
    with emit.loop_if_any(share(emit.sum(task, 1)), share(task)) as unit:
        image, number = divided(emit, unit, band.count)
        first = emit.times(number, band.height)
        count = emit.build.sub(emit.least(emit.sum(first, band.height), rows.output), first)
        source = emit.at(emit.buffer(0), emit.times(image, rows.length * columns.length * channels))
        made = emit.sum(emit.times(image, rows.output), first)
        gradient = emit.at(emit.buffer(1), emit.times(made, columns.output * filters))
        with band.read(emit, source, first, room) as inputs:
            for start, vectors, width in registers.widths(filters):
                with emit.loop(rows.kernel) as down, emit.loop(spans) as across:
                    under = emit.at(inputs, emit.times(down, rows.dilation * band.width * channels))
                    under = emit.at(under, emit.times(across, columns.dilation * channels))
                    kernel = emit.at(result, emit.times(down, line), emit.times(across, span * filters), start)
                    for begin, size, repeats in even_parts(span, registers.most_rows(vectors)):
                        with emit.loop(repeats) as i:
                            along = emit.sum(emit.times(i, size), begin)
                            emit.call(
                                part(size, width),
                                emit.at(under, along),
                                emit.at(gradient, start),
                                emit.at(kernel, emit.times(along, filters)),
                                count,
                            )
    if room is not None:
        emit.give_back(room)
    emit.build.ret_void()

    add_parts(new_task(module, registers, "add"), line)
    return str(module) + calling(2, 2, [calls.Phase(buffer=3), calls.Phase(buffer=2, run="add")])


def add_parts(emit: Emitter, line: int) -> None:
    """A task: sum one row of the kernel's window, so many floats, over the parts in their order."""
    lanes, total = emit.registers.lanes, emit.variable(emit.vector)
    whole = emit.build.mul(emit.size(2, 0, 4), I64(line))
    offset = emit.times(emit.arguments[0], line)

    def add(place: Any, floats: int) -> None:
        emit.build.store(emit.load(emit.at(emit.buffer(3), place), floats), total)
        with emit.loop_if_any(emit.size(3, 0, 4), 1) as number:
            more = emit.load(emit.at(emit.buffer(3), place, emit.build.mul(number, whole)), floats)
            emit.build.store(emit.build.fadd(emit.build.load(total, typ=emit.vector), more), total)
        emit.store(emit.build.load(total, typ=emit.vector), emit.at(emit.buffer(2), place), floats)

    with emit.loop_if_any(line // lanes) as i:
        add(emit.sum(offset, emit.times(i, lanes)), lanes)
    if line % lanes:
        add(emit.sum(offset, line - line % lanes), line % lanes)
    emit.build.ret_void()


def partial_sums(shape: Convolution, images: int) -> int:
    """Into how many parts the gradient of the kernel is best summed."""
    floats = shape.rows.kernel * shape.columns.kernel * shape.channels * shape.filters
    wanted = min(max(PARTIAL_FLOATS // floats, LEAST_PARTIAL_SUMS), MOST_PARTIAL_SUMS)
    return min(wanted, images * Band(shape).count)


def divided(emit: Emitter, number: Any, divisor: int) -> tuple[Any, Any]:
    """Quotient and remainder."""
    if divisor == 1:
        return number, emit.integer(0)
    return emit.build.sdiv(number, I64(divisor)), emit.build.srem(number, I64(divisor))
