"""Time and memory of every training method beside Eventprop, by the trial's length and on trials like recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import psutil

from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.table import Row
from results.benchmarks.trainers import METHODS, OURS
from results.benchmarks.turns import Ask, Measured, beside, ratios, take_turns, training
from results.figures.methods_length import by_method

NAME = "methods"
TITLE = (
    "Training by every method on one thread, medians of CPU time over batches. Time ratio, memory ratio: over those of "
    "Eventprop on the same network, in the same turns."
)
COLUMNS = {
    "case": "case",
    "trainer": "method",
    "cpu_ms_an_example": "CPU ms per example",
    "megabytes": "peak MB",
    "hidden_spikes": "hidden spikes per neuron",
    "times_the_time": "time ratio",
    "times_the_memory": "memory ratio",
}
EVENTPROP = "Eventprop"
THREADS = 1
FSDD = "fsdd-shaped"
LENGTHS = {
    f"{steps} steps": replace(CASES["A"], steps=steps, events=8 * steps) for steps in (500, 1000, 2000, 4000, 8000)
}
"""Eight input spikes a step, as in SHD, so that Eventprop has more to do in longer trials, too."""

SHAPES = {FSDD: Shape(classes=10, steps=350, dt=2.0, events=5000, busy=200, input_mean=0.0167)} | LENGTHS
"""Half a second of silence follows a word: a recording of the fsdd data set has about 5,000 input spikes, and a hidden
neuron of a network trained on it spikes about 5 times."""

QUICK = (FSDD, "500 steps", "2000 steps")
MOST_MEGABYTES = 8000.0
MOST_SECONDS = 60.0
"""What a method may be expected to need for a batch."""

FREE = 0.7
"""Fraction of the free memory that a method may be expected to need."""


def run(
    quick: bool = False,
    shapes: Mapping[str, Shape] = SHAPES,
    methods: Sequence[str] = tuple(METHODS),
) -> list[Row]:
    """Train on batches of each shape, each of the `METHODS` in its own process, in turns with Eventprop.

    Return one row a shape and method, with `COLUMNS` and what was measured of Eventprop in the same turns. The note of
    a method that is not installed, can't train this, fails, or would need too much memory or time says so. Quick: fewer
    lengths, one turn each instead of three.

    Time is CPU time, which other load on the machine changes little. On one thread it is the time that training takes
    on an idle machine.
    """
    rounds = 1 if quick else 3
    rows: list[Row] = []
    needed: dict[str, Row] = {}
    for case, given in shapes.items():
        if quick and shapes is SHAPES and case not in QUICK:
            continue
        for recurrent in (True, False):
            chosen = [name for name in methods if METHODS[name].recurrent is recurrent]
            if not chosen:
                continue
            shape = replace(given, recurrent=recurrent)
            named: Row = {"case": case, "steps": str(shape.steps), "threads": str(THREADS)}
            with training(OURS, THREADS, shape) as eventprop:
                alone = take_turns({THREADS: eventprop}, rounds, shape.batch)
                title = EVENTPROP if recurrent else f"{EVENTPROP}, feed-forward"
                own: Row = {"trainer": title, "method": "eventprop"} | asdict(alone[THREADS])
                rows.append(named | own | _ratios(own, alone[THREADS]) | {"note": str(shape)})
                for name in chosen:
                    row = _beside(name, eventprop, shape, rounds, needed)
                    rows.append(named | {"method": METHODS[name].method} | row)
    return rows


def _beside(name: str, eventprop: Ask, shape: Shape, rounds: int, needed: dict[str, Row]) -> Row:
    """Return the row of a method, given those of shorter trials as ``needed``, into which its own is written."""
    shorter = needed.get(name)
    if shorter is not None and (reason := _too_much(shape, shorter)):
        return {"trainer": name, "note": f"left out: {reason}"}
    row, both = beside({THREADS: eventprop}, name, THREADS, shape, rounds)
    if both:
        row |= _ratios(row, both[THREADS])
        if not METHODS[name].spikes:
            del row["hidden_spikes"]
    if METHODS[name].lacks(shape) is None:
        needed[name] = row | {"steps": shape.steps}
    return row


def _too_much(shape: Shape, shorter: Row) -> str | None:
    """Return why a method is not to be measured, as the row of shorter trials says, or None."""
    if "cpu_ms_an_example" not in shorter:
        return "failed in shorter trials"
    longer = shape.steps / float(shorter["steps"])
    seconds = float(shorter["cpu_ms_an_example"]) * shape.batch / 1000 * longer
    if seconds > MOST_SECONDS:
        return f"would need {seconds:,.0f} s per batch, more than {MOST_SECONDS:g}"
    megabytes, most = float(shorter["megabytes"]) * longer, FREE * psutil.virtual_memory().available / 1e6
    if megabytes > min(most, MOST_MEGABYTES):
        return f"would need {megabytes:,.0f} MB, more than {min(most, MOST_MEGABYTES):,.0f}"
    return None


def _ratios(row: Row, eventprop: Measured) -> Row:
    """Return what was measured of Eventprop, and the ratios of a row to that."""
    measured: Row = {
        "cpu_ms_of_eventprop": eventprop.cpu_ms_an_example,
        "megabytes_of_eventprop": eventprop.megabytes,
    }
    return measured | ratios(row, eventprop)


draw = by_method
