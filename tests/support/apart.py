"""A reader in a process of its own, for tests that give it damaged files: it may crash, never end, or take all memory.

The process is kept for as many files as it survives.
"""

from __future__ import annotations

import multiprocessing
import re
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from models.errors import InputError

SECONDS = 60
"""Time that a file may take; a hundred times what any takes on a busy machine."""

MEMORY = 2 << 30
"""Bytes of address space that the reader may take beyond what it has at its start, where the system can limit that."""


class Apart:
    """A function of a path, called in a child process.

    Parameters
    ----------
    read : callable
        Picklable: a function of a module. It asserts that what it reads is sane.
    """

    def __init__(self, read: Callable[[Path], None]) -> None:
        self._read = read
        self._process: multiprocessing.Process | None = None

    def refusal(self, path: Path) -> str | None:
        """Return why the file is refused, or None where it is read; anything else fails the test."""
        if self._process is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(self._read, theirs), daemon=True)
            self._process.start()
        self._pipe.send(path)
        if not self._pipe.poll(SECONDS):
            self.close()
            raise AssertionError(f"{path} takes more than {SECONDS} s")
        try:
            kind, said = self._pipe.recv()
        except EOFError:
            code = self.close()
            raise AssertionError(f"{path} ends the process with {code}") from None
        assert kind in ("read", "refused"), said
        return said

    def close(self) -> int | None:
        """End the process, and return how it ended."""
        process, self._process = self._process, None
        if process is None:
            return None
        self._pipe.close()
        process.join(1)
        process.kill()
        process.join()
        return process.exitcode


def _serve(read: Callable[[Path], None], pipe: Connection) -> None:
    """Answer until the other end is closed."""
    _limit_memory()
    while True:
        try:
            path = pipe.recv()
        except EOFError:
            return
        try:
            read(path)
            pipe.send(("read", None))
        except InputError as error:
            pipe.send(("refused", str(error)))
        except BaseException as error:
            pipe.send(("failed", f"{type(error).__name__}: {error}"))


def _limit_memory() -> None:
    if sys.platform != "linux":
        return
    import resource

    found = re.search(r"VmSize:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    limit = 1024 * int(found[1]) + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
