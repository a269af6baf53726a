"""Signs of life of workers: a file each, touched now and then."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from pathlib import Path
from types import TracebackType

BEAT = 2.0
"""Seconds between two."""


class Heartbeat:
    """A worker's; give it to ``with``.

    Attributes
    ----------
    worker : str
        Its name: host, process and a random number.
    """

    def __init__(self, folder: Path) -> None:
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._file = _file(folder, self.worker)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Heartbeat:
        """Begin."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._over.set()
        self._thread.join()
        self._file.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            self._file.touch()


def is_alive(folder: Path, worker: str, lease: float) -> bool:
    """Return whether a worker has given a sign of life lately.

    Parameters
    ----------
    folder : Path
    worker : str
    lease : float
        Seconds. A dead process of this machine is known to be dead at once.
    """
    host, process, _ = worker.split(":")
    if host == socket.gethostname() and not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
        return False
    try:
        last = _file(folder, worker).stat().st_mtime
    except FileNotFoundError:
        return False
    # Both times are those of the file system, whose clock may be another than this machine's.
    probe = folder / f".now-{os.getpid()}"
    probe.touch()
    now = probe.stat().st_mtime
    probe.unlink(missing_ok=True)
    return now - last <= lease


def _file(folder: Path, worker: str) -> Path:
    return folder / worker.replace(":", "-")
