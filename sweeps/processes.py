"""Worker processes on this machine: how many, on how many threads each, and how far they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn

from pipeline.console import Console, TextColumn

SPAWN = get_context("spawn")
"""Processes that inherit nothing: forking a process in which engines' threads run may hang."""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def progress_bar(console: Console, clock: ProgressColumn, disable: bool = False) -> Progress:
    """Return a bar that counts what processes have done, with the time that has passed or is left at its end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), clock)
    return Progress(*columns, console=console, disable=disable)


@contextmanager
def threads_of_children(threads: int) -> Iterator[None]:
    """Let processes that are started within a ``with`` statement have so many threads each; 0 sets no limit."""
    names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS") if threads else ()
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
