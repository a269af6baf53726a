"""Time and memory of training by the trial's length, with the same spikes in every trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import psutil

from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.table import Row
from results.benchmarks.trainers import OURS, TRAINERS
from results.benchmarks.turns import beside, take_turns, training
from results.figures.length import by_length

NAME = "length"
TITLE = (
    "Training on the same spikes in longer trials, medians over batches. Speed-up and memory ratio: time and peak "
    "memory of the trainer over those of our CPU engine."
)
COLUMNS = {
    "steps": "steps",
    "trainer": "trainer",
    "threads": "threads",
    "ms_an_example": "ms per example",
    "megabytes": "peak MB",
    "hidden_spikes": "hidden spikes per neuron",
    "times_faster_is_ours": "speed-up",
    "times_less_memory_has_ours": "memory ratio",
}
STEPS = (250, 500, 1000, 2000, 4000, 8000)
QUICK_STEPS = (250, 1000)
SHAPE = replace(CASES["A"], events=2000, busy=240)
"""All events lie in the first 240 steps, so that every length has the same input and as many hidden spikes."""

COMPARED = ("mlgenn", "spyx", "snntorch", "step by step")
MOST = 0.7
"""Fraction of the free memory that a trainer may be expected to need."""


def run(
    quick: bool = False,
    shape: Shape = SHAPE,
    steps: Sequence[int] | None = None,
    threads: int = 2,
    compared: Sequence[str] = COMPARED,
) -> list[Row]:
    """Train on trials of different lengths, each trainer in its own process, our engine and some `TRAINERS` in turns.

    Return one row a length and trainer, with `COLUMNS`, and of a peer the milliseconds of our engine in the same turns.
    The note of a peer that is not installed, fails or would not fit into memory says so. mlGeNN's backend has one
    thread. Quick: two lengths, one turn each instead of two.
    """
    rounds = 1 if quick else 2
    rows: list[Row] = []
    needed = dict.fromkeys(compared, 0.0)
    for count in steps or (QUICK_STEPS if quick else STEPS):
        named: Row = {"steps": str(count)}
        sized = replace(shape, steps=count)
        with training(OURS, threads, sized) as ours:
            alone = take_turns({OURS: ours}, rounds, shape.batch)[OURS]
            rows.append(named | {"trainer": TRAINERS[OURS].title, "threads": str(threads)} | asdict(alone))
            for name in compared:
                expected, free = needed[name] * count, psutil.virtual_memory().available / 1e6
                if expected > MOST * free:
                    note = f"left out: would need {expected:,.0f} MB, {free:,.0f} are free"
                    rows.append(named | {"trainer": TRAINERS[name].title, "note": note})
                    continue
                used = 1 if TRAINERS[name].one_core else threads
                row, both = beside({threads: ours}, name, used, sized, rounds)
                rows.append(named | row)
                if both:
                    ms, megabytes = float(row["ms_an_example"]), float(row["megabytes"])
                    needed[name] = megabytes / count
                    own = both[threads]
                    rows[-1] |= {"ms_of_ours": own.ms_an_example, "times_faster_is_ours": ms / own.ms_an_example}
                    rows[-1] |= {"times_less_memory_has_ours": megabytes / max(own.megabytes, 1e-3)}
    return rows


draw = by_length
