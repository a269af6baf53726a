"""Measurements in child processes, each of which measures when asked, so that several can take turns.

``python -m results.benchmarks.child JSON`` is such a process. It restricts itself to a number of cores, gets a function
from a module's ``session``, and calls it once for every line that it reads.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil

Answer = dict[str, float]
Made = TypeVar("Made")

LIMIT = 600.0
"""Seconds within which a process must answer."""


@contextlib.contextmanager
def child(module: str, threads: int, **arguments: Any) -> Iterator[Callable[[], Answer]]:
    """Start a process, and yield a function that has it measure once; end it at the end of the ``with`` block.

    The module's ``session``, given the arguments, which must be such as JSON can hold, returns what measures once. The
    process has as many cores, and its libraries as many threads, as ``threads`` says.

    Raises
    ------
    RuntimeError
        With the last line of its output, if the process has failed; or if it has not answered within `LIMIT` seconds.
    """
    asked = {"module": module, "threads": threads, "arguments": arguments}
    limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), str(threads))
    command = [sys.executable, "-m", "results.benchmarks.child", json.dumps(asked)]
    how: dict[str, Any] = {"cwd": Path(__file__).parents[2], "env": os.environ | limits, "text": True}
    how |= {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    # Its errors go to a file, since a pipe that nobody reads would fill up and block it.
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(command, stderr=errors, **how) as process:
        questions, answers = process.stdin, process.stdout
        assert questions is not None
        assert answers is not None

        def answer() -> Answer:
            timer = threading.Timer(LIMIT, process.kill)
            timer.start()
            line = answers.readline()
            late = not timer.is_alive()
            timer.cancel()
            if line:
                return dict(json.loads(line))
            process.wait()
            if late:
                raise RuntimeError(f"{module} did not answer within {LIMIT:g} s")
            errors.seek(0)
            last = (errors.read().strip().splitlines() or ["without output"])[-1]
            raise RuntimeError(f"{module} ended with {process.returncode}: {last}")

        def ask() -> Answer:
            with contextlib.suppress(BrokenPipeError):
                questions.write("\n")
                questions.flush()
            return answer()

        try:
            answer()
            yield ask
        finally:
            with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
                questions.close()
                process.wait(10)
            process.kill()


def timed(work: Callable[[], Made]) -> tuple[Made, Answer]:
    """Return what some work returns, and its seconds and cpu_seconds of all threads."""
    start, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}


class Memory:
    """The rise of this process's resident memory above its value when this object is made."""

    def __init__(self) -> None:
        gc.collect()
        with contextlib.suppress(OSError, AttributeError, TypeError):
            # glibc keeps freed memory: what a compiler freed would serve the first batch.
            ctypes.CDLL(None).malloc_trim(0)
        with contextlib.suppress(OSError):
            # Compilation has raised the high-water mark.
            Path("/proc/self/clear_refs").write_text("5")
        self._before = psutil.Process().memory_info().rss

    def added(self) -> float:
        """Return the greatest rise so far in megabytes."""
        return max(0.0, (_peak() - float(self._before)) / 1e6)


def _peak() -> float:
    """Return the high-water mark of resident memory in bytes.

    From /proc on Linux, psutil on Windows and getrusage on macOS, where it includes what compilation needed.
    """
    with contextlib.suppress(OSError):
        # On Linux ru_maxrss can be the parent's.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        memory = psutil.Process().memory_info()
        return int(getattr(memory, "peak_wset", memory.rss))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Answer on the original standard output; whatever peers and compilers print goes to standard error."""
    asked = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(process.cpu_affinity()[-asked["threads"] :])
    measure = importlib.import_module(asked["module"]).session(**asked["arguments"])
    print("{}", file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure()), file=answers, flush=True)


if __name__ == "__main__":
    main()
