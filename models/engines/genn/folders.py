"""Folders for generated code: kept for the next run of the same network, and never shared by two at a time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

FOLDER_VARIABLE = "SPOKEN_SPIKES_GENN"
"""The environment variable that names another folder than the user's cache for generated code."""


@dataclass
class CodeFolder:
    """A folder that belongs to this object alone until it is released.

    Two loaded networks that share a folder or a name crash, or give wrong results without a warning. Each network
    therefore has as many folders as it has users at the same time, each locked while it is in use. The operating system
    releases the lock when the process ends, however it ends.

    Attributes
    ----------
    name : str
        Name of the GeNN model; no other loaded model has it.
    """

    path: Path
    name: str
    _lock: FileLock

    @classmethod
    def take(cls, key: str) -> CodeFolder:
        """Return the first folder that is not in use of a network with this `models.engines.genn.program.code_key`."""
        root = code_root()
        root.mkdir(parents=True, exist_ok=True)
        place = 0
        while True:
            path = root / f"{key}-{place}"
            # The lock is released by whatever thread collects the network.
            lock = FileLock(root / f"{path.name}.lock", thread_local=False)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                place += 1
                continue
            path.mkdir(exist_ok=True)
            return cls(path, f"spikes_{key}_{place}", lock)

    def release(self) -> None:
        """Let others use the folder."""
        self._lock.release()


def code_root() -> Path:
    """Return the folder that holds all generated code."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(os.path.expanduser(named))
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spoken-spikes" / "genn"
