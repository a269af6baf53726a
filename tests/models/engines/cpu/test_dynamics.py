"""Single neurons of the stepped simulation against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.engines.interface import Recording
from models.losses import CrossEntropy
from models.network import Input, Leaky, Network, Spiking
from models.windows import Exponential, Uniform, Window

TAU_MEM, TAU_SYN = 20.0, 5.0


def run(
    weight: float,
    event_steps: list[int],
    steps: int,
    dt: float = 1.0,
    out: float = 1.0,
    window: Window | None = None,
) -> Recording:
    """Run one hidden neuron and one output on one input channel."""
    network = Network(Input(1), Spiking(1, TAU_MEM, TAU_SYN), Leaky(1, TAU_MEM, TAU_SYN), recurrent=False)
    weights = {"input_hidden": np.array([[weight]]), "hidden_output": np.array([[out]])}
    events = np.array(event_steps, dtype=np.int32)
    batch = SpikeBatch(events, np.zeros_like(events), np.array([0, len(events)]), np.array([0]))
    engine = CpuEngine(
        network,
        {name: w.astype(np.float32) for name, w in weights.items()},
        CrossEntropy(window or Uniform()),
        dt,
        steps,
    )
    return engine.record(batch)[0]


def potential(steps: int, dt: float) -> np.ndarray:
    """The membrane at the end of each step after a unit weight at its beginning: a geometric sum, in float64."""
    alpha, beta = math.exp(-dt / TAU_MEM), math.exp(-dt / TAU_SYN)
    n = np.arange(1, steps + 1)
    return (1 - alpha) * (TAU_SYN / dt) * (1 - beta) * (alpha**n - beta**n) / (alpha - beta)


@pytest.mark.parametrize("dt", [1.0, 0.5, 2.0])
def test_a_spike_leaves_the_closed_form_potential_in_the_readout(dt: float) -> None:
    recording = run(100.0, [3], 300, dt, out=0.7)
    np.testing.assert_array_equal(recording.spike_times[0], 3 * dt)
    first = len(recording.spike_times)
    assert first > 1  # A weight of 100 makes a burst; the sum over its spikes is what the readout shows.
    expected = np.zeros(300)
    for time in recording.spike_times:
        arrival = round(time / dt) + 1
        expected[arrival:] += 0.7 * potential(300 - arrival, dt)
    np.testing.assert_allclose(recording.voltages[:, 0], expected, rtol=2e-5, atol=1e-6)


def test_the_stepped_potential_is_the_continuous_one_to_second_order() -> None:
    for dt, bound in ((1.0, 1e-3), (0.5, 2.5e-4)):
        t = np.arange(1, 101) * dt
        continuous = (np.exp(-t / TAU_MEM) - np.exp(-t / TAU_SYN)) * TAU_SYN / (TAU_MEM - TAU_SYN)
        np.testing.assert_allclose(potential(100, dt), continuous, rtol=bound)


def test_a_neuron_fires_if_and_only_if_its_potential_reaches_the_threshold() -> None:
    critical = 1 / potential(100, 1.0).max()
    assert len(run(critical * (1 - 1e-5), [10], 120).spike_times) == 0
    spikes = run(critical * (1 + 1e-5), [10], 120).spike_times
    assert spikes.tolist() == [10 + potential(100, 1.0).argmax()]


@pytest.mark.parametrize("drive", [1.05, 1.5, 4.0])
def test_constant_current_gives_the_leaky_neurons_interspike_interval(drive: float) -> None:
    """V tends to w tau_syn / dt; from reset it takes tau_mem ln(V / (V - 1)) to the threshold, in whole steps."""
    spikes = run(drive / TAU_SYN, list(range(400)), 400).spike_times
    interval = math.ceil(-TAU_MEM * math.log(1 - 1 / drive))
    late = spikes[spikes > 100]
    assert len(late) >= 3
    np.testing.assert_array_equal(np.diff(late), interval)


def test_constant_current_below_rheobase_never_fires() -> None:
    assert len(run(0.999 / TAU_SYN, list(range(1000)), 1000).spike_times) == 0


@pytest.mark.parametrize("dt", [0.25, 1.0, 2.0])
def test_every_spike_brings_the_same_charge_whatever_the_step(dt: float) -> None:
    """The integral of a leaky integrator's voltage is weight times tau_syn a spike."""
    steps = round(600 / dt)
    recording = run(8.0, [5], steps, dt, out=0.3)
    count = len(recording.spike_times)
    assert count > 0
    integral = recording.voltages.sum(dtype=np.float64) * dt
    assert integral == pytest.approx(count * 0.3 * TAU_SYN, rel=1e-4)
    assert recording.logits[0] == pytest.approx(integral / (steps * dt), rel=1e-5)


def test_the_logit_is_the_mean_of_window_times_voltage() -> None:
    window = Exponential()
    recording = run(8.0, [5, 60, 61], 200, window=window)
    expected = (window.table(200) * recording.voltages[:, 0].astype(np.float64)).mean()
    assert recording.logits[0] == pytest.approx(expected, rel=1e-6)


def test_without_input_nothing_happens() -> None:
    recording = run(8.0, [], 50)
    assert len(recording.spike_times) == 0
    np.testing.assert_array_equal(recording.voltages, 0)
    np.testing.assert_array_equal(recording.logits, 0)
