"""Products of matrices in memory, cut into tiles."""

from __future__ import annotations

from typing import Any

from trainwell.engine.cpu.kernels.emitter import I64, POINTER, Emitter, Index, Run, new_part
from trainwell.engine.cpu.kernels.registers import even_parts


class Products:
    """Writes products into a task; products of the same kind share their tiles.

    Args:
        emit: of the task.
    """

    def __init__(self, emit: Emitter):
        self._emit = emit
        self._parts: dict[Any, Any] = {}

    def __call__(
        self,
        left: Any,
        right: Any,
        result: Any,
        *,
        rows: Index,
        columns: int,
        depth: Index,
        left_row: int,
        right_row: int,
        result_row: int,
        left_step: int = 1,
        add: bool = False,
        start: Any = None,
    ) -> None:
        """Write result (rows, columns) = left (rows, depth) times right (depth, columns).

        Args:
            left: address of the first number.
            right: address of the first number; its columns lie side by side.
            result: address of the first number; its columns lie side by side.
            rows: an i64 of the program may be 0.
            columns: known now.
            depth: an i64 of the program is at least 1.
            left_row: floats from one row to the next.
            right_row: the same in the right matrix.
            result_row: the same in the result.
            left_step: floats from one column to the next in the left matrix.
            add: to what stands in the result.
            start: address of a row (columns) to add to every row instead, or None.
        """
        emit = self._emit
        for first, vectors, width in emit.registers.widths(columns):
            most = emit.registers.most_rows(vectors)

            def call(size: int, row: Any, width: int = width, first: int = first) -> None:
                begin = emit.at(start, first) if start is not None else emit.at(right, first)
                emit.call(
                    self._part(
                        size, width, depth, (left_row, left_step, right_row, result_row), add, start is not None
                    ),
                    emit.at(left, emit.times(row, left_row)),
                    emit.at(right, first),
                    emit.at(result, emit.times(row, result_row), first),
                    begin,
                    emit.integer(depth),
                )

            if isinstance(rows, int):
                for begin, size, count in even_parts(rows, most):
                    with emit.loop(count) as i:
                        call(size, emit.sum(emit.times(i, size), begin))
            else:
                whole = emit.build.sdiv(rows, I64(most))
                with emit.loop_if_any(whole) as i:
                    call(most, emit.times(i, most))
                with emit.loop_if_any(rows, emit.times(whole, most)) as row:
                    call(1, row)

    def _part(self, size: int, width: int, depth: Index, steps: tuple[int, ...], add: bool, start: bool) -> Any:
        key = (size, width, depth if isinstance(depth, int) else None, steps, add, start)
        if key not in self._parts:
            emit = self._emit
            name = f"{emit.name}_tile{len(self._parts)}"
            function, inner = new_part(emit.module, emit.registers, name, [POINTER] * 4 + [I64])
            left, right, result, begin, rounds = function.args
            left_row, left_step, right_row, result_row = steps
            inner.tile(
                left,
                right,
                result,
                rows=size,
                columns=width,
                left_row=left_row,
                result_row=result_row,
                runs=[Run(depth if isinstance(depth, int) else rounds, left_step, right_row)],
                add=add,
                start=begin if start else None,
            )
            inner.build.ret_void()
            self._parts[key] = function
        return self._parts[key]
