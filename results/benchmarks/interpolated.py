"""Cost of interpolated spike times: forward and backward passes with and without them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from models.engines.cpu.engine import CpuEngine
from results.benchmarks.ours import seconds_of
from results.benchmarks.shd_shaped import CASES, Shape

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


def run(
    quick: bool = False, cases: Mapping[str, Shape] | None = None, threads: int = 1, repeats: int = 20
) -> list[dict[str, float | str]]:
    """Compute gradients of a batch with both kinds of spike times, in turns.

    Parameters
    ----------
    quick : bool
        A quarter of the repetitions.
    cases : mapping of str to Shape, optional
        By default all of `CASES`.
    threads : int
    repeats : int

    Returns
    -------
    list of dict
        One row a case, with `COLUMNS`; the ratio is the median over repetitions.
    """
    repeats = max(1, repeats // 4) if quick else repeats
    rows: list[dict[str, float | str]] = []
    for case, shape in (cases or CASES).items():
        (batch,) = shape.batches(1)
        plain = CpuEngine(shape.problem, shape.weights(), threads)
        interpolated = CpuEngine(replace(shape.problem, spike_times="interpolated"), shape.weights(), threads)
        seconds: dict[CpuEngine, list[float]] = {plain: [], interpolated: []}
        spikes = [engine.gradients(batch).hidden_counts.sum() / (shape.batch * shape.hidden) for engine in seconds]
        for _ in range(repeats):
            for engine, taken in seconds.items():
                taken.append(seconds_of(partial(engine.gradients, batch)))
        ratios = [other / own for own, other in zip(seconds[plain], seconds[interpolated], strict=True)]
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
