"""What a point is worth: networks trained with its values, and their mean error where nothing was learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from pipeline.data.datasets import Dataset
from pipeline.data.splits import leave_one_speaker_out
from pipeline.evaluation.crossval import train_fold
from pipeline.training.examples import kept_dataset, load_dataset, split_training
from pipeline.training.placement import choose_engine
from pipeline.training.run import Run
from pipeline.training.trainer import Progress, Row, train
from sweeps.parameters import Values
from sweeps.space import Space
from sweeps.state import Point

LEAST_OTHERS = 4
"""Points that must have come as far before a point is compared with them."""

Report = Callable[[str, int, float], None]
"""Told a unit (a seed, or a seed and a speaker), an epoch and the validation error after it."""


class Hopeless(Exception):
    """A point is worse than the median of the others at the same epoch."""


class _Watch(Progress):
    """Hands an epoch's validation error on."""

    def __init__(self, unit: str, report: Report) -> None:
        self._unit, self._report = unit, report

    def epoch(self, rows: list[Row], best: bool, seconds: float) -> None:
        """Hand the validation error on."""
        validation = [row for row in rows if row["split"] == "validation"]
        if validation:
            self._report(self._unit, rows[0]["epoch"], 1 - validation[0]["accuracy"])


def units(space: Space, values: Values, report: Report, threads: int) -> Iterator[tuple[str, float]]:
    """Train and score every seed and fold of a point.

    Runs that are done are reused, and one that was interrupted continues: they lie where its config says.

    Parameters
    ----------
    space : Space
    values : dict
        The point's.
    report : callable
        See `Report`; what it raises ends the training.
    threads : int

    Yields
    ------
    unit : str
    error : float
        1 - accuracy.
    """
    for seed in space.objective.seeds:
        config = choose_engine(space.settings(values, seed))
        data = kept_dataset(config)
        if space.objective.kind == "validation":
            unit = f"s{seed}"
            parts = split_training(config, data.train, data.validation)
            run = train(config, parts.training, parts.validation, threads, _Watch(unit, report))
            yield unit, 1 - _best_validation(run)
            continue
        folds = list(leave_one_speaker_out(data.train))
        for fold in folds[: space.objective.folds or len(folds)]:
            unit = f"s{seed} {fold.speaker}"
            result = train_fold(config, data.train, fold, threads, _Watch(unit, report))
            yield unit, 1 - result.evaluation.accuracy


def hopeless(curve: Mapping[int, float], unit: str, others: list[Point], first: int) -> bool:
    """Return whether a training's best error so far is worse than the median of the others' at the same epoch.

    Parameters
    ----------
    curve : dict of int to float
        Errors by epoch, the last of which has just been trained.
    unit : str
    others : list of Point
    first : int
        No training ends before this epoch.
    """
    epoch = max(curve)
    if epoch < first:
        return False
    theirs = []
    for point in others:
        errors = [error for e, error in point.curves.get(unit, {}).items() if e <= epoch]
        if epoch in point.curves.get(unit, {}):
            theirs.append(min(errors))
    return len(theirs) >= LEAST_OTHERS and min(curve.values()) > pd.Series(theirs).median()


def prepare(space: Space) -> Dataset:
    """Load the space's data, making them if need be: once, not by every worker."""
    first = {name: parameter.at(0.5) for name, parameter in space.parameters.items()}
    return load_dataset(space.settings(space.complete(first), 1))


def _best_validation(run: Run) -> float:
    """Return the validation accuracy of the epoch that validation chose."""
    metrics = pd.read_csv(run.folder / "metrics.csv")
    return float(metrics[metrics["split"] == "validation"]["accuracy"].max())
