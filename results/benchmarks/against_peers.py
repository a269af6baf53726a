"""Time and memory of training, beside other trainers of spiking networks on a CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.table import on_threads
from results.benchmarks.trainers import OURS, TRAINERS, Trainer
from results.benchmarks.turns import Measured, take_turns, training

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
Row = dict[str, float | str]

_PEER = 0
"""Key of the peer; our engine has its number of threads as key."""


def run(
    quick: bool = False,
    cases: Mapping[str, Shape] = CASES,
    threads: Sequence[int] = (1, 2),
    trainers: Sequence[str] = tuple(TRAINERS),
    once: Sequence[str] = ("indexed",),
) -> list[Row]:
    """Train on the same spikes from the same weights, each trainer in its own process, our engine and a peer in turns.

    Compilation and the first batch are not timed. Memory is the peak above that before the first batch; only mlGeNN's
    includes weights and Adam's moments.

    Parameters
    ----------
    quick : bool
        One turn each instead of three, and of the peers only the greatest number of threads.
    cases : mapping of str to Shape
    threads : sequence of int
        Numbers of threads of our engine and its peers; mlGeNN's backend has one thread.
    trainers : sequence of str
        Names in `TRAINERS`.
    once : sequence of str
        Trainers that are measured in the first case only; the default one needs minutes per batch in the second.

    Returns
    -------
    list of dict
        One row a case, trainer and number of threads, with `COLUMNS` and the milliseconds of our engine in the same
        turns. The note of a peer that is not installed or fails says so.
    """
    rounds = 1 if quick else 3
    used = list(threads)[-1:] if quick else list(threads)
    rows: list[Row] = []
    for case, shape in cases.items():
        with contextlib.ExitStack() as stack:
            ours = {n: stack.enter_context(training(OURS, n, shape)) for n in threads}
            for name in trainers:
                if name in once and case != next(iter(cases)):
                    continue
                trainer = TRAINERS[name]
                first: Row = {"trainer": trainer.title, "case": case}
                if trainer.missing:
                    rows.append(first | {"note": f"left out: {trainer.missing} is not installed"})
                    continue
                if name == OURS:
                    alone = take_turns(ours, rounds, shape.batch)
                    rows += [first | _row(alone[n], n, alone, shape, trainer) for n in threads]
                    continue
                for n in [1] if trainer.one_core else used:
                    try:
                        with training(name, n, shape) as peer:
                            measured = take_turns({**ours, _PEER: peer}, rounds, shape.batch)
                    except RuntimeError as error:
                        rows.append(first | {"threads": str(n), "note": f"failed: {error}"})
                        continue
                    theirs = measured.pop(_PEER)
                    rows.append(first | _row(theirs, n, measured, shape, trainer))
    return rows


def _row(measured: Measured, threads: int, ours: Mapping[int, Measured], shape: Shape, trainer: Trainer) -> Row:
    row: Row = {
        "threads": str(threads),
        "ms_an_example": measured.ms_an_example,
        "megabytes": measured.megabytes,
        "hidden_spikes": measured.hidden_spikes,
    }
    for n, own in ours.items():
        row |= {
            f"ms_of_ours_on_{n}": own.ms_an_example,
            f"times_faster_is_ours_on_{n}": measured.ms_an_example / own.ms_an_example,
        }
    own = ours.get(threads, own)
    row["times_less_memory_has_ours"] = measured.megabytes / max(own.megabytes, 1e-3)
    versions = f"; {trainer.versions}" if trainer.packages else ""
    return row | {"batches": measured.batches, "note": f"{shape}{versions}"}
