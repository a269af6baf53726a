"""Recorded adjoints: dL/dV and dL/dI of every neuron at every step."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.exact import Trial
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare, softmax
from models.network import Connection, Synapses
from models.recording import Recording
from models.windows import Gaussian, Uniform

Mode = Literal["plain", "interpolated"]
MODES: list[Mode] = ["plain", "interpolated"]
TAU_MEM, TAU_SYN = 20.0, 5.0

LOSSES: dict[str, Loss] = {
    "windowed": CrossEntropy(Gaussian(mu=0.6, sigma=0.3), 3.0),
    "peak": MaxOverTime(2.0),
    "square": MeanSquare(Gaussian()),
    "first spike": FirstSpike(temperature=10.0),
}
PLANS = {
    "recurrent": Plan(((8, True),)),
    "two layers": Plan(((8, True), (7, False)), bias=True),
    "delay line": Plan(((8, True),), copies=3),
    "delays": Plan(((8, True), (7, True)), delayed=("input", "recurrent", "feedforward", "output")),
    "time constants": Plan(((8, True),), constants=("hidden", "output"), bias=True),
}


def drawn_for(plan: str, loss: str, seed: int = 0) -> Drawn:
    return draw(PLANS[plan], seed, spiking=loss == "first spike", trials=3)


def arrivals(
    drawn: Drawn, c: Connection, batch: SpikeBatch, recordings: list[Recording]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return steps of 1 ms and rows of all spikes that a connection brings in each example, without delays."""
    found = []
    for b, recording in enumerate(recordings):
        if c.source == "input":
            at = slice(batch.offsets[b], batch.offsets[b + 1])
            line = drawn.network.input.delay_line
            copy = np.arange(line.copies)[:, None]
            steps = batch.steps[at] + copy * round(line.spacing)
            found.append((steps.ravel(), (batch.units[at] + copy * drawn.network.input.channels).ravel()))
        else:
            spikes = recording.spikes[c.source]
            found.append((np.rint(spikes.times).astype(np.int64), spikes.neurons.astype(np.int64)))
    return found


def sums_at_arrivals(drawn: Drawn, c: Connection, batch: SpikeBatch, recordings: list[Recording]) -> np.ndarray:
    """Return the mean over examples of p_I, summed over the arrivals at each synapse."""
    total = np.zeros(c.shape)
    delays = np.floor(drawn.weights.get(f"{c.name}_delay", np.zeros(c.shape)) + 0.5).astype(np.int64)
    for recording, (steps, rows) in zip(recordings, arrivals(drawn, c, batch, recordings), strict=True):
        p_i = recording.adjoint_currents[c.target].astype(np.float64)
        p_i = np.concatenate([p_i, np.zeros((1, c.shape[1]))])
        at = np.minimum(steps[:, None] + delays[rows], len(p_i) - 1)
        np.add.at(total, rows, p_i[at, np.arange(c.shape[1])])
    return total / len(recordings)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", PLANS)
def test_a_weights_gradient_is_the_adjoint_current_summed_over_arrivals(plan: str, loss: str) -> None:
    drawn = drawn_for(plan, loss)
    batch, engine = drawn.batch(), drawn.engine(LOSSES[loss])
    recordings, found = engine.record(batch, adjoints=True), engine.gradients(batch).weights
    for c in drawn.network.connections:
        expected = sums_at_arrivals(drawn, c, batch, recordings)
        np.testing.assert_allclose(found[c.name], expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", ["recurrent", "two layers", "delay line", "time constants"])
def test_interpolated_input_weights_have_the_same_gradient_for_input_lies_on_the_grid(plan: str, loss: str) -> None:
    drawn = drawn_for(plan, loss)
    batch, engine = drawn.batch(), drawn.engine(LOSSES[loss], spike_times="interpolated")
    recordings, found = engine.record(batch, adjoints=True), engine.gradients(batch).weights
    c = drawn.network.connections[0]
    expected = sums_at_arrivals(drawn, c, batch, recordings)
    # Training reads the windowed readout's adjoint from a table, between whose rows it takes lines.
    tolerance = 5e-3 if loss == "windowed" else 1e-4
    np.testing.assert_allclose(found[c.name], expected, rtol=1e-3, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("loss", LOSSES)
def test_a_biass_gradient_is_the_adjoint_voltage_summed_over_the_trial(loss: str) -> None:
    drawn = drawn_for("two layers", loss)
    batch, engine = drawn.batch(), drawn.engine(LOSSES[loss])
    recordings, found = engine.record(batch, adjoints=True), engine.gradients(batch).weights
    for name in drawn.network.populations:
        p_v = np.mean([r.adjoint_voltages[name].sum(axis=0, dtype=np.float64) for r in recordings], axis=0)
        # A step's bias adds 1 - alpha, and p_V at its beginning is alpha times that at its end.
        np.testing.assert_allclose(found[f"{name}_bias"], p_v * np.expm1(1 / TAU_MEM), rtol=1e-3)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", ["windowed", "square"])
def test_adjoints_are_what_small_spikes_into_the_neurons_would_mean_to_the_exact_loss(loss: str, mode: Mode) -> None:
    """Channels of tiny weights that spike once: their weights' gradients are p_I, those of their delays tell p_V."""
    dt, tiny, seed = {"plain": 1 / 128, "interpolated": 1 / 64}[mode], 1e-6, 15
    drawn = draw(PLANS["recurrent"], seed, trials=1)
    [hidden], [trial] = drawn.network.hidden, drawn.trials
    probes = np.arange(1.5, 100.0, 4.0)
    slow = replace(hidden, synapses=Synapses(delays="trained", longest=1.0))
    network = replace(drawn.network, hidden=(slow,), input=replace(drawn.network.input, channels=8 + len(probes)))
    weights = {
        **drawn.weights,
        "input_hidden": np.concatenate([drawn.weights["input_hidden"], np.full((len(probes), 8), tiny, np.float32)]),
        "input_hidden_delay": np.zeros((8 + len(probes), 8), np.float32),
    }
    times = np.concatenate([trial.times, probes])
    units = np.concatenate([trial.units, 8 + np.arange(len(probes))])
    order = np.argsort(times, kind="stable")
    probed = Drawn(network, weights, [Trial(times[order], units[order], trial.label)], drawn.duration)
    exact = probed.exact(LOSSES[loss]).gradients(probed.trials)
    p_i = exact.weights["input_hidden"][8:]
    p_v = TAU_MEM * (p_i / TAU_SYN - exact.weights["input_hidden_delay"][8:] / tiny)
    # At a neuron's own spike its adjoint jumps.
    spikes = exact.spikes[0]["hidden"]
    own = spikes.neurons[:, None] == np.arange(8)
    far = np.all((np.abs(spikes.times[:, None] - probes) > 0.1)[..., None] | ~own[:, None], axis=0)
    assert far.mean() > 0.9

    [recording] = drawn.engine(LOSSES[loss], dt, spike_times=mode).record(drawn.batch(dt), adjoints=True)
    steps = np.rint(probes / dt).astype(np.int64)
    tolerance = {"plain": 0.05, "interpolated": 2e-3}[mode]
    for found, expected in ((recording.adjoint_currents, p_i), (recording.adjoint_voltages, p_v)):
        assert np.count_nonzero(expected) > expected.size / 2
        close = tolerance * np.abs(expected).max()
        np.testing.assert_allclose(found["hidden"][steps][far], expected[far], atol=close)


@pytest.mark.parametrize("mode", MODES)
def test_an_outputs_adjoints_under_a_uniform_window_are_closed_forms(mode: Mode) -> None:
    """Of a drive of error / T per ms from t to the trial's end; a single one of them is the error of the softmax."""
    loss, dt = CrossEntropy(Uniform(), scale=2.0), 1 / 32
    drawn = draw(PLANS["recurrent"], 0, trials=2)
    left = drawn.duration - np.arange(round(drawn.duration / dt)) * dt
    slow, fast = 1 - np.exp(-left / TAU_MEM), 1 - np.exp(-left / TAU_SYN)
    recordings = drawn.engine(loss, dt, spike_times=mode).record(drawn.batch(dt), adjoints=True)
    for trial, recording in zip(drawn.trials, recordings, strict=True):
        error = 2.0 * (softmax(recording.logits[None])[0] - np.eye(3)[trial.label]) / drawn.duration
        p_v = TAU_MEM * slow[:, None] * error
        p_i = TAU_SYN * (TAU_MEM * slow - TAU_SYN * fast)[:, None] * error / (TAU_MEM - TAU_SYN)
        for found, expected in ((recording.adjoint_voltages, p_v), (recording.adjoint_currents, p_i)):
            np.testing.assert_allclose(found["output"], expected, atol=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", ["recurrent", "delays"])
def test_each_example_has_the_adjoints_of_its_own_loss(plan: str, loss: str, mode: Mode) -> None:
    drawn = drawn_for(plan, loss)
    engine = drawn.engine(LOSSES[loss], spike_times=mode)
    together = engine.record(drawn.batch(), adjoints=True)
    assert len(together) == 3
    assert any(np.any(p != 0) for recording in together for p in recording.adjoint_currents.values())
    for trial, recording in zip(drawn.trials, together, strict=True):
        [alone] = engine.record(replace(drawn, trials=[trial]).batch(), adjoints=True)
        for name, population in drawn.network.populations.items():
            for one, other in (
                (recording.adjoint_voltages, alone.adjoint_voltages),
                (recording.adjoint_currents, alone.adjoint_currents),
            ):
                assert one[name].shape == (100, population.size)
                np.testing.assert_allclose(one[name], other[name], rtol=1e-5, atol=1e-9)


def test_adjoints_are_left_out_unless_asked_for() -> None:
    drawn = drawn_for("recurrent", "windowed")
    for recording in drawn.engine(LOSSES["windowed"]).record(drawn.batch()):
        assert not recording.adjoint_voltages
        assert not recording.adjoint_currents
