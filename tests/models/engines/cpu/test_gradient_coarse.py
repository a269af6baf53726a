"""Gradients at the step that training uses: they must point the right way although spikes lie on a grid of 1 ms."""

from __future__ import annotations

import numpy as np
import pytest
from event_exact import Array, Trial, exact_gradient
from event_nets import draw_trials, draw_weights, on_grid, single
from numpy.typing import NDArray

from models.engines.cpu.engine import CpuEngine
from models.losses import CrossEntropy
from models.network import Input, Leaky, Network, Spiking
from models.windows import Exponential, Gaussian, Uniform, Window

NETWORK = Network(Input(6), Spiking(4), Leaky(3), recurrent=False)
WINDOWS: list[Window] = [Uniform(), Exponential(), Gaussian(mu=0.25, sigma=0.15)]
DURATION = 400.0

Drawn = tuple[dict[str, Array], list[Trial], Array]


def cosine(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    """Networks with their trials and the exact gradients of their input weights, (windows, pre, post)."""
    made = []
    for seed in range(4):
        weights, trials = draw_weights(NETWORK, seed, drive=2.0), draw_trials(6, seed, events=5, duration=DURATION)
        exact = exact_gradient(NETWORK, weights, trials, [w.shape for w in WINDOWS], scale=3.0)
        made.append((weights, trials, exact.weights["input_hidden"]))
    return made


def median_cosine(drawn: list[Drawn], index: int, continuous: bool = False) -> float:
    """Return the median over networks: spikes that a grid of 1 ms puts elsewhere can turn any single one."""
    cosines = []
    for weights, trials, exact in drawn:
        engine = CpuEngine(NETWORK, single(weights), CrossEntropy(WINDOWS[index], 3.0), 1.0, round(DURATION))
        if continuous:
            engine._time = (np.array([1 / 5, 1 / 20, 0], dtype=np.float32),) * 2
        cosines.append(cosine(engine.gradients(on_grid(trials, 1.0, 6)).weights["input_hidden"], exact[index]))
    return float(np.median(cosines))


@pytest.mark.parametrize("index", range(len(WINDOWS)))
def test_hidden_gradients_at_one_millisecond_point_the_right_way(drawn: list[Drawn], index: int) -> None:
    assert median_cosine(drawn, index) > 0.8


@pytest.mark.parametrize("index", [0, 1])
def test_the_adjoint_equations_discretised_naively_point_elsewhere(drawn: list[Drawn], index: int) -> None:
    """Under a window that changes slowly dp_I/dt is a small difference of large terms: on the grid they must cancel."""
    assert median_cosine(drawn, index, continuous=True) < 0.0
