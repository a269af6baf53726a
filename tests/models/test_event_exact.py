"""The reference that gradients are held against, itself held against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from event_exact import Trial, exact_gradient, hidden_spikes, readout

from models.network import Input, Leaky, Network, Spiking

# With tau_mem = 2 tau_syn the potential after a weight w is w (x - x^2) with x = exp(-t / tau_mem): a quadratic.
NETWORK = Network(
    Input(1), Spiking(1, tau_mem=20.0, tau_syn=10.0), Leaky(2, tau_mem=20.0, tau_syn=10.0), recurrent=False
)


def one_event(time: float = 3.0) -> Trial:
    return Trial(np.array([time]), np.array([0]), 0, 100.0)


@pytest.mark.parametrize("weight", [4.1, 5.0, 7.5])
def test_the_first_crossing_is_the_quadratics_root(weight: float) -> None:
    weights = {"input_hidden": np.array([[weight]]), "hidden_output": np.zeros((1, 2))}
    spikes = hidden_spikes(NETWORK, weights, one_event())
    root = (1 + math.sqrt(1 - 4 / weight)) / 2
    assert spikes[0].time == pytest.approx(3.0 - 20 * math.log(root), abs=1e-10)
    assert spikes[0].slope == pytest.approx(weight * root**2 - 1, abs=1e-9)


def test_a_potential_that_peaks_below_threshold_never_crosses() -> None:
    weights = {"input_hidden": np.array([[3.999]]), "hidden_output": np.zeros((1, 2))}
    assert hidden_spikes(NETWORK, weights, one_event()) == []


def test_a_recurrent_spike_adds_to_the_current_at_once() -> None:
    """Neuron 0 makes neuron 1 fire: its potential begins at neuron 0's spike."""
    network = Network(Input(1), Spiking(2, tau_mem=20.0, tau_syn=10.0), Leaky(2))
    weights = {
        "input_hidden": np.array([[5.0, 0.0]]),
        "hidden_hidden": np.array([[-9.0, 6.0], [0.0, 0.0]]),
        "hidden_output": np.zeros((2, 2)),
    }
    first, second = hidden_spikes(network, weights, one_event())
    assert (first.neuron, second.neuron) == (0, 1)
    assert second.time - first.time == pytest.approx(-20 * math.log((1 + math.sqrt(1 - 4 / 6)) / 2), abs=1e-10)


def test_the_readout_of_a_uniform_window_is_the_integral_of_the_potential() -> None:
    since, duration = 12.0, 90.0
    lag = duration - since
    integral = 20 * (1 - math.exp(-lag / 20)) - 10 * (1 - math.exp(-lag / 10))
    found = readout([lambda u: 2 + 0 * u], duration, NETWORK.output, np.array([since]))
    assert found[0, 0] == pytest.approx(integral / duration, rel=1e-10)


def test_finite_differences_are_the_chain_rule_by_hand() -> None:
    """One event, one hidden spike, two outputs: every factor of dL/dw is known in closed form."""
    weight, out = 5.0, np.array([[0.7, -0.4]])
    weights = {"input_hidden": np.array([[weight]]), "hidden_output": out}
    exact = exact_gradient(NETWORK, weights, [one_event()], [np.ones_like])
    assert len(exact.spikes[0]) == 1
    time, slope = exact.spikes[0][0].time, exact.spikes[0][0].slope
    x = math.exp(-(time - 3.0) / 20)
    dt_dw = -(x - x**2) * 20 / slope
    y = math.exp(-(100.0 - time) / 20)
    logits = out[0] * (20 * (1 - y) - 10 * (1 - y**2)) / 100
    error = np.exp(logits) / np.exp(logits).sum() - [1, 0]
    dz_dt = -out[0] * (y - y**2) / 100
    assert exact.weights["input_hidden"][0, 0, 0] == pytest.approx((error * dz_dt).sum() * dt_dw, rel=1e-5)


def test_a_spike_that_comes_or_goes_is_noticed() -> None:
    weights = {"input_hidden": np.array([[4.000001]]), "hidden_output": np.array([[1.0, 0.0]])}
    with pytest.raises(AssertionError, match="a spike comes or goes when input_hidden"):
        exact_gradient(NETWORK, weights, [one_event()], [np.ones_like])
