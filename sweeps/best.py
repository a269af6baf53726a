"""The best point of a sweep: a config that is ready to train, and its error with an interval."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import InputError
from pipeline.config import Config
from pipeline.evaluation.intervals import student
from pipeline.training.run import RUNS_VARIABLE
from sweeps.objective import prepare, units
from sweeps.space import Objective
from sweeps.state import Point
from sweeps.sweep import Sweep

SCORED_ON = {"validation": "validation", "loso": "held-out speakers"}


@dataclass(frozen=True)
class Best:
    """The best point: its config with the objective's first seed, and its errors by seed and fold."""

    point: Point
    config: Config
    errors: dict[str, float]
    scored_on: str
    """The examples that the error is measured on."""
    mean: float
    low: float
    high: float
    """The mean error's 95 % interval, low to high, by Student's t; NaN with one run only."""

    def toml(self) -> str:
        """Return the config as TOML, headed by comments that name the point and its error."""
        chosen = ", ".join(f"{name} = {value}" for name, value in self.point.values.items())
        interval = f"{self.low:.3f} to {self.high:.3f}" if np.isfinite(self.low) else "one run, no interval"
        said = f"# Point {self.point.number} of a sweep: {chosen}.\n"
        said += f"# Error on {self.scored_on}: {self.mean:.3f} ({interval}); optimistic, since it chose the point.\n"
        return said + self.config.toml()


def best(sweep: Sweep, seeds: Sequence[int] = (), threads: int = 0) -> Best:
    """Return the best point of a sweep; with seeds, train it with them now and take the error over them.

    Raises
    ------
    InputError
        If no point has been trained to its end.
    """
    space, point = sweep.space(), sweep.state().best
    if point is None:
        raise InputError(f"{sweep.folder} has no point that was trained to its end yet")
    errors = dict(point.units)
    if seeds:
        objective = Objective(kind=space.objective.kind, seeds=tuple(seeds), folds=space.objective.folds)
        wider = space.model_copy(update={"objective": objective})
        os.environ[RUNS_VARIABLE] = str(sweep.runs)
        sweep.use(prepare(space, progress=False))
        errors = dict(units(wider, point.values, lambda *_: None, threads))
    mean, low, high = student(np.array(list(errors.values())))
    if len(errors) < 2:
        low = high = float("nan")
    config = space.settings(point.values, (seeds or space.objective.seeds)[0])
    named = config.model_copy(update={"name": f"{space.name}-best"})
    scored_on = SCORED_ON[space.objective.kind]
    return Best(point, named, errors, scored_on, float(mean), float(max(low, 0)) if low == low else low, float(high))
