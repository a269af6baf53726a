"""Compilation in a process of its own, so that every process runs the machine code that is on disk.

The process that compiles a parallel kernel does not run quite that code. It links the loop's body, which LLVM keeps as
a function of its own, to the first version that it has in memory, while a process that loads the kernel from disk takes
the version that was optimised together with the kernel. Both are right, and their results differ in the last bits.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from numba.core import event
from numba.core.dispatcher import Dispatcher

IDLE = 20.0
"""Seconds without a request after which the process ends."""


class _Compiler:
    """The process, which is started when it is needed; without one, kernels are compiled here."""

    def __init__(self) -> None:
        self.usable = True
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def answer(self, request: bytes) -> bool:
        """Return whether the process has carried a request out; it may have ended, being idle, and is started anew."""
        for _ in range(2):
            try:
                said = self._ask(request)
            except BaseException:
                self.end()  # Its answer would be taken for that to the next request.
                raise
            if said:
                return said == b"y"
            self.end()
        return False

    def _ask(self, request: bytes) -> bytes:
        """Send a request and wait for the answer, a letter; empty if the process has ended."""
        if self._process is None or self._owner != os.getpid():
            self._process, self._owner = _start(), os.getpid()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(len(request).to_bytes(8, "little") + request)
            self._process.stdin.flush()
        return self._process.stdout.read(1)

    def end(self) -> None:
        """End the process, even while it compiles."""
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
        self._process = None


_compiler = _Compiler()
atexit.register(_compiler.end)


def compiled(function: Callable[..., Any], signature: Any) -> bool:
    """Compile a module's kernel for a signature in another process, which keeps it; return whether that has worked."""
    if not _compiler.usable or function.__module__ == "__main__":
        return False
    details = {"dispatcher": function, "args": signature, "return_type": None}
    try:
        request = pickle.dumps((function.__module__, function.__qualname__, signature))
        with event.trigger_event("numba:compile", data=details):
            return _compiler.answer(request)
    except Exception:  # Whatever pickling and starting a process raise: kernels are compiled here.
        return False


def compile_here() -> None:
    """Compile everything in this process from now on."""
    _compiler.usable = False


def _start() -> subprocess.Popen[bytes]:
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path)
    return subprocess.Popen(
        [sys.executable, "-m", "models.kernels.elsewhere"],
        env=os.environ | {"PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _serve() -> None:
    """Carry requests out until nobody asks any more; end at once when the process that asks is gone."""
    from models.kernels.elsewhere import compile_here

    compile_here()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # What compilers print is no answer.
    requests: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        while length := sys.stdin.buffer.read(8):
            requests.put(sys.stdin.buffer.read(int.from_bytes(length, "little")))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    with contextlib.suppress(queue.Empty):
        while True:
            answers.write(b"y" if _compile(requests.get(timeout=IDLE)) else b"n")
    os._exit(0)


def _compile(request: bytes) -> bool:
    with contextlib.suppress(Exception):  # The process that asks compiles the kernel itself, and reports.
        module, name, signature = pickle.loads(request)
        found = getattr(importlib.import_module(module), name)
        if isinstance(found, Dispatcher):
            found.compile(signature)
            return True
    return False


if __name__ == "__main__":
    _serve()
