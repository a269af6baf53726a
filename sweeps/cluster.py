"""A cluster's jobs: what they ask for, and their submission by submitit or by a plain script for sbatch."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import InputError
from pipeline.config.problems import first_problem
from pipeline.config.toml import read_toml
from pipeline.console import Console
from pipeline.paths import expanded
from pipeline.training.run import RUNS_VARIABLE, commit

ClusterName = Literal["slurm", "local", "debug"]
"""Slurm; processes of this machine; this process, one job after the other."""

DEFAULT_ARRAY = 1000
"""Slurm's limit of an array's size where the site sets no other."""


class Cluster(BaseModel):
    """What jobs ask a cluster for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: Annotated[int, Field(ge=1)] = 4
    """Number of jobs, each of which is a worker."""
    minutes: Annotated[int, Field(ge=1)] = 240
    """Time limit of a job; one that reaches it is queued again and continues from its checkpoint."""
    notice: Annotated[int, Field(ge=1)] = 60
    """Seconds before the time limit at which a job is told."""
    cpus: Annotated[int, Field(ge=1)] = 1
    memory: Annotated[float, Field(ge=0)] = 4.0
    """Gigabytes; 0 leaves it to the site."""
    gpus: Annotated[int, Field(ge=0)] = 0
    partition: str | None = None
    account: str | None = None
    at_once: Annotated[int, Field(ge=0)] = 0
    """Largest number of jobs that run at the same time; 0 sets no limit."""

    @model_validator(mode="after")
    def _told_in_time(self) -> Cluster:
        if self.notice >= 60 * self.minutes:
            raise InputError(f"notice is {self.notice} s; it must be shorter than the job's time of {self.minutes} min")
        return self


def load_cluster(file: Path | None, **options: Any) -> Cluster:
    """Return what jobs ask for: the fields of a TOML file, with options over them.

    Raises
    ------
    InputError
        If the file is no TOML, or a field is unknown or wrong.
    """
    fields = {} if file is None else read_toml(expanded(file))
    fields |= {name: value for name, value in options.items() if value is not None}
    try:
        return Cluster.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{file or 'the options'}: {first_problem(error, Cluster)}") from None


def cluster_name(name: str) -> ClusterName:
    """Return a cluster's name as one that there is.

    Raises
    ------
    InputError
        If there is none of the name.
    """
    if name not in get_args(ClusterName):
        raise InputError(f"--cluster is {name}; it must be one of {', '.join(get_args(ClusterName))}")
    return cast(ClusterName, name)


class Task:
    """Work for a cluster's job, which refuses to begin if the checkout has changed since the submission.

    Parameters
    ----------
    work : callable
        Picklable.
    refused : callable, optional
        Picklable; told the reason of a refusal.
    """

    def __init__(self, work: Callable[[], Any], refused: Callable[[str], None] | None = None) -> None:
        self.work, self.refused, self.made_of = work, refused, commit()

    def __call__(self) -> Any:
        """Do the work and return its result.

        Raises
        ------
        InputError
            If the checkout has changed.
        """
        now = commit()
        if now != self.made_of:
            reason = f"the job was submitted by commit {self.made_of} and started at commit {now}; submit it again"
            if self.refused is not None:
                self.refused(reason)
            raise InputError(reason)
        return self.work()

    def checkpoint(self) -> Any:
        """Return what to queue again at the job's time limit: the same work; runs continue from their checkpoints."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def make_executor(folder: Path, name: str, cluster: ClusterName, wants: Cluster) -> Any:
    """Return submitit's executor for a cluster; the folder is that of logs and pickled jobs, the name the jobs'.

    Raises
    ------
    InputError
        If there is no Slurm, or the folder's path has a percent sign.
    """
    import submitit

    _refuse_patterns(folder)
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


def send(
    folder: Path, name: str, tasks: Sequence[Callable[[], Any]], cluster: ClusterName, wants: Cluster
) -> list[Any]:
    """Submit tasks as job arrays, as many as the site's limit of an array's size requires; return submitit's jobs.

    Folder and name are those of `make_executor`.

    Raises
    ------
    InputError
        If there is no Slurm, or it refuses the jobs, or the folder's path has a percent sign.
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


def announce(jobs: Sequence[Any], cluster: ClusterName, console: Console) -> None:
    """Print the numbers of submitted jobs; those of "debug" are carried out by this process now."""
    console.print(f"{len(jobs)} jobs: {', '.join(job.job_id for job in jobs)}")
    for job in jobs if cluster == "debug" else ():
        job.result()


def array_limit() -> int:
    """Return how many jobs an array of this site's Slurm may have."""
    said = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, check=False).stdout
    for line in said.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "MaxArraySize" and value.strip().isdigit():
            return max(int(value) - 1, 1)
    return DEFAULT_ARRAY


def script(name: str, command: Sequence[str], folder: Path, wants: Cluster) -> str:
    """Return a script for sbatch that runs a command as a job array, for sites where submitit can't be used.

    The name is that of the jobs, the folder that of their logs.

    Raises
    ------
    InputError
        If the folder's path has a percent sign.
    """
    _refuse_patterns(folder)
    lines = [
        "#!/bin/bash",
        f"#SBATCH --job-name={name}",
        f"#SBATCH --array=0-{wants.jobs - 1}" + (f"%{wants.at_once}" if wants.at_once else ""),
        f"#SBATCH --time={wants.minutes}",
        f"#SBATCH --cpus-per-task={wants.cpus}",
        *([f"#SBATCH --mem={round(wants.memory * 1024)}M"] if wants.memory else []),
        f"#SBATCH --output={shlex.quote(str(folder.resolve()))}/%A_%a.log",
        "#SBATCH --requeue",
        # Before the time limit: the worker gives its point back, and the job is queued again.
        f"#SBATCH --signal=B:TERM@{wants.notice}",
    ]
    optional = {"partition": wants.partition, "account": wants.account, "gpus": wants.gpus or None}
    lines += [f"#SBATCH --{option}={value}" for option, value in optional.items() if value is not None]
    lines += [
        f"cd {shlex.quote(str(Path.cwd()))}",
        f'test "$(git describe --always --dirty --abbrev=40 2>/dev/null || echo unknown)" = {shlex.quote(commit())} || '
        "{ echo 'the checkout has changed since the submission' >&2; exit 2; }",
        "again() { kill -TERM $worker; wait $worker; scontrol requeue "
        '"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"; exit 0; }',
        "trap again TERM",
        f"{shlex.join(command)} & worker=$!",
        "wait $worker",
    ]
    return "\n".join(lines) + "\n"


def _refuse_patterns(folder: Path) -> None:
    """Refuse a folder in whose path submitit or Slurm would replace %j, %a and the like: jobs would write elsewhere."""
    if "%" in str(folder.resolve()):
        raise InputError(
            f"jobs can't keep their logs in {folder}: clusters replace what follows a percent sign in a path; one "
            f"without it is wanted ({RUNS_VARIABLE} names the folder of runs)"
        )
