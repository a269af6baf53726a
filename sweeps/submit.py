"""Workers on a cluster: job arrays through submitit, or a plain script for sbatch."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import InputError
from pipeline.config.problems import first_problem
from pipeline.training.run import commit
from sweeps.sweep import Sweep
from sweeps.worker import Asked, work

ClusterName = Literal["slurm", "local", "debug"]

DEFAULT_ARRAY = 1000
"""Slurm's limit of an array's size where it does not say another."""


class Cluster(BaseModel):
    """What jobs ask a cluster for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: Annotated[int, Field(ge=1)] = 4
    """Workers."""
    minutes: Annotated[int, Field(ge=1)] = 240
    """A job's time; one that runs out of it is queued again and goes on from its checkpoint."""
    notice: Annotated[int, Field(ge=1)] = 60
    """Seconds before the end of its time at which a job is told."""
    cpus: Annotated[int, Field(ge=1)] = 1
    memory: Annotated[float, Field(ge=0)] = 4.0
    """Gigabytes; 0 asks for none in particular."""
    gpus: Annotated[int, Field(ge=0)] = 0
    partition: str | None = None
    account: str | None = None
    at_once: Annotated[int, Field(ge=0)] = 0
    """Jobs that run at the same time; 0 is no limit."""

    @model_validator(mode="after")
    def _told_in_time(self) -> Cluster:
        if self.notice >= 60 * self.minutes:
            raise InputError(f"notice is {self.notice} s; it must be shorter than the job's time of {self.minutes} min")
        return self


def load_cluster(file: Path | None, **options: Any) -> Cluster:
    """Return what jobs ask for: from a TOML file, with options over it.

    Raises
    ------
    InputError
        If the file is no TOML, or a field is unknown or wrong.
    """
    fields: dict[str, Any] = {}
    if file is not None:
        try:
            fields = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{file} is not a readable TOML file: {error}") from None
    fields |= {name: value for name, value in options.items() if value is not None}
    try:
        return Cluster.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{file or 'the options'}: {first_problem(error, Cluster)}") from None


class Job:
    """A worker as a cluster's job.

    Parameters
    ----------
    folder : str
        The sweep's.
    threads : int
    made_of : str
        The commit that submitted it.
    """

    def __init__(self, folder: str, threads: int, made_of: str) -> None:
        self.folder, self.threads, self.made_of = folder, threads, made_of

    def __call__(self) -> int:
        """Work until the sweep is over; refuse to if the checkout has changed since the submission."""
        sweep = Sweep.at(self.folder)
        now = commit()
        if now != self.made_of:
            reason = f"the job was submitted by commit {self.made_of} and started at commit {now}; submit it again"
            sweep.refuse(reason)
            raise InputError(reason)
        try:
            return work(sweep, self.threads)
        except Asked:
            return 0

    def checkpoint(self) -> Any:
        """Return what to queue again when the job's time is over: the same; points go on from their checkpoints."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def make_executor(folder: Path, name: str, cluster: ClusterName, wants: Cluster) -> Any:
    """Return submitit's executor for a cluster.

    Parameters
    ----------
    folder : Path
        Of logs and pickled jobs.
    name : str
        Of the jobs.
    cluster : {"slurm", "local", "debug"}
    wants : Cluster

    Raises
    ------
    InputError
        If there is no Slurm.
    """
    import submitit

    if cluster == "slurm" and shutil.which("sbatch") is None:
        raise InputError("there is no sbatch here; --cluster local runs on this machine")
    executor = submitit.AutoExecutor(folder=str(folder), cluster=cluster)
    executor.update_parameters(name=name, timeout_min=wants.minutes)
    if cluster != "debug":
        executor.update_parameters(cpus_per_task=wants.cpus, gpus_per_node=wants.gpus)
        if wants.memory:
            executor.update_parameters(mem_gb=wants.memory)
    if cluster == "slurm":
        named = {"slurm_partition": wants.partition, "slurm_account": wants.account}
        executor.update_parameters(
            slurm_array_parallelism=wants.at_once or wants.jobs,
            slurm_signal_delay_s=wants.notice,
            slurm_additional_parameters={"open-mode": "append"},
            **{name: value for name, value in named.items() if value is not None},
        )
    return executor


def submit(sweep: Sweep, cluster: ClusterName, wants: Cluster) -> list[Any]:
    """Submit workers; see `send`.

    Parameters
    ----------
    sweep : Sweep
    cluster : {"slurm", "local", "debug"}
    wants : Cluster

    Returns
    -------
    list of submitit.Job
    """
    folder, made_of = str(sweep.folder.resolve()), commit()
    tasks = [Job(folder, wants.cpus, made_of) for _ in range(wants.jobs)]
    return send(sweep.folder / "jobs", f"sweep-{sweep.folder.name}", tasks, cluster, wants)


def send(
    folder: Path, name: str, tasks: Sequence[Callable[[], Any]], cluster: ClusterName, wants: Cluster
) -> list[Any]:
    """Submit tasks as job arrays, as many as the site's limit makes of them.

    Parameters
    ----------
    folder : Path
        Of logs and pickled jobs.
    name : str
        Of the jobs.
    tasks : sequence of callable
    cluster : {"slurm", "local", "debug"}
        Slurm; processes of this machine; this process, one job after the other.
    wants : Cluster

    Returns
    -------
    list of submitit.Job

    Raises
    ------
    InputError
        If there is no Slurm, or it refuses the jobs.
    """
    import submitit

    executor = make_executor(folder, name, cluster, wants)
    jobs = []
    limit = array_limit() if cluster == "slurm" else len(tasks)
    for begin in range(0, len(tasks), limit):
        try:
            with executor.batch():
                jobs += [executor.submit(task) for task in tasks[begin : begin + limit]]
        except submitit.core.utils.FailedJobError as error:
            raise InputError(f"the cluster refused the jobs: {' '.join(str(error).split())}") from None
    return jobs


def array_limit() -> int:
    """Return how many jobs an array of this site's Slurm may have."""
    said = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, check=False).stdout
    for line in said.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "MaxArraySize" and value.strip().isdigit():
            return max(int(value) - 1, 1)
    return DEFAULT_ARRAY


def script(sweep: Sweep, wants: Cluster) -> str:
    """Return an array script for sbatch, for sites where submitit can't be used."""
    lines = [
        "#!/bin/bash",
        f"#SBATCH --job-name=sweep-{sweep.folder.name}",
        f"#SBATCH --array=0-{wants.jobs - 1}" + (f"%{wants.at_once}" if wants.at_once else ""),
        f"#SBATCH --time={wants.minutes}",
        f"#SBATCH --cpus-per-task={wants.cpus}",
        *([f"#SBATCH --mem={round(wants.memory * 1024)}M"] if wants.memory else []),
        f"#SBATCH --output={shlex.quote(str((sweep.folder / 'jobs').resolve()))}/%A_%a.log",
        "#SBATCH --requeue",
        # Before the time is over: the worker gives its point back, and the job is queued again.
        f"#SBATCH --signal=B:TERM@{wants.notice}",
    ]
    optional = {"partition": wants.partition, "account": wants.account, "gpus": wants.gpus or None}
    lines += [f"#SBATCH --{name}={value}" for name, value in optional.items() if value is not None]
    lines += [
        f"cd {shlex.quote(str(Path.cwd()))}",
        f'test "$(git describe --always --dirty --abbrev=40 2>/dev/null || echo unknown)" = {shlex.quote(commit())} || '
        "{ echo 'the checkout has changed since the submission' >&2; exit 2; }",
        "again() { kill -TERM $worker; wait $worker; scontrol requeue "
        '"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"; exit 0; }',
        "trap again TERM",
        f"{shlex.quote(sys.executable)} -m sweeps worker {shlex.quote(str(sweep.folder.resolve()))} "
        f"--threads {wants.cpus} & worker=$!",
        "wait $worker",
    ]
    return "\n".join(lines) + "\n"
