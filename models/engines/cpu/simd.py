"""Vector instructions that plain Numba does not generate, written in LLVM's intermediate representation.

An event-driven network spends its time in additions of rows of a matrix. Numba's loop loads and stores the total for
every few rows; here a block of it stays in registers while all rows are added. The functions use plain LLVM vectors of
16 floats, which LLVM breaks down to what the processor has. `plain_rows` has the same functions in plain Numba.

Gain: gradients of a batch of case A of the benchmarks take 0.41 ms per example instead of 0.68 ms on one thread with
AVX-512, 1.6 times faster. Least CPU time of several turns each of

    for simd in 1 0; do SPOKEN_SPIKES_SIMD=$simd NUMBA_CACHE_DIR=/tmp/simd$simd python -c "
    import time, timeit
    from results.benchmarks.ours import engine
    from results.benchmarks.shd_shaped import CASES
    own, (batch,) = engine(CASES['A'], threads=1), CASES['A'].batches(1)
    own.gradients(batch)
    print(min(timeit.repeat(lambda: own.gradients(batch), time.process_time, number=1, repeat=20)) / 32 * 1000)
    "; done
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

BLOCKS = ((16, 16), (4, 16), (1, 16), (1, 1))
"""Vectors kept in registers at once and floats a vector, widest first; what is left over goes to the next."""

_INDEX = ir.IntType(64)


def _constant(value: int) -> ir.Constant:
    return ir.Constant(_INDEX, value)


def _row_loop(
    builder: ir.IRBuilder,
    data: tuple[Any, Any, Any, Any, Any],
    limits: tuple[Any, Any],
    first: Any,
    block: tuple[int, int],
) -> None:
    """Emit the loop over rows for one block of the total, which begins at column ``first``."""
    matrix, stride, rows, scales, total = data
    begin, end = limits
    vectors, width = block
    kind = ir.VectorType(ir.FloatType(), width) if width > 1 else ir.FloatType()
    # Relative to the block's first column: addresses are a register and a constant.
    columns = [_constant(width * v) for v in range(vectors)]
    total = builder.gep(total, [first])

    def place(base: Any, column: Any) -> Any:
        return builder.bitcast(builder.gep(base, [column]), kind.as_pointer())

    def load(base: Any, column: Any) -> Any:
        value = builder.load(place(base, column))
        value.align = 4
        return value

    before = [load(total, column) for column in columns]
    entry, loop, done = builder.block, builder.append_basic_block("row"), builder.append_basic_block("done")
    builder.cbranch(builder.icmp_signed("<", begin, end), loop, done)
    builder.position_at_end(loop)
    index = builder.phi(_INDEX)
    index.add_incoming(begin, entry)
    sums = [builder.phi(kind) for _ in columns]
    for s, value in zip(sums, before, strict=True):
        s.add_incoming(value, entry)
    row = builder.sext(builder.load(builder.gep(rows, [index])), _INDEX)
    base = builder.gep(builder.gep(matrix, [builder.mul(row, stride)]), [first])
    added = [load(base, column) for column in columns]
    if scales is not None:
        scale = builder.load(builder.gep(scales, [index]))
        if width > 1:
            scale = builder.insert_element(ir.Constant(kind, ir.Undefined), scale, ir.Constant(ir.IntType(32), 0))
            lanes = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
            scale = builder.shuffle_vector(scale, ir.Constant(kind, ir.Undefined), lanes)
        added = [builder.fmul(value, scale, flags=("contract",)) for value in added]
    flags = ("contract",) if scales is not None else ()
    after = [builder.fadd(s, value, flags=flags) for s, value in zip(sums, added, strict=True)]
    for s, value in zip(sums, after, strict=True):
        s.add_incoming(value, loop)
    following = builder.add(index, _constant(1))
    index.add_incoming(following, loop)
    builder.cbranch(builder.icmp_signed("<", following, end), loop, done)
    builder.position_at_end(done)
    results = [builder.phi(kind) for _ in columns]
    for result, old, new in zip(results, before, after, strict=True):
        result.add_incoming(old, entry)
        result.add_incoming(new, loop)
    for result, column in zip(results, columns, strict=True):
        builder.store(result, place(total, column)).align = 4


def _emit(context: Any, builder: ir.IRBuilder, arrays: tuple[Any, ...], limits: tuple[Any, Any]) -> None:
    def array(typed: Any) -> Any:
        return None if typed is None else context.make_array(typed[0])(context, builder, typed[1])

    matrix, rows, scales, total = (array(typed) for typed in arrays)
    (size,) = cgutils.unpack_tuple(builder, total.shape)
    data = (matrix.data, size, rows.data, None if scales is None else scales.data, total.data)
    column = cgutils.alloca_once_value(builder, _constant(0))
    for vectors, width in BLOCKS:
        head, body, out = (builder.append_basic_block(name) for name in ("head", "body", "out"))
        builder.branch(head)
        builder.position_at_end(head)
        first = builder.load(column)
        following = builder.add(first, _constant(vectors * width))
        builder.cbranch(builder.icmp_signed("<=", following, size), body, out)
        builder.position_at_end(body)
        _row_loop(builder, data, limits, first, (vectors, width))
        builder.store(following, column)
        builder.branch(head)
        builder.position_at_end(out)


@intrinsic
def add_rows(_, matrix, rows, begin, end, total):  # type: ignore[no-untyped-def]
    """Add to ``total`` the rows of ``matrix`` that ``rows[begin:end]`` (int32) names, one after the other."""
    signature = types.void(matrix, rows, types.intp, types.intp, total)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        kinds = sig.args
        _emit(
            context,
            builder,
            ((kinds[0], args[0]), (kinds[1], args[1]), None, (kinds[4], args[4])),
            (args[2], args[3]),
        )
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def add_scaled_rows(_, matrix, rows, scales, begin, end, total):  # type: ignore[no-untyped-def]
    """Add to ``total`` the rows of ``matrix`` that ``rows[begin:end]`` names, each times its entry of ``scales``."""
    signature = types.void(matrix, rows, scales, types.intp, types.intp, total)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        kinds = sig.args
        _emit(
            context,
            builder,
            ((kinds[0], args[0]), (kinds[1], args[1]), (kinds[2], args[2]), (kinds[5], args[5])),
            (args[3], args[4]),
        )
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def reaching(_, values, begin, bound):  # type: ignore[no-untyped-def]
    """Return a bit for each of the 64 ``values`` from ``begin`` on: 1 where it is at least ``bound``."""
    signature = types.uint64(values, types.intp, types.float32)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        array = context.make_array(sig.args[0])(context, builder, args[0])
        kind = ir.VectorType(ir.FloatType(), 64)
        loaded = builder.load(builder.bitcast(builder.gep(array.data, [args[1]]), kind.as_pointer()))
        loaded.align = 4
        lane = builder.insert_element(ir.Constant(kind, ir.Undefined), args[2], ir.Constant(ir.IntType(32), 0))
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), 64), [0] * 64)
        bounds = builder.shuffle_vector(lane, ir.Constant(kind, ir.Undefined), lanes)
        return builder.bitcast(builder.fcmp_ordered(">=", loaded, bounds), ir.IntType(64))

    return signature, codegen


@intrinsic
def lowest(_, bits):  # type: ignore[no-untyped-def]
    """Return the position of the lowest 1 of ``bits``, which must have one."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.uint64), codegen
