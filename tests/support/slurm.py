"""A real Slurm, where there is one."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

import pytest


def answers() -> bool:
    """Return whether a node of a Slurm takes jobs."""
    if shutil.which("sbatch") is None:
        return False
    said = subprocess.run(["sinfo", "-h", "-o", "%t"], capture_output=True, text=True, check=False)
    return any(state in said.stdout for state in ("idle", "mix", "alloc"))


def needs_slurm() -> list[pytest.MarkDecorator]:
    """Return the marks of tests that need one."""
    return [pytest.mark.slurm, pytest.mark.skipif(not answers(), reason="no Slurm answers (sinfo)")]


def wait_for(what: Callable[[], object], seconds: float, why: str) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.3)
