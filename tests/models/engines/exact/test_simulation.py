"""The event-exact simulation against closed forms and general solvers, and what it refuses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from profiles import examples
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from models.batch import SpikeBatch
from models.engines.exact import ExactEngine, Trial, finite_differences, trials
from models.errors import InputError
from models.losses import CrossEntropy, FirstSpike, MaxOverTime
from models.network import DelayLine, Hidden, Input, Leaky, Network, Spiking, Synapses
from models.recording import Spikes
from models.windows import Exponential, Uniform

Array = NDArray[np.float64]
TRIAL = 100.0

# With tau_mem = 2 tau_syn the potential after a weight w is w (x - x^2) with x = exp(-t / tau_mem): a quadratic.
NETWORK = Network(Input(1), (Hidden(1, 20.0, 10.0, recurrent=None),), Leaky(2, 20.0, 10.0))


def engine(network: Network, trial: float = TRIAL, /, **weights: Any) -> ExactEngine:
    """Return an engine; parameters that are not given are 0."""
    every = {name: np.array(weights.get(name, np.zeros(shape)), dtype=float) for name, shape in network.shapes.items()}
    return ExactEngine(network, every, CrossEntropy(Uniform()), trial)


def events(*pairs: tuple[float, int], label: int = 0) -> Trial:
    times, units = zip(*pairs, strict=True) if pairs else ((), ())
    return Trial(np.array(times, dtype=float), np.array(units, dtype=int), label)


def hidden_spikes(exact: ExactEngine, trial: Trial, name: str = "hidden") -> Spikes:
    return exact.forward([trial]).spikes[0][name]


def kernel(t: Array, tau_mem: float, tau_syn: float) -> Array:
    return np.where(t > 0, (np.exp(-t / tau_mem) - np.exp(-t / tau_syn)) * tau_syn / (tau_mem - tau_syn), 0.0)


@pytest.mark.parametrize("weight", [4.1, 5.0, 7.5])
def test_the_first_crossing_is_the_quadratics_root(weight: float) -> None:
    root = (1 + math.sqrt(1 - 4 / weight)) / 2
    crossing = 3.0 - 20 * math.log(root)
    forward = engine(NETWORK, crossing + 0.01, input_hidden=[[weight]]).forward([events((3.0, 0))])
    np.testing.assert_allclose(forward.spikes[0]["hidden"].times, [crossing], atol=1e-10)
    assert forward.min_slope == pytest.approx(weight * root**2 - 1, abs=1e-9)


def test_a_potential_that_peaks_below_threshold_never_crosses() -> None:
    assert len(hidden_spikes(engine(NETWORK, input_hidden=[[3.999]]), events((3.0, 0))).times) == 0


def test_a_recurrent_spike_adds_to_the_current_at_once() -> None:
    """Neuron 0 makes neuron 1 fire: its potential begins at neuron 0's spike."""
    network = Network(Input(1), (Hidden(2, 20.0, 10.0),), Leaky(2))
    exact = engine(network, input_hidden=[[5.0, 0.0]], hidden_hidden=[[-9.0, 6.0], [0.0, 0.0]])
    spikes = hidden_spikes(exact, events((3.0, 0)))
    assert spikes.neurons.tolist() == [0, 1]
    assert np.diff(spikes.times)[0] == pytest.approx(-20 * math.log((1 + math.sqrt(1 - 4 / 6)) / 2), abs=1e-10)


@given(
    seed=st.integers(0, 2**31),
    tau_mem=st.floats(3.0, 40.0),
    ratio=st.sampled_from([0.1, 0.4, 0.9, 1.3, 3.0]),
    bias=st.sampled_from([0.0, 0.4, -0.3]),
)
@examples(60)
def test_the_first_spike_is_where_a_root_finder_has_the_sum_of_all_responses_cross(
    seed: int, tau_mem: float, ratio: float, bias: float
) -> None:
    """Up to rounding. A peak within 0.001 of the threshold may cross it between two points of the test's grid."""
    rng, tau_syn = np.random.default_rng(seed), ratio * tau_mem
    times, weights = np.sort(rng.uniform(0, 60, 8)), rng.normal(2.0, 3.0, 8)
    network = Network(Input(8), (Hidden(1, tau_mem, tau_syn, bias=True, recurrent=None),), Leaky(1))
    exact = engine(network, input_hidden=weights[:, None], hidden_bias=[bias])
    spikes = hidden_spikes(exact, events(*zip(times.tolist(), range(8), strict=True)))

    def above(t: Array) -> Array:
        responses = kernel(np.asarray(t)[..., None] - times, tau_mem, tau_syn)
        return responses @ weights - bias * np.expm1(-t / tau_mem) - 1

    grid = np.union1d(np.linspace(0, TRIAL, 20001), times)
    values = above(grid)
    peaks = values[1:-1][(values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])]
    assume(np.abs(peaks).min(initial=1.0) > 1e-3)
    crossed = np.flatnonzero(values > 0)
    if len(crossed):
        first = brentq(above, grid[crossed[0] - 1], grid[crossed[0]], xtol=1e-13)
        assert spikes.times[0] == pytest.approx(first, abs=1e-9)
    else:
        assert len(spikes.times) == 0


def test_a_bias_gives_the_leaky_neurons_interspike_interval() -> None:
    network = replace(NETWORK, hidden=(replace(NETWORK.hidden[0], bias=True),))
    spikes = hidden_spikes(engine(network, hidden_bias=[1.5]), events())
    intervals = np.diff(spikes.times, prepend=0.0)
    np.testing.assert_allclose(intervals, 20 * math.log(3.0), atol=1e-9)
    assert len(intervals) == int(TRIAL / (20 * math.log(3.0)))


def test_voltages_are_those_of_a_general_solver() -> None:
    """Of the differential equations, stopped at every arrival and at every spike."""
    rng = np.random.default_rng(5)
    hidden = Hidden(3, bias=True, time_constants="fixed")
    network = Network(Input(6), (hidden,), Leaky(2, 11.0, 7.0, bias=True))
    weights = {
        "input_hidden": rng.normal(1.5, 2.0, (6, 3)),
        "hidden_hidden": rng.normal(0, 1.5, (3, 3)),
        "hidden_output": rng.normal(0, 1.0, (3, 2)),
        "hidden_bias": np.array([0.3, -0.2, 0.6]),
        "hidden_tau_mem": np.array([20.0, 9.0, 5.0]),
        "hidden_tau_syn": np.array([5.0, 12.0, 5.0]),
        "output_bias": np.array([0.1, -0.4]),
    }
    trial = events(*zip(np.sort(rng.uniform(0, 80, 18)).tolist(), rng.integers(0, 6, 18).tolist(), strict=True))
    exact = engine(network, **weights)
    spikes = hidden_spikes(exact, trial)
    assert len(spikes.times) > 5
    assert set(spikes.neurons) == {0, 1, 2}

    tau_mem = np.append(weights["hidden_tau_mem"], [11.0, 11.0])
    tau_syn = np.append(weights["hidden_tau_syn"], [7.0, 7.0])
    bias = np.append(weights["hidden_bias"], weights["output_bias"])
    onto = np.hstack([weights["input_hidden"], np.zeros((6, 2))])
    across = np.hstack([weights["hidden_hidden"], weights["hidden_output"]])
    stops: list[tuple[float, Array, int | None]] = [
        (t, onto[u], None) for t, u in zip(trial.times, trial.units, strict=True)
    ]
    stops += [(t, across[n], n) for t, n in zip(spikes.times, spikes.neurons, strict=True)]
    voltage, current, now = np.zeros(5), np.zeros(5), 0.0
    for until, jump, reset in [*sorted(stops, key=lambda stop: stop[0]), (TRIAL, np.zeros(5), None)]:
        way = solve_ivp(
            lambda _, y: np.concatenate([(y[5:] + bias - y[:5]) / tau_mem, -y[5:] / tau_syn]),
            (now, until),
            np.concatenate([voltage, current]),
            rtol=1e-10,
            atol=1e-12,
            dense_output=True,
        )
        between = np.linspace(now, until, 7)[1:-1]
        recorded = exact.record(trial, between)
        solved = way.sol(between)[:5].T
        np.testing.assert_allclose(np.hstack([recorded["hidden"], recorded["output"]]), solved, atol=1e-7)
        assert solved[:, :3].max() < 1
        voltage, current, now = way.y[:5, -1], way.y[5:, -1] + jump, until
        if reset is not None:
            assert voltage[reset] == pytest.approx(1, abs=1e-7)
            voltage[reset] = 0.0


def test_equal_time_constants_are_the_limit_of_unequal_ones() -> None:
    """There the response is t / tau exp(-t / tau)."""
    network = replace(NETWORK, output=Leaky(2, time_constants="fixed"))
    network = replace(network, hidden=(replace(NETWORK.hidden[0], time_constants="fixed"),))
    common = {"input_hidden": [[4.0]], "hidden_output": [[0.7, -0.4]]}
    found = []
    for difference in (0.0, 1e-6):
        taus = {"hidden_tau_mem": [12.0 + difference], "output_tau_mem": [8.0 + difference] * 2}
        exact = engine(network, **common, **taus, hidden_tau_syn=[12.0], output_tau_syn=[8.0] * 2)
        found.append(exact.gradients([events((3.0, 0), label=1)]))
        [first, *_] = found[-1].spikes[0]["hidden"].times
        since = first - 3.0
        assert 4 * since / 12 * math.exp(-since / 12) == pytest.approx(1, abs=1e-6)
    limit, near = found
    np.testing.assert_allclose(limit.losses, near.losses, rtol=1e-6)
    for name, gradient in limit.weights.items():
        assert np.all(np.isfinite(gradient))
        np.testing.assert_allclose(gradient, near.weights[name], rtol=1e-5, atol=1e-9)


def test_the_readout_of_a_uniform_window_is_the_integral_of_the_potential() -> None:
    exact = engine(NETWORK, input_hidden=[[5.0]], hidden_output=[[0.7, -0.4]])
    forward = exact.forward([events((3.0, 0))])
    [spike] = forward.spikes[0]["hidden"].times
    lag = TRIAL - spike
    integral = 20 * (1 - math.exp(-lag / 20)) - 10 * (1 - math.exp(-lag / 10))
    np.testing.assert_allclose(forward.logits[0], np.array([0.7, -0.4]) * integral / TRIAL, rtol=1e-10)


def test_the_greatest_voltage_is_the_responses_peak() -> None:
    """w (x - x^2) is greatest, w / 4, at x = 1 / 2; a voltage that stays below 0 is greatest at the trial's begin."""
    weights = {"input_hidden": np.array([[5.0]]), "hidden_output": np.array([[0.7, -0.4]])}
    exact = ExactEngine(NETWORK, weights, MaxOverTime(), TRIAL)
    np.testing.assert_allclose(exact.forward([events((3.0, 0))]).logits[0], [0.7 / 4, 0.0], atol=1e-12)


def test_gradients_are_the_chain_rule_by_hand() -> None:
    """One event, one hidden spike, two outputs: every factor of dL/dw is known in closed form."""
    weight, out = 5.0, np.array([0.7, -0.4])
    exact = engine(NETWORK, input_hidden=[[weight]], hidden_output=[out])
    found = exact.gradients([events((3.0, 0))])
    [time] = found.spikes[0]["hidden"].times
    x = math.exp(-(time - 3.0) / 20)
    dt_dw = -(x - x**2) * 20 / found.min_slope
    y = math.exp(-(TRIAL - time) / 20)
    logits = out * (20 * (1 - y) - 10 * (1 - y**2)) / TRIAL
    error = np.exp(logits) / np.exp(logits).sum() - [1, 0]
    dz_dt = -out * (y - y**2) / TRIAL
    assert found.weights["input_hidden"][0, 0] == pytest.approx((error * dz_dt).sum() * dt_dw, rel=1e-9)
    np.testing.assert_allclose(found.weights["hidden_output"][0], error * logits / out, rtol=1e-9)


def random_engine(network: Network, seed: int = 3) -> tuple[ExactEngine, Trial]:
    rng = np.random.default_rng(seed)
    weights = {c.name: rng.normal(1.5 if c.kind == "input" else 0.0, 1.0, c.shape) for c in network.connections}
    times = np.sort(rng.uniform(0, 50, 15)).tolist()
    return engine(network, **weights), events(*zip(times, rng.integers(0, 4, 15).tolist(), strict=True))


RECURRENT = Network(Input(4), (Hidden(5),), Leaky(3))


def test_a_common_delay_of_all_input_is_input_that_comes_later() -> None:
    late = Synapses(delays="fixed", longest=10.0)
    exact, trial = random_engine(RECURRENT)
    delayed = engine(
        replace(RECURRENT, hidden=(replace(RECURRENT.hidden[0], synapses=late),)),
        **exact.weights,
        input_hidden_delay=np.full((4, 5), 3.7),
    )
    one = delayed.forward([trial])
    other = exact.forward([replace(trial, times=trial.times + 3.7)])
    assert len(one.spikes[0]["hidden"].times) > 5
    np.testing.assert_allclose(one.spikes[0]["hidden"].times, other.spikes[0]["hidden"].times, atol=1e-9)
    np.testing.assert_allclose(one.logits, other.logits, atol=1e-12)


def test_a_delay_to_the_output_shifts_its_voltage_and_no_spike() -> None:
    late = Synapses(delays="fixed", longest=10.0)
    exact, trial = random_engine(RECURRENT)
    delayed = engine(
        replace(RECURRENT, output=replace(RECURRENT.output, synapses=late)),
        **exact.weights,
        hidden_output_delay=np.full((5, 3), 3.7),
    )
    times = np.linspace(0, 90, 200)
    one, other = delayed.record(trial, times + 3.7), exact.record(trial, times)
    np.testing.assert_allclose(one["output"], other["output"], atol=1e-12)
    np.testing.assert_array_equal(hidden_spikes(delayed, trial).times, hidden_spikes(exact, trial).times)


def test_a_recurrent_delay_postpones_the_arrival_alone() -> None:
    network = Network(Input(1), (Hidden(2, 20.0, 10.0, recurrent=Synapses(delays="fixed", longest=9.0)),), Leaky(2))
    weights = {"input_hidden": [[5.0, 0.0]], "hidden_hidden": [[0.0, 6.0], [0.0, 0.0]]}
    at_once, late = (
        hidden_spikes(engine(network, **weights, hidden_hidden_delay=np.full((2, 2), d)), events((3.0, 0)))
        for d in (0.0, 4.2)
    )
    assert at_once.neurons.tolist() == late.neurons.tolist() == [0, 1]
    np.testing.assert_allclose(late.times - at_once.times, [0.0, 4.2], atol=1e-9)


def test_a_delay_line_is_a_larger_input_with_shifted_copies() -> None:
    line = replace(RECURRENT, input=Input(4, DelayLine(3, 6.5)))
    exact, trial = random_engine(line)
    written_out = engine(replace(RECURRENT, input=Input(12)), **exact.weights)
    copies = np.arange(3)[:, None]
    times, units = (trial.times + copies * 6.5).ravel(), (trial.units + copies * 4).ravel()
    order = np.argsort(times, kind="stable")
    one, other = exact.gradients([trial]), written_out.gradients([Trial(times[order], units[order], trial.label)])
    np.testing.assert_allclose(one.spikes[0]["hidden"].times, other.spikes[0]["hidden"].times, atol=1e-9)
    for name, gradient in one.weights.items():
        np.testing.assert_allclose(gradient, other.weights[name], atol=1e-12)


def test_what_happens_at_the_trials_end_or_later_does_not_count() -> None:
    exact, trial = random_engine(RECURRENT)
    short = ExactEngine(RECURRENT, exact.weights, CrossEntropy(Uniform()), 30.0)
    whole, part = hidden_spikes(exact, trial), hidden_spikes(short, trial)
    assert 0 < len(part.times) < len(whole.times)
    np.testing.assert_array_equal(part.times, whole.times[whole.times < 30.0])


def test_a_first_spike_that_never_comes_counts_as_one_at_the_trials_end() -> None:
    network = replace(NETWORK, output=Spiking(2, 20.0, 10.0))
    weights = {"input_hidden": np.array([[5.0]]), "hidden_output": np.array([[6.0, 1.0]])}
    exact = ExactEngine(network, weights, FirstSpike(), TRIAL)
    forward = exact.forward([events((3.0, 0))])
    hidden, output = (forward.spikes[0][name] for name in ("hidden", "output"))
    np.testing.assert_array_equal(forward.logits[0], [-output.times[0], -TRIAL])
    after = output.times[0] - hidden.times[0]
    assert after == pytest.approx(-20 * math.log((1 + math.sqrt(1 - 4 / 6)) / 2), abs=1e-10)
    assert exact.gradients([events((3.0, 0))]).weights["hidden_output"][0, 1] == 0


def test_a_batchs_examples_become_trials_with_events_at_their_steps() -> None:
    batch = SpikeBatch(
        np.array([0, 3, 3, 7], dtype=np.int32),
        np.array([1, 0, 2, 1], dtype=np.int32),
        np.array([0, 3, 3, 4]),
        np.array([2, 0, 1]),
    )
    made = trials(batch, 0.25)
    assert [t.times.tolist() for t in made] == [[0.0, 0.75, 0.75], [], [1.75]]
    assert [t.units.tolist() for t in made] == [[1, 0, 2], [], [1]]
    assert [t.label for t in made] == [2, 0, 1]


def test_a_spike_that_comes_or_goes_has_no_difference() -> None:
    exact = engine(NETWORK, input_hidden=[[4.0000001]], hidden_output=[[1.0, 0.0]])
    with pytest.raises(InputError, match=r"a spike appears or vanishes, .* where input_hidden\[0, 0\] moves"):
        finite_differences(exact, [events((3.0, 0))])


GOOD = {"input_hidden": np.array([[5.0]]), "hidden_output": np.array([[1.0, 0.0]])}
REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a unit that is no channel": (lambda: engine(NETWORK, **GOOD).forward([events((3.0, 1))]), "channels are 1"),
    "a negative unit": (lambda: engine(NETWORK, **GOOD).forward([events((3.0, -1))]), "channels are 1"),
    "a label that is no class": (lambda: engine(NETWORK, **GOOD).forward([events((3.0, 0), label=2)]), "classes are 2"),
    "times that descend": (lambda: events((3.0, 0), (2.0, 0)), "ascending"),
    "a time before the trial": (lambda: events((-1.0, 0)), "0 or more"),
    "a time that is no number": (lambda: events((math.nan, 0)), "finite"),
    "times without units": (lambda: Trial(np.array([1.0, 2.0]), np.array([0]), 0), "units of shape"),
    "a trial of no length": (lambda: engine(NETWORK, 0.0, **GOOD), "trial is 0.0 ms"),
    "an endless trial": (lambda: engine(NETWORK, math.inf, **GOOD), "trial is inf ms"),
    "weights of another shape": (lambda: engine(NETWORK, **{**GOOD, "input_hidden": np.ones((2, 1))}), r"\(2, 1\)"),
    "missing weights": (
        lambda: ExactEngine(NETWORK, {"input_hidden": np.ones((1, 1))}, CrossEntropy(Uniform()), TRIAL),
        "this network has",
    ),
    "spike times of outputs without spikes": (
        lambda: ExactEngine(NETWORK, GOOD, FirstSpike(), TRIAL),
        "needs a Spiking output",
    ),
    "voltages of outputs that spike": (
        lambda: ExactEngine(replace(NETWORK, output=Spiking(2, 20.0, 10.0)), GOOD, CrossEntropy(Exponential()), TRIAL),
        "needs a Leaky output",
    ),
    "times to record after the trial": (
        lambda: engine(NETWORK, **GOOD).record(events((3.0, 0)), np.array([1.0, 101.0])),
        "times to record",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_input_is_refused(what: str) -> None:
    attempt, message = REFUSED[what]
    with pytest.raises(InputError, match=message):
        attempt()
