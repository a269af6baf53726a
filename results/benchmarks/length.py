"""Time and memory of training by the trial's length, with the same spikes in every trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import psutil

from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.trainers import OURS, TRAINERS
from results.benchmarks.turns import Measured, take_turns, training
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

Row = dict[str, float | str]


def run(
    quick: bool = False,
    shape: Shape = SHAPE,
    steps: Sequence[int] | None = None,
    threads: int = 2,
    compared: Sequence[str] = COMPARED,
) -> list[Row]:
    """Train on trials of different lengths, each trainer in its own process, our engine and a peer in turns.

    Parameters
    ----------
    quick : bool
        Two lengths, one turn each instead of two.
    shape : Shape
        Sizes; ``steps`` is replaced.
    steps : sequence of int, optional
        Lengths of the trial in steps.
    threads : int
        Threads of each trainer; mlGeNN's backend has one.
    compared : sequence of str
        Peers, by their names in `TRAINERS`.

    Returns
    -------
    list of dict
        One row a length and trainer, with `COLUMNS`, and of a peer the milliseconds of our engine in the same turns.
        The note of a peer that is not installed, fails or would not fit into memory says so.
    """
    lengths = steps or (QUICK_STEPS if quick else STEPS)
    rows: list[Row] = []
    needed: dict[str, float] = {}
    for count in lengths:
        sized = replace(shape, steps=count)
        with training(OURS, threads, sized) as ours:
            alone = take_turns({OURS: ours}, 1 if quick else 2, shape.batch)[OURS]
            rows.append(_named(OURS, count) | _row(alone, threads))
            for name in compared:
                trainer = TRAINERS[name]
                used = 1 if trainer.one_core else threads
                row = _named(name, count)
                if trainer.missing:
                    rows.append(row | {"note": f"left out: {trainer.missing} is not installed"})
                    continue
                expected = needed.get(name, 0.0) * count
                free = psutil.virtual_memory().available / 1e6
                if expected > MOST * free:
                    rows.append(row | {"note": f"left out: would need {expected:,.0f} MB, {free:,.0f} are free"})
                    continue
                try:
                    with training(name, used, sized) as peer:
                        both = take_turns({OURS: ours, name: peer}, 1 if quick else 2, shape.batch)
                except RuntimeError as error:
                    rows.append(row | {"threads": str(used), "note": f"failed: {error}"})
                    continue
                needed[name] = both[name].megabytes / count
                rows.append(row | _row(both[name], used) | _ratios(both[name], both[OURS]))
    return rows


def _named(trainer: str, steps: int) -> Row:
    return {"trainer": TRAINERS[trainer].title, "steps": str(steps)}


def _row(measured: Measured, threads: int) -> Row:
    return {
        "threads": str(threads),
        "ms_an_example": measured.ms_an_example,
        "megabytes": measured.megabytes,
        "hidden_spikes": measured.hidden_spikes,
    }


def _ratios(measured: Measured, ours: Measured) -> Row:
    return {
        "ms_of_ours": ours.ms_an_example,
        "times_faster_is_ours": measured.ms_an_example / ours.ms_an_example,
        "times_less_memory_has_ours": measured.megabytes / max(ours.megabytes, 1e-3),
    }


draw = by_length
