"""Strategies that choose the next point: a Gaussian process with expected improvement, random, Sobol, or a grid.

A choice depends on nothing but the space, its seed and the store: a sweep that is continued, here or
elsewhere, proposes what it would have proposed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from models.errors import InputError
from sweeps.parameters import Parameter, Value, Values
from sweeps.space import Space, StrategyName
from sweeps.state import Point

WORST = 1.0
"""The error that a failed point counts with where no other point has one."""

_TRIES = 100


def propose(space: Space, points: Sequence[Point]) -> Values | None:
    """Return the values of the point after all that were proposed before, or None where a grid has no more."""
    return _STRATEGIES[space.search.strategy](space, points)


def _grid(space: Space, points: Sequence[Point]) -> Values | None:
    return next(islice(space.all_points(), len(points), None), None)


def _random(space: Space, points: Sequence[Point]) -> Values:
    rng = np.random.default_rng([space.search.seed, len(points)])
    return _new(space, points, lambda: space.at(rng.random(len(space.parameters))))


def _sobol(space: Space, points: Sequence[Point]) -> Values:
    # Here, since most processes of a search only carry points out.
    from scipy.stats import qmc

    sequence = qmc.Sobol(len(space.parameters), seed=np.random.default_rng(space.search.seed))
    if points:
        sequence.fast_forward(len(points))
    return _new(space, points, lambda: space.at(sequence.random(1)[0]))


def _bayes(space: Space, points: Sequence[Point]) -> Values:
    if len(points) < space.search.initial or not any(p.finished for p in points):
        return _sobol(space, points)
    optimiser = surrogate(space, points)
    proposed = space.complete(dict(zip(space.parameters, map(_plain, optimiser.ask()), strict=True)))
    return proposed if all(proposed != p.values for p in points) else _random(space, points)


def surrogate(space: Space, points: Sequence[Point]) -> Any:
    """Return scikit-optimize's optimiser, told the errors of all points.

    Points under way are told with the least error so far ("constant liar"), so that workers at the same time look in
    different places; failed ones with the greatest of those that were trained to the end, and pruned ones, whose
    error is that of an early epoch, with no more than that. The optimiser's last model is the Gaussian process.
    """
    from skopt import Optimizer
    from skopt.learning import GaussianProcessRegressor
    from skopt.learning.gaussian_process.kernels import ConstantKernel, Matern
    from skopt.utils import normalize_dimensions

    known = [p.error for p in points if p.status == "done" and p.error is not None]
    least, greatest = (min(known), max(known)) if known else (WORST, WORST)
    errors = [_told(p, least, greatest) for p in points]
    # Noise that is estimated, too, explains everything where points are few in many dimensions: it is said instead.
    noise = min(max(space.search.noise / max(float(np.std(errors)), 1e-6), 0.03), 0.7) ** 2
    dimensions = [parameter.dimension(name) for name, parameter in space.parameters.items()]
    length = normalize_dimensions(dimensions).transformed_n_dims
    kernel = ConstantKernel(1.0, (0.05, 20.0)) * Matern(np.ones(length), (0.1, 20.0), nu=2.5)
    seed = np.random.SeedSequence([space.search.seed, len(points)])
    optimiser = Optimizer(
        dimensions,
        base_estimator=GaussianProcessRegressor(
            kernel, alpha=noise, normalize_y=True, n_restarts_optimizer=2, random_state=int(seed.generate_state(1)[0])
        ),
        n_initial_points=1,
        acq_func="EI",
        random_state=np.random.RandomState(np.random.MT19937(seed)),
    )
    with warnings.catch_warnings():
        # Of kernels at their bounds: with few points they often are.
        warnings.simplefilter("ignore")
        optimiser.tell([places(space, p.values) for p in points], errors)
    return optimiser


def _told(point: Point, least: float, greatest: float) -> float:
    if point.error is not None:
        return min(point.error, greatest) if point.status == "stopped" else point.error
    return greatest if point.status == "failed" else least


def places(space: Space, values: Values) -> list[Any]:
    """Return a point for the surrogate: parameters that do not count are at the middle of their range.

    Raises
    ------
    InputError
        If a value is none of its parameter's.
    """
    return [
        _place(name, parameter, values[name]) if name in values else parameter.at(0.5)
        for name, parameter in space.parameters.items()
    ]


def _place(name: str, parameter: Parameter, value: Value) -> Value:
    """Return a stored value; one that an earlier version carried past a bound by rounding is that bound."""
    if parameter.kind == "categorical":
        found, fits = value, value in parameter.values
    else:
        found = min(max(value, parameter.low), parameter.high) if isinstance(value, int | float) else parameter.low
        fits = isinstance(value, int | float) and math.isclose(found, value)
    if not fits:
        raise InputError(f"a point of the sweep has {name} = {value!r}, which its space does not have; it is damaged")
    return found


def _new(space: Space, points: Sequence[Point], draw: Callable[[], Values]) -> Values:
    """Return a draw that was not proposed before, if there is one."""
    for _ in range(_TRIES):
        found = draw()
        if all(found != p.values for p in points):
            break
    return found


def _plain(value: Any) -> Any:
    """Return NumPy's numbers as Python's."""
    return value.item() if isinstance(value, np.generic) else value


_STRATEGIES: dict[StrategyName, Callable[[Space, Sequence[Point]], Values | None]] = {
    "bayes": _bayes,
    "random": _random,
    "sobol": _sobol,
    "grid": _grid,
}
