"""A GRU, see `recurrent`."""

from __future__ import annotations

from trainwell.engine.cpu.kernels.emitter import I64, Index, new_module, new_task
from trainwell.engine.cpu.kernels.functions import constant, sigmoid, slope_of_sigmoid, slope_of_tanh, tanh
from trainwell.engine.cpu.kernels.recurrent import Cursor, Samples, Sizes, add_moved, carry
from trainwell.engine.cpu.kernels.registers import Registers


def forward(sizes: Sizes, registers: Registers) -> str:
    """(inputs, kernel, recurrent kernel, bias, bias of the candidate, initial) -> (states, gates, inner).

    The reset gate acts after the product (Keras's `reset_after`). Gates (batch, steps, 3 units): update, reset,
    candidate, after their activation; inner (batch, steps, units): what the reset gate is multiplied with. The bias
    holds both biases of update and reset and the input's of the candidate.
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = Samples(sizes, emit, 6, 3), emit.build
    units, steps = sizes.units, sizes.steps
    inputs, kernel, recurrent, bias, inner_bias = (
        samples.of(0, steps * sizes.channels),
        *map(emit.buffer, (1, 2, 3, 4)),
    )
    states, gates = samples.made(0, (steps + 1) * units), samples.made(1, steps * 3 * units)
    inner = samples.made(2, steps * units)
    samples.begin(states, samples.of(5, units))
    samples.project(inputs, kernel, bias, gates, 3)
    one = constant(emit, 1.0)
    with emit.loop(steps) as step:
        cursor = Cursor(samples, step)
        add_moved(cursor, states, recurrent, gates, 0, 2 * units, 3 * units)
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

        def act(sample: Index, place: Index, floats: int, cursor: Cursor = cursor) -> None:
            update_at, reset_at, candidate_at = (cursor.gate(gates, sample, place, number, 3) for number in range(3))
            update, reset = (sigmoid(emit, emit.load(address, floats)) for address in (update_at, reset_at))
            within = emit.load(cursor.gate(inner, sample, place, 0, 1), floats)
            candidate = tanh(emit, emit.fused(reset, within, emit.load(candidate_at, floats)))
            before = emit.load(cursor.state(states, sample, place, 0), floats)
            after = emit.fused(update, before, build.fmul(build.fsub(one, update), candidate))
            for value, address in ((update, update_at), (reset, reset_at), (candidate, candidate_at)):
                emit.store(value, address, floats)
            after = samples.either(samples.counts(sample, cursor.step), after, before)
            emit.store(after, cursor.state(states, sample, place, 1), floats)

        samples.vectors(act)
    return samples.ended(module)


def back(sizes: Sizes, registers: Registers) -> str:
    """(states, gates, inner, turned recurrent kernel, gradient) -> (changes, changes of inner, to the initial state).

    The changes are those of the gates before their activation (batch, steps, 3 units), and of inner (batch, steps,
    units).
    """
    module = new_module()
    emit = new_task(module, registers)
    samples, build = Samples(sizes, emit, 5, 3), emit.build
    units, steps = sizes.units, sizes.steps
    states, gates, inner = (
        samples.of(0, (steps + 1) * units),
        samples.of(1, steps * 3 * units),
        samples.of(2, steps * units),
    )
    turned, given = emit.buffer(3), samples.of(4, steps * units)
    changes, inner_changes = samples.made(0, steps * 3 * units), samples.made(1, steps * units)
    carried = samples.made(2, units)
    emit.zeros(carried, emit.times(samples.count, units))
    one = constant(emit, 1.0)
    with emit.loop(steps) as number:
        cursor = Cursor(samples, build.sub(I64(steps - 1), number))

        def act(sample: Index, place: Index, floats: int, cursor: Cursor = cursor) -> None:
            update, reset, candidate = (
                emit.load(cursor.gate(gates, sample, place, number, 3), floats) for number in range(3)
            )
            later = emit.at(carried, emit.times(sample, units), place)
            change = build.fadd(emit.load(cursor.gate(given, sample, place, 0, 1), floats), emit.load(later, floats))
            before = emit.load(cursor.state(states, sample, place, 0), floats)
            within = emit.load(cursor.gate(inner, sample, place, 0, 1), floats)

            to_update = build.fmul(build.fmul(change, build.fsub(before, candidate)), slope_of_sigmoid(emit, update))
            slope = slope_of_tanh(emit, candidate)
            to_candidate = build.fmul(build.fmul(change, build.fsub(one, update)), slope)
            to_reset = build.fmul(build.fmul(to_candidate, within), slope_of_sigmoid(emit, reset))
            counts, nothing = samples.counts(sample, cursor.step), constant(emit, 0.0)
            for number, value in enumerate((to_update, to_reset, to_candidate)):
                value = samples.either(counts, value, nothing)
                emit.store(value, cursor.gate(changes, sample, place, number, 3), floats)
            to_inner = samples.either(counts, build.fmul(to_candidate, reset), nothing)
            emit.store(to_inner, cursor.gate(inner_changes, sample, place, 0, 1), floats)
            emit.store(samples.either(counts, build.fmul(change, update), change), later, floats)

        samples.vectors(act)
        carry(cursor, changes, turned, carried, 3, depth=2 * units, add=True)
        carry(cursor, inner_changes, turned, carried, 1, row=2 * units, add=True)
    return samples.ended(module)
