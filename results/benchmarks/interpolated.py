"""Cost of interpolated spike times: forward and backward passes with and without them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from models.engines.cpu.engine import CpuEngine
from results.benchmarks.ours import engine, seconds_of
from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.table import Row

NAME = "interpolated"
TITLE = "Forward and backward pass of the CPU engine with interpolated and with plain spike times"
COLUMNS = {
    "case": "case",
    "threads": "threads",
    "ms_an_example": "interpolated (ms per example)",
    "ms_an_example_on_the_grid": "plain (ms per example)",
    "times_the_time_on_the_grid": "ratio",
    "times_wanted": "ratio wanted",
    "hidden_spikes": "hidden spikes per neuron, interpolated",
    "hidden_spikes_on_the_grid": "plain",
}
WANTED = 1.3
"""Upper bound of the ratio that is wanted."""


def run(quick: bool = False, cases: Mapping[str, Shape] = CASES, threads: int = 1, repeats: int = 20) -> list[Row]:
    """Compute gradients of a batch with both kinds of spike times, in turns; return one row a case.

    The ratio is the median over repetitions. Quick: a quarter of them.
    """
    repeats = max(1, repeats // 4) if quick else repeats
    rows: list[Row] = []
    for case, shape in cases.items():
        (batch,) = shape.batches(1)
        plain = engine(shape, threads)
        interpolated = CpuEngine(replace(shape.problem, spike_times="interpolated"), shape.weights(), threads)
        seconds: dict[CpuEngine, list[float]] = {plain: [], interpolated: []}
        spikes = [own.gradients(batch).hidden_counts.sum() / (shape.batch * shape.hidden) for own in seconds]
        for _ in range(repeats):
            for own, taken in seconds.items():
                taken.append(seconds_of(partial(own.gradients, batch)))
        ratios = [other / own for own, other in zip(*seconds.values(), strict=True)]
        rows.append(
            {
                "measured": "interpolated spike times",
                "case": case,
                "threads": str(threads),
                "ms_an_example": statistics.median(seconds[interpolated]) / shape.batch * 1000,
                "ms_an_example_on_the_grid": statistics.median(seconds[plain]) / shape.batch * 1000,
                "times_the_time_on_the_grid": statistics.median(ratios),
                "times_wanted": WANTED,
                "hidden_spikes": spikes[1],
                "hidden_spikes_on_the_grid": spikes[0],
                "note": f"{shape}; median of {repeats}",
            }
        )
    return rows
