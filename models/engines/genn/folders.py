"""Folders for generated code: kept for the next run of the same network, and never shared by two at a time."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

FOLDER_VARIABLE = "SPOKEN_SPIKES_GENN"
"""The environment variable that names another folder than the user's cache for generated code."""


@dataclass
class CodeFolder:
    """A folder that is this object's alone until it is released.

    Two networks that share a folder or a name crash or, worse, give wrong results without a word. So there are as many
    folders of a network as there are users at the same time, each locked while in use: by the operating system, which
    gives the lock back when a process dies.

    Attributes
    ----------
    path : Path
    name : str
        Of the model; no other loaded one has it.
    """

    path: Path
    name: str
    _lock: int

    @classmethod
    def take(cls, key: str) -> CodeFolder:
        """Return the first folder of a network that nobody uses.

        Parameters
        ----------
        key : str
            Of all that the generated code depends on; letters and digits.
        """
        root = code_root()
        root.mkdir(parents=True, exist_ok=True)
        place = 0
        while True:
            path = root / f"{key}-{place}"
            lock = os.open(root / f"{path.name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                place += 1
                continue
            path.mkdir(exist_ok=True)
            return cls(path, f"spikes_{key}_{place}", lock)

    def release(self) -> None:
        """Let others have the folder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def code_root() -> Path:
    """Return the folder of all generated code."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spoken-spikes" / "genn"
