"""A point's error: the mean over networks trained with its values, on examples that they have not learned from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from models.errors import DivergedError
from pipeline.training.examples import kept_dataset, load_dataset
from pipeline.training.metrics import Row as MetricsRow
from pipeline.training.run import fingerprint
from pipeline.training.trainer import Progress
from sweeps.claims import Claimed
from sweeps.jobs import VALIDATION, Job, Row, speakers, train_and_score
from sweeps.parameters import Values
from sweeps.space import Space
from sweeps.state import Point

LEAST_OTHERS = 4
"""Points that must have trained as many epochs before a point is compared with them."""

LOOK = 1.0
"""Seconds between two tries to train a run that another worker has claimed."""

Report = Callable[[str, int, float], None]
"""Told a unit (a seed, or a seed and a held-out speaker), an epoch and the validation error after it."""


class Pruned(Exception):
    """A point's training ends early: it is worse than the median of the others at the same epoch."""


class _Watcher(Progress):
    """Hands an epoch's validation error on."""

    def __init__(self, unit: str, report: Report) -> None:
        self._unit, self._report = unit, report

    def epoch(self, rows: list[MetricsRow], best: bool, seconds: float) -> None:
        """Hand the validation error on."""
        validation = [row for row in rows if row["split"] == "validation"]
        if validation:
            self._report(self._unit, rows[0]["epoch"], 1 - validation[0]["accuracy"])


def jobs_of(space: Space, values: Values) -> dict[str, Job]:
    """Return a point's runs by unit: one a seed, or one a seed and held-out speaker."""
    found = {}
    for seed in space.objective.seeds:
        config = space.settings(values, seed)
        if space.objective.kind == "validation":
            found[f"s{seed}"] = Job(space.name, config, VALIDATION)
            continue
        names = speakers(config)
        for speaker in names[: space.objective.folds or len(names)]:
            found[f"s{seed} {speaker}"] = Job(space.name, config, speaker)
    return found


def units(space: Space, values: Values, report: Report, threads: int) -> Iterator[tuple[str, float]]:
    """Train and score every unit of a point, see `jobs.train_and_score`; yield the unit and its error, 1 - accuracy.

    Raises
    ------
    InputError
        If a run can't be trained or diverges.
    """
    for unit, job in jobs_of(space, values).items():
        row = _when_free(job, threads, _Watcher(unit, report))
        if row["failed"]:
            raise DivergedError(row["failed"])
        yield unit, 1 - row["accuracy"]


def _when_free(job: Job, threads: int, watcher: Progress) -> Row:
    """Train and score a job as soon as no other worker trains its run."""
    while True:
        try:
            return train_and_score(job, threads, watcher)
        except Claimed:
            time.sleep(LOOK)


def should_prune(curve: Mapping[int, float], unit: str, others: list[Point], first: int) -> bool:
    """Return whether a unit's least error so far is above the median of the others' at the same epoch.

    The curve holds errors by epoch, the last of which has just been trained; no training is pruned before ``first``.
    """
    epoch = max(curve)
    if epoch < first:
        return False
    curves = [point.curves[unit] for point in others if epoch in point.curves.get(unit, {})]
    theirs = [min(error for e, error in other.items() if e <= epoch) for other in curves]
    return len(theirs) >= LEAST_OTHERS and min(curve.values()) > pd.Series(theirs).median()


def prepare(space: Space, progress: bool = True) -> str:
    """Load the space's data, making them if need be, and return a hash of the examples that points learn from."""
    first = {name: parameter.at(0.5) for name, parameter in space.parameters.items()}
    config = space.settings(space.complete(first), 1)
    dataset = load_dataset(config) if progress else kept_dataset(config)
    return fingerprint(dataset.train, *([] if dataset.validation is None else [dataset.validation]))
