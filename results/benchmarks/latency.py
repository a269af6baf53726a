"""Time of predicting a single example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from results.benchmarks.ours import engine, seconds_of
from results.benchmarks.shd_shaped import CASES, DT, Shape
from results.benchmarks.table import Row

NAME = "latency"
TITLE = "Prediction of a single example on one thread. Times real time: the example's length over the time of the call"
COLUMNS = {
    "case": "case",
    "ms_median": "median (ms)",
    "ms_99th_percentile": "99th percentile (ms)",
    "times_faster_than_real_time": "median, times real time",
    "times_faster_than_real_time_99th_percentile": "99th percentile, times real time",
    "hidden_spikes": "hidden spikes per neuron",
}
EXAMPLES = 50
"""Different examples, which are predicted in turn."""


def run(quick: bool = False, cases: Mapping[str, Shape] | None = None, calls: int = 2000) -> list[Row]:
    """Predict one example per call, quick with a tenth of the calls; return one row a case, by default A and C."""
    calls = max(1, calls // 10) if quick else calls
    rows: list[Row] = []
    for case, shape in (cases or {name: CASES[name] for name in "AC"}).items():
        single = replace(shape, batch=1)
        examples = single.batches(EXAMPLES)
        own = engine(single, 1)
        own.predict(examples)
        spikes = own.predict(examples).hidden_counts.sum() / (EXAMPLES * shape.hidden)
        took = np.empty(calls)
        for i in range(calls):
            took[i] = seconds_of(partial(own.predict, [examples[i % EXAMPLES]]))
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
