"""The engine's gradients against finite differences of an event-exact simulation, for every window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from event_exact import Array, ExactGradient, Trial, WindowFunction, exact_gradient
from event_nets import draw_trials, draw_weights, on_grid, single

from models.engines.cpu import engine as engine_module
from models.engines.cpu.backward import backward_batch
from models.engines.cpu.engine import CpuEngine, Gradients
from models.losses import CrossEntropy
from models.network import DelayLine, Input, Leaky, Network, Spiking
from models.windows import Bump, Exponential, Gaussian, Tabulated, Uniform, Window

DT = 1 / 128
"""ms. Stepped gradients approach the exact ones as dt does 0; see test_gradient_coarse for 1 ms."""

SCALE = 3.0
OUTPUT_BOUND = 0.005
HIDDEN_BOUND = 0.05


def wavy(u: Array) -> Array:
    """Return a window that no formula of `models.windows` gives."""
    return 0.2 + np.cos(2 * np.pi * u - 1) ** 2 * (1 + u)


# The functions are written out here so that a wrong formula in models.windows shows.
WINDOWS: dict[str, tuple[Callable[[int], Window], WindowFunction]] = {
    "uniform": (lambda _: Uniform(), lambda u: 1 + 0 * u),
    "exponential": (lambda _: Exponential(), lambda u: np.exp(-u)),
    "gaussian": (lambda _: Gaussian(mu=0.25, sigma=0.15), lambda u: np.exp(-((u - 0.25) ** 2) / 0.045)),
    "bump": (lambda _: Bump(), lambda u: 2 * (0.4 + 4.4 * u * np.exp(-(u**2) / 0.08))),
    "tabulated": (lambda steps: Tabulated(values=tuple(wavy((np.arange(steps) + 0.5) / steps))), wavy),
}
LOPSIDED = [name for name in WINDOWS if name != "uniform"]


@dataclass(frozen=True)
class Case:
    """A network, its trials and its exact gradients."""

    network: Network
    weights: dict[str, Array]
    trials: list[Trial]
    exact: ExactGradient

    def gradients(self, window: str, dt: float = DT) -> Gradients:
        """Return what the engine gives."""
        steps = round(self.trials[0].duration / dt)
        loss = CrossEntropy(WINDOWS[window][0](steps), SCALE)
        engine = CpuEngine(self.network, single(self.weights), loss, dt, steps)
        return engine.gradients(on_grid(self.trials, dt, self.network.input.channels))

    def errors(self, window: str, found: Gradients) -> dict[str, float]:
        """Return the relative error of each weight matrix's gradient."""
        index = list(WINDOWS).index(window)
        exact = {name: gradient[index] for name, gradient in self.exact.weights.items()}
        return {name: float(np.linalg.norm(found.weights[name] - g) / np.linalg.norm(g)) for name, g in exact.items()}


NETWORKS = {
    "feed-forward": (Network(Input(10), Spiking(8), Leaky(3), recurrent=False), 3, 1.0),
    "recurrent": (Network(Input(10), Spiking(8), Leaky(3)), 23, 1.0),
    "delay line": (Network(Input(6, DelayLine(copies=2, spacing=15.0)), Spiking(6), Leaky(3)), 4, 2.0),
}


@pytest.fixture(scope="module", params=list(NETWORKS))
def case(request: pytest.FixtureRequest) -> Case:
    network, seed, drive = NETWORKS[request.param]
    weights = draw_weights(network, seed, drive)
    trials = draw_trials(network.input.channels, seed)
    exact = exact_gradient(network, weights, trials, [function for _, function in WINDOWS.values()], SCALE)
    # A spike that grazes the threshold has a derivative that no step resolves: the seeds are chosen to have none.
    assert min(spike.slope for spikes in exact.spikes for spike in spikes) > 0.3
    assert all(len(spikes) > 20 for spikes in exact.spikes)
    return Case(network, weights, trials, exact)


@pytest.mark.parametrize("window", WINDOWS)
def test_gradients_are_those_of_the_event_exact_loss(case: Case, window: str) -> None:
    found = case.gradients(window)
    spikes = [spike.neuron for spikes in case.exact.spikes for spike in spikes]
    np.testing.assert_array_equal(found.hidden_counts, np.bincount(spikes, minlength=case.network.hidden.size))
    np.testing.assert_allclose(found.logits, case.exact.logits[list(WINDOWS).index(window)], atol=0.01 * SCALE)
    errors = case.errors(window, found)
    assert errors.pop("hidden_output") < OUTPUT_BOUND
    assert max(errors.values()) < HIDDEN_BOUND


def test_errors_shrink_with_the_step(case: Case) -> None:
    coarse, fine = (case.errors("gaussian", case.gradients("gaussian", dt)) for dt in (1 / 16, DT))
    assert all(fine[name] < coarse[name] / 3 for name in fine)


@pytest.mark.parametrize("window", LOPSIDED)
@pytest.mark.parametrize("fault", ["left out", "not reversed"])
def test_a_wrong_window_in_the_adjoint_breaks_the_bounds(
    case: Case, window: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison above would notice both mistakes that published code made."""
    place = list(backward_batch.py_func.__code__.co_varnames).index("table")

    def faulty(*arguments: object) -> None:
        table = arguments[place]
        assert isinstance(table, np.ndarray)
        wrong = np.ones_like(table) if fault == "left out" else table[::-1].copy()
        backward_batch(*arguments[:place], wrong, *arguments[place + 1 :])

    monkeypatch.setattr(engine_module, "backward_batch", faulty)
    errors = case.errors(window, case.gradients(window))
    assert errors["hidden_output"] > 4 * OUTPUT_BOUND
    assert errors["input_hidden"] > HIDDEN_BOUND
