"""Central differences of the exact loss, to check its gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models.engines.exact.compiled import Array, Ints
from models.engines.exact.engine import ExactEngine
from models.engines.exact.examples import Trial
from models.errors import InputError

_ROUNDING = 1e-14
"""Rounding error of the loss of a network with many spikes, for losses of order 1."""

_REDUCTIONS = 10.0 ** -np.linspace(0, 3, 7)


def finite_differences(
    engine: ExactEngine, examples: Sequence[Trial], chosen: Mapping[str, Ints] | None = None, step: float = 1e-3
) -> dict[str, Array]:
    """Return central differences of fourth order of the examples' mean loss.

    The step is reduced, at most a thousandfold, until the loss is on the same smooth piece at all points (see `pieces`)
    and halving the step changes the difference of second order by at most 1e-4 of it: the error of fourth order is
    about the square of that. It is reduced no further, since a smaller step increases rounding errors.

    Parameters
    ----------
    chosen : dict of str to ndarray of int, optional
        Indices into each flattened parameter to differentiate; by default all.
    step : float
        The largest step, in the parameter's own unit.

    Returns
    -------
    dict of str to ndarray of float64
        By name, in the parameter's shape. NaN where not chosen, and 0 for absent synapses.

    Raises
    ------
    InputError
        If a spike appears or vanishes, or changes order with an arrival, even with the smallest step.
    """
    if chosen is None:
        chosen = {name: np.arange(weight.size) for name, weight in engine.weights.items()}
    sparse = {c.name for c in engine.network.connections if c.synapses.density < 1}
    found = {name: np.full(engine.weights[name].shape, np.nan) for name in chosen}
    for name, places in chosen.items():
        connection = name.removesuffix("_delay")
        for place in places:
            absent = connection in sparse and engine.weights[connection].flat[place] == 0
            found[name].flat[place] = 0.0 if absent else _difference(engine, examples, name, int(place), step)
    return found


def _difference(engine: ExactEngine, examples: Sequence[Trial], name: str, place: int, step: float) -> float:
    """Return the difference for one element of a parameter."""
    found = None
    for h in step * _REDUCTIONS:
        runs = []
        for shift in (-2, -1, 1, 2):
            moved = engine.weights[name].copy()
            moved.flat[place] += shift * h
            runs.append(engine.with_weights({**engine.weights, name: moved}).forward(examples))
        if any(not np.array_equal(*pair) for run in runs for pair in zip(runs[0].pieces, run.pieces, strict=True)):
            continue
        far_below, below, above, far_above = (run.losses.mean() for run in runs)
        wide, narrow = (far_above - far_below) / (4 * h), (above - below) / (2 * h)
        found = float(narrow + (narrow - wide) / 3)
        if abs(narrow - wide) <= 1e-4 * abs(found) + 100 * _ROUNDING / h:
            break
    if found is None:
        index = ", ".join(map(str, np.unravel_index(place, engine.weights[name].shape)))
        raise InputError(
            f"a spike appears or vanishes, or changes order with an arrival, where {name}[{index}] moves by "
            f"{2 * h:.0e}; the loss has no derivative there"
        )
    return found
