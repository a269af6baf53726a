"""Importance of parameters: how much of the error's variance each explains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.errors import InputError
from sweeps.parameters import Parameter
from sweeps.space import Space
from sweeps.state import Point
from sweeps.strategies import places

LEAST_POINTS = 6
TREES = 200
SAMPLES = 2000


def importance(space: Space, points: list[Point]) -> pd.DataFrame:
    """Return how much of the predicted error's variance over the space each parameter explains by itself.

    The first-order terms of a functional analysis of variance of a random forest (Hutter, Hoos and Leyton-Brown 2014):
    the variance of the forest's mean prediction as one parameter goes through its range, over the variance as all do.
    What is missing to 1 are effects of several together, and noise that the forest has learned.

    Points without an error are left out. The columns are parameter, importance (the mean over subsets of trees) and
    spread (their standard deviation), greatest first.

    Raises
    ------
    InputError
        If there are too few points.
    """
    from sklearn.ensemble import RandomForestRegressor

    known = [p for p in points if p.error is not None]
    if len(known) < LEAST_POINTS:
        raise InputError(f"{len(known)} points have an error; importance needs at least {LEAST_POINTS}")
    columns = encoded(space, known)
    errors = np.array([p.error for p in known], dtype=np.float64)
    rng = np.random.default_rng(0)
    cube = rng.random((SAMPLES, len(space.parameters)))
    everywhere = encoded(space, [Point(0, space.at(u)) for u in cube])
    shares = []
    for part in range(5):
        forest = RandomForestRegressor(TREES // 5, min_samples_leaf=2, random_state=part)
        forest.fit(columns, errors)
        predicted = forest.predict(everywhere)
        total = max(float(predicted.var()), 1e-12)
        shares.append([_explained(everywhere[:, i], predicted) / total for i in range(columns.shape[1])])
    table = pd.DataFrame(
        {"parameter": list(space.parameters), "importance": np.mean(shares, axis=0), "spread": np.std(shares, axis=0)}
    )
    return table.sort_values("importance", ascending=False, ignore_index=True)


def encoded(space: Space, points: list[Point]) -> NDArray[np.float64]:
    """Return values as numbers, shape (points, parameters): indices of categories, logarithms on log scales."""
    rows = [zip(space.parameters.values(), places(space, point.values), strict=True) for point in points]
    return np.array([[_number(parameter, value) for parameter, value in row] for row in rows])


def _number(parameter: Parameter, value: Any) -> float:
    if parameter.kind == "categorical":
        return float(parameter.values.index(value))
    return float(np.log(value)) if parameter.scale == "log" else float(value)


def _explained(column: NDArray[np.float64], predicted: NDArray[np.float64], bins: int = 20) -> float:
    """Return the variance of the mean prediction by the parameter's value."""
    edges = np.unique(np.quantile(column, np.linspace(0, 1, bins + 1)))
    place = np.clip(np.searchsorted(edges, column, side="right") - 1, 0, max(len(edges) - 2, 0))
    if len(np.unique(column)) <= bins:
        place = np.unique(column, return_inverse=True)[1]
    counts = np.bincount(place)
    means = np.bincount(place, predicted) / np.maximum(counts, 1)
    overall = predicted.mean()
    # Means over few predictions scatter by chance; their share of it is taken off.
    within = np.bincount(place, (predicted - means[place]) ** 2) / np.maximum(counts, 1) ** 2
    return max(float((counts * ((means - overall) ** 2 - within)).sum() / counts.sum()), 0.0)
