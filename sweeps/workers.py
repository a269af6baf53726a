"""A sweep's workers: processes of this machine, which are started again when they die, or jobs of a cluster."""

from __future__ import annotations

import os
import time
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from rich.progress import TimeElapsedColumn

from models.errors import InputError
from pipeline.console import Console
from pipeline.endings import end_with_parent
from sweeps.cluster import Cluster, ClusterName, Task, send
from sweeps.processes import SPAWN, cores, progress_bar, threads_of_children
from sweeps.state import State
from sweeps.sweep import Sweep
from sweeps.worker import work, work_in_job

LOOK = 1.0
"""Seconds between two looks at the store."""

MOST_RESTARTS = 20
"""Of all workers together."""


def run_workers(sweep: Sweep, workers: int, threads: int, console: Console) -> None:
    """Finish a sweep by workers on this machine, 0 for as many as cores; show how it goes.

    Raises
    ------
    InputError
        If workers die again and again.
    """
    count = workers or cores()
    (sweep.folder / "logs").mkdir(parents=True, exist_ok=True)
    processes = [_start(sweep, number, threads) for number in range(count)]
    restarts = 0
    budget = sweep.space().budget.points or None
    shown: set[int] = set()
    try:
        with progress_bar(console, TimeElapsedColumn(), disable=not console.is_terminal) as bar:
            task = bar.add_task("points", total=budget)
            while any(process.is_alive() for process in processes):
                time.sleep(LOOK)
                state = sweep.state()
                bar.update(task, completed=len(state.finished), description=_news(state))
                _tell(state, shown, console)
                for number, process in enumerate(processes):
                    if process.exitcode not in (None, 0) and not sweep.is_over():
                        restarts += 1
                        if restarts > MOST_RESTARTS:
                            raise InputError(
                                f"workers died {restarts} times; what the last one printed is in {_log(sweep, number)}"
                            )
                        processes[number] = _start(sweep, number, threads)
        _tell(sweep.state(), shown, console)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def submit(sweep: Sweep, cluster: ClusterName, wants: Cluster) -> list[Any]:
    """Submit a sweep's workers to a cluster; see `cluster.send`."""
    there = Sweep(sweep.folder.resolve())
    task = Task(partial(work_in_job, there, wants.cpus), refused=there.refuse)
    return send(sweep.folder / "jobs", f"sweep-{sweep.folder.name}", [task] * wants.jobs, cluster, wants)


def _start(sweep: Sweep, number: int, threads: int) -> BaseProcess:
    process = SPAWN.Process(target=_worker, args=(sweep, threads, _log(sweep, number)))
    with threads_of_children(threads):
        process.start()
    return process


def _worker(sweep: Sweep, threads: int, log: Path) -> None:
    """Work in a process of its own, whose output goes to a log."""
    end_with_parent()
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    work(sweep, threads)


def _log(sweep: Sweep, number: int) -> Path:
    return sweep.folder / "logs" / f"worker-{number}.log"


def _news(state: State) -> str:
    best = state.best
    return "points" if best is None or best.error is None else f"points, best error {best.error:.3f}"


def _tell(state: State, shown: set[int], console: Console) -> None:
    """Print a line for every newly finished point."""
    for point in state.finished:
        if point.number not in shown:
            shown.add(point.number)
            result = f"error {point.error:.3f}" if point.error is not None else point.reason
            console.print(f"point {point.number}: {point.status}, {result}")
