"""Trainers in child processes that take turns, so that other load on the machine affects all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

from results.benchmarks.child import Child
from results.benchmarks.shd_shaped import Shape

TURN = 0.3
"""Least duration of a turn in seconds."""

PATIENCE = 60.0
"""Seconds after which no further turns begin."""

Key = TypeVar("Key")


@dataclass(frozen=True)
class Measured:
    """What was measured of a trainer.

    Attributes
    ----------
    ms_an_example : float
        Median over batches.
    megabytes : float
        Peak.
    hidden_spikes : float
        Mean per neuron and example.
    batches : int
        Number of timed batches.
    """

    ms_an_example: float
    megabytes: float
    hidden_spikes: float
    batches: int


def training(trainer: str, threads: int, shape: Shape) -> Child:
    """Return a child process that trains; see `results.benchmarks.trainers.session`."""
    return Child("results.benchmarks.trainers", threads, trainer=trainer, shape=asdict(shape))


def take_turns(children: Mapping[Key, Child], rounds: int, batch: int) -> dict[Key, Measured]:
    """Measure in each child process in turn, several times.

    Parameters
    ----------
    children : mapping
        Processes that train.
    rounds : int
        Turns of each process; fewer if they take longer than `PATIENCE`.
    batch : int
        Examples per batch.

    Returns
    -------
    dict
        What was measured in each process, by its key.
    """
    answers: dict[Key, list[dict[str, float]]] = {key: [] for key in children}
    begun = time.monotonic()
    for turn in range(rounds):
        if turn and time.monotonic() - begun > PATIENCE:
            break
        for key, child in children.items():
            spent = 0.0
            while spent < TURN:
                answers[key].append(child.ask())
                spent += answers[key][-1]["seconds"]
    return {
        key: Measured(
            statistics.median(answer["seconds"] for answer in given) / batch * 1000,
            max(answer["megabytes"] for answer in given),
            statistics.fmean(answer["hidden_spikes"] for answer in given),
            len(given),
        )
        for key, given in answers.items()
    }
