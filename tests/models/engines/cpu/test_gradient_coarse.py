"""Gradients at the step that training uses: they must point the right way although the grid is one of 1 ms."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw, errors
from numpy.typing import NDArray

from models.engines.cpu.windowed_output import WindowedOutput
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare
from models.windows import Exponential, Gaussian, Uniform, Window

Mode = Literal["plain", "interpolated"]

NETWORKS = 12
"""A spike that a grid of 1 ms puts elsewhere can turn the gradient of any single one: medians are compared."""

SMALL = Plan(((4, False),), channels=6, drive=2.0)
WINDOWS: dict[str, Window] = {
    "uniform": Uniform(),
    "exponential": Exponential(),
    "gaussian": Gaussian(mu=0.25, sigma=0.15),
}

PLANS = {
    "feed-forward": Plan(),
    "recurrent": Plan(((8, True),)),
    "two layers": Plan(((8, True), (7, False))),
    "delays": Plan(((8, True),), delayed=("input", "recurrent", "output")),
    "time constants and biases": Plan(((8, True),), constants=("hidden",), bias=True),
}
LOSSES: dict[str, tuple[Loss, float]] = {
    "windowed": (CrossEntropy(Gaussian(mu=0.6, sigma=0.3), 3.0), 1 / 3),
    "square": (MeanSquare(Gaussian()), 1 / 3),
    "peak": (MaxOverTime(2.0), 1 / 2),
    "first spike": (FirstSpike(temperature=10.0), 1 / 2),
}
"""With what interpolated gradients' errors are to be below, as a fraction of plain ones'."""


def cosine(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


@cache
def small(window: str) -> list[tuple[Drawn, Loss, NDArray[np.float64]]]:
    """Return networks in trials of 400 ms, and the exact gradients of their input weights."""
    loss = CrossEntropy(WINDOWS[window], 3.0)
    made: list[tuple[Drawn, Loss, NDArray[np.float64]]] = []
    for seed in range(NETWORKS):
        drawn = draw(SMALL, seed, events=5, duration=400.0)
        made.append((drawn, loss, drawn.exact(loss).gradients(drawn.trials).weights["input_hidden"]))
    return made


def median_cosine(window: str, mode: Mode, naive: bool = False) -> float:
    cosines = []
    for drawn, loss, exact in small(window):
        engine = drawn.engine(loss, spike_times=mode)
        if naive:
            make_naive(engine.output)
        cosines.append(cosine(engine.gradients(drawn.batch()).weights["input_hidden"], exact))
    return float(np.median(cosines))


def make_naive(output: object) -> None:
    """Take dp_I/dt from the adjoint's differential equation, p_I / tau_syn - p_V / tau_mem, instead of differences."""
    assert isinstance(output, WindowedOutput)
    drive = np.append(output.window / len(output.window), 0.0)[:, None]
    p_v = np.zeros_like(output.table.gain)
    for step in range(len(p_v) - 2, -1, -1):
        p_v[step] = np.exp(-1 / 20) * (p_v[step + 1] + drive[step])
    output.table = replace(output.table, slope=output.table.gain / 5 - p_v / 20)


@pytest.mark.parametrize("window", WINDOWS)
def test_hidden_gradients_at_one_millisecond_point_the_right_way(window: str) -> None:
    assert median_cosine(window, "plain") > 0.65
    assert median_cosine(window, "interpolated") > 0.999


@pytest.mark.parametrize("window", ["uniform", "exponential"])
def test_the_adjoint_equations_discretised_naively_point_elsewhere(window: str) -> None:
    """Under a window that changes slowly dp_I/dt is a small difference of large terms: on the grid they must cancel."""
    assert median_cosine(window, "plain", naive=True) < 0.0


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", PLANS)
def test_interpolated_spike_times_bring_hidden_gradients_far_nearer_to_the_exact_ones(plan: str, loss: str) -> None:
    function, fraction = LOSSES[loss]
    found: dict[Mode, list[float]] = {"plain": [], "interpolated": []}
    for seed in range(NETWORKS):
        drawn = draw(PLANS[plan], seed, spiking=isinstance(function, FirstSpike))
        exact = drawn.exact(function).gradients(drawn.trials).weights
        for mode, of in found.items():
            engine = drawn.engine(function, spike_times=mode)
            of.append(errors(drawn, engine.gradients(drawn.batch()).weights, exact)[next(iter(exact))])
    assert np.median(found["interpolated"]) < fraction * np.median(found["plain"])
