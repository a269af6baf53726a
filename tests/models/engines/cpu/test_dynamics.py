"""Neurons of the stepped simulation against closed forms, and whole networks against the event-exact simulation."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from event_nets import Plan, draw
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.losses import CrossEntropy, FirstSpike
from models.network import Hidden, Input, Leaky, Network, Synapses
from models.problem import Problem
from models.recording import Recording
from models.windows import Exponential, Uniform, Window

Mode = Literal["plain", "interpolated"]
MODES: list[Mode] = ["plain", "interpolated"]
TAU_MEM, TAU_SYN = 20.0, 5.0


def run(
    weight: float,
    event_steps: list[int],
    steps: int,
    dt: float = 1.0,
    out: float = 1.0,
    window: Window | None = None,
    mode: Mode = "plain",
    tau_syn: float = TAU_SYN,
    bias: float = 0.0,
    delays: tuple[float, float] = (0.0, 0.0),
) -> Recording:
    """Run one hidden neuron and one output on one input channel; ``delays`` are those of their synapses."""
    synapses = Synapses(delays="fixed", longest=50.0) if any(delays) else Synapses()
    network = Network(
        Input(1),
        (Hidden(1, TAU_MEM, tau_syn, bias=bias != 0, synapses=synapses, recurrent=None),),
        Leaky(1, TAU_MEM, tau_syn, synapses=synapses),
    )
    weights = {
        "input_hidden": np.array([[weight]]),
        "hidden_output": np.array([[out]]),
        "input_hidden_delay": np.array([[delays[0]]]),
        "hidden_output_delay": np.array([[delays[1]]]),
        "hidden_bias": np.array([bias]),
    }
    weights = {name: weights[name].astype(np.float32) for name in network.shapes}
    events = np.array(event_steps, dtype=np.int32)
    batch = SpikeBatch(events, np.zeros_like(events), np.array([0, len(events)]), np.array([0]))
    loss = CrossEntropy(window or Uniform())
    return CpuEngine(Problem(network, loss, dt, steps, spike_times=mode), weights, threads=1).record(batch)[0]


def hidden_spikes(recording: Recording) -> NDArray[np.float64]:
    return recording.spikes["hidden"].times


def kernel(t: NDArray[np.floating]) -> NDArray[np.float64]:
    """The membrane's continuous response to a unit weight at 0."""
    return np.where(t > 0, (np.exp(-t / TAU_MEM) - np.exp(-t / TAU_SYN)) * TAU_SYN / (TAU_MEM - TAU_SYN), 0.0)


def potential(steps: int, dt: float) -> NDArray[np.float64]:
    """The membrane at the end of each step after a unit weight at its beginning: a geometric sum, in float64."""
    alpha, beta = math.exp(-dt / TAU_MEM), math.exp(-dt / TAU_SYN)
    n = np.arange(1, steps + 1, dtype=np.float64)
    return (1 - alpha) * (TAU_SYN / dt) * (1 - beta) * (alpha**n - beta**n) / (alpha - beta)


@pytest.mark.parametrize("dt", [1.0, 0.5, 2.0])
def test_a_spike_leaves_the_closed_form_potential_in_the_readout(dt: float) -> None:
    recording = run(100.0, [3], 300, dt, out=0.7)
    spikes = hidden_spikes(recording)
    assert spikes[0] == (3 + 1) * dt, "the end of the step"
    assert len(spikes) > 1  # A weight of 100 makes a burst; the sum over its spikes is what the readout shows.
    expected = np.zeros(300)
    for time in spikes:
        arrival = round(time / dt)
        expected[arrival:] += 0.7 * potential(300 - arrival, dt)
    np.testing.assert_allclose(recording.voltages["output"][:, 0], expected, rtol=2e-5, atol=1e-6)


def test_the_stepped_potential_is_the_continuous_one_to_second_order() -> None:
    for dt, bound in ((1.0, 1e-3), (0.5, 2.5e-4)):
        np.testing.assert_allclose(potential(100, dt), kernel(np.arange(1, 101) * dt), rtol=bound)


@pytest.mark.parametrize("dt", [1.0, 0.25])
def test_an_interpolated_spike_leaves_the_continuous_potential_in_the_readout(dt: float) -> None:
    """From the next step on: within its own, an arrival is not seen yet."""
    steps = round(120 / dt)
    recording = run(9.0, [round(5 / dt), round(70 / dt)], steps, dt, out=0.7, mode="interpolated")
    spikes = hidden_spikes(recording)
    assert len(spikes) >= 2
    ends = (np.arange(steps) + 1) * dt
    expected = 0.7 * np.sum([kernel(ends - time) for time in spikes], axis=0)
    seen = np.all([(ends < time) | (ends > time + dt) for time in spikes], axis=0)
    np.testing.assert_allclose(recording.voltages["output"][seen, 0], expected[seen], atol=1e-3 * dt**3)


def test_a_neuron_fires_if_and_only_if_its_potential_reaches_the_threshold() -> None:
    critical = 1 / potential(100, 1.0).max()
    assert len(hidden_spikes(run(critical * (1 - 1e-5), [10], 120))) == 0
    spikes = hidden_spikes(run(critical * (1 + 1e-5), [10], 120))
    assert spikes.tolist() == [10 + potential(100, 1.0).argmax() + 1]


@pytest.mark.parametrize("weight", [4.3, 5.0, 7.5])
def test_an_interpolated_spike_is_where_the_continuous_potential_crosses(weight: float) -> None:
    """With tau_mem = 2 tau_syn the potential is w (x - x^2), x = exp(-t / tau_mem): a quadratic."""
    exact = 10.0 - TAU_MEM * math.log((1 + math.sqrt(1 - 4 / weight)) / 2)
    missed = []
    for dt in (2.0, 1.0, 0.5):
        recording = run(weight, [round(10 / dt)], round(60 / dt), dt, mode="interpolated", tau_syn=10.0)
        missed.append(abs(hidden_spikes(recording)[0] - exact))
    assert missed[1] < 2e-3
    assert missed[2] < max(missed[0] / 16, 5e-5)


@pytest.mark.parametrize("drive", [1.05, 1.5, 4.0])
def test_constant_current_gives_the_leaky_neurons_interspike_interval(drive: float) -> None:
    """V tends to w tau_syn / dt; from reset it takes tau_mem ln(V / (V - 1)) to the threshold, in whole steps."""
    spikes = hidden_spikes(run(drive / TAU_SYN, list(range(400)), 400))
    interval = math.ceil(-TAU_MEM * math.log(1 - 1 / drive))
    late = spikes[spikes > 100]
    assert len(late) >= 3
    np.testing.assert_array_equal(np.diff(late), interval)


@pytest.mark.parametrize("bias", [1.05, 1.5, 4.0])
@pytest.mark.parametrize("mode", MODES)
def test_a_bias_above_threshold_gives_the_leaky_neurons_interspike_interval(bias: float, mode: Mode) -> None:
    interval = -TAU_MEM * math.log(1 - 1 / bias)
    intervals = np.diff(hidden_spikes(run(0.0, [], 400, bias=bias, mode=mode)))
    assert len(intervals) >= 3
    if mode == "plain":
        np.testing.assert_array_equal(intervals, math.ceil(interval))
    else:
        np.testing.assert_allclose(intervals, interval, rtol=1e-3)


@pytest.mark.parametrize("mode", MODES)
def test_constant_current_below_rheobase_never_fires(mode: Mode) -> None:
    assert len(hidden_spikes(run(0.999 / TAU_SYN, list(range(1000)), 1000))) == 0
    assert len(hidden_spikes(run(0.0, [], 1000, bias=0.999, mode=mode))) == 0


@pytest.mark.parametrize("dt", [0.25, 1.0, 2.0])
@pytest.mark.parametrize("mode", MODES)
def test_every_spike_brings_the_same_charge_whatever_the_step(dt: float, mode: Mode) -> None:
    """The integral of a leaky integrator's voltage is weight times tau_syn a spike."""
    steps = round(600 / dt)
    recording = run(8.0, [5], steps, dt, out=0.3, mode=mode)
    count = len(hidden_spikes(recording))
    assert count > 0
    charge = count * 0.3 * TAU_SYN
    assert recording.logits[0] * steps * dt == pytest.approx(charge, rel=2e-4)
    if mode == "plain":
        assert recording.voltages["output"].sum(dtype=np.float64) * dt == pytest.approx(charge, rel=1e-4)


def test_the_logit_is_the_mean_of_window_times_voltage() -> None:
    window = Exponential()
    recording = run(8.0, [5, 60, 61], 200, window=window)
    expected = (window.table(200) * recording.voltages["output"][:, 0].astype(np.float64)).mean()
    assert recording.logits[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_without_input_nothing_happens(mode: Mode) -> None:
    recording = run(8.0, [], 50, mode=mode)
    assert len(hidden_spikes(recording)) == 0
    for voltage in recording.voltages.values():
        np.testing.assert_array_equal(voltage, 0)
    np.testing.assert_array_equal(recording.logits, 0)


@pytest.mark.parametrize("mode", MODES)
def test_a_delay_of_whole_steps_shifts_everything_behind_it(mode: Mode) -> None:
    at_once, late = (run(8.0, [5, 60], 200, mode=mode, delays=delays) for delays in ((0.0, 0.0), (7.0, 11.0)))
    np.testing.assert_allclose(hidden_spikes(late), hidden_spikes(at_once) + 7, atol=1e-4)
    for name, shift in (("hidden", 7), ("output", 18)):
        # An age enters by its first powers where there are delays.
        tolerance = 5e-4 if mode == "interpolated" and name == "output" else 1e-5
        np.testing.assert_allclose(late.voltages[name][shift:], at_once.voltages[name][:-shift], atol=tolerance)
        np.testing.assert_array_equal(late.voltages[name][:shift], 0)


def test_on_the_grid_a_delay_is_rounded_to_whole_steps() -> None:
    at_once = hidden_spikes(run(8.0, [5], 100))
    for delay, steps in ((7.4, 7), (7.6, 8)):
        np.testing.assert_array_equal(hidden_spikes(run(8.0, [5], 100, delays=(delay, 0.0))), at_once + steps)


def test_between_the_grids_points_a_delay_shifts_spikes_by_what_it_is() -> None:
    at_once = hidden_spikes(run(8.0, [5], 100, 0.5, mode="interpolated"))
    for delay in (0.1, 3.3, 7.85):
        late = hidden_spikes(run(8.0, [5], 100, 0.5, mode="interpolated", delays=(delay, 0.0)))
        np.testing.assert_allclose(late, at_once + delay, atol=2e-3)


NETWORKS = {
    "recurrent": Plan(((8, True),)),
    "two layers": Plan(((8, True), (7, True))),
    "everything": Plan(
        ((7, True), (6, False)),
        copies=2,
        delayed=("input", "recurrent", "feedforward", "output"),
        constants=("hidden", "output"),
        bias=True,
        density=0.6,
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("spiking", [False, True])
@pytest.mark.parametrize("plan", NETWORKS)
def test_a_network_fires_where_the_event_exact_one_does(plan: str, spiking: bool, mode: Mode) -> None:
    """Both go apart where a spike nearly fails, so that the median is looked at, in steps."""
    dt, missed = 1 / 32, []
    for seed in range(6):
        drawn = draw(NETWORKS[plan], seed, spiking)
        loss = FirstSpike() if spiking else CrossEntropy(Uniform())
        recordings = drawn.engine(loss, dt, spike_times=mode).record(drawn.batch(dt))
        for recording, exact in zip(recordings, drawn.exact(loss).forward(drawn.trials).spikes, strict=True):
            assert recording.spikes.keys() == exact.keys() - (set() if spiking else {"output"})
            for name, found in recording.spikes.items():
                for neuron in range(drawn.network.populations[name].size):
                    times = (s.times[s.neurons == neuron] for s in (found, exact[name]))
                    missed += [a - b for a, b in zip(*times, strict=False)]
    ends = np.array(missed) / dt + (mode == "plain")
    assert len(ends) > 300
    if mode == "plain":
        # A spike is at its step's end, half a step late in the mean, and so are all that lead to it.
        assert 0 < np.median(ends) < 8
    else:
        assert np.median(np.abs(ends)) < 0.01
