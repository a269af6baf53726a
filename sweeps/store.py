"""The store of a sweep: one file of JSON lines that is only ever added to, and holds all that continuing needs.

Writers take turns by a lock of the operating system, which is released when a process dies. A line that a dying writer
left half-written is ended by the next writer and ignored by readers.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock

from models.errors import InputError

Event = dict[str, Any]


@dataclass
class Turn:
    """A writer's turn: what was in the store when it began, and what has been added since."""

    events: list[Event]
    _file: BinaryIO
    _torn: bool

    def append(self, event: str, **fields: Any) -> Event:
        """Add an event; it is on the disk when this returns."""
        made: Event = {"event": event, "time": round(time.time(), 3), **fields}
        line = json.dumps(made, allow_nan=False, separators=(",", ":"))
        self._file.write((b"\n" if self._torn else b"") + line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._torn = False
        self.events.append(made)
        return made


@dataclass(frozen=True)
class Store:
    """A sweep's events, in a file."""

    path: Path

    def events(self) -> list[Event]:
        """Return all whole events, in order.

        Raises
        ------
        InputError
            If the file is no store.
        """
        if not self.path.exists():
            return []
        return _parse(self.path.read_bytes(), self.path)[0]

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for a writer's turn."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_suffix(".lock"), poll_interval=0.01), self.path.open("ab") as file:
            events, torn = _parse(self.path.read_bytes(), self.path)
            yield Turn(events, file, torn)


def _parse(content: bytes, path: Path) -> tuple[list[Event], bool]:
    """Return the whole events, and whether the last line is not ended."""
    found = []
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (json.JSONDecodeError, UnicodeDecodeError):
            continue
        if isinstance(event, dict) and "event" in event:
            found.append(event)
    if found and found[0]["event"] != "begin":
        raise InputError(f"{path} is not a sweep's store: it does not begin with the space")
    return found, bool(content) and not content.endswith(b"\n")
