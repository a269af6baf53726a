"""Training in several processes: started by mpirun, of which the first writes the run and the others look on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.engines import registry
from models.engines.entry import RANKS_VARIABLE, Place
from models.errors import InputError
from pipeline.config import Config
from pipeline.endings import end_with
from pipeline.training.run import Run

STARTER_VARIABLE = "SPOKEN_SPIKES_STARTER"
"""The environment variable that names, to each of several processes, the one that has started mpirun."""


@dataclass(frozen=True)
class Onlooker(Run):
    """A run that another process writes."""

    def begin(self, config: Config) -> None:
        """Leave the folder to the process that writes it."""

    def write(self, name: str, content: bytes | memoryview) -> None:
        """Write nothing."""

    def append_log(self, line: str) -> None:
        """Write nothing."""


def is_started() -> bool:
    """Return whether this process is one of several that `start` started."""
    return RANKS_VARIABLE in os.environ


def place() -> Place:
    """Return this process's place among those that were started together, or that of a process that is alone."""
    if not is_started():
        return Place()
    try:
        from mpi4py import MPI
    except ImportError:
        raise InputError("training in several processes needs mpi4py and an MPI; pip install mpi4py") from None
    if starter := os.environ.get(STARTER_VARIABLE):
        end_with(int(starter))
    return Place(int(MPI.COMM_WORLD.rank), int(MPI.COMM_WORLD.size))


def start(arguments: Sequence[str], count: int, config: Config) -> int:
    """Run ``python -m pipeline`` with these arguments in ``count`` processes, wait, and return their exit code.

    Of the config the engine is chosen. On a GPU's backend each process takes the GPU of its number, unless
    CUDA_VISIBLE_DEVICES is set.

    Raises
    ------
    InputError
        If the config's engine trains in one process only, or mpi4py or mpirun is missing.
    """
    entry = registry.find(config.engine, config.training.method)
    if not entry.shares_batches:
        able = [f'engine "{e.engine}", method "{e.method}"' for e in registry.ENTRIES if e.shares_batches]
        raise InputError(
            f"--nproc {count}: only {' or '.join(able)} trains in several processes; this config has engine = "
            f'"{config.engine}", training.method = "{config.training.method}"'
        )
    if config.training.batch < count:
        raise InputError(f"--nproc {count} is more than training.batch = {config.training.batch} examples")
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    launcher = shutil.which("mpirun", path=folders)
    try:
        import mpi4py  # noqa: F401
    except ImportError:
        launcher = None
    if launcher is None:
        raise InputError(f"--nproc {count} needs mpi4py and mpirun; pip install mpi4py, and an MPI such as openmpi")
    environment = os.environ | {RANKS_VARIABLE: str(count), STARTER_VARIABLE: str(os.getpid())}
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    command = [launcher, "-n", str(count), sys.executable, "-m", "pipeline", *arguments]
    with subprocess.Popen(command, env=environment) as running:
        try:
            code = running.wait()
            return code if code >= 0 else 128 - code
        except BaseException:
            running.terminate()  # mpirun ends what it has started.
            raise


def take_gpu(place: Place) -> None:
    """Let this process see the GPU of its number only; before anything has touched a GPU."""
    if place.count > 1:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", str(place.rank))
