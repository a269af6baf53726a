"""The study on a cluster: jobs that train its runs between them. What is left for `study` afterwards is the tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from models.errors import InputError
from pipeline.training.run import commit
from results.experiments.comparison.runs import Job, is_over, run_all, run_of
from results.experiments.study.choosing import choose, choosing_jobs, comparing_jobs
from results.experiments.study.plan import Plan
from sweeps.submit import Cluster, ClusterName, send

LOOK = 5.0
"""Seconds between two looks at whether other jobs' runs are over."""

LEASE = 900.0
"""Seconds without a sign of life after which a run's job counts as dead."""


class Share:
    """One job's share of the study.

    Parameters
    ----------
    plans : sequence of Plan
    index, count : int
        Which of how many.
    made_of : str
        The commit that submitted it.
    """

    def __init__(self, plans: Sequence[Plan], index: int, count: int, made_of: str) -> None:
        self.plans, self.index, self.count, self.made_of = list(plans), index, count, made_of

    def __call__(self) -> int:
        """Train every ``count``-th run: first those that settings are chosen by, then those that are compared."""
        now = commit()
        if now != self.made_of:
            raise InputError(
                f"the job was submitted by commit {self.made_of} and started at commit {now}; submit it again"
            )
        quiet = Console(quiet=True)
        trained = 0
        for plan in self.plans:
            choosing = choosing_jobs(plan)
            run_all(choosing[self.index :: self.count], quiet, 1)
            self._see_done(choosing)
            chosen, *_ = choose(plan, quiet, 1)
            comparing = comparing_jobs(plan, chosen)[self.index :: self.count]
            run_all(comparing, quiet, 1)
            trained += len(comparing)
        return trained

    def _see_done(self, jobs: Sequence[Job]) -> None:
        """Wait until all runs are over; what nobody works on, since its job is queued or dead, is trained here."""
        while undone := [job for job in jobs if not is_over(job)]:
            idle = [job for job in undone if not _worked_on(job)]
            if idle:
                # Not all helpers at the same one.
                run_all([idle[self.index % len(idle)]], Console(quiet=True), 1)
            else:
                time.sleep(LOOK)

    def checkpoint(self) -> Any:
        """Return what to queue again when the job's time is over: the same; runs go on from their checkpoints."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def submit_study(plans: Sequence[Plan], cluster: ClusterName, wants: Cluster, folder: Path) -> list[Any]:
    """Submit the study's runs; see `sweeps.submit.send`.

    Parameters
    ----------
    plans : sequence of Plan
    cluster : {"slurm", "local", "debug"}
    wants : Cluster
    folder : Path
        Of the jobs' logs.

    Returns
    -------
    list of submitit.Job
    """
    made_of = commit()
    tasks = [Share(plans, i, wants.jobs, made_of) for i in range(wants.jobs)]
    return send(folder, "study", tasks, cluster, wants)


def _worked_on(job: Job) -> bool:
    """Return whether somebody has written to a job's run lately."""
    folder = run_of(job).folder
    written = [path.stat().st_mtime for path in folder.glob("*")] if folder.is_dir() else []
    return bool(written) and time.time() - max(written) < LEASE
