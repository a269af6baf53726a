"""Time and memory of training, beside other trainers of spiking networks on a CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.table import Row, on_threads
from results.benchmarks.trainers import OURS, PEERS, TRAINERS
from results.benchmarks.turns import Measured, beside, take_turns, training

NAME = "peers"
TITLE = (
    "Training on a CPU, medians over batches. Speed-up: time of the trainer over that of our CPU engine in the same "
    "turns. Memory ratio: peak memory of the trainer over that of our CPU engine."
)
COLUMNS = {
    "case": "case",
    "trainer": "trainer",
    "threads": "threads",
    "ms_an_example": "ms per example",
    "megabytes": "peak MB",
    **on_threads("times_faster_is_ours_on", "speed-up"),
    "times_less_memory_has_ours": "memory ratio",
    "batches": "batches",
}


def run(
    quick: bool = False,
    cases: Mapping[str, Shape] = CASES,
    threads: Sequence[int] = (1, 2),
    trainers: Sequence[str] = tuple(PEERS),
    once: Sequence[str] = ("indexed",),
) -> list[Row]:
    """Train on the same spikes from the same weights, each trainer in its own process, our engine and a peer in turns.

    Compilation and the first batch are not timed. Memory is the peak above that before the first batch; only mlGeNN's
    includes weights and Adam's moments. mlGeNN's backend has one thread. Return one row a case, trainer and number of
    threads, with `COLUMNS` and the milliseconds of our engine in the same turns. The note of a peer that is not
    installed or fails says so.

    Parameters
    ----------
    quick : bool
        One turn each instead of three, and of the peers only the greatest number of threads.
    once : sequence of str
        Trainers that are measured in the first case only; the default one needs minutes per batch in the second.
    """
    rounds = 1 if quick else 3
    used = threads[-1:] if quick else threads
    rows: list[Row] = []
    for case, shape in cases.items():
        with contextlib.ExitStack() as stack:
            ours = {n: stack.enter_context(training(OURS, n, shape)) for n in threads}
            for name in trainers:
                trainer = TRAINERS[name]
                if name in once and case != next(iter(cases)):
                    continue
                if name == OURS:
                    alone = take_turns(ours, rounds, shape.batch)
                    found = [({"trainer": trainer.title, "threads": str(n)} | asdict(alone[n]), alone) for n in threads]
                else:
                    numbers = [1] if trainer.one_core or trainer.missing else used
                    found = [beside(ours, name, n, shape, rounds) for n in numbers]
                for row, own in found:
                    rows.append({"case": case, **row})
                    if own:
                        note = "; ".join(filter(None, (str(shape), trainer.versions)))
                        rows[-1] |= {**_ratios(row, own), "note": note}
    return rows


def _ratios(row: Row, ours: Mapping[int, Measured]) -> Row:
    """Return the milliseconds of our engine, and its ratios to those of a trainer's row."""
    ratios: Row = {}
    for n, own in ours.items():
        ratios[f"ms_of_ours_on_{n}"] = own.ms_an_example
        ratios[f"times_faster_is_ours_on_{n}"] = float(row["ms_an_example"]) / own.ms_an_example
    own = ours.get(int(row["threads"]), own)
    return ratios | {"times_less_memory_has_ours": float(row["megabytes"]) / max(own.megabytes, 1e-3)}
