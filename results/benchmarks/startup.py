"""Time from the start of a new process to its first trained batch, with and without compiled code in the cache.

``python -m results.benchmarks.startup JSON`` is such a process. The clock is the system's, since the parent process
reads it before the start.
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
TITLE = "Start of a process to its first trained batch; the first process compiles the engine"
COLUMNS = {
    "measured": "process",
    "case": "case",
    "seconds": "total (s)",
    "seconds_of_imports": "imports (s)",
    "seconds_of_the_first_batch": "first batch (s)",
    "times_2_s": "total over 2 s wanted",
    "times_faster_than_the_first": "speed-up over the first",
}
WANTED = 2.0
"""Upper bound in seconds that is wanted."""


def run(quick: bool = False, case: str = "A", repeats: int = 5) -> list[dict[str, float | str]]:
    """Start processes that train one batch and end; return one row a kind of process.

    The first process has an empty cache and compiles; the others load the compiled code, and the one with the median
    total is reported. The total is the sum of imports and the first batch; the time to make the batch's data is not
    counted. Quick: no first process, the project's own cache, three processes.
    """
    from results.benchmarks.shd_shaped import CASES

    shape = asdict(CASES[case])
    with tempfile.TemporaryDirectory() as folder:
        cache = {} if quick else {"NUMBA_CACHE_DIR": folder}
        # With the project's own cache, this process fills it if it is empty.
        first = _start(shape, cache)
        later = sorted((_start(shape, cache) for _ in range(3 if quick else repeats)), key=lambda one: one["seconds"])
    median = later[len(later) // 2]
    rows = [_row("a later process", case, median)]
    if not quick:
        rows.insert(0, _row("the first process", case, first))
        rows[1]["times_faster_than_the_first"] = first["seconds"] / median["seconds"]
    return rows


def _row(process: str, case: str, measured: dict[str, float]) -> dict[str, float | str]:
    return {"measured": process, "case": case, **measured, "times_2_s": measured["seconds"] / WANTED}


def _start(shape: dict[str, Any], environment: dict[str, str]) -> dict[str, float]:
    how: dict[str, Any] = {"cwd": Path(__file__).parents[2], "env": os.environ | environment}
    asked = json.dumps({"began": time.monotonic(), "shape": shape})
    command = [sys.executable, "-m", "results.benchmarks.startup", asked]
    return dict(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, **how).stdout))


def first_batch(began: float, shape: dict[str, Any]) -> dict[str, float]:
    """Import, and train on a batch of a `Shape` of these fields; return seconds since the process began, and parts."""
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
