"""Claims: a run is trained by one worker at a time, and the run of a worker that died is free again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from filelock import FileLock

from pipeline.training.run import Run
from sweeps.heartbeat import Heartbeat, forget, is_alive, workers

LOCK = ".claims.lock"
"""Beside the folders of runs: a worker holds this lock while it decides whether one of them is free."""


class Claimed(Exception):
    """A living worker trains the run."""


@contextmanager
def claim(run: Run) -> Iterator[None]:
    """Claim a run for as long as a ``with`` statement lasts: by the file of a heartbeat in its folder.

    Raises
    ------
    Claimed
        If a living worker has claimed it.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with FileLock(run.folder.parent / LOCK, poll_interval=0.01):
            if is_claimed(run):
                raise Claimed(f"another worker trains {run.folder}")
            for dead in workers(run.folder):
                forget(run.folder, dead)
            held.enter_context(Heartbeat(run.folder))
        yield


def is_claimed(run: Run) -> bool:
    """Return whether a living worker has claimed a run."""
    return any(is_alive(run.folder, worker) for worker in workers(run.folder))
