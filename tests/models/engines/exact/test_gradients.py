"""The oracle's gradients against central differences of its loss, and proof that the comparison notices mistakes."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import numpy as np
import pytest

from models.engines.exact import ExactEngine, Trial, adjoint, engine, finite_differences
from models.initialisers import Initial, Normal, Uniform
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare
from models.network import DelayLine, Hidden, Input, Leaky, Network, Spiking, Synapses
from models.windows import Bump, Exponential, Gaussian, Tabulated
from models.windows import Uniform as Flat

BOUND = 1e-6
TRIAL = 50.0
CELLS = 80
ENTRIES = 8
"""That are compared of each parameter, drawn at random; of smaller ones all."""

LOSSES: dict[str, Loss] = {
    "uniform": CrossEntropy(Flat(), scale=4.0, temperature=0.7, smoothing=0.1),
    "exponential": CrossEntropy(Exponential(), scale=5.0),
    "gaussian": CrossEntropy(Gaussian(mu=0.6, sigma=0.15), scale=3.0),
    "bump": CrossEntropy(Bump(), scale=2.0),
    "unnormalised": CrossEntropy(Bump(normalise=False), scale=2.0),
    "tabulated": CrossEntropy(Tabulated(values=tuple(1 + np.sin(np.arange(CELLS) / 9))), scale=3.0),
    "peak": MaxOverTime(scale=2.0, temperature=0.8, smoothing=0.05),
    "first spike": FirstSpike(temperature=5.0, smoothing=0.05),
    "early first spike": FirstSpike(early=0.3, tau=20.0, temperature=5.0),
    "mean square": MeanSquare(Gaussian(mu=0.4, sigma=0.3), target=0.7),
}


@dataclass(frozen=True)
class Case:
    """A kind of network."""

    layers: tuple[tuple[int, bool], ...]
    copies: int = 1
    delays: bool = False
    time_constants: bool = False
    bias: bool = False
    density: float = 1.0
    classes: int = 3
    spread: float = 0.5
    seed: int = 1

    def network(self, spiking: bool) -> Network:
        constants = "trained" if self.time_constants else "shared"
        longest = 9.0 if self.delays else 0.0

        def synapses() -> Synapses:
            return Synapses(self.density, "trained" if self.delays else "none", longest)

        hidden = [
            Hidden(n, 14.0, 5.0, constants, self.bias, synapses=synapses(), recurrent=synapses() if r else None)
            for n, r in self.layers
        ]
        output = (Spiking if spiking else Leaky)(self.classes, 12.0, 4.0, constants, self.bias, synapses=synapses())
        line = DelayLine(self.copies, 6.5 if self.copies > 1 else 0.0)
        return Network(Input(5, line), tuple(hidden), output)

    def weights(self, network: Network) -> dict[str, np.ndarray]:
        initial = Initial(
            input=Normal(1.6 / self.density**0.5, 1.0),
            recurrent=Normal(0.0, 0.3),
            feedforward=Normal(4.5 / self.layers[0][0] / self.density, 0.4),
            output=Normal(5.0 / self.layers[-1][0] / self.density, self.spread),
            bias=Uniform(0.0, 0.5),
            delay=Uniform(0.5, 8.5),
            spread=0.25,
        )
        return {name: w.astype(np.float64) for name, w in initial.draw(network, self.seed).items()}


CASES = {
    "feed-forward": Case(((6, False),)),
    "recurrent": Case(((8, True),)),
    "two layers, mixed": Case(((8, True), (7, False)), time_constants=True),
    "delays": Case(((7, False), (6, True)), delays=True),
    # Output voltages that rise until a spike arrives and fall from then on.
    "inhibition": Case(((9, True),), 1, True, True, True, classes=6, spread=2.0, seed=2),
    # With seed 1 an arrival comes so close to a spike that no step is short enough for a difference.
    "delay line": Case(((8, True),), copies=3, bias=True, seed=3),
    "sparse": Case(((10, True), (8, True)), density=0.5, delays=True, classes=2),
    "everything": Case(((10, True), (8, False), (7, True)), 2, True, True, True, 0.6, classes=5),
}


def lively(case: Case, loss: Loss) -> tuple[ExactEngine, list[Trial]]:
    """Return an engine and an example with dozens of spikes."""
    network = case.network(isinstance(loss, FirstSpike))
    rng = np.random.default_rng(case.seed)
    times, units = np.sort(rng.uniform(0, 0.5 * TRIAL, 12)), rng.integers(0, 5, 12)
    trial = Trial(times, units, int(rng.integers(case.classes)))
    return ExactEngine(network, case.weights(network), loss, TRIAL, CELLS), [trial]


Parameters = dict[str, np.ndarray]


def some_differences(exact: ExactEngine, trials: list[Trial]) -> Parameters:
    """Return differences for the entries of each parameter where the gradient is greatest, and for some others."""
    rng = np.random.default_rng(0)
    chosen = {}
    for name, gradient in exact.gradients(trials).weights.items():
        present = rng.permutation(np.flatnonzero(exact.weights[name.removesuffix("_delay")]))
        by_size = present[np.argsort(-np.abs(gradient.flat[present]))]
        chosen[name] = np.unique([*by_size[: ENTRIES // 2], *present[: ENTRIES // 2]])
    return finite_differences(exact, trials, chosen)


def errors(gradients: Parameters, differences: Parameters) -> dict[str, float]:
    """Return the relative error of each parameter's gradient where there is a difference."""
    found = {}
    for name, truth in differences.items():
        known = np.isfinite(truth)
        found[name] = float(np.linalg.norm((gradients[name] - truth)[known]) / np.linalg.norm(truth[known]))
    return found


# All losses for all kinds, but for the greatest network only one of each way of observing.
PAIRS = [(case, loss) for case in CASES for loss in LOSSES if case != "everything"] + [
    ("everything", loss) for loss in ("exponential", "peak", "first spike", "mean square")
]


@pytest.mark.parametrize(("case", "loss"), PAIRS)
def test_gradients_are_the_differences_of_the_loss(case: str, loss: str) -> None:
    exact, trials = lively(CASES[case], LOSSES[loss])
    found = errors(exact.gradients(trials).weights, some_differences(exact, trials))
    assert max(found.values()) < BOUND, found


@pytest.mark.parametrize("case", CASES)
def test_the_networks_are_lively(case: str) -> None:
    exact, trials = lively(CASES[case], LOSSES["first spike"])
    forward = exact.forward(trials)
    for spikes in forward.spikes[0].values():
        assert len(spikes.times) >= 5
    assert sum(len(spikes.times) for spikes in forward.spikes[0].values()) > 40
    assert forward.min_slope > 0.1


MISTAKES = {
    "an arrival's time forgets the voltage": (" - p_voltage[n] / tau_mem)\n", ")\n"),
    "an arrival's time forgets the current": ("(p_current[n] / tau_syn - ", "(-"),
    "a peak does not move with its arrival": ("shift += direct", "shift += 0 * direct"),
    "a peak pulls after its arrival": (
        "by_weight[j] += p_current[n]",
        "by_weight[j] += p_current[n]; p_voltage[n] += direct",
    ),
    "delays do not move a spike's arrival": ("by_delay[j] += shift", "by_delay[j] += 0"),
    "arrivals do not tell the spike": ("by_spike_time[spike] += shift", "by_spike_time[spike] += 0"),
    "a spike forgets that its neuron starts anew": ("direct - p_voltage[n] *", "direct - 0 *"),
    "a spike's slope forgets the bias": ("(current + bias - circuit.threshold[n])", "(current - circuit.threshold[n])"),
    "the voltage does not feed on the current": ("p_current[n] += p_v * d_i", "p_current[n] += 0"),
    "tau_syn forgets the current's decay": ("by_tau_syn[n] += p_i *", "by_tau_syn[n] += 0 *"),
    "tau_syn forgets the voltage": ("by_tau_syn[n] += p_v * d_syn", "by_tau_syn[n] += 0"),
    "tau_mem is a thousandth too great": ("by_tau_mem[n] += p_v", "by_tau_mem[n] += 1.001 * p_v"),
    "bias is a thousandth too great": ("by_bias[n] += p_v", "by_bias[n] += 1.001 * p_v"),
}


@pytest.fixture(scope="module")
def checked() -> tuple[ExactEngine, list[Trial], Parameters]:
    exact, trials = lively(CASES["inhibition"], LOSSES["peak"])
    return exact, trials, some_differences(exact, trials)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_adjoint_is_noticed(
    mistake: str, checked: tuple[ExactEngine, list[Trial], Parameters], monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong = MISTAKES[mistake]
    source = inspect.getsource(adjoint)
    assert source.count(right) == 1
    mutant: dict[str, object] = {"__name__": "mutant"}
    exec(source.replace(right, wrong).replace("@compiled\n", ""), mutant)
    monkeypatch.setattr(engine, "backward", mutant["backward"])
    exact, trials, differences = checked
    assert max(errors(exact.gradients(trials).weights, differences).values()) > 100 * BOUND


def test_the_gradient_is_that_of_the_mean() -> None:
    exact, [one] = lively(CASES["delays"], LOSSES["bump"])
    other = Trial(one.times + 1.7, one.units[::-1].copy(), 2)
    both = exact.gradients([one, other])
    single = [exact.gradients([trial]) for trial in (one, other)]
    assert both.losses.tolist() == [s.losses[0] for s in single]
    for name, gradient in both.weights.items():
        np.testing.assert_allclose(gradient, sum(s.weights[name] for s in single) / 2, rtol=1e-12, atol=1e-15)


def test_absent_synapses_have_no_gradient() -> None:
    exact, trials = lively(CASES["sparse"], LOSSES["exponential"])
    gradients = exact.gradients(trials).weights
    absent = exact.weights["hidden1_hidden2"] == 0
    assert 0 < absent.sum() < absent.size
    for name in ("hidden1_hidden2", "hidden1_hidden2_delay"):
        assert np.all(gradients[name][absent] == 0)
        assert np.any(gradients[name][~absent] != 0)
