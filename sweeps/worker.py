"""A worker of a sweep: takes points and trains them until the sweep is over."""

from __future__ import annotations

import os
import time

from models.errors import InputError
from pipeline.endings import Ended, ended_by_signals
from pipeline.training.run import RUNS_VARIABLE
from sweeps.heartbeat import Heartbeat
from sweeps.objective import Pruned, prepare, units
from sweeps.state import Point
from sweeps.sweep import Sweep

PATIENCE = 1.0
"""Seconds between two looks while all points are trained by other workers."""


def work(sweep: Sweep, threads: int = 1) -> int:
    """Take and train points until the sweep is over; return how many this worker has finished.

    Raises
    ------
    Ended
        If it is told to end; it has given its point back by then.
    InputError
        If the data are not those that the sweep was begun on.
    """
    os.environ[RUNS_VARIABLE] = str(sweep.runs)
    finished = 0
    with ended_by_signals():
        sweep.use(prepare(sweep.space(), progress=False))
        with Heartbeat(sweep.workers) as heart:
            while True:
                point = sweep.take(heart.worker)
                if point is not None:
                    finished += _train(sweep, point, heart.worker, threads)
                elif sweep.is_over():
                    return finished
                else:
                    time.sleep(PATIENCE)


def work_in_job(sweep: Sweep, threads: int) -> int:
    """Work as a cluster's job, for which being told to end is no failure; see `work`."""
    try:
        return work(sweep, threads)
    except Ended:
        return 0


def _train(sweep: Sweep, point: Point, worker: str, threads: int) -> bool:
    """Train a point and write how it ended, whatever goes wrong."""
    space = sweep.space()
    begun = time.monotonic()
    errors: dict[str, float] = {}

    def report(unit: str, epoch: int, error: float) -> None:
        epochs = space.settings(point.values, 1).training.epochs
        if sweep.report(point, unit, epoch, error, epochs):
            raise Pruned(unit)

    def ended(status: str, **fields: object) -> bool:
        return sweep.finish(point, worker, status, seconds=round(time.monotonic() - begun, 1), **fields)

    try:
        for unit, error in units(space, point.values, report, threads):
            errors[unit] = error
            sweep.scored(point, unit, error)
        return ended("done", error=sum(errors.values()) / len(errors))
    except Pruned as pruned:
        best = min(sweep.state().points[point.number].curves[str(pruned)].values())
        known = [*errors.values(), best]
        return ended("stopped", error=sum(known) / len(known), reason="worse than the median at the same epoch")
    except (KeyboardInterrupt, SystemExit):
        sweep.release(point, worker)
        raise
    except InputError as error:
        return ended("failed", reason=str(error))
    except Exception as error:  # a point must never stop a sweep
        return ended("failed", reason=f"{type(error).__name__}: {error}".splitlines()[0])
