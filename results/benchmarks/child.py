"""Measuring in processes of their own, which answer one question after the other: several can take turns.

``python -m results.benchmarks.child JSON`` is such a process. It confines itself to as many cores as it may use, asks a
module's ``session`` for something to measure, and measures it once for every line that it reads.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

Answer = dict[str, float]


class Child:
    """A process that measures when asked; to be used in a ``with`` block.

    Parameters
    ----------
    module : str
        Has a function ``session`` that returns what to call for a measurement.
    threads : int
        Cores that the process keeps to, and threads that libraries in it start.
    arguments
        Of ``session``; anything that JSON can hold.
    """

    def __init__(self, module: str, threads: int, **arguments: Any) -> None:
        self.module = module
        asked = {"module": module, "threads": threads, "arguments": arguments}
        limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), str(threads))
        # What it says besides its answers can be long, and a pipe that nobody reads would fill.
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "results.benchmarks.child", json.dumps(asked)],
            cwd=Path(__file__).parents[2],
            env=os.environ | limits,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def __enter__(self) -> Self:
        """Wait until it is ready to measure."""
        try:
            self._answer()
        except RuntimeError:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the process."""
        self.close()

    def ask(self) -> Answer:
        """Let it measure once.

        Raises
        ------
        RuntimeError
            With the last line that it said, if it has failed.
        """
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def _answer(self) -> Answer:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            answer: Answer = json.loads(line)
            return answer
        self._process.wait()
        self._said.seek(0)
        last = (self._said.read().strip().splitlines() or ["it said nothing"])[-1]
        raise RuntimeError(f"{self.module} ended with {self._process.returncode}: {last}")


class Memory:
    """How far this process's resident memory rises above where it is when this is made."""

    def __init__(self) -> None:
        gc.collect()
        with contextlib.suppress(OSError, AttributeError):
            # glibc keeps what was freed; a compiler's leavings would serve the first batch.
            ctypes.CDLL(None).malloc_trim(0)
        with contextlib.suppress(OSError):
            # Compiling had raised the high-water mark.
            Path("/proc/self/clear_refs").write_text("5")
        self._before = psutil.Process().memory_info().rss

    def added(self) -> float:
        """Return the peak so far in megabytes."""
        return max(0.0, (_peak() - float(self._before)) / 1e6)


def _peak() -> float:
    """Return the high-water mark of resident memory in bytes."""
    with contextlib.suppress(OSError):
        # On Linux ru_maxrss can be the parent's, handed on when this process was started.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _keep_to(cores: int) -> None:
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(process.cpu_affinity()[-cores:])


def main() -> None:
    """Answer on what was standard output; peers and compilers print what they like elsewhere."""
    asked = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _keep_to(asked["threads"])
    measure = importlib.import_module(asked["module"]).session(**asked["arguments"])
    print("{}", file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure()), file=answers, flush=True)


if __name__ == "__main__":
    main()
