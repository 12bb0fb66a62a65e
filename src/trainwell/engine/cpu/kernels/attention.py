"""Attention softmax(QKᵀ/√d)V and its gradients, one head of one sample at a time, so that the scores stay in the cache.

Queries (batch, queries, heads, depth), keys and values (batch, keys, heads, depth), all float32. The scores of a block
of queries are made, used and forgotten; what the gradient needs of them is made again from the queries, the keys and
two numbers for each query (Dao et al. 2022, "FlashAttention", algorithms 1 and 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainwell.engine.cpu.kernels.calling import Phase, calling
from trainwell.engine.cpu.kernels.emitter import (
    F32,
    I8,
    I64,
    Emitter,
    Index,
    ir,
    new_module,
    new_task,
)
from trainwell.engine.cpu.kernels.functions import constant, exponential
from trainwell.engine.cpu.kernels.product import Products
from trainwell.engine.cpu.kernels.registers import Registers

HIDDEN = -0.7 * 3.4028234663852886e38  # the score of what a mask hides, as in JAX
BLOCK = 64  # queries whose scores are kept at a time


@dataclass(frozen=True)
class Attention:
    """The sizes.

    Attributes:
        queries: number of them.
        keys: number of them, and of values.
        heads: number of them.
        depth: of queries and keys.
        value_depth: of the values.
        scale: of the scores.
        mask: (batch, heads, queries) axes along which the mask has more than one entry, or None without a mask.
    """

    queries: int
    keys: int
    heads: int
    depth: int
    value_depth: int
    scale: float
    mask: tuple[bool, ...] | None


class _Head:
    """What one task works on: a head of a sample.

    Args:
        shape: the sizes.
        emit: of the task.
        buffers: how many arrays the call has.
    """

    def __init__(self, shape: Attention, emit: Emitter):
        self.shape, self.emit = shape, emit
        task, lanes = emit.arguments[0], emit.registers.lanes
        self.sample = emit.build.sdiv(task, I64(shape.heads))
        self.head = emit.build.srem(task, I64(shape.heads))
        self.width = -(-shape.keys // lanes) * lanes  # of a row of scores, filled up to whole vectors
        self.product = Products(emit)

    def of(self, buffer: int, length: int, depth: int) -> Any:
        """Address of this head in an array (batch, length, heads, depth)."""
        emit = self.emit
        place = emit.times(self.sample, length * self.shape.heads * depth)
        return emit.at(emit.buffer(buffer), place, emit.times(self.head, depth))

    def mask(self, buffer: int) -> Any:
        """Address of this head's mask, bytes (queries, keys)."""
        emit, shape = self.emit, self.shape
        if shape.mask is None:
            return None
        one = (shape.queries if shape.mask[2] else 1) * shape.keys
        sample = emit.times(self.sample, one * (shape.heads if shape.mask[1] else 1)) if shape.mask[0] else 0
        head = emit.times(self.head, one) if shape.mask[1] else 0
        return emit.build.gep(emit.buffer(buffer), [emit.sum(sample, head)], source_etype=I8)

    def turned(self, source: Any, target: Any, depth: int) -> None:
        """Copy (keys, heads, depth) to (depth, width); what is over the keys is 0."""
        emit, shape = self.emit, self.shape
        if self.width > shape.keys:
            emit.zeros(target, depth * self.width)
        with emit.loop(shape.keys) as key:
            row = emit.at(source, emit.times(key, shape.heads * depth))
            with emit.loop(depth) as place:
                number = emit.build.load(emit.at(row, place), typ=F32)
                emit.build.store(number, emit.at(target, key, emit.times(place, self.width)))

    def scores(self, queries: Any, turned_keys: Any, scores: Any, rows: Index) -> None:
        """Of so many queries with every key, not yet scaled."""
        shape = self.shape
        self.product(
            queries,
            turned_keys,
            scores,
            rows=rows,
            columns=self.width,
            left_row=shape.heads * shape.depth,
            left_step=1,
            right_row=self.width,
            result_row=self.width,
            depth=shape.depth,
        )

    def vectors(self) -> list[tuple[int, int]]:
        """(first key, keys) of each vector of a row of scores."""
        lanes = self.emit.registers.lanes
        return [(first, min(lanes, self.shape.keys - first)) for first in range(0, self.shape.keys, lanes)]

    def seen(self, row: Any, mask: Any, place: Index, keys: int) -> Any:
        """A vector of scores, scaled, with what the mask hides and what is no key set aside."""
        emit, lanes = self.emit, self.emit.registers.lanes
        build = emit.build
        score = build.fmul(emit.load(emit.at(row, place)), constant(emit, self.shape.scale))
        if mask is not None:
            kind = ir.VectorType(I8, lanes)
            address = build.gep(mask, [emit.integer(place)], source_etype=I8)
            if keys == lanes:
                bytes_ = build.load(address, align=1, typ=kind)
            else:  # not over the end of the array
                bytes_ = ir.Constant(kind, None)
                for lane in range(keys):
                    one = build.load(build.gep(address, [I64(lane)], source_etype=I8), typ=I8)
                    bytes_ = build.insert_element(bytes_, one, ir.IntType(32)(lane))
            shown = build.icmp_unsigned("!=", bytes_, ir.Constant(kind, None))
            score = build.select(shown, score, constant(emit, HIDDEN))
        return score


def forward(shape: Attention, registers: Registers) -> str:
    """(queries, keys, values[, mask]) -> result (batch, queries, heads, value depth), and for each query two numbers.

    These are the largest score and one over the sum of exp(score - largest), each (batch, heads, queries).
    """
    module = new_module()
    emit = new_task(module, registers)
    head, build = _Head(shape, emit), emit.build
    inputs = 3 if shape.mask is None else 4
    queries, keys = head.of(0, shape.queries, shape.depth), head.of(1, shape.keys, shape.depth)
    values, mask = head.of(2, shape.keys, shape.value_depth), head.mask(3)
    result = head.of(inputs, shape.queries, shape.value_depth)
    place = emit.times(emit.arguments[0], shape.queries)
    largest, inverse = (emit.at(emit.buffer(inputs + number), place) for number in (1, 2))
    block = min(BLOCK, shape.queries)
    room = emit.room((shape.depth + block) * head.width)
    turned_keys, scores = room, emit.at(room, shape.depth * head.width)
    head.turned(keys, turned_keys, shape.depth)
    total, top = emit.variable(emit.vector), emit.variable(emit.vector)
    with emit.loop(-(-shape.queries // block)) as number:
        first = emit.times(number, block)
        rows = (
            block if shape.queries % block == 0 else build.sub(emit.least(emit.sum(first, block), shape.queries), first)
        )
        head.scores(emit.at(queries, emit.times(first, shape.heads * shape.depth)), turned_keys, scores, rows)
        with emit.loop(rows) as within:
            query = emit.sum(first, within)
            row = emit.at(scores, emit.times(within, head.width))
            hidden = _mask_row(head, mask, query)
            build.store(constant(emit, -float("inf")), top)

            def find(at: Index, keys: int, row: Any = row, hidden: Any = hidden) -> None:
                score = emit.only(head.seen(row, hidden, at, keys), keys, -float("inf"))
                emit.store(score, emit.at(row, at))
                before = build.load(top, typ=emit.vector)
                build.store(build.select(build.fcmp_ordered(">", score, before), score, before), top)

            emit.vectors(shape.keys, find)
            best = emit.largest_of(build.load(top, typ=emit.vector))
            build.store(best, emit.at(largest, query))
            build.store(constant(emit, 0.0), total)

            def raise_(at: Index, _: int, row: Any = row, best: Any = best) -> None:
                weight = exponential(emit, build.fsub(emit.load(emit.at(row, at)), emit.spread_value(best)))
                emit.store(weight, emit.at(row, at))
                build.store(build.fadd(build.load(total, typ=emit.vector), weight), total)

            emit.vectors(shape.keys, raise_)
            one_over = build.fdiv(F32(1.0), emit.sum_of(build.load(total, typ=emit.vector)))
            build.store(one_over, emit.at(inverse, query))

            def share(at: Index, _: int, row: Any = row, one_over: Any = one_over) -> None:
                emit.store(build.fmul(emit.load(emit.at(row, at)), emit.spread_value(one_over)), emit.at(row, at))

            emit.vectors(shape.keys, share)
        head.product(
            scores,
            values,
            emit.at(result, emit.times(first, shape.heads * shape.value_depth)),
            rows=rows,
            columns=shape.value_depth,
            left_row=head.width,
            left_step=1,
            right_row=shape.heads * shape.value_depth,
            result_row=shape.heads * shape.value_depth,
            depth=shape.keys,
        )
    emit.give_back(room)
    build.ret_void()
    return str(module) + calling(inputs, 3, [Phase(each=shape.heads)])


def gradients(shape: Attention, registers: Registers) -> str:
    """(queries, keys, values[, mask], result, largest, inverse, gradient of the result) -> those of the first three."""
    module = new_module()
    emit = new_task(module, registers)
    head, build, lanes = _Head(shape, emit), emit.build, registers.lanes
    inputs = 3 if shape.mask is None else 4
    queries, keys = head.of(0, shape.queries, shape.depth), head.of(1, shape.keys, shape.depth)
    values, mask = head.of(2, shape.keys, shape.value_depth), head.mask(3)
    result = head.of(inputs, shape.queries, shape.value_depth)
    place = emit.times(emit.arguments[0], shape.queries)
    largest, inverse = (emit.at(emit.buffer(inputs + number), place) for number in (1, 2))
    given = head.of(inputs + 3, shape.queries, shape.value_depth)
    to_queries = head.of(inputs + 4, shape.queries, shape.depth)
    to_keys, to_values = (
        head.of(inputs + number, shape.keys, depth) for number, depth in ((5, shape.depth), (6, shape.value_depth))
    )
    block = min(BLOCK, shape.queries)
    room = emit.room((shape.depth + shape.value_depth + 2 * block) * head.width)
    turned_keys = room
    turned_values = emit.at(room, shape.depth * head.width)
    weights = emit.at(turned_values, shape.value_depth * head.width)
    moved = emit.at(weights, block * head.width)
    head.turned(keys, turned_keys, shape.depth)
    head.turned(values, turned_values, shape.value_depth)
    with emit.loop(shape.keys) as key:
        emit.zeros(emit.at(to_keys, emit.times(key, shape.heads * shape.depth)), shape.depth)
        emit.zeros(emit.at(to_values, emit.times(key, shape.heads * shape.value_depth)), shape.value_depth)
    total = emit.variable(emit.vector)
    row_of, row_of_values = shape.heads * shape.depth, shape.heads * shape.value_depth
    with emit.loop(-(-shape.queries // block)) as number:
        first = emit.times(number, block)
        rows = (
            block if shape.queries % block == 0 else build.sub(emit.least(emit.sum(first, block), shape.queries), first)
        )
        asked = emit.at(queries, emit.times(first, row_of))
        told = emit.at(given, emit.times(first, row_of_values))
        head.scores(asked, turned_keys, weights, rows)
        head.product(
            told,
            turned_values,
            moved,
            rows=rows,
            columns=head.width,
            left_row=row_of_values,
            left_step=1,
            right_row=head.width,
            result_row=head.width,
            depth=shape.value_depth,
        )
        with emit.loop(rows) as within:
            query = emit.sum(first, within)
            build.store(constant(emit, 0.0), total)
            mine, its = (emit.at(one, emit.times(query, row_of_values)) for one in (result, given))
            for start in range(0, shape.value_depth, lanes):
                floats = min(lanes, shape.value_depth - start)
                one, other = (emit.load(emit.at(address, start), floats) for address in (mine, its))
                build.store(emit.fused(one, other, build.load(total, typ=emit.vector)), total)
            mean = emit.spread_value(emit.sum_of(build.load(total, typ=emit.vector)))
            best = emit.spread(emit.at(largest, query))
            one_over = emit.spread(emit.at(inverse, query))
            row, change = (emit.at(one, emit.times(within, head.width)) for one in (weights, moved))
            hidden = _mask_row(head, mask, query)

            def back(
                at: Index,
                keys: int,
                row: Any = row,
                change: Any = change,
                hidden: Any = hidden,
                best: Any = best,
                one_over: Any = one_over,
                mean: Any = mean,
            ) -> None:
                score = head.seen(row, hidden, at, keys)
                weight = build.fmul(exponential(emit, build.fsub(score, best)), one_over)
                weight = emit.only(weight, keys)
                slope = build.fmul(weight, build.fsub(emit.load(emit.at(change, at)), mean))
                if hidden is not None:  # a hidden score is a constant
                    shown = build.fcmp_ordered("!=", score, constant(emit, HIDDEN))
                    slope = build.select(shown, slope, constant(emit, 0.0))
                emit.store(weight, emit.at(row, at))
                emit.store(build.fmul(slope, constant(emit, shape.scale)), emit.at(change, at))

            emit.vectors(shape.keys, back)
        head.product(
            moved,
            keys,
            emit.at(to_queries, emit.times(first, row_of)),
            rows=rows,
            columns=shape.depth,
            left_row=head.width,
            left_step=1,
            right_row=row_of,
            result_row=row_of,
            depth=shape.keys,
        )
        for left, right, target, depth in (
            (moved, asked, to_keys, shape.depth),
            (weights, told, to_values, shape.value_depth),
        ):
            head.product(
                left,
                right,
                target,
                rows=shape.keys,
                columns=depth,
                left_row=1,
                left_step=head.width,
                right_row=shape.heads * depth,
                result_row=shape.heads * depth,
                depth=rows,
                add=True,
            )
    emit.give_back(room)
    build.ret_void()
    return str(module) + calling(inputs + 4, 3, [Phase(each=shape.heads)])


def _mask_row(head: _Head, mask: Any, query: Any) -> Any:
    """Address of the mask of one query."""
    if mask is None or head.shape.mask is None:
        return None
    emit = head.emit
    offset = emit.times(query, head.shape.keys) if head.shape.mask[2] else emit.integer(0)
    return emit.build.gep(mask, [offset], source_etype=I8)
