"""Trainers in child processes that take turns, so that other load on the machine affects all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from results.benchmarks.child import Answer, child
from results.benchmarks.shd_shaped import Shape
from results.benchmarks.table import Row
from results.benchmarks.trainers import TRAINERS

TURN = 0.3
"""Least duration of a turn in seconds."""

PATIENCE = 60.0
"""Seconds after which no further turns begin."""

Key = TypeVar("Key")
Ask = Callable[[], Answer]

_PEER = 0
"""Key of the peer; our engine has its number of threads as key."""


@dataclass(frozen=True)
class Measured:
    """What was measured of a trainer.

    Attributes
    ----------
    ms_an_example, cpu_ms_an_example : float
        Median over batches of time, and of CPU time, the sum over threads.
    megabytes : float
        Peak.
    hidden_spikes : float
        Mean per neuron and example.
    batches : int
        Number of timed batches.
    """

    ms_an_example: float
    cpu_ms_an_example: float
    megabytes: float
    hidden_spikes: float
    batches: int


LEAST = 0.1
"""Megabytes that a reference counts as having needed where it needed less."""


def ratios(own: Mapping[str, Any], reference: Measured) -> dict[str, float]:
    """Return CPU time and memory, of a row with the fields of `Measured`, over a reference's in the same turns."""
    return {
        "times_the_time": float(own["cpu_ms_an_example"]) / reference.cpu_ms_an_example,
        "times_the_memory": float(own["megabytes"]) / max(reference.megabytes, LEAST),
    }


def training(trainer: str, threads: int, shape: Shape) -> AbstractContextManager[Ask]:
    """Return a child process that trains; see `results.benchmarks.trainers.session`."""
    return child("results.benchmarks.trainers", threads, trainer=trainer, shape=asdict(shape))


def take_turns(children: Mapping[Key, Ask], rounds: int, batch: int) -> dict[Key, Measured]:
    """Measure in each child process in turn, several times; return what was measured by the process's key.

    Each has as many turns as there are rounds, fewer if they take longer than `PATIENCE`. A batch has that many
    examples.
    """
    answers: dict[Key, list[Answer]] = {key: [] for key in children}
    begun = time.monotonic()
    for turn in range(rounds):
        if turn and time.monotonic() - begun > PATIENCE:
            break
        for key, ask in children.items():
            spent = 0.0
            while spent < TURN:
                answers[key].append(ask())
                spent += answers[key][-1]["seconds"]
    return {
        key: Measured(
            statistics.median(answer["seconds"] for answer in given) / batch * 1000,
            statistics.median(answer["cpu_seconds"] for answer in given) / batch * 1000,
            max(answer["megabytes"] for answer in given),
            statistics.fmean(answer["hidden_spikes"] for answer in given),
            len(given),
        )
        for key, given in answers.items()
    }


def beside(
    ours: Mapping[int, Ask], name: str, threads: int, shape: Shape, rounds: int
) -> tuple[Row, dict[int, Measured]]:
    """Measure a peer in turns with our engine.

    Returns
    -------
    dict
        The peer's row. That of a peer that can't train this here or fails has a note that says so, and no figures.
    dict
        What was measured of our engine in the same turns, by its number of threads; empty without figures.
    """
    trainer = TRAINERS[name]
    if lacks := trainer.lacks(shape):
        return {"trainer": trainer.title, "note": f"left out: {lacks}"}, {}
    row: Row = {"trainer": trainer.title, "threads": str(threads)}
    try:
        with training(name, threads, shape) as peer:
            measured = take_turns({**ours, _PEER: peer}, rounds, shape.batch)
    except RuntimeError as error:
        return row | {"note": f"failed: {error}"}, {}
    return row | asdict(measured.pop(_PEER)), measured
