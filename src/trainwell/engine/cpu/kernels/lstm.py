"""An LSTM, see `recurrent`."""

from __future__ import annotations

from trainwell.engine.cpu.kernels.emitter import I64, Index, new_module, new_task
from trainwell.engine.cpu.kernels.functions import constant, sigmoid, slope_of_sigmoid, slope_of_tanh, tanh
from trainwell.engine.cpu.kernels.recurrent import Cursor, Samples, Sizes, add_moved, carry
from trainwell.engine.cpu.kernels.registers import Registers


def forward(sizes: Sizes, registers: Registers) -> str:
    """(inputs, kernel, recurrent kernel, bias, initial, initial cells) -> (states, cells, gates).

    Gates (batch, steps, 4 units): input, forget, candidate, output, after their activation.
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = Samples(sizes, emit, 6, 3), emit.build
    units, steps = sizes.units, sizes.steps
    inputs, kernel, recurrent, bias = samples.of(0, steps * sizes.channels), *map(emit.buffer, (1, 2, 3))
    states, cells = (samples.made(place, (steps + 1) * units) for place in (0, 1))
    gates = samples.made(2, steps * 4 * units)
    samples.begin(states, samples.of(4, units))
    samples.begin(cells, samples.of(5, units))
    samples.project(inputs, kernel, bias, gates, 4)
    with emit.loop(steps) as step:
        cursor = Cursor(samples, step)
        add_moved(cursor, states, recurrent, gates, 0, 4 * units, 4 * units)

        def act(sample: Index, place: Index, floats: int, cursor: Cursor = cursor) -> None:
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
            counts = samples.counts(sample, cursor.step)
            emit.store(samples.either(counts, cell, before), cursor.state(cells, sample, place, 1), floats)
            state = build.fmul(show, tanh(emit, cell))
            earlier = emit.load(cursor.state(states, sample, place, 0), floats)
            emit.store(samples.either(counts, state, earlier), cursor.state(states, sample, place, 1), floats)

        samples.vectors(act)
    return samples.ended(module)


def back(sizes: Sizes, registers: Registers) -> str:
    """(cells, gates, turned recurrent kernel, gradient, gradient of the last cells) -> changes and more.

    Results: changes of the gates before their activation (batch, steps, 4 units), to the initial state, to the initial
    cells.
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = Samples(sizes, emit, 5, 3), emit.build
    units, steps = sizes.units, sizes.steps
    cells, gates = samples.of(0, (steps + 1) * units), samples.of(1, steps * 4 * units)
    turned, given, given_cells = emit.buffer(2), samples.of(3, steps * units), samples.of(4, units)
    changes, carried, carried_cells = (
        samples.made(number, floats) for number, floats in enumerate((steps * 4 * units, units, units))
    )
    emit.zeros(carried, emit.times(samples.count, units))
    emit.copy(carried_cells, given_cells, emit.times(samples.count, units))
    with emit.loop(steps) as number:
        cursor = Cursor(samples, build.sub(I64(steps - 1), number))

        def act(sample: Index, place: Index, floats: int, cursor: Cursor = cursor) -> None:
            enter, forget, candidate, show = (
                emit.load(cursor.gate(gates, sample, place, number, 4), floats) for number in range(4)
            )
            later, later_cells = (
                emit.at(address, emit.times(sample, units), place) for address in (carried, carried_cells)
            )
            change = build.fadd(emit.load(cursor.gate(given, sample, place, 0, 1), floats), emit.load(later, floats))
            shown = tanh(emit, emit.load(cursor.state(cells, sample, place, 1), floats))
            before = emit.load(cursor.state(cells, sample, place, 0), floats)
            slope = slope_of_tanh(emit, shown)
            cell = emit.fused(build.fmul(change, show), slope, emit.load(later_cells, floats))

            found = (
                build.fmul(build.fmul(cell, candidate), slope_of_sigmoid(emit, enter)),
                build.fmul(build.fmul(cell, before), slope_of_sigmoid(emit, forget)),
                build.fmul(build.fmul(cell, enter), slope_of_tanh(emit, candidate)),
                build.fmul(build.fmul(change, shown), slope_of_sigmoid(emit, show)),
            )
            counts, nothing = samples.counts(sample, cursor.step), constant(emit, 0.0)
            for number, value in enumerate(found):
                value = samples.either(counts, value, nothing)
                emit.store(value, cursor.gate(changes, sample, place, number, 4), floats)
            through = samples.either(counts, build.fmul(cell, forget), emit.load(later_cells, floats))
            emit.store(through, later_cells, floats)
            if counts is not None:
                emit.store(samples.either(counts, nothing, change), later, floats)

        samples.vectors(act)
        carry(cursor, changes, turned, carried, 4, add=sizes.masked)
    return samples.ended(module)
