"""How long one example takes through a network that only runs, not learns."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from results.benchmarks.ours import engine
from results.benchmarks.shd_shaped import CASES, DT, Shape

NAME = "latency"
EXAMPLES = 50
"""Different ones, in turn."""


def run(
    quick: bool = False, cases: Mapping[str, Shape] | None = None, calls: int = 2000
) -> list[dict[str, float | str]]:
    """Predict one example a call, on one thread.

    Parameters
    ----------
    quick : bool
        A tenth of the calls.
    cases : mapping of str to Shape, optional
        A and C of `CASES` unless given.
    calls : int

    Returns
    -------
    list of dict
        By row: what was measured, case, median and 99th percentile of a call in milliseconds, how many times shorter
        than the example itself each is, and a note.
    """
    calls = max(1, calls // 10) if quick else calls
    rows: list[dict[str, float | str]] = []
    for case, shape in (cases or {name: CASES[name] for name in "AC"}).items():
        single = replace(shape, batch=1)
        examples = single.batches(EXAMPLES)
        own = engine(single, 1)
        own.predict(examples)
        spikes = own.predict(examples).hidden_counts.sum() / (EXAMPLES * shape.hidden)
        took = np.empty(calls)
        for i in range(calls):
            example = [examples[i % EXAMPLES]]
            start = time.perf_counter()
            own.predict(example)
            took[i] = time.perf_counter() - start
        median, most = (float(value) * 1000 for value in np.percentile(took, (50, 99)))
        rows.append(
            {
                "measured": "a single example, predicted",
                "case": case,
                "threads": "1",
                "ms_median": median,
                "ms_99th_percentile": most,
                "hidden_spikes": float(spikes),
                "times_faster_than_real_time": single.steps * DT / median,
                "times_faster_than_real_time_99th_percentile": single.steps * DT / most,
                "note": f"{single}; {calls} calls",
            }
        )
    return rows
