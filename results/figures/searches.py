"""What Bayesian optimisation found, from sweeps' stores."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from sweeps import plots
from sweeps.space import parse_space
from sweeps.state import Point, State
from sweeps.store import Store


def convergence(*stores: Path) -> Figure:
    """Draw the least error so far by points of several sweeps of one space, by strategy; see `plots.convergence`."""
    found: dict[str, list[list[Point]]] = {}
    for path in stores:
        state = State.of(Store(path).events())
        found.setdefault(state.begun["space"]["search"]["strategy"], []).append(state.finished)
    return plots.convergence(found)


def partial_dependence(store: Path) -> Figure:
    """Draw the surrogate's error against each parameter of one sweep; see `plots.partial_dependence`."""
    state = State.of(Store(store).events())
    return plots.partial_dependence(parse_space(dict(state.begun["space"]), str(store)), state.finished)
