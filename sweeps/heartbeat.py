"""Who is alive: a worker touches a file every few seconds, and one whose file is no longer touched is dead.

This is the one rule for points of a sweep and for runs. It holds across machines that share a file system.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import uuid
from pathlib import Path

import psutil

BEAT = 2.0
"""Seconds between two touches."""

LEASE = 60.0
"""Seconds without a touch after which a worker counts as dead."""

ENDING = ".alive"

_NAME = re.compile(r"(.+):(\d+):[0-9a-f]+")


class Heartbeat:
    """A worker's sign of life, for as long as a ``with`` statement lasts: a file in a folder.

    The name of the worker is ``host:process:random``.
    """

    def __init__(self, folder: Path) -> None:
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._file = _file(folder, self.worker)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Heartbeat:
        """Create the file and begin to touch it."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop and remove the file."""
        self._over.set()
        self._thread.join()
        self._file.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            try:
                os.utime(self._file)
            except FileNotFoundError:
                return  # The worker was taken for dead and its file removed; it must not come back to life.


def workers(folder: Path) -> list[str]:
    """Return the names of the workers that have a file in a folder, alive or not."""
    names = (":".join(file.name.removesuffix(ENDING).rsplit("-", 2)) for file in folder.glob(f"*{ENDING}"))
    return [name for name in names if _NAME.fullmatch(name)]


def is_alive(folder: Path, worker: str, lease: float = LEASE) -> bool:
    """Return whether the worker of a file in a folder is alive: whether it was touched within ``lease`` seconds.

    A process of this machine that is gone is known to be dead at once; a name that is no worker's is nobody's.
    """
    named = _NAME.fullmatch(worker)
    if named is None or (named[1] == socket.gethostname() and not psutil.pid_exists(int(named[2]))):
        return False
    try:
        with _file(folder, worker).open("rb") as file:  # Opened, since NFS keeps the times of files that are not.
            last = os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return False
    # Both times are those of the file system, whose clock may differ from this machine's.
    probe = folder / f".now-{socket.gethostname()}-{os.getpid()}"
    probe.touch()
    now = probe.stat().st_mtime
    probe.unlink(missing_ok=True)
    return now - last <= lease


def forget(folder: Path, worker: str) -> None:
    """Remove the file of a dead worker."""
    _file(folder, worker).unlink(missing_ok=True)


def _file(folder: Path, worker: str) -> Path:
    return folder / (worker.replace(":", "-") + ENDING)
