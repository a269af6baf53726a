"""What spikes between the grid's points cost: forward and backward passes with and without."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

from models.engines.cpu.engine import CpuEngine
from results.benchmarks.shd_shaped import CASES, DT, LOSS, Shape

NAME = "interpolated"
WANTED = 1.3
"""Times the time with spikes on the grid."""


def run(
    quick: bool = False, cases: Mapping[str, Shape] | None = None, threads: int = 1, repeats: int = 20
) -> list[dict[str, float | str]]:
    """Compute gradients of a batch in both ways, in turns.

    Parameters
    ----------
    quick : bool
        A quarter of the repetitions.
    cases : mapping of str to Shape, optional
        All of `CASES` unless given.
    threads : int
    repeats : int

    Returns
    -------
    list of dict
        By row: what was measured, case, milliseconds an example in both ways, the median of their ratios, hidden spikes
        a neuron in both ways, and a note.
    """
    repeats = max(1, repeats // 4) if quick else repeats
    rows: list[dict[str, float | str]] = []
    for case, shape in (cases or CASES).items():
        (batch,) = shape.batches(1)
        plain = CpuEngine(shape.network, shape.weights(), LOSS, DT, shape.steps, threads=threads)
        between = CpuEngine(
            shape.network, shape.weights(), LOSS, DT, shape.steps, threads=threads, spike_times="interpolated"
        )
        seconds: dict[CpuEngine, list[float]] = {plain: [], between: []}
        spikes = [engine.gradients(batch).hidden_counts.sum() / (shape.batch * shape.hidden) for engine in seconds]
        for _ in range(repeats):
            for engine, taken in seconds.items():
                start = time.perf_counter()
                engine.gradients(batch)
                taken.append(time.perf_counter() - start)
        ratios = [b / p for p, b in zip(seconds[plain], seconds[between], strict=True)]
        rows.append(
            {
                "measured": "interpolated spike times",
                "case": case,
                "threads": str(threads),
                "ms_an_example": statistics.median(seconds[between]) / shape.batch * 1000,
                "ms_an_example_on_the_grid": statistics.median(seconds[plain]) / shape.batch * 1000,
                "times_the_time_on_the_grid": statistics.median(ratios),
                "times_wanted": WANTED,
                "hidden_spikes": spikes[1],
                "hidden_spikes_on_the_grid": spikes[0],
                "note": f"{shape}; median of {repeats}",
            }
        )
    return rows
