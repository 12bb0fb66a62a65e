"""Recurrent layers: all time steps of some samples in one go, forward and back through time.

Inputs (batch, steps, channels), states (batch, steps + 1, units) of which the first is the initial one, all float32.
A task takes a few samples through the whole sequence, so their state stays in the cache, and nothing has to be called
between two steps. Gates stand side by side in Keras's order.

A mask (batch, steps), bytes, is the last argument of a masked layer's kernels: where it is 0, the state stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trainwell.engine.cpu.kernels.calling import Phase, calling
from trainwell.engine.cpu.kernels.emitter import I8, I64, Emitter, Index
from trainwell.engine.cpu.kernels.product import Products

SAMPLES = 8  # of a task: two tiles of rows, and a small batch still gives work to several threads


@dataclass(frozen=True)
class Sizes:
    """The sizes of a layer.

    Attributes:
        steps: of the sequences.
        channels: of the inputs.
        units: of the state.
        masked: whether steps can be left out.
    """

    steps: int
    channels: int
    units: int
    masked: bool = False


class Samples:
    """The samples of one task.

    Args:
        sizes: of the layer.
        emit: of the task.
        inputs: number of arrays that come in, without the mask.
        results: number of arrays that go out.
    """

    def __init__(self, sizes: Sizes, emit: Emitter, inputs: int, results: int):
        self.sizes, self.emit, self._inputs, self._results = sizes, emit, inputs, results
        build = emit.build
        self.product = Products(emit)
        self.first = build.mul(emit.arguments[0], I64(SAMPLES))
        arrays = inputs + sizes.masked + results
        self.count = emit.least(build.sub(emit.size(0, 0, arrays), self.first), SAMPLES)
        self._mask = self.of(inputs, 0) if sizes.masked else None

    def of(self, buffer: int, floats: int) -> Any:
        """Address of the first of these samples in an array with so many floats for each."""
        return self.emit.at(self.emit.buffer(buffer), self.emit.times(self.first, floats))

    def made(self, number: int, floats: int) -> Any:
        """The same in a result."""
        return self.of(self._inputs + self.sizes.masked + number, floats)

    def counts(self, sample: Index, step: Index) -> Any:
        """Whether a step of a sample is not masked (i1); None without a mask."""
        if self._mask is None:
            return None
        emit = self.emit
        place = emit.sum(emit.times(emit.sum(self.first, sample), self.sizes.steps), step)
        byte = emit.build.load(emit.build.gep(self._mask, [place], source_etype=I8), typ=I8)
        return emit.build.icmp_unsigned("!=", byte, I8(0))

    def either(self, counts: Any, new: Any, old: Any) -> Any:
        """The new vector where the step counts, the old one where it is masked."""
        return new if counts is None else self.emit.build.select(counts, new, old)

    def ended(self, module: Any) -> str:
        """The whole kernel."""
        self.emit.build.ret_void()
        return str(module) + calling(self._inputs + self.sizes.masked, self._results, [Phase(together=SAMPLES)])

    def vectors(self, act: Callable[[Index, Index, int], None]) -> None:
        """Do something with each vector of units of each sample: (sample, place, units of it)."""
        with self.emit.loop(self.count) as sample:
            self.emit.vectors(self.sizes.units, lambda place, floats: act(sample, place, floats))

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


class Cursor:
    """Places in the arrays of a task at one time step."""

    def __init__(self, samples: Samples, step: Index):
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


def add_moved(cursor: Cursor, states: Any, recurrent: Any, gates: Any, first: int, columns: int, wide: int) -> None:
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


def carry(cursor: Cursor, changes: Any, turned: Any, target: Any, count: int, row: int = 0, **more: Any) -> None:
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
