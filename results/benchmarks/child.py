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
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

Answer = dict[str, float]


class Child:
    """A process that measures when asked, to be used in a ``with`` block.

    Parameters
    ----------
    module : str
        Its function ``session`` returns the function that measures once.
    threads : int
        Number of cores of the process, and of threads of its libraries.
    arguments
        Arguments of ``session``, as JSON can hold them.
    """

    def __init__(self, module: str, threads: int, **arguments: Any) -> None:
        self.module = module
        asked = {"module": module, "threads": threads, "arguments": arguments}
        limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), str(threads))
        # A file, since a pipe that nobody reads would fill up and block the child.
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "results.benchmarks.child", json.dumps(asked)],
            cwd=Path(__file__).parents[2],
            env=os.environ | limits,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
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
        """Measure once in the child.

        Raises
        ------
        RuntimeError
            With the last line of its output, if the child has failed.
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
        self._output.close()

    def _answer(self) -> Answer:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            answer: Answer = json.loads(line)
            return answer
        self._process.wait()
        self._output.seek(0)
        last = (self._output.read().strip().splitlines() or ["without output"])[-1]
        raise RuntimeError(f"{self.module} ended with {self._process.returncode}: {last}")


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


def _keep_to(cores: int) -> None:
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(process.cpu_affinity()[-cores:])


def main() -> None:
    """Answer on the original standard output; whatever peers and compilers print goes to standard error."""
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
