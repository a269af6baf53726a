"""Trainers in processes of their own that take turns: what else the machine does meets all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

from results.benchmarks.child import Child
from results.benchmarks.shd_shaped import Shape

TURN = 0.3
"""Seconds that a turn lasts at least."""

PATIENCE = 60.0
"""No further turns begin after so many seconds."""

Key = TypeVar("Key")


@dataclass(frozen=True)
class Measured:
    """What turns gave.

    Attributes
    ----------
    ms_an_example : float
        Median over batches.
    megabytes : float
        Peak.
    hidden_spikes : float
        Of a neuron and example; mean.
    batches : int
        How many were timed.
    """

    ms_an_example: float
    megabytes: float
    hidden_spikes: float
    batches: int


def training(trainer: str, threads: int, shape: Shape) -> Child:
    """Return a process that trains; see `results.benchmarks.trainers.session`."""
    return Child("results.benchmarks.trainers", threads, trainer=trainer, shape=asdict(shape))


def take_turns(children: Mapping[Key, Child], rounds: int, batch: int) -> dict[Key, Measured]:
    """Let all measure, one after the other, several times over.

    Parameters
    ----------
    children : mapping
        Processes that train.
    rounds : int
        Turns of each; fewer where they take long.
    batch : int
        Examples a batch.

    Returns
    -------
    dict
        What was measured of each.
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
