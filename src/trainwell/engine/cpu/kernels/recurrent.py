"""Recurrent layers: all time steps of some samples in one go, forward and back through time.

Inputs (batch, steps, channels), states (batch, steps + 1, units) of which the first is the initial one, all float32.
A task takes a few samples through the whole sequence, so their state stays in the cache, and nothing has to be called
between two steps. Gates stand side by side in Keras's order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainwell.engine.cpu.kernels.calling import Phase, calling
from trainwell.engine.cpu.kernels.emitter import I64, Emitter, Index, new_module, new_task
from trainwell.engine.cpu.kernels.functions import constant, sigmoid, tanh
from trainwell.engine.cpu.kernels.product import Products
from trainwell.engine.cpu.kernels.registers import Registers

SAMPLES = 8  # of a task: two tiles of rows, and a small batch still gives work to several threads


@dataclass(frozen=True)
class Sizes:
    """The sizes of a layer.

    Attributes:
        steps: of the sequences.
        channels: of the inputs.
        units: of the state.
    """

    steps: int
    channels: int
    units: int


class _Samples:
    """The samples of one task."""

    def __init__(self, sizes: Sizes, emit: Emitter, arrays: int):
        self.sizes, self.emit = sizes, emit
        build = emit.build
        self.product = Products(emit)
        self.first = build.mul(emit.arguments[0], I64(SAMPLES))
        self.count = emit.least(build.sub(emit.size(0, 0, arrays), self.first), SAMPLES)

    def of(self, buffer: int, floats: int) -> Any:
        """Address of the first of these samples in an array with so many floats for each."""
        return self.emit.at(self.emit.buffer(buffer), self.emit.times(self.first, floats))

    def vectors(self, act: Any) -> None:
        """Do something with each vector of units of each sample: (sample, place, units of it)."""
        emit, lanes = self.emit, self.emit.registers.lanes
        whole, rest = divmod(self.sizes.units, lanes)
        with emit.loop(self.count) as sample:
            with emit.loop_if_any(whole) as i:
                act(sample, emit.times(i, lanes), lanes)
            if rest:
                act(sample, whole * lanes, rest)

    def begin(self, states: Any, initial: Any) -> None:
        """Put the initial state first."""
        emit, sizes = self.emit, self.sizes
        with emit.loop(self.count) as sample:
            target = emit.at(states, emit.times(sample, (sizes.steps + 1) * sizes.units))
            emit.copy(target, emit.at(initial, emit.times(sample, sizes.units)), sizes.units)

    def project(self, inputs: Any, kernel: Any, bias: Any, gates: Any, count: int) -> None:
        """Write inputs times kernel plus bias for all steps at once."""
        emit, sizes = self.emit, self.sizes
        wide = count * sizes.units
        with emit.loop(self.count) as sample:
            self.product(
                emit.at(inputs, emit.times(sample, sizes.steps * sizes.channels)),
                kernel,
                emit.at(gates, emit.times(sample, sizes.steps * wide)),
                rows=sizes.steps,
                columns=wide,
                depth=sizes.channels,
                left_row=sizes.channels,
                right_row=wide,
                result_row=wide,
                start=bias,
            )


class _Cursor:
    """Places in the arrays of a task at one time step."""

    def __init__(self, samples: _Samples, step: Index):
        self.samples, self.step = samples, step

    def state(self, states: Any, sample: Index, place: Index, after: int) -> Any:
        """Address in (samples, steps + 1, units): before this step (0) or after it (1)."""
        emit, sizes = self.samples.emit, self.samples.sizes
        at = emit.times(emit.sum(self.step, after), sizes.units)
        return emit.at(states, emit.times(sample, (sizes.steps + 1) * sizes.units), at, place)

    def gate(self, gates: Any, sample: Index, place: Index, number: int, count: int) -> Any:
        """Address in (samples, steps, count units) of a gate."""
        emit, sizes = self.samples.emit, self.samples.sizes
        wide = count * sizes.units
        return emit.at(
            gates,
            emit.times(sample, sizes.steps * wide),
            emit.times(self.step, wide),
            emit.sum(place, number * sizes.units),
        )


def _moved(cursor: _Cursor, states: Any, recurrent: Any, gates: Any, first: int, columns: int, wide: int) -> None:
    """Add the state before this step times the recurrent kernel (units, wide) to some columns of the gates."""
    samples, sizes = cursor.samples, cursor.samples.sizes
    emit = samples.emit
    samples.product(
        cursor.state(states, 0, 0, 0),
        emit.at(recurrent, first),
        emit.at(cursor.gate(gates, 0, 0, 0, wide // sizes.units), first),
        rows=samples.count,
        columns=columns,
        depth=sizes.units,
        left_row=(sizes.steps + 1) * sizes.units,
        right_row=wide,
        result_row=sizes.steps * wide,
        add=True,
    )


def _carried(cursor: _Cursor, changes: Any, turned: Any, target: Any, count: int, row: int = 0, **more: Any) -> None:
    """Write what the gates' changes at this step mean for the state before it: changes (gates) times turned kernel."""
    samples, sizes = cursor.samples, cursor.samples.sizes
    wide = count * sizes.units
    samples.product(
        cursor.gate(changes, 0, 0, 0, count),
        samples.emit.at(turned, row * sizes.units),
        target,
        rows=samples.count,
        columns=sizes.units,
        depth=more.pop("depth", wide),
        left_row=sizes.steps * wide,
        right_row=sizes.units,
        result_row=sizes.units,
        **more,
    )


def _ended(module: Any, emit: Emitter, inputs: int, results: int) -> str:
    emit.build.ret_void()
    return str(module) + calling(inputs, results, [Phase(together=SAMPLES)])


def simple_forward(sizes: Sizes, registers: Registers) -> str:
    """(inputs, kernel, recurrent kernel, bias, initial) -> (states), with tanh."""
    module = new_module()
    emit = new_task(module, registers)
    samples = _Samples(sizes, emit, 6)
    units, steps = sizes.units, sizes.steps
    states = samples.of(5, (steps + 1) * units)
    samples.begin(states, samples.of(4, units))
    inputs, kernel, recurrent, bias = samples.of(0, steps * sizes.channels), *map(emit.buffer, (1, 2, 3))
    with emit.loop(samples.count) as sample:
        samples.product(
            emit.at(inputs, emit.times(sample, steps * sizes.channels)),
            kernel,
            emit.at(states, emit.times(sample, (steps + 1) * units), units),
            rows=steps,
            columns=units,
            depth=sizes.channels,
            left_row=sizes.channels,
            right_row=units,
            result_row=units,
            start=bias,
        )
    with emit.loop(steps) as step:
        cursor = _Cursor(samples, step)
        samples.product(
            cursor.state(states, 0, 0, 0),
            recurrent,
            cursor.state(states, 0, 0, 1),
            rows=samples.count,
            columns=units,
            depth=units,
            left_row=(steps + 1) * units,
            right_row=units,
            result_row=(steps + 1) * units,
            add=True,
        )

        def act(sample: Index, place: Index, floats: int, cursor: _Cursor = cursor) -> None:
            address = cursor.state(states, sample, place, 1)
            emit.store(tanh(emit, emit.load(address, floats)), address, floats)

        samples.vectors(act)
    return _ended(module, emit, 5, 1)


def simple_back(sizes: Sizes, registers: Registers) -> str:
    """(states, turned recurrent kernel, gradient (batch, steps, units)) -> (changes, to the initial state).

    The changes are the gradient of what tanh is taken of, (batch, steps, units).
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = _Samples(sizes, emit, 5), emit.build
    units, steps = sizes.units, sizes.steps
    states, turned, given = samples.of(0, (steps + 1) * units), emit.buffer(1), samples.of(2, steps * units)
    changes, carried = samples.of(3, steps * units), samples.of(4, units)
    emit.zeros(carried, emit.times(samples.count, units))
    with emit.loop(steps) as number:
        cursor = _Cursor(samples, build.sub(I64(steps - 1), number))

        def act(sample: Index, place: Index, floats: int, cursor: _Cursor = cursor) -> None:
            state = emit.load(cursor.state(states, sample, place, 1), floats)
            later = emit.load(emit.at(carried, emit.times(sample, units), place), floats)
            change = build.fadd(emit.load(cursor.gate(given, sample, place, 0, 1), floats), later)
            slope = build.fsub(constant(emit, 1.0), build.fmul(state, state))
            emit.store(build.fmul(change, slope), cursor.gate(changes, sample, place, 0, 1), floats)

        samples.vectors(act)
        _carried(cursor, changes, turned, carried, 1)
    return _ended(module, emit, 3, 2)


def lstm_forward(sizes: Sizes, registers: Registers) -> str:
    """(inputs, kernel, recurrent kernel, bias, initial, initial cells) -> (states, cells, gates).

    Gates (batch, steps, 4 units): input, forget, candidate, output, after their activation.
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = _Samples(sizes, emit, 9), emit.build
    units, steps = sizes.units, sizes.steps
    inputs, kernel, recurrent, bias = samples.of(0, steps * sizes.channels), *map(emit.buffer, (1, 2, 3))
    states, cells = (samples.of(place, (steps + 1) * units) for place in (6, 7))
    gates = samples.of(8, steps * 4 * units)
    samples.begin(states, samples.of(4, units))
    samples.begin(cells, samples.of(5, units))
    samples.project(inputs, kernel, bias, gates, 4)
    with emit.loop(steps) as step:
        cursor = _Cursor(samples, step)
        _moved(cursor, states, recurrent, gates, 0, 4 * units, 4 * units)

        def act(sample: Index, place: Index, floats: int, cursor: _Cursor = cursor) -> None:
            addresses = [cursor.gate(gates, sample, place, number, 4) for number in range(4)]
            functions = (sigmoid, sigmoid, tanh, sigmoid)
            found = [
                function(emit, emit.load(address, floats))
                for function, address in zip(functions, addresses, strict=True)
            ]
            for value, address in zip(found, addresses, strict=True):
                emit.store(value, address, floats)
            enter, forget, candidate, show = found
            before = emit.load(cursor.state(cells, sample, place, 0), floats)
            cell = emit.fused(forget, before, build.fmul(enter, candidate))
            emit.store(cell, cursor.state(cells, sample, place, 1), floats)
            emit.store(build.fmul(show, tanh(emit, cell)), cursor.state(states, sample, place, 1), floats)

        samples.vectors(act)
    return _ended(module, emit, 6, 3)


def lstm_back(sizes: Sizes, registers: Registers) -> str:
    """(cells, gates, turned recurrent kernel, gradient, gradient of the last cells) -> changes and more.

    Results: changes of the gates before their activation (batch, steps, 4 units), to the initial state, to the initial
    cells.
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = _Samples(sizes, emit, 8), emit.build
    units, steps = sizes.units, sizes.steps
    cells, gates = samples.of(0, (steps + 1) * units), samples.of(1, steps * 4 * units)
    turned, given, given_cells = emit.buffer(2), samples.of(3, steps * units), samples.of(4, units)
    changes, carried, carried_cells = samples.of(5, steps * 4 * units), samples.of(6, units), samples.of(7, units)
    emit.zeros(carried, emit.times(samples.count, units))
    emit.copy(carried_cells, given_cells, emit.times(samples.count, units))
    one = constant(emit, 1.0)
    with emit.loop(steps) as number:
        cursor = _Cursor(samples, build.sub(I64(steps - 1), number))

        def act(sample: Index, place: Index, floats: int, cursor: _Cursor = cursor) -> None:
            enter, forget, candidate, show = (
                emit.load(cursor.gate(gates, sample, place, number, 4), floats) for number in range(4)
            )
            later, later_cells = (
                emit.at(address, emit.times(sample, units), place) for address in (carried, carried_cells)
            )
            change = build.fadd(emit.load(cursor.gate(given, sample, place, 0, 1), floats), emit.load(later, floats))
            shown = tanh(emit, emit.load(cursor.state(cells, sample, place, 1), floats))
            before = emit.load(cursor.state(cells, sample, place, 0), floats)
            slope = build.fsub(one, build.fmul(shown, shown))
            cell = emit.fused(build.fmul(change, show), slope, emit.load(later_cells, floats))

            def of_sigmoid(gate: Any) -> Any:
                return build.fmul(gate, build.fsub(one, gate))

            found = (
                build.fmul(build.fmul(cell, candidate), of_sigmoid(enter)),
                build.fmul(build.fmul(cell, before), of_sigmoid(forget)),
                build.fmul(build.fmul(cell, enter), build.fsub(one, build.fmul(candidate, candidate))),
                build.fmul(build.fmul(change, shown), of_sigmoid(show)),
            )
            for number, value in enumerate(found):
                emit.store(value, cursor.gate(changes, sample, place, number, 4), floats)
            emit.store(build.fmul(cell, forget), later_cells, floats)

        samples.vectors(act)
        _carried(cursor, changes, turned, carried, 4)
    return _ended(module, emit, 5, 3)


def gru_forward(sizes: Sizes, registers: Registers) -> str:
    """(inputs, kernel, recurrent kernel, bias, bias of the candidate, initial) -> (states, gates, inner).

    The reset gate acts after the product (Keras's `reset_after`). Gates (batch, steps, 3 units): update, reset,
    candidate, after their activation; inner (batch, steps, units): what the reset gate is multiplied with. The bias
    holds both biases of update and reset and the input's of the candidate.
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = _Samples(sizes, emit, 9), emit.build
    units, steps = sizes.units, sizes.steps
    inputs, kernel, recurrent, bias, inner_bias = (
        samples.of(0, steps * sizes.channels),
        *map(emit.buffer, (1, 2, 3, 4)),
    )
    states, gates = samples.of(6, (steps + 1) * units), samples.of(7, steps * 3 * units)
    inner = samples.of(8, steps * units)
    samples.begin(states, samples.of(5, units))
    samples.project(inputs, kernel, bias, gates, 3)
    one = constant(emit, 1.0)
    with emit.loop(steps) as step:
        cursor = _Cursor(samples, step)
        _moved(cursor, states, recurrent, gates, 0, 2 * units, 3 * units)
        samples.product(
            cursor.state(states, 0, 0, 0),
            emit.at(recurrent, 2 * units),
            cursor.gate(inner, 0, 0, 0, 1),
            rows=samples.count,
            columns=units,
            depth=units,
            left_row=(steps + 1) * units,
            right_row=3 * units,
            result_row=steps * units,
            start=inner_bias,
        )

        def act(sample: Index, place: Index, floats: int, cursor: _Cursor = cursor) -> None:
            update_at, reset_at, candidate_at = (cursor.gate(gates, sample, place, number, 3) for number in range(3))
            update, reset = (sigmoid(emit, emit.load(address, floats)) for address in (update_at, reset_at))
            within = emit.load(cursor.gate(inner, sample, place, 0, 1), floats)
            candidate = tanh(emit, emit.fused(reset, within, emit.load(candidate_at, floats)))
            before = emit.load(cursor.state(states, sample, place, 0), floats)
            after = emit.fused(update, before, build.fmul(build.fsub(one, update), candidate))
            for value, address in ((update, update_at), (reset, reset_at), (candidate, candidate_at)):
                emit.store(value, address, floats)
            emit.store(after, cursor.state(states, sample, place, 1), floats)

        samples.vectors(act)
    return _ended(module, emit, 6, 3)


def gru_back(sizes: Sizes, registers: Registers) -> str:
    """(states, gates, inner, turned recurrent kernel, gradient) -> (changes, changes of inner, to the initial state).

    The changes are those of the gates before their activation (batch, steps, 3 units), and of inner (batch, steps,
    units).
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = _Samples(sizes, emit, 8), emit.build
    units, steps = sizes.units, sizes.steps
    states, gates, inner = (
        samples.of(0, (steps + 1) * units),
        samples.of(1, steps * 3 * units),
        samples.of(2, steps * units),
    )
    turned, given = emit.buffer(3), samples.of(4, steps * units)
    changes, inner_changes = samples.of(5, steps * 3 * units), samples.of(6, steps * units)
    carried = samples.of(7, units)
    emit.zeros(carried, emit.times(samples.count, units))
    one = constant(emit, 1.0)
    with emit.loop(steps) as number:
        cursor = _Cursor(samples, build.sub(I64(steps - 1), number))

        def act(sample: Index, place: Index, floats: int, cursor: _Cursor = cursor) -> None:
            update, reset, candidate = (
                emit.load(cursor.gate(gates, sample, place, number, 3), floats) for number in range(3)
            )
            later = emit.at(carried, emit.times(sample, units), place)
            change = build.fadd(emit.load(cursor.gate(given, sample, place, 0, 1), floats), emit.load(later, floats))
            before = emit.load(cursor.state(states, sample, place, 0), floats)
            within = emit.load(cursor.gate(inner, sample, place, 0, 1), floats)

            def of_sigmoid(gate: Any) -> Any:
                return build.fmul(gate, build.fsub(one, gate))

            to_update = build.fmul(build.fmul(change, build.fsub(before, candidate)), of_sigmoid(update))
            slope = build.fsub(one, build.fmul(candidate, candidate))
            to_candidate = build.fmul(build.fmul(change, build.fsub(one, update)), slope)
            to_reset = build.fmul(build.fmul(to_candidate, within), of_sigmoid(reset))
            for number, value in enumerate((to_update, to_reset, to_candidate)):
                emit.store(value, cursor.gate(changes, sample, place, number, 3), floats)
            emit.store(build.fmul(to_candidate, reset), cursor.gate(inner_changes, sample, place, 0, 1), floats)
            emit.store(build.fmul(change, update), later, floats)

        samples.vectors(act)
        _carried(cursor, changes, turned, carried, 3, depth=2 * units, add=True)
        _carried(cursor, inner_changes, turned, carried, 1, row=2 * units, add=True)
    return _ended(module, emit, 5, 3)
