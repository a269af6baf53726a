"""How long a new process takes to its first trained batch, once an earlier one has compiled the engine.

``python -m results.benchmarks.startup JSON`` is such a process. The clock is the system's, so that it can have been
started by the process before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

NAME = "startup"
WANTED = 2.0
"""Seconds."""


def run(quick: bool = False, case: str = "A", repeats: int = 5) -> list[dict[str, float | str]]:
    """Start processes that train one batch and end.

    The first finds nothing compiled, in a cache of its own; the others take what it left there.

    Parameters
    ----------
    quick : bool
        Leave the first out: take the project's own cache and the median of three.
    case : str
    repeats : int
        Processes after the first; their median counts.

    Returns
    -------
    list of dict
        By row: which process, seconds to the end of the first batch, of which imports and the batch itself, its data
        being made between them not counted; how many times the 2 s that are wanted, and how many times shorter
        than the first process.
    """
    from results.benchmarks.shd_shaped import CASES

    shape = asdict(CASES[case])
    with tempfile.TemporaryDirectory() as folder:
        cache = {} if quick else {"NUMBA_CACHE_DIR": folder}
        # Where the cache is the project's own, this makes sure that there is one.
        first = _start(shape, cache)
        later = sorted((_start(shape, cache) for _ in range(3 if quick else repeats)), key=lambda one: one["seconds"])
    median = later[len(later) // 2]
    rows = [_row("a later process", case, median)]
    if not quick:
        rows.insert(0, _row("the first process", case, first))
        rows[1]["times_faster_than_the_first"] = first["seconds"] / median["seconds"]
    return rows


def _row(process: str, case: str, measured: dict[str, float]) -> dict[str, float | str]:
    return {"measured": process, "case": case} | measured | {"times_2_s": measured["seconds"] / WANTED}


def _start(shape: dict[str, Any], environment: dict[str, str]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "results.benchmarks.startup", json.dumps({"began": time.monotonic(), "shape": shape})],
        cwd=Path(__file__).parents[2],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def first_batch(began: float, shape: dict[str, Any]) -> dict[str, float]:
    """Import, train on a batch; ``began`` is when the process was started."""
    from results.benchmarks.ours import engine
    from results.benchmarks.shd_shaped import LEARNING_RATE, Shape

    imported = time.monotonic()
    sizes = Shape(**shape)
    (batch,) = sizes.batches(1)
    made = time.monotonic()
    engine(sizes).train_epoch([batch], LEARNING_RATE)
    trained = time.monotonic() - made
    return {
        "seconds": imported - began + trained,
        "seconds_of_imports": imported - began,
        "seconds_of_the_first_batch": trained,
    }


if __name__ == "__main__":
    print(json.dumps(first_batch(**json.loads(sys.argv[1]))))
