"""A chain of tanh, the plain recurrent layer, see `recurrent`."""

from __future__ import annotations

from trainwell.engine.cpu.kernels.emitter import I64, Index, new_module, new_task
from trainwell.engine.cpu.kernels.functions import constant, slope_of_tanh, tanh
from trainwell.engine.cpu.kernels.recurrent import Cursor, Samples, Sizes, carry
from trainwell.engine.cpu.kernels.registers import Registers


def forward(sizes: Sizes, registers: Registers) -> str:
    """(inputs, kernel, recurrent kernel, bias, initial) -> (states), with tanh."""
    module = new_module()
    emit = new_task(module, registers)
    samples = Samples(sizes, emit, 5, 1)
    units, steps = sizes.units, sizes.steps
    states = samples.made(0, (steps + 1) * units)
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
        cursor = Cursor(samples, step)
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

        def act(sample: Index, place: Index, floats: int, cursor: Cursor = cursor) -> None:
            address = cursor.state(states, sample, place, 1)
            after = tanh(emit, emit.load(address, floats))
            before = emit.load(cursor.state(states, sample, place, 0), floats)
            emit.store(samples.either(samples.counts(sample, cursor.step), after, before), address, floats)

        samples.vectors(act)
    return samples.ended(module)


def back(sizes: Sizes, registers: Registers) -> str:
    """(states, turned recurrent kernel, gradient (batch, steps, units)) -> (changes, to the initial state).

    The changes are the gradient of what tanh is taken of, (batch, steps, units).
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = Samples(sizes, emit, 3, 2), emit.build
    units, steps = sizes.units, sizes.steps
    states, turned, given = samples.of(0, (steps + 1) * units), emit.buffer(1), samples.of(2, steps * units)
    changes, carried = samples.made(0, steps * units), samples.made(1, units)
    emit.zeros(carried, emit.times(samples.count, units))
    with emit.loop(steps) as number:
        cursor = Cursor(samples, build.sub(I64(steps - 1), number))

        def act(sample: Index, place: Index, floats: int, cursor: Cursor = cursor) -> None:
            state = emit.load(cursor.state(states, sample, place, 1), floats)
            later = emit.at(carried, emit.times(sample, units), place)
            change = build.fadd(emit.load(cursor.gate(given, sample, place, 0, 1), floats), emit.load(later, floats))
            slope = slope_of_tanh(emit, state)
            counts, nothing = samples.counts(sample, cursor.step), constant(emit, 0.0)
            found = samples.either(counts, build.fmul(change, slope), nothing)
            emit.store(found, cursor.gate(changes, sample, place, 0, 1), floats)
            if counts is not None:
                emit.store(samples.either(counts, nothing, change), later, floats)

        samples.vectors(act)
        carry(cursor, changes, turned, carried, 1, add=sizes.masked)
    return samples.ended(module)
