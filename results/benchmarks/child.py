"""Measuring in a process of its own: its time and how much memory the measured part added."""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import psutil

T = TypeVar("T")


def in_child(module: str, **arguments: Any) -> dict[str, float]:
    """Run ``python -m module`` with ``arguments`` as JSON; return what it printed, numbers by name.

    Raises
    ------
    RuntimeError
        With the child's last line if it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, json.dumps(arguments)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RuntimeError(f"{module} ended with {done.returncode}: {last}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def measured(work: Callable[[T], float], items: Iterable[T]) -> dict[str, float]:
    """Call ``work`` with each item.

    Parameters
    ----------
    work : callable
        What to measure; returns some number.
    items : iterable
        What it is called with, one after the other.

    Returns
    -------
    dict
        ``seconds``, the median of the calls, and ``megabytes``, how far the process's resident memory rose at most
        above where it was before the first; ``mean``, of what ``work`` returned.
    """
    _forget_peak()
    before = psutil.Process().memory_info().rss
    seconds, returned = [], []
    for item in items:
        start = time.perf_counter()
        returned.append(work(item))
        seconds.append(time.perf_counter() - start)
    return {
        "seconds": statistics.median(seconds),
        "megabytes": max(0.0, (_peak() - before) / 1e6),
        "mean": statistics.fmean(returned),
    }


def _forget_peak() -> None:
    """Lower the high-water mark to what is resident now, where the system can: compiling had raised it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """Return the high-water mark of resident memory in bytes."""
    with contextlib.suppress(OSError):
        # On Linux ru_maxrss can be the parent's, handed on when this process was started.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
