"""Carrying experiments out: in processes of this machine, or by the jobs of a cluster.

An experiment is a function that returns a generator. It yields the jobs of a stage, is sent a table with a row a job,
and may yield further jobs that depend on it; what it returns is the experiment's result.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from rich.progress import TimeRemainingColumn

from models.errors import InputError
from pipeline.console import Console
from pipeline.endings import Ended, end_by_signals, end_with_parent
from sweeps.claims import Claimed, is_claimed
from sweeps.cluster import Cluster, ClusterName, Task, announce, send
from sweeps.jobs import Job, Row, is_done, prepare, read_row, train_and_score
from sweeps.processes import SPAWN, cores, progress_bar, threads_of_children

LOOK = 2.0
"""Seconds between two looks at runs that are claimed by other workers."""

MOST_DEATHS = 3
"""How often in a row, without a run that is done in between, workers may die."""

Key = tuple[Path, str]
R = TypeVar("R")
Stages = Generator[Sequence[Job], pd.DataFrame, R]
Experiment = Callable[[], Stages[R]]
"""Picklable, so that the jobs of a cluster can carry it out: a module's function, or a `functools.partial` of one."""


@dataclass(frozen=True)
class Runner:
    """Where and how experiments are carried out, and the console where progress is shown."""

    console: Console
    workers: int = 0
    """Processes of this machine; 0 takes as many as cores."""
    threads: int = 1
    """Number of threads of each training on this machine."""
    cluster: ClusterName | None = None
    """Submit the runs to a cluster instead."""
    wants: Cluster = field(default_factory=Cluster)
    logs: Path = Path("jobs")
    """Folder of the cluster's logs and pickled jobs."""

    def run(self, name: str, experiment: Experiment[R]) -> R | None:
        """Carry an experiment out and return its result; None where it was submitted to a cluster."""
        return next(self.run_all(name, [experiment]), None)

    def run_all(self, name: str, experiments: Sequence[Experiment[R]]) -> Iterator[R]:
        """Carry experiments out, one after the other, and yield their results; or submit them together by a name."""
        if self.cluster is None:
            for experiment in experiments:
                yield carry_out(experiment, self.train)
            return
        for experiment in experiments:
            prepare(next(experiment()))
        task = Task(partial(help_out, tuple(experiments), self.wants.cpus))
        submitted = send(self.logs / name, name, [task] * self.wants.jobs, self.cluster, self.wants)
        announce(submitted, self.cluster, self.console)

    def train(self, jobs: Sequence[Job]) -> pd.DataFrame:
        """Train and score jobs in processes of this machine.

        Processes that die are started again. Runs that a worker of somebody else has claimed are waited for. Jobs that
        come to the same run, scored on the same examples, share it. Return one row a job, in their order; see
        `jobs.train_and_score`.

        Raises
        ------
        InputError
            If a run can't be trained or scored, or processes die again and again.
        """
        prepare(jobs)
        found: dict[Key, Row] = {}
        keys = [job.key for job in jobs]
        left = dict(zip(keys, jobs, strict=True))
        count = min(self.workers or cores(), max(len(left), 1))
        deaths = 0
        with progress_bar(self.console, TimeRemainingColumn()) as bar:
            shown = bar.add_task("runs", total=len(left))
            while left:
                try:
                    for key, row in _trained(left, count, self.threads):
                        found[key], deaths = row, 0
                        bar.advance(shown)
                        self._tell(left.pop(key), row)
                except BrokenProcessPool:
                    deaths += 1
                    if deaths > MOST_DEATHS:
                        raise InputError(f"workers died {deaths} times in a row; out of memory, perhaps") from None
        return pd.DataFrame([found[key] | {"variant": job.label} for key, job in zip(keys, jobs, strict=True)])

    def _tell(self, job: Job, row: Row) -> None:
        """Print a line for a run that is done, where there is no bar to be seen."""
        if not self.console.is_terminal:
            said = f"{job.label}, seed {job.config.seed}, {job.held}: {row['accuracy']:.3f}"
            self.console.print(said)


def carry_out(experiment: Experiment[R], train: Callable[[Sequence[Job]], pd.DataFrame]) -> R:
    """Carry an experiment out; ``train`` trains the jobs of a stage and returns their rows."""
    stages = experiment()
    jobs = next(stages)
    while True:
        rows = train(jobs)
        try:
            jobs = stages.send(rows)
        except StopIteration as end:
            result: R = end.value
            return result


def one_stage(jobs: Sequence[Job]) -> Stages[pd.DataFrame]:
    """Return an experiment of one stage, whose result is its rows."""
    return (yield jobs)


def help_out(experiments: Sequence[Experiment[Any]], threads: int) -> int:
    """Train what of experiments nobody else trains, until all is done; return how many runs that were."""
    trained: list[Job] = []

    def train(jobs: Sequence[Job]) -> pd.DataFrame:
        left = list({job.key: job for job in jobs}.values())
        while left:
            before = len(left)
            left = [job for job in left if not is_done(job) and not _try(job, threads, trained)]
            if len(left) == before:
                time.sleep(LOOK)
        return pd.DataFrame([read_row(job) for job in jobs])

    for experiment in experiments:
        carry_out(experiment, train)
    return len(trained)


def _try(job: Job, threads: int, trained: list[Job]) -> bool:
    """Train and score a job unless somebody else does; return whether it is done."""
    try:
        train_and_score(job, threads)
    except Claimed:
        return False
    trained.append(job)
    return True


def _begin_worker() -> None:
    end_with_parent()
    end_by_signals()


def _train_in_worker(job: Job, threads: int) -> Row:
    try:
        return train_and_score(job, threads)
    except Ended as end:
        os._exit(int(str(end.code)))  # The pool would take it for the job's error and go on with the next job.


def _trained(jobs: Mapping[Key, Job], count: int, threads: int) -> Iterator[tuple[Key, Row]]:
    """Yield the key and the row of every job as it is done by one of ``count`` processes."""
    others = set(active_children())
    with threads_of_children(threads), ProcessPoolExecutor(count, SPAWN, initializer=_begin_worker) as pool:
        futures = {pool.submit(_train_in_worker, job, threads): (key, job) for key, job in jobs.items()}
        claimed: list[tuple[Key, Job]] = []
        try:
            while futures or claimed:
                done, _ = wait(futures, timeout=LOOK, return_when=FIRST_COMPLETED)
                for future in done:
                    key, job = futures.pop(future)
                    try:
                        yield key, future.result()
                    except Claimed:
                        claimed.append((key, job))
                if claimed and not futures:
                    time.sleep(LOOK)
                for key, job in [(key, job) for key, job in claimed if not is_claimed(job.run)]:
                    claimed.remove((key, job))
                    futures[pool.submit(_train_in_worker, job, threads)] = key, job
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in set(active_children()) - others:
                worker.terminate()
            raise
