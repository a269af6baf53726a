"""Workers on this machine: started, watched, started again when they die."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from models.errors import InputError
from sweeps.state import State
from sweeps.sweep import Sweep

LOOK = 1.0
"""Seconds between two looks at the store."""

MOST_RESTARTS = 20
"""Of all workers together."""


def run_workers(sweep: Sweep, workers: int, threads: int, console: Console) -> None:
    """Let workers of their own processes finish a sweep; show how it goes.

    Parameters
    ----------
    sweep : Sweep
    workers : int
        0 takes as many as cores.
    threads : int
        Of each.
    console : Console

    Raises
    ------
    InputError
        If workers die again and again.
    """
    count = workers or len(os.sched_getaffinity(0))
    (sweep.folder / "logs").mkdir(parents=True, exist_ok=True)
    processes = [_start(sweep, number, threads) for number in range(count)]
    restarts = 0
    budget = sweep.space().budget.points or None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shown: set[int] = set()
    try:
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("points", total=budget)
            while any(process.poll() is None for process in processes):
                time.sleep(LOOK)
                state = sweep.state()
                bar.update(task, completed=len(state.finished), description=_news(state))
                _tell(state, shown, console)
                for number, process in enumerate(processes):
                    if process.poll() not in (None, 0) and not sweep.is_over():
                        restarts += 1
                        if restarts > MOST_RESTARTS:
                            log = sweep.folder / "logs" / f"worker-{number}.log"
                            raise InputError(f"workers died {restarts} times; the last one's words are in {log}")
                        processes[number] = _start(sweep, number, threads)
        _tell(sweep.state(), shown, console)
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
        for process in processes:
            process.wait()


def _start(sweep: Sweep, number: int, threads: int) -> subprocess.Popen[bytes]:
    with (sweep.folder / "logs" / f"worker-{number}.log").open("ab") as log:
        command = [sys.executable, "-m", "sweeps", "worker", str(sweep.folder), "--threads", str(threads)]
        environment = os.environ | dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"), str(threads))
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment)


def _news(state: State) -> str:
    best = state.best
    return "points" if best is None or best.error is None else f"points, best error {best.error:.3f}"


def _tell(state: State, shown: set[int], console: Console) -> None:
    """Print a line for every newly finished point."""
    for point in state.finished:
        if point.number not in shown:
            shown.add(point.number)
            result = f"error {point.error:.3f}" if point.error is not None else point.reason
            console.print(f"point {point.number}: {point.status}, {result}", highlight=False, soft_wrap=True)
