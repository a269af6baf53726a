"""How processes end: in order when a signal asks for it, and never later than the process that started them."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing import parent_process
from types import FrameType
from typing import Any

GRACE = 10.0
"""Seconds that a process has to end in order; then it ends at once. All files are written atomically."""

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


_late = threading.Timer(GRACE, os._exit)
"""Ends this process at once, some time after a signal has asked for it."""


class Ended(SystemExit):
    """A signal asks this process to end: a user's, a cluster's at the time limit, or that of a closed terminal.

    The exit code is 128 + the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number).name


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise `Ended` in the main thread when a signal asks this process to end, within a ``with`` statement."""
    before = end_by_signals()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _late.cancel()


def end_by_signals() -> dict[int, Any]:
    """Raise `Ended` in the main thread from now on when a signal asks this process to end; return former handlers."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    # A signal that is ignored stays so: nohup ignores SIGHUP.
    return {n: signal.signal(n, _end) for n in SIGNALS if signal.getsignal(n) is not signal.SIG_IGN}


def _end(number: int, _: FrameType | None) -> None:
    global _late
    _drop_lost_terminal()
    # Should the exception be lost, as in a callback from C, or what it puts in order take too long.
    _late.cancel()
    _late = threading.Timer(GRACE, os._exit, (128 + number,))
    _late.daemon = True
    _late.start()
    raise Ended(number)


def _drop_lost_terminal() -> None:
    """Send what is printed from now on nowhere if the terminal is closed, so that printing fails nowhere."""
    for output in (1, 2):
        try:
            os.write(output, b"")
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, output)
            os.close(nowhere)


def end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ends: nobody would use its results."""
    parent = parent_process()
    assert parent is not None, "a worker is started by another process"
    with contextlib.suppress(ImportError, AttributeError, OSError):
        _end_with_pipe(int(parent.sentinel))

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _end_with_pipe(end: int) -> None:
    """Let Linux kill this process when nobody can write to a pipe any more.

    A thread that waits for that, as other systems need, is late while compiled code holds the interpreter's lock.
    """
    import fcntl

    fcntl.fcntl(end, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(end, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_ASYNC)


def end_with(process: int) -> None:
    """Let this process end when another one of this machine does, which need not have started it itself."""
    import psutil

    def watch() -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(process).wait()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
