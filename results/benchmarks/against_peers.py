"""How long training takes and how much memory, beside other trainers of spiking networks on a CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.trainers import OURS, TRAINERS, Trainer
from results.benchmarks.turns import Measured, take_turns, training

NAME = "peers"
Row = dict[str, float | str]

_PEER = 0
"""Stands for the peer where ours goes by its number of threads."""


def run(
    quick: bool = False,
    cases: Mapping[str, Shape] = CASES,
    threads: Sequence[int] = (1, 2),
    trainers: Sequence[str] = tuple(TRAINERS),
    once: Sequence[str] = ("indexed",),
) -> list[Row]:
    """Train all on the same spikes from the same weights, each in a process of its own, ours and a peer taking turns.

    Compiling and a first batch are not counted. Memory is the peak above where it was before the first batch; weights
    and Adam's moments are in that of mlGeNN alone.

    Parameters
    ----------
    quick : bool
        One turn each instead of three, and the greatest number of threads alone.
    cases : mapping of str to Shape
    threads : sequence of int
        On how many ours and its peers run; mlGeNN's backend has one thread.
    trainers : sequence of str
        Of `TRAINERS`.
    once : sequence of str
        Those that are measured in the first case alone; the default one needs minutes a batch in the second.

    Returns
    -------
    list of dict
        By row: trainer, case, threads, milliseconds an example (median over batches), megabytes, hidden spikes a neuron
        and example; for each number of ours' threads, its milliseconds in the same turns and how many times faster it
        is; how many times less memory ours needs on as many threads; and a note. Of a peer that is not there or
        fails, the note says so.
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
    return row | {"note": f"{shape}; median of {measured.batches} batches{versions}"}
