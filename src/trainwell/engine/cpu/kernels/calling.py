"""How XLA calls a kernel, and how a kernel spreads its tasks over XLA's threads.

XLA hands over a call frame, a C structure of its stable foreign function interface (xla/ffi/api/c_api.h, version 0.3,
whose offsets stand here). Tasks are taken from a counter by the calling thread and by as many of XLA's threads as are
free, so a thread that comes late costs nothing; which thread runs a task changes no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

FFI_VERSION = (0, 3)

# job: next task, tasks finished, threads that still know it, tasks, run, buffers
PARALLEL = """
declare void @llvm.x86.sse2.pause()

define internal void @take_tasks(ptr %job) {
entry:
  %finished = getelementptr i64, ptr %job, i64 1
  %known = getelementptr i64, ptr %job, i64 2
  %tasks.p = getelementptr i64, ptr %job, i64 3
  %tasks = load i64, ptr %tasks.p
  %run.p = getelementptr i64, ptr %job, i64 4
  %run = load ptr, ptr %run.p
  %buffers.p = getelementptr i64, ptr %job, i64 5
  %buffers = load ptr, ptr %buffers.p
  br label %take
take:
  %task = atomicrmw add ptr %job, i64 1 monotonic
  %left = icmp slt i64 %task, %tasks
  br i1 %left, label %do, label %leave
do:
  call void %run(i64 %task, ptr %buffers)
  %one_more = atomicrmw add ptr %finished, i64 1 release
  br label %take
leave:
  %threads = atomicrmw sub ptr %known, i64 1 acq_rel
  %last = icmp eq i64 %threads, 1
  br i1 %last, label %drop, label %out
drop:
  call void @free(ptr %job)
  br label %out
out:
  ret void
}

define internal void @parallel(ptr %frame, ptr %run, i64 %tasks, ptr %buffers) {
entry:
  %api.p = getelementptr i8, ptr %frame, i64 16
  %api = load ptr, ptr %api.p
  %context.p = getelementptr i8, ptr %frame, i64 24
  %context = load ptr, ptr %context.p
  %schedule.p = getelementptr i8, ptr %api, i64 136
  %schedule = load ptr, ptr %schedule.p
  %count_threads.p = getelementptr i8, ptr %api, i64 144
  %count_threads = load ptr, ptr %count_threads.p
  %asked = alloca [5 x i64]
  %threads.p = alloca i64
  store i64 1, ptr %threads.p
  store i64 32, ptr %asked
  %asked.1 = getelementptr i64, ptr %asked, i64 1
  store ptr null, ptr %asked.1
  %asked.2 = getelementptr i64, ptr %asked, i64 2
  store ptr %context, ptr %asked.2
  %asked.3 = getelementptr i64, ptr %asked, i64 3
  store ptr %threads.p, ptr %asked.3
  %no_pool = call ptr %count_threads(ptr %asked)
  %threads.all = load i64, ptr %threads.p
  %fewer = icmp slt i64 %tasks, %threads.all
  %threads = select i1 %fewer, i64 %tasks, i64 %threads.all
  %job = call ptr @malloc(i64 48)
  store i64 0, ptr %job
  %finished = getelementptr i64, ptr %job, i64 1
  store i64 0, ptr %finished
  %known = getelementptr i64, ptr %job, i64 2
  store i64 2, ptr %known
  %tasks.p = getelementptr i64, ptr %job, i64 3
  store i64 %tasks, ptr %tasks.p
  %run.p = getelementptr i64, ptr %job, i64 4
  store ptr %run, ptr %run.p
  %buffers.p = getelementptr i64, ptr %job, i64 5
  store ptr %buffers, ptr %buffers.p
  store i64 40, ptr %asked
  store ptr @take_tasks, ptr %asked.3
  %asked.4 = getelementptr i64, ptr %asked, i64 4
  store ptr %job, ptr %asked.4
  br label %more
more:
  %helpers = phi i64 [ 1, %entry ], [ %helpers.next, %help ]
  %wanted = icmp slt i64 %helpers, %threads
  br i1 %wanted, label %help, label %work
help:
  %also = atomicrmw add ptr %known, i64 1 monotonic
  %no_help = call ptr %schedule(ptr %asked)
  %helpers.next = add i64 %helpers, 1
  br label %more
work:
  call void @take_tasks(ptr %job)
  br label %wait
wait:
  %done = load atomic i64, ptr %finished acquire, align 8
  %all = icmp eq i64 %done, %tasks
  br i1 %all, label %leave, label %pause
pause:
  call void @llvm.x86.sse2.pause()
  br label %wait
leave:
  %left = atomicrmw sub ptr %known, i64 1 acq_rel
  %last = icmp eq i64 %left, 1
  br i1 %last, label %drop, label %out
drop:
  call void @free(ptr %job)
  br label %out
out:
  ret void
}
"""

ENTRY = """
define ptr @entry(ptr %frame) {
entry:
  %extension.p = getelementptr i8, ptr %frame, i64 8
  %extension = load ptr, ptr %extension.p
  %asked = icmp ne ptr %extension, null
  br i1 %asked, label %metadata, label %execute
metadata:  ; XLA asks which version this was written for
  %metadata.p = getelementptr i8, ptr %extension, i64 24
  %facts = load ptr, ptr %metadata.p
  %major = getelementptr i8, ptr %facts, i64 24
  store i32 MAJOR, ptr %major
  %minor = getelementptr i8, ptr %facts, i64 28
  store i32 MINOR, ptr %minor
  %traits = getelementptr i8, ptr %facts, i64 32
  store i32 0, ptr %traits
  ret ptr null
execute:
  %buffers = alloca [SLOTS x ptr]
  %arguments.p = getelementptr i8, ptr %frame, i64 72
  %arguments = load ptr, ptr %arguments.p
  %results.p = getelementptr i8, ptr %frame, i64 112
  %results = load ptr, ptr %results.p
BUFFERS
PHASES
  ret ptr null
}
"""


class Phase(NamedTuple):
    """Tasks that may run at the same time.

    Attributes:
        buffer: number of the array whose size tells how many tasks there are.
        axis: of that array.
        each: tasks for each entry of the axis.
        together: entries of the axis that make one task.
        run: name of the function.
    """

    buffer: int = 0
    axis: int = 0
    each: int = 1
    together: int = 1
    run: str = "run"


def calling(arguments: int, results: int, phases: Sequence[Phase] = (Phase(),)) -> str:
    """The function `entry` that XLA calls: it runs the tasks of each phase, one phase after the other.

    A task is `void run(i64 task, ptr buffers)`, where `buffers` holds the addresses of the arguments, then those of the
    results, then one address for each of them of its sizes (int64 along each axis).

    Args:
        arguments: number of arrays that come in.
        results: number of arrays that go out.
        phases: what is done.

    Returns:
        LLVM assembly.
    """
    major, minor = FFI_VERSION
    count = arguments + results
    lines: list[str] = []
    for place in range(count):
        group, within = ("%arguments", place) if place < arguments else ("%results", place - arguments)
        lines.append(f"  %b{place}.p = getelementptr ptr, ptr {group}, i64 {within}")
        lines.append(f"  %b{place} = load ptr, ptr %b{place}.p")
        for slot, offset, name in ((place, 24, "data"), (count + place, 40, "sizes")):
            lines.append(f"  %b{place}.{name}.p = getelementptr i8, ptr %b{place}, i64 {offset}")
            lines.append(f"  %b{place}.{name} = load ptr, ptr %b{place}.{name}.p")
            lines.append(f"  %b{place}.{name}.s = getelementptr ptr, ptr %buffers, i64 {slot}")
            lines.append(f"  store ptr %b{place}.{name}, ptr %b{place}.{name}.s")
    calls: list[str] = []
    for number, phase in enumerate(phases):
        calls.append(f"  %size{number}.p = getelementptr i64, ptr %b{phase.buffer}.sizes, i64 {phase.axis}")
        calls.append(f"  %size{number} = load i64, ptr %size{number}.p")
        calls.append(f"  %filled{number} = add i64 %size{number}, {phase.together - 1}")
        calls.append(f"  %groups{number} = sdiv i64 %filled{number}, {phase.together}")
        calls.append(f"  %tasks{number} = mul i64 %groups{number}, {phase.each}")
        calls.append(f"  call void @parallel(ptr %frame, ptr @{phase.run}, i64 %tasks{number}, ptr %buffers)")
    filled = ENTRY.replace("MAJOR", str(major)).replace("MINOR", str(minor)).replace("SLOTS", str(2 * count))
    return PARALLEL + filled.replace("BUFFERS", "\n".join(lines)).replace("PHASES", "\n".join(calls))
