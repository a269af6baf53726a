"""Convergence and partial dependence of published sweeps."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from results.figures.registry import figure
from sweeps import plots
from sweeps.space import parse_space
from sweeps.state import Point, State
from sweeps.store import Store


@figure(
    "search-convergence",
    says="Lowest validation error so far by the number of sweep trials: Bayesian optimisation with a Gaussian "
    "process and random search. Thin lines: repeats; thick lines: their means.",
    needs=tuple(f"sweeps/thesis-{strategy}-s{seed}.jsonl" for strategy in ("bayes", "random") for seed in (1, 2, 3)),
)
def convergence(*stores: Path) -> Figure:
    """Draw the lowest error so far of several sweeps of one space, by strategy; see `sweeps.plots.convergence`."""
    found: dict[str, list[list[Point]]] = {}
    for path in stores:
        state = State.of(Store(path).begun_events())
        found.setdefault(state.begun["space"]["search"]["strategy"], []).append(state.finished)
    return plots.convergence(found)


@figure(
    "search-dependence",
    says="Partial dependence: the surrogate's validation error against each hyperparameter, averaged over the others. "
    "Dots: sweep trials.",
    needs=("sweeps/thesis-bayes-s1.jsonl",),
)
def partial_dependence(store: Path) -> Figure:
    """Draw the surrogate's error against each parameter of one sweep; see `sweeps.plots.partial_dependence`."""
    state = State.of(Store(store).begun_events())
    return plots.partial_dependence(parse_space(dict(state.begun["space"]), str(store)), state.finished)
