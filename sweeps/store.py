"""The store of a sweep: one file of JSON lines that is only ever added to, and holds all that continuing needs.

Writers take turns by a lock of the operating system, which is released when a process dies. A line that a dying writer
left half-written is marked by the next writer and passed over by readers. Any other line that can't be read is damage.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from filelock import FileLock

from models.errors import InputError
from sweeps.events import Event, check, read

HALF_WRITTEN = b"#half-written"
"""End of a line that a writer who died left half-written."""


@dataclass
class Turn:
    """A writer's turn: what was in the store when it began, and what has been added since."""

    events: list[Event]
    _file: FileIO
    _end: bytes
    """What ends the last line, where a writer died before it was ended."""

    def append(self, event: str, **fields: Any) -> Event:
        """Add an event; it is on the disk when this returns.

        Raises
        ------
        OSError
            Naming the file, if it can't be written.
        """
        made: Event = {"event": event, "time": round(time.time(), 3), **fields}
        line = json.dumps(made, allow_nan=False, separators=(",", ":"))
        left = self._end + line.encode() + b"\n"
        try:
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._file.name)) from None
        self._end = b""
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
            If the file is no store, or a line of it is damaged.
        """
        if not self.path.exists():
            return []
        return _parse(self.path.read_bytes(), self.path)[0]

    def begun_events(self) -> list[Event]:
        """Return all whole events, in order, of which the first is the sweep's begin.

        Raises
        ------
        InputError
            If the file is empty or no store, or a line of it is damaged.
        """
        events = self.events()
        if not events:
            raise self.empty()
        return events

    def empty(self) -> InputError:
        """Return what is said of a store that should hold events and holds none."""
        return InputError(f"{self.path} is empty; {_remedy(self.path)}")

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for a writer's turn.

        Raises
        ------
        InputError
            If the file is no store, or a line of it is damaged; nothing is written then.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_suffix(".lock"), poll_interval=0.01), self.path.open("ab", buffering=0) as file:
            events, end = _parse(self.path.read_bytes(), self.path)
            yield Turn(events, file, end)


def _parse(content: bytes, path: Path) -> tuple[list[Event], bytes]:
    """Return the whole events, and what must end the last line before another is added."""
    *lines, last = content.split(b"\n")
    end = b""
    if last.strip():
        try:
            read(last)
            lines, end = [*lines, last], b"\n"
        except ValueError:
            end = HALF_WRITTEN + b"\n"
    found: list[Event] = []
    points = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.endswith(HALF_WRITTEN):
            continue
        try:
            event = read(line)
            if not found and event["event"] != "begin":
                raise ValueError('a sweep\'s store starts with the event "begin"')
            check(event, points)
        except ValueError as error:
            raise InputError(f"{path}, line {number}, is damaged: {error}; {_remedy(path)}") from None
        points += event["event"] == "ask" and event["point"] == points
        found.append(event)
    return found, end


def _remedy(path: Path) -> str:
    return f"restore the file from a copy, or move {path.parent} away to begin the sweep anew"
